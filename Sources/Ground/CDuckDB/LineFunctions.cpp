// Functions that take one line of a text file apart, for formats that DuckDB's own readers read differently.
//
//   tarn_json_fields(line VARCHAR, names VARCHAR[], flags VARCHAR) -> VARCHAR[]
//   tarn_csv_fields(line VARCHAR, separator VARCHAR, quote VARCHAR, escape VARCHAR) -> VARCHAR[]
#include "Bridge.hpp"

#include "duckdb/function/scalar_function.hpp"
#include "duckdb/main/extension/extension_loader.hpp"

#include <cstring>

namespace tarn {

namespace {

using duckdb::idx_t;
using duckdb::string_t;

// A list of texts in the making: the result of one row after another.
class TextLists {
public:
  TextLists(duckdb::Vector &result, idx_t rows, idx_t guess) : result(result) {
    result.SetVectorType(duckdb::VectorType::FLAT_VECTOR);
    duckdb::ListVector::SetListSize(result, 0);
    duckdb::ListVector::Reserve(result, rows * guess);
    entries = duckdb::FlatVector::GetData<duckdb::list_entry_t>(result);
  }

  void Null(idx_t row) {
    duckdb::FlatVector::SetNull(result, row, true);
  }

  // Makes room for the row's texts; all are NULL until they are set.
  void Begin(idx_t row, idx_t count) {
    offset = duckdb::ListVector::GetListSize(result);
    duckdb::ListVector::Reserve(result, offset + count);
    duckdb::ListVector::SetListSize(result, offset + count);
    entries[row] = duckdb::list_entry_t(offset, count);
    child = &duckdb::ListVector::GetEntry(result);
    data = duckdb::FlatVector::GetData<string_t>(*child);
    auto &validity = duckdb::FlatVector::Validity(*child);
    for (idx_t index = 0; index < count; index++) {
      validity.SetInvalid(offset + index);
    }
  }

  void Set(idx_t index, const char *bytes, idx_t count) {
    duckdb::FlatVector::Validity(*child).SetValid(offset + index);
    data[offset + index] = duckdb::StringVector::AddString(*child, bytes, count);
  }
  void Set(idx_t index, const std::string &text) {
    Set(index, text.data(), text.size());
  }
  void SetNull(idx_t index) {
    duckdb::FlatVector::Validity(*child).SetInvalid(offset + index);
  }

private:
  duckdb::Vector &result;
  duckdb::list_entry_t *entries;
  duckdb::Vector *child = nullptr;
  string_t *data = nullptr;
  idx_t offset = 0;
};

char Lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
}

// Reads one JSON value after another from a line. `false` from a method means: this is no JSON.
class JSONLine {
public:
  // Deeper values are taken for malformed, so that no line can exhaust the stack.
  static constexpr int DEPTH_MAX = 500;

  JSONLine(const char *bytes, size_t count) : at(bytes), end(bytes + count) {
  }

  bool Take(char wanted) {
    Space();
    if (at == end || *at != wanted) {
      return false;
    }
    at++;
    return true;
  }
  char Peek() {
    Space();
    return at == end ? '\0' : *at;
  }
  const char *Position() const {
    return at;
  }

  // The bytes between the quotation marks, and whether escapes stand among them.
  bool String(const char *&start, size_t &count, bool &escaped) {
    Space();
    if (at == end || *at != '"') {
      return false;
    }
    start = ++at;
    escaped = false;
    while (at < end) {
      if (*at == '"') {
        count = static_cast<size_t>(at - start);
        at++;
        return true;
      }
      if (*at == '\\') {
        escaped = true;
        at++;
        if (at == end) {
          return false;
        }
      }
      at++;
    }
    return false;
  }

  bool Skip(int depth = 0) {
    if (depth > DEPTH_MAX) {
      return false;
    }
    switch (Peek()) {
    case '"': {
      const char *start;
      size_t count;
      bool escaped;
      return String(start, count, escaped);
    }
    case '{':
      at++;
      if (Take('}')) {
        return true;
      }
      do {
        const char *start;
        size_t count;
        bool escaped;
        if (!String(start, count, escaped) || !Take(':') || !Skip(depth + 1)) {
          return false;
        }
      } while (Take(','));
      return Take('}');
    case '[':
      at++;
      if (Take(']')) {
        return true;
      }
      do {
        if (!Skip(depth + 1)) {
          return false;
        }
      } while (Take(','));
      return Take(']');
    case 't':
      return Word("true", 4);
    case 'f':
      return Word("false", 5);
    case 'n':
      return Word("null", 4);
    default:
      return Number();
    }
  }

  // Undoes the escapes of a string.
  static bool Unescape(const char *bytes, size_t count, std::string &text) {
    text.clear();
    for (size_t index = 0; index < count; index++) {
      if (bytes[index] != '\\') {
        text.push_back(bytes[index]);
        continue;
      }
      if (++index >= count) {
        return false;
      }
      switch (bytes[index]) {
      case '"':
      case '\\':
      case '/':
        text.push_back(bytes[index]);
        break;
      case 'b':
        text.push_back('\b');
        break;
      case 'f':
        text.push_back('\f');
        break;
      case 'n':
        text.push_back('\n');
        break;
      case 'r':
        text.push_back('\r');
        break;
      case 't':
        text.push_back('\t');
        break;
      case 'u': {
        uint32_t code;
        if (!Hex(bytes, count, index, code)) {
          return false;
        }
        if (code >= 0xD800 && code < 0xDC00 && index + 2 < count && bytes[index + 1] == '\\' &&
            bytes[index + 2] == 'u') {
          size_t next = index + 2;
          uint32_t low;
          if (Hex(bytes, count, next, low) && low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            index = next;
          }
        }
        // A surrogate without its partner has no place in UTF-8.
        Append(code >= 0xD800 && code < 0xE000 ? 0xFFFD : code, text);
        break;
      }
      default:
        return false;
      }
    }
    return true;
  }

  // Copies a value that was skipped, the names of its members in lower case.
  static void Fold(const char *bytes, size_t count, std::string &text) {
    text.assign(bytes, count);
    size_t index = 0;
    while (index < count) {
      if (text[index] != '"') {
        index++;
        continue;
      }
      size_t start = index + 1;
      size_t close = start;
      while (close < count && text[close] != '"') {
        close += text[close] == '\\' ? 2 : 1;
      }
      size_t next = close + 1;
      while (next < count && (text[next] == ' ' || text[next] == '\t' || text[next] == '\n' || text[next] == '\r')) {
        next++;
      }
      if (next < count && text[next] == ':') {
        for (size_t letter = start; letter < close; letter++) {
          // The letter behind a backslash tells what is escaped.
          if (text[letter] == '\\') {
            letter++;
          } else {
            text[letter] = Lower(text[letter]);
          }
        }
      }
      index = next;
    }
  }

private:
  void Space() {
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) {
      at++;
    }
  }
  bool Word(const char *word, size_t count) {
    if (static_cast<size_t>(end - at) < count || std::memcmp(at, word, count) != 0) {
      return false;
    }
    at += count;
    return true;
  }
  bool Digits() {
    const char *start = at;
    while (at < end && *at >= '0' && *at <= '9') {
      at++;
    }
    return at > start;
  }
  bool Number() {
    if (at < end && *at == '-') {
      at++;
    }
    if (!Digits()) {
      return false;
    }
    if (at < end && *at == '.') {
      at++;
      if (!Digits()) {
        return false;
      }
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
      at++;
      if (at < end && (*at == '+' || *at == '-')) {
        at++;
      }
      return Digits();
    }
    return true;
  }
  // Reads the four digits behind the `u` at `index`, which moves to the last of them.
  static bool Hex(const char *bytes, size_t count, size_t &index, uint32_t &code) {
    if (index + 4 >= count) {
      return false;
    }
    code = 0;
    for (int digit = 0; digit < 4; digit++) {
      char letter = Lower(bytes[++index]);
      if (letter >= '0' && letter <= '9') {
        code = code * 16 + static_cast<uint32_t>(letter - '0');
      } else if (letter >= 'a' && letter <= 'f') {
        code = code * 16 + static_cast<uint32_t>(letter - 'a' + 10);
      } else {
        return false;
      }
    }
    return true;
  }
  static void Append(uint32_t code, std::string &text) {
    if (code < 0x80) {
      text.push_back(static_cast<char>(code));
    } else if (code < 0x800) {
      text.push_back(static_cast<char>(0xC0 | (code >> 6)));
      text.push_back(static_cast<char>(0x80 | (code & 0x3F)));
    } else if (code < 0x10000) {
      text.push_back(static_cast<char>(0xE0 | (code >> 12)));
      text.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3F)));
      text.push_back(static_cast<char>(0x80 | (code & 0x3F)));
    } else {
      text.push_back(static_cast<char>(0xF0 | (code >> 18)));
      text.push_back(static_cast<char>(0x80 | ((code >> 12) & 0x3F)));
      text.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3F)));
      text.push_back(static_cast<char>(0x80 | (code & 0x3F)));
    }
  }

  const char *at;
  const char *const end;
};

// Picks members of a JSON object. Each name is preceded by `=` (nested values stay as they are) or `~` (the names of
// nested members are put in lower case). Flags: `i` names match without regard to case, `d` a dot in a key is an
// underscore in its name, `n` a malformed line gives NULLs instead of an error.
class JSONPicker {
public:
  JSONPicker(duckdb::vector<std::string> names, const std::string &flags)
      : fold_names(flags.find('i') != std::string::npos), dots(flags.find('d') != std::string::npos),
        nulls(flags.find('n') != std::string::npos) {
    for (auto &name : names) {
      fold_nested.push_back(!name.empty() && name[0] == '~');
      this->names.push_back(name.empty() ? name : name.substr(1));
    }
  }

  idx_t Count() const {
    return names.size();
  }

  void Pick(const string_t &line, idx_t row, TextLists &lists) {
    lists.Begin(row, names.size());
    if (Fields(line, lists)) {
      return;
    }
    if (!nulls) {
      throw duckdb::InvalidInputException("HIVE_CURSOR_ERROR: Row is not a valid JSON Object");
    }
    for (idx_t index = 0; index < names.size(); index++) {
      lists.SetNull(index);
    }
  }

private:
  bool Fields(const string_t &line, TextLists &lists) {
    JSONLine json(line.GetData(), line.GetSize());
    if (!json.Take('{')) {
      return false;
    }
    if (json.Take('}')) {
      return true;
    }
    idx_t likely = 0;
    do {
      const char *key;
      size_t key_size;
      bool escaped;
      if (!json.String(key, key_size, escaped) || !json.Take(':')) {
        return false;
      }
      if (escaped || fold_names || dots) {
        if (escaped) {
          if (!JSONLine::Unescape(key, key_size, name)) {
            return false;
          }
        } else {
          name.assign(key, key_size);
        }
        for (auto &letter : name) {
          letter = fold_names ? Lower(letter) : letter;
          if (dots && letter == '.') {
            letter = '_';
          }
        }
        key = name.data();
        key_size = name.size();
      }
      idx_t index = Find(key, key_size, likely);
      if (index == names.size()) {
        if (!json.Skip()) {
          return false;
        }
        continue;
      }
      likely = index + 1;
      if (!Value(json, index, lists)) {
        return false;
      }
    } while (json.Take(','));
    return json.Take('}');
  }

  // Lines of a file tend to have their members in one order, so the name behind the last one is tried first.
  idx_t Find(const char *key, size_t count, idx_t likely) const {
    for (idx_t step = 0; step < names.size(); step++) {
      idx_t index = likely + step < names.size() ? likely + step : likely + step - names.size();
      if (names[index].size() == count && std::memcmp(names[index].data(), key, count) == 0) {
        return index;
      }
    }
    return names.size();
  }

  bool Value(JSONLine &json, idx_t index, TextLists &lists) {
    char first = json.Peek();
    const char *start = json.Position();
    if (first == '"') {
      size_t count;
      bool escaped;
      if (!json.String(start, count, escaped)) {
        return false;
      }
      if (!escaped) {
        lists.Set(index, start, count);
        return true;
      }
      if (!JSONLine::Unescape(start, count, text)) {
        return false;
      }
      lists.Set(index, text);
      return true;
    }
    if (!json.Skip()) {
      return false;
    }
    size_t count = static_cast<size_t>(json.Position() - start);
    if (first == 'n') {
      lists.SetNull(index);
    } else if ((first == '{' || first == '[') && fold_nested[index]) {
      JSONLine::Fold(start, count, text);
      lists.Set(index, text);
    } else {
      lists.Set(index, start, count);
    }
    return true;
  }

  const bool fold_names;
  const bool dots;
  const bool nulls;
  std::vector<std::string> names;
  std::vector<bool> fold_nested;
  std::string name;
  std::string text;
};

// The value of an argument that is the same for all rows.
std::string Constant(duckdb::DataChunk &arguments, idx_t index) {
  auto value = arguments.data[index].GetValue(0);
  return value.IsNull() ? std::string() : duckdb::StringValue::Get(value);
}

void JSONFields(duckdb::DataChunk &arguments, duckdb::ExpressionState &, duckdb::Vector &result) {
  auto rows = arguments.size();
  if (rows == 0) {
    return;
  }
  duckdb::vector<std::string> names;
  auto list = arguments.data[1].GetValue(0);
  if (!list.IsNull()) {
    for (auto &name : duckdb::ListValue::GetChildren(list)) {
      names.push_back(name.IsNull() ? std::string() : duckdb::StringValue::Get(name));
    }
  }
  JSONPicker picker(std::move(names), Constant(arguments, 2));
  duckdb::UnifiedVectorFormat lines;
  arguments.data[0].ToUnifiedFormat(rows, lines);
  TextLists lists(result, rows, picker.Count());
  for (idx_t row = 0; row < rows; row++) {
    auto index = lines.sel->get_index(row);
    if (lines.validity.RowIsValid(index)) {
      picker.Pick(duckdb::UnifiedVectorFormat::GetData<string_t>(lines)[index], row, lists);
    } else {
      lists.Null(row);
    }
  }
}

// Splits a line as Hive's OpenCSVSerde does, whose parser is opencsv's: an escape counts within quotes only and
// before a quote or an escape, elsewhere it is dropped; a doubled quote within quotes is one; a quote in the middle of
// a field stays. A field whose quote is not closed is lost with all that follows.
class CSVSplitter {
public:
  CSVSplitter(const std::string &separator, const std::string &quote, const std::string &escape)
      : separator(separator.empty() ? ',' : separator[0]), quote(quote.empty() ? '\0' : quote[0]),
        escape(escape.empty() ? '\0' : escape[0]) {
  }

  void Split(const string_t &line, idx_t row, TextLists &lists) {
    auto bytes = line.GetData();
    auto count = line.GetSize();
    fields.clear();
    std::string field;
    bool quoted = false;
    for (idx_t index = 0; index < count; index++) {
      char letter = bytes[index];
      bool more = index + 1 < count;
      if (escape != '\0' && letter == escape) {
        if (quoted && more && (bytes[index + 1] == quote || bytes[index + 1] == escape)) {
          field.push_back(bytes[++index]);
        }
      } else if (quote != '\0' && letter == quote) {
        if (quoted && more && bytes[index + 1] == quote) {
          field.push_back(bytes[++index]);
          continue;
        }
        quoted = !quoted;
        if (index > 2 && bytes[index - 1] != separator && more && bytes[index + 1] != separator) {
          if (!field.empty() && field.find_first_not_of(" \t") == std::string::npos) {
            field.clear();
          } else {
            field.push_back(letter);
          }
        }
      } else if (letter == separator && !quoted) {
        fields.push_back(std::move(field));
        field.clear();
      } else {
        field.push_back(letter);
      }
    }
    if (!quoted) {
      fields.push_back(std::move(field));
    }
    lists.Begin(row, fields.size());
    for (idx_t index = 0; index < fields.size(); index++) {
      lists.Set(index, fields[index]);
    }
  }

private:
  const char separator;
  const char quote;
  const char escape;
  std::vector<std::string> fields;
};

void CSVFields(duckdb::DataChunk &arguments, duckdb::ExpressionState &, duckdb::Vector &result) {
  auto rows = arguments.size();
  if (rows == 0) {
    return;
  }
  CSVSplitter splitter(Constant(arguments, 1), Constant(arguments, 2), Constant(arguments, 3));
  duckdb::UnifiedVectorFormat lines;
  arguments.data[0].ToUnifiedFormat(rows, lines);
  TextLists lists(result, rows, 8);
  for (idx_t row = 0; row < rows; row++) {
    auto index = lines.sel->get_index(row);
    if (lines.validity.RowIsValid(index)) {
      splitter.Split(duckdb::UnifiedVectorFormat::GetData<string_t>(lines)[index], row, lists);
    } else {
      lists.Null(row);
    }
  }
}

void Register(cduck_database *database, const char *name, duckdb::vector<duckdb::LogicalType> arguments,
              duckdb::scalar_function_t body) {
  auto text = duckdb::LogicalType::VARCHAR;
  duckdb::ScalarFunction function(name, std::move(arguments), duckdb::LogicalType::LIST(text), std::move(body));
  function.SetNullHandling(duckdb::FunctionNullHandling::SPECIAL_HANDLING);
  function.SetFallible();
  duckdb::ExtensionLoader loader(*database->database->instance, "tarn");
  loader.RegisterFunction(std::move(function));
}

} // namespace

void RegisterLineFunctions(cduck_database *database) {
  auto text = duckdb::LogicalType::VARCHAR;
  Register(database, "tarn_json_fields", {text, duckdb::LogicalType::LIST(text), text}, JSONFields);
  Register(database, "tarn_csv_fields", {text, text, text, text}, CSVFields);
}

} // namespace tarn
