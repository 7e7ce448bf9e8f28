import Kernel

/// Quotas and rules of Redshift's control plane, from "Quotas and limits in Amazon Redshift" and the API reference.
package enum ClusterLimits {
  package static let identifierCharactersMax = 63
  package static let databaseCharactersMax = 64
  package static let userCharactersMax = 128
  package static let passwordCharacters = 8...64
  package static let nodesMax = 100
  package static let portDefault = 5439
  package static let portsOfDC2 = 1150...65_535
  package static let portsOfManagedStorage = [5431...5455, 8191...8215]
  package static let automatedRetentionDays = 0...35
  /// "Amazon Redshift snapshots": every eight hours.
  package static let automatedSnapshotEvery = Duration.seconds(8 * 3_600)
  /// "Quotas and limits in Amazon Redshift": usage limits of one feature.
  package static let usageLimitsPerFeatureMax = 4
  package static let scheduledActionsMax = 100
  /// Times of a scheduled action that are told in advance.
  package static let nextInvocationsMax = 5
  package static let manualRetentionDays = 1...3653
  package static let rolesPerClusterMax = 50
  package static let tagsPerResourceMax = 50
  package static let clustersMax = 500
  package static let snapshotsMax = 700
  package static let parameterGroupsMax = 20
  package static let subnetGroupsMax = 50
  package static let subnetsPerGroupMax = 20
  package static let groupNameCharactersMax = 255
  package static let recordsPerPage = 20...100
  package static let recordsDefault = 100
  package static let credentialSeconds = 900...3600
  package static let credentialSecondsDefault = 900
  package static let snapshotsPerBatchMax = 100
  /// DescribeEvents tells the past two weeks.
  package static let eventsKept = Duration.seconds(14 * 86_400)
  package static let eventMinutesDefault = 60
  package static let eventMinutesMax = 20_160
  /// EnableLogging: characters of a key prefix.
  package static let logPrefixBytesMax = 256

  /// Node types that can be ordered; what each holds in terabytes, and how many connections a cluster of it takes.
  static let nodeTypes: [String: NodeType] = [
    "dc2.large": NodeType(gigabytes: 160, connections: 500, nodes: 1...32, managesStorage: false),
    "dc2.8xlarge": NodeType(gigabytes: 2_560, connections: 2_000, nodes: 2...128, managesStorage: false),
    "ra3.large": NodeType(gigabytes: 8_000, connections: 2_000, nodes: 1...16, managesStorage: true),
    "ra3.xlplus": NodeType(gigabytes: 32_000, connections: 2_000, nodes: 1...32, managesStorage: true),
    "ra3.4xlarge": NodeType(gigabytes: 128_000, connections: 2_000, nodes: 2...128, managesStorage: true),
    "ra3.16xlarge": NodeType(gigabytes: 128_000, connections: 2_000, nodes: 2...128, managesStorage: true),
    "rg.xlarge": NodeType(gigabytes: 32_000, connections: 2_000, nodes: 1...32, managesStorage: true),
    "rg.4xlarge": NodeType(gigabytes: 128_000, connections: 2_000, nodes: 2...128, managesStorage: true),
  ]

  struct NodeType: Sendable {
    var gigabytes: Int64
    var connections: Int
    var nodes: ClosedRange<Int>
    /// RA3 and RG keep data in managed storage, which has rules of its own for ports and snapshots.
    var managesStorage: Bool
  }
}
