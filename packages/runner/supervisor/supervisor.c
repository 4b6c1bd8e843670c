/*
 * supervise: runs a program of system calls, the last of which is a step's execve(2), and ends all that the step leaves.
 *
 * A controller in Node.js cannot be the parent of what a step leaves behind without getting between its own children,
 * and does nothing any more once it has been killed. It has many threads besides, which the kernel gives no user
 * namespace. This program stands between the two. It knows nothing of roots, users or limits: it makes the calls that
 * it is given (`struct program`), written by packages/sys/src/internal/program.ts.
 *
 * Three processes share its memory until execve(2):
 *
 * - the supervisor is the subreaper (PR_SET_CHILD_SUBREAPER of prctl(2)) of all that descends from it, or pid 1 of a
 *   pid namespace, so that nothing leaves its tree by forking or by a session of its own. It talks to the controller, and
 *   ends everything when that says so or is gone.
 * - the parent is the step's, and does nothing. A step that kills its parent ends itself, and the supervisor is there
 *   to end the rest. As long as the parent lives the step stays a zombie, so that nobody else gets its number.
 * - the step.
 *
 * Descriptors: 0, 1 and 2 are the step's. SOCKET is a sequenced-packet socket to the controller, PROC the directory /proc,
 * since the root may have none, PROGRAM a file to be mapped. The step gets those up to `first_free`, and no others.
 *
 * The controller sends bytes: the number of a signal for the step's process group; END to end everything with SIGKILL;
 * LEAVE to let what the step has left run on once it has ended. It gets `struct message`s. When it closes its end of
 * the socket, by dying for example, everything is ended. This program exits when nothing that it started is left.
 *
 * No libc: it has to start at once.
 */
#include <asm/unistd.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/wait.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SOCKET = 3, PROC = 4, PROGRAM = 5, SIGNALS = 64, END = 255, LEAVE = 254 };

/* Headers of the kernel do not have these: sys/socket.h, unistd.h, linux/threads.h. */
enum { MESSAGE_NO_SIGNAL = 0x4000, SEEK_TO_END = 2, MOST_PIDS = 4194304 };

/* Where a program is mapped: its addresses are those of this place. */
#define BASE 0x1000000000

enum { BECOME_INIT = -1 }; /* no call: go on as pid 1 of the pid namespace that was made last */

enum flags {
  /* Bits 0 to 5: the argument is the index of an instruction, whose result it stands for. */
  EXPECT_PARENT = 1 << 8, /* the result has to be the number of the step's parent */
  TRY_NEXT = 1 << 9,      /* a failure with one of `errnos` is kept, and is the program's own if nothing comes after it */
  STATUS = 1 << 10        /* the call has left a negative error number, or 0, at the address `status` */
};

struct instruction {
  int32_t call;       /* its number */
  uint32_t flags;
  uint64_t arguments[6];
  uint64_t errnos[3]; /* a set: failures with which the program goes on */
  uint64_t status;
  int64_t result;
};

struct program {
  uint8_t secret[16];     /* of every message: only who has the program can tell the controller anything */
  uint32_t first_free;    /* descriptors from there upwards are not the step's */
  uint32_t enter, become; /* how many instructions the supervisor carries out, and how many the step's process then */
  uint32_t reserved;
  struct instruction instructions[];
};

/* What the controller is told. packages/runner/src/internal/supervisorMessage.ts reads it. */
enum kind {
  STARTED = 1, /* value: the process id of the step */
  FAILED = 2,  /* value: the errno; index: the instruction, or OURS */
  ENDED = 3,   /* value: the status word of wait(2); and the usage */
  SWEPT = 4,   /* value: how many processes that the step had left were ended; the last message */
  MOVED = 5    /* value: the process id of this program from now on */
};
enum { OURS = -1 };

struct message {
  uint8_t secret[16];
  int32_t kind, index;
  int64_t value;
  int64_t user_us, system_us; /* microseconds of processor time */
  int64_t peak_kib;           /* kibibytes of memory: ru_maxrss of getrusage(2) */
};

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n xor %ebp, %ebp\n and $-16, %rsp\n call supervise\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n mov x29, #0\n mov x30, #0\n b supervise\n");
#else
#error "the supervisor knows x86_64 and aarch64"
#endif

/* syscall(2), without errno: a failure is returned as a negative error number. */
static long system_call(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
#else
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
#endif
}

#define CALL(name, ...) CALL_(__NR_##name, __VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define CALL_(number, a, b, c, d, e, f, ...) \
  system_call(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

static const struct __kernel_timespec at_once = {0};

static _Noreturn void leave(int code) {
  for (;;) CALL(exit_group, code);
}

static struct program *program;

/* sendto(2). A controller that is gone is noticed when the socket is read. */
static void send(struct message *message) {
  for (size_t i = 0; i < sizeof message->secret; i++) message->secret[i] = program->secret[i];
  CALL(sendto, SOCKET, message, sizeof *message, MESSAGE_NO_SIGNAL, 0);
}

static void tell(enum kind kind, long index, int64_t value) {
  struct message message = {.kind = kind, .index = (int32_t)index, .value = value};
  send(&message);
}

/* For calls without which there must be no step: nothing has been started yet. */
static long check(long result) {
  if (result >= 0) return result;
  tell(FAILED, OURS, -result);
  leave(1);
}

/* Where there is no close_range(2): the open ones, which poll(2) tells apart, up to the hard limit. */
static void close_one_by_one(unsigned first) {
  struct rlimit64 limit = {0, 0};
  check(CALL(prlimit64, 0, RLIMIT_NOFILE, 0, &limit));
  struct pollfd fds[1024];
  for (uint64_t from = first; from < limit.rlim_max && from <= INT32_MAX; from += 1024) {
    for (unsigned i = 0; i < 1024; i++) fds[i] = (struct pollfd){(int)(from + i), 0, 0};
    check(CALL(ppoll, fds, 1024, &at_once));
    for (unsigned i = 0; i < 1024; i++)
      if (!(fds[i].revents & POLLNVAL)) CALL(close, fds[i].fd);
  }
}

static bool contains(const uint64_t *set, uint64_t number) {
  return number < 192 && (set[number / 64] >> (number % 64)) & 1;
}

/* Of which instruction, and with which errno; none when that is 0. */
struct failure { long index, errno; };

/* fork(2), so that the controller stays the parent. */
static void become_init(void) {
  long init = check(CALL(clone, CLONE_PARENT | SIGCHLD));
  if (init == 0) return;
  tell(MOVED, OURS, init);
  leave(0);
}

/* Carries out the instructions from one to another. */
static struct failure carry_out(unsigned from, unsigned to, long parent) {
  struct failure kept = {0, 0};
  for (unsigned index = from; index < to; index++) {
    struct instruction *i = &program->instructions[index];
    if (i->call == BECOME_INIT) {
      become_init();
      continue;
    }
    uint64_t a[6];
    for (unsigned n = 0; n < 6; n++)
      a[n] = i->flags >> n & 1 ? (uint64_t)program->instructions[i->arguments[n]].result : i->arguments[n];
    long result = system_call(i->call, (long)a[0], (long)a[1], (long)a[2], (long)a[3], (long)a[4], (long)a[5]);
    if (result >= 0 && i->flags & EXPECT_PARENT && result != parent) result = -ESRCH;
    if (result >= 0 && i->flags & STATUS) result = *(const int32_t *)i->status;
    i->result = result;
    if (result >= 0) continue;
    if (!contains(i->errnos, (uint64_t)-result)) return kept.errno ? kept : (struct failure){index, -result};
    if (i->flags & TRY_NEXT && !kept.errno) kept = (struct failure){index, -result};
  }
  return kept;
}

/* What the supervisor, the parent and the step's process know together. */
static struct birth {
  long supervisor;
  int failure; /* the pipe that tells the supervisor where the program failed; its end, that execve(2) succeeded */
  int report;  /* the pipe that tells it that it should look here */
  long step;   /* its process id; a negative error number when there is none, 0 as long as that is not known */
  bool ended;
  siginfo_t info;
  struct rusage usage;
} birth;

static _Noreturn void become_step(long parent) {
  /* By itself: a step that is quick may have killed its parent before that knows. */
  birth.step = CALL(getpid, 0);
  struct failure failure = carry_out(program->enter, program->enter + program->become, parent);
  /* A program that does not end with execve(2) has nothing to become. */
  if (!failure.errno) failure = (struct failure){OURS, ENOEXEC};
  CALL(write, birth.failure, &failure, sizeof failure);
  leave(1);
}

/* clone(2): a child that runs `function` on the stack that ends at `top`; its id, or a negative error number. */
static long clone(unsigned long flags, void *top, void (*function)(long), long argument) {
#if defined(__x86_64__)
  register long r10 __asm__("r10") = 0;
  register long r8 __asm__("r8") = 0;
  long result;
  __asm__ volatile("syscall\n test %%rax, %%rax\n jnz 1f\n mov %[argument], %%rdi\n call *%[function]\n ud2\n1:"
                   : "=a"(result)
                   : "0"(__NR_clone), "D"(flags), "S"(top), "d"(0), "r"(r10), "r"(r8),
                     [function] "r"(function), [argument] "r"(argument)
                   : "rcx", "r11", "cc", "memory");
  return result;
#else
  register long x8 __asm__("x8") = __NR_clone;
  register long x0 __asm__("x0") = (long)flags;
  register long x1 __asm__("x1") = (long)top;
  register long x2 __asm__("x2") = 0;
  register long x3 __asm__("x3") = 0;
  register long x4 __asm__("x4") = 0;
  __asm__ volatile("svc #0\n cbnz x0, 1f\n mov x0, %[argument]\n blr %[function]\n brk #0\n1:"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), [function] "r"(function),
                     [argument] "r"(argument)
                   : "memory");
  return x0;
#endif
}

/* Not on the supervisor's stack, which goes on meanwhile: execve(2) waits for a file system as long as that likes. */
static char stacks[2][8192] __attribute__((aligned(16)));

/* Lets the supervisor look at `birth`, which has been written before. */
static void report(void) { CALL(write, birth.report, "", 1); }

/* The parent of the step. The system call waitid(2) also tells the usage, as wait4(2) does; WNOWAIT leaves the zombie. */
static void be_parent(long unused) {
  (void)unused;
  long result = CALL(prctl, PR_SET_PDEATHSIG, SIGKILL);
  if (result == 0 && CALL(getppid, 0) != birth.supervisor) leave(1);
  if (result == 0)
    result = clone(CLONE_VM | SIGCHLD, stacks[1] + sizeof stacks[1], become_step, CALL(getpid, 0));
  /* The step's process may not have come to that yet. */
  birth.step = result;
  report();
  if (result < 0) leave(1);
  while (CALL(waitid, P_PID, result, &birth.info, WEXITED | WNOWAIT, &birth.usage) == -EINTR);
  birth.ended = true;
  report();
  for (;;) CALL(ppoll, 0, 0, 0, 0);
}

static struct state {
  bool init;        /* this is pid 1 of a pid namespace */
  long parent;      /* the process id of the step's parent; 0 once it is gone */
  int failure;      /* the pipe that says why there is no step; -1 once that is known */
  int report;       /* the pipe of `birth` */
  int children;     /* the list of this process's children; negative when there is none */
  bool shut;        /* the step's descriptors are closed here */
  bool ended;       /* the controller knows that the step has ended */
  bool sweeping;    /* whatever is left is to be ended */
  bool leaving;     /* whatever is left is to be left */
  int64_t swept;    /* how many processes were ended so far */
} state;

/* Ends the parent, and with it the step's zombie becomes ours. */
static void end_parent(void) {
  if (state.parent != 0) CALL(kill, state.parent, SIGKILL);
}

/* There is no step, and nothing that one could have left. */
static _Noreturn void fail(struct failure failure) {
  end_parent();
  while (CALL(wait4, -1, 0, 0, 0) > 0);
  tell(FAILED, failure.index, failure.errno);
  leave(1);
}

/* The pipe is at its end once execve has succeeded, which closes its other end. */
static void look_at_start(void) {
  struct failure failure;
  if (CALL(read, state.failure, &failure, sizeof failure) == sizeof failure) fail(failure);
  CALL(close, state.failure);
  state.failure = -1;
  tell(STARTED, OURS, birth.step);
}

/* What the controller wants, or that it is gone. */
static void look_at_controller(void) {
  unsigned char byte = 0;
  long length = CALL(read, SOCKET, &byte, 1);
  if (length == -EAGAIN || length == -EINTR) return;
  if (length <= 0 || byte == END) state.sweeping = true;
  else if (byte == LEAVE) state.leaving = true;
  else if (byte >= 1 && byte <= SIGNALS && birth.step > 0 && !state.ended && CALL(kill, -birth.step, byte) == -ESRCH)
    /* It has moved to another group. */
    CALL(kill, birth.step, byte);
}

/* The pipes of the step are at their end when it and its descendants have closed them. */
static void shut(void) {
  if (state.shut || (birth.step == 0 && state.parent != 0)) return;
  state.shut = true;
  CALL(close, birth.failure);
  for (int fd = 0; fd < (int)program->first_free; fd++)
    if (fd != SOCKET && fd != PROC && fd != PROGRAM) CALL(close, fd);
}

static void tell_end(int64_t status, const struct rusage *usage) {
  shut();
  if (state.failure >= 0) look_at_start();
  state.ended = true;
  struct message message = {.kind = ENDED,
                            .value = status,
                            .user_us = usage->ru_utime.tv_sec * 1000000L + usage->ru_utime.tv_usec,
                            .system_us = usage->ru_stime.tv_sec * 1000000L + usage->ru_stime.tv_usec,
                            .peak_kib = usage->ru_maxrss};
  send(&message);
}

/* What the parent says: that there is a step or none, and that it has ended. */
static void look_at_birth(void) {
  char bytes[2];
  CALL(read, state.report, bytes, sizeof bytes);
  if (birth.step < 0) fail((struct failure){OURS, -birth.step});
  if (!birth.ended || state.ended) return;
  int status = birth.info.si_status, core = birth.info.si_code == CLD_DUMPED ? 0x80 : 0;
  tell_end(birth.info.si_code == CLD_EXITED ? (status & 0xff) << 8 : status | core, &birth.usage);
}

/* Calls `visit` with each child but the parent, all of which are there until they are reaped; how many there are. */
static int64_t for_each_child(void (*visit)(long)) {
  int64_t count = 0;
  char text[4096];
  long length, child = 0;
  /* proc(5): their numbers, each followed by a space. */
  for (long offset = 0; (length = CALL(pread64, state.children, text, sizeof text, offset)) > 0; offset += length)
    for (long i = 0; i < length; i++)
      if (text[i] != ' ') child = child * 10 + (text[i] - '0');
      else {
        if (child != state.parent && ++count && visit) visit(child);
        child = 0;
      }
  return count;
}

/* The same where /proc is that of another pid namespace: every number there can be. */
static void for_each_pid(void (*visit)(long)) {
  for (long pid = 2; pid <= MOST_PIDS; pid++)
    if (pid != state.parent && CALL(waitid, P_PID, pid, 0, WEXITED | WNOHANG | WNOWAIT, 0) == 0) visit(pid);
}

static void end(long child) { CALL(kill, child, SIGKILL); }

/* The step's whole group at once, since none of it can get away by forking; the step, which may not lead one yet. */
static void sweep(void) {
  if (state.init) CALL(kill, -1, SIGKILL);
  if (birth.step > 0 && state.parent != 0) {
    CALL(kill, -birth.step, SIGKILL);
    CALL(kill, birth.step, SIGKILL);
  }
  if (state.init) return;
  if (state.children >= 0) for_each_child(end);
  else for_each_pid(end);
}

/* Hears of a child that has changed; tells whether it was the last one. */
static bool reap_one(bool *changed) {
  int status = 0;
  struct rusage usage;
  long child = CALL(wait4, -1, &status, WNOHANG | WUNTRACED, &usage);
  *changed = child > 0;
  if (child <= 0) return child == -ECHILD;
  if ((status & 0xff) == 0x7f) {
    /* The step may stop its parent, but gets nothing by it. */
    if (child == state.parent) CALL(kill, child, SIGCONT);
  } else if (child == state.parent) {
    state.parent = 0;
    /* By its step, unless that has ended. */
    if (!state.ended) state.sweeping = true;
  } else if (child == birth.step) {
    if (!state.ended) tell_end(status, &usage);
  } else
    /* Others had ended by themselves by then. */
    state.swept += state.sweeping && (status & 0x7f) == SIGKILL;
  return false;
}

/* Whether there is nothing but the step's zombie. Without a list the step has to go first. */
static bool is_alone(void) {
  if (!state.ended) return false;
  if (state.leaving || state.children < 0) end_parent();
  return state.leaving || (state.children >= 0 && for_each_child(0) == 0);
}

static _Noreturn void finish(void) {
  end_parent();
  if (state.parent > 0) CALL(wait4, state.parent, 0, 0, 0);
  if (birth.step > 0) CALL(wait4, birth.step, 0, 0, 0);
  tell(SWEPT, OURS, state.swept);
  leave(0);
}

/*
 * Children of a child that has ended are ours by the time that we hear of its end. Events are heard between some
 * children and the next: of a step that never stops making orphans, reaping would have no end.
 */
static _Noreturn void watch(int child_signals) {
  bool changed = true;
  for (;;) {
    struct pollfd fds[] = {{state.sweeping ? -1 : SOCKET, POLLIN, 0},
                           {child_signals, POLLIN, 0},
                           {state.report, POLLIN, 0},
                           {state.shut ? state.failure : -1, POLLIN, 0}};
    CALL(ppoll, fds, sizeof fds / sizeof fds[0], changed ? &at_once : 0, 0);
    char signal[128];
    if (fds[1].revents != 0) CALL(read, child_signals, signal, sizeof signal);
    if (fds[2].revents != 0) look_at_birth();
    shut();
    if (fds[3].revents != 0 && state.failure >= 0) look_at_start();
    if (fds[0].revents != 0) look_at_controller();
    bool swept = state.sweeping;
    if (swept) sweep();
    changed = true;
    for (int n = 0; n < 64 && changed; n++)
      if (reap_one(&changed)) finish();
    changed |= state.sweeping != swept;
    if (!changed && is_alone()) finish();
  }
}

/* The program, at its place. */
static void map_program(void) {
  long size = CALL(lseek, PROGRAM, 0, SEEK_TO_END);
  if (size < (long)sizeof *program) leave(2);
  long address = CALL(mmap, BASE, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED_NOREPLACE, PROGRAM, 0);
  if (address != BASE) leave(2);
  program = (struct program *)address;
  CALL(close, PROGRAM);
}

_Noreturn void supervise(void) {
  map_program();
  if (CALL(close_range, program->first_free, ~0U, 0) != 0) close_one_by_one(program->first_free);
  check(CALL(fcntl, SOCKET, F_SETFD, FD_CLOEXEC));
  check(CALL(fcntl, PROC, F_SETFD, FD_CLOEXEC));
  /* Where this program lies is outside the root. */
  check(CALL(chdir, "/"));
  unsigned long every_signal = ~0UL, child_signal = 1UL << (SIGCHLD - 1);
  check(CALL(rt_sigprocmask, SIG_SETMASK, &every_signal, 0, sizeof every_signal));
  struct failure failure = carry_out(0, program->enter, 0);
  if (failure.errno) fail(failure);
  check(CALL(setsid, 0));
  birth.supervisor = CALL(getpid, 0);
  state.init = birth.supervisor == 1;
  check(CALL(prctl, PR_SET_CHILD_SUBREAPER, 1));
  int child_signals =
      (int)check(CALL(signalfd4, -1, &child_signal, sizeof child_signal, O_CLOEXEC | O_NONBLOCK));
  state.children = state.init ? -1 : (int)CALL(openat, PROC, "thread-self/children", O_RDONLY | O_CLOEXEC);
  /* The kernel allocates at the first reading of a descriptor; after one that has succeeded, none fails. */
  char none;
  if (state.children >= 0 && CALL(pread64, state.children, &none, sizeof none, 0) < 0) state.children = -1;
  /* Nobody of the same user may look at the memory or take the descriptors. */
  check(CALL(prctl, PR_SET_DUMPABLE, 0));
  int failures[2], reports[2];
  check(CALL(pipe2, failures, O_CLOEXEC));
  check(CALL(pipe2, reports, O_CLOEXEC | O_NONBLOCK));
  state.failure = failures[0];
  state.report = reports[0];
  birth.failure = failures[1];
  birth.report = reports[1];
  /* A copy of the memory would take longer than all else that is done here. */
  state.parent = check(clone(CLONE_VM | CLONE_FILES | SIGCHLD, stacks[0] + sizeof stacks[0], be_parent, 0));
  watch(child_signals);
}
