// What ORC's columns are made of: compressed streams, and runs of numbers in them.
#pragma once

#include "RecordFile.hpp"

#include <memory>
#include <string>
#include <vector>

namespace tarn {
namespace orc {

[[noreturn]] void Damaged(const char *what);

enum class Compression { NONE = 0, ZLIB = 1, SNAPPY = 2, LZO = 3, LZ4 = 4, ZSTD = 5 };

// Decompresses one chunk, which has at most `limit` bytes.
void Unpack(Compression kind, const char *input, size_t count, size_t limit, std::string &output);

// One stream of a stripe, read by range and decompressed chunk by chunk.
class Stream {
public:
  Stream(RecordBytes &bytes, Compression kind, size_t block, uint64_t offset, uint64_t length)
      : bytes(bytes), kind(kind), block(block), offset(offset), end(offset + length) {
  }

  uint8_t Byte() {
    if (position == ready.size()) {
      More();
    }
    return static_cast<uint8_t>(ready[position++]);
  }
  void Take(char *target, size_t count);
  void Skip(uint64_t count);
  // Base-128 numbers, the lowest bits first.
  uint64_t Unsigned();
  int64_t Signed();
  // All that is left.
  std::string Rest();

private:
  void More();
  void Fill(char *target, size_t count);

  RecordBytes &bytes;
  const Compression kind;
  const size_t block;
  uint64_t offset;
  const uint64_t end;
  std::string ahead;
  size_t taken = 0;
  std::string packed;
  std::string ready;
  size_t position = 0;
};

// Bytes in runs.
class ByteRuns {
public:
  explicit ByteRuns(std::unique_ptr<Stream> stream) : stream(std::move(stream)) {
  }
  uint8_t Next();

private:
  std::unique_ptr<Stream> stream;
  uint32_t left = 0;
  bool repeats = false;
  uint8_t value = 0;
};

// Bits, the highest of each byte first.
class BitRuns {
public:
  explicit BitRuns(std::unique_ptr<Stream> stream) : bytes(std::move(stream)) {
  }
  bool Next() {
    if (left == 0) {
      byte = bytes.Next();
      left = 8;
    }
    return byte >> --left & 1;
  }

private:
  ByteRuns bytes;
  uint8_t byte = 0;
  int left = 0;
};

// Integers in runs, of the first or the second version of the encoding.
class IntegerRuns {
public:
  IntegerRuns(std::unique_ptr<Stream> stream, bool isSecond, bool isSigned)
      : stream(std::move(stream)), isSecond(isSecond), isSigned(isSigned) {
  }
  int64_t Next() {
    while (position == count) {
      Run();
    }
    return values[position++];
  }

private:
  static constexpr size_t RUN_MAX = 512;

  void Run();
  void FirstVersion();
  void ShortRepeat(uint8_t first);
  void Direct(uint8_t first);
  void PatchedBase(uint8_t first);
  void Delta(uint8_t first);
  int64_t Zigzag(uint64_t value) const;
  uint64_t BigEndian(size_t bytes);
  void Packed(uint64_t *target, size_t count, int width);

  std::unique_ptr<Stream> stream;
  const bool isSecond;
  const bool isSigned;
  int64_t values[RUN_MAX];
  size_t position = 0;
  size_t count = 0;
};

} // namespace orc
} // namespace tarn
