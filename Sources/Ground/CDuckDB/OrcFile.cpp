// ORC files (specification v1): a footer that tells stripes and types, stripes of columns, columns of streams. Only
// the streams of the columns that are wanted are read.
#include "Bridge.hpp"

#include "OrcStreams.hpp"
#include "RecordFile.hpp"

#include <cstring>
#include <map>

namespace tarn {

namespace {

using duckdb::FlatVector;
using duckdb::idx_t;
using duckdb::LogicalType;
using duckdb::Vector;
using orc::Damaged;

// --- messages ---------------------------------------------------------------------------------------------------

// Reads the fields of one protocol buffer.
class Message {
public:
  Message(const char *bytes, size_t count) : at(bytes), end(bytes + count) {
  }
  explicit Message(const std::string &bytes) : Message(bytes.data(), bytes.size()) {
  }

  // Moves to the next field; false at the end.
  bool Next() {
    if (at == end) {
      return false;
    }
    const auto key = Varint();
    field = key >> 3;
    number = 0;
    text = nullptr;
    length = 0;
    switch (key & 7) {
    case 0: number = Varint(); break;
    case 1: Fixed(8); break;
    case 2:
      length = static_cast<size_t>(Varint());
      if (length > static_cast<size_t>(end - at)) {
        Damaged("a message is cut off");
      }
      text = at;
      at += length;
      break;
    case 5: Fixed(4); break;
    default: Damaged("a message is none");
    }
    return true;
  }
  Message Inner() const {
    return text ? Message(text, length) : Message(end, 0);
  }
  std::string Text() const {
    return text ? std::string(text, length) : std::string();
  }
  // The numbers of a repeated field, packed or not.
  void Numbers(std::vector<uint64_t> &into) const {
    if (!text) {
      into.push_back(number);
      return;
    }
    Message inner(text, length);
    while (inner.at != inner.end) {
      into.push_back(inner.Varint());
    }
  }

  uint64_t field = 0;
  uint64_t number = 0;

private:
  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (at == end) {
        Damaged("a message is cut off");
      }
      auto byte = static_cast<unsigned char>(*at++);
      if (shift < 64) {
        value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      }
      if (!(byte & 0x80)) {
        return value;
      }
    }
    Damaged("a number is too long");
  }
  void Fixed(size_t count) {
    if (count > static_cast<size_t>(end - at)) {
      Damaged("a message is cut off");
    }
    at += count;
  }

  const char *at;
  const char *end;
  const char *text = nullptr;
  size_t length = 0;
};

enum Kind : uint64_t {
  BOOLEAN, BYTE, SHORT, INT, LONG, FLOAT, DOUBLE, STRING, BINARY, TIMESTAMP, LIST, MAP, STRUCT, UNION, DECIMAL, DATE,
  VARCHAR, CHAR, INSTANT,
};

struct Type {
  uint64_t kind = STRUCT;
  std::vector<uint64_t> children;
  std::vector<std::string> fields;
  uint64_t precision = 0;
  uint64_t scale = 0;
  LogicalType logical = LogicalType::VARCHAR;
};

struct Stripe {
  uint64_t offset = 0;
  uint64_t indexLength = 0;
  uint64_t dataLength = 0;
  uint64_t footerLength = 0;
  uint64_t rows = 0;
};

enum StreamKind : uint64_t { PRESENT, DATA, LENGTH, DICTIONARY_DATA, DICTIONARY_COUNT, SECONDARY };
enum EncodingKind : uint64_t { DIRECT, DICTIONARY, DIRECT_V2, DICTIONARY_V2 };

// One stripe's streams and encodings.
struct StripeParts {
  RecordBytes &bytes;
  const orc::Compression compression;
  const size_t block;
  std::map<std::pair<uint64_t, uint64_t>, std::pair<uint64_t, uint64_t>> streams;
  std::vector<std::pair<uint64_t, uint64_t>> encodings;
  std::string zone;

  std::unique_ptr<orc::Stream> Find(uint64_t column, StreamKind kind) {
    auto found = streams.find({column, kind});
    if (found == streams.end()) {
      return nullptr;
    }
    return std::make_unique<orc::Stream>(bytes, compression, block, found->second.first, found->second.second);
  }
  std::unique_ptr<orc::Stream> Need(uint64_t column, StreamKind kind) {
    auto stream = Find(column, kind);
    // A stream of no bytes may be left out.
    return stream ? std::move(stream) : std::make_unique<orc::Stream>(bytes, compression, block, 0, 0);
  }
  std::pair<uint64_t, uint64_t> Encoding(uint64_t column) const {
    if (column >= encodings.size()) {
      Damaged("a column has no encoding");
    }
    return encodings[column];
  }
};

// --- columns ----------------------------------------------------------------------------------------------------

// A column of one stripe: its values in order, each read once.
class Column {
public:
  Column(StripeParts &parts, uint64_t id) {
    if (auto stream = parts.Find(id, PRESENT)) {
      present = std::make_unique<orc::BitRuns>(std::move(stream));
    }
  }
  virtual ~Column() = default;

  // Fills rows `start` to `start + count`. Rows that `absent` marks are not in the column: they are NULL.
  void Read(Vector &vector, idx_t start, idx_t count, const std::vector<bool> *absent) {
    std::vector<bool> missing(count);
    bool any = false;
    for (idx_t row = 0; row < count; row++) {
      const bool isMissing = (absent && (*absent)[row]) || (present && !present->Next());
      if (isMissing) {
        missing[row] = true;
        any = true;
        FlatVector::SetNull(vector, start + row, true);
      }
    }
    Values(vector, start, count, missing, any);
  }

protected:
  virtual void Values(
      Vector &vector, idx_t start, idx_t count, const std::vector<bool> &missing, bool any) = 0;

private:
  std::unique_ptr<orc::BitRuns> present;
};

bool IsSecond(const StripeParts &parts, uint64_t id) {
  const auto encoding = parts.Encoding(id).first;
  return encoding == DIRECT_V2 || encoding == DICTIONARY_V2;
}

class BooleanColumn : public Column {
public:
  BooleanColumn(StripeParts &parts, uint64_t id) : Column(parts, id), bits(parts.Need(id, DATA)) {
  }
  void Values(Vector &vector, idx_t start, idx_t count, const std::vector<bool> &missing, bool) override {
    auto data = FlatVector::GetData<bool>(vector);
    for (idx_t row = 0; row < count; row++) {
      if (!missing[row]) {
        data[start + row] = bits.Next();
      }
    }
  }
  orc::BitRuns bits;
};

class ByteColumn : public Column {
public:
  ByteColumn(StripeParts &parts, uint64_t id) : Column(parts, id), bytes(parts.Need(id, DATA)) {
  }
  void Values(Vector &vector, idx_t start, idx_t count, const std::vector<bool> &missing, bool) override {
    auto data = FlatVector::GetData<int8_t>(vector);
    for (idx_t row = 0; row < count; row++) {
      if (!missing[row]) {
        data[start + row] = static_cast<int8_t>(bytes.Next());
      }
    }
  }
  orc::ByteRuns bytes;
};

template <class T>
class IntegerColumn : public Column {
public:
  IntegerColumn(StripeParts &parts, uint64_t id)
      : Column(parts, id), numbers(parts.Need(id, DATA), IsSecond(parts, id), true) {
  }
  void Values(Vector &vector, idx_t start, idx_t count, const std::vector<bool> &missing, bool) override {
    auto data = FlatVector::GetData<T>(vector);
    for (idx_t row = 0; row < count; row++) {
      if (!missing[row]) {
        data[start + row] = static_cast<T>(numbers.Next());
      }
    }
  }
  orc::IntegerRuns numbers;
};

template <class T>
class RealColumn : public Column {
public:
  RealColumn(StripeParts &parts, uint64_t id) : Column(parts, id), stream(parts.Need(id, DATA)) {
  }
  void Values(Vector &vector, idx_t start, idx_t count, const std::vector<bool> &missing, bool any) override {
    auto data = FlatVector::GetData<T>(vector) + start;
    if (!any) {
      stream->Take(reinterpret_cast<char *>(data), count * sizeof(T));
      return;
    }
    for (idx_t row = 0; row < count; row++) {
      if (!missing[row]) {
        stream->Take(reinterpret_cast<char *>(data + row), sizeof(T));
      }
    }
  }
  std::unique_ptr<orc::Stream> stream;
};

// Texts and bytes one behind another, with their lengths in a stream of their own.
class BytesColumn : public Column {
public:
  BytesColumn(StripeParts &parts, uint64_t id)
      : Column(parts, id), stream(parts.Need(id, DATA)), lengths(parts.Need(id, LENGTH), IsSecond(parts, id), false) {
  }
  void Values(Vector &vector, idx_t start, idx_t count, const std::vector<bool> &missing, bool) override {
    for (idx_t row = 0; row < count; row++) {
      if (missing[row]) {
        continue;
      }
      const auto length = lengths.Next();
      if (length < 0 || static_cast<uint64_t>(length) > RECORD_BLOCK_BYTES_MAX) {
        Damaged("a text is too long");
      }
      text.clear();
      while (text.size() < static_cast<size_t>(length)) {
        auto made = text.size();
        text.resize(made + std::min<size_t>(static_cast<size_t>(length) - made, 1 << 20));
        stream->Take(&text[made], text.size() - made);
      }
      SetBytes(vector, start + row, text.data(), text.size());
    }
  }
  std::unique_ptr<orc::Stream> stream;
  orc::IntegerRuns lengths;
  std::string text;
};

class DictionaryColumn : public Column {
public:
  DictionaryColumn(StripeParts &parts, uint64_t id)
      : Column(parts, id), numbers(parts.Need(id, DATA), IsSecond(parts, id), false) {
    if (auto stream = parts.Find(id, DICTIONARY_DATA)) {
      words = stream->Rest();
    }
    const auto size = parts.Encoding(id).second;
    orc::IntegerRuns lengths(parts.Need(id, LENGTH), IsSecond(parts, id), false);
    if (size > RECORD_ELEMENTS_MAX) {
      Damaged("a dictionary is too large");
    }
    starts.push_back(0);
    for (uint64_t index = 0; index < size; index++) {
      const auto length = lengths.Next();
      if (length < 0 || static_cast<uint64_t>(length) > words.size() - starts.back()) {
        Damaged("a dictionary's words are cut off");
      }
      starts.push_back(starts.back() + static_cast<size_t>(length));
    }
  }
  void Values(Vector &vector, idx_t start, idx_t count, const std::vector<bool> &missing, bool) override {
    for (idx_t row = 0; row < count; row++) {
      if (missing[row]) {
        continue;
      }
      const auto number = numbers.Next();
      if (number < 0 || static_cast<uint64_t>(number) + 1 >= starts.size()) {
        Damaged("a word is not in its dictionary");
      }
      const auto index = static_cast<size_t>(number);
      SetBytes(vector, start + row, words.data() + starts[index], starts[index + 1] - starts[index]);
    }
  }
  orc::IntegerRuns numbers;
  std::string words;
  std::vector<size_t> starts;
};

// Seconds since 2015 by the writer's clock, and nanoseconds whose zeros at the end are left out.
class TimestampColumn : public Column {
public:
  TimestampColumn(StripeParts &parts, uint64_t id, bool isInstant)
      : Column(parts, id), seconds(parts.Need(id, DATA), IsSecond(parts, id), true),
        fractions(parts.Need(id, SECONDARY), IsSecond(parts, id), false) {
    static const char *const SAME[] = {"", "UTC", "GMT", "Etc/UTC", "Etc/GMT", "Z", "Zulu", "Universal", "UCT"};
    bool known = isInstant;
    for (auto zone : SAME) {
      known = known || parts.zone == zone;
    }
    if (!known) {
      throw duckdb::NotImplementedException(
          "ORC timestamps written in the time zone %s; those written in UTC can be read", parts.zone);
    }
  }
  void Values(Vector &vector, idx_t start, idx_t count, const std::vector<bool> &missing, bool) override {
    constexpr int64_t BASE = 1420070400;
    auto data = FlatVector::GetData<duckdb::timestamp_t>(vector);
    for (idx_t row = 0; row < count; row++) {
      if (missing[row]) {
        continue;
      }
      auto whole = seconds.Next();
      // The fraction may be negative: some writers count it from zero, not from the second below.
      const auto packed = fractions.Next();
      auto nanoseconds = packed >> 3;
      if (const auto zeros = packed & 7) {
        for (int64_t digit = 0; digit <= zeros && nanoseconds <= 999999999 && nanoseconds >= -999999999; digit++) {
          nanoseconds *= 10;
        }
      }
      if (nanoseconds > 999999999 || nanoseconds < -999999999) {
        Damaged("a fraction of a second is too large");
      }
      // Before 1970 the writers count the second down and the fraction up, and leave one second too many.
      if (__builtin_add_overflow(whole, BASE, &whole)) {
        Damaged("a moment is out of range");
      }
      if (whole < 0 && nanoseconds > 999999) {
        whole -= 1;
      }
      int64_t micros;
      if (__builtin_mul_overflow(whole, INT64_C(1000000), &micros) ||
          __builtin_add_overflow(micros, nanoseconds / 1000, &micros)) {
        Damaged("a moment is out of range");
      }
      data[start + row] = duckdb::timestamp_t(micros);
    }
  }
  orc::IntegerRuns seconds;
  orc::IntegerRuns fractions;
};

class DecimalColumn : public Column {
public:
  DecimalColumn(StripeParts &parts, uint64_t id, uint64_t scale)
      : Column(parts, id), stream(parts.Need(id, DATA)), scales(parts.Need(id, SECONDARY), IsSecond(parts, id), true),
        scale(static_cast<int64_t>(scale)) {
  }
  void Values(Vector &vector, idx_t start, idx_t count, const std::vector<bool> &missing, bool) override {
    for (idx_t row = 0; row < count; row++) {
      if (missing[row]) {
        continue;
      }
      unsigned __int128 raw = 0;
      int shift = 0;
      while (true) {
        const auto byte = stream->Byte();
        if (shift > 126) {
          Damaged("a decimal is out of range");
        }
        raw |= static_cast<unsigned __int128>(byte & 0x7F) << shift;
        shift += 7;
        if (!(byte & 0x80)) {
          break;
        }
      }
      auto value = static_cast<__int128>(raw >> 1) ^ -static_cast<__int128>(raw & 1);
      const auto own = scales.Next();
      if (own < -38 || own > 76) {
        Damaged("a decimal's scale is out of range");
      }
      for (auto digit = own; digit < scale; digit++) {
        if (__builtin_mul_overflow(value, static_cast<__int128>(10), &value)) {
          Damaged("a decimal is out of range");
        }
      }
      for (auto digit = scale; digit < own; digit++) {
        value /= 10;
      }
      SetDecimal(vector, start + row, value);
    }
  }
  std::unique_ptr<orc::Stream> stream;
  orc::IntegerRuns scales;
  const int64_t scale;
};

class StructColumn : public Column {
public:
  StructColumn(StripeParts &parts, uint64_t id, std::vector<std::unique_ptr<Column>> fields)
      : Column(parts, id), fields(std::move(fields)) {
  }
  void Values(Vector &vector, idx_t start, idx_t count, const std::vector<bool> &missing, bool any) override {
    auto &entries = duckdb::StructVector::GetEntries(vector);
    for (size_t index = 0; index < fields.size(); index++) {
      fields[index]->Read(*entries[index], start, count, any ? &missing : nullptr);
    }
    for (size_t index = fields.size(); index < entries.size(); index++) {
      for (idx_t row = 0; row < count; row++) {
        FlatVector::SetNull(*entries[index], start + row, true);
      }
    }
  }
  std::vector<std::unique_ptr<Column>> fields;
};

// A list, or a map, whose elements are keys and values.
class ListColumn : public Column {
public:
  ListColumn(StripeParts &parts, uint64_t id, std::vector<std::unique_ptr<Column>> children)
      : Column(parts, id), lengths(parts.Need(id, LENGTH), IsSecond(parts, id), false), children(std::move(children)) {
  }
  void Values(Vector &vector, idx_t start, idx_t count, const std::vector<bool> &missing, bool) override {
    auto size = duckdb::ListVector::GetListSize(vector);
    const auto first = size;
    auto data = FlatVector::GetData<duckdb::list_entry_t>(vector);
    for (idx_t row = 0; row < count; row++) {
      uint64_t length = 0;
      if (!missing[row]) {
        const auto next = lengths.Next();
        if (next < 0 || static_cast<uint64_t>(next) > RECORD_ELEMENTS_MAX - size) {
          Damaged("a list has too many elements");
        }
        length = static_cast<uint64_t>(next);
      }
      data[start + row] = duckdb::list_entry_t(size, length);
      size += length;
    }
    // Step by step: the elements of a damaged file end before memory does.
    constexpr idx_t STEP = 65536;
    for (auto done = first; done < size; done += std::min(STEP, size - done)) {
      const auto part = std::min(STEP, size - done);
      duckdb::ListVector::Reserve(vector, done + part);
      auto &elements = duckdb::ListVector::GetEntry(vector);
      if (children.size() == 2) {
        auto &entries = duckdb::StructVector::GetEntries(elements);
        children[0]->Read(*entries[0], done, part, nullptr);
        children[1]->Read(*entries[1], done, part, nullptr);
      } else {
        children[0]->Read(elements, done, part, nullptr);
      }
      duckdb::ListVector::SetListSize(vector, done + part);
    }
  }
  orc::IntegerRuns lengths;
  std::vector<std::unique_ptr<Column>> children;
};

// --- the file ---------------------------------------------------------------------------------------------------

class ORCFile : public RecordFile {
public:
  explicit ORCFile(std::unique_ptr<RecordBytes> given) : bytes(std::move(given)) {
    Footer();
    if (all.empty() || all[0].kind != STRUCT) {
      throw duckdb::NotImplementedException("ORC files whose values are no records");
    }
    size_t count = 0;
    Logical(0, 0, count);
    duckdb::case_insensitive_set_t taken;
    for (size_t index = 0; index < all[0].children.size(); index++) {
      auto name = index < all[0].fields.size() ? all[0].fields[index] : "_col" + std::to_string(index);
      while (!taken.insert(name).second) {
        name += "_";
      }
      names.push_back(name);
      types.push_back(all[all[0].children[index]].logical);
    }
  }

  void Choose(const duckdb::vector<idx_t> &columns) override {
    chosen = columns;
  }

  idx_t Read(duckdb::DataChunk &chunk) override {
    while (left == 0) {
      if (next == stripes.size()) {
        return 0;
      }
      Open(stripes[next++]);
    }
    const auto rows = std::min<uint64_t>(left, STANDARD_VECTOR_SIZE);
    for (size_t index = 0; index < columns.size(); index++) {
      columns[index]->Read(chunk.data[index], 0, rows, nullptr);
    }
    left -= rows;
    return rows;
  }

private:
  static constexpr size_t TAIL = 16 << 10;
  static constexpr size_t FOOTER_MAX = 64 << 20;

  std::string Range(uint64_t offset, uint64_t length) {
    if (length > FOOTER_MAX) {
      Damaged("its footer is too large");
    }
    std::string text(static_cast<size_t>(length), '\0');
    bytes->Read(offset, &text[0], text.size());
    return text;
  }
  std::string Section(uint64_t offset, uint64_t length) {
    return orc::Stream(*bytes, compression, block, offset, length).Rest();
  }

  void Footer() {
    if (bytes->size < 4) {
      throw duckdb::IOException("%s is no ORC file", bytes->path);
    }
    const auto tailLength = std::min<uint64_t>(bytes->size, TAIL);
    const auto tail = Range(bytes->size - tailLength, tailLength);
    const size_t length = static_cast<unsigned char>(tail.back());
    if (length + 1 > tail.size()) {
      throw duckdb::IOException("%s is no ORC file", bytes->path);
    }
    const auto script = tail.substr(tail.size() - 1 - length, length);
    uint64_t footer = 0;
    uint64_t kind = 0;
    uint64_t blockSize = 256 << 10;
    bool isORC = false;
    try {
      Message message(script);
      while (message.Next()) {
        switch (message.field) {
        case 1: footer = message.number; break;
        case 2: kind = message.number; break;
        case 3: blockSize = message.number; break;
        case 8000: isORC = message.Text() == "ORC"; break;
        default: break;
        }
      }
    } catch (const duckdb::IOException &) {
      isORC = false;
    }
    if (!isORC) {
      throw duckdb::IOException("%s is no ORC file", bytes->path);
    }
    if (kind > 5) {
      throw duckdb::NotImplementedException("ORC's compression %d", static_cast<int>(kind));
    }
    compression = static_cast<orc::Compression>(kind);
    // A chunk's length has 23 bits.
    if (blockSize == 0 || blockSize > (8 << 20)) {
      Damaged("its blocks are too large");
    }
    block = static_cast<size_t>(blockSize);
    const auto ending = length + 1;
    if (footer > bytes->size - ending) {
      Damaged("its footer is cut off");
    }
    const auto text = Section(bytes->size - ending - footer, footer);
    Message message(text);
    while (message.Next()) {
      switch (message.field) {
      case 3: {
        Stripe stripe;
        auto inner = message.Inner();
        while (inner.Next()) {
          switch (inner.field) {
          case 1: stripe.offset = inner.number; break;
          case 2: stripe.indexLength = inner.number; break;
          case 3: stripe.dataLength = inner.number; break;
          case 4: stripe.footerLength = inner.number; break;
          case 5: stripe.rows = inner.number; break;
          default: break;
          }
        }
        stripes.push_back(stripe);
        break;
      }
      case 4: {
        Type type;
        auto inner = message.Inner();
        while (inner.Next()) {
          switch (inner.field) {
          case 1: type.kind = inner.number; break;
          case 2: inner.Numbers(type.children); break;
          case 3: type.fields.push_back(inner.Text()); break;
          case 5: type.precision = inner.number; break;
          case 6: type.scale = inner.number; break;
          default: break;
          }
        }
        if (all.size() >= RECORD_FIELDS_MAX) {
          Damaged("it has too many columns");
        }
        all.push_back(std::move(type));
        break;
      }
      case 10: throw duckdb::NotImplementedException("encrypted ORC files");
      default: break;
      }
    }
  }

  // Works out the engine's type of one of the file's types, and of those within it.
  const LogicalType &Logical(uint64_t id, int depth, size_t &count) {
    if (id >= all.size() || depth > RECORD_DEPTH_MAX || ++count > RECORD_FIELDS_MAX) {
      Damaged("its types are none");
    }
    auto &type = all[id];
    for (auto child : type.children) {
      // Types stand before those within them: so no type holds itself.
      if (child <= id) {
        Damaged("its types are none");
      }
      Logical(child, depth + 1, count);
    }
    auto need = [&](size_t children) {
      if (type.children.size() != children) {
        Damaged("its types are none");
      }
    };
    switch (type.kind) {
    case BOOLEAN: type.logical = LogicalType::BOOLEAN; break;
    case BYTE: type.logical = LogicalType::TINYINT; break;
    case SHORT: type.logical = LogicalType::SMALLINT; break;
    case INT: type.logical = LogicalType::INTEGER; break;
    case LONG: type.logical = LogicalType::BIGINT; break;
    case FLOAT: type.logical = LogicalType::FLOAT; break;
    case DOUBLE: type.logical = LogicalType::DOUBLE; break;
    case STRING:
    case VARCHAR:
    case CHAR: type.logical = LogicalType::VARCHAR; break;
    case BINARY: type.logical = LogicalType::BLOB; break;
    case TIMESTAMP: type.logical = LogicalType::TIMESTAMP; break;
    case INSTANT: type.logical = LogicalType::TIMESTAMP_TZ; break;
    case DATE: type.logical = LogicalType::DATE; break;
    case DECIMAL:
      if (type.precision == 0) {
        // Files of old writers do not say it.
        type.precision = 38;
        type.scale = 18;
      }
      if (type.precision > 38 || type.scale > type.precision) {
        Damaged("a decimal is too wide");
      }
      type.logical = LogicalType::DECIMAL(static_cast<uint8_t>(type.precision), static_cast<uint8_t>(type.scale));
      break;
    case LIST:
      need(1);
      type.logical = LogicalType::LIST(all[type.children[0]].logical);
      break;
    case MAP:
      need(2);
      type.logical = LogicalType::MAP(all[type.children[0]].logical, all[type.children[1]].logical);
      break;
    case STRUCT: {
      duckdb::child_list_t<LogicalType> fields;
      duckdb::case_insensitive_set_t taken;
      for (size_t index = 0; index < type.children.size(); index++) {
        auto name = index < type.fields.size() ? type.fields[index] : "_col" + std::to_string(index);
        while (!taken.insert(name).second) {
          name += "_";
        }
        fields.emplace_back(name, all[type.children[index]].logical);
      }
      if (fields.empty()) {
        fields.emplace_back("$none", LogicalType::BOOLEAN);
      }
      type.logical = LogicalType::STRUCT(std::move(fields));
      break;
    }
    default: type.logical = LogicalType::VARCHAR;
    }
    return type.logical;
  }

  void Open(const Stripe &stripe) {
    columns.clear();
    left = stripe.rows;
    if (chosen.empty()) {
      return;
    }
    uint64_t end;
    if (__builtin_add_overflow(stripe.offset, stripe.indexLength, &end) ||
        __builtin_add_overflow(end, stripe.dataLength, &end) || end > bytes->size ||
        stripe.footerLength > bytes->size - end) {
      Damaged("a stripe is cut off");
    }
    parts.reset(new StripeParts {*bytes, compression, block, {}, {}, ""});
    const auto text = Section(end, stripe.footerLength);
    Message message(text);
    auto offset = stripe.offset;
    while (message.Next()) {
      switch (message.field) {
      case 1: {
        uint64_t kind = 0;
        uint64_t column = 0;
        uint64_t length = 0;
        auto inner = message.Inner();
        while (inner.Next()) {
          switch (inner.field) {
          case 1: kind = inner.number; break;
          case 2: column = inner.number; break;
          case 3: length = inner.number; break;
          default: break;
          }
        }
        if (length > end - offset) {
          Damaged("a stream is cut off");
        }
        parts->streams[{column, kind}] = {offset, length};
        offset += length;
        break;
      }
      case 2: {
        std::pair<uint64_t, uint64_t> encoding {DIRECT, 0};
        auto inner = message.Inner();
        while (inner.Next()) {
          switch (inner.field) {
          case 1: encoding.first = inner.number; break;
          case 2: encoding.second = inner.number; break;
          default: break;
          }
        }
        parts->encodings.push_back(encoding);
        break;
      }
      case 3: parts->zone = message.Text(); break;
      default: break;
      }
    }
    for (auto index : chosen) {
      columns.push_back(Make(all[0].children[index]));
    }
  }

  std::unique_ptr<Column> Make(uint64_t id) {
    const auto &type = all[id];
    switch (type.kind) {
    case BOOLEAN: return std::make_unique<BooleanColumn>(*parts, id);
    case BYTE: return std::make_unique<ByteColumn>(*parts, id);
    case SHORT: return std::make_unique<IntegerColumn<int16_t>>(*parts, id);
    // A date is a number of days, laid out as one.
    case DATE:
    case INT: return std::make_unique<IntegerColumn<int32_t>>(*parts, id);
    case LONG: return std::make_unique<IntegerColumn<int64_t>>(*parts, id);
    case FLOAT: return std::make_unique<RealColumn<float>>(*parts, id);
    case DOUBLE: return std::make_unique<RealColumn<double>>(*parts, id);
    case STRING:
    case VARCHAR:
    case CHAR: {
      const auto encoding = parts->Encoding(id).first;
      if (encoding == DICTIONARY || encoding == DICTIONARY_V2) {
        return std::make_unique<DictionaryColumn>(*parts, id);
      }
      return std::make_unique<BytesColumn>(*parts, id);
    }
    case BINARY: return std::make_unique<BytesColumn>(*parts, id);
    case TIMESTAMP:
    case INSTANT: return std::make_unique<TimestampColumn>(*parts, id, type.kind == INSTANT);
    case DECIMAL: return std::make_unique<DecimalColumn>(*parts, id, type.scale);
    case LIST:
    case MAP:
    case STRUCT: {
      std::vector<std::unique_ptr<Column>> children;
      for (auto child : type.children) {
        children.push_back(Make(child));
      }
      if (type.kind == STRUCT) {
        return std::make_unique<StructColumn>(*parts, id, std::move(children));
      }
      return std::make_unique<ListColumn>(*parts, id, std::move(children));
    }
    default: throw duckdb::NotImplementedException("ORC's type number %d", static_cast<int>(type.kind));
    }
  }

  std::unique_ptr<RecordBytes> bytes;
  orc::Compression compression = orc::Compression::NONE;
  size_t block = 0;
  std::vector<Stripe> stripes;
  std::vector<Type> all;
  duckdb::vector<idx_t> chosen;

  std::unique_ptr<StripeParts> parts;
  std::vector<std::unique_ptr<Column>> columns;
  size_t next = 0;
  uint64_t left = 0;
};

} // namespace

std::unique_ptr<RecordFile> OpenORC(std::unique_ptr<RecordBytes> bytes) {
  return std::make_unique<ORCFile>(std::move(bytes));
}

} // namespace tarn
