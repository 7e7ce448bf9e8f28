import Foundation
import Kernel
import LambdaModel
import NIOCore
import S3Model

/// Writes what functions could not deal with into buckets, with the rights of the functions' roles.
/// Source: developer guide, "Capturing records of Lambda asynchronous invocations" and "Capture discarded batches".
struct FailureObjects: Sendable {
  let s3: any S3API
  let roles: any RoleBroker
  let authorizer: any Authorizer
  let clock: any WallClock
  let random: any RandomSource

  /// - Parameters:
  ///   - folder: what the object's key begins with; its time and a number of its own follow.
  ///   - bucket: the bucket's ARN.
  /// - Throws: what S3 says.
  func put(
    _ body: Data, folder: String, bucket: ARN, role: String, scope: Scope, function: String
  ) async throws {
    guard let role = ARN(role) else { throw LambdaError.roleNotUsable }
    let principal = try await roles.assume(role: role, for: SandboxTools.serviceName, session: function)
    let now = clock.now()
    let context = RequestContext(
      requestID: random.uuid(), scope: scope, principal: principal, time: now, userAgent: SandboxTools.serviceName,
      authorizer: authorizer)
    _ = try await s3.putObject(
      PutObjectInput(
        body: ByteStream(ByteBuffer(bytes: body)), bucket: bucket.resource,
        contentType: "application/json", key: "\(folder)/\(Self.name(at: now))-\(random.uuid())"), context)
  }

  /// `2026/05/19/2026-05-19T12.00.00`.
  private static func name(at moment: Timestamp) -> String {
    let time = CivilTime(moment)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let day = "\(time.year)-\(two(time.month))-\(two(time.day))"
    return "\(day.replacing("-", with: "/"))/\(day)T\(two(time.hour)).\(two(time.minute)).\(two(time.second))"
  }

  /// Whether an ARN names a bucket.
  static func isBucket(_ arn: ARN) -> Bool {
    arn.service == "s3" && arn.region.isEmpty && arn.account.isEmpty && !arn.resource.contains("/")
  }
}
