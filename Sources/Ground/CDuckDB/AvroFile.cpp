// Avro's object container files (specification 1.11): records of a schema in blocks, each decompressed as a whole.
#include "Bridge.hpp"

#include "Decompression.hpp"
#include "RecordFile.hpp"

#include "duckdb/common/types/date.hpp"
#include "duckdb/common/types/time.hpp"
#include "duckdb/common/types/timestamp.hpp"

#include <zlib.h>

#include <cstring>
#include <map>

namespace tarn {

namespace {

using duckdb::FlatVector;
using duckdb::idx_t;
using duckdb::LogicalType;
using duckdb::Vector;

[[noreturn]] void Damaged(const char *what) {
  throw duckdb::IOException("the Avro file is damaged: %s", what);
}

// --- a schema's JSON --------------------------------------------------------------------------------------------

struct JSON {
  enum Kind { NOTHING, TRUTH, NUMBER, TEXT, LIST, OBJECT };
  Kind kind = NOTHING;
  bool truth = false;
  std::string text;
  std::vector<JSON> items;
  // An object's values are its items.
  std::vector<std::string> keys;

  const JSON *Member(const char *key) const {
    for (size_t index = 0; index < keys.size(); index++) {
      if (keys[index] == key) {
        return &items[index];
      }
    }
    return nullptr;
  }
  std::string Text(const char *key) const {
    auto member = Member(key);
    return member && member->kind == TEXT ? member->text : std::string();
  }
  int64_t Number(const char *key, int64_t otherwise) const {
    auto member = Member(key);
    return member && member->kind == NUMBER ? std::strtoll(member->text.c_str(), nullptr, 10) : otherwise;
  }
};

class JSONReader {
public:
  explicit JSONReader(const std::string &text) : at(text.data()), end(text.data() + text.size()) {
  }
  JSON Value(int depth = 0) {
    if (depth > 2 * RECORD_DEPTH_MAX) {
      Damaged("its schema is nested too deep");
    }
    JSON value;
    switch (Peek()) {
    case '"':
      value.kind = JSON::TEXT;
      value.text = Text();
      break;
    case '{':
      value.kind = JSON::OBJECT;
      at++;
      if (Peek() == '}') {
        at++;
        break;
      }
      do {
        if (Peek() != '"') {
          Damaged("its schema is no JSON");
        }
        value.keys.push_back(Text());
        Expect(':');
        value.items.push_back(Value(depth + 1));
      } while (Comma('}'));
      break;
    case '[':
      value.kind = JSON::LIST;
      at++;
      if (Peek() == ']') {
        at++;
        break;
      }
      do {
        value.items.push_back(Value(depth + 1));
      } while (Comma(']'));
      break;
    default:
      while (at < end && !std::strchr(",]} \t\r\n", *at)) {
        value.text.push_back(*at++);
      }
      if (value.text.empty()) {
        Damaged("its schema is no JSON");
      }
      value.kind = value.text == "null" ? JSON::NOTHING
                   : value.text == "true" || value.text == "false" ? JSON::TRUTH
                                                                   : JSON::NUMBER;
      value.truth = value.text == "true";
    }
    return value;
  }

private:
  char Peek() {
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n')) {
      at++;
    }
    if (at == end) {
      Damaged("its schema is no JSON");
    }
    return *at;
  }
  void Expect(char wanted) {
    if (Peek() != wanted) {
      Damaged("its schema is no JSON");
    }
    at++;
  }
  bool Comma(char close) {
    auto next = Peek();
    at++;
    if (next == close) {
      return false;
    }
    if (next != ',') {
      Damaged("its schema is no JSON");
    }
    return true;
  }
  std::string Text() {
    std::string text;
    at++;
    while (true) {
      if (at == end) {
        Damaged("its schema is no JSON");
      }
      auto letter = *at++;
      if (letter == '"') {
        return text;
      }
      if (letter == '\\' && at < end) {
        letter = *at++;
        switch (letter) {
        case 'n':
          letter = '\n';
          break;
        case 't':
          letter = '\t';
          break;
        case 'u':
          // Names are ASCII; what is escaped stands in documentation.
          at += std::min<ptrdiff_t>(4, end - at);
          letter = '?';
          break;
        default:
          break;
        }
      }
      text.push_back(letter);
    }
  }

  const char *at;
  const char *const end;
};

// --- types ------------------------------------------------------------------------------------------------------

struct Node {
  enum Kind { NOTHING, BOOLEAN, INT, LONG, FLOAT, DOUBLE, BYTES, STRING, FIXED, ENUM, ARRAY, MAP, RECORD, UNION };
  Kind kind = NOTHING;
  LogicalType type = LogicalType::VARCHAR;
  // Units of a moment or a time of day to a microsecond (of milliseconds 1000), or what divides nanoseconds.
  int64_t times = 1;
  int64_t divisor = 1;
  size_t length = 0;
  std::vector<std::string> symbols;
  std::vector<std::unique_ptr<Node>> children;
  // Of a union that is one type or null: the type's number.
  int only = -1;
};

class SchemaReader {
public:
  std::unique_ptr<Node> Read(const JSON &schema, const std::string &space, int depth = 0) {
    if (depth > RECORD_DEPTH_MAX) {
      throw duckdb::NotImplementedException("Avro schemas that are nested deeper than %d", RECORD_DEPTH_MAX);
    }
    if (++count > RECORD_FIELDS_MAX) {
      throw duckdb::NotImplementedException("Avro schemas of more than %d types", static_cast<int>(RECORD_FIELDS_MAX));
    }
    switch (schema.kind) {
    case JSON::TEXT: return Named(schema.text, schema, space, depth);
    case JSON::LIST: return Union(schema, space, depth);
    case JSON::OBJECT: break;
    default: Damaged("its schema is none");
    }
    auto type = schema.Member("type");
    if (!type) {
      Damaged("its schema is none");
    }
    if (type->kind != JSON::TEXT) {
      return Read(*type, space, depth + 1);
    }
    return Named(type->text, schema, space, depth);
  }

private:
  std::unique_ptr<Node> Named(const std::string &type, const JSON &schema, const std::string &space, int depth) {
    auto node = std::make_unique<Node>();
    auto logical = schema.kind == JSON::OBJECT ? schema.Text("logicalType") : std::string();
    auto set = [&](Node::Kind kind, LogicalType type) {
      node->kind = kind;
      node->type = std::move(type);
    };
    if (type == "null") {
      set(Node::NOTHING, LogicalType::VARCHAR);
    } else if (type == "boolean") {
      set(Node::BOOLEAN, LogicalType::BOOLEAN);
    } else if (type == "int") {
      set(Node::INT, logical == "date"          ? LogicalType::DATE
                     : logical == "time-millis" ? LogicalType::TIME
                                                : LogicalType::INTEGER);
      node->times = logical == "time-millis" ? 1000 : 1;
    } else if (type == "long") {
      auto local = logical.rfind("local-timestamp", 0) == 0 || logical.rfind("timestamp", 0) == 0;
      set(Node::LONG, local                      ? LogicalType::TIMESTAMP
                      : logical == "time-micros" ? LogicalType::TIME
                                                 : LogicalType::BIGINT);
      auto ends = [&](const char *end) {
        auto length = std::strlen(end);
        return logical.size() >= length && logical.compare(logical.size() - length, length, end) == 0;
      };
      node->times = local && ends("millis") ? 1000 : 1;
      node->divisor = local && ends("nanos") ? 1000 : 1;
    } else if (type == "float") {
      set(Node::FLOAT, LogicalType::FLOAT);
    } else if (type == "double") {
      set(Node::DOUBLE, LogicalType::DOUBLE);
    } else if (type == "string") {
      set(Node::STRING, LogicalType::VARCHAR);
    } else if (type == "bytes" || type == "fixed") {
      set(type == "bytes" ? Node::BYTES : Node::FIXED, LogicalType::BLOB);
      if (type == "fixed") {
        auto size = schema.Number("size", -1);
        if (size < 0 || size > static_cast<int64_t>(RECORD_BLOCK_BYTES_MAX)) {
          Damaged("a fixed type has no size");
        }
        node->length = static_cast<size_t>(size);
      }
      auto precision = schema.kind == JSON::OBJECT ? schema.Number("precision", 0) : 0;
      auto scale = schema.kind == JSON::OBJECT ? schema.Number("scale", 0) : 0;
      if (logical == "decimal" && precision > 0 && precision <= 38 && scale >= 0 && scale <= precision) {
        node->type = LogicalType::DECIMAL(static_cast<uint8_t>(precision), static_cast<uint8_t>(scale));
      }
      Remember(schema, space, type == "fixed");
    } else if (type == "enum") {
      set(Node::ENUM, LogicalType::VARCHAR);
      if (auto symbols = schema.Member("symbols")) {
        for (auto &symbol : symbols->items) {
          node->symbols.push_back(symbol.text);
        }
      }
      Remember(schema, space, true);
    } else if (type == "array" || type == "map") {
      auto items = schema.Member(type == "array" ? "items" : "values");
      if (!items) {
        Damaged("an array or map has no items");
      }
      node->children.push_back(Read(*items, space, depth + 1));
      auto &item = node->children[0]->type;
      if (type == "array") {
        set(Node::ARRAY, LogicalType::LIST(item));
      } else {
        set(Node::MAP, LogicalType::MAP(LogicalType::VARCHAR, item));
      }
    } else if (type == "record" || type == "error") {
      Record(*node, schema, space, depth);
    } else {
      return Reference(type, space, depth);
    }
    return node;
  }

  void Record(Node &node, const JSON &schema, const std::string &space, int depth) {
    auto inner = Remember(schema, space, true);
    node.kind = Node::RECORD;
    duckdb::child_list_t<LogicalType> fields;
    duckdb::case_insensitive_set_t taken;
    auto list = schema.Member("fields");
    if (!list || list->kind != JSON::LIST) {
      Damaged("a record has no fields");
    }
    for (auto &field : list->items) {
      auto type = field.Member("type");
      if (!type) {
        Damaged("a field has no type");
      }
      // A field's own attributes may carry the logical type of a plain one.
      node.children.push_back(Read(*type, inner, depth + 1));
      auto name = field.Text("name");
      while (!taken.insert(name).second) {
        name += "_";
      }
      fields.emplace_back(name, node.children.back()->type);
    }
    if (fields.empty()) {
      // The engine has no records without fields.
      fields.emplace_back("$none", LogicalType::BOOLEAN);
    }
    node.type = LogicalType::STRUCT(std::move(fields));
  }

  std::unique_ptr<Node> Union(const JSON &schema, const std::string &space, int depth) {
    auto node = std::make_unique<Node>();
    node->kind = Node::UNION;
    std::vector<size_t> real;
    for (auto &item : schema.items) {
      node->children.push_back(Read(item, space, depth + 1));
      if (node->children.back()->kind != Node::NOTHING) {
        real.push_back(node->children.size() - 1);
      }
    }
    if (real.empty()) {
      node->type = LogicalType::VARCHAR;
      return node;
    }
    if (real.size() == 1) {
      node->only = static_cast<int>(real[0]);
      node->type = node->children[real[0]]->type;
      return node;
    }
    // As Trino gives them: which one it is, and a field for each.
    duckdb::child_list_t<LogicalType> fields;
    fields.emplace_back("tag", LogicalType::TINYINT);
    for (size_t index = 0; index < real.size(); index++) {
      fields.emplace_back("field" + std::to_string(index), node->children[real[index]]->type);
    }
    node->type = LogicalType::STRUCT(std::move(fields));
    return node;
  }

  // Keeps a type's schema under its full name, for those that name it; gives the namespace of what it holds.
  std::string Remember(const JSON &schema, const std::string &space, bool isNamed) {
    auto name = schema.kind == JSON::OBJECT ? schema.Text("name") : std::string();
    if (!isNamed || name.empty()) {
      return space;
    }
    auto own = schema.Text("namespace");
    auto dot = name.rfind('.');
    auto inner = dot != std::string::npos ? name.substr(0, dot) : own.empty() ? space : own;
    auto simple = dot != std::string::npos ? name.substr(dot + 1) : name;
    known[inner.empty() ? simple : inner + "." + simple] = {&schema, space};
    return inner;
  }

  std::unique_ptr<Node> Reference(const std::string &name, const std::string &space, int depth) {
    auto found = known.find(space.empty() || name.find('.') != std::string::npos ? name : space + "." + name);
    if (found == known.end()) {
      found = known.find(name);
    }
    if (found == known.end()) {
      Damaged("its schema names a type that it does not define");
    }
    return Read(*found->second.first, found->second.second, depth + 1);
  }

  std::map<std::string, std::pair<const JSON *, std::string>> known;
  size_t count = 0;
};

// --- values -----------------------------------------------------------------------------------------------------

class Cursor {
public:
  Cursor(const char *bytes, size_t count) : at(bytes), end(bytes + count) {
  }
  bool AtEnd() const {
    return at == end;
  }
  size_t Left() const {
    return static_cast<size_t>(end - at);
  }
  const char *Bytes(size_t count) {
    if (count > Left()) {
      Damaged("a value ends too early");
    }
    auto start = at;
    at += count;
    return start;
  }
  int64_t Long() {
    uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      auto byte = static_cast<unsigned char>(*Bytes(1));
      if (shift < 64) {
        value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      }
      if (!(byte & 0x80)) {
        return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
      }
    }
    Damaged("a number is too long");
  }
  size_t Length() {
    auto length = Long();
    if (length < 0 || static_cast<uint64_t>(length) > Left()) {
      Damaged("a length is larger than its block");
    }
    return static_cast<size_t>(length);
  }
  template <class T>
  T Plain() {
    T value;
    std::memcpy(&value, Bytes(sizeof(T)), sizeof(T));
    return value;
  }
  // The number of a block's items; a negative one comes with the block's bytes.
  uint64_t Items() {
    auto count = Long();
    if (count < 0) {
      Long();
      if (count == INT64_MIN) {
        Damaged("a block has too many items");
      }
      count = -count;
    }
    return static_cast<uint64_t>(count);
  }

private:
  const char *at;
  const char *const end;
};

void Skip(const Node &node, Cursor &cursor, uint64_t &items) {
  switch (node.kind) {
  case Node::NOTHING: break;
  case Node::BOOLEAN: cursor.Bytes(1); break;
  case Node::INT:
  case Node::LONG:
  case Node::ENUM: cursor.Long(); break;
  case Node::FLOAT: cursor.Bytes(4); break;
  case Node::DOUBLE: cursor.Bytes(8); break;
  case Node::BYTES:
  case Node::STRING: cursor.Bytes(cursor.Length()); break;
  case Node::FIXED: cursor.Bytes(node.length); break;
  case Node::ARRAY:
  case Node::MAP:
    while (auto count = cursor.Items()) {
      for (uint64_t index = 0; index < count; index++) {
        if (++items > RECORD_ELEMENTS_MAX) {
          Damaged("a list has too many items");
        }
        if (node.kind == Node::MAP) {
          cursor.Bytes(cursor.Length());
        }
        Skip(*node.children[0], cursor, items);
      }
    }
    break;
  case Node::RECORD:
    for (auto &child : node.children) {
      Skip(*child, cursor, items);
    }
    break;
  case Node::UNION: {
    auto which = cursor.Long();
    if (which < 0 || static_cast<size_t>(which) >= node.children.size()) {
      Damaged("a union has no such type");
    }
    Skip(*node.children[static_cast<size_t>(which)], cursor, items);
  }
  }
}

void SetMoment(const Node &node, Vector &vector, idx_t row, int64_t value) {
  int64_t micros;
  if (__builtin_mul_overflow(value, node.times, &micros)) {
    Damaged("a moment is out of range");
  }
  if (node.divisor > 1) {
    micros = micros / node.divisor - (micros % node.divisor < 0 ? 1 : 0);
  }
  if (node.type.id() == duckdb::LogicalTypeId::TIME) {
    if (micros < 0 || micros > INT64_C(86400000000)) {
      Damaged("a time of day is out of range");
    }
    FlatVector::GetData<duckdb::dtime_t>(vector)[row] = duckdb::dtime_t(micros);
  } else {
    FlatVector::GetData<duckdb::timestamp_t>(vector)[row] = duckdb::timestamp_t(micros);
  }
}

void SetNumberBytes(Vector &vector, idx_t row, const char *bytes, size_t count) {
  // Two's complement, the highest byte first.
  __int128 value = count > 0 && (bytes[0] & 0x80) ? -1 : 0;
  for (size_t index = 0; index < count; index++) {
    auto byte = static_cast<unsigned char>(bytes[index]);
    if (count - index > 16 && byte != (value < 0 ? 0xFF : 0x00)) {
      Damaged("a decimal is out of range");
    }
    value = static_cast<__int128>(static_cast<unsigned __int128>(value) << 8 | byte);
  }
  SetDecimal(vector, row, value);
}

void Decode(const Node &node, Cursor &cursor, Vector &vector, idx_t row) {
  switch (node.kind) {
  case Node::NOTHING: FlatVector::SetNull(vector, row, true); break;
  case Node::BOOLEAN: FlatVector::GetData<bool>(vector)[row] = *cursor.Bytes(1) != 0; break;
  case Node::INT: {
    auto value = cursor.Long();
    if (value < INT32_MIN || value > INT32_MAX) {
      Damaged("an int is out of range");
    }
    if (node.type.id() == duckdb::LogicalTypeId::TIME) {
      SetMoment(node, vector, row, value);
    } else {
      // A date is a number of days, laid out as one.
      FlatVector::GetData<int32_t>(vector)[row] = static_cast<int32_t>(value);
    }
    break;
  }
  case Node::LONG: {
    auto value = cursor.Long();
    if (node.type.id() == duckdb::LogicalTypeId::BIGINT) {
      FlatVector::GetData<int64_t>(vector)[row] = value;
    } else {
      SetMoment(node, vector, row, value);
    }
    break;
  }
  case Node::FLOAT: FlatVector::GetData<float>(vector)[row] = cursor.Plain<float>(); break;
  case Node::DOUBLE: FlatVector::GetData<double>(vector)[row] = cursor.Plain<double>(); break;
  case Node::BYTES:
  case Node::STRING:
  case Node::FIXED: {
    auto count = node.kind == Node::FIXED ? node.length : cursor.Length();
    auto bytes = cursor.Bytes(count);
    if (node.type.id() == duckdb::LogicalTypeId::DECIMAL) {
      SetNumberBytes(vector, row, bytes, count);
    } else {
      SetBytes(vector, row, bytes, count);
    }
    break;
  }
  case Node::ENUM: {
    auto which = cursor.Long();
    if (which < 0 || static_cast<size_t>(which) >= node.symbols.size()) {
      Damaged("an enum has no such symbol");
    }
    auto &symbol = node.symbols[static_cast<size_t>(which)];
    SetBytes(vector, row, symbol.data(), symbol.size());
    break;
  }
  case Node::ARRAY:
  case Node::MAP: {
    const auto start = duckdb::ListVector::GetListSize(vector);
    auto size = start;
    while (auto count = cursor.Items()) {
      for (uint64_t index = 0; index < count; index++) {
        if (size >= RECORD_ELEMENTS_MAX) {
          Damaged("a list has too many items");
        }
        duckdb::ListVector::Reserve(vector, size + 1);
        duckdb::ListVector::SetListSize(vector, size + 1);
        auto &child = duckdb::ListVector::GetEntry(vector);
        if (node.kind == Node::MAP) {
          auto &fields = duckdb::StructVector::GetEntries(child);
          auto length = cursor.Length();
          SetBytes(*fields[0], size, cursor.Bytes(length), length);
          Decode(*node.children[0], cursor, *fields[1], size);
        } else {
          Decode(*node.children[0], cursor, child, size);
        }
        size++;
      }
    }
    FlatVector::GetData<duckdb::list_entry_t>(vector)[row] = duckdb::list_entry_t(start, size - start);
    break;
  }
  case Node::RECORD: {
    auto &fields = duckdb::StructVector::GetEntries(vector);
    for (size_t index = 0; index < node.children.size(); index++) {
      Decode(*node.children[index], cursor, *fields[index], row);
    }
    if (node.children.empty()) {
      FlatVector::SetNull(*fields[0], row, true);
    }
    break;
  }
  case Node::UNION: {
    auto which = cursor.Long();
    if (which < 0 || static_cast<size_t>(which) >= node.children.size()) {
      Damaged("a union has no such type");
    }
    auto &chosen = *node.children[static_cast<size_t>(which)];
    if (chosen.kind == Node::NOTHING) {
      FlatVector::SetNull(vector, row, true);
    } else if (node.only >= 0) {
      Decode(chosen, cursor, vector, row);
    } else {
      auto &fields = duckdb::StructVector::GetEntries(vector);
      size_t field = 0;
      for (size_t index = 0; index < node.children.size(); index++) {
        if (node.children[index]->kind == Node::NOTHING) {
          continue;
        }
        if (index == static_cast<size_t>(which)) {
          FlatVector::GetData<int8_t>(*fields[0])[row] = static_cast<int8_t>(field);
          Decode(chosen, cursor, *fields[field + 1], row);
        } else {
          FlatVector::SetNull(*fields[field + 1], row, true);
        }
        field++;
      }
    }
  }
  }
}

// --- the file ---------------------------------------------------------------------------------------------------

class AvroFile : public RecordFile {
public:
  explicit AvroFile(std::unique_ptr<RecordBytes> given) : bytes(std::move(given)) {
    char magic[4];
    Take(magic, sizeof(magic));
    if (std::memcmp(magic, "Obj\x01", sizeof(magic)) != 0) {
      throw duckdb::IOException("%s is no Avro file", bytes->path);
    }
    std::string schema;
    while (auto count = Long()) {
      if (count < 0) {
        Long();
        if (count < -HEADER_ENTRIES_MAX) {
          Damaged("its header has too many entries");
        }
        count = -count;
      }
      if (count > HEADER_ENTRIES_MAX) {
        Damaged("its header has too many entries");
      }
      for (int64_t index = 0; index < count; index++) {
        auto key = Text();
        auto value = Text();
        if (key == "avro.schema") {
          schema = value;
        } else if (key == "avro.codec") {
          codec = value;
        }
      }
    }
    Take(sync, sizeof(sync));
    if (!codec.empty() && codec != "null" && codec != "deflate" && codec != "snappy" && codec != "zstandard" &&
        codec != "bzip2") {
      throw duckdb::NotImplementedException("Avro files that are compressed with %s", codec);
    }
    auto json = JSONReader(schema).Value();
    SchemaReader reader;
    root = reader.Read(json, "");
    if (root->kind == Node::RECORD && !root->children.empty()) {
      for (auto &field : duckdb::StructType::GetChildTypes(root->type)) {
        names.push_back(field.first);
        types.push_back(field.second);
      }
    } else {
      throw duckdb::NotImplementedException("Avro files whose values are no records");
    }
  }

  void Choose(const duckdb::vector<idx_t> &columns) override {
    targets.assign(root->children.size(), {});
    for (idx_t index = 0; index < columns.size(); index++) {
      targets[columns[index]].push_back(index);
    }
  }

  idx_t Read(duckdb::DataChunk &chunk) override {
    idx_t rows = 0;
    while (rows < STANDARD_VECTOR_SIZE) {
      if (left == 0 && !NextBlock()) {
        break;
      }
      uint64_t skipped = 0;
      for (size_t index = 0; index < root->children.size(); index++) {
        auto &field = *root->children[index];
        auto &wanted = targets[index];
        if (wanted.empty()) {
          Skip(field, *cursor, skipped);
          continue;
        }
        for (size_t copy = 0; copy < wanted.size(); copy++) {
          auto again = *cursor;
          Decode(field, copy + 1 < wanted.size() ? again : *cursor, chunk.data[wanted[copy]], rows);
        }
      }
      left--;
      rows++;
    }
    return rows;
  }

private:
  static constexpr int64_t HEADER_ENTRIES_MAX = 10000;
  static constexpr size_t HEADER_TEXT_MAX = 16 << 20;
  static constexpr size_t STEP = 64 << 10;

  void Take(char *target, size_t count) {
    while (count > 0) {
      if (position == ahead.size()) {
        auto part = static_cast<size_t>(std::min<uint64_t>(STEP, bytes->size - offset));
        if (part == 0) {
          Damaged("it ends too early");
        }
        ahead.resize(part);
        bytes->Read(offset, &ahead[0], part);
        offset += part;
        position = 0;
      }
      auto part = std::min(count, ahead.size() - position);
      std::memcpy(target, ahead.data() + position, part);
      target += part;
      count -= part;
      position += part;
    }
  }
  int64_t Long() {
    char number[10];
    for (size_t index = 0; index < sizeof(number); index++) {
      Take(number + index, 1);
      if (!(number[index] & 0x80)) {
        return Cursor(number, index + 1).Long();
      }
    }
    Damaged("a number is too long");
  }
  std::string Text() {
    auto length = Long();
    if (length < 0 || static_cast<uint64_t>(length) > HEADER_TEXT_MAX) {
      Damaged("its header is too large");
    }
    std::string text(static_cast<size_t>(length), '\0');
    Take(&text[0], text.size());
    return text;
  }

  // Reads the next block that has records.
  bool NextBlock() {
    while (left == 0) {
      if (cursor && !cursor->AtEnd()) {
        Damaged("a block holds more than its records");
      }
      if (position == ahead.size() && offset == bytes->size) {
        return false;
      }
      auto count = Long();
      auto size = Long();
      if (count < 0 || size < 0 || static_cast<uint64_t>(size) > RECORD_BLOCK_BYTES_MAX) {
        Damaged("a block is too large");
      }
      packed.clear();
      // Piece by piece: what a damaged block says of its size is not believed at once.
      while (packed.size() < static_cast<size_t>(size)) {
        auto start = packed.size();
        packed.resize(start + std::min<size_t>(static_cast<size_t>(size) - start, 4 << 20));
        Take(&packed[start], packed.size() - start);
      }
      char mark[16];
      Take(mark, sizeof(mark));
      if (std::memcmp(mark, sync, sizeof(mark)) != 0) {
        Damaged("a block does not end with the file's mark");
      }
      Unpack();
      // Records of no bytes at all are all alike: more of them than this are no data.
      if (static_cast<uint64_t>(count) > std::max<uint64_t>(block.size(), 1 << 20)) {
        Damaged("a block has too many records");
      }
      left = static_cast<uint64_t>(count);
      cursor = std::make_unique<Cursor>(block.data(), block.size());
    }
    return true;
  }

  void Unpack() {
    block.clear();
    if (codec == "deflate") {
      InflateBlock(packed.data(), packed.size(), RECORD_BLOCK_BYTES_MAX, block);
    } else if (codec == "zstandard") {
      ZstdBlock(packed.data(), packed.size(), RECORD_BLOCK_BYTES_MAX, block);
    } else if (codec == "bzip2") {
      Bzip2Block(packed.data(), packed.size(), RECORD_BLOCK_BYTES_MAX, block);
    } else if (codec == "snappy") {
      if (packed.size() < 4) {
        Damaged("a block is too short");
      }
      SnappyBlock(packed.data(), packed.size() - 4, RECORD_BLOCK_BYTES_MAX, block);
      uint32_t expected = 0;
      for (size_t index = packed.size() - 4; index < packed.size(); index++) {
        expected = expected << 8 | static_cast<unsigned char>(packed[index]);
      }
      if (crc32(0, reinterpret_cast<const Bytef *>(block.data()), static_cast<uInt>(block.size())) != expected) {
        Damaged("a block's checksum does not match");
      }
    } else {
      block.swap(packed);
    }
  }

  std::unique_ptr<RecordBytes> bytes;
  std::string codec;
  char sync[16];
  std::unique_ptr<Node> root;
  // For each field the columns of the output that want it.
  std::vector<std::vector<idx_t>> targets;

  std::string ahead;
  size_t position = 0;
  uint64_t offset = 0;

  std::string packed;
  std::string block;
  std::unique_ptr<Cursor> cursor;
  uint64_t left = 0;
};

} // namespace

std::unique_ptr<RecordFile> OpenAvro(std::unique_ptr<RecordBytes> bytes) {
  return std::make_unique<AvroFile>(std::move(bytes));
}

} // namespace tarn
