/// What a user may do, by owning, by being a superuser, or by grants to himself, his groups and roles, and everyone.
struct Rights: Sendable {
  let user: CatalogUser
  let memberships: Set<CatalogGrantee>
  /// System permissions of his roles.
  let permissions: Set<String>

  init(of user: CatalogUser, in catalog: Catalog, groups: [Int] = []) {
    self.user = user
    var memberships = catalog.memberships(of: user.id)
    for group in groups { memberships.insert(CatalogGrantee(isGroup: true, id: group)) }
    self.memberships = memberships
    permissions = Set(
      memberships.filter(\.isGroup).compactMap { catalog.groups[$0.id] }.flatMap { group in
        group.permissions + (group.name == "sys:superuser" ? ["ALL"] : [])
      })
  }

  var isSuperuser: Bool { user.isSuperuser || permissions.contains("ALL") }

  func has(permission: String) -> Bool { isSuperuser || permissions.contains(permission) }

  /// Whether he sees what others do, in the catalog's views.
  var seesAll: Bool { has(permission: "ACCESS SYSTEM TABLE") || user.isSyslogUnrestricted }

  func owns(_ owner: Int) -> Bool { isSuperuser || owner == user.id }

  private func granted(_ grants: [CatalogGrant], _ privilege: String) -> Bool {
    grants.contains { grant in
      grant.column.isEmpty && (grant.privilege == privilege || grant.privilege == "ALL")
        && (grant.grantee.map(memberships.contains) ?? true)
    }
  }

  func may(_ privilege: String, on relation: CatalogRelation) -> Bool {
    owns(relation.owner) || granted(relation.grants, privilege) || has(permission: "\(privilege) TABLE")
  }

  func may(_ privilege: String, on schema: CatalogSchema) -> Bool {
    owns(schema.owner) || granted(schema.grants, privilege)
      || (["CREATE", "USAGE"].contains(privilege) && has(permission: "CREATE TABLE"))
  }

  func may(_ privilege: String, on database: CatalogDatabase) -> Bool {
    owns(database.owner) || granted(database.grants, privilege)
      || (privilege == "TEMP" || privilege == "TEMPORARY")
  }

  func may(_ privilege: String, on routine: CatalogRoutine) -> Bool {
    // PostgreSQL's and Redshift's default: everyone may execute functions; procedures must be granted.
    owns(routine.owner) || granted(routine.grants, privilege) || !routine.isProcedure
  }

  /// The columns that may be read; `nil` for all of them.
  func readableColumns(of relation: CatalogRelation) -> Set<String>? {
    if may("SELECT", on: relation) { return nil }
    return Set(
      relation.grants.filter { grant in
        grant.privilege == "SELECT" && !grant.column.isEmpty && (grant.grantee.map(memberships.contains) ?? true)
      }.map(\.column))
  }

  func mayGrant(_ privilege: String, owner: Int, grants: [CatalogGrant]) -> Bool {
    owns(owner)
      || grants.contains { grant in
        grant.withOption && (grant.privilege == privilege || grant.privilege == "ALL")
          && (grant.grantee.map(memberships.contains) ?? true)
      }
  }
}
