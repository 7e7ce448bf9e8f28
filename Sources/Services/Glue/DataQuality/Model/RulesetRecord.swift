import GlueModel
import Kernel
import Storage

/// Where data quality's state stands in the key store, for one account and region.
struct QualityKeys: Sendable {
  let scope: Scope

  private func key(_ kind: String, _ names: String...) -> Key {
    var key = Key("glue", scope.account.digits, scope.region.code, kind)
    for name in names { key = key.appending(name) }
    return key
  }

  func ruleset(_ name: String) -> Key { key("qualityRuleset", name) }
  var rulesets: KeyRange { key("qualityRuleset").subtree }

  func run(_ id: String) -> Key { key("qualityRun", id) }
  /// Runs in the order in which they began.
  func runTime(_ kind: RunRecord.Kind, _ started: Timestamp, _ id: String) -> Key {
    key("qualityRunTime", kind.rawValue).appending(started.nanoseconds).appending(id)
  }
  func runTimes(_ kind: RunRecord.Kind) -> KeyRange { key("qualityRunTime", kind.rawValue).subtree }
  /// The run that a client's token began.
  func token(_ token: String) -> Key { key("qualityToken", token) }

  func result(_ id: String) -> Key { key("qualityResult", id) }
  func resultTime(_ started: Timestamp, _ id: String) -> Key {
    key("qualityResultTime").appending(started.nanoseconds).appending(id)
  }
  var resultTimes: KeyRange { key("qualityResultTime").subtree }

  /// Profiles of one subject in the order in which they were recorded.
  func profile(_ subject: String, _ recorded: Timestamp, _ id: String) -> Key {
    key("qualityProfile", subject).appending(recorded.nanoseconds).appending(id)
  }
  func profiles(of subject: String) -> KeyRange { key("qualityProfile", subject).subtree }
  var allProfiles: KeyRange { key("qualityProfile").subtree }
  /// Where a profile stands.
  func profileByID(_ id: String) -> Key { key("qualityProfileID", id) }
  /// Whose a statistic is.
  func statistic(_ id: String) -> Key { key("qualityStatistic", id) }

  /// Runs under way in the whole store; a server that starts looks here alone.
  static func open(_ scope: Scope, _ id: String) -> Key {
    Key("glueQualityOpen", scope.account.digits, scope.region.code, id)
  }
  static let allOpen = Key("glueQualityOpen").subtree
}

/// A ruleset as it is stored.
struct RulesetRecord: Codable, Sendable, Hashable {
  struct Target: Codable, Sendable, Hashable {
    var table: String
    var database: String
    var catalogID: String?
  }

  var name: String
  var description: String?
  var text: String
  var target: Target?
  var securityConfiguration: String?
  var recommendationRun: String?
  var created: Timestamp
  var modified: Timestamp
  var ruleCount: Int
  /// The token of the call that made it.
  var clientToken: String?

  static func arn(_ name: String, _ scope: Scope) -> ARN {
    ARN(service: "glue", scope.region, scope.account, "dataQualityRuleset/\(name)")
  }
}

extension KeyReader {
  /// - Throws: `EntityNotFoundException`.
  func ruleset(_ name: String, _ keys: QualityKeys) throws -> RulesetRecord {
    guard let record = try get(keys.ruleset(name), as: RulesetRecord.self) else {
      throw CatalogError.entityNotFound("Data quality ruleset \(name) is not found.")
    }
    return record
  }
}
