// A root directory out of the machine's own programs, with the shared libraries that they load.
import { execFileSync } from "node:child_process"
import { accessSync, chmodSync, constants, copyFileSync, mkdirSync, realpathSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"

const isExecutable = (path) => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The program of that name on PATH or in the system's own directories, links resolved; undefined without one. */
export const findProgram = (name) => {
  const directories = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
  const found = directories.map((directory) => join(directory, name)).find(isExecutable)
  return found === undefined ? undefined : realpathSync(found)
}

/** The shared libraries of a program and their loader, as ldd(1) of glibc and of musl lists them. */
const sharedLibraries = (program) => {
  try {
    const listing = execFileSync("ldd", [program], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
    return [...listing.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path)
  } catch {
    // A static program, of which ldd says that it is not a dynamic one.
    return []
  }
}

/** Copies the file, not the link: the names of libraries and of programs are links in many systems. */
const copy = (source, target) => {
  mkdirSync(dirname(target), { recursive: true })
  copyFileSync(realpathSync(source), target)
  chmodSync(target, 0o755)
}

/** Makes the root in an empty directory, with these programs in /bin under the names given. */
export const makeMachineRoot = (directory, names) => {
  for (const name of names) {
    const program = findProgram(name)
    if (program === undefined) throw new Error(`there is no ${name} on this machine`)
    copy(program, join(directory, "bin", name))
    for (const library of sharedLibraries(program)) copy(library, join(directory, library))
  }
}
