// Text files that DuckDB's readers do not take as they are, read through a path of their own:
//
//   decoded://OPTIONS/s3://bucket/key
//
// OPTIONS are parted by commas: `bzip2`, `lzop`, `gzip` or `zstd`; `invalid:3f` puts this byte in the place of each
// byte that is no UTF-8; `fields:N` reads Redshift's delimited text with `delimiter:7c`, `null:5c4e` (both in
// hexadecimal), `escape`, `unquote` and `noblank`, and gives it as CSV: all fields quoted, NULL as two bytes of 01.
#include "Bridge.hpp"

#include "Decompression.hpp"
#include "duckdb/common/file_opener.hpp"
#include "duckdb/common/file_system.hpp"

#include <cstring>
#include <vector>

namespace tarn {

namespace {

using duckdb::FileOpener;
using duckdb::FileOpenFlags;
using duckdb::idx_t;
using duckdb::optional_ptr;
using duckdb::string;

constexpr const char *SCHEME = "decoded://";
constexpr size_t STEP = 256 << 10;
// Bytes of one row of delimited text: Redshift's own limit.
constexpr size_t ROW_BYTES_MAX = 4 << 20;

struct Decoding {
  string compression;
  int invalid = -1;
  size_t fields = 0;
  string delimiter = "|";
  string null = "\\N";
  bool escape = false;
  bool unquote = false;
  bool noblank = false;
  string path;

  explicit Decoding(const string &text) {
    auto rest = text.substr(std::strlen(SCHEME));
    auto slash = rest.find('/');
    if (slash == string::npos) {
      throw duckdb::IOException("%s is no path", text);
    }
    path = rest.substr(slash + 1);
    if (path.rfind(SCHEME, 0) == 0) {
      throw duckdb::IOException("%s is no path", text);
    }
    auto options = rest.substr(0, slash);
    size_t start = 0;
    while (start <= options.size()) {
      auto comma = std::min(options.find(',', start), options.size());
      auto option = options.substr(start, comma - start);
      auto sign = option.find(':');
      auto name = option.substr(0, sign);
      auto value = sign == string::npos ? string() : option.substr(sign + 1);
      if (name == "bzip2" || name == "lzop" || name == "gzip" || name == "zstd") {
        compression = name;
      } else if (name == "invalid") {
        auto byte = Bytes(value);
        invalid = byte.empty() ? '?' : static_cast<unsigned char>(byte[0]);
      } else if (name == "fields") {
        fields = static_cast<size_t>(std::strtoull(value.c_str(), nullptr, 10));
      } else if (name == "delimiter") {
        delimiter = Bytes(value);
      } else if (name == "null") {
        null = Bytes(value);
      } else if (name == "escape") {
        escape = true;
      } else if (name == "unquote") {
        unquote = true;
      } else if (name == "noblank") {
        noblank = true;
      }
      start = comma + 1;
    }
    if (delimiter.empty()) {
      delimiter = "|";
    }
  }

private:
  static string Bytes(const string &hex) {
    string bytes;
    for (size_t index = 0; index + 1 < hex.size(); index += 2) {
      bytes.push_back(static_cast<char>(std::strtoul(hex.substr(index, 2).c_str(), nullptr, 16)));
    }
    return bytes;
  }
};

class FileSource : public ByteSource {
public:
  explicit FileSource(duckdb::unique_ptr<duckdb::FileHandle> handle) : handle(std::move(handle)) {
  }
  size_t Read(char *target, size_t count) override {
    auto got = handle->Read(target, count);
    return got > 0 ? static_cast<size_t>(got) : 0;
  }
  duckdb::unique_ptr<duckdb::FileHandle> handle;
};

// Puts one byte in the place of each byte that is no part of a character of UTF-8.
class ValidSource : public ByteSource {
public:
  ValidSource(std::unique_ptr<ByteSource> inner, char replacement)
      : inner(std::move(inner)), replacement(replacement) {
  }

  size_t Read(char *target, size_t count) override {
    size_t filled = 0;
    while (filled < count) {
      if (position == ready && !More()) {
        break;
      }
      auto part = std::min(count - filled, ready - position);
      std::memcpy(target + filled, buffer.data() + position, part);
      filled += part;
      position += part;
    }
    return filled;
  }

private:
  bool More() {
    if (ended && buffer.size() == ready) {
      return false;
    }
    buffer.erase(0, ready);
    position = 0;
    ready = 0;
    auto start = buffer.size();
    buffer.resize(start + STEP);
    auto got = inner->Read(&buffer[start], STEP);
    buffer.resize(start + got);
    ended = got == 0;
    size_t index = 0;
    while (index < buffer.size()) {
      auto length = Length(index);
      if (length == 0) {
        // The rest of the character has not been read yet.
        break;
      }
      if (length < 0) {
        buffer[index++] = replacement;
      } else {
        index += static_cast<size_t>(length);
      }
    }
    ready = index;
    return ready > 0 || !ended;
  }

  // The bytes of the character at `index`; -1 for none, 0 when more must be read to tell.
  int Length(size_t index) const {
    auto byte = [&](size_t offset) { return static_cast<unsigned char>(buffer[index + offset]); };
    auto first = byte(0);
    if (first < 0x80) {
      return 1;
    }
    if (first < 0xC2 || first > 0xF4) {
      return -1;
    }
    const int length = first <= 0xDF ? 2 : first <= 0xEF ? 3 : 4;
    for (int offset = 1; offset < length; offset++) {
      if (index + static_cast<size_t>(offset) >= buffer.size()) {
        return ended ? -1 : 0;
      }
      auto next = byte(static_cast<size_t>(offset));
      if ((next & 0xC0) != 0x80) {
        return -1;
      }
      if (offset == 1 && ((first == 0xE0 && next < 0xA0) || (first == 0xED && next > 0x9F) ||
                          (first == 0xF0 && next < 0x90) || (first == 0xF4 && next > 0x8F))) {
        return -1;
      }
    }
    return length;
  }

  std::unique_ptr<ByteSource> inner;
  const char replacement;
  std::string buffer;
  size_t position = 0;
  // How far the buffer's characters have been looked at.
  size_t ready = 0;
  bool ended = false;
};

// Redshift's delimited text with ESCAPE and REMOVEQUOTES, as CSV.
//
// With ESCAPE a backslash makes the next character, a delimiter or line break too, part of the field. With REMOVEQUOTES
// a field that begins with a quotation mark ends with the same mark before a delimiter or the line's end, and what
// stands between them is taken as it is. A row whose mark is never closed is given with too many fields, the first of
// which begins with two bytes of 02: it is an error where and only where rows are checked.
class RowSource : public ByteSource {
public:
  RowSource(std::unique_ptr<ByteSource> inner, const Decoding &decoding)
      : inner(std::move(inner)), decoding(decoding) {
  }

  size_t Read(char *target, size_t count) override {
    size_t filled = 0;
    while (filled < count) {
      if (given == output.size()) {
        output.clear();
        given = 0;
        while (output.size() < STEP && Row()) {
        }
        if (output.empty()) {
          break;
        }
      }
      auto part = std::min(count - filled, output.size() - given);
      std::memcpy(target + filled, output.data() + given, part);
      filled += part;
      given += part;
    }
    return filled;
  }

private:
  // Whether the byte `offset` bytes on is there; reads more when it must.
  bool Has(size_t offset) {
    while (position + offset >= buffer.size()) {
      if (ended) {
        return false;
      }
      auto size = buffer.size();
      buffer.resize(size + STEP);
      auto got = inner->Read(&buffer[size], STEP);
      buffer.resize(size + got);
      ended = got == 0;
    }
    return true;
  }
  char At(size_t offset = 0) {
    return buffer[position + offset];
  }
  // The bytes of the line break here, 0 for none.
  size_t Break() {
    if (!Has(0)) {
      return 0;
    }
    if (At() == '\n') {
      return 1;
    }
    return At() == '\r' && Has(1) && At(1) == '\n' ? 2 : 0;
  }
  bool AtDelimiter() {
    for (size_t index = 0; index < decoding.delimiter.size(); index++) {
      if (!Has(index) || At(index) != decoding.delimiter[index]) {
        return false;
      }
    }
    return true;
  }
  bool AtEnd() {
    return !Has(0) || Break() > 0;
  }

  void Take(std::string &field) {
    field.push_back(At());
    position++;
    if (field.size() > ROW_BYTES_MAX) {
      throw duckdb::InvalidInputException("a field is longer than %d bytes", static_cast<int64_t>(ROW_BYTES_MAX));
    }
  }

  bool Row() {
    if (!Has(0)) {
      return false;
    }
    // What is done is dropped now and then.
    if (position > STEP) {
      buffer.erase(0, position);
      position = 0;
    }
    if (decoding.noblank && Break() > 0) {
      position += Break();
      return true;
    }
    auto begin = output.size();
    bool damaged = false;
    row.clear();
    bool first = true;
    while (true) {
      field.clear();
      raw.clear();
      bool isNull = Field(damaged);
      if (!first) {
        output.push_back(',');
      }
      first = false;
      if (isNull) {
        output.append("\x01\x01", 2);
      } else {
        Quoted(field);
      }
      if (AtDelimiter()) {
        row += raw;
        row += decoding.delimiter;
        position += decoding.delimiter.size();
        continue;
      }
      row += raw;
      position += Break();
      break;
    }
    if (damaged) {
      output.resize(begin);
      Quoted("\x02\x02" + row);
      for (size_t index = 0; index < decoding.fields; index++) {
        output.append(",\"!\"");
      }
    }
    output.push_back('\n');
    return true;
  }

  // Reads a field up to its delimiter or the line's end; says whether it is NULL.
  bool Field(bool &damaged) {
    if (decoding.unquote && Has(0) && (At() == '"' || At() == '\'')) {
      const char mark = At();
      raw.push_back(mark);
      position++;
      while (true) {
        if (!Has(0)) {
          damaged = true;
          return false;
        }
        if (decoding.escape && At() == '\\' && Has(1)) {
          raw.push_back('\\');
          position++;
          raw.push_back(At());
          Take(field);
          continue;
        }
        if (At() == mark) {
          position++;
          if (AtEnd() || AtDelimiter()) {
            raw.push_back(mark);
            return false;
          }
          position--;
        } else if (Break() > 0) {
          damaged = true;
          return false;
        }
        raw.push_back(At());
        Take(field);
      }
    }
    while (!AtEnd() && !AtDelimiter()) {
      raw.push_back(At());
      if (decoding.escape && At() == '\\' && Has(1)) {
        position++;
        raw.push_back(At());
      }
      Take(field);
    }
    return raw == decoding.null;
  }

  void Quoted(const std::string &text) {
    output.push_back('"');
    for (auto letter : text) {
      if (letter == '"') {
        output.push_back('"');
      }
      output.push_back(letter);
    }
    output.push_back('"');
  }

  std::unique_ptr<ByteSource> inner;
  const Decoding decoding;
  std::string buffer;
  size_t position = 0;
  bool ended = false;
  std::string output;
  size_t given = 0;
  std::string field;
  std::string raw;
  std::string row;
};

class DecodedHandle : public duckdb::FileHandle {
public:
  DecodedHandle(duckdb::FileSystem &system, const string &path, FileOpenFlags flags) : FileHandle(system, path, flags) {
  }
  ~DecodedHandle() override {
    Close();
  }
  void Close() override {
    source.reset();
  }
  // What cannot be sought in is read from its beginning to its end, as compressed files are.
  duckdb::FileCompressionType GetFileCompressionType() override {
    return duckdb::FileCompressionType::GZIP;
  }
  idx_t GetProgress() override {
    return position;
  }

  std::unique_ptr<ByteSource> source;
  int64_t size = 0;
  idx_t position = 0;
};

class DecodedTextFileSystem : public duckdb::FileSystem {
public:
  std::string GetName() const override {
    return "DecodedTextFileSystem";
  }
  bool CanHandleFile(const string &path) override {
    return path.rfind(SCHEME, 0) == 0;
  }
  string CanonicalizePath(const string &path, optional_ptr<FileOpener>) override {
    return path;
  }
  bool IsManuallySet() override {
    return true;
  }

  duckdb::unique_ptr<duckdb::FileHandle> OpenFile(
      const string &path, FileOpenFlags flags, optional_ptr<FileOpener> opener) override {
    if (flags.OpenForWriting()) {
      throw duckdb::NotImplementedException("%s can be read only", path);
    }
    auto context = FileOpener::TryGetClientContext(opener);
    if (!context) {
      throw duckdb::PermissionException("%s was asked for by nobody", path);
    }
    const Decoding decoding(path);
    auto handle = duckdb::make_uniq<DecodedHandle>(*this, path, flags);
    FileOpenFlags inner = FileOpenFlags::FILE_FLAGS_READ;
    if (decoding.compression == "gzip") {
      inner |= duckdb::FileCompressionType::GZIP;
    } else if (decoding.compression == "zstd") {
      inner |= duckdb::FileCompressionType::ZSTD;
    }
    auto file = FileSystem::GetFileSystem(*context).OpenFile(decoding.path, inner);
    handle->size = static_cast<int64_t>(file->GetFileSize());
    std::unique_ptr<ByteSource> source = std::make_unique<FileSource>(std::move(file));
    if (decoding.compression == "bzip2") {
      source = MakeBzip2(std::move(source));
    } else if (decoding.compression == "lzop") {
      source = MakeLzop(std::move(source));
    }
    if (decoding.invalid >= 0) {
      source = std::make_unique<ValidSource>(std::move(source), static_cast<char>(decoding.invalid));
    }
    if (decoding.fields > 0) {
      source = std::make_unique<RowSource>(std::move(source), decoding);
    }
    handle->source = std::move(source);
    return std::move(handle);
  }

  int64_t Read(duckdb::FileHandle &handle, void *buffer, int64_t count) override {
    auto &decoded = handle.Cast<DecodedHandle>();
    if (!decoded.source || count <= 0) {
      return 0;
    }
    auto got = decoded.source->Read(static_cast<char *>(buffer), static_cast<size_t>(count));
    decoded.position += got;
    return static_cast<int64_t>(got);
  }
  int64_t GetFileSize(duckdb::FileHandle &handle) override {
    return handle.Cast<DecodedHandle>().size;
  }
  // Nothing of a file outlives its query, so its age does not matter.
  duckdb::timestamp_t GetLastModifiedTime(duckdb::FileHandle &) override {
    return duckdb::timestamp_t(0);
  }
  string GetVersionTag(duckdb::FileHandle &) override {
    return "";
  }
  duckdb::FileType GetFileType(duckdb::FileHandle &) override {
    return duckdb::FileType::FILE_TYPE_REGULAR;
  }
  bool CanSeek() override {
    return false;
  }
  idx_t SeekPosition(duckdb::FileHandle &handle) override {
    return handle.Cast<DecodedHandle>().position;
  }
  bool OnDiskFile(duckdb::FileHandle &) override {
    return false;
  }
  bool IsPipe(const string &, optional_ptr<FileOpener>) override {
    return false;
  }
  bool FileExists(const string &path, optional_ptr<FileOpener> opener) override {
    auto context = FileOpener::TryGetClientContext(opener);
    return context && FileSystem::GetFileSystem(*context).FileExists(Decoding(path).path);
  }
  // Such paths are made by this process and stand for one file each.
  duckdb::vector<duckdb::OpenFileInfo> Glob(const string &path, FileOpener *) override {
    return {duckdb::OpenFileInfo(path)};
  }
};

} // namespace

duckdb::unique_ptr<duckdb::FileSystem> MakeDecodedTextFileSystem() {
  return duckdb::make_uniq<DecodedTextFileSystem>();
}

} // namespace tarn
