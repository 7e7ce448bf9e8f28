/// A column's type as Glue's `Column.Type` spells it: Hive's type grammar.
///
/// ```swift
/// let type = try HiveType.parse("array<struct<id:int,tags:map<string,decimal(10,2)>>>")
/// type.description  // the same text, in Hive's canonical lower case
/// type.sqlType      // array(row(id integer, tags map(varchar, decimal(10,2))))
/// ```
public indirect enum HiveType: Hashable, Sendable {
  case boolean, tinyint, smallint, int, bigint, float, double
  case decimal(precision: Int, scale: Int)
  case string
  case varchar(length: Int)
  case char(length: Int)
  case binary, date, timestamp
  case array(HiveType)
  case map(HiveType, HiveType)
  case structure([Field])
  case union([HiveType])

  /// A field of a struct. Names keep their spelling and are matched without regard to case.
  public struct Field: Hashable, Sendable {
    public var name: String
    public var type: HiveType
    public init(_ name: String, _ type: HiveType) {
      self.name = name
      self.type = type
    }
  }
}

extension HiveType: CustomStringConvertible {
  /// Hive's canonical text, without spaces.
  public var description: String {
    switch self {
    case .boolean: "boolean"
    case .tinyint: "tinyint"
    case .smallint: "smallint"
    case .int: "int"
    case .bigint: "bigint"
    case .float: "float"
    case .double: "double"
    case .decimal(let precision, let scale): "decimal(\(precision),\(scale))"
    case .string: "string"
    case .varchar(let length): "varchar(\(length))"
    case .char(let length): "char(\(length))"
    case .binary: "binary"
    case .date: "date"
    case .timestamp: "timestamp"
    case .array(let element): "array<\(element)>"
    case .map(let key, let value): "map<\(key),\(value)>"
    case .structure(let fields): "struct<" + fields.map { "\($0.name):\($0.type)" }.joined(separator: ",") + ">"
    case .union(let types): "uniontype<" + types.map(\.description).joined(separator: ",") + ">"
    }
  }
}

extension HiveType {
  /// What Athena's queries see; `uniontype` is shown as Trino reads it, a row of a tag and one field per choice.
  public var sqlType: SQLType {
    switch self {
    case .boolean: .boolean
    case .tinyint: .tinyint
    case .smallint: .smallint
    case .int: .integer
    case .bigint: .bigint
    case .float: .real
    case .double: .double
    case .decimal(let precision, let scale): .decimal(precision: precision, scale: scale)
    case .string: .varcharUnbounded
    case .varchar(let length): .varchar(length: length)
    case .char(let length): .char(length: length)
    case .binary: .varbinary
    case .date: .date
    case .timestamp: .timestamp(precision: 3)
    case .array(let element): .array(element.sqlType)
    case .map(let key, let value): .map(key.sqlType, value.sqlType)
    case .structure(let fields): .row(fields.map { .init($0.name.lowercased(), $0.type.sqlType) })
    case .union(let types):
      .row([.init("tag", .tinyint)] + types.enumerated().map { .init("field\($0.offset)", $0.element.sqlType) })
    }
  }

  /// The DuckDB type that holds this type's values.
  public var duckDBName: String { sqlType.duckDBName }

  /// The type of the Glue column that a CTAS or `CREATE VIEW` makes for a query's column.
  /// - Throws: `SQLError` with Athena's `NOT_SUPPORTED` where Hive has no such type.
  public init(_ type: SQLType) throws(SQLError) {
    switch type {
    case .boolean: self = .boolean
    case .tinyint: self = .tinyint
    case .smallint: self = .smallint
    case .integer: self = .int
    case .bigint: self = .bigint
    case .real: self = .float
    case .double: self = .double
    case .decimal(let precision, let scale): self = .decimal(precision: precision, scale: scale)
    // Hive's varchar ends at 65,535 characters; Trino's Hive connector writes longer ones as string.
    case .varchar(let length): self = length.map { $0 >= 1 && $0 <= 65_535 ? .varchar(length: $0) : .string } ?? .string
    case .char(let length): self = length <= 255 ? .char(length: length) : .string
    case .varbinary: self = .binary
    case .date: self = .date
    case .timestamp: self = .timestamp
    case .array(let element): self = .array(try HiveType(element))
    case .map(let key, let value): self = .map(try HiveType(key), try HiveType(value))
    case .row(let fields):
      var converted: [Field] = []
      for field in fields {
        guard let name = field.name else {
          throw SQLError(
            .notSupported,
            "Anonymous row type is not supported in Hive. Please give each field a name: \(type)")
        }
        converted.append(Field(name, try HiveType(field.type)))
      }
      self = .structure(converted)
    default: throw SQLError(.notSupported, "Unsupported Hive type: \(type)")
    }
  }
}
