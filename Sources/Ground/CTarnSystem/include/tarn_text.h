#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Decodes `n` characters of padded base64 into `out`, which has room for `n / 4 * 3` bytes.
/// Returns the number of bytes, or -1 when the text is not base64.
ptrdiff_t tarn_base64_decode(uint8_t *out, const uint8_t *text, size_t n);

/// Writes `n` bytes as padded base64 into `out`, which has room for `(n + 2) / 3 * 4` characters.
void tarn_base64_encode(uint8_t *out, const uint8_t *bytes, size_t n);

/// The number of leading bytes that a JSON string holds as they are: neither quotation mark, backslash nor control.
size_t tarn_json_plain(const uint8_t *text, size_t n);

/// Unpacks a stream of `n` bytes in gzip's wrapper or in zlib's. Returns 0 with the content in `*out` (to be freed by
/// the caller), 1 when the stream is broken, 2 when the content is longer than `limit` or there is no memory for it.
int tarn_gunzip(const uint8_t *bytes, size_t n, size_t limit, uint8_t **out, size_t *count);

#ifdef __cplusplus
}
#endif
