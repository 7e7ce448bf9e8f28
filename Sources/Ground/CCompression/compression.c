#include "compression.h"

#include <bzlib.h>
#include <snappy-c.h>
#include <stdlib.h>
#include <zlib.h>

struct tarn_deflate {
  z_stream zlib;
};

tarn_deflate *tarn_deflate_new(int gzip) {
  tarn_deflate *stream = calloc(1, sizeof *stream);
  if (!stream) return NULL;
  // 15 is the largest window; 16 more asks for gzip's wrapper, a negative one for none.
  int window = gzip ? 15 + 16 : -15;
  if (deflateInit2(&stream->zlib, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    free(stream);
    return NULL;
  }
  return stream;
}

void tarn_deflate_free(tarn_deflate *stream) {
  if (!stream) return;
  deflateEnd(&stream->zlib);
  free(stream);
}

int tarn_deflate_run(
    tarn_deflate *stream, const uint8_t *input, size_t input_count, int finish, uint8_t *output, size_t output_count,
    size_t *input_taken, size_t *output_filled) {
  stream->zlib.next_in = (Bytef *)input;
  stream->zlib.avail_in = (uInt)input_count;
  stream->zlib.next_out = output;
  stream->zlib.avail_out = (uInt)output_count;
  int result = deflate(&stream->zlib, finish ? Z_FINISH : Z_NO_FLUSH);
  *input_taken = input_count - stream->zlib.avail_in;
  *output_filled = output_count - stream->zlib.avail_out;
  if (result == Z_STREAM_END) return 1;
  // Z_BUF_ERROR says that nothing could be done this time: no input, or no room.
  return result == Z_OK || result == Z_BUF_ERROR ? 0 : -1;
}

struct tarn_bzip2 {
  bz_stream stream;
};

tarn_bzip2 *tarn_bzip2_new(void) {
  tarn_bzip2 *made = calloc(1, sizeof *made);
  if (!made) return NULL;
  if (BZ2_bzCompressInit(&made->stream, 9, 0, 0) != BZ_OK) {
    free(made);
    return NULL;
  }
  return made;
}

void tarn_bzip2_free(tarn_bzip2 *made) {
  if (!made) return;
  BZ2_bzCompressEnd(&made->stream);
  free(made);
}

int tarn_bzip2_run(
    tarn_bzip2 *made, const uint8_t *input, size_t input_count, int finish, uint8_t *output, size_t output_count,
    size_t *input_taken, size_t *output_filled) {
  // The library counts in 32 bits.
  size_t part = input_count > (1u << 30) ? 1u << 30 : input_count;
  int last = finish && part == input_count;
  made->stream.next_in = (char *)input;
  made->stream.avail_in = (unsigned)part;
  made->stream.next_out = (char *)output;
  made->stream.avail_out = (unsigned)output_count;
  // Without input there is nothing to run but the end.
  int result = part == 0 && !last ? BZ_RUN_OK : BZ2_bzCompress(&made->stream, last ? BZ_FINISH : BZ_RUN);
  *input_taken = part - made->stream.avail_in;
  *output_filled = output_count - made->stream.avail_out;
  if (result == BZ_STREAM_END) return 1;
  return result == BZ_RUN_OK || result == BZ_FINISH_OK ? 0 : -1;
}

size_t tarn_snappy_bound(size_t count) { return snappy_max_compressed_length(count); }

size_t tarn_snappy_compress(const uint8_t *input, size_t count, uint8_t *output) {
  size_t length = snappy_max_compressed_length(count);
  return snappy_compress((const char *)input, count, (char *)output, &length) == SNAPPY_OK ? length : 0;
}
