export const staticBusybox: () => string | undefined
export const makeBusyboxRoot: (directory: string, busybox?: string) => void
