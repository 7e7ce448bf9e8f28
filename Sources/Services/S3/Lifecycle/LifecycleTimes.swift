import AWSWire
import Kernel

/// When lifecycle rules act. AWS: a number of days counts from the object's creation and ends at the midnight (UTC)
/// after; the rules' effect may come later than that, never sooner.
extension LifecycleRecord.Rule {
  private static let day: Int64 = 86_400

  static func midnight(after start: Timestamp, days: Int) -> Timestamp {
    let due = start.seconds.saturatingAdd(Int64(days).saturatingMultiply(day))
    return Timestamp(seconds: (due.saturatingAdd(day - 1)).floorDivide(day).saturatingMultiply(day))
  }

  /// When the rule expires a current version; `nil` when it does not.
  func expiry(of record: ObjectRecord) -> Timestamp? {
    if let days = expirationDays { return Self.midnight(after: record.modified, days: days) }
    return expirationDate
  }
}

extension S3Service {
  /// `x-amz-expiration`: when a lifecycle rule will expire the object, and which.
  static func expiration(of key: String, _ record: ObjectRecord, _ bucket: Bucket) -> String? {
    guard let lifecycle = bucket.record.lifecycle else { return nil }
    let due = lifecycle.rules.compactMap { rule -> (Timestamp, String)? in
      guard rule.enabled, rule.covers(key, record), let date = rule.expiry(of: record) else { return nil }
      return (date, rule.id)
    }
    guard let first = due.min(by: { $0.0 < $1.0 }) else { return nil }
    return "expiry-date=\"\(TimestampText.rfc822(first.0))\", rule-id=\"\(URLText.encodeKey(first.1))\""
  }

  /// When a lifecycle rule will give an upload up, and which.
  static func abortion(of key: String, _ upload: UploadRecord, _ bucket: Bucket) -> (Timestamp, String)? {
    guard let lifecycle = bucket.record.lifecycle else { return nil }
    let due = lifecycle.rules.compactMap { rule -> (Timestamp, String)? in
      guard rule.enabled, let days = rule.abortIncompleteUploadDays,
        key.hasPrefix(rule.filter?.prefix ?? rule.legacyPrefix ?? "")
      else { return nil }
      return (LifecycleRecord.Rule.midnight(after: upload.template.modified, days: days), rule.id)
    }
    return due.min { $0.0 < $1.0 }
  }
}
