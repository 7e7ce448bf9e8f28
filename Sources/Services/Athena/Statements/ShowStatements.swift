import GlueModel
import Kernel
import SQL

extension HiveStatements {
  func showTables(_ database: String?, _ pattern: String?, views: Bool) async throws -> TextResult {
    let database = database ?? job.database
    let matches = Self.pattern(pattern)
    var names: [String] = []
    var token: String?
    do {
      repeat {
        let page = try await glue.getTables(GetTablesInput(databaseName: database, nextToken: token), job.context)
        for table in page.tableList ?? [] where matches(table.name) {
          if !views || table.tableType == "VIRTUAL_VIEW" { names.append(table.name) }
        }
        token = page.nextToken
      } while token != nil
    } catch let error as AWSError where error.code == "EntityNotFoundException" {
      throw QueryFailure("FAILED: SemanticException [Error 10072]: Database does not exist: \(database)")
    }
    return .strings(views ? "views" : "tab_name", names.sorted())
  }

  func showColumns(_ name: QualifiedName) async throws -> TextResult {
    let table = try await table(name)
    let columns = (table.storageDescriptor?.columns ?? []) + (table.partitionKeys ?? [])
    return .strings("field", columns.map { Self.padded($0.name) })
  }

  func showProperties(_ name: QualifiedName, _ property: String?) async throws -> TextResult {
    let table = try await table(name)
    let parameters = table.parameters ?? [:]
    let columns = [TextResult.column("prpt_name"), TextResult.column("prpt_value")]
    if let property {
      let value =
        parameters[property] ?? "Table \(place(name).database).\(table.name) does not have property: \(property)"
      return TextResult(columns: columns, lines: [value])
    }
    return TextResult(
      columns: columns, lines: parameters.sorted { $0.key < $1.key }.map { "\($0.key)\t\($0.value)" })
  }

  func describe(_ described: Describe) async throws -> TextResult {
    let table = try await table(described.table)
    let columns = ["col_name", "data_type", "comment"].map(TextResult.column)
    let data = table.storageDescriptor?.columns ?? []
    let keys = table.partitionKeys ?? []
    if let wanted = described.column.first {
      guard let found = (data + keys).first(where: { $0.name.lowercased() == wanted.key }) else {
        throw QueryFailure("FAILED: SemanticException [Error 10002]: Invalid column reference \(wanted.key)")
      }
      return TextResult(columns: columns, lines: [Self.line(found)])
    }
    var lines = (data + keys).map(Self.line)
    if !keys.isEmpty {
      lines += ["\t \t ", "# Partition Information\t \t ", Self.cells("# col_name", "data_type", "comment")]
      lines += keys.map(Self.line)
    }
    guard described.form != .plain else { return TextResult(columns: columns, lines: lines) }
    lines += ["\t \t ", "# Detailed Table Information\t \t "]
    let details: [(String, String)] = [
      ("Database:", place(described.table).database), ("Owner:", table.owner ?? ""),
      ("CreateTime:", table.createTime.map { String($0.seconds) } ?? ""),
      ("Location:", table.storageDescriptor?.location ?? ""), ("Table Type:", table.tableType ?? ""),
      ("SerDe Library:", table.storageDescriptor?.serdeInfo?.serializationLibrary ?? ""),
      ("InputFormat:", table.storageDescriptor?.inputFormat ?? ""),
      ("OutputFormat:", table.storageDescriptor?.outputFormat ?? ""),
    ]
    lines += details.map { Self.cells($0.0, $0.1, "") }
    lines.append("Table Parameters:\t \t ")
    lines += (table.parameters ?? [:]).sorted { $0.key < $1.key }.map { "\t\(Self.padded($0.key))\t\($0.value)" }
    return TextResult(columns: columns, lines: lines)
  }

  func showCreateView(_ name: QualifiedName) async throws -> TextResult {
    let table = try await table(name)
    guard let view = try StoredView(table) else {
      throw QueryFailure("FAILED: SemanticException \(table.name) is not a view")
    }
    let qualified = "\(place(name).database).\(table.name)"
    return .strings("Create View", "CREATE VIEW \(qualified) AS\n\(view.sql)".split(separator: "\n").map(String.init))
  }

  func showCreateTable(_ name: QualifiedName) async throws -> TextResult {
    let table = try await table(name)
    guard table.tableType != "VIRTUAL_VIEW" else {
      throw QueryFailure("FAILED: SemanticException \(table.name) is a view; use SHOW CREATE VIEW")
    }
    return .strings("createtab_stmt", CreateTableText.lines(table))
  }

  // MARK: - Hive's layout

  /// Hive pads cells to twenty characters.
  private static func padded(_ text: String) -> String {
    text.count >= 20 ? text : text + String(repeating: " ", count: 20 - text.count)
  }
  private static func cells(_ cells: String...) -> String { cells.map(padded).joined(separator: "\t") }
  private static func line(_ column: Column) -> String { cells(column.name, column.type ?? "", column.comment ?? "") }
}

/// `SHOW CREATE TABLE`'s text, as Hive lays it out.
enum CreateTableText {
  static func lines(_ table: Table) -> [String] {
    let storage = table.storageDescriptor
    var lines = ["CREATE EXTERNAL TABLE `\(table.name)`("]
    lines += columns(storage?.columns ?? [])
    if let comment = table.parameters?["comment"] { lines.append("COMMENT \(quoted(comment))") }
    if let keys = table.partitionKeys, !keys.isEmpty {
      lines.append("PARTITIONED BY ( ")
      lines += columns(keys)
    }
    lines += ["ROW FORMAT SERDE ", "  \(quoted(storage?.serdeInfo?.serializationLibrary ?? "")) "]
    let serde = (storage?.serdeInfo?.parameters ?? [:]).sorted { $0.key < $1.key }
    if !serde.isEmpty { lines += ["WITH SERDEPROPERTIES ( "] + pairs(serde) }
    lines += ["STORED AS INPUTFORMAT ", "  \(quoted(storage?.inputFormat ?? "")) "]
    lines += ["OUTPUTFORMAT ", "  \(quoted(storage?.outputFormat ?? ""))"]
    lines += ["LOCATION", "  \(quoted(storage?.location ?? ""))"]
    let parameters = (table.parameters ?? [:]).filter { $0.key != "EXTERNAL" && $0.key != "comment" }
      .sorted { $0.key < $1.key }
    if !parameters.isEmpty { lines += ["TBLPROPERTIES ("] + pairs(parameters) }
    return lines
  }

  private static func columns(_ columns: [Column]) -> [String] {
    columns.enumerated().map { index, column in
      let comment = column.comment.map { " COMMENT \(quoted($0))" } ?? ""
      return "  `\(column.name)` \(column.type ?? "string")\(comment)" + (index == columns.count - 1 ? ")" : ", ")
    }
  }

  private static func pairs(_ pairs: [(key: String, value: String)]) -> [String] {
    pairs.enumerated().map { index, pair in
      "  \(quoted(pair.key))=\(quoted(pair.value))" + (index == pairs.count - 1 ? ")" : ", ")
    }
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "'"
    for character in text {
      switch character {
      case "'": quoted += "\\'"
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      case "\u{1}": quoted += "\\u0001"
      default: quoted.append(character)
      }
    }
    return quoted + "'"
  }
}
