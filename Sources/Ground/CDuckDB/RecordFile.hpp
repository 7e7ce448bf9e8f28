// Files of records, read for `tarn_records`.
#pragma once

#include "duckdb/common/file_system.hpp"
#include "duckdb/common/types/data_chunk.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace tarn {

// A file's bytes by range. Every read is within the file, or throws duckdb::IOException.
class RecordBytes {
public:
  RecordBytes(duckdb::unique_ptr<duckdb::FileHandle> handle, std::string path)
      : path(std::move(path)), handle(std::move(handle)) {
    size = static_cast<uint64_t>(this->handle->GetFileSize());
  }
  void Read(uint64_t offset, char *target, size_t count);

  const std::string path;
  uint64_t size;

private:
  duckdb::unique_ptr<duckdb::FileHandle> handle;
};

// A file of records of the engine's types.
class RecordFile {
public:
  virtual ~RecordFile() = default;

  duckdb::vector<std::string> names;
  duckdb::vector<duckdb::LogicalType> types;

  // Which columns are read, in the order in which they are wanted. Called once, before the first row is read.
  virtual void Choose(const duckdb::vector<duckdb::idx_t> &columns) = 0;
  // Fills `chunk`, whose columns are the chosen ones and which is empty; gives how many rows were there, 0 at the end.
  virtual duckdb::idx_t Read(duckdb::DataChunk &chunk) = 0;
};

// Both throw duckdb::IOException for a file that is not of the format or damaged.
std::unique_ptr<RecordFile> OpenAvro(std::unique_ptr<RecordBytes> bytes);
std::unique_ptr<RecordFile> OpenORC(std::unique_ptr<RecordBytes> bytes);

// Writes a text or bytes into a vector. Throws for a text that is not UTF-8.
void SetBytes(duckdb::Vector &vector, duckdb::idx_t row, const char *bytes, size_t count);
// Writes a number of a DECIMAL's type, given without its point. Throws when it has too many digits.
void SetDecimal(duckdb::Vector &vector, duckdb::idx_t row, __int128 value);

// Types within types, as deep as a schema may go.
constexpr int RECORD_DEPTH_MAX = 64;
// Columns and fields of one file.
constexpr size_t RECORD_FIELDS_MAX = 20000;
// Bytes of one decompressed block.
constexpr size_t RECORD_BLOCK_BYTES_MAX = 256 << 20;
// Elements of the lists of one vector's rows: more would not fit into memory anyway.
constexpr uint64_t RECORD_ELEMENTS_MAX = 64 << 20;

} // namespace tarn
