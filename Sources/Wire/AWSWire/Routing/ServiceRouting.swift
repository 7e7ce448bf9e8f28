import Kernel

/// Finds the service that a request is meant for: one port serves them all.
public enum ServiceRouting {
  /// Target prefixes of the JSON protocols.
  private static let targets: [(prefix: String, service: String)] = [
    ("Kinesis_20131202.", "kinesis"), ("Firehose_20150804.", "firehose"), ("AWSGlue.", "glue"),
    ("AmazonAthena.", "athena"), ("GraniteServiceVersion20100801.", "monitoring"),
    ("RedshiftServerless.", "redshift-serverless"), ("RedshiftData.", "redshift-data"),
    ("Logs_20140328.", "logs"),
  ]
  /// Versions of the Query protocol, which stand in the form.
  private static let versions = [
    "2010-05-08": "iam", "2011-06-15": "sts", "2010-08-01": "monitoring", "2012-12-01": "redshift",
  ]

  /// The signing name of the service. S3 takes what nobody else is meant by, since its paths are free.
  ///
  /// Order: the signature's scope, the JSON target, the path of RPC v2 CBOR, the host, a Query form, S3.
  /// - Parameter form: the body of a form post, where it has been read.
  public static func service(of request: WireRequest, claim: SignatureClaim?, form: String? = nil) -> String {
    if let claim { return claim.service }
    if let target = request.headers["x-amz-target"],
      let found = targets.first(where: { target.hasPrefix($0.prefix) })
    {
      return found.service
    }
    if request.rawPath.hasPrefix("/service/GraniteServiceVersion20100801/") { return "monitoring" }
    if let host = request.headers["host"], let first = host.split(separator: ".").first {
      let known = [
        "kinesis", "firehose", "glue", "athena", "iam", "sts", "monitoring", "redshift", "redshift-serverless",
        "redshift-data", "lambda", "logs",
      ]
      if known.contains(String(first)), host.contains(".amazonaws.com") || host.contains(".localhost") {
        return String(first)
      }
    }
    if let form, let version = parameter("Version", in: form), let service = versions[version] { return service }
    if let version = parameter("Version", in: request.rawQuery), let service = versions[version] { return service }
    return "s3"
  }

  /// Whether the service can only be told from the body, which therefore has to be read first.
  public static func needsForm(_ request: WireRequest, claim: SignatureClaim?) -> Bool {
    claim == nil && request.method == "POST"
      && request.headers["content-type"]?.hasPrefix("application/x-www-form-urlencoded") == true
  }

  private static func parameter(_ name: String, in form: String) -> String? {
    for part in form.split(separator: "&") where part.hasPrefix(name + "=") {
      return PercentCoding.decoded(part.dropFirst(name.count + 1))
    }
    return nil
  }
}
