#include "Bridge.hpp"

#include "Decompression.hpp"
#include "OrcStreams.hpp"

#include <cstring>

namespace tarn {
namespace orc {

void Damaged(const char *what) {
  throw duckdb::IOException("the ORC file is damaged: %s", what);
}

void Unpack(Compression kind, const char *input, size_t count, size_t limit, std::string &output) {
  switch (kind) {
  case Compression::ZLIB: InflateBlock(input, count, limit, output); break;
  case Compression::SNAPPY: SnappyBlock(input, count, limit, output); break;
  case Compression::LZO: LZOBlock(input, count, limit, output); break;
  case Compression::LZ4: LZ4Block(input, count, limit, output); break;
  case Compression::ZSTD: ZstdBlock(input, count, limit, output); break;
  case Compression::NONE: output.append(input, count); break;
  }
}

void Stream::Fill(char *target, size_t count) {
  // Read in larger pieces than it is asked for: each is a call out of the engine.
  constexpr size_t STEP = 256 << 10;
  while (count > 0) {
    if (taken == ahead.size()) {
      auto part = static_cast<size_t>(std::min<uint64_t>(STEP, end - offset));
      if (part == 0) {
        Damaged("a stream ends too early");
      }
      ahead.resize(part);
      bytes.Read(offset, &ahead[0], part);
      offset += part;
      taken = 0;
    }
    auto part = std::min(count, ahead.size() - taken);
    std::memcpy(target, ahead.data() + taken, part);
    target += part;
    count -= part;
    taken += part;
  }
}

void Stream::More() {
  ready.clear();
  position = 0;
  const auto left = end - offset + (ahead.size() - taken);
  if (left == 0) {
    Damaged("a stream ends too early");
  }
  if (kind == Compression::NONE) {
    ready.resize(static_cast<size_t>(std::min<uint64_t>(left, 64 << 10)));
    Fill(&ready[0], ready.size());
    return;
  }
  while (ready.empty()) {
    unsigned char head[3];
    Fill(reinterpret_cast<char *>(head), sizeof(head));
    const auto word = static_cast<uint32_t>(head[0]) | static_cast<uint32_t>(head[1]) << 8 |
                      static_cast<uint32_t>(head[2]) << 16;
    const size_t length = word >> 1;
    if (length > block) {
      Damaged("a compressed chunk is larger than the file's blocks");
    }
    packed.resize(length);
    Fill(&packed[0], length);
    if (word & 1) {
      ready.swap(packed);
    } else {
      Unpack(kind, packed.data(), packed.size(), block, ready);
    }
  }
}

void Stream::Take(char *target, size_t count) {
  while (count > 0) {
    if (position == ready.size()) {
      More();
    }
    auto part = std::min(count, ready.size() - position);
    std::memcpy(target, ready.data() + position, part);
    target += part;
    count -= part;
    position += part;
  }
}

void Stream::Skip(uint64_t count) {
  while (count > 0) {
    if (position == ready.size()) {
      More();
    }
    auto part = std::min<uint64_t>(count, ready.size() - position);
    count -= part;
    position += static_cast<size_t>(part);
  }
}

std::string Stream::Rest() {
  std::string all;
  while (position < ready.size() || offset < end || taken < ahead.size()) {
    if (position == ready.size()) {
      More();
    }
    all.append(ready, position, std::string::npos);
    position = ready.size();
    if (all.size() > RECORD_BLOCK_BYTES_MAX) {
      Damaged("a dictionary or footer is too large");
    }
  }
  return all;
}

uint64_t Stream::Unsigned() {
  uint64_t value = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    auto byte = Byte();
    if (shift < 64) {
      value |= static_cast<uint64_t>(byte & 0x7F) << shift;
    }
    if (!(byte & 0x80)) {
      return value;
    }
  }
  Damaged("a number is too long");
}

int64_t Stream::Signed() {
  auto value = Unsigned();
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

uint8_t ByteRuns::Next() {
  if (left == 0) {
    auto control = stream->Byte();
    repeats = control < 128;
    left = repeats ? control + 3u : 256u - control;
    if (repeats) {
      value = stream->Byte();
    }
  }
  left--;
  return repeats ? value : stream->Byte();
}

int64_t IntegerRuns::Zigzag(uint64_t value) const {
  return isSigned ? static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1) : static_cast<int64_t>(value);
}

uint64_t IntegerRuns::BigEndian(size_t bytes) {
  uint64_t value = 0;
  for (size_t index = 0; index < bytes; index++) {
    value = value << 8 | stream->Byte();
  }
  return value;
}

// Numbers of `width` bits, packed one behind another from the highest bit on; the last byte is filled up.
void IntegerRuns::Packed(uint64_t *target, size_t count, int width) {
  uint32_t byte = 0;
  int left = 0;
  for (size_t index = 0; index < count; index++) {
    uint64_t value = 0;
    int wanted = width;
    while (wanted > 0) {
      if (left == 0) {
        byte = stream->Byte();
        left = 8;
      }
      const int part = std::min(wanted, left);
      value = value << part | ((byte >> (left - part)) & ((1u << part) - 1));
      left -= part;
      wanted -= part;
    }
    target[index] = value;
  }
}

void IntegerRuns::Run() {
  position = 0;
  count = 0;
  if (!isSecond) {
    FirstVersion();
    return;
  }
  auto first = stream->Byte();
  switch (first >> 6) {
  case 0: ShortRepeat(first); break;
  case 1: Direct(first); break;
  case 2: PatchedBase(first); break;
  default: Delta(first);
  }
}

void IntegerRuns::FirstVersion() {
  auto control = stream->Byte();
  if (control < 128) {
    const auto delta = static_cast<int8_t>(stream->Byte());
    auto value = static_cast<uint64_t>(isSigned ? stream->Signed() : static_cast<int64_t>(stream->Unsigned()));
    count = control + 3u;
    for (size_t index = 0; index < count; index++) {
      values[index] = static_cast<int64_t>(value);
      value += static_cast<uint64_t>(static_cast<int64_t>(delta));
    }
  } else {
    count = 256u - control;
    for (size_t index = 0; index < count; index++) {
      values[index] = isSigned ? stream->Signed() : static_cast<int64_t>(stream->Unsigned());
    }
  }
}

void IntegerRuns::ShortRepeat(uint8_t first) {
  const auto value = Zigzag(BigEndian((first >> 3 & 7) + 1u));
  count = (first & 7) + 3u;
  for (size_t index = 0; index < count; index++) {
    values[index] = value;
  }
}

namespace {
// The widths that five bits stand for.
int Width(int code) {
  static const int WIDER[] = {26, 28, 30, 32, 40, 48, 56, 64};
  return code < 24 ? code + 1 : WIDER[code - 24];
}
// The narrowest of those widths that holds `bits`.
int Closest(int bits) {
  if (bits == 0) {
    return 1;
  }
  for (int code = 0; code < 32; code++) {
    if (Width(code) >= bits) {
      return Width(code);
    }
  }
  return 64;
}
} // namespace

void IntegerRuns::Direct(uint8_t first) {
  const auto width = Width(first >> 1 & 31);
  count = ((first & 1u) << 8 | stream->Byte()) + 1u;
  uint64_t raw[RUN_MAX];
  Packed(raw, count, width);
  for (size_t index = 0; index < count; index++) {
    values[index] = Zigzag(raw[index]);
  }
}

void IntegerRuns::PatchedBase(uint8_t first) {
  const auto width = Width(first >> 1 & 31);
  const size_t length = ((first & 1u) << 8 | stream->Byte()) + 1u;
  const auto third = stream->Byte();
  const auto fourth = stream->Byte();
  const size_t baseBytes = (third >> 5) + 1u;
  const auto patchWidth = Width(third & 31);
  const int gapWidth = (fourth >> 5) + 1;
  const size_t patches = fourth & 31;
  const auto word = BigEndian(baseBytes);
  // The highest bit is the sign.
  const auto sign = UINT64_C(1) << (baseBytes * 8 - 1);
  const auto base = word & sign ? -(word & ~sign) : word;
  uint64_t raw[RUN_MAX];
  Packed(raw, length, width);
  uint64_t list[32];
  if (gapWidth + patchWidth > 64) {
    Damaged("a patch is too wide");
  }
  Packed(list, patches, Closest(gapWidth + patchWidth));
  uint64_t place = 0;
  const auto mask = patchWidth == 64 ? ~UINT64_C(0) : (UINT64_C(1) << patchWidth) - 1;
  for (size_t index = 0; index < patches; index++) {
    const auto patch = list[index] & mask;
    // A gap of 255 without a patch stands for a longer one.
    place += patchWidth == 64 ? 0 : list[index] >> patchWidth;
    if (patch == 0) {
      continue;
    }
    if (place >= length || width >= 64) {
      Damaged("a patch lies behind its run");
    }
    raw[place] |= patch << width;
  }
  count = length;
  for (size_t index = 0; index < count; index++) {
    values[index] = static_cast<int64_t>(raw[index] + base);
  }
}

void IntegerRuns::Delta(uint8_t first) {
  const int code = first >> 1 & 31;
  const auto width = code == 0 ? 0 : Width(code);
  const size_t length = ((first & 1u) << 8 | stream->Byte()) + 1u;
  auto value = static_cast<uint64_t>(isSigned ? stream->Signed() : static_cast<int64_t>(stream->Unsigned()));
  const auto delta = stream->Signed();
  values[0] = static_cast<int64_t>(value);
  count = length;
  if (length == 1) {
    return;
  }
  value += static_cast<uint64_t>(delta);
  values[1] = static_cast<int64_t>(value);
  uint64_t raw[RUN_MAX] = {};
  if (width > 0 && length > 2) {
    Packed(raw, length - 2, width);
  }
  for (size_t index = 2; index < length; index++) {
    if (width == 0) {
      value += static_cast<uint64_t>(delta);
    } else {
      value = delta < 0 ? value - raw[index - 2] : value + raw[index - 2];
    }
    values[index] = static_cast<int64_t>(value);
  }
}

} // namespace orc
} // namespace tarn
