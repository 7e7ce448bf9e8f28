/// Keeps a statement's text from growing without bound while it is printed. Once spent, every expression is `NULL`,
/// so that printing ends soon, and the text is thrown away.
final class PrintBudget {
  private var expressions = 0
  private(set) var isSpent = false

  /// - Returns: `false` when no more expressions are to be printed.
  func beginExpression() -> Bool {
    expressions += 1
    if expressions > SQLLimits.printedExpressionsMax { isSpent = true }
    return !isSpent
  }

  func admits(_ text: String) -> Bool {
    if text.utf8.count > SQLLimits.printedBytesMax { isSpent = true }
    return !isSpent
  }
}
