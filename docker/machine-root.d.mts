export const findProgram: (name: string) => string | undefined
export const makeMachineRoot: (directory: string, names: ReadonlyArray<string>) => void
