#include "Bridge.hpp"

#include "duckdb/common/extra_type_info.hpp"

using duckdb::LogicalTypeId;

static const duckdb::LogicalType &Type(const cduck_type *type) {
  return *reinterpret_cast<const duckdb::LogicalType *>(type);
}
static const cduck_type *Type(const duckdb::LogicalType &type) {
  return reinterpret_cast<const cduck_type *>(&type);
}
static duckdb::Vector &Vector(cduck_vector *vector) {
  return *reinterpret_cast<duckdb::Vector *>(vector);
}
static cduck_vector *Vector(duckdb::Vector &vector) {
  return reinterpret_cast<cduck_vector *>(&vector);
}

// Runs `body`, giving `otherwise` for a type that has no such thing.
template <class Result, class Body>
static Result OrElse(Result otherwise, Body body) noexcept {
  try {
    return body();
  } catch (...) {
    return otherwise;
  }
}

int32_t cduck_type_id(const cduck_type *type) {
  return static_cast<int32_t>(Type(type).id());
}

const char *cduck_type_alias(const cduck_type *type) {
  return OrElse<const char *>(nullptr, [&]() -> const char * {
    if (!Type(type).HasAlias()) {
      return nullptr;
    }
    // The alias lives in the type itself.
    auto info = Type(type).AuxInfo();
    return info ? info->alias.c_str() : nullptr;
  });
}

void cduck_type_decimal(const cduck_type *type, int32_t *width, int32_t *scale) {
  *width = 0;
  *scale = 0;
  if (Type(type).id() == LogicalTypeId::DECIMAL) {
    *width = duckdb::DecimalType::GetWidth(Type(type));
    *scale = duckdb::DecimalType::GetScale(Type(type));
  }
}

size_t cduck_type_child_count(const cduck_type *type) {
  return OrElse<size_t>(0, [&]() -> size_t {
    switch (Type(type).id()) {
    case LogicalTypeId::LIST:
    case LogicalTypeId::ARRAY:
      return 1;
    case LogicalTypeId::MAP:
      return 2;
    case LogicalTypeId::STRUCT:
      return duckdb::StructType::GetChildCount(Type(type));
    case LogicalTypeId::UNION:
      return duckdb::UnionType::GetMemberCount(Type(type));
    default:
      return 0;
    }
  });
}

const cduck_type *cduck_type_child(const cduck_type *type, size_t index) {
  return OrElse<const cduck_type *>(nullptr, [&]() -> const cduck_type * {
    if (index >= cduck_type_child_count(type)) {
      return nullptr;
    }
    switch (Type(type).id()) {
    case LogicalTypeId::LIST:
      return Type(duckdb::ListType::GetChildType(Type(type)));
    case LogicalTypeId::ARRAY:
      return Type(duckdb::ArrayType::GetChildType(Type(type)));
    case LogicalTypeId::MAP:
      return Type(index == 0 ? duckdb::MapType::KeyType(Type(type)) : duckdb::MapType::ValueType(Type(type)));
    case LogicalTypeId::STRUCT:
      return Type(duckdb::StructType::GetChildType(Type(type), index));
    case LogicalTypeId::UNION:
      return Type(duckdb::UnionType::GetMemberType(Type(type), index));
    default:
      return nullptr;
    }
  });
}

const char *cduck_type_child_name(const cduck_type *type, size_t index) {
  return OrElse<const char *>(nullptr, [&]() -> const char * {
    if (index >= cduck_type_child_count(type)) {
      return nullptr;
    }
    switch (Type(type).id()) {
    case LogicalTypeId::STRUCT:
      return duckdb::StructType::GetChildName(Type(type), index).c_str();
    case LogicalTypeId::UNION:
      return duckdb::UnionType::GetMemberName(Type(type), index).c_str();
    default:
      return nullptr;
    }
  });
}

size_t cduck_type_enum_count(const cduck_type *type) {
  return Type(type).id() == LogicalTypeId::ENUM ? duckdb::EnumType::GetSize(Type(type)) : 0;
}

const char *cduck_type_enum_value(const cduck_type *type, size_t index, size_t *count) {
  return OrElse<const char *>(nullptr, [&]() -> const char * {
    if (index >= cduck_type_enum_count(type)) {
      return nullptr;
    }
    auto &values = duckdb::EnumType::GetValuesInsertOrder(Type(type));
    auto &text = duckdb::FlatVector::GetData<duckdb::string_t>(values)[index];
    *count = text.GetSize();
    return text.GetData();
  });
}

int64_t cduck_type_array_size(const cduck_type *type) {
  return Type(type).id() == LogicalTypeId::ARRAY ? static_cast<int64_t>(duckdb::ArrayType::GetSize(Type(type))) : 0;
}

void *cduck_vector_data(cduck_vector *vector) {
  return OrElse<void *>(nullptr, [&]() -> void * { return duckdb::FlatVector::GetData(Vector(vector)); });
}

uint64_t *cduck_vector_validity(cduck_vector *vector) {
  return OrElse<uint64_t *>(
      nullptr, [&]() -> uint64_t * { return duckdb::FlatVector::Validity(Vector(vector)).GetData(); });
}

cduck_vector *cduck_vector_elements(cduck_vector *vector, size_t *count) {
  *count = 0;
  return OrElse<cduck_vector *>(nullptr, [&]() -> cduck_vector * {
    switch (Vector(vector).GetType().InternalType()) {
    case duckdb::PhysicalType::LIST:
      *count = duckdb::ListVector::GetListSize(Vector(vector));
      return Vector(duckdb::ListVector::GetEntry(Vector(vector)));
    case duckdb::PhysicalType::ARRAY:
      *count = duckdb::ArrayVector::GetTotalSize(Vector(vector));
      return Vector(duckdb::ArrayVector::GetEntry(Vector(vector)));
    default:
      return nullptr;
    }
  });
}

cduck_vector *cduck_vector_field(cduck_vector *vector, size_t index) {
  return OrElse<cduck_vector *>(nullptr, [&]() -> cduck_vector * {
    if (Vector(vector).GetType().InternalType() != duckdb::PhysicalType::STRUCT) {
      return nullptr;
    }
    auto &fields = duckdb::StructVector::GetEntries(Vector(vector));
    return index < fields.size() ? Vector(*fields[index]) : nullptr;
  });
}

const cduck_type *cduck_vector_type(const cduck_vector *vector) {
  return Type(reinterpret_cast<const duckdb::Vector *>(vector)->GetType());
}

size_t cduck_chunk_columns(const cduck_chunk *chunk) {
  return reinterpret_cast<const duckdb::DataChunk *>(chunk)->data.size();
}

size_t cduck_chunk_rows(const cduck_chunk *chunk) {
  return reinterpret_cast<const duckdb::DataChunk *>(chunk)->size();
}

cduck_vector *cduck_chunk_vector(cduck_chunk *chunk, size_t column) {
  auto &data = reinterpret_cast<duckdb::DataChunk *>(chunk)->data;
  return column < data.size() ? Vector(data[column]) : nullptr;
}
