import Kernel
import Storage

/// A user's or role's policies, compiled, with the condition keys it brings along.
struct PrincipalRights: Sendable {
  /// The entity's unique id: a session of a role that was deleted and made again has no rights.
  var id: String
  var arn: String
  var identity: [PolicySource]
  var boundary: PolicySource?
  /// `aws:principaltag/…` and the like, in lower case.
  var context: [String: [String]]
}

/// Compiled policies in memory: by principal until IAM changes anything, by text for policies that come along
/// with a request. Every call by anyone but the root asks here.
final class PolicyCache: Sendable {
  struct Name: Hashable, Sendable {
    var account: AccountID
    var kind: EntityKind
    var name: String
  }

  private struct State {
    /// Counts changes: what was read before a change is not kept after it.
    var generation = 0
    var principals: [Name: PrincipalRights?] = [:]
    var documents: [String: PolicyDocument] = [:]
  }
  private let state = Locked(State())
  private let keys: any KeyStore

  init(keys: any KeyStore) { self.keys = keys }

  /// Forgets every principal. Changes to IAM are rare and calls are many, so nothing finer is worth its risk.
  func invalidate() {
    state.withLock { state in
      state.generation += 1
      state.principals.removeAll(keepingCapacity: true)
    }
  }

  /// - Returns: `nil` when there is no such user or role.
  func rights(of name: Name) async throws -> PrincipalRights? {
    let (known, generation) = state.withLock { ($0.principals[name], $0.generation) }
    if let known { return known }
    let read = try await keys.read { reader in try Self.load(name, reader) }
    state.withLock { state in
      guard state.generation == generation else { return }
      if state.principals.count >= Limits.cachedPrincipalsMax { state.principals.removeAll(keepingCapacity: true) }
      state.principals[name] = .some(read)
    }
    return read
  }

  /// The compiled form of a policy that came as text; one that does not parse allows nothing, so it is `nil`.
  func document(_ text: String, as kind: PolicyKind) -> PolicyDocument? {
    let key = kind == .trust ? "trust:" + text : text
    if let known = state.withLock({ $0.documents[key] }) { return known }
    guard let parsed = try? PolicyDocument.parse(text, as: kind) else { return nil }
    state.withLock { state in
      if state.documents.count >= Limits.cachedDocumentsMax { state.documents.removeAll(keepingCapacity: true) }
      state.documents[key] = parsed
    }
    return parsed
  }

  static func load(_ name: Name, _ reader: any KeyReader) throws -> PrincipalRights? {
    switch name.kind {
    case .user:
      guard let user = try reader.user(name.account, name.name) else { return nil }
      var sources = try sources(of: user, name.account, reader)
      for group in user.groups {
        guard let group = try reader.group(name.account, group) else { continue }
        sources += try Self.sources(of: group, name.account, reader)
      }
      return try rights(user, user.boundary, user.tags, sources, name.account, reader)
    case .role:
      guard let role = try reader.role(name.account, name.name) else { return nil }
      return try rights(role, role.boundary, role.tags, sources(of: role, name.account, reader), name.account, reader)
    default: return nil
    }
  }

  private static func rights<Record: EntityRecord>(
    _ record: Record, _ boundary: String?, _ tags: [TagRecord], _ sources: [PolicySource], _ account: AccountID,
    _ reader: any KeyReader
  ) throws -> PrincipalRights {
    let arn = Names.arn(account.digits, Record.kind, record.path, record.name)
    var context = ["aws:principalarn": [arn], "aws:principalaccount": [account.digits]]
    for tag in tags { context["aws:principaltag/\(tag.key.lowercased())"] = [tag.value] }
    if Record.kind == .user { context["aws:username"] = [record.name] }
    context["aws:principaltype"] = [Record.kind == .user ? "User" : "AssumedRole"]
    return PrincipalRights(
      id: record.id, arn: arn, identity: sources,
      boundary: try boundary.map { try boundarySource($0, account, reader) }, context: context)
  }

  /// A boundary that cannot be read allows nothing.
  static func boundarySource(_ arn: String, _ account: AccountID, _ reader: any KeyReader) throws -> PolicySource {
    guard let managed = try reader.managedPolicy(account, arn: arn),
      let document = try? PolicyDocument.parse(managed.document, as: .managed)
    else { return PolicySource(id: arn, document: PolicyDocument(version: .v2012, id: nil, statements: [])) }
    return PolicySource(id: managed.name, document: document)
  }

  /// Inline policies first, then attached ones. Stored documents were checked when they were put.
  /// - Throws: `StorageError.corrupt` for one that cannot be read all the same: it may be the one that denies.
  static func sources<Record: EntityRecord>(
    of record: Record, _ account: AccountID, _ reader: any KeyReader
  ) throws -> [PolicySource] {
    var sources: [PolicySource] = []
    for policy in record.inline {
      let id = "\(Record.kind.rawValue)_\(record.name)_\(policy.name)"
      sources.append(PolicySource(id: id, document: try stored(policy.document, .inline, id)))
    }
    for arn in record.attached {
      guard let managed = try reader.managedPolicy(account, arn: arn) else { continue }
      sources.append(PolicySource(id: managed.name, document: try stored(managed.document, .managed, arn)))
    }
    return sources
  }

  private static func stored(_ text: String, _ kind: PolicyKind, _ name: String) throws -> PolicyDocument {
    guard let document = try? PolicyDocument.parse(text, as: kind) else {
      throw StorageError.corrupt("the stored policy \(name) cannot be read")
    }
    return document
  }
}
