import Engine
import Testing

@Suite struct FunctionTests {
  struct Refused: Error, CustomStringConvertible {
    var description: String { "no sevens" }
  }

  private static let functions = EngineFunctions(
    macros: ["CREATE OR REPLACE MACRO twice(x) AS x * 2", "CREATE OR REPLACE MACRO upper(x) AS 'mine'"],
    scalars: [
      ScalarFunction("swift_reverse", ["VARCHAR"], returns: "VARCHAR") { arguments, row in
        .string(String(arguments[0].string(row).reversed()))
      },
      ScalarFunction("swift_add", ["BIGINT", "BIGINT"], returns: "BIGINT") { arguments, row in
        let left = arguments[0].integer(row)
        if left == 7 { throw Refused() }
        return .int(left &+ arguments[1].integer(row))
      },
      ScalarFunction("swift_add", ["DOUBLE", "DOUBLE"], returns: "DOUBLE") { arguments, row in
        .double(arguments[0].load(row, as: Double.self) + arguments[1].load(row, as: Double.self))
      },
      ScalarFunction("swift_coalesce", [], furtherArguments: "VARCHAR", returns: "VARCHAR", takesNulls: true) {
        arguments, row in
        arguments.first { !$0.isNull(row) }?[row] ?? .null
      },
      ScalarFunction("swift_split", ["VARCHAR"], returns: "VARCHAR[]") { arguments, row in
        .list(arguments[0].string(row).split(separator: ",").map { .string(String($0)) })
      },
      ScalarFunction("swift_pairs", ["BIGINT"], returns: "MAP(VARCHAR, STRUCT(n BIGINT, l INTEGER[]))") {
        arguments, row in
        let number = arguments[0].integer(row)
        return .map([
          EngineValue.Entry(
            key: .string("k\(number)"),
            value: .structure([
              EngineValue.Member("n", .int(number)), EngineValue.Member("l", .list([.int(number), .null])),
            ]))
        ])
      },
    ])

  @Test func macrosAndFunctionsAreCalled() async throws {
    let fixture = Fixture(functions: Self.functions)
    #expect(
      try await fixture.rows(
        """
        SELECT twice(21), upper('x'), swift_reverse('abc'), swift_add(1, 2), swift_add(1.5::DOUBLE, 2),
          swift_reverse(NULL)
        """)
        == [[.int(42), .string("mine"), .string("cba"), .int(3), .double(3.5), .null]])
    #expect(
      try await fixture.rows("SELECT swift_coalesce(NULL, 'b', 'c'), swift_split('a,b'), swift_pairs(5)") == [
        [
          .string("b"), .list([.string("a"), .string("b")]),
          .map([
            EngineValue.Entry(
              key: .string("k5"),
              value: .structure([
                EngineValue.Member("n", .int(5)), EngineValue.Member("l", .list([.int(5), .null])),
              ]))
          ]),
        ]
      ])
  }

  @Test func functionsWorkOnManyRows() async throws {
    let fixture = Fixture(functions: Self.functions)
    #expect(
      try await fixture.rows(
        """
        SELECT sum(swift_add(i, 100)), max(len(swift_split(swift_reverse(i || ',x')))),
          bool_and(map_extract(swift_pairs(i), 'k' || i)[1].l[1] = i)
        FROM range(100, 100000) t(i) WHERE i % 3 > 0
        """)[0][2] == .bool(true))
  }

  @Test func aFunctionsErrorEndsTheQuery() async throws {
    let fixture = Fixture(functions: Self.functions)
    await #expect { try await fixture.rows("SELECT swift_add(i, 1) FROM range(10) t(i)") } throws: { error in
      (error as? EngineError)?.message.contains("no sevens") == true
    }
  }

  @Test func aBadMacroIsSaidAtTheStart() async throws {
    let fixture = Fixture(functions: EngineFunctions(macros: ["CREATE MACRO broken("]))
    await #expect(throws: EngineError.self) { try await fixture.engine.start() }
  }
}
