import Kernel

/// AWS: "Categorizing your storage using tags" and the API's errors.
enum TagRules {
  /// Tags of the `x-amz-tagging` header: URL-encoded `name=value` pairs.
  static func parseHeader(_ header: String) throws -> [Pair] {
    guard !header.isEmpty else { return [] }
    let pairs = try header.split(separator: "&").map { item -> Pair in
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = URLText.decodeForm(parts[0]), let value = URLText.decodeForm(parts.count > 1 ? parts[1] : "")
      else {
        throw S3Failure.invalidArgument(
          "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name "
            + "duplicates.", "x-amz-tagging", header)
      }
      return Pair(name: name, value: value)
    }
    guard Set(pairs.map(\.name)).count == pairs.count else {
      throw S3Failure.invalidArgument(
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name "
          + "duplicates.", "x-amz-tagging", header)
    }
    try checkObject(pairs)
    return pairs
  }

  static func checkObject(_ tags: [Pair]) throws {
    guard tags.count <= Limits.objectTagsMax else {
      throw AWSError("BadRequest", "Object tags cannot be greater than \(Limits.objectTagsMax)")
    }
    try check(tags)
  }

  static func checkBucket(_ tags: [Pair]) throws {
    guard tags.count <= Limits.bucketTagsMax else {
      throw AWSError("BadRequest", "Bucket tag count cannot be greater than \(Limits.bucketTagsMax)")
    }
    try check(tags)
  }

  private static func check(_ tags: [Pair]) throws {
    var seen: Set<String> = []
    for tag in tags {
      guard seen.insert(tag.name).inserted else {
        throw S3Failure.invalidTag("Cannot provide multiple Tags with the same key", key: tag.name)
      }
      guard (1...Limits.tagKeyCharactersMax).contains(tag.name.count), isAllowed(tag.name) else {
        throw S3Failure.invalidTag("The TagKey you have provided is invalid", key: tag.name)
      }
      guard !tag.name.lowercased().hasPrefix("aws:") else {
        throw S3Failure.invalidTag("System tags cannot be added/updated by requester", key: tag.name)
      }
      guard tag.value.count <= Limits.tagValueCharactersMax, isAllowed(tag.value) else {
        throw AWSError(
          "InvalidTag", "The TagValue you have provided is invalid",
          details: [.init("TagKey", tag.name), .init("TagValue", tag.value)])
      }
    }
  }

  /// Letters, numbers, spaces and `+ - = . _ : / @`.
  private static func isAllowed(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { scalar in
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
        .letterNumber, .otherNumber, .spaceSeparator, .nonspacingMark, .spacingMark:
        true
      default: "+-=._:/@".unicodeScalars.contains(scalar)
      }
    }
  }
}
