/*
 * agent: records what Node.js destroys while it starts, then becomes Node.js.
 *
 * `agent chroot-exec` gives its step exactly what the caller gave the agent. Before any JavaScript runs, Node
 * (node::PlatformInit) sets ignored signals back to their default, replaces the signal mask, raises the soft
 * RLIMIT_NOFILE to the hard one and opens /dev/null on closed descriptors 0 to 2; later, whoever touches
 * process.stdout or process.stdin makes pipes non-blocking. And it obeys variables that are meant for the step, such
 * as NODE_OPTIONS. A shell in front would lose variables whose names are no identifiers, and would add PWD. So this
 * program asks the kernel for these five facts, hides those variables, and executes in the same process:
 *
 *     node <directory of this file>/agent.cjs inherited:<ignored>:<blocked>:<nofile>:<open>:<nonblocking> <arguments>
 *
 * It opens no file, changes no other state, and uses no libc: a libc's start-up code is code that could change some.
 */
#include <asm/unistd.h>
#include <linux/auxvec.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/resource.h>
#include <linux/signal.h>
#include <linux/uio.h>
#include <stdbool.h>
#include <stddef.h>

enum { EXIT_AGENT_FAILED = 125, SIGNALS = 64, MAX_LINKS = 40, READABLE = 4 };

/*
 * The entry point. The kernel leaves, from the stack pointer upwards: argc, argv, NULL, the environment, NULL, the
 * auxiliary vector (execve(2), getauxval(3)). Four words are reserved below it: `launch` extends argv into three.
 */
#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n xor %ebp, %ebp\n mov %rsp, %rdi\n sub $32, %rsp\n call launch\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n mov x29, #0\n mov x30, #0\n mov x0, sp\n sub sp, sp, #32\n b launch\n");
#else
#error "the launcher knows x86_64 and aarch64"
#endif

/* syscall(2), without errno: a failure is returned as a negative error number. */
static long system_call(long number, long a, long b, long c, long d) {
#if defined(__x86_64__)
  register long fourth __asm__("r10") = d;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "0"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
                   : "rcx", "r11", "memory");
  return result;
#else
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
#endif
}

/* A text as one element of writev(2). */
static struct iovec piece(const char *text) {
  size_t length = 0;
  while (text[length] != '\0') length++;
  return (struct iovec){(void *)text, length};
}

/* One line on stderr, by one writev(2) so that it is not mixed with others, and the exit status of our own failures. */
static _Noreturn void fail(const char *what, const char *on, const char *advice) {
  struct iovec line[] = {piece("agent: "), piece(what), piece(on), piece(advice), piece("\n")};
  system_call(__NR_writev, 2, (long)line, sizeof line / sizeof line[0], 0);
  for (;;) system_call(__NR_exit_group, EXIT_AGENT_FAILED, 0, 0, 0);
}

/* A system call that only asks. Were it refused, the record would be wrong, and so would be what the step gets. */
static void query(long number, long a, long b, long c, long d) {
  if (system_call(number, a, b, c, d) < 0)
    fail("the kernel refused to tell the inherited signals and limits", "", ": allow it in the seccomp filter");
}

/*
 * Ignored signals survive execve: signal(7), rt_sigaction(2). Node sets them back to their default. Bit N-1 is
 * signal N, as in a signal set. Also 32 and 33, which glibc hides from its callers.
 */
static unsigned long ignored_signals(void) {
  unsigned long ignored = 0;
  for (int signal = 1; signal <= SIGNALS; signal++) {
    struct sigaction action;
    query(__NR_rt_sigaction, signal, 0, (long)&action, sizeof action.sa_mask);
    if (action.sa_handler == SIG_IGN) ignored |= 1UL << (signal - 1);
  }
  return ignored;
}

/* The signal mask survives execve: rt_sigprocmask(2). Node replaces it. */
static unsigned long blocked_signals(void) {
  unsigned long blocked;
  query(__NR_rt_sigprocmask, SIG_BLOCK, 0, (long)&blocked, sizeof blocked);
  return blocked;
}

/* The soft limit on open descriptors: prlimit(2). Node raises it to the hard one. */
static unsigned long nofile_limit(void) {
  struct rlimit64 limit;
  query(__NR_prlimit64, 0, RLIMIT_NOFILE, 0, (long)&limit);
  return limit.rlim_cur;
}

/* Which of the descriptors 0, 1 and 2 are open: F_GETFD of fcntl(2) fails on no others. Node opens /dev/null there. */
static unsigned long open_stdio(void) {
  unsigned long open = 0;
  for (int fd = 0; fd <= 2; fd++)
    if (system_call(__NR_fcntl, fd, F_GETFD, 0, 0) >= 0) open |= 1UL << fd;
  return open;
}

/* Which of them are non-blocking: F_GETFL of fcntl(2). Node makes pipes so. */
static unsigned long nonblocking_stdio(void) {
  unsigned long nonblocking = 0;
  for (int fd = 0; fd <= 2; fd++) {
    long flags = system_call(__NR_fcntl, fd, F_GETFL, 0, 0);
    if (flags >= 0 && (flags & O_NONBLOCK) != 0) nonblocking |= 1UL << fd;
  }
  return nonblocking;
}

/* Writes exactly `digits` digits, and returns the place after them. */
static char *put_digits(char *to, unsigned long value, unsigned base, int digits) {
  for (int i = digits - 1; i >= 0; i--, value /= base) to[i] = "0123456789abcdef"[value % base];
  return to + digits;
}

static char *put_field(char *to, unsigned long value, int digits) {
  *to = ':';
  return put_digits(to + 1, value, 16, digits);
}

#define RECORD "inherited:IIIIIIIIIIIIIIII:BBBBBBBBBBBBBBBB:NNNNNNNNNNNNNNNN:S:F"

static void record_inherited(char record[sizeof RECORD]) {
  char *to = record;
  for (const char *name = "inherited"; *name != '\0';) *to++ = *name++;
  to = put_field(to, ignored_signals(), 16);
  to = put_field(to, blocked_signals(), 16);
  to = put_field(to, nofile_limit(), 16);
  to = put_field(to, open_stdio(), 1);
  to = put_field(to, nonblocking_stdio(), 1);
  *to = '\0';
}

/* Replaces what follows path[at] by `text`. A path that the kernel would not take is an error, never cut short. */
static void put_path(char path[PATH_MAX], size_t at, const char *text) {
  do {
    if (at >= PATH_MAX) fail("the path of node or of agent.cjs is too long", "", ": use a shorter one");
  } while ((path[at++] = *text++) != '\0');
}

static size_t directory_length(const char *path) {
  size_t length = 0;
  for (size_t i = 0; path[i] != '\0'; i++)
    if (path[i] == '/') length = i + 1;
  return length;
}

/* Replaces a symbolic link by what it names (readlink(2)), and tells whether `path` was one. */
static bool follow_link(char path[PATH_MAX]) {
  char target[PATH_MAX + 1]; /* A target that readlink may have cut is too long for `put_path`. */
  long length = system_call(__NR_readlinkat, AT_FDCWD, (long)path, (long)target, PATH_MAX);
  if (length <= 0) return false;
  target[length] = '\0';
  put_path(path, target[0] == '/' ? 0 : directory_length(path), target);
  return true;
}

/*
 * agent.cjs lies beside this file, not beside the symbolic link (node_modules/.bin) it was called by: proc(5),
 * /proc/self/exe. Without /proc, the name given to execve(2), AT_EXECFN, and the links from there. A relative one
 * starts with "./", so that Node does not take "-x/agent.cjs" for an option.
 */
static void find_script(char script[PATH_MAX], const char *execfn) {
  put_path(script, 0, "/proc/self/exe");
  if (!follow_link(script)) {
    if (execfn[0] == '\0') fail("the directory of the launcher is unknown", "", ": mount /proc");
    put_path(script, 0, "./");
    put_path(script, execfn[0] == '/' ? 0 : 2, execfn);
    for (int links = 0; links < MAX_LINKS && follow_link(script);) links++;
  }
  put_path(script, directory_length(script), "agent.cjs");
  if (system_call(__NR_faccessat, AT_FDCWD, (long)script, READABLE, 0) < 0)
    fail(script, " cannot be read", ": install the package again");
}

/*
 * What Node, its TLS library and its event loop would obey: environ(7). Some stop Node (NODE_OPTIONS with an option it
 * does not know, NODE_CHANNEL_FD without a channel), one costs 45 ms (NODE_EXTRA_CA_CERTS), and all are the step's. Each
 * keeps its place and its length; the first byte of its name is exchanged with the number of the prefix here, from 1,
 * and agent.cjs does the same again. It is an exchange so that a name that begins with such a byte is not lost. A
 * variable cannot be passed in argv instead: arguments are visible to every user.
 */
static void hide_variables(char **envp) {
  static const char prefixes[][sizeof "OPENSSL_"] = {"NODE_", "OPENSSL_", "UV_"};
  for (; *envp != NULL; envp++)
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
      const char number = (char)(i + 1), *prefix = prefixes[i];
      char *entry = *envp;
      size_t length = 1;
      while (entry[0] != '\0' && prefix[length] != '\0' && entry[length] == prefix[length]) length++;
      if (prefix[length] != '\0' || (entry[0] != prefix[0] && entry[0] != number)) continue;
      entry[0] = entry[0] == number ? prefix[0] : number;
      break;
    }
}

/* The value of PATH, or none where it is unset; where it is there twice, the first, as getenv(3) does. */
static const char *search_path(char **envp) {
  for (; *envp != NULL; envp++) {
    const char *entry = *envp, *name = "PATH=";
    while (*name != '\0' && *entry == *name) entry++, name++;
    if (*name == '\0') return entry;
  }
  return "";
}

/* execve(2) of `node` in a directory, whose name is not terminated. Returns when there is none. */
static void execute_node_in(const char *directory, size_t length, char **argv, char **envp) {
  char node[PATH_MAX];
  for (size_t i = 0; i < length && i < PATH_MAX; i++) node[i] = directory[i];
  put_path(node, length, "/node");
  long error = -system_call(__NR_execve, (long)node, (long)argv, (long)envp, 0);
  if (error == ENOENT || error == ENOTDIR || error == EACCES) return;

  char reason[] = " cannot be executed (errno 000";
  int digits = error < 10 ? 1 : error < 100 ? 2 : 3;
  *put_digits(reason + sizeof reason - sizeof "000", (unsigned long)error, 10, digits) = '\0';
  fail(node, reason,
       error == E2BIG ? "): pass fewer or shorter arguments" : "): put Node.js 20.19 or later first on PATH");
}

/*
 * The absolute elements of a path, in order. Relative and empty ones depend on the current directory: root must not run
 * a `node` that lies there.
 */
static void execute_node_on(const char *path, char **argv, char **envp) {
  for (const char *element = path; *element != '\0';) {
    size_t length = 0;
    while (element[length] != '\0' && element[length] != ':') length++;
    if (element[0] == '/') execute_node_in(element, length, argv, envp);
    element += length + (element[length] == ':');
  }
}

/* PATH is the step's as much as ours, and need not lead to Node: then the usual directories do. */
static _Noreturn void execute_node(char **argv, char **envp) {
  execute_node_on(search_path(envp), argv, envp);
  execute_node_on("/usr/local/bin:/usr/bin:/bin", argv, envp);
  fail("node was not found", " in the absolute directories of PATH, nor in the usual ones",
       ": install Node.js 20.19 or later");
}

/*
 * Builds argv in place, so that no number of arguments is too large for the stack: the words of argv[0] and argc and
 * those reserved by `_start` become "node", "--", the script and the record; the other arguments stay where they are.
 * Without "--" Node takes an --env-file among the agent's own arguments for one of its own, and NODE_OPTIONS from it.
 * argc is 0, and argv[0] the NULL at the end, when a caller of an old kernel (before 5.18) gave an empty argv.
 */
_Noreturn void launch(char **stack) {
  long argc = (long)stack[0];
  char **arguments = stack + (argc > 0 ? 2 : 1);
  char **envp = stack + 1 + argc + 1;
  char **auxv = envp;
  while (*auxv++ != NULL) continue;
  while ((long)auxv[0] != AT_NULL && (long)auxv[0] != AT_EXECFN) auxv += 2;

  char script[PATH_MAX], record[sizeof RECORD];
  find_script(script, (long)auxv[0] == AT_EXECFN ? auxv[1] : "");
  record_inherited(record);
  arguments[-4] = (char *)"node";
  arguments[-3] = (char *)"--";
  arguments[-2] = script;
  arguments[-1] = record;
  hide_variables(envp);
  execute_node(arguments - 4, envp);
}
