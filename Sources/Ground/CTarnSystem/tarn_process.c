#define _GNU_SOURCE
#include "tarn_process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>

static void limit(int which, uint64_t value) {
  if (value == 0) return;
  struct rlimit bound = {value, value};
  (void)setrlimit(which, &bound);
}

static void close_from(int first) {
#ifdef SYS_close_range
  if (syscall(SYS_close_range, first, ~0U, 0) == 0) return;
#endif
  struct rlimit bound;
  int end = getrlimit(RLIMIT_NOFILE, &bound) == 0 && bound.rlim_cur < 65536 ? (int)bound.rlim_cur : 65536;
  for (int descriptor = first; descriptor < end; descriptor++) close(descriptor);
}

// Landlock by its system calls: the C library has no functions for them, and older headers no names.
enum {
  LANDLOCK_CREATE = 444,
  LANDLOCK_ADD = 445,
  LANDLOCK_RESTRICT = 446,
  LANDLOCK_VERSION = 1,
  LANDLOCK_BELOW = 1,
};
#define FS_EXECUTE (1ULL << 0)
#define FS_WRITE_FILE (1ULL << 1)
#define FS_READ_FILE (1ULL << 2)
#define FS_READ_DIR (1ULL << 3)
#define FS_REFER (1ULL << 13)
#define FS_TRUNCATE (1ULL << 14)
// Bits 4 to 12 remove and make entries.
#define FS_WRITES (FS_WRITE_FILE | 0x1FF0ULL | FS_REFER | FS_TRUNCATE)
#define FS_READS (FS_EXECUTE | FS_READ_FILE | FS_READ_DIR)
#define FS_OF_FILES (FS_EXECUTE | FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE)

static int allow_below(int rules, char *const *paths, uint64_t access) {
  for (; paths && *paths; paths++) {
    // What is not there needs no rule.
    int place = open(*paths, O_PATH | O_CLOEXEC);
    if (place < 0) continue;
    struct {
      uint64_t access;
      int32_t place;
    } __attribute__((packed)) below = {access, place};
    long result = syscall(LANDLOCK_ADD, rules, LANDLOCK_BELOW, &below, 0);
    if (result != 0 && errno == EINVAL) {
      // A file has no entries to make.
      below.access = access & FS_OF_FILES;
      result = syscall(LANDLOCK_ADD, rules, LANDLOCK_BELOW, &below, 0);
    }
    int problem = errno;
    close(place);
    if (result != 0) return problem;
  }
  return 0;
}

static int confine(const tarn_program *program) {
  if (!program->writable_folders && !program->readable_folders) return 0;
  long version = syscall(LANDLOCK_CREATE, NULL, 0, LANDLOCK_VERSION);
  if (version < 1) return 0;
  uint64_t writes = FS_WRITES;
  if (version < 2) writes &= ~FS_REFER;
  if (version < 3) writes &= ~FS_TRUNCATE;
  uint64_t handled = writes | (program->readable_folders ? FS_READS : 0);
  int rules = (int)syscall(LANDLOCK_CREATE, &handled, sizeof handled, 0);
  if (rules < 0) return errno;
  int problem = allow_below(rules, program->writable_folders, handled);
  if (problem == 0 && program->readable_folders) problem = allow_below(rules, program->readable_folders, FS_READS);
  if (problem == 0 && syscall(LANDLOCK_RESTRICT, rules, 0) != 0) problem = errno;
  close(rules);
  return problem;
}

// Runs in the child, which shares the parent's memory until exec: only system calls from here on.
static int become(const tarn_program *program, int parent) {
  if (setsid() < 0) return errno;
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return errno;
  // The parent may have gone before the kernel was told.
  if (getppid() != parent) return ESRCH;
  (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  limit(RLIMIT_AS, program->address_bytes_max);
  limit(RLIMIT_FSIZE, program->file_bytes_max);
  struct rlimit none = {0, 0};
  (void)setrlimit(RLIMIT_CORE, &none);
  if (chdir(program->folder) != 0) return errno;
  int input = open("/dev/null", O_RDONLY);
  if (input < 0) return errno;
  if (dup2(input, 0) < 0 || dup2(program->output, 1) < 0 || dup2(program->error, 2) < 0) return errno;
  int confined = confine(program);
  if (confined != 0) return confined;
  close_from(3);
  // Not before: the parent may have more files open than the program may, and then none could be opened here.
  limit(RLIMIT_NOFILE, program->files_open_max);
  struct sigaction usual;
  memset(&usual, 0, sizeof usual);
  usual.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; number++) (void)sigaction(number, &usual, NULL);
  sigset_t nothing;
  sigemptyset(&nothing);
  (void)sigprocmask(SIG_SETMASK, &nothing, NULL);
  execve(program->path, program->arguments, program->environment);
  return errno;
}

int tarn_start_program(const tarn_program *program, int *process) {
  sigset_t all, former;
  sigfillset(&all);
  // A handler of ours must not run in the child, where it would change the parent's memory.
  pthread_sigmask(SIG_SETMASK, &all, &former);
  int parent = getpid();
  volatile int failure = 0;
  // Not fork: copying the page tables of a large server takes longer than a small function runs.
  pid_t child = vfork();
  if (child == 0) {
    failure = become(program, parent);
    _exit(127);
  }
  int problem = child < 0 ? errno : failure;
  pthread_sigmask(SIG_SETMASK, &former, NULL);
  if (child > 0 && problem != 0) (void)waitpid(child, NULL, 0);
  *process = child;
  return problem;
}

int tarn_make_pipe(int *reading, int *writing, int bytes) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return errno;
  // More room is only a help: a program that writes much waits for its reader less often.
  (void)fcntl(ends[1], F_SETPIPE_SZ, bytes);
  (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
  *reading = ends[0];
  *writing = ends[1];
  return 0;
}
#else
int tarn_start_program(const tarn_program *program, int *process) { return ENOTSUP; }
int tarn_make_pipe(int *reading, int *writing, int bytes) { return ENOTSUP; }
#endif

bool tarn_has_ended(int process, int *code) {
  siginfo_t about;
  memset(&about, 0, sizeof about);
  *code = -SIGKILL;
  if (waitid(P_PID, (id_t)process, &about, WEXITED | WNOHANG | WNOWAIT) != 0) return errno != EINTR;
  if (about.si_pid == 0) return false;
  // While its end has not been taken note of, its number and its group's are nobody else's.
  (void)kill(-process, SIGKILL);
  int status = 0;
  if (waitpid(process, &status, 0) == process) *code = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  return true;
}
