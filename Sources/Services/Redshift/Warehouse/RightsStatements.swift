import Kernel
import PostgresWire
import SQL

import class Foundation.JSONEncoder

/// Users, groups, roles, GRANT and REVOKE.
extension WarehouseSession {
  func changeRights(_ statement: RedshiftStatement) async throws -> SQLOutcome {
    switch statement {
    case .createUser(let create):
      return try await done("CREATE USER") { try await self.createUser(create) }
    case .alterUser(let name, let change):
      return try await done("ALTER USER") { try await self.alterUser(name, change) }
    case .dropUser(let names, let ifExists):
      return try await done("DROP USER") { try await self.dropUsers(names, ifExists: ifExists) }
    case .createGroup(let name, let users):
      return try await done("CREATE GROUP") { try await self.createGroup(name, isRole: false, users: users) }
    case .alterGroup(let name, let change):
      return try await done("ALTER GROUP") { try await self.alterGroup(name, change) }
    case .dropGroup(let name): return try await done("DROP GROUP") { try await self.dropGroup(name, isRole: false) }
    case .createRole(let name, let externalID, let orReplace):
      return try await done("CREATE ROLE") {
        if orReplace, self.catalog.group(name.key, isRole: true) != nil { return }
        try await self.createGroup(name, isRole: true, users: [], externalID: externalID)
      }
    case .alterRole(let name, let change):
      return try await done("ALTER ROLE") {
        var role = try self.group(name, isRole: true)
        guard !role.name.hasPrefix(SystemRoles.prefix) else {
          throw SQLFailure("42501", "cannot alter system role \"\(role.name)\"")
        }
        switch change {
        case .rename(let new): role.name = new.key
        case .owner(let owner): role.owner = try self.user(named: owner).id
        case .externalID(let id): role.externalID = id
        }
        try await self.put(role)
      }
    case .dropRole(let name, _): return try await done("DROP ROLE") { try await self.dropGroup(name, isRole: true) }
    case .grant(let grant): return try await done("GRANT") { try await self.grant(grant, revokes: false) }
    case .revoke(let grant): return try await done("REVOKE") { try await self.grant(grant, revokes: true) }
    default: throw SQLFailure("0A000", "this statement is not implemented by Tarn yet")
    }
  }

  // MARK: Users

  private func user(named name: Identifier) throws -> CatalogUser {
    guard let user = catalog.user(name.key) else {
      throw SQLFailure("42704", "user \"\(name.key)\" does not exist")
    }
    return user
  }

  private func apply(_ options: RedshiftUserOptions, to user: inout CatalogUser) throws {
    switch options.password {
    case .text(let text):
      if !text.hasPrefix("md5"), !text.hasPrefix("sha256|") { try Self.check(password: text) }
      guard let verifier = PasswordVerifier(statement: text, user: user.name, random: warehouse.ground.random) else {
        throw SQLFailure("22023", "invalid password")
      }
      user.password = String(decoding: try JSONEncoder().encode(verifier), as: UTF8.self)
    case .disabled: user.password = nil
    case nil: break
    }
    if let value = options.createDatabase { user.createsDatabases = value }
    if let value = options.createUser { user.isSuperuser = value }
    if let value = options.syslogUnrestricted { user.isSyslogUnrestricted = value }
    if let value = options.validUntil { user.validUntil = value }
    if let value = options.connectionLimit { user.connectionLimit = value < 0 ? nil : value }
    if let value = options.sessionTimeoutSeconds { user.sessionTimeoutSeconds = value == 0 ? nil : value }
    if let value = options.externalID { user.externalID = value }
  }

  /// Redshift, "CREATE USER": 8 to 64 characters with an upper-case letter, a lower-case letter and a digit.
  private static func check(password: String) throws {
    guard (8...64).contains(password.count) else {
      throw SQLFailure("22023", "password must be between 8 and 64 characters long")
    }
    guard password.contains(where: \.isUppercase) else {
      throw SQLFailure("22023", "password must contain an uppercase letter")
    }
    guard password.contains(where: \.isLowercase) else {
      throw SQLFailure("22023", "password must contain a lowercase letter")
    }
    guard password.contains(where: \.isNumber) else {
      throw SQLFailure("22023", "password must contain a number")
    }
  }

  private func createUser(_ create: RedshiftCreateUser) async throws {
    guard rights.has(permission: "CREATE USER") else {
      throw SQLFailure("42501", "permission denied to create user")
    }
    guard catalog.user(create.name.key) == nil else {
      throw SQLFailure("42710", "user \"\(create.name.key)\" already exists")
    }
    guard create.options.createUser != true || rights.isSuperuser else {
      throw SQLFailure("42501", "must be superuser to create superusers")
    }
    var user = CatalogUser(id: warehouse.newID(), name: create.name.key)
    try apply(create.options, to: &user)
    try await put(user)
    note("create", user, oldName: "")
    for name in create.options.groups {
      var group = try group(name, isRole: false)
      group.members.append(CatalogGroup.Member(grantee: CatalogGrantee(isGroup: false, id: user.id), admin: false))
      try await put(group)
    }
  }

  private func alterUser(_ name: Identifier, _ change: RedshiftAlterUser) async throws {
    var user = try user(named: name)
    let own = user.id == self.user.id
    switch change {
    case .options(let options):
      let onlyPassword =
        options.createDatabase == nil && options.createUser == nil && options.syslogUnrestricted == nil
        && options.validUntil == nil && options.connectionLimit == nil
      guard rights.has(permission: "ALTER USER") || (own && onlyPassword) else {
        throw SQLFailure("42501", "permission denied")
      }
      try apply(options, to: &user)
    case .rename(let new):
      guard rights.has(permission: "ALTER USER") else { throw SQLFailure("42501", "permission denied to rename user") }
      guard catalog.user(new.key) == nil else { throw SQLFailure("42710", "user \"\(new.key)\" already exists") }
      user.name = new.key
      // PostgreSQL's md5 covers the name.
      user.password = nil
      notice("NOTICE", "00000", "MD5 password cleared because of user rename")
    case .set(let setting):
      guard rights.has(permission: "ALTER USER") || own else { throw SQLFailure("42501", "permission denied") }
      user.settings[setting.name] = setting.isDefault ? nil : setting.values.joined(separator: ", ")
    case .reset(let name):
      guard rights.has(permission: "ALTER USER") || own else { throw SQLFailure("42501", "permission denied") }
      user.settings[name.lowercased()] = nil
    }
    try await put(user)
    note(user.name == name.key ? "alter" : "rename", user, oldName: user.name == name.key ? "" : name.key)
  }

  private func dropUsers(_ names: [Identifier], ifExists: Bool) async throws {
    guard rights.has(permission: "DROP USER") else { throw SQLFailure("42501", "permission denied to drop user") }
    for name in names {
      guard let user = catalog.user(name.key) else {
        if ifExists { continue }
        throw SQLFailure("42704", "user \"\(name.key)\" does not exist")
      }
      guard user.id != self.user.id else { throw SQLFailure("55006", "current user cannot be dropped") }
      let grantee = CatalogGrantee(isGroup: false, id: user.id)
      let owns =
        catalog.relations.values.contains { $0.owner == user.id }
        || catalog.schemas.values.contains { $0.owner == user.id }
        || catalog.databases.values.contains { $0.owner == user.id }
        || catalog.routines.values.contains { $0.owner == user.id }
      guard !owns else {
        throw SQLFailure("2BP01", "user \"\(user.name)\" cannot be dropped because the user owns some object")
      }
      guard !isGranted(grantee) else {
        throw SQLFailure(
          "2BP01", "user \"\(user.name)\" cannot be dropped because the user has a privilege on some object")
      }
      for var group in catalog.groups.values where group.members.contains(where: { $0.grantee == grantee }) {
        group.members.removeAll { $0.grantee == grantee }
        try await put(group)
      }
      try await remove(user)
      note("drop", user, oldName: "")
    }
  }

  /// Writes a change of a user into the log of users.
  private func note(_ action: String, _ user: CatalogUser, oldName: String) {
    warehouse.history.note(
      UserEvent(
        user: user.id, userName: user.name, oldName: oldName, action: action,
        createsDatabases: user.createsDatabases, isSuperuser: user.isSuperuser, validUntil: user.validUntil,
        process: process, transaction: transactionID, time: warehouse.ground.clock.now()))
  }

  private func isGranted(_ grantee: CatalogGrantee) -> Bool {
    let catalog = catalog
    return catalog.relations.values.contains { $0.grants.contains { $0.grantee == grantee } }
      || catalog.schemas.values.contains { $0.grants.contains { $0.grantee == grantee } }
      || catalog.databases.values.contains { $0.grants.contains { $0.grantee == grantee } }
      || catalog.routines.values.contains { $0.grants.contains { $0.grantee == grantee } }
  }

  // MARK: Groups and roles

  private func group(_ name: Identifier, isRole: Bool) throws -> CatalogGroup {
    guard let group = catalog.group(name.key, isRole: isRole) else {
      throw SQLFailure("42704", "\(isRole ? "role" : "group") \"\(name.key)\" does not exist")
    }
    return group
  }

  private func createGroup(_ name: Identifier, isRole: Bool, users: [Identifier], externalID: String? = nil)
    async throws
  {
    guard isRole ? rights.has(permission: "CREATE ROLE") : rights.isSuperuser else {
      throw SQLFailure("42501", "permission denied to create \(isRole ? "role" : "group")")
    }
    guard !isRole || !name.key.hasPrefix(SystemRoles.prefix) else {
      throw SQLFailure("42939", "role name \"\(name.key)\" is reserved")
    }
    guard catalog.group(name.key, isRole: isRole) == nil else {
      throw SQLFailure("42710", "\(isRole ? "role" : "group") \"\(name.key)\" already exists")
    }
    var group = CatalogGroup(
      id: warehouse.newID(), name: name.key, isRole: isRole, owner: user.id, externalID: externalID)
    for user in users {
      group.members.append(
        CatalogGroup.Member(grantee: CatalogGrantee(isGroup: false, id: try self.user(named: user).id), admin: false))
    }
    try await put(group)
  }

  private func alterGroup(_ name: Identifier, _ change: RedshiftAlterGroup) async throws {
    guard rights.isSuperuser else { throw SQLFailure("42501", "permission denied to alter group") }
    var group = try group(name, isRole: false)
    switch change {
    case .add(let users):
      for user in users {
        let grantee = CatalogGrantee(isGroup: false, id: try self.user(named: user).id)
        if !group.members.contains(where: { $0.grantee == grantee }) {
          group.members.append(CatalogGroup.Member(grantee: grantee, admin: false))
        }
      }
    case .drop(let users):
      for user in users {
        let id = try self.user(named: user).id
        group.members.removeAll { $0.grantee == CatalogGrantee(isGroup: false, id: id) }
      }
    case .rename(let new):
      guard catalog.group(new.key, isRole: false) == nil else {
        throw SQLFailure("42710", "group \"\(new.key)\" already exists")
      }
      group.name = new.key
    }
    try await put(group)
  }

  private func dropGroup(_ name: Identifier, isRole: Bool) async throws {
    let group = try group(name, isRole: isRole)
    let kind = isRole ? "role" : "group"
    guard !isRole || !group.name.hasPrefix(SystemRoles.prefix) else {
      throw SQLFailure("42501", "cannot drop system role \"\(group.name)\"")
    }
    guard rights.isSuperuser || (isRole && (rights.owns(group.owner) || rights.has(permission: "DROP ROLE"))) else {
      throw SQLFailure("42501", "permission denied to drop \(isRole ? "role" : "group")")
    }
    guard !isGranted(CatalogGrantee(isGroup: true, id: group.id)) else {
      throw SQLFailure(
        "2BP01",
        "\(kind) \"\(group.name)\" cannot be dropped because the \(kind) has a privilege on some object"
      )
    }
    for var other in catalog.groups.values
    where other.members.contains(where: { $0.grantee == CatalogGrantee(isGroup: true, id: group.id) }) {
      other.members.removeAll { $0.grantee == CatalogGrantee(isGroup: true, id: group.id) }
      try await put(other)
    }
    try await remove(group)
  }

  // MARK: GRANT and REVOKE

  func grantee(_ grantee: RedshiftGrantee) throws -> CatalogGrantee? {
    switch grantee {
    case .user(let name):
      if let user = catalog.user(name.key) { return CatalogGrantee(isGroup: false, id: user.id) }
      throw SQLFailure("42704", "user \"\(name.key)\" does not exist")
    case .group(let name): return CatalogGrantee(isGroup: true, id: try group(name, isRole: false).id)
    case .role(let name): return CatalogGrantee(isGroup: true, id: try group(name, isRole: true).id)
    case .everyone: return nil
    }
  }

  static let tablePrivileges = [
    "SELECT", "INSERT", "UPDATE", "DELETE", "RULE", "TRIGGER", "REFERENCES", "DROP", "TRUNCATE", "ALTER",
  ]

  private func grant(_ grant: RedshiftGrant, revokes: Bool) async throws {
    let grantees = try grant.grantees.map { try grantee($0) }
    func changed(_ grants: [CatalogGrant], _ all: [String], owner: Int, kind: String, name: String) throws
      -> [CatalogGrant]
    {
      var grants = grants
      for privilege in grant.privileges {
        let names = privilege.name.hasPrefix("ALL") ? all : [privilege.name == "TEMPORARY" ? "TEMP" : privilege.name]
        for name_ in names {
          guard all.contains(name_) else {
            throw SQLFailure("0LP01", "invalid privilege type \(name_) for \(kind)")
          }
          guard rights.mayGrant(name_, owner: owner, grants: grants) else {
            throw SQLFailure("42501", "permission denied for \(kind) \(name)")
          }
          let columns = privilege.columns.isEmpty ? [""] : privilege.columns.map(\.key)
          for grantee in grantees {
            for column in columns {
              if revokes {
                if grant.withOption {
                  for index in grants.indices
                  where grants[index].grantee == grantee && grants[index].privilege == name_
                    && grants[index].column == column
                  {
                    grants[index].withOption = false
                  }
                } else {
                  grants.removeAll {
                    $0.grantee == grantee && $0.privilege == name_ && (column.isEmpty || $0.column == column)
                  }
                }
              } else if let index = grants.firstIndex(where: {
                $0.grantee == grantee && $0.privilege == name_ && $0.column == column
              }) {
                if grant.withOption { grants[index].withOption = true }
              } else {
                grants.append(
                  CatalogGrant(
                    grantee: grantee, privilege: name_, column: column, withOption: grant.withOption, grantor: user.id))
              }
            }
          }
        }
      }
      return grants
    }
    func change(_ relation: CatalogRelation) async throws {
      var relation = relation
      for privilege in grant.privileges {
        for column in privilege.columns where relation.column(column.key) == nil {
          throw SQLFailure("42703", "column \"\(column.key)\" of relation \"\(relation.name)\" does not exist")
        }
      }
      relation.grants = try changed(
        relation.grants, Self.tablePrivileges, owner: relation.owner, kind: "relation", name: relation.name)
      try await put(relation)
    }
    func schema(_ name: Identifier) throws -> CatalogSchema {
      guard let schema = catalog.schema(name.key, in: database.id) else {
        throw SQLFailure("3F000", "schema \"\(name.key)\" does not exist")
      }
      return schema
    }
    switch grant.target {
    case .tables(let names):
      for name in names {
        guard case .relation(let relation) = try object(named: name) else {
          throw SQLFailure("42809", "\"\(name)\" is not a table whose rights can be granted")
        }
        try await change(relation)
      }
    case .allTablesInSchema(let names):
      for name in names {
        for relation in catalog.relations(in: try schema(name).id) { try await change(relation) }
      }
    case .schemas(let names):
      for name in names {
        var schema = try schema(name)
        schema.grants = try changed(
          schema.grants, ["CREATE", "USAGE", "ALTER", "DROP"], owner: schema.owner, kind: "schema", name: schema.name)
        try await put(schema)
      }
    case .databases(let names):
      for name in names {
        guard var found = catalog.database(name.key) else {
          throw SQLFailure("3D000", "database \"\(name.key)\" does not exist")
        }
        found.grants = try changed(
          found.grants, ["CREATE", "TEMP", "USAGE", "ALTER"], owner: found.owner, kind: "database", name: found.name)
        try await put(found)
      }
    case .functions(let names, let procedures):
      for name in names {
        guard var routine = self.names().routines(name.name).first(where: { $0.isProcedure == procedures }) else {
          throw SQLFailure("42883", "function \(name.name) does not exist")
        }
        routine.grants = try changed(
          routine.grants, ["EXECUTE"], owner: routine.owner, kind: "function", name: routine.name)
        try await put(routine)
      }
    case .allFunctionsInSchema(let names, let procedures):
      for name in names {
        let id = try schema(name).id
        for var routine in catalog.routines.values where routine.schema == id && routine.isProcedure == procedures {
          routine.grants = try changed(
            routine.grants, ["EXECUTE"], owner: routine.owner, kind: "function", name: routine.name)
          try await put(routine)
        }
      }
    case .languages: break
    case .roles(let names):
      for name in names {
        var role = try group(name, isRole: true)
        let isAdmin = role.members.contains { $0.admin && rights.memberships.contains($0.grantee) }
        // Only superusers make superusers.
        let mayAll = rights.has(permission: "GRANT ROLE") && role.name != "sys:superuser"
        guard rights.owns(role.owner) || isAdmin || mayAll else {
          throw SQLFailure("42501", "permission denied to grant role \(role.name)")
        }
        for grantee in grantees.compactMap({ $0 }) {
          role.members.removeAll { $0.grantee == grantee }
          if !revokes { role.members.append(CatalogGroup.Member(grantee: grantee, admin: grant.withOption)) }
        }
        try await put(role)
      }
    case .system:
      guard rights.isSuperuser else { throw SQLFailure("42501", "permission denied to grant system permissions") }
      for grantee in grantees {
        guard let grantee, grantee.isGroup, var role = catalog.groups[grantee.id], role.isRole else {
          throw SQLFailure("0LP01", "system permissions can be granted to roles only")
        }
        for privilege in grant.privileges {
          role.permissions.removeAll { $0 == privilege.name }
          if !revokes { role.permissions.append(privilege.name) }
        }
        try await put(role)
      }
    default: throw SQLFailure("0A000", "rights on objects of this kind are not implemented by Tarn yet")
    }
  }
}
