// What an ORC file is written from: compressed streams, runs of numbers in them, and protocol buffers for its footers.
// Source: "ORC Specification v1". Integers are written in runs of the first version, which every reader knows.
#pragma once

#include "OrcStreams.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tarn {
namespace orc {

// Appends one number in groups of seven bits, the lowest first.
void AppendVarint(std::string &target, uint64_t value);
// The same for a number of 128 bits with its sign in the lowest bit.
void AppendZigzag(std::string &target, __int128 value);

// A message of Protocol Buffers in the making.
class Message {
public:
  Message &Number(uint32_t field, uint64_t value);
  Message &Text(uint32_t field, const std::string &value);
  Message &Numbers(uint32_t field, const std::vector<uint64_t> &values);

  std::string bytes;
};

struct OutputOptions {
  Compression compression = Compression::SNAPPY;
  // Bytes that are compressed together.
  size_t block = 256 << 10;
  // Compressed bytes after which a stripe ends.
  size_t stripe = 64 << 20;
  // The second number of the file's version 0.11 or 0.12.
  uint64_t version = 12;
};

// Bytes that are compressed block by block.
class OutputStream {
public:
  explicit OutputStream(const OutputOptions &options) : options(options) {
  }
  void Append(const char *bytes, size_t count);
  void Append(const std::string &bytes) {
    Append(bytes.data(), bytes.size());
  }
  void Byte(uint8_t byte) {
    const char value = static_cast<char>(byte);
    Append(&value, 1);
  }
  // About how much it holds.
  size_t Size() const {
    return packed.size() + plain.size();
  }
  // All of it; the stream is empty then.
  std::string Finish();

private:
  void Pack();

  const OutputOptions &options;
  std::string plain;
  std::string packed;
};

// Bytes in runs.
class ByteRunOutput {
public:
  explicit ByteRunOutput(const OutputOptions &options) : stream(options) {
  }
  void Append(uint8_t value);
  std::string Finish();
  size_t Size() const {
    return stream.Size() + pending.size();
  }

private:
  void Flush();

  OutputStream stream;
  std::vector<uint8_t> pending;
};

// Bits, the highest of each byte first.
class BitOutput {
public:
  explicit BitOutput(const OutputOptions &options) : bytes(options) {
  }
  void Append(bool bit);
  std::string Finish();
  size_t Size() const {
    return bytes.Size();
  }

private:
  ByteRunOutput bytes;
  uint8_t byte = 0;
  int used = 0;
};

// Integers in runs of the first version.
class IntegerOutput {
public:
  IntegerOutput(const OutputOptions &options, bool isSigned) : stream(options), isSigned(isSigned) {
  }
  void Append(int64_t value);
  std::string Finish();
  size_t Size() const {
    return stream.Size() + pending.size();
  }

private:
  void Flush();
  void Put(int64_t value);

  OutputStream stream;
  const bool isSigned;
  std::vector<int64_t> pending;
};

} // namespace orc
} // namespace tarn
