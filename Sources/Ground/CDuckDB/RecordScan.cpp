// The table function that reads Avro and ORC:
//
//   tarn_records(kind VARCHAR, files VARCHAR[], columns := {'name': 'TYPE', …}, positions := [0, …])
//
// Without `columns` it gives the first file's columns. With them it gives those, found in each file by name without
// regard to case, or by `positions`; what a file does not have is NULL, and what has another type there is cast.
// `filename` and `file_index` can be asked for besides.
#include "Bridge.hpp"

#include "RecordFile.hpp"

#include "duckdb/common/types/hugeint.hpp"
#include "duckdb/common/vector_operations/vector_operations.hpp"
#include "duckdb/function/table_function.hpp"
#include "duckdb/main/extension/extension_loader.hpp"

#include <cstring>

namespace duckdb {
// Declared in a header that DuckDB does not hand out.
LogicalType TransformStringToLogicalType(const string &text, ClientContext &context);
} // namespace duckdb

namespace tarn {

void RecordBytes::Read(uint64_t offset, char *target, size_t count) {
  if (offset > size || count > size - offset) {
    throw duckdb::IOException("%s is damaged: it ends before what it says it holds", path);
  }
  if (count > 0) {
    handle->Read(target, count, offset);
  }
}

void SetBytes(duckdb::Vector &vector, duckdb::idx_t row, const char *bytes, size_t count) {
  auto data = duckdb::FlatVector::GetData<duckdb::string_t>(vector);
  if (vector.GetType().id() == duckdb::LogicalTypeId::VARCHAR) {
    if (!duckdb::Value::StringIsValid(bytes, count)) {
      throw duckdb::InvalidInputException("a text of the file is not UTF-8");
    }
    data[row] = duckdb::StringVector::AddString(vector, bytes, count);
  } else {
    data[row] = duckdb::StringVector::AddStringOrBlob(vector, bytes, count);
  }
}

void SetDecimal(duckdb::Vector &vector, duckdb::idx_t row, __int128 value) {
  uint8_t width;
  uint8_t scale;
  vector.GetType().GetDecimalProperties(width, scale);
  __int128 bound = 1;
  for (int digit = 0; digit < width; digit++) {
    bound *= 10;
  }
  if (value >= bound || value <= -bound) {
    throw duckdb::InvalidInputException("a number of the file has more than %d digits", static_cast<int>(width));
  }
  switch (vector.GetType().InternalType()) {
  case duckdb::PhysicalType::INT16:
    duckdb::FlatVector::GetData<int16_t>(vector)[row] = static_cast<int16_t>(value);
    break;
  case duckdb::PhysicalType::INT32:
    duckdb::FlatVector::GetData<int32_t>(vector)[row] = static_cast<int32_t>(value);
    break;
  case duckdb::PhysicalType::INT64:
    duckdb::FlatVector::GetData<int64_t>(vector)[row] = static_cast<int64_t>(value);
    break;
  default:
    duckdb::FlatVector::GetData<duckdb::hugeint_t>(vector)[row] =
        duckdb::hugeint_t(static_cast<int64_t>(value >> 64), static_cast<uint64_t>(value));
  }
}

namespace {

using duckdb::ClientContext;
using duckdb::DataChunk;
using duckdb::idx_t;
using duckdb::LogicalType;

constexpr duckdb::column_t FILENAME = UINT64_C(9223372036854775808);
constexpr duckdb::column_t FILE_INDEX = UINT64_C(9223372036854775810);

struct Bound : public duckdb::TableFunctionData {
  std::string kind;
  duckdb::vector<std::string> files;
  duckdb::vector<std::string> names;
  duckdb::vector<LogicalType> types;
  // Each column's place in every file; empty when they are found by name.
  duckdb::vector<int64_t> positions;
};

std::unique_ptr<RecordFile> Open(
    ClientContext &context, const std::string &kind, const std::string &path, std::string &literal) {
  auto &system = duckdb::FileSystem::GetFileSystem(context);
  // The list holds patterns that match one file each.
  auto found = system.GlobFiles(path, duckdb::FileGlobOptions::DISALLOW_EMPTY);
  if (found.size() != 1) {
    throw duckdb::IOException("%s does not stand for one file", path);
  }
  literal = found[0].path;
  auto bytes =
      std::make_unique<RecordBytes>(system.OpenFile(literal, duckdb::FileFlags::FILE_FLAGS_READ), literal);
  return kind == "avro" ? OpenAvro(std::move(bytes)) : OpenORC(std::move(bytes));
}

duckdb::unique_ptr<duckdb::FunctionData> Bind(
    ClientContext &context, duckdb::TableFunctionBindInput &input, duckdb::vector<LogicalType> &types,
    duckdb::vector<duckdb::string> &names) {
  auto bound = duckdb::make_uniq<Bound>();
  if (input.inputs[0].IsNull() || input.inputs[1].IsNull()) {
    throw duckdb::BinderException("tarn_records needs a kind and files");
  }
  bound->kind = duckdb::StringValue::Get(input.inputs[0]);
  if (bound->kind != "avro" && bound->kind != "orc") {
    throw duckdb::BinderException("tarn_records does not know the kind \"%s\"", bound->kind);
  }
  for (auto &file : duckdb::ListValue::GetChildren(input.inputs[1])) {
    if (!file.IsNull()) {
      bound->files.push_back(duckdb::StringValue::Get(file));
    }
  }
  auto columns = input.named_parameters.find("columns");
  if (columns != input.named_parameters.end()) {
    auto &type = columns->second.type();
    if (type.id() != duckdb::LogicalTypeId::STRUCT) {
      throw duckdb::BinderException("tarn_records takes columns as {'name': 'TYPE', …}");
    }
    auto &values = duckdb::StructValue::GetChildren(columns->second);
    for (idx_t index = 0; index < values.size(); index++) {
      bound->names.push_back(duckdb::StructType::GetChildName(type, index));
      bound->types.push_back(
          duckdb::TransformStringToLogicalType(duckdb::StringValue::Get(values[index]), context));
    }
    auto positions = input.named_parameters.find("positions");
    if (positions != input.named_parameters.end() && !positions->second.IsNull()) {
      for (auto &value : duckdb::ListValue::GetChildren(positions->second)) {
        bound->positions.push_back(value.IsNull() ? -1 : duckdb::BigIntValue::Get(value));
      }
      if (bound->positions.size() != bound->names.size()) {
        throw duckdb::BinderException("tarn_records needs as many positions as columns");
      }
    }
  } else {
    if (bound->files.empty()) {
      throw duckdb::BinderException("tarn_records needs columns or a file");
    }
    std::string path;
    auto file = Open(context, bound->kind, bound->files[0], path);
    bound->names = file->names;
    bound->types = file->types;
  }
  if (bound->names.empty()) {
    // A table has one column at least; this one is NULL everywhere.
    bound->names.push_back("$none");
    bound->types.push_back(LogicalType::BOOLEAN);
    bound->positions = {-1};
  }
  for (auto &name : bound->names) {
    names.push_back(name);
  }
  for (auto &type : bound->types) {
    types.push_back(type);
  }
  return std::move(bound);
}

struct Shared : public duckdb::GlobalTableFunctionState {
  explicit Shared(idx_t files) : files(files) {
  }
  idx_t MaxThreads() const override {
    return std::max<idx_t>(files, 1);
  }
  const idx_t files;
  std::atomic<idx_t> next {0};
  duckdb::vector<duckdb::column_t> columns;
};

struct Reading : public duckdb::LocalTableFunctionState {
  std::unique_ptr<RecordFile> file;
  std::string path;
  idx_t index = 0;
  // The file's own rows, as its own types.
  DataChunk rows;
  // For each column of the output: which of `rows` it is, -1 for none.
  duckdb::vector<int64_t> sources;
};

duckdb::unique_ptr<duckdb::GlobalTableFunctionState> Begin(
    ClientContext &, duckdb::TableFunctionInitInput &input) {
  auto shared = duckdb::make_uniq<Shared>(input.bind_data->Cast<Bound>().files.size());
  shared->columns = input.column_ids;
  return std::move(shared);
}

duckdb::unique_ptr<duckdb::LocalTableFunctionState> BeginThread(
    duckdb::ExecutionContext &, duckdb::TableFunctionInitInput &, duckdb::GlobalTableFunctionState *) {
  return duckdb::make_uniq<Reading>();
}

int64_t Find(const RecordFile &file, const std::string &name) {
  int64_t found = -1;
  for (idx_t index = 0; index < file.names.size(); index++) {
    if (file.names[index] == name) {
      return static_cast<int64_t>(index);
    }
    if (found < 0 && duckdb::StringUtil::CIEquals(file.names[index], name)) {
      found = static_cast<int64_t>(index);
    }
  }
  return found;
}

bool NextFile(ClientContext &context, const Bound &bound, Shared &shared, Reading &reading) {
  auto index = shared.next++;
  if (index >= bound.files.size()) {
    reading.file.reset();
    return false;
  }
  reading.index = index;
  reading.file = Open(context, bound.kind, bound.files[index], reading.path);
  reading.sources.clear();
  duckdb::vector<idx_t> chosen;
  duckdb::vector<LogicalType> types;
  for (auto column : shared.columns) {
    int64_t source = -1;
    if (column < bound.names.size()) {
      source = bound.positions.empty() ? Find(*reading.file, bound.names[column]) : bound.positions[column];
      if (source >= static_cast<int64_t>(reading.file->names.size())) {
        source = -1;
      }
    }
    if (source >= 0) {
      chosen.push_back(static_cast<idx_t>(source));
      types.push_back(reading.file->types[static_cast<idx_t>(source)]);
      source = static_cast<int64_t>(chosen.size()) - 1;
    }
    reading.sources.push_back(source);
  }
  reading.rows.Destroy();
  if (!types.empty()) {
    reading.rows.Initialize(context, types);
  }
  reading.file->Choose(chosen);
  return true;
}

void Constant(duckdb::Vector &vector, const duckdb::Value &value) {
  vector.Reference(value);
}

void Scan(ClientContext &context, duckdb::TableFunctionInput &input, DataChunk &output) {
  auto &bound = input.bind_data->Cast<Bound>();
  auto &shared = input.global_state->Cast<Shared>();
  auto &reading = input.local_state->Cast<Reading>();
  idx_t count = 0;
  while (count == 0) {
    if (!reading.file && !NextFile(context, bound, shared, reading)) {
      return;
    }
    if (context.interrupted) {
      throw duckdb::InterruptException();
    }
    if (reading.rows.ColumnCount() > 0) {
      reading.rows.Reset();
    }
    count = reading.file->Read(reading.rows);
    if (count == 0) {
      reading.file.reset();
    }
  }
  for (idx_t index = 0; index < shared.columns.size(); index++) {
    auto &target = output.data[index];
    auto source = reading.sources[index];
    if (source >= 0) {
      auto &values = reading.rows.data[static_cast<idx_t>(source)];
      if (values.GetType() == target.GetType()) {
        target.Reference(values);
      } else {
        duckdb::VectorOperations::Cast(context, values, target, count);
      }
    } else if (shared.columns[index] == FILENAME) {
      Constant(target, duckdb::Value(reading.path));
    } else if (shared.columns[index] == FILE_INDEX) {
      Constant(target, duckdb::Value::UBIGINT(reading.index));
    } else {
      Constant(target, duckdb::Value(target.GetType()));
    }
  }
  output.SetCardinality(count);
}

duckdb::virtual_column_map_t VirtualColumns(ClientContext &, duckdb::optional_ptr<duckdb::FunctionData>) {
  duckdb::virtual_column_map_t columns;
  columns.insert({FILENAME, duckdb::TableColumn("filename", LogicalType::VARCHAR)});
  columns.insert({FILE_INDEX, duckdb::TableColumn("file_index", LogicalType::UBIGINT)});
  columns.insert({duckdb::COLUMN_IDENTIFIER_EMPTY, duckdb::TableColumn("", LogicalType::BOOLEAN)});
  return columns;
}

} // namespace

void RegisterRecordFunctions(cduck_database *database) {
  duckdb::TableFunction function(
      "tarn_records", {LogicalType::VARCHAR, LogicalType::LIST(LogicalType::VARCHAR)}, Scan, Bind, Begin, BeginThread);
  function.named_parameters["columns"] = LogicalType::ANY;
  function.named_parameters["positions"] = LogicalType::LIST(LogicalType::BIGINT);
  function.projection_pushdown = true;
  function.get_virtual_columns = VirtualColumns;
  duckdb::ExtensionLoader loader(*database->database->instance, "tarn");
  loader.RegisterFunction(std::move(function));
}

} // namespace tarn
