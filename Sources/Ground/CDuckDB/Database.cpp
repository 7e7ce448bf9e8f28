#include "Bridge.hpp"

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/schema_catalog_entry.hpp"
#include "duckdb/common/virtual_file_system.hpp"
#include "duckdb/main/attached_database.hpp"
#include "duckdb/main/database_manager.hpp"
#include "duckdb/parser/keyword_helper.hpp"
#include "duckdb/parser/parsed_data/drop_info.hpp"
#include "duckdb/storage/buffer_manager.hpp"
#include "duckdb/storage/storage_lock.hpp"
#include "duckdb/transaction/duck_transaction_manager.hpp"

#include <cstring>

const char *cduck_version(void) {
  return duckdb::DuckDB::LibraryVersion();
}

namespace tarn {

static void Attach(cduck_database &opened, const cduck_options &options) {
  opened.file_name = options.file_name;
  auto &instance = *opened.database->instance;
  if (options.file_key) {
    instance.config.encryption_util = MakeEncryption(instance.GetMbedTLSUtil(true));
  }
  duckdb::string sql = "ATTACH " + duckdb::KeywordHelper::WriteQuoted(options.file, '\'') + " AS " +
                       duckdb::KeywordHelper::WriteQuoted(options.file_name, '"');
  if (options.file_key) {
    sql += " (ENCRYPTION_KEY " + duckdb::KeywordHelper::WriteQuoted(options.file_key, '\'') + ")";
  }
  duckdb::Connection connection(*opened.database);
  auto result = connection.Query(sql);
  if (result->HasError()) {
    result->ThrowError();
  }
}

} // namespace tarn

cduck_database *cduck_open(const cduck_options *options, const cduck_lake *lake, cduck_failure *failure) {
  return tarn::Guarded<cduck_database *>(failure, nullptr, [&] {
    auto opened = duckdb::make_uniq<cduck_database>();
    opened->lake = *lake;
    opened->guard =
        std::make_shared<tarn::LocalFilesGuard>(options->temporary_folder, options->file ? options->file : "");

    duckdb::DBConfig config;
    config.options.maximum_memory = static_cast<duckdb::idx_t>(options->memory_bytes);
    config.options.maximum_threads = static_cast<duckdb::idx_t>(options->threads);
    config.options.temporary_directory = options->temporary_folder;
    config.options.maximum_swap_space = static_cast<duckdb::idx_t>(options->temporary_bytes);
    config.file_system =
        duckdb::make_uniq<duckdb::VirtualFileSystem>(tarn::MakeGuardedLocalFileSystem(opened->guard));
    config.SetOptionByName("autoinstall_known_extensions", duckdb::Value::BOOLEAN(false));
    config.SetOptionByName("autoload_known_extensions", duckdb::Value::BOOLEAN(false));
    config.SetOptionByName("allow_community_extensions", duckdb::Value::BOOLEAN(false));
    // A query pays for the bytes it reads, every time: nothing of a file outlives the query that read it.
    config.SetOptionByName("enable_external_file_cache", duckdb::Value::BOOLEAN(false));

    opened->database = duckdb::make_uniq<duckdb::DuckDB>(nullptr, &config);
    opened->database->GetFileSystem().RegisterSubSystem(tarn::MakeLakeFileSystem());
    opened->database->GetFileSystem().RegisterSubSystem(tarn::MakeDecodedTextFileSystem());
    tarn::RegisterLineFunctions(opened.get());
    tarn::RegisterRecordFunctions(opened.get());
    tarn::RegisterOrcOutput(opened.get());
    if (options->file && options->file_name) {
      tarn::Attach(*opened, *options);
    }
    return opened.release();
  });
}

namespace tarn {

static duckdb::unique_ptr<duckdb::MaterializedQueryResult> Ran(
    duckdb::Connection &connection, const duckdb::string &sql) {
  auto result = connection.Query(sql);
  if (result->HasError()) {
    result->ThrowError();
  }
  return result;
}

static duckdb::string Identifier(const duckdb::Value &name) {
  return duckdb::KeywordHelper::WriteQuoted(name.ToString(), '"');
}

// The other file's name while it is read. Definitions name the file that they lie in, so the new file has that name
// already; DuckDB's own COPY FROM DATABASE does not do, as it cannot copy tables whose defaults use a sequence.
static const char *const SOURCE = "source_file";

static void Fill(duckdb::Connection &connection, const duckdb::string &target) {
  const auto from = [](const char *what) {
    return duckdb::string(" FROM ") + what + " WHERE database_name = '" + SOURCE + "' AND NOT internal";
  };
  const auto copy = duckdb::KeywordHelper::WriteQuoted(target, '"');
  Ran(connection, "USE " + copy);
  auto schemas = Ran(connection, "SELECT schema_name" + from("duckdb_schemas()"));
  for (duckdb::idx_t row = 0; row < schemas->RowCount(); row++) {
    Ran(connection, "CREATE SCHEMA IF NOT EXISTS " + copy + "." + Identifier(schemas->GetValue(0, row)));
  }
  // After a checkpoint a sequence's start is what it gives next.
  auto sequences =
      Ran(connection, duckdb::string("SELECT schema_name, sequence_name, increment_by, min_value, max_value, ") +
                          "start_value, cycle FROM duckdb_sequences() WHERE database_name = '" + SOURCE + "'");
  for (duckdb::idx_t row = 0; row < sequences->RowCount(); row++) {
    const auto value = [&](duckdb::idx_t column) { return sequences->GetValue(column, row); };
    Ran(connection, "CREATE SEQUENCE " + copy + "." + Identifier(value(0)) + "." + Identifier(value(1)) +
                        " INCREMENT BY " + value(2).ToString() + " MINVALUE " + value(3).ToString() + " MAXVALUE " +
                        value(4).ToString() + " START WITH " + value(5).ToString() +
                        (value(6).GetValue<bool>() ? " CYCLE" : " NO CYCLE"));
  }
  auto macros =
      Ran(connection, duckdb::string("SELECT schema_name, function_name, array_to_string(parameters, ', '), ") +
                          "macro_definition" + from("duckdb_functions()") + " AND function_type = 'macro'");
  for (duckdb::idx_t row = 0; row < macros->RowCount(); row++) {
    const auto value = [&](duckdb::idx_t column) { return macros->GetValue(column, row); };
    Ran(connection, "CREATE MACRO " + copy + "." + Identifier(value(0)) + "." + Identifier(value(1)) + "(" +
                        value(2).ToString() + ") AS " + value(3).ToString());
  }
  auto tables = Ran(connection, "SELECT schema_name, table_name, sql" + from("duckdb_tables()"));
  for (duckdb::idx_t row = 0; row < tables->RowCount(); row++) {
    const auto value = [&](duckdb::idx_t column) { return tables->GetValue(column, row); };
    Ran(connection, value(2).ToString());
    const auto name = Identifier(value(0)) + "." + Identifier(value(1));
    Ran(connection, "INSERT INTO " + copy + "." + name + " SELECT * FROM " + SOURCE + "." + name);
  }
}

} // namespace tarn

bool cduck_fill(cduck_database *database, const char *path, const char *key, cduck_failure *failure) {
  return tarn::Guarded(failure, false, [&] {
    auto &instance = *database->database->instance;
    if (key) {
      instance.config.encryption_util = tarn::MakeEncryption(instance.GetMbedTLSUtil(true));
    }
    duckdb::Connection connection(*database->database);
    auto sql = "ATTACH " + duckdb::KeywordHelper::WriteQuoted(path, '\'') + " AS " + tarn::SOURCE + " (READ_ONLY";
    if (key) {
      sql += ", ENCRYPTION_KEY " + duckdb::KeywordHelper::WriteQuoted(key, '\'');
    }
    tarn::Ran(connection, sql + ")");
    tarn::Ran(connection, "BEGIN TRANSACTION");
    tarn::Fill(connection, database->file_name);
    tarn::Ran(connection, "COMMIT");
    tarn::Ran(connection, "USE memory");
    tarn::Ran(connection, duckdb::string("DETACH ") + tarn::SOURCE);
    return true;
  });
}

void cduck_close(cduck_database *database) {
  try {
    delete database;
  } catch (...) {
    // What was committed is in the file or its log already.
  }
}

bool cduck_run(cduck_database *database, const char *sql, size_t count, cduck_failure *failure) {
  return tarn::Guarded(failure, false, [&] {
    duckdb::Connection connection(*database->database);
    auto result = connection.Query(duckdb::string(sql, count));
    if (result->HasError()) {
      tarn::Report(failure, result->GetErrorObject());
      return false;
    }
    return true;
  });
}

namespace tarn {

// What a statement may call in FROM. The others reach into the process (Python's and Arrow's scans take addresses),
// into logs and profiles that are files, or into other databases.
static const std::unordered_set<std::string> TABLE_FUNCTIONS_KEPT = {
    "range", "generate_series", "unnest", "repeat", "repeat_row", "summary", "glob", "sniff_csv", "read_csv",
    "read_csv_auto", "read_json", "read_json_auto", "read_json_objects", "read_json_objects_auto", "read_ndjson",
    "read_ndjson_auto", "read_ndjson_objects", "read_parquet", "read_text", "read_blob", "parquet_scan",
    "parquet_metadata", "parquet_schema", "parquet_file_metadata", "parquet_full_metadata", "parquet_kv_metadata",
    "parquet_bloom_probe", "json_each", "json_tree", "icu_calendar_names", "pg_timezone_names", "duckdb_columns",
    "duckdb_tables", "duckdb_views", "duckdb_types", "duckdb_schemas", "duckdb_databases", "duckdb_functions",
    "duckdb_keywords", "pragma_table_info", "pragma_show", "pragma_version", "pragma_storage_info",
    "duckdb_constraints", "duckdb_sequences", "duckdb_indexes", "duckdb_memory", "tarn_records",
};
// Scalar functions that a statement may not call: they hold a thread, or write logs.
static const char *const SCALAR_FUNCTIONS_REMOVED[] = {"sleep_ms", "write_log"};

static void RemoveFunctions(duckdb::ClientContext &context) {
  auto &catalog = duckdb::Catalog::GetSystemCatalog(context);
  auto &schema = catalog.GetSchema(context, DEFAULT_SCHEMA);
  duckdb::vector<std::pair<duckdb::CatalogType, duckdb::string>> removed;
  schema.Scan(context, duckdb::CatalogType::TABLE_FUNCTION_ENTRY, [&](duckdb::CatalogEntry &entry) {
    if (entry.type == duckdb::CatalogType::TABLE_FUNCTION_ENTRY && !TABLE_FUNCTIONS_KEPT.count(entry.name)) {
      removed.emplace_back(entry.type, entry.name);
    }
  });
  schema.Scan(context, duckdb::CatalogType::PRAGMA_FUNCTION_ENTRY, [&](duckdb::CatalogEntry &entry) {
    removed.emplace_back(entry.type, entry.name);
  });
  for (auto name : SCALAR_FUNCTIONS_REMOVED) {
    removed.emplace_back(duckdb::CatalogType::SCALAR_FUNCTION_ENTRY, name);
  }
  for (auto &entry : removed) {
    duckdb::DropInfo info;
    info.type = entry.first;
    info.catalog = SYSTEM_CATALOG;
    info.schema = DEFAULT_SCHEMA;
    info.name = entry.second;
    info.if_not_found = duckdb::OnEntryNotFound::RETURN_NULL;
    info.cascade = true;
    info.allow_drop_internal = true;
    catalog.DropEntry(context, info);
  }
}

} // namespace tarn

// What a connection to a database file may set for itself; the statements that do so are our own.
static const char *const FILE_SETTINGS =
    "SET GLOBAL allowed_configs = ['search_path', 'TimeZone', 'integer_division'];";

struct cduck_hold {
  duckdb::unique_ptr<duckdb::StorageLockKey> key;
};

bool cduck_limit_memory(cduck_database *database, int64_t bytes, cduck_failure *failure) {
  return tarn::Guarded(failure, false, [&] {
    duckdb::BufferManager::GetBufferManager(*database->database->instance)
        .SetMemoryLimit(static_cast<duckdb::idx_t>(bytes < 0 ? 0 : bytes));
    return true;
  });
}

bool cduck_checkpoint(cduck_database *database, cduck_failure *failure) {
  return tarn::Guarded(failure, false, [&] {
    duckdb::Connection connection(*database->database);
    connection.context->RunFunctionInTransaction([&] {
      auto attached = duckdb::DatabaseManager::Get(*connection.context).GetDatabase(
          *connection.context, database->file_name);
      if (attached) {
        attached->GetTransactionManager().Checkpoint(*connection.context, false);
      }
    });
    return true;
  });
}

cduck_hold *cduck_hold_checkpoints(cduck_database *database, cduck_failure *failure) {
  return tarn::Guarded<cduck_hold *>(failure, nullptr, [&] {
    auto attached = database->database->instance->GetDatabaseManager().GetDatabase(database->file_name);
    if (!attached) {
      throw duckdb::InvalidInputException("there is no database file");
    }
    auto hold = duckdb::make_uniq<cduck_hold>();
    hold->key = duckdb::DuckTransactionManager::Get(*attached).SharedCheckpointLock();
    return hold.release();
  });
}

void cduck_hold_free(cduck_hold *hold) {
  delete hold;
}

bool cduck_lock(cduck_database *database, cduck_failure *failure) {
  if (!database->file_name.empty() && !cduck_run(database, FILE_SETTINGS, std::strlen(FILE_SETTINGS), failure)) {
    return false;
  }
  static const char settings[] =
      "SET GLOBAL TimeZone = 'UTC';"
      "SET GLOBAL parquet_metadata_cache = false;"
      "SET GLOBAL errors_as_json = true;"
      "SET GLOBAL allowed_directories = ['s3://', 's3a://', 's3n://', 'session://', 'decoded://'];"
      "SET GLOBAL enable_external_access = false;"
      "SET GLOBAL lock_configuration = true;";
  if (!cduck_run(database, settings, sizeof(settings) - 1, failure)) {
    return false;
  }
  return tarn::Guarded(failure, false, [&] {
    duckdb::Connection connection(*database->database);
    connection.context->RunFunctionInTransaction([&] { tarn::RemoveFunctions(*connection.context); });
    database->guard->locked = true;
    return true;
  });
}
