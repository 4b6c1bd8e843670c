/**
 * The C library's functions as koffi binds them. Nothing is checked here: `LibcLive` calls them with brands.
 *
 * All memory is passed as `void *` to buffers that stay referenced until the call has returned.
 */
import type { Library } from "./koffi.js"

/** Binds them all. Variadic functions take their further arguments as pairs of type and value. */
export const bind = (libc: Library) => ({
  /** open(2). SAFETY: a NUL-terminated path; no O_CREAT, which would read a third argument. */
  open: libc.func("int open(const void *path, int flags)"),
  /** mkdirat(2). SAFETY: a NUL-terminated name; a mode of 0..07777. */
  mkdirat: libc.func("int mkdirat(int directory, const void *name, unsigned int mode)"),
  /** unlinkat(2). SAFETY: a NUL-terminated name. */
  unlinkat: libc.func("int unlinkat(int directory, const void *name, int flags)"),
  /** read(2). SAFETY: `buffer` holds `count` bytes. */
  read: libc.func("long read(int fd, void *buffer, size_t count)"),
  /** write(2). SAFETY: `buffer` holds `count` bytes. */
  write: libc.func("long write(int fd, const void *buffer, size_t count)"),
  /** close(2). SAFETY: a descriptor of ours, closed once. */
  close: libc.func("int close(int fd)"),
  /** pipe2(2). SAFETY: `fds` holds two ints. */
  pipe2: libc.func("int pipe2(void *fds, int flags)"),
  /** memfd_create(2). SAFETY: a NUL-terminated name. */
  memfd_create: libc.func("int memfd_create(const void *name, unsigned int flags)"),
  /** lseek(2). SAFETY: a whole number as the offset. */
  lseek: libc.func("long lseek(int fd, long offset, int whence)"),
  /** socketpair(2). SAFETY: `fds` holds two ints. */
  socketpair: libc.func("int socketpair(int domain, int type, int protocol, void *fds)"),
  /** fcntl(2). SAFETY: only commands that take an int or nothing. */
  fcntl: libc.func("int fcntl(int fd, int command, ...)"),
  /**
   * syscall(2), for what C libraries lack: close_range(2), openat2(2), getdents64(2), pidfd_open(2). SAFETY: the arguments of the
   * call, each with its type; memory as for all others.
   */
  syscall: libc.func("long syscall(long number, ...)"),
  /** statx(2). SAFETY: a NUL-terminated path; `buffer` holds `struct statx`. */
  statx: libc.func("int statx(int directory, const void *path, int flags, unsigned int mask, void *buffer)"),
  /** faccessat(3). SAFETY: a NUL-terminated path. */
  faccessat: libc.func("int faccessat(int directory, const void *path, int mode, int flags)"),
  /** chmod(2). SAFETY: a NUL-terminated path; a mode of 0..07777. */
  chmod: libc.func("int chmod(const void *path, unsigned int mode)"),
  /** chroot(2). SAFETY: a NUL-terminated path. */
  chroot: libc.func("int chroot(const void *path)"),
  /** chdir(2). SAFETY: a NUL-terminated path. */
  chdir: libc.func("int chdir(const void *path)"),
  /** fchdir(2). */
  fchdir: libc.func("int fchdir(int directory)"),
  /** unshare(2), of the calling thread. SAFETY: only CLONE_FS. */
  unshare: libc.func("int unshare(int flags)"),
  /** prctl(2). SAFETY: only PR_SET_PDEATHSIG, which takes one unsigned long. */
  prctl: libc.func("int prctl(int option, ...)"),
  /** getrlimit(2). SAFETY: `limit` holds two 64-bit numbers, as on every 64-bit Linux. */
  getrlimit: libc.func("int getrlimit(int resource, void *limit)"),
  /** setrlimit(2). SAFETY: as getrlimit. */
  setrlimit: libc.func("int setrlimit(int resource, const void *limit)"),
  /** signal(2). SAFETY: the handler is SIG_DFL or SIG_IGN, never an address. */
  signal: libc.func("uintptr_t signal(int signal, uintptr_t handler)"),
  /** sigprocmask(2), of the calling thread. SAFETY: `set` holds a `sigset_t`; no old one is asked for. */
  sigprocmask: libc.func("int sigprocmask(int how, const void *set, void *old)"),
  /** posix_spawn(3). SAFETY: initialised actions and attributes; arrays that end with NULL. Returns the errno. */
  posix_spawn: libc.func(
    "int posix_spawn(void *pid, const void *path, const void *actions, const void *attributes, const void *argv, const void *envp)"
  ),
  /** posix_spawn_file_actions_init(3). SAFETY: `actions` is larger than the library's type. */
  actionsInit: libc.func("int posix_spawn_file_actions_init(void *actions)"),
  /** posix_spawn_file_actions_adddup2(3). SAFETY: initialised; equal descriptors clear FD_CLOEXEC. */
  actionsAddDup2: libc.func("int posix_spawn_file_actions_adddup2(void *actions, int fd, int newFd)"),
  /** posix_spawn_file_actions_destroy(3). SAFETY: initialised, destroyed once. */
  actionsDestroy: libc.func("int posix_spawn_file_actions_destroy(void *actions)"),
  /** posix_spawnattr_init(3). SAFETY: `attributes` is larger than the library's type; it owns no memory. */
  attributesInit: libc.func("int posix_spawnattr_init(void *attributes)"),
  /** posix_spawnattr_setflags(3). SAFETY: initialised. */
  attributesSetFlags: libc.func("int posix_spawnattr_setflags(void *attributes, short flags)"),
  /** posix_spawnattr_setsigdefault(3). SAFETY: initialised; `set` holds a `sigset_t`. */
  attributesSetDefaults: libc.func("int posix_spawnattr_setsigdefault(void *attributes, const void *set)"),
  /** posix_spawnattr_setsigmask(3). SAFETY: as posix_spawnattr_setsigdefault. */
  attributesSetMask: libc.func("int posix_spawnattr_setsigmask(void *attributes, const void *set)"),
  /** waitid(2). SAFETY: called on a thread of its own, with WNOWAIT and NULL for `info`: it touches no
   * memory and has no effect but to wait. */
  waitid: libc.func("int waitid(int type, int id, void *info, int options)"),
  /** wait4(2). SAFETY: `status` holds an int; no usage is asked for; a child of ours. */
  wait4: libc.func("int wait4(int pid, void *status, int options, void *usage)"),
  /** kill(2). SAFETY: one process, never a group. */
  kill: libc.func("int kill(int pid, int signal)"),
  /** setpgid(2). SAFETY: only this process. */
  setpgid: libc.func("int setpgid(int pid, int group)"),
  /** getppid(2). */
  getppid: libc.func("int getppid()"),
  /** strlen(3). SAFETY: a pointer that the C library made. */
  strlen: libc.func("size_t strlen(const void *text)"),
  /** execve(2). SAFETY: a NUL-terminated path; arrays that end with NULL. */
  execve: libc.func("int execve(const void *path, const void *argv, const void *envp)")
})
