#include "Bridge.hpp"

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/main/pending_query_result.hpp"
#include "duckdb/main/prepared_statement.hpp"
#include "duckdb/main/stream_query_result.hpp"
#include "duckdb/parser/parsed_data/copy_info.hpp"
#include "duckdb/parser/parsed_data/create_info.hpp"
#include "duckdb/parser/parser.hpp"
#include "duckdb/parser/statement/copy_statement.hpp"
#include "duckdb/parser/statement/create_statement.hpp"
#include "duckdb/parser/statement/explain_statement.hpp"

#include <algorithm>
#include <cstdlib>
#include <unistd.h>

struct cduck_pending {
  duckdb::unique_ptr<duckdb::PendingQueryResult> pending;
};

struct cduck_description {
  duckdb::unique_ptr<duckdb::PreparedStatement> prepared;
  duckdb::vector<duckdb::unique_ptr<duckdb::LogicalType>> parameters;
};

struct cduck_result {
  duckdb::unique_ptr<duckdb::QueryResult> result;
};

namespace tarn {

static bool IsQuery(const duckdb::SQLStatement &statement) {
  switch (statement.type) {
  case duckdb::StatementType::SELECT_STATEMENT:
    return true;
  case duckdb::StatementType::EXPLAIN_STATEMENT:
    return IsQuery(*statement.Cast<duckdb::ExplainStatement>().stmt);
  case duckdb::StatementType::COPY_STATEMENT:
    return !statement.Cast<duckdb::CopyStatement>().info->is_from;
  case duckdb::StatementType::CREATE_STATEMENT: {
    auto &info = *statement.Cast<duckdb::CreateStatement>().info;
    switch (info.type) {
    case duckdb::CatalogType::TABLE_ENTRY:
    case duckdb::CatalogType::VIEW_ENTRY:
    case duckdb::CatalogType::MACRO_ENTRY:
    case duckdb::CatalogType::TABLE_MACRO_ENTRY:
      return info.temporary;
    default:
      return false;
    }
  }
  default:
    return false;
  }
}

static duckdb::Value ToValue(const cduck_value &value) {
  const duckdb::string text = value.bytes ? duckdb::string(value.bytes, value.count) : duckdb::string();
  switch (value.kind) {
  case CDUCK_VALUE_NULL:
    return duckdb::Value();
  case CDUCK_VALUE_BOOL:
    return duckdb::Value::BOOLEAN(value.integer != 0);
  case CDUCK_VALUE_INT64:
    return duckdb::Value::BIGINT(value.integer);
  case CDUCK_VALUE_DOUBLE:
    return duckdb::Value::DOUBLE(value.real);
  case CDUCK_VALUE_TEXT:
  case CDUCK_VALUE_UNTYPED:
    return duckdb::Value(text);
  case CDUCK_VALUE_BLOB:
    return duckdb::Value::BLOB_RAW(text);
  case CDUCK_VALUE_DATE:
    return duckdb::Value::DATE(duckdb::date_t(static_cast<int32_t>(value.integer)));
  case CDUCK_VALUE_TIMESTAMP:
    return duckdb::Value::TIMESTAMP(duckdb::timestamp_t(value.integer));
  case CDUCK_VALUE_TIMESTAMP_TZ:
    return duckdb::Value::TIMESTAMPTZ(duckdb::timestamp_tz_t(value.integer));
  }
  throw duckdb::InvalidInputException("a parameter of an unknown kind");
}

// Turns parameters that came as text into what the statement expects in their places.
static void GiveTypes(
    duckdb::ClientContext &context, const duckdb::SQLStatement &statement, const cduck_value *parameters, size_t count,
    duckdb::case_insensitive_map_t<duckdb::BoundParameterData> &values) {
  auto prepared = context.Prepare(statement.Copy());
  if (prepared->HasError()) {
    prepared->error.Throw();
  }
  auto expected = prepared->GetExpectedParameterTypes();
  for (size_t index = 0; index < count; index++) {
    if (parameters[index].kind != CDUCK_VALUE_UNTYPED) {
      continue;
    }
    const auto name = std::to_string(index + 1);
    auto entry = expected.find(name);
    if (entry == expected.end() || entry->second.id() == duckdb::LogicalTypeId::UNKNOWN ||
        entry->second.id() == duckdb::LogicalTypeId::ANY || entry->second.id() == duckdb::LogicalTypeId::INVALID ||
        entry->second.id() == duckdb::LogicalTypeId::SQLNULL ||
        entry->second.id() == duckdb::LogicalTypeId::VARCHAR) {
      continue;
    }
    auto found = values.find(name);
    duckdb::Value value;
    context.RunFunctionInTransaction([&] { value = ToValue(parameters[index]).CastAs(context, entry->second); });
    found->second = duckdb::BoundParameterData(std::move(value));
  }
}

} // namespace tarn

cduck_connection *cduck_connect(cduck_database *database, void *session, cduck_failure *failure) {
  // From here on the state owns the session, and lets it go whatever happens.
  duckdb::shared_ptr<tarn::LakeState> state;
  try {
    state = duckdb::make_shared_ptr<tarn::LakeState>(database->lake, session);
  } catch (...) {
    database->lake.release(session);
    tarn::Report(failure);
    return nullptr;
  }
  return tarn::Guarded<cduck_connection *>(failure, nullptr, [&] {
    auto made = duckdb::make_uniq<cduck_connection>();
    made->connection = duckdb::make_uniq<duckdb::Connection>(*database->database);
    made->lake = state;
    auto &context = *made->connection->context;
    context.registered_state->Insert(tarn::LakeState::KEY, state);
    context.config.enable_progress_bar = true;
    context.config.print_progress_bar = false;
    context.config.wait_time = 0;
    return made.release();
  });
}

void cduck_disconnect(cduck_connection *connection) {
  try {
    delete connection;
  } catch (...) {
    // The transaction of a session that goes away is rolled back at best.
  }
}

void cduck_interrupt(cduck_connection *connection) {
  try {
    connection->connection->Interrupt();
  } catch (...) {
    // It only sets a flag.
  }
}

double cduck_progress(cduck_connection *connection) {
  try {
    return connection->connection->GetQueryProgress();
  } catch (...) {
    return -1;
  }
}

void cduck_connection_counters(cduck_connection *connection, cduck_counters *counters) {
  auto &lake = *connection->lake;
  counters->bytes_read = lake.bytes_read;
  counters->reads = lake.reads;
  counters->bytes_written = lake.bytes_written;
  counters->files_opened = lake.opened;
}

cduck_pending *cduck_prepare(
    cduck_connection *connection, const char *sql, size_t count, cduck_policy policy, const cduck_value *parameters,
    size_t parameter_count, cduck_failure *failure) {
  return tarn::Guarded<cduck_pending *>(failure, nullptr, [&]() -> cduck_pending * {
    auto &context = *connection->connection->context;
    const duckdb::string text(sql, count);
    duckdb::unique_ptr<duckdb::PendingQueryResult> pending;
    try {
      duckdb::Parser parser(context.GetParserOptions());
      parser.ParseQuery(text);
      if (parser.statements.size() != 1) {
        throw duckdb::InvalidInputException("Only one sql statement is allowed. Got: %s", text);
      }
      auto &statement = parser.statements[0];
      const bool untyped = std::any_of(parameters, parameters + parameter_count, [](const cduck_value &value) {
        return value.kind == CDUCK_VALUE_UNTYPED;
      });
      if (policy == CDUCK_POLICY_QUERIES && !tarn::IsQuery(*statement)) {
        throw duckdb::PermissionException("Statements of this kind are not run here");
      }
      duckdb::case_insensitive_map_t<duckdb::BoundParameterData> values;
      for (size_t index = 0; index < parameter_count; index++) {
        // A driver may send more than the statement uses; where statements are the user's own, that is an error.
        if (policy == CDUCK_POLICY_ALL && statement->named_param_map.count(std::to_string(index + 1)) == 0) {
          continue;
        }
        values.emplace(
            std::to_string(index + 1), duckdb::BoundParameterData(tarn::ToValue(parameters[index])));
      }
      if (untyped) {
        tarn::GiveTypes(context, *statement, parameters, parameter_count, values);
      }
      pending = context.PendingQuery(
          std::move(statement), values, duckdb::QueryParameters(duckdb::QueryResultOutputType::ALLOW_STREAMING));
    } catch (const std::exception &exception) {
      duckdb::ErrorData error(exception);
      tarn::Report(failure, error);
      return nullptr;
    }
    if (pending->HasError()) {
      tarn::Report(failure, pending->GetErrorObject());
      return nullptr;
    }
    auto made = duckdb::make_uniq<cduck_pending>();
    made->pending = std::move(pending);
    return made.release();
  });
}

void cduck_pending_free(cduck_pending *pending) {
  try {
    delete pending;
  } catch (...) {
    // Nothing was run.
  }
}

cduck_description *cduck_describe(
    cduck_connection *connection, const char *sql, size_t count, cduck_failure *failure) {
  return tarn::Guarded<cduck_description *>(failure, nullptr, [&]() -> cduck_description * {
    auto prepared = connection->connection->context->Prepare(duckdb::string(sql, count));
    if (prepared->HasError()) {
      tarn::Report(failure, prepared->error);
      return nullptr;
    }
    auto made = duckdb::make_uniq<cduck_description>();
    auto expected = prepared->GetExpectedParameterTypes();
    made->parameters.resize(prepared->named_param_map.size());
    for (auto &parameter : expected) {
      const auto index = std::strtoull(parameter.first.c_str(), nullptr, 10);
      if (index >= 1 && index <= made->parameters.size()) {
        made->parameters[index - 1] = duckdb::make_uniq<duckdb::LogicalType>(parameter.second);
      }
    }
    made->prepared = std::move(prepared);
    return made.release();
  });
}

void cduck_description_free(cduck_description *description) {
  try {
    delete description;
  } catch (...) {
    // Nothing was run.
  }
}

size_t cduck_description_column_count(const cduck_description *description) {
  return description->prepared->GetNames().size();
}

const char *cduck_description_column_name(const cduck_description *description, size_t column, size_t *count) {
  auto &names = description->prepared->GetNames();
  if (column >= names.size()) {
    return nullptr;
  }
  *count = names[column].size();
  return names[column].data();
}

const cduck_type *cduck_description_column_type(const cduck_description *description, size_t column) {
  auto &types = description->prepared->GetTypes();
  return column < types.size() ? reinterpret_cast<const cduck_type *>(&types[column]) : nullptr;
}

size_t cduck_description_parameter_count(const cduck_description *description) {
  return description->parameters.size();
}

const cduck_type *cduck_description_parameter_type(const cduck_description *description, size_t index) {
  return index < description->parameters.size()
             ? reinterpret_cast<const cduck_type *>(description->parameters[index].get())
             : nullptr;
}

int32_t cduck_description_statement(const cduck_description *description) {
  return static_cast<int32_t>(description->prepared->GetStatementType());
}

bool cduck_in_transaction(cduck_connection *connection) {
  try {
    return !connection->connection->IsAutoCommit();
  } catch (...) {
    return false;
  }
}

bool cduck_end_transaction(cduck_connection *connection, bool commits, cduck_failure *failure) {
  return tarn::Guarded<bool>(failure, false, [&] {
    auto result = connection->connection->context->Query(commits ? "COMMIT" : "ROLLBACK", false);
    if (result->HasError()) {
      tarn::Report(failure, result->GetErrorObject());
      return false;
    }
    return true;
  });
}

cduck_entry cduck_lookup(
    cduck_connection *connection, const char *catalog, const char *schema, const char *name, cduck_failure *failure) {
  return tarn::Guarded<cduck_entry>(failure, CDUCK_ENTRY_FAILED, [&] {
    auto found = CDUCK_ENTRY_NONE;
    auto &context = *connection->connection->context;
    context.RunFunctionInTransaction([&] {
      if (name[0] == 0) {
        auto entry = duckdb::Catalog::GetSchema(context, catalog, schema, duckdb::OnEntryNotFound::RETURN_NULL);
        found = entry ? CDUCK_ENTRY_SCHEMA : CDUCK_ENTRY_NONE;
        return;
      }
      auto entry = duckdb::Catalog::GetEntry(
          context, catalog, schema, duckdb::EntryLookupInfo(duckdb::CatalogType::TABLE_ENTRY, name),
          duckdb::OnEntryNotFound::RETURN_NULL);
      if (entry) {
        found = entry->type == duckdb::CatalogType::VIEW_ENTRY ? CDUCK_ENTRY_VIEW : CDUCK_ENTRY_TABLE;
      }
    });
    return found;
  });
}

size_t cduck_pending_column_count(const cduck_pending *pending) {
  return pending->pending->names.size();
}

const char *cduck_pending_column_name(const cduck_pending *pending, size_t column, size_t *count) {
  if (column >= pending->pending->names.size()) {
    return nullptr;
  }
  auto &name = pending->pending->names[column];
  *count = name.size();
  return name.data();
}

const cduck_type *cduck_pending_column_type(const cduck_pending *pending, size_t column) {
  if (column >= pending->pending->types.size()) {
    return nullptr;
  }
  return reinterpret_cast<const cduck_type *>(&pending->pending->types[column]);
}

int32_t cduck_pending_statement(const cduck_pending *pending) {
  return static_cast<int32_t>(pending->pending->statement_type);
}

cduck_result *cduck_execute(cduck_pending *pending, cduck_failure *failure) {
  return tarn::Guarded<cduck_result *>(failure, nullptr, [&]() -> cduck_result * {
    auto &query = *pending->pending;
    // DuckDB's own loop asks again at once while other threads hold the last tasks, and so takes a core from them.
    useconds_t pause = 0;
    while (true) {
      const auto state = query.ExecuteTask();
      if (duckdb::PendingQueryResult::IsResultReady(state)) {
        break;
      }
      if (state == duckdb::PendingExecutionResult::BLOCKED) {
        query.WaitForTask();
      } else if (state == duckdb::PendingExecutionResult::NO_TASKS_AVAILABLE) {
        pause = pause == 0 ? 20 : std::min<useconds_t>(pause * 2, 1000);
        usleep(pause);
        continue;
      }
      pause = 0;
    }
    // A statement that failed meanwhile is over: asking it to go on would only say so.
    if (query.HasError()) {
      tarn::Report(failure, query.GetErrorObject());
      return nullptr;
    }
    auto result = query.Execute();
    if (result->HasError()) {
      tarn::Report(failure, result->GetErrorObject());
      return nullptr;
    }
    auto made = duckdb::make_uniq<cduck_result>();
    made->result = std::move(result);
    return made.release();
  });
}

void cduck_result_free(cduck_result *result) {
  try {
    delete result;
  } catch (...) {
    // The statement is over in any case.
  }
}

// A chunk's nested vectors may be dictionaries still: readers expect plain memory all the way down.
static void FlattenDeep(duckdb::Vector &vector, duckdb::idx_t count) {
  vector.Flatten(count);
  switch (vector.GetType().InternalType()) {
  case duckdb::PhysicalType::STRUCT:
    for (auto &field : duckdb::StructVector::GetEntries(vector)) {
      FlattenDeep(*field, count);
    }
    break;
  case duckdb::PhysicalType::LIST:
    FlattenDeep(duckdb::ListVector::GetEntry(vector), duckdb::ListVector::GetListSize(vector));
    break;
  case duckdb::PhysicalType::ARRAY:
    FlattenDeep(
        duckdb::ArrayVector::GetEntry(vector), count * duckdb::ArrayType::GetSize(vector.GetType()));
    break;
  default:
    break;
  }
}

cduck_chunk *cduck_fetch(cduck_result *result, cduck_failure *failure) {
  return tarn::Guarded<cduck_chunk *>(failure, nullptr, [&]() -> cduck_chunk * {
    while (true) {
      auto chunk = result->result->Fetch();
      if (result->result->HasError()) {
        tarn::Report(failure, result->result->GetErrorObject());
        return nullptr;
      }
      if (!chunk) {
        return nullptr;
      }
      if (chunk->size() == 0) {
        continue;
      }
      for (auto &vector : chunk->data) {
        FlattenDeep(vector, chunk->size());
      }
      return reinterpret_cast<cduck_chunk *>(chunk.release());
    }
  });
}

void cduck_chunk_free(cduck_chunk *chunk) {
  delete reinterpret_cast<duckdb::DataChunk *>(chunk);
}
