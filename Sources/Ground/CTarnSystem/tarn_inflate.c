#include "tarn_inflate.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { piece = 64 << 10 };

static bool put(int output, const uint8_t *bytes, size_t count) {
  while (count > 0) {
    ssize_t done = write(output, bytes, count);
    if (done <= 0) return false;
    bytes += done;
    count -= (size_t)done;
  }
  return true;
}

int tarn_inflate_member(
  int input, uint64_t offset, uint64_t count, int method, int output, uint64_t limit, uint64_t *written,
  uint32_t *crc) {
  uint8_t in[piece], out[piece];
  uint64_t total = 0;
  uint32_t sum = 0;
  int result = 0;
  bool ended = method == 0;
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  if (method != 0 && (method != 8 || inflateInit2(&stream, -15) != Z_OK)) return 1;
  while (count > 0 && result == 0) {
    ssize_t got = pread(input, in, count < piece ? (size_t)count : piece, (off_t)offset);
    if (got <= 0) {
      result = 3;
      break;
    }
    offset += (uint64_t)got;
    count -= (uint64_t)got;
    if (method == 0) {
      total += (uint64_t)got;
      if (total > limit) result = 2;
      else if (!put(output, in, (size_t)got)) result = 3;
      sum = (uint32_t)crc32(sum, in, (uInt)got);
      continue;
    }
    stream.next_in = in;
    stream.avail_in = (uInt)got;
    while (result == 0 && !ended && (stream.avail_in > 0 || stream.avail_out == 0)) {
      stream.next_out = out;
      stream.avail_out = piece;
      int state = inflate(&stream, Z_NO_FLUSH);
      if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR) {
        result = 1;
        break;
      }
      size_t made = piece - stream.avail_out;
      total += made;
      if (total > limit) result = 2;
      else if (!put(output, out, made)) result = 3;
      sum = (uint32_t)crc32(sum, out, (uInt)made);
      ended = state == Z_STREAM_END;
      if (state == Z_BUF_ERROR) break;
    }
    if (ended) break;
  }
  if (method != 0) inflateEnd(&stream);
  if (result == 0 && !ended) result = 1;
  *written = total;
  *crc = sum;
  return result;
}
