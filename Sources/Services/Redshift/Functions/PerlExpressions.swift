import Engine
import Foundation
import Kernel

/// Regular expressions with the parameter `p`: Perl's, with look-around and back references, which the engine's own do
/// not know. A pattern that takes too long over one value is an error.
enum PerlExpressions {
  static let scalars: [ScalarFunction] = [
    ScalarFunction("tarn_perl_count", ["VARCHAR", "VARCHAR", "BIGINT", "VARCHAR"], returns: "INTEGER") {
      arguments, row in
      .int(Int64(try Search(arguments, row, flags: 3, start: 2).matches().count))
    },
    ScalarFunction(
      "tarn_perl_instr", ["VARCHAR", "VARCHAR", "BIGINT", "BIGINT", "BIGINT", "VARCHAR"], returns: "INTEGER"
    ) { arguments, row in
      let search = try Search(arguments, row, flags: 5, start: 2)
      guard let match = try search.match(arguments[3].integer(row)) else { return .int(0) }
      let range = match.range
      let place = arguments[4].integer(row) > 0 ? range.location + range.length : range.location
      return .int(Int64(search.characters(before: place) + 1))
    },
    ScalarFunction(
      "tarn_perl_substr", ["VARCHAR", "VARCHAR", "BIGINT", "BIGINT", "VARCHAR"], returns: "VARCHAR"
    ) { arguments, row in
      let search = try Search(arguments, row, flags: 4, start: 2)
      guard let match = try search.match(arguments[3].integer(row)) else { return .string("") }
      let group = search.flags.contains("e") && match.numberOfRanges > 1 ? match.range(at: 1) : match.range
      return .string(group.location == NSNotFound ? "" : search.text.substring(with: group))
    },
    ScalarFunction(
      "tarn_perl_replace", ["VARCHAR", "VARCHAR", "VARCHAR", "BIGINT", "VARCHAR"], returns: "VARCHAR"
    ) { arguments, row in
      let search = try Search(arguments, row, flags: 4, start: 3)
      let template = arguments[2].string(row)
      var result = ""
      var place = 0
      for match in try search.matches() {
        result += search.text.substring(with: NSRange(location: place, length: match.range.location - place))
        result += search.expression.replacementString(
          for: match, in: search.text as String, offset: 0, template: template)
        place = match.range.location + match.range.length
      }
      return .string(result + search.text.substring(from: place))
    },
  ]

  private struct Search {
    let text: NSString
    let expression: NSRegularExpression
    let flags: String
    /// Where the search begins, in UTF-16 units.
    let start: Int

    init(_ arguments: [ColumnVector], _ row: Int, flags: Int, start: Int) throws {
      let value = arguments[0].string(row)
      text = value as NSString
      self.flags = arguments[flags].string(row)
      expression = try PerlExpressions.expression(arguments[1].string(row), ignoresCase: self.flags.contains("i"))
      let first = max(1, arguments[start].integer(row)) - 1
      self.start = String(value.prefix(Int(clamping: first))).utf16.count
    }

    func match(_ number: Int64) throws -> NSTextCheckingResult? {
      guard number >= 1 else { return nil }
      let found = try matches(number)
      return found.count >= number ? found.last : nil
    }

    func characters(before place: Int) -> Int { text.substring(to: place).unicodeScalars.count }

    func matches(_ most: Int64 = .max) throws -> [NSTextCheckingResult] {
      var found: [NSTextCheckingResult] = []
      var reports = 0
      var gaveUp = false
      expression.enumerateMatches(
        in: text as String, options: [.reportProgress, .reportCompletion],
        range: NSRange(location: start, length: text.length - start)
      ) { match, flags, stop in
        if let match {
          found.append(match)
          if found.count >= most { stop.pointee = true }
        }
        if flags.contains(.internalError) { gaveUp = true }
        guard flags.contains(.progress) else { return }
        reports += 1
        guard reports > WarehouseLimits.patternReportsMax else { return }
        gaveUp = true
        stop.pointee = true
      }
      // An answer that nobody found is not the same as none.
      if gaveUp, found.count < most {
        throw EngineError(kind: .invalidInput, message: "The regular expression takes too long: \(expression.pattern)")
      }
      return found
    }
  }

  private struct Key: Hashable {
    var pattern: String
    var ignoresCase: Bool
  }

  private static let compiled = Locked<[Key: NSRegularExpression]>([:])

  private static func expression(_ pattern: String, ignoresCase: Bool) throws -> NSRegularExpression {
    let key = Key(pattern: pattern, ignoresCase: ignoresCase)
    if let known = compiled.withLock({ $0[key] }) { return known }
    let made: NSRegularExpression
    do {
      made = try NSRegularExpression(pattern: pattern, options: ignoresCase ? .caseInsensitive : [])
    } catch {
      throw EngineError(kind: .invalidInput, message: "Invalid regular expression: \(pattern)")
    }
    compiled.withLock { known in
      if known.count >= WarehouseLimits.compiledPatternsMax { known.removeAll() }
      known[key] = made
    }
    return made
  }
}
