// Decompression of streams and of single blocks, beside what DuckDB reads by itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace tarn {

// Bytes that come one after another. `Read` gives fewer than asked at the end only, 0 behind it.
class ByteSource {
public:
  virtual ~ByteSource() = default;
  virtual size_t Read(char *target, size_t count) = 0;
};

// bzip2, one stream or several in a row. Throws duckdb::IOException for anything else.
std::unique_ptr<ByteSource> MakeBzip2(std::unique_ptr<ByteSource> inner);
// lzop's container with its LZO1X blocks.
std::unique_ptr<ByteSource> MakeLzop(std::unique_ptr<ByteSource> inner);

// Each appends what a block holds to `output`, which then has at most `limit` bytes more; they throw
// duckdb::IOException for a block that is damaged or larger.
void InflateBlock(const char *input, size_t count, size_t limit, std::string &output);
void SnappyBlock(const char *input, size_t count, size_t limit, std::string &output);
void ZstdBlock(const char *input, size_t count, size_t limit, std::string &output);
void LZ4Block(const char *input, size_t count, size_t limit, std::string &output);
void LZOBlock(const char *input, size_t count, size_t limit, std::string &output);
void Bzip2Block(const char *input, size_t count, size_t limit, std::string &output);

} // namespace tarn
