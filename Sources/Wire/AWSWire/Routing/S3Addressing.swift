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
    let authority = host.utf8.prefix { $0 != UInt8(ascii: ":") }
    // Addresses and single names carry no bucket, and need no closer look.
    guard authority.contains(UInt8(ascii: ".")), authority.contains(where: { $0 > UInt8(ascii: "9") }) else {
      return nil
    }
    let name = Substring(authority).lowercased()
    for marker in [".s3.", ".s3-"] {
      if let start = Self.position(of: marker, in: name), start > 0 { return String(name.utf8.prefix(start)) }
    }
    if name.hasPrefix("s3.") || name.hasPrefix("s3-") { return nil }
    if name.hasSuffix(".localhost"), name.utf8.count > ".localhost".utf8.count {
      return String(name.dropLast(".localhost".count))
    }
    return nil
  }

  /// Bytes before the first `marker`.
  private static func position(of marker: String, in name: String) -> Int? {
    let (name, marker) = (Array(name.utf8), Array(marker.utf8))
    guard name.count >= marker.count else { return nil }
    return (0...(name.count - marker.count)).first { name[$0...].starts(with: marker) }
  }
}
