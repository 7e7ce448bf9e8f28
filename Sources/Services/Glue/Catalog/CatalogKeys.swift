import Kernel
import Storage

/// Where the catalog's state stands in the key store, for one account and region.
struct CatalogKeys: Sendable {
  private let scope: Scope

  init(_ scope: Scope) { self.scope = scope }

  private func key(_ kind: String, _ names: String...) -> Key {
    var key = Key("glue", scope.account.digits, scope.region.code, kind)
    for name in names { key = key.appending(name) }
    return key
  }

  // Databases, tables, versions.
  var databases: KeyRange { key("database").subtree }
  func database(_ name: String) -> Key { key("database", name) }
  func tables(in database: String) -> KeyRange { key("table", database).subtree }
  var allTables: KeyRange { key("table").subtree }
  func table(_ name: String, in database: String) -> Key { key("table", database, name) }
  func versions(of table: String, in database: String) -> KeyRange { key("version", database, table).subtree }
  func version(_ number: Int64, of table: String, in database: String) -> Key {
    key("version", database, table).appending(number)
  }

  // Partitions.
  func partitions(of table: String, in database: String) -> KeyRange { key("partition", database, table).subtree }
  func partition(_ values: [String], of table: String, in database: String) -> Key {
    values.reduce(key("partition", database, table)) { $0.appending($1) }
  }
  /// The values of a partition, read back from its key.
  static func partitionValues(_ key: Key) -> [String] { (key.elements ?? []).dropFirst(6).compactMap(\.string) }
  func descriptor(_ name: String, of table: String, in database: String) -> Key {
    key("descriptor", database, table, name)
  }
  func index(_ name: String, of table: String, in database: String) -> Key { key("index", database, table, name) }
  func indexes(of table: String, in database: String) -> KeyRange { key("index", database, table).subtree }

  // Statistics.
  func statistics(column: String, of table: String, in database: String) -> Key {
    key("statistics", database, table, column)
  }
  func partitionStatistics(_ values: [String], of table: String, in database: String) -> Key {
    values.reduce(key("partitionStatistics", database, table)) { $0.appending($1) }
  }

  // Functions, policies, settings, tags.
  func functions(in database: String) -> KeyRange { key("function", database).subtree }
  var allFunctions: KeyRange { key("function").subtree }
  func function(_ name: String, in database: String) -> Key { key("function", database, name) }
  func policy(_ resource: String) -> Key { key("policy", resource) }
  var policies: KeyRange { key("policy").subtree }
  var encryption: Key { key("encryption") }
  func tags(_ resource: String) -> Key { key("tags", resource) }

  // Schema Registry.
  var registries: KeyRange { key("registry").subtree }
  func registry(_ name: String) -> Key { key("registry", name) }
  var schemas: KeyRange { key("schema").subtree }
  func schemas(in registry: String) -> KeyRange { key("schema", registry).subtree }
  func schema(_ name: String, in registry: String) -> Key { key("schema", registry, name) }
  func schemaVersions(_ schema: String, in registry: String) -> KeyRange {
    key("schemaVersion", registry, schema).subtree
  }
  func schemaVersion(_ number: Int64, of schema: String, in registry: String) -> Key {
    key("schemaVersion", registry, schema).appending(number)
  }
  func schemaVersionByID(_ id: String) -> Key { key("schemaVersionID", id) }

  /// All that belongs to a table beside its own record.
  func belongings(of table: String, in database: String) -> [KeyRange] {
    ["version", "partition", "descriptor", "index", "statistics", "partitionStatistics"].map {
      key($0, database, table).subtree
    }
  }
  /// All that belongs to a database beside its own record.
  func belongings(ofDatabase database: String) -> [KeyRange] {
    ["table", "version", "partition", "descriptor", "index", "statistics", "partitionStatistics", "function"].map {
      key($0, database).subtree
    }
  }
}
