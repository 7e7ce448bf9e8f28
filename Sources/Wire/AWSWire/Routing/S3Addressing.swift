/// Tells path-style from virtual-host-style requests to S3, and turns the second into the first.
public enum S3Addressing {
  /// The request with its bucket in the path.
  ///
  /// A bucket stands in the host as `bucket.s3.…`, `bucket.s3-region.…` or `bucket.localhost`; names such as
  /// `s3.us-east-1.amazonaws.com`, plain host names and addresses carry none.
  /// - Note: to be applied after the signature is verified, which covers the path as it was sent.
  public static func pathStyle(_ request: WireRequest) -> WireRequest {
    guard let bucket = bucket(inHost: request.headers["host"] ?? "") else { return request }
    var rewritten = request
    rewritten.rawPath = "/" + bucket + (request.rawPath.hasPrefix("/") ? request.rawPath : "/" + request.rawPath)
    return rewritten
  }

  static func bucket(inHost host: String) -> String? {
    let name = host.split(separator: ":").first.map { $0.lowercased() } ?? ""
    for marker in [".s3.", ".s3-"] {
      if let range = name.range(of: marker), range.lowerBound > name.startIndex {
        return String(name[..<range.lowerBound])
      }
    }
    if name.hasPrefix("s3.") || name.hasPrefix("s3-") { return nil }
    if name.hasSuffix(".localhost"), name.count > ".localhost".count {
      return String(name.dropLast(".localhost".count))
    }
    return nil
  }
}

extension String {
  fileprivate func range(of marker: String) -> Range<String.Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(marker) { return start..<index(start, offsetBy: marker.count) }
      start = index(after: start)
    }
    return nil
  }
}
