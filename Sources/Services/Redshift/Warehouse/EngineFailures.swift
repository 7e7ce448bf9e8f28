import Engine
import Foundation
import Kernel
import SQL

extension SQLFailure {
  /// What went wrong, in PostgreSQL's codes and Redshift's words.
  /// - Parameter catalog: gives the engine's tables their names back.
  init(_ error: any Error, text: String = "", catalog: Catalog? = nil) {
    switch error {
    case let error as SQLFailure: self = error
    case let error as SQLError:
      self.init(error.sqlState, error.message)
      if let position = error.position { self.position = position.character(in: text) }
    case let error as EngineError: self.init(engine: error, catalog: catalog)
    case let error as AWSError:
      self.init(error.httpStatus == 403 ? "42501" : "XX000", "\(error.code): \(error.message)")
    case is CancellationError: self = .cancelled
    case is BlockingPool.Overloaded:
      self.init("53300", "too many statements wait already")
    default: self.init("XX000", "\(error)")
    }
  }

  static let cancelled = SQLFailure("57014", "Query (0) cancelled on user's request")
  static let inFailedTransaction = SQLFailure(
    "25P02", "current transaction is aborted, commands ignored until end of transaction block")

  /// Redshift's answer to transactions that no order of one after the other could have given.
  static func conflict(_ table: String) -> SQLFailure {
    SQLFailure(
      "XX000", "1023",
      detail: "Serializable isolation violation on table - \(table), transactions forming the cycle are concurrent")
  }

  /// The same for a circle of transactions that read and wrote each other's tables.
  static func circle(_ conflict: SerialOrder.Conflict, process: Int) -> SQLFailure {
    let transactions = conflict.transactions.map { "\($0)" }.joined(separator: ", ")
    return SQLFailure(
      "XX000", "1023",
      detail: "Serializable isolation violation on table - \(conflict.table), transactions forming the cycle are: "
        + "\(transactions) (pid:\(process))")
  }

  private init(engine error: EngineError, catalog: Catalog?) {
    if let cause = error.cause as? AWSError {
      self.init(
        cause.httpStatus == 403 ? "42501" : "XX000",
        "S3ServiceException:\(cause.message),Status \(cause.httpStatus),Error \(cause.code)")
      return
    }
    var message = EngineName.unmarked(error.message)
    if let marked = Self.marked(message) {
      self = marked
      return
    }
    if let catalog { message = Self.named(message, catalog) }
    switch error.kind {
    case .parser: self.init("42601", message)
    case .binder, .catalog: self.init(Self.bindState(message), Self.bindMessage(message))
    case .conversion, .mismatchType: self.init(Self.conversionState(message), Self.conversionMessage(message))
    case .outOfRange:
      self.init(
        message.contains("date") || message.contains("timestamp") ? "22008" : "22003",
        message.contains("verflow") ? "Numeric data overflow (result precision)" : message)
    case .invalidInput: self.init("22023", message)
    case .divideByZero: self.init("22012", "division by zero")
    case .notImplemented: self.init("0A000", message)
    case .permission: self.init("42501", message)
    case .outOfMemory: self.init("53200", "out of memory: \(message)")
    case .interrupted: self = .cancelled
    case .overloaded: self.init("53300", message)
    case .fatal, .internal: self.init("XX000", message, isFatal: true)
    case "Constraint":
      if message.hasPrefix("NOT NULL constraint failed: ") {
        let column = message.split(separator: ".").last.map(String.init) ?? ""
        self.init("23502", "Cannot insert a NULL value into column \(column)")
      } else {
        self.init("23000", message)
      }
    case "TransactionContext":
      if message.lowercased().contains("conflict") {
        self = .conflict(Self.conflictTable(message))
      } else {
        self.init("25000", message)
      }
    default: self.init("XX000", message)
    }
  }

  /// An error that a printed statement raised with a code of its own.
  private static func marked(_ message: String) -> SQLFailure? {
    guard let start = message.range(of: RedshiftMacros.failureMarker) else { return nil }
    let rest = message[start.upperBound...]
    guard let end = rest.firstIndex(of: "!") else { return nil }
    let code = String(rest[..<end])
    var text = rest[rest.index(after: end)...]
    // The engine may have put the text in quotes, with what it wanted to make of it.
    if let quote = text.range(of: "' to ") ?? text.range(of: "' when") { text = text[..<quote.lowerBound] }
    return SQLFailure(code, String(text))
  }

  private static func named(_ message: String, _ catalog: Catalog) -> String {
    var result = ""
    var digits = ""
    var pending = false
    var previous: Character = " "
    func flush() {
      if pending {
        if let id = Int(digits), let name = catalog.relation(storedAs: id)?.name {
          result += name
        } else {
          result += "t" + digits
        }
      }
      pending = false
      digits = ""
    }
    for character in message {
      if pending, character.isNumber {
        digits.append(character)
      } else {
        flush()
        if character == "t", !(previous.isLetter || previous.isNumber || previous == "_") {
          pending = true
        } else {
          result.append(character)
        }
      }
      previous = character
    }
    flush()
    return result
  }

  private static func conflictTable(_ message: String) -> String {
    guard let open = message.firstIndex(of: "\"") else { return "0" }
    let rest = message[message.index(after: open)...]
    return String(rest.prefix { $0 != "\"" })
  }

  private static func quoted(_ message: String) -> String {
    let parts = message.split(separator: "\"", omittingEmptySubsequences: false)
    return parts.count > 1 ? String(parts[1]) : ""
  }

  private static func bindState(_ message: String) -> String {
    if message.contains("Referenced column") || message.contains("does not have a column named") { return "42703" }
    if message.contains("Referenced table") || message.hasPrefix("Table with name") { return "42P01" }
    if message.contains("Ambiguous reference") { return "42702" }
    if message.contains("must appear in the GROUP BY") { return "42803" }
    if message.contains("Function with name") || message.contains("No function matches") { return "42883" }
    if message.hasPrefix("Schema with name") { return "3F000" }
    if message.contains("already exists") { return "42P07" }
    if message.hasPrefix("Type with name") { return "42704" }
    if message.contains("aggregate") || message.contains("window function") { return "42803" }
    return "42601"
  }

  private static func bindMessage(_ message: String) -> String {
    let line = message.split(separator: "\n").first.map(String.init) ?? message
    if line.contains("Referenced column") { return "column \"\(quoted(line))\" does not exist" }
    if line.contains("does not have a column named") {
      let parts = line.split(separator: "\"")
      return "column \(parts.count > 1 ? parts[1] : "").\(parts.count > 3 ? parts[3] : "") does not exist"
    }
    if line.contains("Referenced table") {
      return "invalid reference to FROM-clause entry for table \"\(quoted(line))\""
    }
    if line.contains("Ambiguous reference") { return "column reference \"\(quoted(line))\" is ambiguous" }
    if line.contains("must appear in the GROUP BY") {
      return "column \"\(quoted(line))\" must appear in the GROUP BY clause or be used in an aggregate function"
    }
    if line.contains("Function with name") {
      let words = line.split(separator: " ")
      let name = words.firstIndex(of: "name").map { $0 + 1 < words.count ? String(words[$0 + 1]) : "" } ?? ""
      return "function \(name)() does not exist"
    }
    if line.contains("No function matches"), let quote = line.firstIndex(of: "'") {
      let rest = line[line.index(after: quote)...]
      let call = rest.prefix { $0 != "'" }.lowercased()
      return "function \(call) does not exist"
    }
    return line
  }

  private static func conversionState(_ message: String) -> String {
    if message.contains("out of range") || message.contains("verflow") { return "22003" }
    if message.contains("Could not cast value"), message.contains("to DECIMAL") { return "22003" }
    if message.contains("date") || message.contains("timestamp") || message.contains("time field") { return "22007" }
    return "22P02"
  }

  private static func conversionMessage(_ message: String) -> String {
    for (type, name) in [("INT16", "smallint"), ("INT32", "integer"), ("INT64", "bigint")]
    where message.contains("out of range for the destination type \(type)") {
      return "\(name) out of range"
    }
    if message.contains("to type DECIMAL"), message.contains("out of range") {
      return "Numeric data overflow (result precision)"
    }
    if message.contains("Could not cast value"), message.contains("to DECIMAL") {
      return "Numeric data overflow (result precision)"
    }
    let line = message.split(separator: "\n").first.map(String.init) ?? message
    let quote: Character = line.contains("'") ? "'" : "\""
    let parts = line.split(separator: quote, omittingEmptySubsequences: false)
    guard parts.count > 2, line.hasPrefix("Could not convert string") else { return line }
    let target = line.lowercased()
    if target.contains(" to interval") { return "invalid input syntax for type interval: \"\(parts[1])\"" }
    if target.contains(" to int") || target.contains(" to bigint") || target.contains(" to uint") {
      return "invalid input syntax for integer: \"\(parts[1])\""
    }
    if target.contains(" to decimal") { return "invalid input syntax for type numeric: \"\(parts[1])\"" }
    if target.contains(" to double") || target.contains(" to float") {
      return "invalid input syntax for type double precision: \"\(parts[1])\""
    }
    if target.contains(" to bool") { return "invalid input syntax for type boolean: \"\(parts[1])\"" }
    return line
  }
}
