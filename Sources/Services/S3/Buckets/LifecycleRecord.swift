import Kernel

/// A bucket's lifecycle configuration, as kept.
struct LifecycleRecord: Codable, Hashable, Sendable {
  struct Filter: Codable, Hashable, Sendable {
    var prefix: String?
    var tags: [Pair] = []
    var sizeGreaterThan: Int64?
    var sizeLessThan: Int64?
    /// Written with an `And` around its members.
    var isAnd = false
  }

  struct Transition: Codable, Hashable, Sendable {
    var date: Timestamp?
    var days: Int?
    var storageClass: String?
    var newerNoncurrentVersions: Int?
  }

  struct Rule: Codable, Hashable, Sendable {
    var id: String
    var enabled: Bool
    /// The deprecated form, a prefix outside a filter.
    var legacyPrefix: String?
    var filter: Filter?
    var expirationDate: Timestamp?
    var expirationDays: Int?
    var expiredObjectDeleteMarker: Bool?
    var noncurrentDays: Int?
    var newerNoncurrentVersions: Int?
    var abortIncompleteUploadDays: Int?
    var transitions: [Transition] = []
    var noncurrentTransitions: [Transition] = []

    /// Whether the rule is for this object.
    func covers(_ key: String, _ record: ObjectRecord) -> Bool {
      guard key.hasPrefix(filter?.prefix ?? legacyPrefix ?? "") else { return false }
      guard let filter else { return true }
      if let bound = filter.sizeGreaterThan, Int64(clamping: record.size) <= bound { return false }
      if let bound = filter.sizeLessThan, Int64(clamping: record.size) >= bound { return false }
      return filter.tags.allSatisfy(record.attributes.tags.contains)
    }
  }

  var rules: [Rule]
  var transitionDefaultMinimumObjectSize: String?
}
