import Engine
import Foundation
import Kernel
import LakeFiles
import SQL

/// COPY from the lake.
extension WarehouseSession {
  func copy(_ copy: RedshiftCopy, text: String) async throws -> SQLOutcome {
    guard case .relation(let relation) = try object(named: copy.table), relation.form == .table else {
      throw SQLFailure("42809", "\"\(copy.table)\" is not a table")
    }
    guard relation.isTemporary || rights.may("INSERT", on: relation) else {
      throw SQLFailure("42501", "permission denied for relation \(relation.name)")
    }
    let options = try CopyOptions(copy.options)
    let caller = try await context(for: copy.credentials)
    engine.act(as: caller)
    defer { engine.act(as: warehouse.serviceContext) }
    let columns = try copied(copy.columns, options, relation)
    let files = try await files(of: copy, options, caller)
    var source = CopySource(options: options, columns: columns)
    if let kind = options.pathsFile {
      source.paths = try Self.jsonPaths(try await contents(of: try lakePath(kind), for: caller))
      guard source.paths.count == columns.count else {
        throw SQLFailure(
          "42601",
          "Number of jsonpaths and the number of columns should match. JSONPath size: \(source.paths.count), "
            + "Number of columns in table or column list: \(columns.count)")
      }
    }
    if let first = files.first, let question = source.description(of: first) {
      let description = try await engine.describe(question)
      source.fileColumns = description.columns.map { CopySource.FileColumn(name: $0.name, type: $0.type) }
      guard !options.isColumnar || source.fileColumns.count == columns.count else {
        throw SQLFailure(
          "XX000",
          "Spectrum Scan Error: Unmatched number of columns between table and file. "
            + "Table columns: \(columns.count), Data columns: \(source.fileColumns.count), File name: \(first.path)")
      }
    }
    let bytes = files.reduce(0) { $0 + $1.bytes }
    warehouse.history.note(queryID) { entry in
      entry.loadedFrom = copy.source
      entry.bytesRead = bytes
      entry.filesOpened = Int64(files.count)
    }
    let prepared = source
    let count = try await atomically { try await load(prepared, files, into: relation) }
    lastCopyID = queryID
    lastCopyCount = count
    warehouse.history.note(rows: count, of: queryID)
    if options.noLoad {
      notice(
        "INFO", "00000", "NOLOAD: no rows were loaded into table '\(relation.name)', \(count) record(s) are valid.")
    } else {
      notice("INFO", "00000", "Load into table '\(relation.name)' completed, \(count) record(s) loaded successfully.")
    }
    return .done(tag: "COPY")
  }

  private func copied(
    _ list: [Identifier]?, _ options: CopyOptions, _ relation: CatalogRelation
  ) throws -> [CatalogColumn] {
    guard let list else {
      var columns = relation.columns
      if !options.explicitIDs {
        // Files hold no values for identity columns, unless they are numbered by default only.
        columns = columns.filter { $0.identity == nil }
      }
      if case .fixedWidth(let widths) = options.format, widths.allSatisfy({ $0.name != nil }) {
        return try widths.map { width in
          guard let column = relation.column(width.name ?? "") else {
            throw SQLFailure("42703", "column \"\(width.name ?? "")\" of relation \"\(relation.name)\" does not exist")
          }
          return column
        }
      }
      if case .json("noshred") = options.format {
        guard relation.columns.count == 1, relation.columns[0].type.type == .super else {
          throw SQLFailure("42601", "COPY with json noshred option requires a table with a single column of type SUPER")
        }
      }
      return columns
    }
    return try list.map { name in
      guard let column = relation.column(name.key) else {
        throw SQLFailure("42703", "column \"\(name.key)\" of relation \"\(relation.name)\" does not exist")
      }
      return column
    }
  }

  // MARK: Files

  private func files(
    of copy: RedshiftCopy, _ options: CopyOptions, _ caller: RequestContext
  ) async throws -> [LoadFile] {
    guard copy.source.hasPrefix("s3://") else {
      throw SQLFailure("0A000", "COPY from \(copy.source.prefix { $0 != ":" }) is not implemented by Tarn yet")
    }
    let path = try lakePath(copy.source)
    guard options.isManifest else {
      let found = try await objects(under: path, for: caller).filter { !$0.path.key.hasSuffix("/") && $0.bytes > 0 }
      guard !found.isEmpty else {
        throw SQLFailure("XX000", "The specified S3 prefix '\(path.key)' does not exist")
      }
      return found
    }
    guard
      let manifest = try JSONSerialization.jsonObject(with: Data(try await contents(of: path, for: caller)))
        as? [String: Any], let entries = manifest["entries"] as? [[String: Any]]
    else { throw SQLFailure("42601", "The manifest \(path) is not valid: it has no \"entries\"") }
    var found: [LoadFile] = []
    for entry in entries {
      guard let url = entry["url"] as? String else {
        throw SQLFailure("42601", "The manifest \(path) is not valid: an entry has no \"url\"")
      }
      let isMandatory = entry["mandatory"] as? Bool ?? false
      let wanted = try lakePath(url)
      let objects = try await objects(under: wanted, for: caller).filter { $0.path.key == wanted.key }
      if objects.isEmpty, isMandatory || options.isColumnar {
        throw SQLFailure(
          "XX000", "S3ServiceException:The specified key does not exist.,Status 404,Error NoSuchKey", detail: url)
      }
      found += objects.filter { $0.bytes > 0 }
    }
    return found
  }

  static func jsonPaths(_ bytes: [UInt8]) throws -> [String] {
    guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any],
      let paths = object["jsonpaths"] as? [String]
    else { throw SQLFailure("42601", "Invalid JSONPath format: the file has no \"jsonpaths\"") }
    return try paths.map { try CopySource.enginePath($0) }
  }

  // MARK: Loading

  /// - Returns: the rows that were loaded.
  private func load(_ source: CopySource, _ files: [LoadFile], into relation: CatalogRelation) async throws -> Int {
    if !relation.isTemporary { writes.insert(relation.id) }
    guard !files.isEmpty else { return 0 }
    if case .json(let kind) = source.options.format, kind.lowercased() == "noshred" {
      return try await insert(source, "SELECT json AS v0 FROM (\(source.rows(files))) AS s(json)", into: relation)
    }
    guard source.isText else {
      let values = zip(0..., source.columns).map { index, column in
        let field = "f\(index)"
        if case .varchar = column.type.type, source.options.truncateColumns {
          let loaded = LoadedValue(options: source.options)
          return "\(loaded.value("CAST(\(field) AS VARCHAR)", for: column.type.type)) AS v\(index)"
        }
        return column.type.type == .super
          ? "to_json(\(field)) AS v\(index)" : "\(Fitting.fitted(field, to: column.type.type)) AS v\(index)"
      }
      return try await insert(
        source, "SELECT \(values.joined(separator: ", ")) FROM (\(source.rows(files))) AS s", into: relation)
    }
    let loaded = LoadedValue(options: source.options)
    let texts = source.columns.enumerated().map { "\(loaded.text("f\($0)", for: $1.type.type)) AS x\($0)" }
    let values = source.columns.enumerated().map { "\(loaded.value("x\($0)", for: $1.type.type)) AS v\($0)" }
    // A field that has a text and gives no value, or a column that must have one and has none.
    let bad = source.columns.enumerated().map { index, column in
      column.notNull && column.engineDefault == nil
        ? "v\(index) IS NULL" : "(v\(index) IS NULL AND x\(index) IS NOT NULL)"
    }.joined(separator: " OR ")
    func checked(_ rows: String) -> String {
      "SELECT *, \(values.joined(separator: ", ")) FROM "
        + "(SELECT *, \(texts.joined(separator: ", ")) FROM (\(rows)) AS s) AS x"
    }
    let list = source.columns.indices.map { "v\($0)" }.joined(separator: ", ")
    if source.options.maxErrors == 0 {
      let failing = Fitting.failure("XX000", "bad row")
      let strict =
        "SELECT \(list) FROM (\(checked(source.rows(files)))) AS c WHERE CASE WHEN \(bad) THEN \(failing) ELSE true END"
      do {
        return try await insert(source, strict, into: relation)
      } catch let error as EngineError where error.kind != .interrupted && !(error.cause is AWSError) {
        // Which rows are to blame is only asked when there are some.
        let (found, _) = try await self.errors(of: source, files, checked, bad, relation, inBlock: isInBlock)
        guard !found.isEmpty else { throw error }
        throw failed(relation, found)
      }
    }
    let (found, structural) = try await self.errors(of: source, files, checked, bad, relation, inBlock: true)
    if found.count > source.options.maxErrors { throw failed(relation, found) }
    warehouse.history.note(found)
    if !found.isEmpty {
      notice(
        "INFO", "00000",
        "Load into table '\(relation.name)' completed, \(found.count) record(s) could not be loaded. "
          + "Check 'stl_load_errors' system table for details.")
    }
    let rows = source.rows(files, strictly: !structural)
    return try await insert(
      source, "SELECT \(list) FROM (\(checked(rows))) AS c WHERE NOT coalesce((\(bad)), false)", into: relation)
  }

  private func insert(_ source: CopySource, _ rows: String, into relation: CatalogRelation) async throws -> Int {
    if source.options.noLoad {
      let fields = source.columns.indices.map { "count(v\($0))" }.joined(separator: " + ")
      return try await number(
        "SELECT CASE WHEN valid >= 0 THEN n END FROM "
          + "(SELECT count(*) AS n, \(fields.isEmpty ? "0" : fields) AS valid FROM (\(rows)) AS r)"
      )
    }
    let names = source.columns.map { RedshiftPrinter.quoted($0.name) }.joined(separator: ", ")
    let order = relation.sortKeys.compactMap { key in
      source.columns.firstIndex { $0.name == key }.map { "v\($0)" }
    }
    return try await changed(
      "INSERT INTO \(CatalogTable.table(of: relation)) (\(names)) \(rows)"
        + (order.isEmpty ? "" : " ORDER BY \(order.joined(separator: ", "))"))
  }

  private func failed(_ relation: CatalogRelation, _ errors: [StatementHistory.LoadError]) -> SQLFailure {
    warehouse.history.note(errors)
    return SQLFailure(
      "XX000", "Load into table '\(relation.name)' failed.  Check 'stl_load_errors' system table for details.")
  }

  // MARK: What is wrong

  /// Rows that cannot be loaded, file by file, up to one more than may be passed over.
  /// - Returns: them, and whether some have another number of fields than the table has columns.
  private func errors(
    of source: CopySource, _ files: [LoadFile], _ checked: (String) -> String, _ bad: String,
    _ relation: CatalogRelation,
    inBlock: Bool
  ) async throws -> (errors: [StatementHistory.LoadError], structural: Bool) {
    let limit = source.options.maxErrors + 1
    var found: [StatementHistory.LoadError] = []
    var structural = false
    // A connection of its own: the failed statement has spoiled the transaction of this one.
    let session = warehouse.engine.session(for: engine.caller, isLasting: true)
    defer { Task { await session.close() } }
    for file in files where found.count < limit {
      let which = source.columns.indices.map { index in
        "WHEN (v\(index) IS NULL AND x\(index) IS NOT NULL) THEN \(index)"
      }.joined(separator: " ")
      let texts = source.columns.indices.map { "WHEN (v\($0) IS NULL AND x\($0) IS NOT NULL) THEN x\($0)" }
      let raw = source.columns.indices.map { "coalesce(CAST(f\($0) AS VARCHAR), '')" }.joined(separator: ", ")
      func query(_ strictly: Bool) -> String {
        let rows = "SELECT *, row_number() OVER () AS line FROM (\(source.rows([file], strictly: strictly))) AS q"
        return "SELECT line, CASE \(which) ELSE -1 END, CASE \(texts.joined(separator: " ")) END, "
          + "concat_ws(\(DuckDBText.string(source.options.delimiter)), \(raw)) FROM (\(checked(rows))) AS c "
          + "WHERE \(bad) LIMIT \(limit - found.count)"
      }
      do {
        found += try await rows(session, query(true), source, file, relation)
      } catch let error as EngineError where error.kind == .invalidInput || error.kind == .conversion {
        structural = true
        session.renew()
        found.append(Self.structural(error, file, queryID, user.id, relation, process, warehouse.ground.clock.now()))
        // The reader names the first such line; the others are those that it passes over.
        let passed = try await passedOver(session, source, file)
        if let first = found.last {
          for _ in 1..<max(1, min(passed, limit - found.count + 1)) where found.count < limit { found.append(first) }
        }
        session.renew()
        if found.count < limit { found += try await rows(session, query(false), source, file, relation) }
      }
    }
    return (found, structural)
  }

  /// Lines of a file that are no rows. Quoted line breaks count as lines.
  private func passedOver(_ session: EngineSession, _ source: CopySource, _ file: LoadFile) async throws -> Int {
    guard source.options.format == .csv || source.options.format == .delimited else { return 1 }
    let sql =
      "SELECT (SELECT count(*) FROM (\(source.lines(of: file)))) "
      + "- (SELECT count(*) FROM (\(source.rows([file], strictly: false))))"
    var count = 1
    do {
      let result = try await session.run(sql, policy: .everything)
      while let chunk = try await result.next() {
        if chunk.rows > 0, let column = chunk.columns.first, case .int(let value) = column[0] { count = Int(value) }
      }
    } catch let error as EngineError where error.kind == .invalidInput || error.kind == .conversion {
      // Lines that are no text cannot be counted.
    }
    return count
  }

  private func rows(
    _ session: EngineSession, _ sql: String, _ source: CopySource, _ file: LoadFile, _ relation: CatalogRelation
  ) async throws -> [StatementHistory.LoadError] {
    var found: [StatementHistory.LoadError] = []
    let result = try await session.run(sql, policy: .everything)
    while let chunk = try await result.next() {
      for row in 0..<chunk.rows {
        let index = Int(chunk.columns[1].integer(row))
        let column = index >= 0 && index < source.columns.count ? source.columns[index] : nil
        let (code, reason) = Self.reason(column?.type.type)
        let text = chunk.columns[2].isNull(row) ? "" : chunk.columns[2].string(row)
        found.append(
          StatementHistory.LoadError(
            query: queryID, user: user.id, table: relation.id, time: warehouse.ground.clock.now(), process: process,
            file: file.path.description, line: Int(chunk.columns[0].integer(row)) + source.options.headerLines,
            column: column?.name ?? "", type: column?.type.type.udtName ?? "",
            columnLength: column.flatMap { InformationSchema.sizes($0.type.type).length } ?? "",
            position: 0, rawLine: chunk.columns[3].string(row), rawField: text, code: code, reason: reason))
      }
    }
    return found
  }

  /// Redshift, "Load error reference".
  private static func reason(_ type: RedshiftType?) -> (Int, String) {
    switch type {
    case nil: (1_213, "Missing data for not-null field")
    case .char, .varchar: (1_204, "String length exceeds DDL length")
    case .smallint, .integer, .bigint: (1_207, "Invalid digit, Value, Pos, Type: Integer")
    case .decimal: (1_207, "Invalid digit, Value, Pos, Type: Decimal")
    case .real, .double: (1_207, "Invalid digit, Value, Pos, Type: Double")
    case .boolean: (1_210, "Unknown boolean format")
    case .date: (1_205, "Invalid Date Format - length must be 10 or more")
    case .timestamp, .timestamptz, .time, .timetz:
      (1_206, "Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]")
    default: (1_214, "Invalid value")
    }
  }

  private static func structural(
    _ error: EngineError, _ file: LoadFile, _ query: Int, _ user: Int, _ relation: CatalogRelation, _ process: Int,
    _ now: Timestamp
  ) -> StatementHistory.LoadError {
    let line =
      error.message.split(separator: "\n").first { $0.contains("CSV Error on Line:") }
      .flatMap { Int($0.split(separator: ":").last?.trimming { $0.isWhitespace } ?? "") } ?? 0
    let raw =
      error.message.split(separator: "\n").first { $0.hasPrefix("Original Line:") }
      .map { String($0.dropFirst(14).trimming { $0.isWhitespace }) } ?? ""
    if raw.hasPrefix("\"\u{2}\u{2}") {
      // Where REMOVEQUOTES looked for the end of a quotation in vain.
      return StatementHistory.LoadError(
        query: query, user: user, table: relation.id, time: now, process: process, file: file.path.description,
        line: line, column: "", type: "", columnLength: "", position: 0,
        rawLine: String(raw.dropFirst(3).prefix { $0 != "\"" }), rawField: "", code: 1_214,
        reason: "Delimited value missing end quote")
    }
    let (code, reason): (Int, String) =
      error.message.contains("Expected Number of Columns")
      ? (Self.hasMore(error.message) ? (1_202, "Extra column(s) found") : (1_201, "Delimiter not found"))
      : error.message.lowercased().contains("unicode") || error.message.lowercased().contains("utf-8")
        ? (1_220, "String contains invalid or unsupported UTF8 codepoints.")
        : error.message.lowercased().contains("json")
          ? (1_215, "Invalid JSON") : (1_214, "Delimited value missing end quote")
    return StatementHistory.LoadError(
      query: query, user: user, table: relation.id, time: now, process: process, file: file.path.description,
      line: line,
      column: "", type: "", columnLength: "", position: 0, rawLine: raw, rawField: "", code: code, reason: reason)
  }
}

extension WarehouseSession {
  /// `Expected Number of Columns: 5 Found: 6`.
  fileprivate static func hasMore(_ message: String) -> Bool {
    guard let line = message.split(separator: "\n").first(where: { $0.hasPrefix("Expected Number of Columns") }) else {
      return false
    }
    let numbers = line.split { !$0.isNumber }.compactMap { Int($0) }
    return numbers.count == 2 && numbers[1] > numbers[0]
  }
}
