import SQL
import Testing

@Suite struct HiveTypeTests {
  @Test(arguments: [
    ("string", "string"), ("INT", "int"), ("integer", "int"), ("decimal", "decimal(10,0)"),
    ("Decimal( 12 , 3 )", "decimal(12,3)"), ("array< int >", "array<int>"),
    ("map<string,array<struct<a:int,b_c:varchar(20)>>>", "map<string,array<struct<a:int,b_c:varchar(20)>>>"),
    ("struct<x.y:double,z z:date>", "struct<x.y:double,z z:date>"), ("uniontype<int,string>", "uniontype<int,string>"),
  ])
  func readsAndWrites(text: String, canonical: String) throws {
    #expect(try HiveType.parse(text).description == canonical)
  }

  @Test(arguments: [
    "", "foo", "array<", "array<int", "array<int>>", "map<int>", "struct<a>", "decimal(39,0)", "decimal(5,6)",
    "varchar", "varchar(0)", "varchar(99999999999999999999)", "char(256)", "struct<a:int,>",
    String(repeating: "array<", count: 100_000),
  ])
  func refuses(text: String) {
    #expect(throws: HiveType.Malformed.self) { try HiveType.parse(text) }
  }

  @Test func mapsToQueryAndEngineTypes() throws {
    let type = try HiveType.parse("struct<Id:int,tags:map<string,float>,at:timestamp>")
    #expect(type.sqlType.description == "row(id integer, tags map(varchar, real), at timestamp(3))")
    #expect(type.duckDBName == "STRUCT(\"id\" INTEGER, \"tags\" MAP(VARCHAR, FLOAT), \"at\" TIMESTAMP)")
  }

  @Test func aQuerysColumnBecomesATablesColumn() throws {
    #expect(try HiveType(SQLParser.type("varchar")) == .string)
    #expect(try HiveType(SQLParser.type("varchar(3)")) == .varchar(length: 3))
    #expect(
      try HiveType(SQLParser.type("row(a real, b array(bigint))")).description == "struct<a:float,b:array<bigint>>")
    #expect(throws: SQLError.self) { try HiveType(SQLParser.type("time(3)")) }
    #expect(throws: SQLError.self) { try HiveType(SQLParser.type("row(integer)")) }
  }
}
