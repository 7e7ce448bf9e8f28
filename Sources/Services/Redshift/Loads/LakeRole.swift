public import Kernel
import LakeFiles
import SQL

/// Who stands behind access keys, and behind roles that are taken on by other roles.
public protocol LoadIdentities: Sendable {
  /// - Returns: whom a key stands for.
  /// - Throws: `AWSError` for a key that nobody has, another secret, or a session's token that is wrong or too old.
  func principal(accessKeyID: String, secret: String, sessionToken: String?) async throws -> Principal
  /// Takes on `role` with the rights of `principal`, as AssumeRole does.
  /// - Throws: `AWSError` when the role does not exist or does not trust the principal, or the latter may not.
  func assume(role: ARN, by principal: Principal, session: String) async throws -> Principal
}

extension WarehouseSession {
  /// The rights with which COPY, UNLOAD and external schemas ask the lake.
  /// - Throws: `SQLFailure` for a role that is not the cluster's, or that cannot be taken on.
  func context(for credentials: RedshiftCredentials?) async throws -> RequestContext {
    switch credentials {
    case .role(let text): return try await context(forRole: text)
    case .string(let members):
      guard let text = members["aws_iam_role"] else {
        throw SQLFailure(
          "42601",
          "Invalid credentials. Must be of the format: credentials 'aws_iam_role=...' or "
            + "'aws_access_key_id=...;aws_secret_access_key=...[;token=...]'")
      }
      return try await context(forRole: text)
    case .keys(let id, let secret, let token):
      guard !id.isEmpty, !secret.isEmpty else {
        throw SQLFailure("42601", "ACCESS_KEY_ID and SECRET_ACCESS_KEY must be given together")
      }
      guard let identities = warehouse.ground.identities else {
        throw SQLFailure("0A000", "access keys in credentials are not known here; name an IAM role")
      }
      do {
        return warehouse.context(
          of: try await identities.principal(accessKeyID: id, secret: secret, sessionToken: token))
      } catch let error as AWSError {
        throw SQLFailure("XX000", "S3ServiceException:\(error.message),Status 403,Error \(error.code)")
      }
    case nil: throw SQLFailure("42601", "credentials are missing: name an IAM role")
    }
  }

  func context(forRole given: String) async throws -> RequestContext {
    let settings = warehouse.settings
    let roles: [String]
    if given.lowercased() == "default" {
      guard let role = settings.defaultRole else {
        throw SQLFailure("XX000", "The default IAM role is not set for this cluster.")
      }
      roles = [role]
    } else {
      roles = given.split(separator: ",").map { String($0.trimming { $0.isWhitespace }) }
    }
    // The first one is Redshift's to take on, each of the others the one before it may.
    var principal: Principal?
    for text in roles {
      guard let role = ARN(text), role.service == "iam", role.resource.hasPrefix("role/") else {
        throw SQLFailure("42601", "invalid IAM role ARN: \(text)")
      }
      do {
        if let before = principal {
          guard let identities = warehouse.ground.identities else {
            throw SQLFailure("0A000", "chained IAM roles are not known here")
          }
          principal = try await identities.assume(role: role, by: before, session: "RedshiftIamRoleSession")
        } else {
          guard settings.roles.contains(text) || settings.defaultRole == text else { throw refused(text, nil) }
          principal = try await warehouse.ground.roles.assume(
            role: role, for: "redshift.amazonaws.com", session: "RedshiftIamRoleSession")
        }
      } catch let error as AWSError {
        throw refused(text, error.message)
      }
    }
    guard let principal else { throw SQLFailure("42601", "credentials are missing: name an IAM role") }
    return warehouse.context(of: principal)
  }

  private func refused(_ role: String, _ why: String?) -> SQLFailure {
    let settings = warehouse.settings
    return SQLFailure(
      "XX000",
      "User arn:aws:redshift:\(settings.scope.region.code):\(settings.scope.account.digits):"
        + "dbuser:\(settings.name)/\(user.name) is not authorized to assume IAM Role \(role)",
      detail: why)
  }

  /// Objects whose keys begin with what the path says.
  func objects(under path: LakePath, for caller: RequestContext) async throws -> [LoadFile] {
    let files = warehouse.ground.files
    do {
      return try await warehouse.pool.run {
        var found: [LoadFile] = []
        try files.list(bucket: path.bucket, prefix: path.key, for: caller) { key, info in
          found.append(LoadFile(path: LakePath(bucket: path.bucket, key: key), bytes: info.size))
          return true
        }
        return found
      }
    } catch LakeError.notFound {
      throw SQLFailure(
        "XX000",
        "S3ServiceException:The specified bucket does not exist,Status 404,Error NoSuchBucket,Bucket \(path.bucket)")
    } catch LakeError.accessDenied(_, let reason) {
      throw SQLFailure("42501", "S3ServiceException:Access Denied,Status 403,Error AccessDenied", detail: reason)
    }
  }

  /// The bytes of a small object: a manifest, a jsonpaths file.
  func contents(of path: LakePath, for caller: RequestContext) async throws -> [UInt8] {
    let files = warehouse.ground.files
    do {
      return try await warehouse.pool.run {
        let file = try files.open(path, for: caller)
        defer { file.close() }
        guard file.info.size <= WarehouseLimits.manifestBytesMax else {
          throw SQLFailure("54000", "\(path) is larger than \(WarehouseLimits.manifestBytesMax) bytes")
        }
        var bytes = [UInt8](repeating: 0, count: Int(file.info.size))
        var offset = 0
        while offset < bytes.count {
          let got = try bytes.withUnsafeMutableBytes { buffer in
            try file.read(at: Int64(offset), into: UnsafeMutableRawBufferPointer(rebasing: buffer[offset...]))
          }
          if got == 0 { break }
          offset += got
        }
        return bytes
      }
    } catch LakeError.notFound {
      throw SQLFailure(
        "XX000", "S3ServiceException:The specified key does not exist.,Status 404,Error NoSuchKey", detail: "\(path)")
    } catch LakeError.accessDenied(_, let reason) {
      throw SQLFailure("42501", "S3ServiceException:Access Denied,Status 403,Error AccessDenied", detail: reason)
    }
  }

  func lakePath(_ text: String) throws -> LakePath {
    guard text.hasPrefix("s3://"), let path = LakePath(text) else {
      throw SQLFailure("42601", "The S3 path \"\(text)\" is not valid: s3://bucket/prefix is expected")
    }
    return path
  }
}

struct LoadFile: Sendable {
  var path: LakePath
  var bytes: Int64
}
