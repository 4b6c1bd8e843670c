/**
 * A made-up command, for what is printed of commands.
 */
import type { Subject } from "@chroot-exec/cli/agent/Sections"

export const subject: Subject = {
  page: {
    name: "step try",
    summary: "try a step",
    description: ["It runs, and C:\\x stays.", ".begins like a request"],
    operands: [{ name: "file", description: "What is tried." }],
    options: [
      {
        name: "dry-run",
        bare: "text",
        choices: ["text", "json"],
        presence: "optional",
        description: "Print."
      },
      { name: "env", alias: "e", value: "NAME=VALUE", presence: "repeated", description: "A variable." },
      { name: "in", value: "directory", presence: "required", description: "Where." },
      { name: "time", value: "time", presence: "optional", default: "5s", description: "How long." },
      { name: "quiet", presence: "optional", description: "Say nothing." }
    ],
    command: "CMD [ARG...]",
    exitCodes: [["0", "it went well"], ["the step's own", "it did not"]]
  },
  below: [],
  builtIns: [{ name: "help", alias: "h", presence: "optional", description: "Print this help." }]
}

/** One that has the other one below it. */
export const group: Subject = {
  page: {
    name: "step",
    summary: "do something with a step",
    description: [],
    operands: [],
    options: [],
    command: "",
    exitCodes: []
  },
  below: [subject.page],
  builtIns: subject.builtIns
}
