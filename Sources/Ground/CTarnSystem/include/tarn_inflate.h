#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Unpacks a member of a ZIP archive from one file into another, piece by piece.
/// `method` is 0 (stored) or 8 (deflate). Gives 0, with the number of bytes and their CRC-32; 1 when the data is broken
/// or of another method; 2 when there are more than `limit` bytes; 3 when a file cannot be read or written.
int tarn_inflate_member(
  int input, uint64_t offset, uint64_t count, int method, int output, uint64_t limit, uint64_t *written, uint32_t *crc);

#ifdef __cplusplus
}
#endif
