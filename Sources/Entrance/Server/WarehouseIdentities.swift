import AWSWire
import IAM
import Kernel
import Redshift

/// Answers COPY's access keys and chained roles with IAM's.
struct WarehouseIdentities: LoadIdentities {
  let iam: IAMService
  let clock: any WallClock

  func principal(accessKeyID: String, secret: String, sessionToken: String?) async throws -> Principal {
    do {
      let found = try await iam.credentials.credential(
        accessKeyID: accessKeyID, sessionToken: sessionToken, now: clock.now())
      guard let found else { throw AuthenticationFault.unknownKey(accessKeyID) }
      guard Self.isEqual(found.secret, secret) else {
        throw AuthenticationFault.mismatch(
          accessKeyID: accessKeyID, stringToSign: "", canonicalRequest: "", signature: "")
      }
      return found.principal
    } catch let fault as AuthenticationFault {
      throw fault.error(for: "s3")
    }
  }

  func assume(role: ARN, by principal: Principal, session: String) async throws -> Principal {
    try await iam.roles.assume(role: role, by: principal, session: session)
  }

  /// Compares in a time that does not tell how much was right.
  private static func isEqual(_ left: String, _ right: String) -> Bool {
    let (left, right) = (Array(left.utf8), Array(right.utf8))
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
