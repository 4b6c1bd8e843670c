/*
 * supervise: the parent of one step.
 *
 *     supervise <first-free> <nofile> <directory> <paths> <path>... <argv0> [<argument>...]
 *
 * A controller in Node.js cannot be the parent of what a step leaves behind without getting between its own children,
 * and does nothing any more once it has been killed. This program stands between the two. It starts the step, is the
 * subreaper (PR_SET_CHILD_SUBREAPER of prctl(2)) of all that descends from it, so that nothing leaves its tree by
 * forking or by a session of its own, and ends all of it when the controller says so or is gone.
 *
 * Descriptors: 0, 1 and 2 are the step's. SOCKET is a sequenced-packet socket to the controller. PROC is the directory
 * /proc, since the root may have none. Those from there up to <first-free> are passed on to the step; from <first-free>
 * upwards all are closed.
 *
 * The controller sends bytes: the number of a signal for the step's process group; END to end everything with SIGKILL;
 * LEAVE to let what the step has left run on once it has ended. It gets `struct message`s. When it closes its end of
 * the socket, by dying for example, everything is ended. This program exits when nothing that it started is left.
 *
 * The step is in a session without a terminal, leads a process group, is killed should this program die, has the soft
 * limit of open files <nofile> (decimal; "-" leaves it), and works in <directory>. It is the first of the <paths> files
 * <path> that the kernel executes, by the rules of execvp(3). Its environment is that of this program, byte for byte.
 * No libc: this runs in front of every step, and has to start at once.
 */
#include <asm/unistd.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/wait.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SOCKET = 3, PROC = 4, FIRST_PASSED = 5, SIGNALS = 64 };
enum { END = 255, LEAVE = 254 };

/* Headers of the kernel do not have it: sys/socket.h. */
enum { MESSAGE_NO_SIGNAL = 0x4000 };

/* What the controller is told. packages/runner/src/internal/supervisorMessage.ts reads it. */
enum kind {
  STARTED = 1, /* value: the process id of the step */
  FAILED = 2,  /* value: the errno; where: what failed */
  ENDED = 3,   /* value: the status word of wait(2); and the usage */
  SWEPT = 4    /* value: how many processes that the step had left were ended; the last message */
};
enum where { IN_SUPERVISOR = 1, IN_LIMIT = 2, IN_DIRECTORY = 3, IN_EXECVE = 4 };

struct message {
  int32_t kind, where;
  int64_t value;
  int64_t user_us, system_us; /* microseconds of processor time */
  int64_t peak_kib;           /* kibibytes of memory: ru_maxrss of getrusage(2) */
};

/* The entry point. The kernel leaves argc, argv, NULL, the environment, NULL, from the stack pointer upwards. */
#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call supervise\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n mov x29, #0\n mov x30, #0\n mov x0, sp\n b supervise\n");
#else
#error "the supervisor knows x86_64 and aarch64"
#endif

/* syscall(2), without errno: a failure is returned as a negative error number. */
static long system_call(long number, long a, long b, long c, long d, long e) {
#if defined(__x86_64__)
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                   : "rcx", "r11", "memory");
  return result;
#else
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
#endif
}

static _Noreturn void leave(int code) {
  for (;;) system_call(__NR_exit_group, code, 0, 0, 0, 0);
}

/* sendto(2). A controller that is gone is noticed when the socket is read. */
static void tell(struct message message) {
  system_call(__NR_sendto, SOCKET, (long)&message, sizeof message, MESSAGE_NO_SIGNAL, 0);
}

/* For calls without which there must be no step: nothing has been started yet. */
static long check(long result) {
  if (result >= 0) return result;
  tell((struct message){.kind = FAILED, .where = IN_SUPERVISOR, .value = -result});
  leave(1);
}

/* close_range(2); where there is none, one by one, as many as the hard limit allows. */
static void close_from(unsigned first) {
  struct rlimit64 limit = {0, 0};
  if (system_call(__NR_close_range, first, ~0U, 0, 0, 0) == 0) return;
  check(system_call(__NR_prlimit64, 0, RLIMIT_NOFILE, 0, (long)&limit, 0));
  for (unsigned fd = first; fd < limit.rlim_max && fd < ~0U; fd++) system_call(__NR_close, fd, 0, 0, 0, 0);
}

static unsigned long parse(const char *digits) {
  unsigned long value = 0;
  for (; *digits >= '0' && *digits <= '9'; digits++) value = value * 10 + (unsigned long)(*digits - '0');
  return value;
}

/* rt_sigprocmask(2). */
static long block_signals(unsigned long set) {
  return system_call(__NR_rt_sigprocmask, SIG_SETMASK, (long)&set, 0, sizeof set, 0);
}

/* prlimit(2): the soft limit of open files; the hard one stays. */
static long limit_open_files(const char *soft) {
  struct rlimit64 limit;
  if (soft[0] == '-') return 0;
  long error = system_call(__NR_prlimit64, 0, RLIMIT_NOFILE, 0, (long)&limit, 0);
  if (error < 0) return error;
  limit.rlim_cur = parse(soft);
  return system_call(__NR_prlimit64, 0, RLIMIT_NOFILE, (long)&limit, 0, 0);
}

/* Whether a search on PATH goes on after this error of execve(2): execvp(3), and packages/core/src/CommandSearch.ts. */
static bool is_passed_over(long error) {
  static const unsigned char passed_over[] = {ENOENT, ENOTDIR, EACCES,       ESTALE, ENODEV, ETIMEDOUT,
                                              ELOOP,  ENOEXEC, ENAMETOOLONG};
  for (size_t i = 0; i < sizeof passed_over; i++)
    if (error == passed_over[i]) return true;
  return false;
}

/* Becomes the first file that the kernel accepts; if it accepts none, returns why not the first of them. */
static long execute(long paths, char **argv, char **envp) {
  long refusal = 0;
  for (long i = 0; i < paths; i++) {
    long error = -system_call(__NR_execve, (long)argv[i], (long)(argv + paths), (long)envp, 0, 0);
    if (refusal == 0) refusal = error;
    if (!is_passed_over(error)) break;
  }
  return refusal;
}

/* What the step's process is told. */
struct birth {
  int failure;     /* the pipe that tells the supervisor where execve(2) failed, or what came before it */
  long supervisor; /* its process id */
  char **argv, **envp;
};

/* What the step's process does up to execve(2). */
static _Noreturn void become_step(const struct birth *birth) {
  const char *nofile = birth->argv[2], *directory = birth->argv[3];
  struct message message = {.kind = FAILED, .where = IN_SUPERVISOR};
  if ((message.value = -system_call(__NR_setpgid, 0, 0, 0, 0, 0)) != 0) goto failed;
  if ((message.value = -system_call(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)) != 0) goto failed;
  /* It may have died before that. */
  if (system_call(__NR_getppid, 0, 0, 0, 0, 0) != birth->supervisor) leave(1);
  if ((message.value = -block_signals(0)) != 0) goto failed;
  message.where = IN_LIMIT;
  if ((message.value = -limit_open_files(nofile)) != 0) goto failed;
  message.where = IN_DIRECTORY;
  if ((message.value = -system_call(__NR_chdir, (long)directory, 0, 0, 0, 0)) != 0) goto failed;
  message.where = IN_EXECVE;
  message.value = execute((long)parse(birth->argv[4]), birth->argv + 5, birth->envp);
failed:
  system_call(__NR_write, birth->failure, (long)&message, sizeof message, 0, 0);
  leave(1);
}

/* clone(2): a child that becomes the step, on the stack that ends at `top`; its id, or a negative error number. */
static long clone(unsigned long flags, void *top, const struct birth *birth) {
#if defined(__x86_64__)
  register long r10 __asm__("r10") = 0;
  register long r8 __asm__("r8") = 0;
  long result;
  __asm__ volatile("syscall\n test %%rax, %%rax\n jnz 1f\n mov %[birth], %%rdi\n call *%[become_step]\n ud2\n1:"
                   : "=a"(result)
                   : "0"(__NR_clone), "D"(flags), "S"(top), "d"(0), "r"(r10), "r"(r8),
                     [become_step] "r"(become_step), [birth] "r"(birth)
                   : "rcx", "r11", "cc", "memory");
  return result;
#else
  register long x8 __asm__("x8") = __NR_clone;
  register long x0 __asm__("x0") = (long)flags;
  register long x1 __asm__("x1") = (long)top;
  register long x2 __asm__("x2") = 0;
  register long x3 __asm__("x3") = 0;
  register long x4 __asm__("x4") = 0;
  __asm__ volatile("svc #0\n cbnz x0, 1f\n mov x0, %[birth]\n blr %[become_step]\n brk #0\n1:"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), [become_step] "r"(become_step),
                     [birth] "r"(birth)
                   : "memory");
  return x0;
#endif
}

/* A look at all children, one piece of the kernel's list after the other. */
struct round {
  long offset; /* how many bytes of the list have been read */
  long child;  /* the number that the last piece ended in */
  bool found;  /* there are children besides the step */
  bool missed; /* some may not have been seen as they are now: another round has to follow */
};

struct state {
  long step;     /* its process id */
  int failure;   /* the pipe that says why there is no step; -1 once that is known */
  bool ended;    /* the step has ended. It stays a zombie, so that nobody else gets its number. */
  bool sweeping; /* whatever is left is to be ended */
  bool leaving;  /* whatever is left is to be left */
  int children;  /* the list of this process's children */
  int64_t swept; /* how many processes were ended so far */
  struct round round;
};

/* The pipe is at its end once execve has succeeded, which closes its other end. */
static void look_at_start(struct state *state) {
  struct message message;
  long length = system_call(__NR_read, state->failure, (long)&message, sizeof message, 0, 0);
  if (length == sizeof message) {
    tell(message);
    system_call(__NR_wait4, state->step, 0, 0, 0, 0);
    leave(1);
  }
  system_call(__NR_close, state->failure, 0, 0, 0, 0);
  state->failure = -1;
  tell((struct message){.kind = STARTED, .value = state->step});
}

/* What the controller wants, or that it is gone. */
static void look_at_controller(struct state *state) {
  unsigned char byte = 0;
  long length = system_call(__NR_read, SOCKET, (long)&byte, 1, 0, 0);
  if (length == -EAGAIN || length == -EINTR) return;
  if (length <= 0 || byte == END) {
    state->sweeping = true;
    /* From the front: those that make others have been there for longer. */
    state->round = (struct round){0};
  } else if (byte == LEAVE) state->leaving = true;
  else if (byte >= 1 && byte <= SIGNALS && !state->ended &&
           system_call(__NR_kill, -state->step, byte, 0, 0, 0) == -ESRCH)
    /* It has moved to another group. */
    system_call(__NR_kill, state->step, byte, 0, 0, 0);
}

/* The system call waitid(2) also tells the usage, as wait4(2) does; WNOWAIT leaves the zombie. */
static void look_at_step(struct state *state) {
  siginfo_t info;
  struct rusage usage;
  info.si_pid = 0;
  system_call(__NR_waitid, P_PID, state->step, (long)&info, WEXITED | WNOHANG | WNOWAIT, (long)&usage);
  if (info.si_pid == 0) return;
  state->ended = true;
  /* Also of one that ends before the pipe has been looked at. */
  if (state->failure >= 0) look_at_start(state);
  int status = info.si_status, core = info.si_code == CLD_DUMPED ? 0x80 : 0;
  tell((struct message){.kind = ENDED,
                        .value = info.si_code == CLD_EXITED ? (status & 0xff) << 8 : status | core,
                        .user_us = usage.ru_utime.tv_sec * 1000000L + usage.ru_utime.tv_usec,
                        .system_us = usage.ru_stime.tv_sec * 1000000L + usage.ru_stime.tv_usec,
                        .peak_kib = usage.ru_maxrss});
}

/* Reaps a child, or ends it when everything is to be ended. */
static void look_at_child(struct state *state, long child) {
  if (child == state->step) return;
  int status = 0;
  if (system_call(__NR_wait4, child, (long)&status, WNOHANG, 0, 0) != 0) {
    /* Others had ended by themselves by then. */
    state->swept += state->sweeping && (status & 0x7f) == SIGKILL;
    /* The kernel goes on in its list by counting: behind one that has been reaped it leaves one out. */
    state->round.missed = true;
    return;
  }
  if (state->sweeping) system_call(__NR_kill, child, SIGKILL, 0, 0, 0);
  state->round.found = true;
}

/*
 * proc(5): reads on in the numbers of this process's children, each followed by a space. The kernel allocates at the
 * first reading of a descriptor; after one that has succeeded, none fails.
 */
static long read_children(int children, char *text, size_t size, long offset) {
  return system_call(__NR_pread64, children, (long)text, (long)size, offset, 0);
}

/* Goes on with a round; tells whether it is at its end. */
static bool look_at_children(struct state *state) {
  struct round *round = &state->round;
  char text[4096];
  long length = read_children(state->children, text, sizeof text, round->offset);
  for (long i = 0; i < length; i++)
    if (text[i] != ' ') round->child = round->child * 10 + (text[i] - '0');
    else {
      look_at_child(state, round->child);
      round->child = 0;
    }
  round->offset += length;
  return length <= 0;
}

/*
 * Children of a child that has ended are ours by the time that we hear of its end, so that a round after each SIGCHLD
 * leaves none. Events are heard within a round, too: of a step that never stops making orphans, it would have no end.
 */
static _Noreturn void watch(struct state *state, int child_signals) {
  static const struct __kernel_timespec at_once = {0};
  bool waits = true;
  for (;;) {
    struct pollfd fds[] = {
        {state->sweeping ? -1 : SOCKET, POLLIN, 0}, {child_signals, POLLIN, 0}, {state->failure, POLLIN, 0}};
    long events = system_call(__NR_ppoll, (long)fds, sizeof fds / sizeof fds[0], waits ? 0 : (long)&at_once, 0, 0);
    if (events > 0 && !waits) state->round.missed = true;
    char signal[128];
    if (fds[1].revents != 0) system_call(__NR_read, child_signals, (long)signal, sizeof signal, 0, 0);
    if (fds[2].revents != 0) look_at_start(state);
    if (fds[0].revents != 0) look_at_controller(state);
    if (state->sweeping) {
      /* The whole group at once, since none of it can get away by forking; the step, which may not lead one yet. */
      system_call(__NR_kill, -state->step, SIGKILL, 0, 0, 0);
      system_call(__NR_kill, state->step, SIGKILL, 0, 0, 0);
    }
    if (!state->ended) look_at_step(state);
    waits = look_at_children(state);
    if (!waits) continue;
    struct round round = state->round;
    state->round = (struct round){0};
    waits = !round.missed;
    if (round.missed || !state->ended || (round.found && !state->leaving)) continue;
    tell((struct message){.kind = SWEPT, .value = state->swept});
    system_call(__NR_wait4, state->step, 0, 0, 0, 0);
    leave(0);
  }
}

_Noreturn void supervise(char **initial) {
  long argc = (long)initial[0];
  char **argv = initial + 1, **envp = argv + argc + 1;
  if (argc < 7 || argc < 6 + (long)parse(argv[4])) leave(2);
  long self = system_call(__NR_getpid, 0, 0, 0, 0, 0);
  close_from((unsigned)parse(argv[1]));
  check(system_call(__NR_fcntl, SOCKET, F_SETFD, FD_CLOEXEC, 0, 0));
  check(system_call(__NR_fcntl, PROC, F_SETFD, FD_CLOEXEC, 0, 0));
  /* Where this program lies is outside the root. */
  check(system_call(__NR_chdir, (long)"/", 0, 0, 0, 0));
  check(system_call(__NR_setsid, 0, 0, 0, 0, 0));
  check(system_call(__NR_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
  check(block_signals(~0UL));
  unsigned long child_signal = 1UL << (SIGCHLD - 1);
  long child_signals =
      check(system_call(__NR_signalfd4, -1, (long)&child_signal, sizeof child_signal, O_CLOEXEC | O_NONBLOCK, 0));
  int children =
      (int)check(system_call(__NR_openat, PROC, (long)"thread-self/children", O_RDONLY | O_CLOEXEC, 0, 0));
  char none;
  check(read_children(children, &none, sizeof none, 0));
  int failure[2];
  check(system_call(__NR_pipe2, (long)failure, O_CLOEXEC, 0, 0, 0));
  /*
   * The child shares our memory until execve(2): a copy would take longer than all else that is done here. We go on
   * meanwhile, unlike after vfork(2), since execve waits for a file system as long as that likes. Whenever the child
   * comes to run, these are there: this function never returns.
   */
  char stack[8192] __attribute__((aligned(16)));
  const struct birth birth = {.failure = failure[1], .supervisor = self, .argv = argv, .envp = envp};
  long step = check(clone(CLONE_VM | SIGCHLD, stack + sizeof stack, &birth));
  system_call(__NR_close, failure[1], 0, 0, 0, 0);
  /* The pipes of the step are at their end when it and its descendants have closed them. */
  for (int fd = 0; fd < (int)parse(argv[1]); fd++)
    if (fd != SOCKET && fd != PROC) system_call(__NR_close, fd, 0, 0, 0, 0);
  struct state state = {.step = step, .failure = failure[0], .children = children};
  watch(&state, (int)child_signals);
}
