#include "tarn_text.h"
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static const char alphabet[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int value_of(uint8_t c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

#if defined(__x86_64__)

// Vector forms after Muła and Lemire, "Faster Base64 Encoding and Decoding Using AVX2 Instructions".
// Each takes whole blocks, stops at the first block with a character outside of the alphabet, and gives the number of
// characters it has done; the plain loop does the rest and finds what is wrong. `room` keeps stores within the output.
__attribute__((target("avx2"))) static size_t decode_avx2(uint8_t *out, const uint8_t *text, size_t n) {
  const __m256i low_classes = _mm256_setr_epi8(
      0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1A, 0x1B, 0x1B, 0x1B, 0x1A, 0x15, 0x11, 0x11,
      0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1A, 0x1B, 0x1B, 0x1B, 0x1A);
  const __m256i high_classes = _mm256_setr_epi8(
      0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x01,
      0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
  const __m256i shifts = _mm256_setr_epi8(
      0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0,
      0);
  const __m256i pack = _mm256_setr_epi8(
      2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1, 2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
  const __m256i slash = _mm256_set1_epi8(0x2F);
  size_t done = 0;
  // 32 characters make 24 bytes, stored as 32: 12 more characters must follow to have room for the other eight.
  while (n - done >= 32 + 12) {
    __m256i in = _mm256_loadu_si256((const __m256i *)(text + done));
    __m256i high = _mm256_and_si256(_mm256_srli_epi32(in, 4), slash);
    __m256i low = _mm256_and_si256(in, slash);
    __m256i wrong = _mm256_and_si256(_mm256_shuffle_epi8(low_classes, low), _mm256_shuffle_epi8(high_classes, high));
    if (!_mm256_testz_si256(wrong, wrong)) break;
    __m256i is_slash = _mm256_cmpeq_epi8(in, slash);
    in = _mm256_add_epi8(in, _mm256_shuffle_epi8(shifts, _mm256_add_epi8(is_slash, high)));
    __m256i pairs = _mm256_maddubs_epi16(in, _mm256_set1_epi32(0x01400140));
    __m256i quads = _mm256_shuffle_epi8(_mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000)), pack);
    quads = _mm256_permutevar8x32_epi32(quads, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, -1, -1));
    _mm256_storeu_si256((__m256i *)(out + done / 4 * 3), quads);
    done += 32;
  }
  return done;
}

__attribute__((target("avx2"))) static size_t encode_avx2(uint8_t *out, const uint8_t *bytes, size_t n) {
  const __m256i spread = _mm256_setr_epi8(
      1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10, 1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
  const __m256i shifts = _mm256_setr_epi8(
      65, 71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 0, 0, 65, 71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4,
      -19, -16, 0, 0);
  size_t done = 0;
  // 24 bytes are read as two halves of 16 at 0 and 12.
  while (n - done >= 28) {
    __m256i in = _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(bytes + done))),
        _mm_loadu_si128((const __m128i *)(bytes + done + 12)), 1);
    in = _mm256_shuffle_epi8(in, spread);
    __m256i odd = _mm256_mulhi_epu16(
        _mm256_and_si256(in, _mm256_set1_epi32(0x0FC0FC00)), _mm256_set1_epi32(0x04000040));
    __m256i even = _mm256_mullo_epi16(
        _mm256_and_si256(in, _mm256_set1_epi32(0x003F03F0)), _mm256_set1_epi32(0x01000010));
    __m256i index = _mm256_or_si256(odd, even);
    __m256i range = _mm256_subs_epu8(index, _mm256_set1_epi8(51));
    range = _mm256_sub_epi8(range, _mm256_cmpgt_epi8(index, _mm256_set1_epi8(25)));
    _mm256_storeu_si256(
        (__m256i *)(out + done / 3 * 4), _mm256_add_epi8(index, _mm256_shuffle_epi8(shifts, range)));
    done += 24;
  }
  return done;
}

#endif

ptrdiff_t tarn_base64_decode(uint8_t *out, const uint8_t *text, size_t n) {
  if (n % 4 != 0) return -1;
  if (n == 0) return 0;
  size_t done = 0;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) done = decode_avx2(out, text, n);
#endif
  size_t padding = text[n - 1] == '=' ? (text[n - 2] == '=' ? 2 : 1) : 0;
  size_t whole = padding ? n - 4 : n;
  uint8_t *to = out + done / 4 * 3;
  for (; done < whole; done += 4) {
    int a = value_of(text[done]), b = value_of(text[done + 1]), c = value_of(text[done + 2]), d = value_of(text[done + 3]);
    if ((a | b | c | d) < 0) return -1;
    uint32_t bits = (uint32_t)a << 18 | (uint32_t)b << 12 | (uint32_t)c << 6 | (uint32_t)d;
    *to++ = (uint8_t)(bits >> 16);
    *to++ = (uint8_t)(bits >> 8);
    *to++ = (uint8_t)bits;
  }
  if (padding) {
    int a = value_of(text[n - 4]), b = value_of(text[n - 3]), c = padding == 1 ? value_of(text[n - 2]) : 0;
    if ((a | b | c) < 0) return -1;
    *to++ = (uint8_t)(a << 2 | b >> 4);
    if (padding == 1) *to++ = (uint8_t)(b << 4 | c >> 2);
  }
  return to - out;
}

void tarn_base64_encode(uint8_t *out, const uint8_t *bytes, size_t n) {
  size_t done = 0;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) done = encode_avx2(out, bytes, n);
#endif
  out += done / 3 * 4;
  for (; n - done >= 3; done += 3) {
    uint32_t bits = (uint32_t)bytes[done] << 16 | (uint32_t)bytes[done + 1] << 8 | bytes[done + 2];
    *out++ = (uint8_t)alphabet[bits >> 18];
    *out++ = (uint8_t)alphabet[bits >> 12 & 63];
    *out++ = (uint8_t)alphabet[bits >> 6 & 63];
    *out++ = (uint8_t)alphabet[bits & 63];
  }
  if (n - done == 1) {
    uint32_t bits = (uint32_t)bytes[done] << 16;
    *out++ = (uint8_t)alphabet[bits >> 18];
    *out++ = (uint8_t)alphabet[bits >> 12 & 63];
    *out++ = '=';
    *out++ = '=';
  } else if (n - done == 2) {
    uint32_t bits = (uint32_t)bytes[done] << 16 | (uint32_t)bytes[done + 1] << 8;
    *out++ = (uint8_t)alphabet[bits >> 18];
    *out++ = (uint8_t)alphabet[bits >> 12 & 63];
    *out++ = (uint8_t)alphabet[bits >> 6 & 63];
    *out++ = '=';
  }
}

size_t tarn_json_plain(const uint8_t *text, size_t n) {
  size_t done = 0;
#if defined(__x86_64__)
  const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1F);
  while (n - done >= 16) {
    __m128i in = _mm_loadu_si128((const __m128i *)(text + done));
    __m128i special = _mm_or_si128(_mm_cmpeq_epi8(in, quote), _mm_cmpeq_epi8(in, backslash));
    special = _mm_or_si128(special, _mm_cmpeq_epi8(_mm_min_epu8(in, control), in));
    int mask = _mm_movemask_epi8(special);
    if (mask) return done + (size_t)__builtin_ctz((unsigned)mask);
    done += 16;
  }
#endif
  while (done < n && text[done] != '"' && text[done] != '\\' && text[done] > 0x1F) done++;
  return done;
}
