#include "Bridge.hpp"

#include "OrcOutput.hpp"

#include <zlib.h>

namespace duckdb_snappy {
size_t MaxCompressedLength(size_t count);
void RawCompress(const char *input, size_t count, char *output, size_t *length);
} // namespace duckdb_snappy

namespace tarn {
namespace orc {

// MARK: Protocol buffers

void AppendVarint(std::string &target, uint64_t value) {
  while (value >= 0x80) {
    target.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  target.push_back(static_cast<char>(value));
}

void AppendZigzag(std::string &target, __int128 value) {
  auto bits = static_cast<unsigned __int128>(value) << 1 ^ static_cast<unsigned __int128>(value >> 127);
  while (bits >= 0x80) {
    target.push_back(static_cast<char>(static_cast<uint8_t>(bits) | 0x80));
    bits >>= 7;
  }
  target.push_back(static_cast<char>(bits));
}

Message &Message::Number(uint32_t field, uint64_t value) {
  AppendVarint(bytes, static_cast<uint64_t>(field) << 3);
  AppendVarint(bytes, value);
  return *this;
}

Message &Message::Text(uint32_t field, const std::string &value) {
  AppendVarint(bytes, static_cast<uint64_t>(field) << 3 | 2);
  AppendVarint(bytes, value.size());
  bytes += value;
  return *this;
}

Message &Message::Numbers(uint32_t field, const std::vector<uint64_t> &values) {
  std::string packed;
  for (auto value : values) {
    AppendVarint(packed, value);
  }
  return values.empty() ? *this : Text(field, packed);
}

// MARK: Streams

void OutputStream::Append(const char *bytes, size_t count) {
  while (count > 0) {
    auto part = std::min(count, options.block - plain.size());
    plain.append(bytes, part);
    bytes += part;
    count -= part;
    if (plain.size() == options.block) {
      Pack();
    }
  }
}

static std::string Deflated(const std::string &plain) {
  z_stream stream = {};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw duckdb::OutOfMemoryException("No memory to compress a block of ORC");
  }
  std::string output(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef *>(&output[0]);
  stream.avail_out = static_cast<uInt>(output.size());
  auto result = deflate(&stream, Z_FINISH);
  output.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) {
    throw duckdb::IOException("A block of ORC could not be compressed");
  }
  return output;
}

static std::string Snapped(const std::string &plain) {
  std::string output(duckdb_snappy::MaxCompressedLength(plain.size()), '\0');
  size_t length = 0;
  duckdb_snappy::RawCompress(plain.data(), plain.size(), &output[0], &length);
  output.resize(length);
  return output;
}

void OutputStream::Pack() {
  if (plain.empty()) {
    return;
  }
  if (options.compression == Compression::NONE) {
    packed += plain;
  } else {
    auto smaller = options.compression == Compression::ZLIB ? Deflated(plain) : Snapped(plain);
    const bool isOriginal = smaller.size() >= plain.size();
    const auto &chosen = isOriginal ? plain : smaller;
    const auto header = chosen.size() << 1 | (isOriginal ? 1 : 0);
    for (int shift = 0; shift < 24; shift += 8) {
      packed.push_back(static_cast<char>(header >> shift));
    }
    packed += chosen;
  }
  plain.clear();
}

std::string OutputStream::Finish() {
  Pack();
  return std::exchange(packed, std::string());
}

// MARK: Runs

// A run has 3 to 130 values, a list of literals 1 to 128; that many wait before runs are looked for.
static constexpr size_t RUN_MIN = 3;
static constexpr size_t RUN_MAX = 130;
static constexpr size_t LITERALS_MAX = 128;
static constexpr size_t PENDING_MAX = 8 * RUN_MAX;

// Cuts `count` values into runs and literals. `RunAt(start)` says how many values from there on are one run.
template <class RunAt, class PutRun, class PutLiterals>
static void Cut(size_t count, RunAt runAt, PutRun putRun, PutLiterals putLiterals) {
  size_t first = 0;
  size_t next = 0;
  const auto literals = [&](size_t end) {
    while (first < end) {
      auto part = std::min(end - first, LITERALS_MAX);
      putLiterals(first, part);
      first += part;
    }
  };
  while (next < count) {
    auto length = std::min(runAt(next), RUN_MAX);
    if (length < RUN_MIN) {
      next++;
      continue;
    }
    literals(next);
    putRun(next, length);
    next += length;
    first = next;
  }
  literals(count);
}

void ByteRunOutput::Append(uint8_t value) {
  pending.push_back(value);
  if (pending.size() == PENDING_MAX) {
    Flush();
  }
}

void ByteRunOutput::Flush() {
  Cut(
      pending.size(),
      [&](size_t start) {
        size_t length = 1;
        while (length < RUN_MAX && start + length < pending.size() && pending[start + length] == pending[start]) {
          length++;
        }
        return length;
      },
      [&](size_t start, size_t count) {
        stream.Byte(static_cast<uint8_t>(count - RUN_MIN));
        stream.Byte(pending[start]);
      },
      [&](size_t start, size_t count) {
        stream.Byte(static_cast<uint8_t>(-static_cast<int>(count)));
        stream.Append(reinterpret_cast<const char *>(&pending[start]), count);
      });
  pending.clear();
}

std::string ByteRunOutput::Finish() {
  Flush();
  return stream.Finish();
}

void BitOutput::Append(bool bit) {
  byte = static_cast<uint8_t>(byte << 1 | (bit ? 1 : 0));
  if (++used == 8) {
    bytes.Append(byte);
    byte = 0;
    used = 0;
  }
}

std::string BitOutput::Finish() {
  while (used != 0) {
    Append(false);
  }
  return bytes.Finish();
}

void IntegerOutput::Append(int64_t value) {
  pending.push_back(value);
  if (pending.size() == PENDING_MAX) {
    Flush();
  }
}

void IntegerOutput::Put(int64_t value) {
  std::string bytes;
  if (isSigned) {
    AppendZigzag(bytes, value);
  } else {
    AppendVarint(bytes, static_cast<uint64_t>(value));
  }
  stream.Append(bytes);
}

void IntegerOutput::Flush() {
  // The step of a run is a byte with a sign.
  const auto step = [&](size_t at) {
    return static_cast<__int128>(pending[at + 1]) - static_cast<__int128>(pending[at]);
  };
  Cut(
      pending.size(),
      [&](size_t start) {
        if (start + 1 >= pending.size() || step(start) < -128 || step(start) > 127) {
          return size_t(1);
        }
        size_t length = 2;
        while (length < RUN_MAX && start + length < pending.size() && step(start + length - 1) == step(start)) {
          length++;
        }
        return length;
      },
      [&](size_t start, size_t count) {
        stream.Byte(static_cast<uint8_t>(count - RUN_MIN));
        stream.Byte(static_cast<uint8_t>(static_cast<int8_t>(step(start))));
        Put(pending[start]);
      },
      [&](size_t start, size_t count) {
        stream.Byte(static_cast<uint8_t>(-static_cast<int>(count)));
        for (size_t index = 0; index < count; index++) {
          Put(pending[start + index]);
        }
      });
  pending.clear();
}

std::string IntegerOutput::Finish() {
  Flush();
  return stream.Finish();
}

} // namespace orc
} // namespace tarn
