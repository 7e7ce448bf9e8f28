import Kernel

/// The canonical form of a request that both sides hash.
///
/// Source: IAM user guide, "Create a signed AWS API request", step 1.
struct CanonicalRequest {
  let text: String

  /// - Parameters:
  ///   - path: the canonical URI, encoded already.
  ///   - payloadHash: hexadecimal SHA-256, or one of S3's words such as `UNSIGNED-PAYLOAD`.
  init(
    method: String, path: String, rawQuery: String, headers: WireHeaders, signedHeaders: [String],
    payloadHash: String
  ) {
    var text = ""
    text.reserveCapacity(512 + path.utf8.count + rawQuery.utf8.count)
    text += method
    text += "\n"
    text += path
    text += "\n"
    text += Self.query(rawQuery)
    text += "\n"
    for name in signedHeaders {
      text += name
      text += ":"
      var isFirst = true
      for field in headers.fields where field.name == name {
        if !isFirst { text += "," }
        text += Self.trimmed(field.value)
        isFirst = false
      }
      text += "\n"
    }
    text += "\n"
    for (index, name) in signedHeaders.enumerated() {
      if index > 0 { text += ";" }
      text += name
    }
    text += "\n"
    text += payloadHash
    self.text = text
  }

  /// The forms that a client may have put the path into, the likeliest first.
  static func paths(_ rawPath: String, service: String) -> [String] {
    guard service == "s3" else {
      let normal = normalized(rawPath)
      return [PercentCoding.encode(normal, keepingSlashes: true), rawPath]
    }
    if rawPath.utf8.allSatisfy({ PercentCoding.isUnreserved($0) || $0 == UInt8(ascii: "/") }) { return [rawPath] }
    // S3 signs the path as it is sent, encoded once; clients that send it half-encoded sign the encoded form.
    let encoded = PercentCoding.encode(PercentCoding.decode(rawPath), keepingSlashes: true)
    return encoded == rawPath ? [rawPath] : [rawPath, encoded]
  }

  /// RFC 3986's removal of dot segments and of empty ones.
  private static func normalized(_ path: String) -> String {
    var segments: [Substring] = []
    for segment in path.split(separator: "/") {
      switch segment {
      case ".": continue
      case "..": _ = segments.popLast()
      default: segments.append(segment)
      }
    }
    let joined = "/" + segments.joined(separator: "/")
    return path.hasSuffix("/") && joined != "/" ? joined + "/" : joined
  }

  private static func query(_ raw: String) -> String {
    guard !raw.isEmpty else { return "" }
    var pairs: [(name: String, value: String)] = []
    for part in raw.split(separator: "&") {
      let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = recoded(halves[0])
      guard name != "X-Amz-Signature" else { continue }
      pairs.append((name, halves.count > 1 ? recoded(halves[1]) : ""))
    }
    pairs.sort { ($0.name, $0.value) < ($1.name, $1.value) }
    return pairs.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
  }

  /// Java's SDKs send a blank of a query as `+` and sign it as `%20`, which is what it is decoded to.
  private static func recoded(_ part: Substring) -> String {
    PercentCoding.encode(PercentCoding.decode(part.replacing("+", with: " ")), keepingSlashes: false)
  }

  /// Without blanks at the ends, and with one blank for each run of them inside.
  private static func trimmed(_ value: String) -> String {
    guard value.utf8.contains(where: { $0 == 32 || $0 == 9 }) else { return value }
    return value.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
  }
}
