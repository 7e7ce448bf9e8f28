#include "Bridge.hpp"

#include "duckdb/common/file_opener.hpp"
#include "duckdb/common/file_system.hpp"

#include <algorithm>
#include <cstring>

namespace tarn {

using duckdb::FileOpener;
using duckdb::FileOpenFlags;
using duckdb::idx_t;
using duckdb::optional_ptr;
using duckdb::string;

namespace {

void Append(void *sink, const char *bytes, size_t count) {
  static_cast<std::string *>(sink)->append(bytes, count);
}

[[noreturn]] void Throw(cduck_lake_status status, const string &path, const std::string &why) {
  const string reason = why.empty() ? "" : ": " + why;
  switch (status) {
  case CDUCK_LAKE_NOT_FOUND:
    throw duckdb::IOException("The object %s does not exist%s", path, reason);
  case CDUCK_LAKE_DENIED:
    throw duckdb::PermissionException("Access denied to %s%s", path, reason);
  default:
    throw duckdb::IOException("%s failed%s", path, reason);
  }
}

class LakeHandle : public duckdb::FileHandle {
public:
  LakeHandle(duckdb::FileSystem &system, const string &path, FileOpenFlags flags, duckdb::shared_ptr<LakeState> state)
      : FileHandle(system, path, flags), state(std::move(state)) {
  }
  ~LakeHandle() override {
    try {
      Close();
    } catch (...) {
      // `finish` has told the session, which refuses to publish.
    }
  }

  void Close() override {
    if (file) {
      auto closing = file;
      file = nullptr;
      state->lake.close(closing);
    }
    if (writer) {
      auto finishing = writer;
      writer = nullptr;
      std::string why;
      auto status = state->lake.finish(finishing, Append, &why);
      if (status != CDUCK_LAKE_OK) {
        Throw(status, path, why);
      }
    }
  }

  int64_t ReadSome(void *buffer, int64_t count, idx_t offset) {
    if (!file) {
      throw duckdb::IOException("%s is not open for reading", path);
    }
    auto target = static_cast<char *>(buffer);
    auto kept = std::atomic_load(&tail);
    if (!kept) {
      const auto got = Ask(target, count, offset);
      KeepIfTail(target, got, offset);
      return got;
    }
    // What lies before the kept end is asked for, the rest is there.
    int64_t got = 0;
    if (offset < kept->start) {
      const auto before = std::min(count, static_cast<int64_t>(kept->start - offset));
      got = Ask(target, before, offset);
      if (got < before) {
        return got;
      }
    }
    const auto begin = offset + static_cast<idx_t>(got) - kept->start;
    if (got < count && begin < kept->bytes.size()) {
      const auto rest = std::min(count - got, static_cast<int64_t>(kept->bytes.size() - begin));
      std::memcpy(target + got, kept->bytes.data() + begin, static_cast<size_t>(rest));
      got += rest;
    }
    return got;
  }

  int64_t Ask(char *target, int64_t count, idx_t offset) {
    std::string why;
    auto got = state->lake.read(file, target, count, static_cast<int64_t>(offset), Append, &why);
    if (got < 0) {
      Throw(CDUCK_LAKE_FAILED, path, why);
    }
    state->bytes_read += static_cast<uint64_t>(got);
    state->reads++;
    return got;
  }

  void KeepIfTail(const char *bytes, int64_t count, idx_t offset) {
    if (count <= 0 || count > LakeState::TAIL_LENGTH_MAX || static_cast<int64_t>(offset) + count != info.size) {
      return;
    }
    auto read = std::make_shared<const LakeState::Tail>(
        LakeState::Tail {info.tag, offset, std::string(bytes, static_cast<size_t>(count))});
    state->KeepTail(path, read);
    std::atomic_store(&tail, std::move(read));
  }

  std::shared_ptr<const LakeState::Tail> tail;
  duckdb::shared_ptr<LakeState> state;
  void *file = nullptr;
  void *writer = nullptr;
  cduck_lake_file_info info {};
  idx_t position = 0;
};

struct Listing {
  duckdb::vector<duckdb::OpenFileInfo> files;
};

bool Collect(void *sink, const char *path, size_t count, const cduck_lake_file_info *info) {
  try {
    duckdb::OpenFileInfo file(string(path, count));
    file.extended_info = duckdb::make_shared_ptr<duckdb::ExtendedOpenFileInfo>();
    auto &options = file.extended_info->options;
    options.emplace("file_size", duckdb::Value::BIGINT(info->size));
    options.emplace("last_modified", duckdb::Value::TIMESTAMP(duckdb::timestamp_t(info->modified)));
    options.emplace("etag", duckdb::Value(string(info->tag)));
    static_cast<Listing *>(sink)->files.push_back(std::move(file));
    return true;
  } catch (...) {
    return false;
  }
}

class LakeFileSystem : public duckdb::FileSystem {
public:
  std::string GetName() const override {
    return "LakeFileSystem";
  }

  bool CanHandleFile(const string &path) override {
    return path.rfind("s3://", 0) == 0 || path.rfind("s3a://", 0) == 0 || path.rfind("s3n://", 0) == 0 ||
           path.rfind("session://", 0) == 0;
  }
  // A key is literal: two slashes or two dots in it are what they are.
  string CanonicalizePath(const string &path, optional_ptr<FileOpener>) override {
    return path;
  }
  // Takes precedence over an extension that claims the scheme too (httpfs).
  bool IsManuallySet() override {
    return true;
  }

  duckdb::unique_ptr<duckdb::FileHandle> OpenFile(
      const string &path, FileOpenFlags flags, optional_ptr<FileOpener> opener) override {
    auto state = StateOf(opener, path);
    auto handle = duckdb::make_uniq<LakeHandle>(*this, path, flags, state);
    std::string why;
    if (flags.OpenForWriting()) {
      if (flags.OpenForReading() || flags.OpenForAppending()) {
        throw duckdb::NotImplementedException("%s: an object is written as a whole", path);
      }
      auto status = state->lake.create(state->session, path.data(), path.size(), &handle->writer, Append, &why);
      if (status != CDUCK_LAKE_OK) {
        Throw(status, path, why);
      }
      return std::move(handle);
    }
    auto status =
        state->lake.open(state->session, path.data(), path.size(), &handle->file, &handle->info, Append, &why);
    if (status == CDUCK_LAKE_NOT_FOUND && flags.ReturnNullIfNotExists()) {
      return nullptr;
    }
    if (status != CDUCK_LAKE_OK) {
      Throw(status, path, why);
    }
    state->CountOpened(path);
    handle->tail = state->TailOf(path, handle->info.tag);
    return std::move(handle);
  }

  void Read(duckdb::FileHandle &handle, void *buffer, int64_t count, idx_t location) override {
    auto &lake = handle.Cast<LakeHandle>();
    auto target = static_cast<char *>(buffer);
    while (count > 0) {
      auto got = lake.ReadSome(target, count, location);
      if (got == 0) {
        throw duckdb::IOException("%s ends before byte %llu", lake.path, location + static_cast<idx_t>(count));
      }
      target += got;
      count -= got;
      location += static_cast<idx_t>(got);
    }
  }

  int64_t Read(duckdb::FileHandle &handle, void *buffer, int64_t count) override {
    auto &lake = handle.Cast<LakeHandle>();
    auto left = lake.info.size - static_cast<int64_t>(lake.position);
    count = std::min(count, std::max<int64_t>(left, 0));
    if (count <= 0) {
      return 0;
    }
    auto got = lake.ReadSome(buffer, count, lake.position);
    lake.position += static_cast<idx_t>(got);
    return got;
  }

  int64_t Write(duckdb::FileHandle &handle, void *buffer, int64_t count) override {
    auto &lake = handle.Cast<LakeHandle>();
    if (!lake.writer) {
      throw duckdb::IOException("%s is not open for writing", lake.path);
    }
    std::string why;
    auto status = lake.state->lake.write(lake.writer, buffer, count, Append, &why);
    if (status != CDUCK_LAKE_OK) {
      Throw(status, lake.path, why);
    }
    lake.position += static_cast<idx_t>(count);
    lake.state->bytes_written += static_cast<uint64_t>(count);
    return count;
  }

  void Write(duckdb::FileHandle &handle, void *buffer, int64_t count, idx_t location) override {
    auto &lake = handle.Cast<LakeHandle>();
    if (location != lake.position) {
      throw duckdb::NotImplementedException("%s: an object is written from its beginning to its end", lake.path);
    }
    Write(handle, buffer, count);
  }

  int64_t GetFileSize(duckdb::FileHandle &handle) override {
    auto &lake = handle.Cast<LakeHandle>();
    return lake.flags.OpenForWriting() ? static_cast<int64_t>(lake.position) : lake.info.size;
  }
  duckdb::timestamp_t GetLastModifiedTime(duckdb::FileHandle &handle) override {
    return duckdb::timestamp_t(handle.Cast<LakeHandle>().info.modified);
  }
  string GetVersionTag(duckdb::FileHandle &handle) override {
    return handle.Cast<LakeHandle>().info.tag;
  }
  duckdb::FileType GetFileType(duckdb::FileHandle &) override {
    return duckdb::FileType::FILE_TYPE_REGULAR;
  }
  duckdb::FileMetadata Stats(duckdb::FileHandle &handle) override {
    duckdb::FileMetadata metadata;
    metadata.file_size = GetFileSize(handle);
    metadata.last_modification_time = GetLastModifiedTime(handle);
    metadata.file_type = duckdb::FileType::FILE_TYPE_REGULAR;
    return metadata;
  }

  void Seek(duckdb::FileHandle &handle, idx_t location) override {
    handle.Cast<LakeHandle>().position = location;
  }
  void Reset(duckdb::FileHandle &handle) override {
    handle.Cast<LakeHandle>().position = 0;
  }
  idx_t SeekPosition(duckdb::FileHandle &handle) override {
    return handle.Cast<LakeHandle>().position;
  }
  bool CanSeek() override {
    return true;
  }
  // Not on disk: the Parquet reader then asks for whole column chunks and not for pages of a few bytes, each of
  // which would be a call out of the engine.
  bool OnDiskFile(duckdb::FileHandle &) override {
    return false;
  }
  void FileSync(duckdb::FileHandle &) override {
    // Publishing makes files durable.
  }
  bool IsPipe(const string &, optional_ptr<FileOpener>) override {
    return false;
  }

  bool FileExists(const string &path, optional_ptr<FileOpener> opener) override {
    auto state = StateOf(opener, path);
    cduck_lake_file_info info {};
    std::string why;
    auto status = state->lake.stat(state->session, path.data(), path.size(), &info, Append, &why);
    if (status == CDUCK_LAKE_OK || status == CDUCK_LAKE_NOT_FOUND) {
      return status == CDUCK_LAKE_OK;
    }
    Throw(status, path, why);
  }

  // An object store has no folders: each is there and empty, so that nothing is made or emptied before a write.
  bool DirectoryExists(const string &, optional_ptr<FileOpener>) override {
    return false;
  }
  void CreateDirectory(const string &, optional_ptr<FileOpener>) override {
  }

  // The engine takes back what a failed statement wrote. Objects that are published are never removed.
  void RemoveFile(const string &path, optional_ptr<FileOpener> opener) override {
    TryRemoveFile(path, opener);
  }
  bool TryRemoveFile(const string &path, optional_ptr<FileOpener> opener) override {
    auto state = StateOf(opener, path);
    std::string why;
    return state->lake.discard(state->session, path.data(), path.size(), Append, &why) == CDUCK_LAKE_OK;
  }

  duckdb::vector<duckdb::OpenFileInfo> Glob(const string &pattern, FileOpener *opener) override {
    auto state = StateOf(opener, pattern);
    Listing listing;
    std::string why;
    auto status = state->lake.glob(
        state->session, pattern.data(), pattern.size(), Collect, &listing, Append, &why);
    if (status == CDUCK_LAKE_NOT_FOUND && why.empty()) {
      return {};
    }
    if (status != CDUCK_LAKE_OK) {
      Throw(status, pattern, why);
    }
    return std::move(listing.files);
  }

private:
  // The caller is found through the opener that DuckDB hands along with every path of a statement.
  static duckdb::shared_ptr<LakeState> StateOf(optional_ptr<FileOpener> opener, const string &path) {
    auto context = FileOpener::TryGetClientContext(opener);
    if (context) {
      auto state = context->registered_state->Get<LakeState>(LakeState::KEY);
      if (state) {
        return state;
      }
    }
    throw duckdb::PermissionException("%s was asked for by nobody", path);
  }
};

} // namespace

duckdb::unique_ptr<duckdb::FileSystem> MakeLakeFileSystem() {
  return duckdb::make_uniq<LakeFileSystem>();
}

} // namespace tarn
