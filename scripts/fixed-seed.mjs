// For the mutation run: properties try the same values each time.
import { configureGlobal } from "effect/FastCheck"

configureGlobal({ seed: 1 })
