#define _GNU_SOURCE
#include "tarn_files.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int tarn_preallocate(int descriptor, uint64_t position, uint64_t count) {
#ifdef __linux__
  return fallocate(descriptor, 0, (off_t)position, (off_t)count) == 0 ? 0 : errno;
#else
  return EOPNOTSUPP;
#endif
}

int tarn_punch_hole(int descriptor, uint64_t position, uint64_t count) {
#ifdef __linux__
  int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  return fallocate(descriptor, mode, (off_t)position, (off_t)count) == 0 ? 0 : errno;
#else
  return EOPNOTSUPP;
#endif
}

int tarn_holds_data(int descriptor, bool *holds) {
#ifdef __linux__
  *holds = lseek(descriptor, 0, SEEK_DATA) >= 0;
  return *holds || errno == ENXIO ? 0 : errno;
#else
  *holds = true;
  return 0;
#endif
}

void tarn_start_writeback(int descriptor, uint64_t end) {
#ifdef __linux__
  // Only a hint: what fails here shows in the sync.
  (void)sync_file_range(descriptor, 0, (off64_t)end, SYNC_FILE_RANGE_WRITE);
#endif
}
