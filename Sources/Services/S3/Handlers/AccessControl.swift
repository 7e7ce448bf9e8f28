import AWSWire
import Kernel
import S3Model

/// Canned access control lists and the grants they stand for. Grants to single accounts are not kept.
enum AccessControl {
  static let allUsers = "http://acs.amazonaws.com/groups/global/AllUsers"
  static let authenticatedUsers = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
  static let logDelivery = "http://acs.amazonaws.com/groups/s3/LogDelivery"

  static func grants(_ canned: String, _ owner: AccountID) -> [Grant] {
    var grants = [
      Grant(grantee: Grantee(id: CanonicalID.of(owner), type: "CanonicalUser"), permission: "FULL_CONTROL")
    ]
    func group(_ uri: String, _ permissions: [Permission]) {
      for permission in permissions {
        grants.append(Grant(grantee: Grantee(type: "Group", uri: uri), permission: permission))
      }
    }
    switch canned {
    case "public-read": group(allUsers, ["READ"])
    case "public-read-write": group(allUsers, ["READ", "WRITE"])
    case "authenticated-read": group(authenticatedUsers, ["READ"])
    case "log-delivery-write": group(logDelivery, ["WRITE", "READ_ACP"])
    default: break
    }
    return grants
  }

  /// Whether the bucket's list, or that of an object that is read, lets the caller in. Source: S3 user guide, "Access
  /// control list (ACL) overview", mapping of ACL permissions to actions.
  static func grants(
    _ action: String, to principal: Principal, bucket: BucketRecord, objectACL: String?
  ) -> Bool {
    guard bucket.ownership != "BucketOwnerEnforced" else { return false }
    let list: String
    let permission: String
    switch action {
    case "s3:GetObject", "s3:GetObjectVersion":
      list = objectACL ?? "private"
      permission = "READ"
    case "s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads":
      list = bucket.acl
      permission = "READ"
    case "s3:PutObject", "s3:DeleteObject":
      list = bucket.acl
      permission = "WRITE"
    default: return false
    }
    switch list {
    case "public-read", "public-read-write":
      return bucket.publicAccessBlock?.ignorePublicAcls != true && (permission == "READ" || list == "public-read-write")
    case "authenticated-read": return permission == "READ" && principal.kind != .anonymous
    default: return false
    }
  }

  /// The canned list that a list of grants is equal to.
  /// - Throws: `MalformedACLError`; `NotImplemented` for lists that no canned one equals.
  static func canned(_ policy: AccessControlPolicy, _ bucket: BucketRecord) throws -> String {
    guard let grants = policy.grants, policy.owner?.id != nil else {
      throw AWSError(
        "MalformedACLError", "The XML you provided was not well-formed or did not validate against our published schema"
      )
    }
    let owner = CanonicalID.of(bucket.owner)
    let given = Set(grants.map { Entry($0) })
    for canned in ["private", "public-read", "public-read-write", "authenticated-read", "log-delivery-write"] {
      if Set(self.grants(canned, bucket.owner).map { Entry($0) }) == given {
        // What belongs to the owner alone is all that an owner-enforced bucket takes.
        return canned == "private" && bucket.ownership == "BucketOwnerEnforced" ? "bucket-owner-full-control" : canned
      }
    }
    guard policy.owner?.id == owner else { throw S3Failure.accessDenied() }
    throw AWSError(
      "NotImplemented", "Tarn keeps canned access control lists only.", httpStatus: 501, fault: .receiver)
  }

  private struct Entry: Hashable {
    var who: String
    var permission: String
    init(_ grant: Grant) {
      who = grant.grantee?.uri ?? grant.grantee?.id ?? ""
      permission = grant.permission?.rawValue ?? ""
    }
  }
}
