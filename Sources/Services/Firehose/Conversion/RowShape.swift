import Kernel
package import SQL

/// The columns that records are turned into, and how: a Glue table's schema met by a deserializer.
package struct RowShape: Sendable {
  package struct Column: Sendable {
    package var name: String
    package var type: HiveType
    /// The JSON key that holds it, folded as the deserializer folds keys.
    package var key: String
  }

  /// A record that is not JSON, or holds none.
  package struct Unreadable: Error, Hashable, Sendable {
    package var reason: String
  }

  /// A record that does not fit the schema.
  package struct Mismatch: Error, Hashable, Sendable {
    package var reason: String
  }

  package let columns: [Column]
  package let deserializer: JSONDeserializer

  /// - Throws: `HiveType.Malformed` for a column whose type cannot be read.
  package init(_ columns: [(name: String, type: String)], _ deserializer: JSONDeserializer) throws {
    self.deserializer = deserializer
    self.columns = try columns.map { column in
      let mapped = deserializer.keyOfColumn?[column.name] ?? column.name
      return Column(
        name: column.name, type: try HiveType.parse(column.type), key: Self.fold(mapped, deserializer))
    }
  }

  private static func fold(_ key: String, _ deserializer: JSONDeserializer) -> String {
    var folded = deserializer.foldsCase ? key.lowercased() : key
    if deserializer.dotsToUnderscores == true { folded = folded.replacing(".", with: "_") }
    return folded
  }

  // MARK: All at once, by the engine

  /// Timestamp patterns are read record by record: the engine knows no Joda.
  package var needsTriage: Bool { deserializer.timestampFormats?.isEmpty == false }

  /// SELECT over lines of objects whose keys are folded.
  /// - Parameter longestLine: bytes of the longest line. The engine reads blocks of twice as much, so that small ones
  ///   let all its threads work.
  package func select(from path: String, longestLine: Int) -> String {
    let objectBytesMax = min(max(longestLine + 1, Limits.objectBytesAtLeast), Limits.objectBytesMax)
    var seen: Set<String> = []
    let sources = columns.filter { seen.insert($0.key.lowercased()).inserted }.map { column in
      "\(DuckDBText.string(column.key)): \(DuckDBText.string(Self.readType(column.type)))"
    }
    let expressions = columns.map { column in
      "\(Self.expression(DuckDBText.identifier(column.key), column.type)) AS \(DuckDBText.identifier(column.name))"
    }
    return "SELECT \(expressions.joined(separator: ", ")) FROM read_json(\(DuckDBText.string(path)), "
      + "format = 'newline_delimited', records = true, columns = {\(sources.joined(separator: ", "))}, "
      + "maximum_object_size = \(objectBytesMax), ignore_errors = false)"
  }

  /// As what a column is read from JSON; what the engine would read otherwise than the deserializer comes as text.
  private static func readType(_ type: HiveType) -> String {
    switch type {
    case .timestamp, .date, .binary, .char, .varchar, .string: "VARCHAR"
    default: type.duckDBName
    }
  }

  private static func expression(_ source: String, _ type: HiveType) -> String {
    switch type {
    case .timestamp:
      // Text as ISO 8601 has it; else a number of seconds, or of milliseconds from 10^11 on.
      return "CASE WHEN \(source) IS NULL THEN NULL ELSE coalesce(TRY_CAST(\(source) AS TIMESTAMP), "
        + "make_timestamp(CAST(round(CASE WHEN abs(TRY_CAST(\(source) AS DOUBLE)) < 1e11 "
        + "THEN TRY_CAST(\(source) AS DOUBLE) * 1e6 ELSE TRY_CAST(\(source) AS DOUBLE) * 1e3 END) AS BIGINT)), "
        + "CAST(error('not a timestamp') AS TIMESTAMP)) END"
    case .date: return "CAST(\(source) AS DATE)"
    case .binary: return "encode(\(source))"
    case .char(let length), .varchar(let length): return "left(\(source), \(length))"
    default: return source
    }
  }

  // MARK: One by one

  /// The rows that a record's objects make, as lines of JSON that the engine reads without fail.
  /// - Throws: `Unreadable`, `Mismatch`.
  package func lines(of record: [UInt8]) throws -> [UInt8] {
    let objects = try objects(of: record)
    var out: [UInt8] = []
    for object in objects {
      guard case .object(let members) = object else { throw Mismatch(reason: "Data does not match the schema.") }
      var values: [String: JSONNode] = [:]
      for member in members { values[Self.fold(member.key, deserializer)] = member.value }
      var row: [JSONNode.Member] = []
      var seen: Set<String> = []
      for column in columns where seen.insert(column.key).inserted {
        guard let value = values[column.key] else { continue }
        row.append(.init(column.key, try ValueRules(deserializer).canonical(value, column.type)))
      }
      // A row of nothing but nulls still is a row, and the engine wants to see an object.
      JSONNode.object(row).write(to: &out)
      out.append(10)
    }
    return out
  }

  private func objects(of record: [UInt8]) throws(Unreadable) -> [JSONNode] {
    let objects: [JSONNode]
    do {
      objects = try JSONNode.sequence(record)
    } catch {
      throw Unreadable(reason: error.reason)
    }
    guard !objects.isEmpty else { throw Unreadable(reason: "No content to map due to end-of-input") }
    return objects
  }
}
