import SQL

/// The catalog of a namespace as one transaction sees it.
struct Catalog: Sendable {
  private(set) var databases: [Int: CatalogDatabase] = [:]
  private(set) var schemas: [Int: CatalogSchema] = [:]
  private(set) var relations: [Int: CatalogRelation] = [:]
  private(set) var routines: [Int: CatalogRoutine] = [:]
  private(set) var users: [Int: CatalogUser] = [:]
  private(set) var groups: [Int: CatalogGroup] = [:]
  private(set) var policies: [Int: CatalogPolicy] = [:]

  private struct SchemaName: Hashable {
    var database: Int
    var name: String
  }
  private struct RelationName: Hashable {
    var schema: Int
    var name: String
  }
  private var schemasByName: [SchemaName: Int] = [:]
  private var relationsByName: [RelationName: Int] = [:]

  /// The schema number of temporary relations, which only their session knows.
  static let temporarySchema = 0

  // MARK: Looking up

  func database(_ name: String) -> CatalogDatabase? { databases.values.first { $0.name == name } }
  func user(_ name: String) -> CatalogUser? { users.values.first { $0.name == name } }
  func group(_ name: String, isRole: Bool) -> CatalogGroup? {
    groups.values.first { $0.name == name && $0.isRole == isRole }
  }
  func schema(_ name: String, in database: Int) -> CatalogSchema? {
    schemasByName[SchemaName(database: database, name: name)].flatMap { schemas[$0] }
  }
  func relation(_ name: String, in schema: Int) -> CatalogRelation? {
    relationsByName[RelationName(schema: schema, name: name)].flatMap { relations[$0] }
  }
  /// The relation whose rows lie in the engine's table of that number.
  func relation(storedAs number: Int) -> CatalogRelation? {
    if let relation = relations[number], relation.storage == nil { return relation }
    return relations.values.first { $0.storage == number } ?? relations[number]
  }
  func routines(_ name: String, in schema: Int) -> [CatalogRoutine] {
    routines.values.filter { $0.schema == schema && $0.name == name }
  }
  func policy(_ name: String, isMasking: Bool, in database: Int) -> CatalogPolicy? {
    policies.values.first { $0.name == name && $0.isMasking == isMasking && $0.database == database }
  }
  func relations(in schema: Int) -> [CatalogRelation] {
    relations.values.filter { $0.schema == schema }.sorted { $0.name < $1.name }
  }

  /// The user, the groups and the roles whose rights a user has.
  func memberships(of user: Int) -> Set<CatalogGrantee> {
    var found: Set<CatalogGrantee> = [CatalogGrantee(isGroup: false, id: user)]
    var grows = true
    while grows {
      grows = false
      for group in groups.values where group.members.contains(where: { found.contains($0.grantee) }) {
        if found.insert(CatalogGrantee(isGroup: true, id: group.id)).inserted { grows = true }
      }
    }
    return found
  }

  // MARK: Changing

  mutating func apply(_ change: CatalogChange) {
    switch change {
    case .put(let entry):
      switch entry {
      case let entry as CatalogDatabase: databases[entry.id] = entry
      case let entry as CatalogSchema:
        if let before = schemas[entry.id] {
          schemasByName[SchemaName(database: before.database, name: before.name)] = nil
        }
        schemas[entry.id] = entry
        schemasByName[SchemaName(database: entry.database, name: entry.name)] = entry.id
      case let entry as CatalogRelation:
        forget(entry.id)
        relations[entry.id] = entry
        relationsByName[RelationName(schema: entry.schema, name: entry.name)] = entry.id
      case let entry as CatalogRoutine: routines[entry.id] = entry
      case let entry as CatalogUser: users[entry.id] = entry
      case let entry as CatalogGroup: groups[entry.id] = entry
      case let entry as CatalogPolicy: policies[entry.id] = entry
      default: break
      }
    case .remove(let key):
      switch key.kind {
      case .database: databases[key.id] = nil
      case .schema:
        if let before = schemas.removeValue(forKey: key.id) {
          schemasByName[SchemaName(database: before.database, name: before.name)] = nil
        }
      case .relation:
        forget(key.id)
        relations[key.id] = nil
      case .routine: routines[key.id] = nil
      case .user: users[key.id] = nil
      case .group: groups[key.id] = nil
      case .policy: policies[key.id] = nil
      }
    }
  }

  private mutating func forget(_ relation: Int) {
    guard let before = relations[relation] else { return }
    let name = RelationName(schema: before.schema, name: before.name)
    // A renamed relation may have been followed by another of its old name.
    if relationsByName[name] == relation { relationsByName[name] = nil }
  }
}

enum CatalogChange: Sendable {
  case put(any CatalogEntry)
  case remove(CatalogKey)

  var key: CatalogKey {
    switch self {
    case .put(let entry): CatalogKey(kind: type(of: entry).kind, id: entry.id)
    case .remove(let key): key
    }
  }
}
