#pragma once
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// File calls that the C library declares only for _GNU_SOURCE, which Swift's module of it does not define.
// Each gives 0 or an errno; where the system has no such call, EOPNOTSUPP.

/// Takes room for `count` bytes from `position`, which read as zeros, and lengthens the file.
int tarn_preallocate(int descriptor, uint64_t position, uint64_t count);

/// Gives the room of a range back; it reads as zeros.
int tarn_punch_hole(int descriptor, uint64_t position, uint64_t count);

/// Sets `holds` to whether any byte of the file takes room on the disk.
int tarn_holds_data(int descriptor, bool *holds);

/// Begins to write what is in memory of the file's first `end` bytes, without waiting for it.
void tarn_start_writeback(int descriptor, uint64_t end);

#ifdef __cplusplus
}
#endif
