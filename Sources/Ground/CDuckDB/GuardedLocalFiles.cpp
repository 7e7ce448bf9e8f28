#include "Bridge.hpp"

#include "duckdb/common/file_opener.hpp"
#include "duckdb/common/local_file_system.hpp"
#include "duckdb/common/multi_file/multi_file_list.hpp"

namespace tarn {

using duckdb::FileOpener;
using duckdb::FileOpenFlags;
using duckdb::optional_ptr;
using duckdb::string;

namespace {

class GuardedLocalFileSystem : public duckdb::LocalFileSystem {
public:
  explicit GuardedLocalFileSystem(std::shared_ptr<LocalFilesGuard> guard) : guard(std::move(guard)) {
  }

  duckdb::unique_ptr<duckdb::FileHandle> OpenFile(
      const string &path, FileOpenFlags flags, optional_ptr<FileOpener> opener) override {
    Check(path, opener);
    return LocalFileSystem::OpenFile(path, flags, opener);
  }
  bool DirectoryExists(const string &path, optional_ptr<FileOpener> opener) override {
    Check(path, opener);
    return LocalFileSystem::DirectoryExists(path, opener);
  }
  void CreateDirectory(const string &path, optional_ptr<FileOpener> opener) override {
    Check(path, opener);
    LocalFileSystem::CreateDirectory(path, opener);
  }
  void RemoveDirectory(const string &path, optional_ptr<FileOpener> opener) override {
    Check(path, opener);
    LocalFileSystem::RemoveDirectory(path, opener);
  }
  void MoveFile(const string &source, const string &target, optional_ptr<FileOpener> opener) override {
    Check(source, opener);
    Check(target, opener);
    LocalFileSystem::MoveFile(source, target, opener);
  }
  bool FileExists(const string &path, optional_ptr<FileOpener> opener) override {
    Check(path, opener);
    return LocalFileSystem::FileExists(path, opener);
  }
  bool IsPipe(const string &path, optional_ptr<FileOpener> opener) override {
    Check(path, opener);
    return LocalFileSystem::IsPipe(path, opener);
  }
  void RemoveFile(const string &path, optional_ptr<FileOpener> opener) override {
    Check(path, opener);
    LocalFileSystem::RemoveFile(path, opener);
  }
  bool TryRemoveFile(const string &path, optional_ptr<FileOpener> opener) override {
    Check(path, opener);
    return LocalFileSystem::TryRemoveFile(path, opener);
  }

protected:
  bool ListFilesExtended(
      const string &path, const std::function<void(duckdb::OpenFileInfo &)> &callback,
      optional_ptr<FileOpener> opener) override {
    Check(path, opener);
    return LocalFileSystem::ListFilesExtended(path, callback, opener);
  }
  duckdb::unique_ptr<duckdb::MultiFileList> GlobFilesExtended(
      const string &path, const duckdb::FileGlobInput &input, optional_ptr<FileOpener> opener) override {
    Check(path, opener);
    return LocalFileSystem::GlobFilesExtended(path, input, opener);
  }

private:
  void Check(const string &path, optional_ptr<FileOpener> opener) const {
    if (!guard->locked) {
      return;
    }
    // A statement's path comes with its connection; the engine's own spill files come without.
    if (FileOpener::TryGetClientContext(opener)) {
      throw duckdb::PermissionException("There are no local files here: %s", path);
    }
    const auto &file = guard->file;
    if (!file.empty() && path.rfind(file, 0) == 0 &&
        (path.size() == file.size() || (path[file.size()] == '.' && path.find('/', file.size()) == string::npos))) {
      return;
    }
    const auto &folder = guard->folder;
    const bool inside = path == folder || (path.rfind(folder + "/", 0) == 0 && path.find("/../") == string::npos);
    if (folder.empty() || !inside) {
      throw duckdb::PermissionException("The engine keeps to its own folder, asked for %s", path);
    }
  }

  std::shared_ptr<LocalFilesGuard> guard;
};

} // namespace

duckdb::unique_ptr<duckdb::FileSystem> MakeGuardedLocalFileSystem(std::shared_ptr<LocalFilesGuard> guard) {
  return duckdb::make_uniq<GuardedLocalFileSystem>(std::move(guard));
}

} // namespace tarn
