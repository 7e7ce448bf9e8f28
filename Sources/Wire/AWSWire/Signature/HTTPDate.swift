public import Kernel

/// The date form of HTTP headers: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
public enum HTTPDate {
  public static func text(_ moment: Timestamp) -> String { TimestampText.rfc822(moment) }

  /// - Returns: `nil` unless the text is of a form that HTTP knows.
  public static func parse(_ text: String) -> Timestamp? {
    guard text.utf8.first?.isLetter == true else { return nil }
    return TimestampText.read(text)
  }
}
