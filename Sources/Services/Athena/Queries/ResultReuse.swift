import AthenaModel
import Crypto
import Kernel
import S3Model
import Storage

/// Finding the result of an earlier, equal query, for callers who ask for that.
///
/// Source: Athena's user guide, "Reuse query results". Whether the data has changed meanwhile is not looked at, there
/// as here.
enum ResultReuse {
  /// The newest result of each text of a workgroup.
  static func all(_ scope: Scope, workGroup: String) -> KeyRange {
    Key("athena", scope.account.digits, scope.region.code, "reuse", workGroup).subtree
  }

  /// Where it is remembered which execution last gave the result of a query like this one.
  static func key(_ scope: Scope, _ record: QueryExecutionRecord) -> Key {
    var hash = SHA256()
    let parts = [record.query, record.database ?? "", record.catalog ?? ""] + (record.parameters ?? [])
    for part in parts {
      // The length first, so that no two lists of parts are one text.
      hash.update(data: Array("\(part.utf8.count):\(part)".utf8))
    }
    return Key(
      "athena", scope.account.digits, scope.region.code, "reuse", record.workGroup, Array(hash.finalize()).hex)
  }

  /// Whether what a query gave may serve again.
  static func isReusable(_ record: QueryExecutionRecord) -> Bool {
    record.state == QueryExecutionState.succeeded.rawValue && !record.reusedPrevious
      && ["SELECT", "EXECUTE"].contains(record.substatementType) && record.columns != nil
  }
}

extension AthenaService {
  /// Answers a query with an earlier one's result, if there is one that is young enough and still there.
  /// - Returns: whether `record` was written down as done.
  func reuse(for record: QueryExecutionRecord, maxAgeMinutes: Int, _ context: RequestContext) async throws -> Bool {
    let scope = context.scope
    let key = ResultReuse.key(scope, record)
    let earlier = try await keys.read { reader -> QueryExecutionRecord? in
      guard let id = try reader.get(key).map({ String(decoding: $0, as: UTF8.self) }) else { return nil }
      return try reader.get(QueryExecutionRecord.key(scope, id), as: QueryExecutionRecord.self)
    }
    let oldest = record.submitted - .seconds(Int64(maxAgeMinutes) * 60)
    guard let earlier, let completed = earlier.completed, completed >= oldest,
      let place = earlier.outputLocation.flatMap(ResultLocation.split)
    else { return false }
    do {
      _ = try await s3.headObject(HeadObjectInput(bucket: place.bucket, key: place.key), context)
    } catch is AWSError {
      // Gone, or not this caller's to read: the query runs.
      return false
    }
    var done = record
    done.state = QueryExecutionState.succeeded.rawValue
    done.completed = clock.now()
    done.times.total = (clock.now() - record.submitted).milliseconds
    done.reusedPrevious = true
    done.outputLocation = earlier.outputLocation
    done.outputBytes = earlier.outputBytes
    done.outputRows = earlier.outputRows
    done.columns = earlier.columns
    done.hasHeader = earlier.hasHeader
    let written = done
    try await keys.write { transaction in
      try transaction.set(QueryExecutionRecord.key(scope, written.id), record: written)
      try transaction.set(
        QueryExecutionRecord.index(scope, workGroup: written.workGroup, submitted: written.submitted, written.id), [])
    }
    return true
  }
}
