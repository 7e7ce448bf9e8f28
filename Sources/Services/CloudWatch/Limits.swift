/// CloudWatch's quotas. Source: "CloudWatch service quotas" and the API reference, unless said otherwise.
package enum Limits {
  package static let datumsPerPutMax = 1000
  package static let valuesPerDatumMax = 150
  package static let dimensionsMax = 30
  /// A value's magnitude: ±2^360.
  package static let valueMagnitudeMax = 2.348542582773833e108
  package static let putAgeSecondsMax: Int64 = 14 * 86_400
  package static let putAheadSecondsMax: Int64 = 2 * 3600

  package static let datapointsPerStatisticsMax = 1440
  package static let queriesPerDataMax = 500
  package static let datapointsPerDataDefault = 100_800
  /// Datapoints that one GetMetricData computes over all its queries; ours, so that a wide question with a
  /// short period is refused and not served from the last of the memory.
  package static let datapointsPerDataCallMax = 2_000_000
  package static let metricsPerPageMax = 500
  package static let recentlyActiveSeconds: Int64 = 3 * 3600
  /// A metric without data for two weeks is not listed.
  package static let listedSeconds: Int64 = 14 * 86_400

  /// How long values are kept at which resolution: AWS also keeps five minutes for 63 days.
  package static let secondRetentionSeconds: Int64 = 3 * 3600
  package static let minuteRetentionSeconds: Int64 = 15 * 86_400
  package static let hourRetentionSeconds: Int64 = 455 * 86_400

  /// Minutes of metrics that wait in memory to be written; beyond, samples are dropped and counted. Ours.
  package static let pendingBucketsMax = 100_000
  /// How often what waits is written. Ours: a crash loses at most this much of what services measured.
  package static let flushSeconds = 60
  /// Buckets that one transaction writes. Ours.
  package static let bucketsPerTransaction = 2000
  /// How often old values are rolled up and dropped. Ours.
  package static let maintenanceSeconds = 3600
  /// Bins of a bucket's sketch. At 1 % of relative error these span four powers of ten; beyond, low bins merge. Ours.
  package static let sketchBinsMax = 512
  /// Depth of nesting and length of an expression. The length is AWS's.
  package static let expressionDepthMax = 64
  package static let expressionLengthMax = 2048
}
