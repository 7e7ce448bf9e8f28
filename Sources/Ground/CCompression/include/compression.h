#pragma once
// The machine's compression libraries, for Swift: zlib's DEFLATE with the wrappers that Firehose writes, bzip2
// and snappy.
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tarn_deflate tarn_deflate;

// gzip != 0 writes gzip's header and trailer around the stream, else bare DEFLATE as ZIP archives hold it.
// NULL when there is no memory.
tarn_deflate *tarn_deflate_new(int gzip);
void tarn_deflate_free(tarn_deflate *stream);

// Compresses input into output. finish != 0 ends the stream with this input.
// Sets how much of input was taken and how much of output was filled; call again with what is left while output comes
// back full. Returns 1 once the stream has ended, 0 when it goes on, negative on failure.
int tarn_deflate_run(
    tarn_deflate *stream, const uint8_t *input, size_t input_count, int finish, uint8_t *output, size_t output_count,
    size_t *input_taken, size_t *output_filled);


typedef struct tarn_bzip2 tarn_bzip2;

// NULL when there is no memory.
tarn_bzip2 *tarn_bzip2_new(void);
void tarn_bzip2_free(tarn_bzip2 *stream);
// As tarn_deflate_run.
int tarn_bzip2_run(
    tarn_bzip2 *stream, const uint8_t *input, size_t input_count, int finish, uint8_t *output, size_t output_count,
    size_t *input_taken, size_t *output_filled);

size_t tarn_snappy_bound(size_t count);
// Returns the compressed length, 0 on failure. output must have tarn_snappy_bound(count) bytes.
size_t tarn_snappy_compress(const uint8_t *input, size_t count, uint8_t *output);

#ifdef __cplusplus
}
#endif
