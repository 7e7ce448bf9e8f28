#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// CRC-32C (Castagnoli) of `n` bytes, continuing from `crc`; begin with 0. Uses the processor's instruction where it
/// has one.
uint32_t tarn_crc32c(uint32_t crc, const void *bytes, size_t n);

/// CRC-32 (ISO-HDLC, as in zlib) of `n` bytes, continuing from `crc`; begin with 0.
uint32_t tarn_crc32(uint32_t crc, const void *bytes, size_t n);

/// CRC-64/NVME of `n` bytes, continuing from `crc`; begin with 0.
uint64_t tarn_crc64nvme(uint64_t crc, const void *bytes, size_t n);

#ifdef __cplusplus
}
#endif
