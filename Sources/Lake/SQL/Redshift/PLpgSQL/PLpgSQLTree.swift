/// A procedure's body.
public struct PLpgSQLBlock: Sendable {
  var label: String?
  var declarations: [PLpgSQLDeclaration]
  var statements: [PLpgSQLStatement]
  /// What runs after an error: `EXCEPTION WHEN OTHERS THEN …`.
  var handler: [PLpgSQLStatement]?
}

struct PLpgSQLDeclaration: Sendable {
  enum Kind: Sendable {
    case variable(RedshiftType, isConstant: Bool, notNull: Bool, value: PLpgSQLText?)
    case record
    case cursor(PLpgSQLText?)
    /// Another name of a variable or argument (`$1`).
    case alias(String)
  }
  var name: String
  var kind: Kind
}

indirect enum PLpgSQLStatement: Sendable {
  case assign([String], PLpgSQLText)
  /// Any statement of SQL, with the variables that take its first row.
  case sql(PLpgSQLText, into: [[String]], strict: Bool)
  case perform(PLpgSQLText)
  case execute(PLpgSQLText, into: [[String]])
  case choose([(condition: PLpgSQLText, body: [PLpgSQLStatement])], otherwise: [PLpgSQLStatement]?, needsOne: Bool)
  case loop(label: String?, [PLpgSQLStatement])
  case whileLoop(label: String?, PLpgSQLText, [PLpgSQLStatement])
  case forRange(PLpgSQLRange, [PLpgSQLStatement])
  case forRows(label: String?, [[String]], PLpgSQLText, isDynamic: Bool, [PLpgSQLStatement])
  case leave(isExit: Bool, label: String?, when: PLpgSQLText?)
  case finish(PLpgSQLText?)
  case raise(level: String, message: String, [PLpgSQLText])
  case open(String, PLpgSQLText?, isDynamic: Bool)
  case fetch(String, into: [[String]])
  case close(String)
  case diagnostics([String])
  case block(PLpgSQLBlock)
  case nothing
}

struct PLpgSQLRange: Sendable {
  var label: String?
  var variable: String
  var isReversed: Bool
  var from: PLpgSQLText
  var to: PLpgSQLText
  var step: PLpgSQLText?
}

/// A piece of SQL within a procedure, with the names that may be variables.
struct PLpgSQLText: Sendable {
  enum Piece: Sendable {
    case text(String)
    /// A name of one or two parts, as written and in lower case.
    case name([String], written: String)
  }
  var pieces: [Piece]
  var written: String {
    pieces.map { piece in
      switch piece {
      case .text(let text): text
      case .name(_, let written): written
      }
    }.joined()
  }
}
