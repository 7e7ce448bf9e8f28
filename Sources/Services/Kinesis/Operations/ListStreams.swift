public import Kernel
public import KinesisModel
import NIOCore

extension KinesisService {
  public func listStreams(_ input: ListStreamsInput, _ context: RequestContext) async throws -> ListStreamsOutput {
    try await context.authorize("kinesis:ListStreams", on: ["*"])
    var after = input.exclusiveStartStreamName ?? ""
    if let token = input.nextToken {
      guard input.exclusiveStartStreamName == nil else {
        throw KinesisError.invalidArgumentException(
          "NextToken and ExclusiveStartStreamName cannot be provided together.")
      }
      guard let content = sealer.open(token, for: .streamList) else {
        throw KinesisError.invalidArgumentException("Invalid NextToken.")
      }
      after = String(buffer: content)
    }
    let limit = input.limit ?? Limits.listStreamsDefault
    let listed = directory.streams(in: context.scope).filter { $0.id.name > after }
    let page = listed.prefix(limit)
    let more = listed.count > limit
    var next: String?
    if more, let last = page.last { next = try sealer.seal(ByteBuffer(string: last.id.name), for: .streamList) }
    return ListStreamsOutput(
      streamNames: page.map(\.id.name), hasMoreStreams: more, nextToken: next,
      streamSummaries: page.map { live in
        let record = live.snapshot.record
        return StreamSummary(
          streamName: record.name, streamARN: live.id.arn.description, streamStatus: record.status.wire,
          streamModeDetails: record.mode.wire, streamCreationTimestamp: record.createdAt.wholeMilliseconds)
      })
  }
}
