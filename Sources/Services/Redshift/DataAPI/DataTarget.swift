import Kernel
import PostgresWire
import RedshiftDataModel
import RedshiftModel
import RedshiftServerlessModel
import Storage

/// Where a statement runs, and as whom.
struct DataTarget: Codable, Sendable {
  var cluster: String?
  var workgroup: String?
  /// The namespace's UUID.
  var namespace: String
  var database: String
  /// The database user; one that stands for the caller is made when it does not exist.
  var user: String
  var createsUser: Bool
  var isSuperuser: Bool
  /// As the caller gave them.
  var dbUser: String?
  var secretARN: String?
}

/// How a call names a target.
struct DataAddress: Sendable {
  var cluster: String?
  var workgroup: String?
  var database: String?
  var user: String?
  var secret: String?
}

extension DataService {
  /// Finds the cluster or workgroup of a call, and checks that the caller may act on it as whom he says.
  func target(_ address: DataAddress, _ action: String, _ context: RequestContext) async throws -> DataTarget {
    guard (address.cluster == nil) != (address.workgroup == nil) else {
      throw RedshiftDataError.validationException(
        "Exactly one of ClusterIdentifier and WorkgroupName must be specified.")
    }
    guard let database = address.database, !database.isEmpty else {
      throw RedshiftDataError.validationException("Database must be specified.")
    }
    if address.user != nil, address.secret != nil {
      throw RedshiftDataError.validationException("Only one of DbUser and SecretArn may be specified.")
    }
    if let cluster = address.cluster { return try await clusterTarget(cluster, database, address, action, context) }
    return try await workgroupTarget(address.workgroup ?? "", database, address, action, context)
  }

  private func clusterTarget(
    _ name: String, _ database: String, _ address: DataAddress, _ action: String, _ context: RequestContext
  ) async throws -> DataTarget {
    let scope = context.scope
    try await context.authorize("redshift-data:\(action)", on: ClusterRecord.arn(scope, name))
    guard let record = try await keys.read({ try $0.get(ClusterRecord.key(scope, name), as: ClusterRecord.self) })
    else { throw Self.noEndpoint }
    guard record.status == .available || record.status == .rebooting || record.status == .modifying else {
      throw RedshiftDataError.validationException(
        "Redshift cluster \(name) is not available. Its status is \(record.status.rawValue).")
    }
    var target = DataTarget(
      cluster: name, namespace: record.namespace, database: database, user: "", createsUser: false, isSuperuser: false,
      dbUser: address.user, secretARN: address.secret)
    if let secret = address.secret {
      guard secret == record.secretARN else { throw Self.noSecret }
      (target.user, target.isSuperuser) = (record.masterUser, true)
    } else if let user = address.user {
      let resources = [("dbuser", user), ("dbname", database)].map {
        context.arn("redshift", "\($0.0):\(name)/\($0.1)").description
      }
      try await context.authorize("redshift:GetClusterCredentials", on: resources)
      (target.user, target.isSuperuser) = (user, user == record.masterUser)
    } else {
      try await context.authorize(
        "redshift:GetClusterCredentialsWithIAM", on: context.arn("redshift", "dbname:\(name)/\(database)"))
      (target.user, target.createsUser) = (RedshiftService.databaseUser(of: context.principal), true)
    }
    return target
  }

  private func workgroupTarget(
    _ name: String, _ database: String, _ address: DataAddress, _ action: String, _ context: RequestContext
  ) async throws -> DataTarget {
    let scope = context.scope
    let found = try await keys.read { reader -> (WorkgroupRecord, NamespaceRecord)? in
      let all = try reader.records(WorkgroupRecord.all(scope), as: WorkgroupRecord.self)
      guard let workgroup = all.first(where: { $0.name == name || $0.arn(scope).description == name }),
        let namespace = try reader.get(NamespaceRecord.key(scope, workgroup.namespace), as: NamespaceRecord.self)
      else { return nil }
      return (workgroup, namespace)
    }
    let arn = found?.0.arn(scope) ?? context.arn("redshift-serverless", "workgroup/*")
    try await context.authorize("redshift-data:\(action)", on: arn)
    guard let (workgroup, namespace) = found else { throw Self.noEndpoint }
    guard workgroup.status == .available || workgroup.status == .modifying else {
      throw RedshiftDataError.validationException("Workgroup \(name) is not available.")
    }
    guard address.user == nil else {
      throw RedshiftDataError.validationException("DbUser cannot be specified with WorkgroupName.")
    }
    var target = DataTarget(
      workgroup: name, namespace: namespace.id, database: database, user: "", createsUser: false, isSuperuser: false,
      secretARN: address.secret)
    if let secret = address.secret {
      guard secret == namespace.secretARN else { throw Self.noSecret }
      (target.user, target.isSuperuser) = (namespace.adminUser, true)
    } else {
      try await context.authorize("redshift-serverless:GetCredentials", on: arn)
      (target.user, target.createsUser) = (RedshiftService.databaseUser(of: context.principal), true)
    }
    return target
  }

  static var noEndpoint: AWSError {
    RedshiftDataError.validationException("Redshift endpoint doesn't exist in this region.")
  }
  /// Tarn has no Secrets Manager: the secrets that Redshift manages itself are the only ones there are.
  static var noSecret: AWSError {
    RedshiftDataError.validationException("The secret does not exist, or is not one of this endpoint's admin.")
  }

  /// Opens a session on a target.
  func session(_ target: DataTarget) async throws(SQLFailure) -> any SQLSession {
    guard let warehouse = await house.open.warehouse(target.namespace) else {
      throw SQLFailure("57P03", "the warehouse is not available")
    }
    let login = EndpointLogin(
      name: target.user, user: target.user, password: .refusesAll, isSuperuser: target.isSuperuser,
      createsUser: target.createsUser)
    return try await warehouse.session(
      for: login, database: target.database, settings: ["application_name": "RedshiftDataAPI"])
  }
}
