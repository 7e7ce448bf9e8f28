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

// Runs in the child, which shares the parent's memory until exec: only system calls from here on.
static int become(const tarn_program *program, int parent) {
  if (setsid() < 0) return errno;
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return errno;
  // The parent may have gone before the kernel was told.
  if (getppid() != parent) return ESRCH;
  (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  limit(RLIMIT_AS, program->address_bytes_max);
  limit(RLIMIT_FSIZE, program->file_bytes_max);
  limit(RLIMIT_NOFILE, program->files_open_max);
  struct rlimit none = {0, 0};
  (void)setrlimit(RLIMIT_CORE, &none);
  if (chdir(program->folder) != 0) return errno;
  int input = open("/dev/null", O_RDONLY);
  if (input < 0) return errno;
  if (dup2(input, 0) < 0 || dup2(program->output, 1) < 0 || dup2(program->output, 2) < 0) return errno;
  close_from(3);
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
