// COPY … TO … (FORMAT orc, COMPRESSION snappy | zlib | none, VERSION '0.12', STRIPE_BYTES n, BLOCK_BYTES n)
//
// Columns are written as they are (encoding DIRECT), without indexes: a reader finds rows by stripes.
#include "Bridge.hpp"

#include "OrcOutput.hpp"

#include "duckdb/common/file_system.hpp"
#include "duckdb/execution/execution_context.hpp"
#include "duckdb/function/copy_function.hpp"
#include "duckdb/main/extension/extension_loader.hpp"
#include "duckdb/parser/parsed_data/copy_info.hpp"

using duckdb::ClientContext;
using duckdb::FlatVector;
using duckdb::LogicalType;
using duckdb::LogicalTypeId;
using duckdb::SelectionVector;
using duckdb::Vector;
using duckdb::idx_t;

namespace tarn {
namespace orc {
namespace {

enum Kind : uint64_t {
  BOOLEAN, BYTE, SHORT, INT, LONG, FLOAT, DOUBLE, STRING, BINARY, TIMESTAMP, LIST, MAP, STRUCT, UNION, DECIMAL, DATE,
};
enum StreamKind : uint64_t { PRESENT = 0, DATA = 1, LENGTH = 2, SECONDARY = 5 };

constexpr int64_t EPOCH_2015 = 1420070400;
constexpr int64_t MICROS = 1000000;

// The streams of a stripe in the order in which they are written, and what its footer says of them.
struct StripeOutput {
  std::string bytes;
  std::string footer;
  uint64_t columns = 0;

  void Add(StreamKind kind, uint64_t column, std::string stream) {
    footer += Message().Text(1, Message().Number(1, kind).Number(2, column).Number(3, stream.size()).bytes).bytes;
    bytes += stream;
  }
};

// One column of the file, of which each nested type is one.
class ColumnOutput {
public:
  ColumnOutput(const OutputOptions &options, uint64_t id, Kind kind) : id(id), kind(kind), options(options), present(options) {
  }
  virtual ~ColumnOutput() = default;

  // Takes the values at `chosen` of a vector of `size` values.
  void Write(Vector &vector, idx_t size, const SelectionVector &chosen, idx_t count) {
    vector.Flatten(size);
    auto &validity = FlatVector::Validity(vector);
    SelectionVector there(std::max<idx_t>(count, 1));
    idx_t found = 0;
    for (idx_t row = 0; row < count; row++) {
      auto index = chosen.get_index(row);
      const bool isValid = validity.RowIsValid(index);
      present.Append(isValid);
      if (isValid) {
        there.set_index(found++, index);
      }
    }
    hasNull = hasNull || found < count;
    hadNull = hadNull || hasNull;
    values += found;
    Put(vector, size, there, found);
  }

  void Finish(StripeOutput &stripe) {
    auto bits = present.Finish();
    if (hasNull) {
      stripe.Add(PRESENT, id, std::move(bits));
    }
    hasNull = false;
    FinishStreams(stripe);
    stripe.columns++;
    for (auto &child : children) {
      child->Finish(stripe);
    }
  }

  size_t Size() const {
    size_t size = present.Size() + StreamsSize();
    for (auto &child : children) {
      size += child->Size();
    }
    return size;
  }

  // The types and statistics of the file's footer, the parent before its children.
  void Describe(std::string &footer, std::string &statistics) const {
    Message type;
    type.Number(1, kind);
    std::vector<uint64_t> ids;
    for (auto &child : children) {
      ids.push_back(child->id);
    }
    type.Numbers(2, ids);
    for (auto &name : names) {
      type.Text(3, name);
    }
    if (kind == DECIMAL) {
      type.Number(5, precision).Number(6, scale);
    }
    footer += Message().Text(4, type.bytes).bytes;
    statistics += Message().Text(7, Message().Number(1, values).Number(10, hadNull ? 1 : 0).bytes).bytes;
    for (auto &child : children) {
      child->Describe(footer, statistics);
    }
  }

  const uint64_t id;
  std::vector<std::unique_ptr<ColumnOutput>> children;
  std::vector<std::string> names;
  uint64_t precision = 0;
  uint64_t scale = 0;

protected:
  virtual void Put(Vector &vector, idx_t size, const SelectionVector &chosen, idx_t count) = 0;
  virtual void FinishStreams(StripeOutput &stripe) = 0;
  virtual size_t StreamsSize() const = 0;

  const Kind kind;
  const OutputOptions &options;

private:
  BitOutput present;
  bool hasNull = false;
  bool hadNull = false;
  uint64_t values = 0;
};

class BooleanOutput : public ColumnOutput {
public:
  BooleanOutput(const OutputOptions &options, uint64_t id) : ColumnOutput(options, id, BOOLEAN), bits(options) {
  }

protected:
  void Put(Vector &vector, idx_t, const SelectionVector &chosen, idx_t count) override {
    auto data = FlatVector::GetData<bool>(vector);
    for (idx_t row = 0; row < count; row++) {
      bits.Append(data[chosen.get_index(row)]);
    }
  }
  void FinishStreams(StripeOutput &stripe) override {
    stripe.Add(DATA, id, bits.Finish());
  }
  size_t StreamsSize() const override {
    return bits.Size();
  }

private:
  BitOutput bits;
};

class ByteOutput : public ColumnOutput {
public:
  ByteOutput(const OutputOptions &options, uint64_t id) : ColumnOutput(options, id, BYTE), bytes(options) {
  }

protected:
  void Put(Vector &vector, idx_t, const SelectionVector &chosen, idx_t count) override {
    auto data = FlatVector::GetData<int8_t>(vector);
    for (idx_t row = 0; row < count; row++) {
      bytes.Append(static_cast<uint8_t>(data[chosen.get_index(row)]));
    }
  }
  void FinishStreams(StripeOutput &stripe) override {
    stripe.Add(DATA, id, bytes.Finish());
  }
  size_t StreamsSize() const override {
    return bytes.Size();
  }

private:
  ByteRunOutput bytes;
};

// SHORT, INT, LONG and DATE.
template <class T>
class WholeOutput : public ColumnOutput {
public:
  WholeOutput(const OutputOptions &options, uint64_t id, Kind kind)
      : ColumnOutput(options, id, kind), numbers(options, true) {
  }

protected:
  void Put(Vector &vector, idx_t, const SelectionVector &chosen, idx_t count) override {
    auto data = FlatVector::GetData<T>(vector);
    for (idx_t row = 0; row < count; row++) {
      numbers.Append(data[chosen.get_index(row)]);
    }
  }
  void FinishStreams(StripeOutput &stripe) override {
    stripe.Add(DATA, id, numbers.Finish());
  }
  size_t StreamsSize() const override {
    return numbers.Size();
  }

private:
  IntegerOutput numbers;
};

// FLOAT and DOUBLE: as they are in memory, the lowest byte first.
template <class T>
class RealOutput : public ColumnOutput {
public:
  RealOutput(const OutputOptions &options, uint64_t id, Kind kind) : ColumnOutput(options, id, kind), bytes(options) {
  }

protected:
  void Put(Vector &vector, idx_t, const SelectionVector &chosen, idx_t count) override {
    auto data = FlatVector::GetData<T>(vector);
    for (idx_t row = 0; row < count; row++) {
      bytes.Append(reinterpret_cast<const char *>(&data[chosen.get_index(row)]), sizeof(T));
    }
  }
  void FinishStreams(StripeOutput &stripe) override {
    stripe.Add(DATA, id, bytes.Finish());
  }
  size_t StreamsSize() const override {
    return bytes.Size();
  }

private:
  OutputStream bytes;
};

// STRING and BINARY.
class TextOutput : public ColumnOutput {
public:
  TextOutput(const OutputOptions &options, uint64_t id, Kind kind)
      : ColumnOutput(options, id, kind), bytes(options), lengths(options, false) {
  }

protected:
  void Put(Vector &vector, idx_t, const SelectionVector &chosen, idx_t count) override {
    auto data = FlatVector::GetData<duckdb::string_t>(vector);
    for (idx_t row = 0; row < count; row++) {
      auto &text = data[chosen.get_index(row)];
      bytes.Append(text.GetData(), text.GetSize());
      lengths.Append(static_cast<int64_t>(text.GetSize()));
    }
  }
  void FinishStreams(StripeOutput &stripe) override {
    stripe.Add(DATA, id, bytes.Finish());
    stripe.Add(LENGTH, id, lengths.Finish());
  }
  size_t StreamsSize() const override {
    return bytes.Size() + lengths.Size();
  }

private:
  OutputStream bytes;
  IntegerOutput lengths;
};

// Seconds since 2015 in UTC, and nanoseconds whose zeros at the end are left out.
class TimestampOutput : public ColumnOutput {
public:
  TimestampOutput(const OutputOptions &options, uint64_t id)
      : ColumnOutput(options, id, TIMESTAMP), seconds(options, true), fractions(options, false) {
  }

protected:
  void Put(Vector &vector, idx_t, const SelectionVector &chosen, idx_t count) override {
    auto data = FlatVector::GetData<duckdb::timestamp_t>(vector);
    for (idx_t row = 0; row < count; row++) {
      auto micros = data[chosen.get_index(row)].value;
      auto whole = micros / MICROS - (micros % MICROS < 0 ? 1 : 0);
      auto nanoseconds = (micros - whole * MICROS) * 1000;
      // Before 1970 Java's division rounds up, and readers take the second off again. Of the last second before 1970
      // they cannot know it: a moment within it is read a second late, by every reader.
      if (whole < 0 && nanoseconds > 999999) {
        whole++;
      }
      seconds.Append(whole - EPOCH_2015);
      fractions.Append(Shortened(nanoseconds));
    }
  }
  void FinishStreams(StripeOutput &stripe) override {
    stripe.Add(DATA, id, seconds.Finish());
    stripe.Add(SECONDARY, id, fractions.Finish());
  }
  size_t StreamsSize() const override {
    return seconds.Size() + fractions.Size();
  }

private:
  static int64_t Shortened(int64_t nanoseconds) {
    if (nanoseconds == 0 || nanoseconds % 100 != 0) {
      return nanoseconds << 3;
    }
    nanoseconds /= 100;
    int64_t zeros = 1;
    while (nanoseconds % 10 == 0 && zeros < 7) {
      nanoseconds /= 10;
      zeros++;
    }
    return nanoseconds << 3 | zeros;
  }

  IntegerOutput seconds;
  IntegerOutput fractions;
};

class DecimalOutput : public ColumnOutput {
public:
  DecimalOutput(const OutputOptions &options, uint64_t id, const LogicalType &type)
      : ColumnOutput(options, id, DECIMAL), numbers(options), scales(options, true) {
    precision = duckdb::DecimalType::GetWidth(type);
    scale = duckdb::DecimalType::GetScale(type);
  }

protected:
  void Put(Vector &vector, idx_t, const SelectionVector &chosen, idx_t count) override {
    std::string bytes;
    for (idx_t row = 0; row < count; row++) {
      bytes.clear();
      AppendZigzag(bytes, Value(vector, chosen.get_index(row)));
      numbers.Append(bytes);
      scales.Append(static_cast<int64_t>(scale));
    }
  }
  void FinishStreams(StripeOutput &stripe) override {
    stripe.Add(DATA, id, numbers.Finish());
    stripe.Add(SECONDARY, id, scales.Finish());
  }
  size_t StreamsSize() const override {
    return numbers.Size() + scales.Size();
  }

private:
  static __int128 Value(Vector &vector, idx_t index) {
    switch (vector.GetType().InternalType()) {
    case duckdb::PhysicalType::INT16: return FlatVector::GetData<int16_t>(vector)[index];
    case duckdb::PhysicalType::INT32: return FlatVector::GetData<int32_t>(vector)[index];
    case duckdb::PhysicalType::INT64: return FlatVector::GetData<int64_t>(vector)[index];
    default: {
      auto &value = FlatVector::GetData<duckdb::hugeint_t>(vector)[index];
      return static_cast<__int128>(value.upper) << 64 | static_cast<__int128>(value.lower);
    }
    }
  }

  OutputStream numbers;
  IntegerOutput scales;
};

class StructOutput : public ColumnOutput {
public:
  StructOutput(const OutputOptions &options, uint64_t id) : ColumnOutput(options, id, STRUCT) {
  }

protected:
  void Put(Vector &vector, idx_t size, const SelectionVector &chosen, idx_t count) override {
    auto &fields = duckdb::StructVector::GetEntries(vector);
    for (idx_t index = 0; index < fields.size(); index++) {
      children[index]->Write(*fields[index], size, chosen, count);
    }
  }
  void FinishStreams(StripeOutput &) override {
  }
  size_t StreamsSize() const override {
    return 0;
  }
};

// LIST and MAP, whose elements are structs of key and value for the engine.
class ListOutput : public ColumnOutput {
public:
  ListOutput(const OutputOptions &options, uint64_t id, Kind kind)
      : ColumnOutput(options, id, kind), lengths(options, false) {
  }

protected:
  void Put(Vector &vector, idx_t, const SelectionVector &chosen, idx_t count) override {
    auto entries = FlatVector::GetData<duckdb::list_entry_t>(vector);
    idx_t total = 0;
    for (idx_t row = 0; row < count; row++) {
      auto length = entries[chosen.get_index(row)].length;
      lengths.Append(static_cast<int64_t>(length));
      total += length;
    }
    SelectionVector elements(std::max<idx_t>(total, 1));
    idx_t place = 0;
    for (idx_t row = 0; row < count; row++) {
      auto &entry = entries[chosen.get_index(row)];
      for (idx_t offset = 0; offset < entry.length; offset++) {
        elements.set_index(place++, entry.offset + offset);
      }
    }
    auto &inner = duckdb::ListVector::GetEntry(vector);
    auto size = duckdb::ListVector::GetListSize(vector);
    if (kind == LIST) {
      children[0]->Write(inner, size, elements, total);
      return;
    }
    inner.Flatten(size);
    auto &parts = duckdb::StructVector::GetEntries(inner);
    for (idx_t index = 0; index < 2; index++) {
      children[index]->Write(*parts[index], size, elements, total);
    }
  }
  void FinishStreams(StripeOutput &stripe) override {
    stripe.Add(LENGTH, id, lengths.Finish());
  }
  size_t StreamsSize() const override {
    return lengths.Size();
  }

private:
  IntegerOutput lengths;
};

std::unique_ptr<ColumnOutput> MakeColumn(const OutputOptions &options, uint64_t &next, const LogicalType &type) {
  const auto id = next++;
  std::unique_ptr<ColumnOutput> made;
  switch (type.id()) {
  case LogicalTypeId::BOOLEAN: return std::make_unique<BooleanOutput>(options, id);
  case LogicalTypeId::TINYINT: return std::make_unique<ByteOutput>(options, id);
  case LogicalTypeId::SMALLINT: return std::make_unique<WholeOutput<int16_t>>(options, id, SHORT);
  case LogicalTypeId::INTEGER: return std::make_unique<WholeOutput<int32_t>>(options, id, INT);
  case LogicalTypeId::BIGINT: return std::make_unique<WholeOutput<int64_t>>(options, id, LONG);
  case LogicalTypeId::DATE: return std::make_unique<WholeOutput<int32_t>>(options, id, DATE);
  case LogicalTypeId::FLOAT: return std::make_unique<RealOutput<float>>(options, id, FLOAT);
  case LogicalTypeId::DOUBLE: return std::make_unique<RealOutput<double>>(options, id, DOUBLE);
  case LogicalTypeId::VARCHAR: return std::make_unique<TextOutput>(options, id, STRING);
  case LogicalTypeId::BLOB: return std::make_unique<TextOutput>(options, id, BINARY);
  case LogicalTypeId::TIMESTAMP: return std::make_unique<TimestampOutput>(options, id);
  case LogicalTypeId::DECIMAL: return std::make_unique<DecimalOutput>(options, id, type);
  case LogicalTypeId::STRUCT:
    made = std::make_unique<StructOutput>(options, id);
    for (auto &field : duckdb::StructType::GetChildTypes(type)) {
      made->names.push_back(field.first);
      made->children.push_back(MakeColumn(options, next, field.second));
    }
    return made;
  case LogicalTypeId::LIST:
    made = std::make_unique<ListOutput>(options, id, LIST);
    made->children.push_back(MakeColumn(options, next, duckdb::ListType::GetChildType(type)));
    return made;
  case LogicalTypeId::MAP:
    made = std::make_unique<ListOutput>(options, id, MAP);
    made->children.push_back(MakeColumn(options, next, duckdb::MapType::KeyType(type)));
    made->children.push_back(MakeColumn(options, next, duckdb::MapType::ValueType(type)));
    return made;
  default: throw duckdb::BinderException("ORC has no type for %s", type.ToString());
  }
}

// The file: its stripes, then what they are.
class FileOutput : public duckdb::GlobalFunctionData {
public:
  FileOutput(
      ClientContext &context, const std::string &path, const OutputOptions &options,
      const duckdb::vector<std::string> &names, const duckdb::vector<LogicalType> &types)
      : options(options) {
    uint64_t next = 1;
    root = std::make_unique<StructOutput>(this->options, 0);
    for (idx_t index = 0; index < types.size(); index++) {
      root->names.push_back(names[index]);
      root->children.push_back(MakeColumn(this->options, next, types[index]));
    }
    handle = duckdb::FileSystem::GetFileSystem(context).OpenFile(
        path, duckdb::FileFlags::FILE_FLAGS_WRITE | duckdb::FileFlags::FILE_FLAGS_FILE_CREATE_NEW);
    Put("ORC");
  }

  void Write(duckdb::DataChunk &chunk) {
    const auto count = chunk.size();
    SelectionVector all(std::max<idx_t>(count, 1));
    for (idx_t row = 0; row < count; row++) {
      all.set_index(row, row);
    }
    for (idx_t index = 0; index < chunk.ColumnCount(); index++) {
      root->children[index]->Write(chunk.data[index], count, all, count);
    }
    stripe_rows += count;
    if (root->Size() >= options.stripe) {
      EndStripe();
    }
  }

  void Close() {
    EndStripe();
    std::string types;
    std::string statistics;
    root->Describe(types, statistics);
    Message footer;
    footer.Number(1, 3).Number(2, offset);
    footer.bytes += stripes + types;
    footer.Number(6, rows);
    footer.bytes += statistics;
    footer.Number(8, 0);
    const auto packed = Packed(footer.bytes);
    Put(packed);
    Message postscript;
    postscript.Number(1, packed.size()).Number(2, static_cast<uint64_t>(options.compression));
    postscript.Number(3, options.block).Numbers(4, {0, options.version}).Number(5, 0).Number(6, WRITER_VERSION);
    postscript.Text(8000, "ORC");
    postscript.bytes.push_back(static_cast<char>(postscript.bytes.size()));
    Put(postscript.bytes);
    handle->Close();
    handle.reset();
  }

private:
  // Of the Java writer: the one since which timestamps of statistics are in UTC; earlier ones are read with care.
  static constexpr uint64_t WRITER_VERSION = 6;

  void Put(const std::string &bytes) {
    handle->Write(const_cast<char *>(bytes.data()), bytes.size());
    offset += bytes.size();
  }

  std::string Packed(const std::string &bytes) const {
    OutputStream stream(options);
    stream.Append(bytes);
    return stream.Finish();
  }

  void EndStripe() {
    if (stripe_rows == 0) {
      return;
    }
    StripeOutput stripe;
    root->Finish(stripe);
    Message footer;
    footer.bytes = stripe.footer;
    for (uint64_t column = 0; column < stripe.columns; column++) {
      footer.Text(2, Message().Number(1, 0).bytes);
    }
    footer.Text(3, "UTC");
    const auto packed = Packed(footer.bytes);
    const auto start = offset;
    Put(stripe.bytes);
    Put(packed);
    Message information;
    information.Number(1, start).Number(2, 0).Number(3, stripe.bytes.size()).Number(4, packed.size());
    stripes += Message().Text(3, information.Number(5, stripe_rows).bytes).bytes;
    rows += stripe_rows;
    stripe_rows = 0;
  }

  const OutputOptions options;
  std::unique_ptr<StructOutput> root;
  duckdb::unique_ptr<duckdb::FileHandle> handle;
  uint64_t offset = 0;
  uint64_t rows = 0;
  uint64_t stripe_rows = 0;
  // Messages of the footer.
  std::string stripes;
};

// MARK: The engine's side

struct BoundOutput : public duckdb::FunctionData {
  OutputOptions options;
  duckdb::vector<std::string> names;
  duckdb::vector<LogicalType> types;

  duckdb::unique_ptr<duckdb::FunctionData> Copy() const override {
    auto copy = duckdb::make_uniq<BoundOutput>();
    copy->options = options;
    copy->names = names;
    copy->types = types;
    return std::move(copy);
  }
  bool Equals(const duckdb::FunctionData &) const override {
    return false;
  }
};

// Blocks have a header of three bytes, of which one bit says whether they are compressed.
constexpr uint64_t BLOCK_BYTES_MAX = (1 << 23) - 1;

uint64_t Size(const std::string &option, const duckdb::Value &value, uint64_t most) {
  auto size = value.DefaultCastAs(LogicalType::UBIGINT).GetValue<uint64_t>();
  if (size < 1 || size > most) {
    throw duckdb::BinderException("%s must be a number from 1 to %llu", option, most);
  }
  return size;
}

duckdb::unique_ptr<duckdb::FunctionData> Bind(
    ClientContext &, duckdb::CopyFunctionBindInput &input, const duckdb::vector<std::string> &names,
    const duckdb::vector<LogicalType> &types) {
  auto bound = duckdb::make_uniq<BoundOutput>();
  bound->names = names;
  bound->types = types;
  for (auto &option : input.info.options) {
    const auto name = duckdb::StringUtil::Lower(option.first);
    if (option.second.size() != 1) {
      throw duckdb::BinderException("%s of ORC needs one value", name);
    }
    auto &value = option.second[0];
    const auto text = duckdb::StringUtil::Lower(value.ToString());
    if (name == "compression" && (text == "snappy" || text == "zlib" || text == "none")) {
      bound->options.compression =
          text == "snappy" ? Compression::SNAPPY : text == "zlib" ? Compression::ZLIB : Compression::NONE;
    } else if (name == "version" && (text == "0.11" || text == "0.12")) {
      bound->options.version = text == "0.11" ? 11 : 12;
    } else if (name == "stripe_bytes") {
      bound->options.stripe = Size(name, value, UINT32_MAX);
    } else if (name == "block_bytes") {
      bound->options.block = Size(name, value, BLOCK_BYTES_MAX);
    } else {
      throw duckdb::BinderException("ORC cannot be written with %s %s", name, text);
    }
  }
  // Types without a counterpart are refused before a file is made.
  uint64_t next = 0;
  for (auto &type : types) {
    MakeColumn(bound->options, next, type);
  }
  return std::move(bound);
}

duckdb::unique_ptr<duckdb::GlobalFunctionData> Begin(
    ClientContext &context, duckdb::FunctionData &data, const std::string &path) {
  auto &bound = data.Cast<BoundOutput>();
  return duckdb::make_uniq<FileOutput>(context, path, bound.options, bound.names, bound.types);
}

duckdb::unique_ptr<duckdb::LocalFunctionData> BeginThread(duckdb::ExecutionContext &, duckdb::FunctionData &) {
  return duckdb::make_uniq<duckdb::LocalFunctionData>();
}

void Sink(
    duckdb::ExecutionContext &, duckdb::FunctionData &, duckdb::GlobalFunctionData &global, duckdb::LocalFunctionData &,
    duckdb::DataChunk &chunk) {
  global.Cast<FileOutput>().Write(chunk);
}

void Combine(
    duckdb::ExecutionContext &, duckdb::FunctionData &, duckdb::GlobalFunctionData &, duckdb::LocalFunctionData &) {
}

void Finish(ClientContext &, duckdb::FunctionData &, duckdb::GlobalFunctionData &global) {
  global.Cast<FileOutput>().Close();
}

} // namespace
} // namespace orc

void RegisterOrcOutput(cduck_database *database) {
  duckdb::CopyFunction function("orc");
  function.copy_to_bind = orc::Bind;
  function.copy_to_initialize_global = orc::Begin;
  function.copy_to_initialize_local = orc::BeginThread;
  function.copy_to_sink = orc::Sink;
  function.copy_to_combine = orc::Combine;
  function.copy_to_finalize = orc::Finish;
  function.extension = "orc";
  duckdb::ExtensionLoader loader(*database->database->instance, "tarn");
  loader.RegisterFunction(std::move(function));
}

} // namespace tarn
