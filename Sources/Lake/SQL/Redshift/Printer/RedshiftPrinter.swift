/// Writes Redshift's tree in DuckDB's tongue. Names are bound by DuckDB; functions are rewritten by name.
public struct RedshiftPrinter {
  let names: any RedshiftNames

  public init(names: any RedshiftNames) { self.names = names }

  public func query(_ query: Query) throws(SQLError) -> String { throw SQLError(.notSupported, "Not there yet") }
  public func expression(_ expression: Expression) throws(SQLError) -> String {
    throw SQLError(.notSupported, "Not there yet")
  }
}
