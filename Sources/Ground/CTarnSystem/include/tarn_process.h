#pragma once
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A program to run as a process of its own, with limits.
typedef struct {
  /// The program's file, not looked up in PATH.
  const char *path;
  /// Both end with NULL.
  char *const *arguments;
  char *const *environment;
  /// The working folder.
  const char *folder;
  /// Take what the program writes to standard output and to standard error; may be the same.
  int output;
  int error;
  /// Limits; 0 leaves one as it is.
  uint64_t address_bytes_max;
  uint64_t file_bytes_max;
  uint64_t files_open_max;
  /// Folders or files that the program and its descendants may write in, and, where the second list is there, read; both
  /// end with NULL. NULL leaves all as it is. Kernels without Landlock leave all as it is, too.
  char *const *writable_folders;
  char *const *readable_folders;
} tarn_program;

/// Starts `program` as the leader of a session and process group of its own, with nothing on standard input and no other
/// file of ours open. On Linux the kernel kills it when the calling thread ends: call from a thread that lives as long
/// as the process. Gives 0 and the process's id, or an errno.
int tarn_start_program(const tarn_program *program, int *process);

/// Whether a child has ended, without waiting; what is left of its process group is killed with it. Then `code` is what it ended with, or minus the signal that ended it.
bool tarn_has_ended(int process, int *code);

/// Makes a pipe whose reading end does not wait; neither end outlives an exec. Gives 0 or an errno.
int tarn_make_pipe(int *reading, int *writing, int bytes);

#ifdef __cplusplus
}
#endif
