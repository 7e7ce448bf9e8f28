// What the shim's files share. Includes DuckDB's headers, so it comes first in each of them.
#pragma once

// DuckDB's library is built without DEBUG; SwiftPM defines it, and the layout of DuckDB's classes depends on it.
#undef DEBUG

#if !__has_include("duckdb.hpp")
#error "DuckDB is not set up: run scripts/setup-deps.sh"
#endif
#include "duckdb.hpp"
#include "duckdb/common/encryption_state.hpp"
#include "duckdb/main/client_context_state.hpp"

#include "CDuckDB.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace tarn {

// Fills `failure` from the exception in flight. Call it in a catch block only.
void Report(cduck_failure *failure) noexcept;
void Report(cduck_failure *failure, const duckdb::ErrorData &error) noexcept;

// Runs `body`; what it throws ends in `failure`, and `otherwise` is returned.
template <class Result, class Body>
Result Guarded(cduck_failure *failure, Result otherwise, Body body) noexcept {
  try {
    return body();
  } catch (...) {
    Report(failure);
    return otherwise;
  }
}

// One connection's side of the lake: whose files, and what was asked of them. Held by the connection and by each
// open file, so that the last of them lets the session go.
class LakeState : public duckdb::ClientContextState {
public:
  static constexpr const char *KEY = "tarn_lake";

  LakeState(const cduck_lake &lake, void *session) : lake(lake), session(session) {
  }
  ~LakeState() override {
    lake.release(session);
  }

  void CountOpened(const std::string &path) {
    std::lock_guard<std::mutex> guard(paths_lock);
    if (paths.size() < DISTINCT_PATHS_MAX) {
      paths.insert(path);
      opened = paths.size();
    } else {
      opened++;
    }
  }

  // A file's last bytes as they were read, up to its end.
  struct Tail {
    std::string tag;
    uint64_t start;
    std::string bytes;
  };

  // Keeps a file's end for as long as the session lasts: Parquet's readers ask for it first, and again as part of
  // the columns that lie there; a small file is all end. So no byte of a file is asked for twice by one scan.
  void KeepTail(const std::string &path, std::shared_ptr<const Tail> tail) {
    std::lock_guard<std::mutex> guard(tails_lock);
    auto &kept = tails[path];
    tail_bytes += tail->bytes.size();
    tail_bytes -= kept ? kept->bytes.size() : 0;
    kept = std::move(tail);
    while (tail_bytes > TAIL_BYTES_MAX && !tails.empty()) {
      auto dropped = tails.begin();
      tail_bytes -= dropped->second->bytes.size();
      tails.erase(dropped);
    }
  }

  std::shared_ptr<const Tail> TailOf(const std::string &path, const char *tag) {
    std::lock_guard<std::mutex> guard(tails_lock);
    auto found = tails.find(path);
    return found != tails.end() && found->second->tag == tag ? found->second : nullptr;
  }

  // The longest end that a Parquet reader asks for at first.
  static constexpr int64_t TAIL_LENGTH_MAX = 256 << 10;

  const cduck_lake lake;
  void *const session;
  std::atomic<uint64_t> bytes_read {0};
  std::atomic<uint64_t> reads {0};
  std::atomic<uint64_t> bytes_written {0};
  std::atomic<uint64_t> opened {0};

private:
  // Past this many files each opening counts as a file of its own, so that the set stays small.
  static constexpr size_t DISTINCT_PATHS_MAX = 100000;
  std::mutex paths_lock;
  std::unordered_set<std::string> paths;

  // All ends of one session together.
  static constexpr size_t TAIL_BYTES_MAX = 32 << 20;
  std::mutex tails_lock;
  std::unordered_map<std::string, std::shared_ptr<const Tail>> tails;
  size_t tail_bytes = 0;
};

// The file system behind "s3://".
duckdb::unique_ptr<duckdb::FileSystem> MakeLakeFileSystem();

// The file system behind "decoded://": the lake's text files, decompressed and made readable for DuckDB's readers.
duckdb::unique_ptr<duckdb::FileSystem> MakeDecodedTextFileSystem();

// The machine's own files, for the engine's spill files and its database file only. Once `locked`, whatever comes from
// a statement is refused, and so is everything outside `folder` but `file` and the logs that are named after it.
struct LocalFilesGuard {
  LocalFilesGuard(std::string folder, std::string file) : folder(std::move(folder)), file(std::move(file)) {
  }
  const std::string folder;
  const std::string file;
  std::atomic<bool> locked {false};
};
duckdb::unique_ptr<duckdb::FileSystem> MakeGuardedLocalFileSystem(std::shared_ptr<LocalFilesGuard> guard);

} // namespace tarn

struct cduck_database;

namespace tarn {
// AES with this machine's randomness, for database files that are encrypted.
duckdb::shared_ptr<duckdb::EncryptionUtil> MakeEncryption(duckdb::shared_ptr<duckdb::EncryptionUtil> ciphers);

// Adds the functions that take lines of text files apart.
void RegisterLineFunctions(cduck_database *database);
// Adds the table function that reads files of records: Avro and ORC.
void RegisterRecordFunctions(cduck_database *database);
// Adds the format that COPY writes ORC with.
void RegisterOrcOutput(cduck_database *database);
} // namespace tarn

struct cduck_database {
  duckdb::unique_ptr<duckdb::DuckDB> database;
  cduck_lake lake;
  std::shared_ptr<tarn::LocalFilesGuard> guard;
  // The attached file's name in SQL, empty without one.
  std::string file_name;
};

struct cduck_connection {
  duckdb::unique_ptr<duckdb::Connection> connection;
  duckdb::shared_ptr<tarn::LakeState> lake;
};
