import Foundation
public import Kernel
public import KinesisModel

extension KinesisService {
  public func putResourcePolicy(
    _ input: PutResourcePolicyInput, _ context: RequestContext
  ) async throws -> PutResourcePolicyOutput {
    let (live, consumer) = try await resource(input.resourceARN, for: "PutResourcePolicy", context)
    guard input.policy.utf8.count <= Limits.policyBytesMax,
      let policy = try? JSONSerialization.jsonObject(with: Data(input.policy.utf8)) as? [String: Any],
      policy["Statement"] != nil
    else { throw KinesisError.invalidArgumentException("Policy is malformed.") }
    try await setPolicy(input.policy, live, consumer)
    return PutResourcePolicyOutput()
  }

  public func getResourcePolicy(
    _ input: GetResourcePolicyInput, _ context: RequestContext
  ) async throws -> GetResourcePolicyOutput {
    let (live, consumer) = try await resource(input.resourceARN, for: "GetResourcePolicy", context)
    guard let policy = consumer.map({ $0.policy }) ?? live.snapshot.record.policy else {
      throw KinesisError.resourceNotFoundException("No resource policy found for resource ARN \(input.resourceARN)")
    }
    return GetResourcePolicyOutput(policy: policy)
  }

  public func deleteResourcePolicy(
    _ input: DeleteResourcePolicyInput, _ context: RequestContext
  ) async throws -> DeleteResourcePolicyOutput {
    let (live, consumer) = try await resource(input.resourceARN, for: "DeleteResourcePolicy", context)
    guard consumer.map({ $0.policy }) ?? live.snapshot.record.policy != nil else {
      throw KinesisError.resourceNotFoundException("No resource policy found for resource ARN \(input.resourceARN)")
    }
    try await setPolicy(nil, live, consumer)
    return DeleteResourcePolicyOutput()
  }

  private func setPolicy(_ policy: String?, _ live: LiveStream, _ consumer: ConsumerRecord?) async throws {
    if let consumer {
      try await changeConsumer(consumer, of: live) { $0.policy = policy }
    } else {
      try await change(live) { $0.policy = policy }
    }
  }
}
