import CDuckDB

/// What SQL may call beside DuckDB's own functions.
public struct EngineFunctions: Sendable {
  /// Statements that make macros (`CREATE OR REPLACE MACRO …`) or set engine-wide settings, run in their order when
  /// the engine starts.
  public var macros: [String]
  public var scalars: [ScalarFunction]

  public init(macros: [String] = [], scalars: [ScalarFunction] = []) {
    self.macros = macros
    self.scalars = scalars
  }

  public static func + (left: EngineFunctions, right: EngineFunctions) -> EngineFunctions {
    EngineFunctions(macros: left.macros + right.macros, scalars: left.scalars + right.scalars)
  }
}

/// A scalar function in Swift. The same name may come several times with other types of arguments.
public struct ScalarFunction: Sendable {
  public var name: String
  /// SQL types, such as `VARCHAR`, `DECIMAL(18,2)` or `BIGINT[]`; `ANY` takes any type.
  public var arguments: [String]
  /// The type of further arguments, of any number.
  public var furtherArguments: String?
  public var returns: String
  /// Whether `body` sees rows that have a NULL argument. Otherwise those give NULL.
  public var takesNulls: Bool
  /// Whether each call may give another value.
  public var isVolatile: Bool
  /// Computes the value of one row from its arguments' vectors. What it throws ends the query, with the error's text.
  public var body: @Sendable (_ arguments: [ColumnVector], _ row: Int) throws -> EngineValue

  public init(
    _ name: String, _ arguments: [String], furtherArguments: String? = nil, returns: String, takesNulls: Bool = false,
    isVolatile: Bool = false,
    body: @escaping @Sendable (_ arguments: [ColumnVector], _ row: Int) throws -> EngineValue
  ) {
    self.name = name
    self.arguments = arguments
    self.furtherArguments = furtherArguments
    self.returns = returns
    self.takesNulls = takesNulls
    self.isVolatile = isVolatile
    self.body = body
  }
}
