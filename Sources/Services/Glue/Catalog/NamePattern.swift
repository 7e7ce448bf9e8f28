import Foundation

/// The regular expression by which `GetTables` and `GetUserDefinedFunctions` choose names: it has to fit the whole
/// name.
struct NamePattern: Sendable {
  private let expression: NSRegularExpression

  /// - Throws: `InvalidInputException`.
  init(_ pattern: String) throws {
    do {
      expression = try NSRegularExpression(pattern: "^(?:\(pattern))$", options: [.caseInsensitive])
    } catch {
      throw CatalogError.invalidInput("Invalid regular expression: \(pattern)")
    }
  }

  func matches(_ name: String) -> Bool {
    expression.firstMatch(in: name, range: NSRange(name.startIndex..., in: name)) != nil
  }
}
