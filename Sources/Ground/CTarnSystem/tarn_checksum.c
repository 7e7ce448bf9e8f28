#include "tarn_checksum.h"
#include <pthread.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

// Reflected polynomials.
#define POLY_CRC32C 0x82F63B78u
#define POLY_CRC32 0xEDB88320u
#define POLY_CRC64NVME 0x9A6C9329AC4BC9B5ull

// Bytes from which folding is worth its beginning and end.
#define FOLD_FROM 256

// Slice-by-eight tables, for processors without the instructions and for the ends of buffers.
static uint32_t table_crc32c[8][256];
static uint32_t table_crc32[8][256];
static uint64_t table_crc64[8][256];
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static void fill32(uint32_t table[8][256], uint32_t poly) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t c = i;
    for (int k = 0; k < 8; k++) c = c & 1 ? (c >> 1) ^ poly : c >> 1;
    table[0][i] = c;
  }
  for (uint32_t i = 0; i < 256; i++)
    for (int s = 1; s < 8; s++) table[s][i] = (table[s - 1][i] >> 8) ^ table[0][table[s - 1][i] & 0xFF];
}

static void fill_tables(void) {
  fill32(table_crc32c, POLY_CRC32C);
  fill32(table_crc32, POLY_CRC32);
  for (uint64_t i = 0; i < 256; i++) {
    uint64_t c = i;
    for (int k = 0; k < 8; k++) c = c & 1 ? (c >> 1) ^ POLY_CRC64NVME : c >> 1;
    table_crc64[0][i] = c;
  }
  for (uint32_t i = 0; i < 256; i++)
    for (int s = 1; s < 8; s++) table_crc64[s][i] = (table_crc64[s - 1][i] >> 8) ^ table_crc64[0][table_crc64[s - 1][i] & 0xFF];
}

static uint64_t load64(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  v = __builtin_bswap64(v);
#endif
  return v;
}

static uint32_t sliced32(const uint32_t table[8][256], uint32_t crc, const uint8_t *p, size_t n) {
  pthread_once(&tables_once, fill_tables);
  while (n >= 8) {
    uint64_t v = load64(p) ^ crc;
    crc = table[7][v & 0xFF] ^ table[6][(v >> 8) & 0xFF] ^ table[5][(v >> 16) & 0xFF] ^ table[4][(v >> 24) & 0xFF] ^
          table[3][(v >> 32) & 0xFF] ^ table[2][(v >> 40) & 0xFF] ^ table[1][(v >> 48) & 0xFF] ^ table[0][v >> 56];
    p += 8;
    n -= 8;
  }
  while (n--) crc = (crc >> 8) ^ table[0][(crc ^ *p++) & 0xFF];
  return crc;
}

static uint64_t sliced64(uint64_t crc, const uint8_t *p, size_t n) {
  pthread_once(&tables_once, fill_tables);
  while (n >= 8) {
    uint64_t v = load64(p) ^ crc;
    crc = table_crc64[7][v & 0xFF] ^ table_crc64[6][(v >> 8) & 0xFF] ^ table_crc64[5][(v >> 16) & 0xFF] ^
          table_crc64[4][(v >> 24) & 0xFF] ^ table_crc64[3][(v >> 32) & 0xFF] ^ table_crc64[2][(v >> 40) & 0xFF] ^
          table_crc64[1][(v >> 48) & 0xFF] ^ table_crc64[0][v >> 56];
    p += 8;
    n -= 8;
  }
  while (n--) crc = (crc >> 8) ^ table_crc64[0][(crc ^ *p++) & 0xFF];
  return crc;
}

#if defined(__x86_64__)

__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, const uint8_t *p, size_t n) {
  uint64_t c = crc;
  while (n && ((uintptr_t)p & 7)) {
    c = _mm_crc32_u8((uint32_t)c, *p++);
    n--;
  }
  while (n >= 32) {
    c = _mm_crc32_u64(c, load64(p));
    c = _mm_crc32_u64(c, load64(p + 8));
    c = _mm_crc32_u64(c, load64(p + 16));
    c = _mm_crc32_u64(c, load64(p + 24));
    p += 32;
    n -= 32;
  }
  while (n >= 8) {
    c = _mm_crc32_u64(c, load64(p));
    p += 8;
    n -= 8;
  }
  while (n--) c = _mm_crc32_u8((uint32_t)c, *p++);
  return (uint32_t)c;
}

// Folding of a reflected CRC with carry-less multiplication, four lanes of 128 bits at a time (Gopal and others, "Fast
// CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction"). What remains, the last folded block included,
// goes through the tables: the folded 128 bits are a message with the same remainder.
//
// A 128-bit lane holds low (bits that come first) and high halves. Moving a lane D bits on multiplies the low half by
// x^(D+64-1) mod P and the high half by x^(D-1) mod P, all bit-reflected in 64 bits.
__attribute__((target("pclmul,sse4.1"))) static __m128i fold(__m128i lane, __m128i keys, __m128i next) {
  __m128i low = _mm_clmulepi64_si128(lane, keys, 0x00);
  __m128i high = _mm_clmulepi64_si128(lane, keys, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

__attribute__((target("pclmul,sse4.1"))) static size_t fold_blocks(
    uint64_t crc, const uint8_t *p, size_t n, const uint64_t by64[2], const uint64_t by16[2], uint8_t rest[16]) {
  const __m128i far = _mm_set_epi64x((long long)by64[1], (long long)by64[0]);
  const __m128i near = _mm_set_epi64x((long long)by16[1], (long long)by16[0]);
  const uint8_t *start = p;
  __m128i a = _mm_xor_si128(_mm_loadu_si128((const __m128i *)p), _mm_set_epi64x(0, (long long)crc));
  __m128i b = _mm_loadu_si128((const __m128i *)(p + 16));
  __m128i c = _mm_loadu_si128((const __m128i *)(p + 32));
  __m128i d = _mm_loadu_si128((const __m128i *)(p + 48));
  p += 64;
  n -= 64;
  while (n >= 64) {
    a = fold(a, far, _mm_loadu_si128((const __m128i *)p));
    b = fold(b, far, _mm_loadu_si128((const __m128i *)(p + 16)));
    c = fold(c, far, _mm_loadu_si128((const __m128i *)(p + 32)));
    d = fold(d, far, _mm_loadu_si128((const __m128i *)(p + 48)));
    p += 64;
    n -= 64;
  }
  b = fold(a, near, b);
  c = fold(b, near, c);
  d = fold(c, near, d);
  while (n >= 16) {
    d = fold(d, near, _mm_loadu_si128((const __m128i *)p));
    p += 16;
    n -= 16;
  }
  _mm_storeu_si128((__m128i *)rest, d);
  return (size_t)(p - start);
}

// x^n mod P, bit-reflected in 64 bits; `poly` is the reflected polynomial aligned to the top bit of 64.
static uint64_t power(uint64_t poly, unsigned width, unsigned n) {
  uint64_t value = 1ull << (width - 1);  // x^0 reflected
  while (n--) value = value & 1 ? (value >> 1) ^ poly : value >> 1;
  return value;
}

static uint64_t keys32[2][2], keys32c[2][2], keys64[2][2];
static pthread_once_t keys_once = PTHREAD_ONCE_INIT;

// A reflected product of two 64-bit halves is one bit short of 128, hence the minus one; a 32-bit remainder sits in the
// low half of its 64 bits, which is 32 bits further on.
static void fill_keys(void) {
  const unsigned bits[2] = {512, 128};
  for (int i = 0; i < 2; i++) {
    keys32[i][0] = power(POLY_CRC32, 32, bits[i] + 64 - 1 - 32 + 32) << 32;
    keys32[i][1] = power(POLY_CRC32, 32, bits[i] - 1 - 32 + 32) << 32;
    keys32c[i][0] = power(POLY_CRC32C, 32, bits[i] + 64 - 1 - 32 + 32) << 32;
    keys32c[i][1] = power(POLY_CRC32C, 32, bits[i] - 1 - 32 + 32) << 32;
    keys64[i][0] = power(POLY_CRC64NVME, 64, bits[i] + 64 - 1);
    keys64[i][1] = power(POLY_CRC64NVME, 64, bits[i] - 1);
  }
}

#endif

uint32_t tarn_crc32c(uint32_t crc, const void *bytes, size_t n) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) {
    const uint8_t *p = bytes;
    crc = ~crc;
    // The instruction takes eight bytes in three cycles, each waiting for the last; folding has four lanes.
    if (n >= FOLD_FROM && __builtin_cpu_supports("pclmul")) {
      pthread_once(&keys_once, fill_keys);
      uint8_t rest[16];
      size_t used = fold_blocks(crc, p, n, keys32c[0], keys32c[1], rest);
      crc = crc32c_sse42(0, rest, 16);
      p += used;
      n -= used;
    }
    return ~crc32c_sse42(crc, p, n);
  }
#elif defined(__ARM_FEATURE_CRC32)
  const uint8_t *p = bytes;
  crc = ~crc;
  for (; n >= 8; p += 8, n -= 8) crc = __crc32cd(crc, load64(p));
  while (n--) crc = __crc32cb(crc, *p++);
  return ~crc;
#endif
  return ~sliced32(table_crc32c, ~crc, bytes, n);
}

uint32_t tarn_crc32(uint32_t crc, const void *bytes, size_t n) {
  const uint8_t *p = bytes;
  crc = ~crc;
#if defined(__x86_64__)
  if (n >= 64 && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1")) {
    pthread_once(&keys_once, fill_keys);
    uint8_t rest[16];
    size_t used = fold_blocks(crc, p, n, keys32[0], keys32[1], rest);
    crc = sliced32(table_crc32, 0, rest, 16);
    p += used;
    n -= used;
  }
#endif
  return ~sliced32(table_crc32, crc, p, n);
}

uint64_t tarn_crc64nvme(uint64_t crc, const void *bytes, size_t n) {
  const uint8_t *p = bytes;
  crc = ~crc;
#if defined(__x86_64__)
  if (n >= 64 && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1")) {
    pthread_once(&keys_once, fill_keys);
    uint8_t rest[16];
    size_t used = fold_blocks(crc, p, n, keys64[0], keys64[1], rest);
    crc = sliced64(0, rest, 16);
    p += used;
    n -= used;
  }
#endif
  return ~sliced64(crc, p, n);
}
