import Kernel
import LambdaModel
import Storage

/// What a name and a qualifier lead to.
struct ResolvedFunction: Sendable {
  var function: FunctionRecord
  var version: VersionRecord
  /// The alias that was named.
  var alias: AliasRecord?
}

extension LambdaService {
  /// Reads a function, `authorized` for `action`.
  /// - Throws: ResourceNotFoundException, AccessDeniedException.
  func find(_ name: FunctionName, for action: String, _ context: RequestContext) async throws -> FunctionRecord {
    try await context.authorize("lambda:\(action)", on: name.arn)
    return try await keys.read { try $0.function(name) }
  }

  /// Reads the version that a name means.
  func resolve(_ name: FunctionName) async throws -> ResolvedFunction {
    // An alias with weights sends some of its callers to the other version.
    let chance = Double(random.next(below: 1_000_000)) / 1_000_000
    return try await keys.read { try $0.resolve(name, chance: chance) }
  }

  /// Reads, changes and writes a function. `body` may run again.
  @discardableResult
  func change(
    _ name: FunctionName, revision: String? = nil,
    _ body: @escaping @Sendable (inout FunctionRecord, any KeyTransaction) throws -> Void
  ) async throws -> FunctionRecord {
    try await keys.write { transaction in
      var record = try transaction.function(name)
      if let revision, revision != record.latest.revision { throw LambdaError.wrongRevision }
      try body(&record, transaction)
      try transaction.set(LambdaKeys.function(name.scope, name.name), record: record)
      return record
    }
  }
}

extension LambdaError {
  static let wrongRevision = preconditionFailedException(
    "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the "
      + "latest Revision Id")
}

extension KeyReader {
  func function(_ name: FunctionName) throws -> FunctionRecord {
    guard let found = try get(LambdaKeys.function(name.scope, name.name), as: FunctionRecord.self) else {
      throw LambdaError.noFunction(name)
    }
    return found
  }

  func version(_ name: FunctionName, _ version: String, of function: FunctionRecord) throws -> VersionRecord? {
    if version == FunctionName.latest { return function.latest }
    guard let number = Int(version) else { return nil }
    return try get(LambdaKeys.version(name.scope, name.name, number), as: VersionRecord.self)
  }

  /// - Parameter chance: 0 to 1, decides between an alias's two versions.
  func resolve(_ name: FunctionName, chance: Double) throws -> ResolvedFunction {
    let function = try self.function(name)
    guard let qualifier = name.qualifier else { return ResolvedFunction(function: function, version: function.latest) }
    if qualifier == FunctionName.latest || Int(qualifier) != nil {
      guard let version = try version(name, qualifier, of: function) else { throw LambdaError.noFunction(name) }
      return ResolvedFunction(function: function, version: version)
    }
    guard let alias = try get(LambdaKeys.alias(name.scope, name.name, qualifier), as: AliasRecord.self) else {
      throw LambdaError.noFunction(name)
    }
    var chosen = alias.version
    if let (other, share) = alias.weights.first, chance < share { chosen = other }
    guard let version = try version(name, chosen, of: function) else { throw LambdaError.noFunction(name) }
    return ResolvedFunction(function: function, version: version, alias: alias)
  }
}

/// A part of a list, after a marker.
struct ListPage<Item> {
  var items: [Item]
  var next: String?

  /// - Parameter name: by which items are ordered already.
  init(_ all: [Item], after marker: String?, limit: Int, name: (Item) -> String) {
    var rest = all[...]
    if let marker, let start = all.firstIndex(where: { name($0) == marker }) { rest = all[(start + 1)...] }
    items = Array(rest.prefix(limit))
    next = rest.count > limit ? items.last.map(name) : nil
  }
}
