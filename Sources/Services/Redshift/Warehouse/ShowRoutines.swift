import SQL

/// SHOW PROCEDURES, FUNCTIONS and PARAMETERS.
enum ShowRoutines {
  /// A type's name without its sizes, as routines' signatures have it.
  static func plain(_ type: RedshiftType) -> String {
    switch type {
    case .char: "character"
    case .intervalYearToMonth: "intervaly2m"
    case .intervalDayToSecond: "intervald2s"
    default: InformationSchema.typeName(type)
    }
  }

  /// The types of the arguments that go in (`IN`), or come out (`OUT`).
  static func types(_ routine: CatalogRoutine, _ way: String) -> [String] {
    zip(routine.argumentTypes, routine.argumentModes).filter { $0.1.contains(way) }.map { plain($0.0.type) }
  }

  private static func sees(_ routine: CatalogRoutine, _ schema: CatalogSchema, _ source: SystemSource) -> Bool {
    source.rights.owns(routine.owner)
      || (source.rights.may("USAGE", on: schema) && source.rights.may("EXECUTE", on: routine))
  }

  private static func routines(
    _ source: SystemSource, isProcedure: Bool, _ isWanted: (String, String, String) -> Bool
  ) -> [(String, String, CatalogRoutine)] {
    source.catalog.routines.values.compactMap { routine in
      guard routine.isProcedure == isProcedure, let schema = source.catalog.schemas[routine.schema],
        let database = source.catalog.databases[schema.database], isWanted(database.name, schema.name, routine.name),
        sees(routine, schema, source)
      else { return nil }
      return (database.name, schema.name, routine)
    }.sorted { ($0.1, $0.2.name, $0.2.id) < ($1.1, $1.2.name, $1.2.id) }
  }

  static func list(
    isProcedure: Bool, _ isWanted: @escaping @Sendable (String, String, String) -> Bool
  ) -> SystemView {
    let kind = isProcedure ? "procedure" : "function"
    return SystemView(
      "pg_catalog", "",
      """
      database_name name, schema_name name, \(kind)_name name, number_of_arguments int, argument_list text,
      return_type text, remarks text
      """
    ) { source in
      routines(source, isProcedure: isProcedure, isWanted).map { database, schema, routine in
        let inputs = types(routine, "IN")
        let results = types(routine, "OUT")
        return [
          database, schema, routine.name, "\(inputs.count)", inputs.joined(separator: ", "),
          routine.returns.map { plain($0.type) } ?? (results.isEmpty ? nil : results.joined(separator: ", ")), nil,
        ]
      }
    }
  }

  static func parameters(
    isProcedure: Bool, arguments: [String]?, _ isWanted: @escaping @Sendable (String, String, String) -> Bool,
    isNamed: @escaping @Sendable (String) -> Bool
  ) -> SystemView {
    let kind = isProcedure ? "procedure" : "function"
    return SystemView(
      "pg_catalog", "",
      """
      database_name name, schema_name name, \(kind)_name name, parameter_name name, ordinal_position int,
      parameter_type text, data_type text, character_maximum_length int, numeric_precision int, numeric_scale int
      """
    ) { source in
      var rows: [[String?]] = []
      for (database, schema, routine) in routines(source, isProcedure: isProcedure, isWanted) {
        if let arguments, arguments.map(named) != types(routine, "IN").map(named) { continue }
        func add(_ name: String, _ position: Int, _ mode: String, _ type: RedshiftType) {
          guard isNamed(name) else { return }
          // Signatures of functions keep no sizes: numbers have those that their types always have.
          let sizes = InformationSchema.sizes(type)
          let isBare = !isProcedure && Self.isSized(type)
          rows.append([
            database, schema, routine.name, name, "\(position)", mode, plain(type), isProcedure ? sizes.length : nil,
            isBare ? nil : sizes.precision, isBare ? nil : sizes.scale,
          ])
        }
        if let returns = routine.returns, !isProcedure { add("", 0, "RETURN", returns.type) }
        for (index, type) in routine.argumentTypes.enumerated() {
          let name = index < routine.argumentNames.count ? routine.argumentNames[index] : ""
          let mode = index < routine.argumentModes.count ? routine.argumentModes[index] : "IN"
          add(name, index + 1, mode, type.type)
        }
      }
      return rows
    }
  }

  private static func isSized(_ type: RedshiftType) -> Bool {
    switch type {
    case .decimal, .char, .varchar: true
    default: false
    }
  }

  /// One name for a type, however it was written.
  private static func named(_ text: String) -> String {
    guard let type = (try? RedshiftParser.type(text)) ?? RedshiftType(shown: text) else { return text.lowercased() }
    return plain(type)
  }
}
