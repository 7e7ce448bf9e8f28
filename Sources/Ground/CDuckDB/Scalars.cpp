#include "Bridge.hpp"

#include "duckdb/function/scalar_function.hpp"
#include "duckdb/main/extension/extension_loader.hpp"

namespace tarn {

static void Append(void *sink, const char *bytes, size_t count) {
  static_cast<std::string *>(sink)->append(bytes, count);
}

} // namespace tarn

bool cduck_register_scalar(cduck_database *database, const cduck_scalar *scalar, cduck_failure *failure) {
  std::shared_ptr<void> context;
  try {
    context = std::shared_ptr<void>(scalar->context, scalar->release);
  } catch (...) {
    tarn::Report(failure);
    return false;
  }
  return tarn::Guarded(failure, false, [&] {
    duckdb::Connection connection(*database->database);
    auto parse = [&](const char *type) {
      // No word of SQL, but a type of functions.
      if (std::string(type) == "ANY") {
        return duckdb::LogicalType(duckdb::LogicalTypeId::ANY);
      }
      return connection.context->ParseLogicalType(type);
    };
    duckdb::vector<duckdb::LogicalType> arguments;
    duckdb::LogicalType returned;
    duckdb::LogicalType further(duckdb::LogicalTypeId::INVALID);
    for (size_t index = 0; index < scalar->argument_count; index++) {
      arguments.push_back(parse(scalar->argument_types[index]));
    }
    returned = parse(scalar->return_type);
    if (scalar->further_type) {
      further = parse(scalar->further_type);
    }
    auto body = scalar->body;
    duckdb::ScalarFunction function(
        scalar->name, std::move(arguments), std::move(returned),
        [context, body](duckdb::DataChunk &chunk, duckdb::ExpressionState &, duckdb::Vector &result) {
          chunk.Flatten();
          result.SetVectorType(duckdb::VectorType::FLAT_VECTOR);
          std::string why;
          if (!body(context.get(), reinterpret_cast<cduck_chunk *>(&chunk), chunk.size(),
                    reinterpret_cast<cduck_vector *>(&result), tarn::Append, &why)) {
            throw duckdb::InvalidInputException(why);
          }
        });
    function.varargs = std::move(further);
    function.SetNullHandling(
        scalar->takes_nulls ? duckdb::FunctionNullHandling::SPECIAL_HANDLING
                            : duckdb::FunctionNullHandling::DEFAULT_NULL_HANDLING);
    function.SetStability(
        scalar->is_volatile ? duckdb::FunctionStability::VOLATILE : duckdb::FunctionStability::CONSISTENT);
    function.SetFallible();
    duckdb::ExtensionLoader loader(*database->database->instance, "tarn");
    loader.RegisterFunction(std::move(function));
    return true;
  });
}

void cduck_output_null(cduck_vector *vector, size_t row) {
  // A structure's fields become NULL with it.
  duckdb::FlatVector::SetNull(*reinterpret_cast<duckdb::Vector *>(vector), row, true);
}

bool cduck_output_bytes(cduck_vector *vector, size_t row, const char *bytes, size_t count) {
  try {
    auto &result = *reinterpret_cast<duckdb::Vector *>(vector);
    duckdb::FlatVector::GetData<duckdb::string_t>(result)[row] =
        duckdb::StringVector::AddStringOrBlob(result, bytes ? bytes : "", count);
    return true;
  } catch (...) {
    return false;
  }
}

cduck_vector *cduck_output_list(cduck_vector *vector, size_t row, size_t count, size_t *offset) {
  try {
    auto &result = *reinterpret_cast<duckdb::Vector *>(vector);
    *offset = duckdb::ListVector::GetListSize(result);
    duckdb::ListVector::Reserve(result, *offset + count);
    duckdb::ListVector::SetListSize(result, *offset + count);
    duckdb::FlatVector::GetData<duckdb::list_entry_t>(result)[row] = duckdb::list_entry_t(*offset, count);
    return reinterpret_cast<cduck_vector *>(&duckdb::ListVector::GetEntry(result));
  } catch (...) {
    return nullptr;
  }
}
