import AWSWire
public import Kernel
public import RedshiftServerlessModel
import Storage

/// A name of the user's own that a workgroup is reached by, as it is kept.
///
/// Whoever has the name lets it lead to this server; the workgroup's port answers under any name. There is no
/// Certificate Manager: clients are shown the server's certificate, and its expiry is the one that is told.
struct CustomDomainRecord: Codable, Sendable {
  var domain: String
  /// The workgroup's name.
  var workgroup: String
  var certificate: String

  static func key(_ scope: Scope, _ domain: String) -> Key {
    Key("redshift-custom-domain", scope.account.digits, scope.region.code, domain)
  }
  static func all(_ scope: Scope) -> KeyRange {
    Key("redshift-custom-domain", scope.account.digits, scope.region.code).subtree
  }
}

extension KeyReader {
  /// The association of a domain with a workgroup.
  fileprivate func customDomain(_ scope: Scope, _ domain: String, of workgroup: String) throws -> CustomDomainRecord {
    guard let record = try get(CustomDomainRecord.key(scope, domain), as: CustomDomainRecord.self),
      record.workgroup == workgroup
    else {
      throw RedshiftServerlessError.resourceNotFoundException(
        "The custom domain \(domain) is not associated with the workgroup \(workgroup).")
    }
    return record
  }
}

extension ServerlessService {
  public func createCustomDomainAssociation(
    _ input: CreateCustomDomainAssociationInput, _ context: RequestContext
  ) async throws -> CreateCustomDomainAssociationOutput {
    let scope = context.scope
    _ = try await workgroup(input.workgroupName, "CreateCustomDomainAssociation", context)
    let record = CustomDomainRecord(
      domain: try Self.domain(input.customDomainName), workgroup: input.workgroupName,
      certificate: try Self.certificate(input.customDomainCertificateArn))
    try await keys.write { transaction in
      _ = try transaction.workgroup(scope, record.workgroup)
      let others = try transaction.records(CustomDomainRecord.all(scope), as: CustomDomainRecord.self)
      guard !others.contains(where: { $0.domain == record.domain || $0.workgroup == record.workgroup }) else {
        throw RedshiftServerlessError.conflictException(
          "The custom domain or the workgroup has an association already.")
      }
      try transaction.set(CustomDomainRecord.key(scope, record.domain), record: record)
    }
    return CreateCustomDomainAssociationOutput(
      customDomainCertificateArn: record.certificate, customDomainCertificateExpiryTime: house.certificateExpires,
      customDomainName: record.domain, workgroupName: record.workgroup)
  }

  public func getCustomDomainAssociation(
    _ input: GetCustomDomainAssociationInput, _ context: RequestContext
  ) async throws -> GetCustomDomainAssociationOutput {
    let scope = context.scope
    _ = try await workgroup(input.workgroupName, "GetCustomDomainAssociation", context)
    let record = try await keys.read {
      try $0.customDomain(scope, input.customDomainName.lowercased(), of: input.workgroupName)
    }
    return GetCustomDomainAssociationOutput(
      customDomainCertificateArn: record.certificate, customDomainCertificateExpiryTime: house.certificateExpires,
      customDomainName: record.domain, workgroupName: record.workgroup)
  }

  public func updateCustomDomainAssociation(
    _ input: UpdateCustomDomainAssociationInput, _ context: RequestContext
  ) async throws -> UpdateCustomDomainAssociationOutput {
    let scope = context.scope
    _ = try await workgroup(input.workgroupName, "UpdateCustomDomainAssociation", context)
    let certificate = try Self.certificate(input.customDomainCertificateArn)
    let record = try await keys.write { transaction in
      var record = try transaction.customDomain(
        scope, input.customDomainName.lowercased(), of: input.workgroupName)
      record.certificate = certificate
      try transaction.set(CustomDomainRecord.key(scope, record.domain), record: record)
      return record
    }
    return UpdateCustomDomainAssociationOutput(
      customDomainCertificateArn: record.certificate, customDomainCertificateExpiryTime: house.certificateExpires,
      customDomainName: record.domain, workgroupName: record.workgroup)
  }

  public func deleteCustomDomainAssociation(
    _ input: DeleteCustomDomainAssociationInput, _ context: RequestContext
  ) async throws -> DeleteCustomDomainAssociationOutput {
    let scope = context.scope
    _ = try await workgroup(input.workgroupName, "DeleteCustomDomainAssociation", context)
    try await keys.write { transaction in
      let record = try transaction.customDomain(
        scope, input.customDomainName.lowercased(), of: input.workgroupName)
      try transaction.delete(CustomDomainRecord.key(scope, record.domain))
    }
    return DeleteCustomDomainAssociationOutput()
  }

  public func listCustomDomainAssociations(
    _ input: ListCustomDomainAssociationsInput, _ context: RequestContext
  ) async throws -> ListCustomDomainAssociationsOutput {
    let scope = context.scope
    try await context.authorize("redshift-serverless:ListCustomDomainAssociations", on: ["*"])
    let all = try await keys.read { try $0.records(CustomDomainRecord.all(scope), as: CustomDomainRecord.self) }
    let chosen = all.filter { record in
      (input.customDomainName.map { $0.lowercased() == record.domain } ?? true)
        && (input.customDomainCertificateArn.map { $0 == record.certificate } ?? true)
    }
    let page = Self.page(chosen, after: input.nextToken, limit: input.maxResults) { $0.domain }
    let expires = house.certificateExpires
    return ListCustomDomainAssociationsOutput(
      associations: page.items.map {
        Association(
          customDomainCertificateArn: $0.certificate, customDomainCertificateExpiryTime: expires,
          customDomainName: $0.domain, workgroupName: $0.workgroup)
      }, nextToken: page.marker)
  }

  /// The workgroup that a domain leads to.
  func workgroupName(ofDomain domain: String, _ scope: Scope) async throws -> String {
    let found = try await keys.read {
      try $0.get(CustomDomainRecord.key(scope, domain.lowercased()), as: CustomDomainRecord.self)
    }
    guard let found else {
      throw RedshiftServerlessError.resourceNotFoundException(
        "The custom domain \(domain) is not associated with a workgroup.")
    }
    return found.workgroup
  }

  private static func domain(_ name: String) throws -> String {
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    let isLegal = labels.count > 1 && labels.allSatisfy { label in
      (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
        && label.utf8.allSatisfy { byte in
          ClusterRules.isLower(byte | 0x20) || ClusterRules.isDigit(byte) || byte == 0x2D
        }
    }
    guard name.utf8.count <= 253, isLegal else {
      throw RedshiftServerlessError.validationException("The custom domain name \(name) is not valid.")
    }
    return name.lowercased()
  }

  private static func certificate(_ text: String) throws -> String {
    guard let arn = ARN(text), arn.service == "acm", arn.resource.hasPrefix("certificate/") else {
      throw RedshiftServerlessError.validationException("\(text) is not the ARN of a certificate.")
    }
    return text
  }
}
