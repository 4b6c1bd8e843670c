/**
 * Numbers from the headers of Linux, the same on x86-64 and arm64 where nothing else is said.
 */

/** `fcntl.h` */
export const O_RDONLY = 0
export const O_WRONLY = 1
export const O_RDWR = 2
export const O_NONBLOCK = 0o4000
export const O_CREAT = 0o100
export const O_EXCL = 0o200
export const O_DIRECTORY = process.arch === "arm64" ? 0o40000 : 0o200000
export const O_CLOEXEC = 0o2000000
export const O_PATH = 0o10000000
export const F_SETFD = 2
export const F_GETFL = 3
export const F_SETFL = 4
export const F_DUPFD_CLOEXEC = 1030
export const F_SETPIPE_SZ = 1031
export const FD_CLOEXEC = 1
export const AT_FDCWD = -100
export const AT_EACCESS = 0x200

/** `unistd.h` */
export const SEEK_SET = 0

/** `sys/mman.h` */
export const MFD_CLOEXEC = 1

/** `errno.h` */
export const EAGAIN = 11

/** `unistd.h` */
export const X_OK = 1

/** `linux/stat.h`: the mask, the size of `struct statx`, and where its fields are. */
export const STATX_BASIC_STATS = 0x7ff
export const STATX_SIZE = 256
export const STATX_MODE_OFFSET = 28
export const STATX_INODE_OFFSET = 32
export const STATX_SIZE_OFFSET = 40
export const STATX_CTIME_OFFSET = 96
export const STATX_MTIME_OFFSET = 112
export const STATX_DEVICE_OFFSET = 136
export const S_IFMT = 0o170000
export const S_IFREG = 0o100000
export const S_IFDIR = 0o040000

/** `linux/openat2.h`: the size of `struct open_how`. */
export const OPEN_HOW_SIZE = 24
export const RESOLVE_NO_MAGICLINKS = 2
export const RESOLVE_IN_ROOT = 0x10

/** `linux/dirent.h`: where the fields of `struct linux_dirent64` are. */
export const DIRENT_LENGTH_OFFSET = 16
export const DIRENT_NAME_OFFSET = 19

/** `sched.h` */
export const CLONE_FS = 0x200

/** `sys/mount.h`, `linux/mount.h`: `struct mount_attr`, and AT_RECURSIVE for it */
export const MNT_DETACH = 2
export const MOUNT_ATTR_SIZE = 32
export const AT_RECURSIVE = 0x8000

/** `linux/capability.h` */
export const CAPABILITY_VERSION_3 = 0x2008_0522n

/** `sys/prctl.h` */
export const PR_SET_PDEATHSIG = 1
export const PR_CAPBSET_DROP = 24
export const PR_SET_NO_NEW_PRIVS = 38
export const PR_CAP_AMBIENT = 47
export const PR_CAP_AMBIENT_CLEAR_ALL = 4

/** `sys/socket.h` */
export const AF_UNIX = 1
export const SOCK_SEQPACKET = 5
export const SOCK_CLOEXEC = 0o2000000
export const SOCK_NONBLOCK = 0o4000

/** `asm/unistd.h` */
export const SYS_getdents64 = process.arch === "arm64" ? 61 : 217
export const SYS_openat2 = 437
export const SYS_pidfd_open = 434

/** `linux/close_range.h`, `asm/unistd.h` */
export const SYS_close_range = 436
export const CLOSE_RANGE_CLOEXEC = 4
export const MAX_FD = 0xffffffff

/** `sys/resource.h` */
export const RLIMIT_NOFILE = 7

/** `signal.h` */
export const SIG_DFL = 0n
export const SIG_IGN = 1n
export const SIG_ERR = 0xffff_ffff_ffff_ffffn
export const SIG_SETMASK = 2

/** 32 and 33, which glibc keeps for its threads: its posix_spawn(3) lets a child ignore them unless told otherwise. */
export const GLIBC_SIGNALS = 0x1_8000_0000n

/** `sys/wait.h` */
export const P_PID = 1
export const WNOHANG = 1
export const WEXITED = 4
export const WNOWAIT = 0x0100_0000

/** `spawn.h`; the sizes are more than glibc's 80 and 336 and musl's. */
export const POSIX_SPAWN_SETSIGDEF = 4
export const POSIX_SPAWN_SETSIGMASK = 8
export const SPAWN_ACTIONS_SIZE = 512
export const SPAWN_ATTRIBUTES_SIZE = 1024
