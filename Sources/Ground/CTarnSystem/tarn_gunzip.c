#include "tarn_text.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

int tarn_gunzip(const uint8_t *bytes, size_t n, size_t limit, uint8_t **out, size_t *count) {
  *out = NULL;
  *count = 0;
  if (n > UINT_MAX || limit > UINT_MAX / 2) return 2;
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  // 32: zlib's own wrapper is taken, too. Records of the Schema Registry come in it.
  if (inflateInit2(&stream, 15 + 32) != Z_OK) return 2;
  size_t room = n * 4 < limit ? n * 4 : limit;
  if (room < 256) room = 256;
  uint8_t *buffer = malloc(room);
  stream.next_in = (Bytef *)bytes;
  stream.avail_in = (uInt)n;
  int result = buffer ? Z_OK : Z_MEM_ERROR;
  while (result == Z_OK) {
    stream.next_out = buffer + stream.total_out;
    stream.avail_out = (uInt)(room - stream.total_out);
    result = inflate(&stream, Z_NO_FLUSH);
    if (result == Z_BUF_ERROR && stream.avail_out == 0) result = Z_OK;
    if (result == Z_OK && stream.avail_out == 0) {
      if (room > limit) {
        result = Z_MEM_ERROR;
        break;
      }
      uint8_t *larger = realloc(buffer, room * 2);
      if (!larger) {
        result = Z_MEM_ERROR;
        break;
      }
      buffer = larger;
      room *= 2;
    }
  }
  size_t total = stream.total_out;
  inflateEnd(&stream);
  if (result != Z_STREAM_END || total > limit) {
    free(buffer);
    return result == Z_STREAM_END || result == Z_MEM_ERROR ? 2 : 1;
  }
  *out = buffer;
  *count = total;
  return 0;
}
