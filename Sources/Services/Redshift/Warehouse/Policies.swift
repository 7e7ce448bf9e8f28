import SQL

/// Row-level security and dynamic masking.
extension WarehouseSession {
  private var isSecurityAdmin: Bool {
    rights.isSuperuser
      || rights.memberships.contains { catalog.groups[$0.id]?.name == "sys:secadmin" && $0.isGroup }
  }

  private func demandSecurityAdmin() throws {
    guard isSecurityAdmin else { throw SQLFailure("42501", "permission denied: the role sys:secadmin is needed") }
  }

  private func policy(_ name: Identifier, isMasking: Bool) throws -> CatalogPolicy {
    guard let found = catalog.policy(name.key, isMasking: isMasking, in: database.id) else {
      throw SQLFailure("42704", "\(isMasking ? "masking" : "RLS") policy \"\(name.key)\" does not exist")
    }
    return found
  }

  private func create(
    _ name: Identifier, _ ifNotExists: Bool, _ columns: [RedshiftPolicyColumn], alias: Identifier?, text: String,
    isMasking: Bool
  ) async throws {
    try demandSecurityAdmin()
    if catalog.policy(name.key, isMasking: isMasking, in: database.id) != nil {
      if ifNotExists { return }
      throw SQLFailure("42710", "\(isMasking ? "masking" : "RLS") policy \"\(name.key)\" already exists")
    }
    try await put(
      CatalogPolicy(
        id: warehouse.newID(), name: name.key, isMasking: isMasking, database: database.id,
        columnNames: columns.map(\.name.key), columnTypes: columns.map { CatalogType($0.type) }, alias: alias?.key,
        text: text, keepsCase: settings.keepsCase ? true : nil))
  }

  func changePolicies(_ statement: RedshiftStatement) async throws -> SQLOutcome {
    switch statement {
    case .createRLSPolicy(let create):
      return try await done("CREATE RLS POLICY") {
        try await self.create(
          create.name, create.ifNotExists, create.columns, alias: create.alias, text: create.text, isMasking: false)
      }
    case .createMaskingPolicy(let create):
      return try await done("CREATE MASKING POLICY") {
        try await self.create(
          create.name, create.ifNotExists, create.columns, alias: nil, text: create.text, isMasking: true)
      }
    case .dropRLSPolicy(let name, let ifExists, let cascade):
      return try await done("DROP RLS POLICY") {
        try self.demandSecurityAdmin()
        if ifExists, self.catalog.policy(name.key, isMasking: false, in: self.database.id) == nil { return }
        let policy = try self.policy(name, isMasking: false)
        guard policy.attachments.isEmpty || cascade else {
          throw SQLFailure("2BP01", "RLS policy \"\(policy.name)\" is attached to a relation")
        }
        try await self.remove(policy)
      }
    case .dropMaskingPolicy(let name):
      return try await done("DROP MASKING POLICY") {
        try self.demandSecurityAdmin()
        let policy = try self.policy(name, isMasking: true)
        guard policy.attachments.isEmpty else {
          throw SQLFailure("2BP01", "masking policy \"\(policy.name)\" is attached to a relation")
        }
        try await self.remove(policy)
      }
    case .attachRLSPolicy(let target):
      return try await done("ATTACH RLS POLICY") { try await self.attach(target, isMasking: false) }
    case .attachMaskingPolicy(let target):
      return try await done("ATTACH MASKING POLICY") { try await self.attach(target, isMasking: true) }
    case .detachRLSPolicy(let target):
      return try await done("DETACH RLS POLICY") { try await self.detach(target, isMasking: false) }
    case .detachMaskingPolicy(let target):
      return try await done("DETACH MASKING POLICY") { try await self.detach(target, isMasking: true) }
    default: throw SQLFailure("0A000", "this statement is not implemented by Tarn yet")
    }
  }

  private func attach(_ target: RedshiftPolicyTarget, isMasking: Bool) async throws {
    try demandSecurityAdmin()
    var policy = try policy(target.policy, isMasking: isMasking)
    for name in target.tables {
      guard case .relation(let relation) = try object(named: name) else {
        throw SQLFailure("42809", "\"\(name)\" is not a table")
      }
      for column in target.columns + target.using where relation.column(column.key) == nil {
        throw SQLFailure("42703", "column \"\(column.key)\" of relation \"\(relation.name)\" does not exist")
      }
      for grantee in target.grantees {
        policy.attachments.append(
          CatalogPolicy.Attachment(
            relation: relation.id, columns: target.columns.map(\.key), using: target.using.map(\.key),
            grantee: try self.grantee(grantee), priority: target.priority ?? 0))
      }
    }
    try await put(policy)
  }

  private func detach(_ target: RedshiftPolicyTarget, isMasking: Bool) async throws {
    try demandSecurityAdmin()
    var policy = try policy(target.policy, isMasking: isMasking)
    for name in target.tables {
      guard case .relation(let relation) = try object(named: name) else { continue }
      for grantee in target.grantees {
        let wanted = try self.grantee(grantee)
        policy.attachments.removeAll {
          $0.relation == relation.id && $0.grantee == wanted
            && (target.columns.isEmpty || $0.columns == target.columns.map(\.key))
        }
      }
    }
    try await put(policy)
  }
}

extension SessionNames {
  /// What policies leave of a relation for the user who reads it.
  /// - Parameter text: the relation as it is for others.
  func protected(_ relation: CatalogRelation, _ text: String) throws(SQLError) -> String {
    let policies = catalog.policies.values.filter { policy in
      policy.attachments.contains { $0.relation == relation.id }
    }
    guard relation.rowLevelSecurity == true || !policies.isEmpty else { return text }
    func applies(_ attachment: CatalogPolicy.Attachment) -> Bool {
      attachment.relation == relation.id && (attachment.grantee.map(rights.memberships.contains) ?? true)
    }
    var result = text
    if relation.rowLevelSecurity == true, !rights.isSuperuser {
      var conditions: [String] = []
      for policy in policies.sorted(by: { $0.id < $1.id })
      where !policy.isMasking && policy.attachments.contains(where: applies) {
        var inner = self
        inner.depth += 1
        if let owner = catalog.users[relation.owner] { inner.rights = Rights(of: owner, in: catalog) }
        let condition = try RedshiftPrinter(names: inner).expression(
          try RedshiftParser.expression(policy.text, keepsCase: policy.keepsCase == true))
        conditions.append("(\(condition))")
      }
      let conjunction = relation.rowLevelConjunction == "OR" ? " OR " : " AND "
      let alias = policies.compactMap(\.alias).first ?? "v"
      // No policy for the user: no rows.
      result =
        "(SELECT * FROM \(result) AS \(RedshiftPrinter.quoted(alias)) "
        + "WHERE \(conditions.isEmpty ? "false" : conditions.joined(separator: conjunction)))"
    }
    let masks = try self.masks(relation, policies, applies)
    if !masks.isEmpty {
      let items = relation.columns.map { column in
        masks[column.name].map { "\($0) AS \(RedshiftPrinter.quoted(column.name))" }
          ?? RedshiftPrinter.quoted(column.name)
      }
      result = "(SELECT \(items.joined(separator: ", ")) FROM \(result) AS v)"
    }
    return result
  }

  /// Expressions that are parted by commas.
  private static func expressions(_ policy: CatalogPolicy) throws(SQLError) -> [Expression] {
    guard
      case .query(let query) = try RedshiftParser.statement(
        "SELECT " + policy.text, keepsCase: policy.keepsCase == true),
      case .select(let select) = query.body
    else { return [] }
    return select.items.compactMap { item in
      if case .expression(let expression, _) = item { expression } else { nil }
    }
  }

  /// The mask of each masked column; of several policies the one with the highest priority counts.
  private func masks(
    _ relation: CatalogRelation, _ policies: [CatalogPolicy], _ applies: (CatalogPolicy.Attachment) -> Bool
  ) throws(SQLError) -> [String: String] {
    var found: [String: (priority: Int, text: String)] = [:]
    for policy in policies where policy.isMasking {
      for attachment in policy.attachments where applies(attachment) {
        let inputs = attachment.using.isEmpty ? attachment.columns : attachment.using
        let expressions = try Self.expressions(policy)
        let names = zip(policy.columnNames, inputs).map {
          "v.\(RedshiftPrinter.quoted($1)) AS \(RedshiftPrinter.quoted($0))"
        }
        for (column, expression) in zip(attachment.columns, expressions) {
          if let before = found[column], before.priority >= attachment.priority { continue }
          let mask = try RedshiftPrinter(names: self).expression(expression)
          let type = relation.column(column)?.type.type.engineName ?? "VARCHAR"
          found[column] = (
            attachment.priority, "CAST((SELECT \(mask) FROM (SELECT \(names.joined(separator: ", "))) AS m) AS \(type))"
          )
        }
      }
    }
    return found.mapValues(\.text)
  }
}
