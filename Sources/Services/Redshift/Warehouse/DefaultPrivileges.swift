import SQL

/// ALTER DEFAULT PRIVILEGES: rights that new tables, functions and procedures are born with.
extension WarehouseSession {
  func alterDefaultPrivileges(_ change: RedshiftDefaultPrivileges) async throws {
    var database = catalog.databases[database.id] ?? database
    var defaults = database.defaults ?? []
    let owners = try change.users.isEmpty ? [user.id] : change.users.map { try named($0).id }
    guard rights.isSuperuser || owners == [user.id] else {
      throw SQLFailure("42501", "must be superuser to alter default privileges of other users")
    }
    let schemas: [Int?] =
      try change.schemas.isEmpty
      ? [nil]
      : change.schemas.map { name in
        guard let schema = catalog.schema(name.key, in: database.id) else {
          throw SQLFailure("3F000", "schema \"\(name.key)\" does not exist")
        }
        return schema.id
      }
    let all = change.kind == "TABLES" ? Self.tablePrivileges : ["EXECUTE"]
    for owner in owners {
      for schema in schemas {
        let index = defaults.firstIndex { $0.owner == owner && $0.schema == schema && $0.kind == change.kind }
        var entry =
          index.map { defaults[$0] }
          ?? CatalogDatabase.Default(owner: owner, schema: schema, kind: change.kind, grants: [])
        for privilege in change.privileges {
          for name in privilege.name.hasPrefix("ALL") ? all : [privilege.name] {
            guard all.contains(name) else {
              throw SQLFailure("0LP01", "invalid privilege type \(name) for \(change.kind.lowercased())")
            }
            for grantee in change.grantees {
              let grantee = try self.grantee(grantee)
              entry.grants.removeAll { $0.grantee == grantee && $0.privilege == name }
              if !change.revokes {
                entry.grants.append(
                  CatalogGrant(grantee: grantee, privilege: name, withOption: change.withOption, grantor: owner))
              }
            }
          }
        }
        if let index { defaults[index] = entry } else { defaults.append(entry) }
      }
    }
    database.defaults = defaults
    try await put(database)
  }

  private func named(_ name: Identifier) throws -> CatalogUser {
    guard let user = catalog.user(name.key) else {
      throw SQLFailure("42704", "user \"\(name.key)\" does not exist")
    }
    return user
  }

  /// What a new object of the session's user is born with.
  func defaultGrants(_ kind: String, in schema: Int) -> [CatalogGrant] {
    (catalog.databases[database.id]?.defaults ?? []).filter { entry in
      entry.owner == user.id && entry.kind == kind && (entry.schema == nil || entry.schema == schema)
    }.flatMap(\.grants)
  }
}
