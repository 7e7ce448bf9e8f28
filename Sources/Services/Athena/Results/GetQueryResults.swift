public import AthenaModel
public import Kernel
import NIOCore
import S3Model

extension AthenaService {
  /// Reads a page of the result from the object that the query wrote, with the caller's rights on it.
  public func getQueryResults(_ input: GetQueryResultsInput, _ context: RequestContext) async throws
    -> GetQueryResultsOutput
  {
    let record = try await execution(input.queryExecutionId, "athena:GetQueryResults", context)
    guard record.state == QueryExecutionState.succeeded.rawValue else {
      throw AthenaError.invalidRequestException(Self.notReady(record))
    }
    let limit = input.maxResults ?? AthenaLimits.resultRowsPerPageMax
    guard (1...AthenaLimits.resultRowsPerPageMax).contains(limit) else {
      throw AthenaError.invalidRequestException(
        "MaxResults is more than maximum allowed length \(AthenaLimits.resultRowsPerPageMax).")
    }
    let columns = record.columns ?? []
    let metadata = ResultSetMetadata(columnInfo: columns.map(\.shape))
    guard !columns.isEmpty, let location = record.outputLocation.flatMap(ResultLocation.split),
      record.outputBytes > 0
    else {
      return GetQueryResultsOutput(
        updateCount: record.updateCount ?? 0, resultSet: ResultSet(rows: [], resultSetMetadata: metadata))
    }
    let start = try Self.offset(input.nextToken)
    guard start < record.outputBytes else {
      return GetQueryResultsOutput(updateCount: 0, resultSet: ResultSet(rows: [], resultSetMetadata: metadata))
    }
    let page = try await Self.rows(
      of: record, at: start, limit: limit,
      in: try await s3.getObject(
        GetObjectInput(bucket: location.bucket, key: location.key, range: "bytes=\(start)-"), context
      ).body ?? .empty)
    return GetQueryResultsOutput(
      updateCount: record.updateCount ?? 0,
      resultSet: ResultSet(
        rows: page.rows.map { Row(data: $0.map { Datum(varCharValue: $0) }) }, resultSetMetadata: metadata),
      nextToken: page.end < record.outputBytes ? String(page.end) : nil)
  }

  private static func rows(of record: QueryExecutionRecord, at start: Int64, limit: Int, in body: ByteStream)
    async throws -> (rows: [[String?]], end: Int64)
  {
    var rows: [[String?]] = []
    if record.hasHeader {
      var reader = ResultCSVReader()
      for try await var part in body {
        reader.read(&part, into: &rows, rowsMax: limit)
        if rows.count >= limit { break }
      }
      return (rows, start + reader.bytesUsed)
    }
    // A statement's text output: a line a row.
    var used: Int64 = 0
    var rest: [UInt8] = []
    reading: for try await part in body {
      for byte in part.readableBytesView {
        if byte == UInt8(ascii: "\n") {
          rows.append([String(decoding: rest, as: UTF8.self)])
          used += Int64(rest.count) + 1
          rest.removeAll(keepingCapacity: true)
          if rows.count >= limit { break reading }
        } else {
          rest.append(byte)
        }
      }
    }
    return (rows, start + used)
  }

  private static func offset(_ token: String?) throws -> Int64 {
    guard let token else { return 0 }
    guard let offset = Int64(token), offset >= 0 else {
      throw AthenaError.invalidRequestException("Invalid NextToken")
    }
    return offset
  }

  private static func notReady(_ record: QueryExecutionRecord) -> String {
    switch record.state {
    case QueryExecutionState.failed.rawValue, QueryExecutionState.cancelled.rawValue:
      "Query did not finish successfully. Final query state: \(record.state)"
    default: "Query has not yet finished. Current state: \(record.state)"
    }
  }
}
