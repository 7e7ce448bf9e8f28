import Foundation
import Kernel

/// `tarn_regex_fields(line VARCHAR, pattern VARCHAR, flags VARCHAR) -> VARCHAR[]`: what the groups of `pattern` hold
/// of a line that it matches from end to end; NULL for a line that it does not match. The flag `i` ignores case.
///
/// Hive's RegexSerDe has patterns that were written for Java, with look-around and back references, which the engine's
/// own expressions do not know. ICU's are close to Java's.
enum RegexFields {
  static let function = ScalarFunction(
    "tarn_regex_fields", ["VARCHAR", "VARCHAR", "VARCHAR"], returns: "VARCHAR[]"
  ) { arguments, row in
    let ignoresCase = arguments[2].string(row).contains("i")
    return try fields(arguments[0].string(row), try expression(arguments[1].string(row), ignoresCase: ignoresCase))
  }

  private struct Key: Hashable {
    var pattern: String
    var ignoresCase: Bool
  }

  /// Compiled patterns: a table has one, and all its lines ask for it.
  private static let compiled = Locked<[Key: NSRegularExpression]>([:])

  private static func expression(_ pattern: String, ignoresCase: Bool) throws -> NSRegularExpression {
    let key = Key(pattern: pattern, ignoresCase: ignoresCase)
    if let known = compiled.withLock({ $0[key] }) { return known }
    let made: NSRegularExpression
    do {
      // Java's `matches`: alternatives are tried until one reaches the line's end.
      made = try NSRegularExpression(pattern: "(?:\(pattern))\\z", options: ignoresCase ? .caseInsensitive : [])
    } catch {
      throw EngineError(kind: .invalidInput, message: "Invalid regular expression: \(pattern)")
    }
    compiled.withLock { known in
      if known.count >= Limits.compiledPatternsMax { known.removeAll() }
      known[key] = made
    }
    return made
  }

  private static func fields(_ line: String, _ expression: NSRegularExpression) throws -> EngineValue {
    let text = line as NSString
    var found: NSTextCheckingResult?
    var reports = 0
    var gaveUp = false
    expression.enumerateMatches(
      in: line, options: [.anchored, .reportProgress, .reportCompletion],
      range: NSRange(location: 0, length: text.length)
    ) { match, flags, stop in
      if let match { found = match }
      if flags.contains(.internalError) { gaveUp = true }
      guard flags.contains(.progress) else { return }
      reports += 1
      guard reports > Limits.patternReportsMax else { return }
      gaveUp = true
      stop.pointee = true
    }
    if let found {
      return .list(
        (1..<max(1, found.numberOfRanges)).map { group in
          let range = found.range(at: group)
          return range.location == NSNotFound ? .null : .string(text.substring(with: range))
        })
    }
    // An answer that nobody found is not the same as none.
    if gaveUp {
      throw EngineError(
        kind: .outOfRange, message: "The regular expression takes too long over a line: \(expression.pattern)")
    }
    return .null
  }
}
