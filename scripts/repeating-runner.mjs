// vitest's runner, which runs each test as often as REPEATS says: for what goes wrong once in a thousand times.
import { VitestTestRunner } from "vitest/runners"

export default class RepeatingRunner extends VitestTestRunner {
  async onBeforeRunTask(test) {
    test.repeats = Number(process.env.REPEATS) - 1
    await super.onBeforeRunTask(test)
  }
}
