import AWSWire
public import IAMModel
public import Kernel
import Storage

extension IAMControlPlane {
  public func createAccessKey(
    _ input: CreateAccessKeyInput, _ context: RequestContext
  ) async throws -> CreateAccessKeyOutput {
    let name = try userName(input.userName, context)
    try await authorize("iam:CreateAccessKey", .user, name, context)
    let account = context.account
    let id = Names.keyID("AKIA", random)
    let secret = Names.secret(random)
    let now = clock.now()
    let key = try await change { transaction in
      var user = try transaction.requireUser(account, name)
      guard user.accessKeys.count < Limits.accessKeysPerUserMax else {
        throw IAMFault.quota("AccessKeysPerUser", Limits.accessKeysPerUserMax)
      }
      user.accessKeys.append(id)
      let key = AccessKeyRecord(
        id: id, secret: secret, account: account.digits, user: user.name, userID: user.id, isActive: true,
        created: now)
      try transaction.put(user, account)
      try transaction.set(IAMKeys.accessKey(id), record: key)
      return key
    }
    return CreateAccessKeyOutput(
      accessKey: AccessKey(
        userName: key.user, accessKeyId: id, status: .active, secretAccessKey: secret, createDate: now))
  }

  public func listAccessKeys(
    _ input: ListAccessKeysInput, _ context: RequestContext
  ) async throws -> ListAccessKeysOutput {
    // The root's own keys come from the configuration and are not IAM's.
    if input.userName == nil, context.principal.kind == .root {
      return ListAccessKeysOutput(accessKeyMetadata: [], isTruncated: false)
    }
    let name = try userName(input.userName, context)
    try await authorize("iam:ListAccessKeys", .user, name, context)
    let account = context.account
    let found = try await keys.read { reader in
      try reader.requireUser(account, name).accessKeys.sorted()
        .compactMap { try reader.get(IAMKeys.accessKey($0), as: AccessKeyRecord.self) }
    }
    let page = try Page(found, marker: input.marker, maxItems: input.maxItems) { $0.id }
    let metadata = page.items.map {
      AccessKeyMetadata(
        userName: $0.user, accessKeyId: $0.id, status: $0.isActive ? .active : .inactive, createDate: $0.created)
    }
    return ListAccessKeysOutput(accessKeyMetadata: metadata, isTruncated: page.isTruncated, marker: page.marker)
  }

  public func updateAccessKey(
    _ input: UpdateAccessKeyInput, _ context: RequestContext
  ) async throws -> UpdateAccessKeyOutput {
    let name = try await ownerName(of: input.accessKeyId, input.userName, context)
    try await authorize("iam:UpdateAccessKey", .user, name, context)
    let account = context.account
    try await change { transaction in
      var key = try transaction.requireKey(input.accessKeyId, of: name, account)
      key.isActive = input.status == .active
      try transaction.set(IAMKeys.accessKey(key.id), record: key)
    }
    return UpdateAccessKeyOutput()
  }

  public func deleteAccessKey(
    _ input: DeleteAccessKeyInput, _ context: RequestContext
  ) async throws -> DeleteAccessKeyOutput {
    let name = try await ownerName(of: input.accessKeyId, input.userName, context)
    try await authorize("iam:DeleteAccessKey", .user, name, context)
    let account = context.account
    try await change { transaction in
      let key = try transaction.requireKey(input.accessKeyId, of: name, account)
      var user = try transaction.requireUser(account, name)
      user.accessKeys.removeAll { $0 == key.id }
      try transaction.put(user, account)
      try transaction.delete(IAMKeys.accessKey(key.id))
      try transaction.delete(IAMKeys.lastUsed(key.id))
    }
    return DeleteAccessKeyOutput()
  }

  public func getAccessKeyLastUsed(
    _ input: GetAccessKeyLastUsedInput, _ context: RequestContext
  ) async throws -> GetAccessKeyLastUsedOutput {
    let account = context.account
    let (key, used) = try await keys.read { reader in
      (
        try reader.get(IAMKeys.accessKey(input.accessKeyId), as: AccessKeyRecord.self),
        try reader.get(IAMKeys.lastUsed(input.accessKeyId), as: LastUsedRecord.self)
      )
    }
    try await authorize("iam:GetAccessKeyLastUsed", .user, key?.user ?? "*", context)
    guard let key, key.account == account.digits else {
      throw IAMFault.noSuchEntity("The Access Key with id \(input.accessKeyId) cannot be found.")
    }
    return GetAccessKeyLastUsedOutput(
      userName: key.user,
      accessKeyLastUsed: AccessKeyLastUsed(
        lastUsedDate: used?.time, serviceName: used?.service ?? "N/A", region: used?.region ?? "N/A"))
  }

  /// Whose key it is, where the caller does not say: the caller's own, or for the root any user's.
  private func ownerName(of key: String, _ given: String?, _ context: RequestContext) async throws -> String {
    if given == nil, context.principal.kind == .root {
      let record = try await keys.read { try $0.get(IAMKeys.accessKey(key), as: AccessKeyRecord.self) }
      guard let record, record.account == context.account.digits else {
        throw IAMFault.noSuchEntity("The Access Key with id \(key) cannot be found.")
      }
      return record.user
    }
    return try userName(given, context)
  }
}

extension KeyReader {
  func requireKey(_ id: String, of user: String, _ account: AccountID) throws -> AccessKeyRecord {
    let owner = try requireUser(account, user)
    guard let key = try get(IAMKeys.accessKey(id), as: AccessKeyRecord.self), key.account == account.digits,
      key.userID == owner.id
    else { throw IAMFault.noSuchEntity("The Access Key with id \(id) cannot be found.") }
    return key
  }
}
