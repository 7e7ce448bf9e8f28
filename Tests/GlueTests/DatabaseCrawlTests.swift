import Glue
import SQL
import Testing

@Suite struct DatabaseCrawlTests {
  @Test(arguments: [
    ("jdbc:postgresql://db.example.com:5433/shop", "db.example.com", 5433, "shop", "prefer"),
    ("jdbc:postgresql://127.0.0.1/my%20shop", "127.0.0.1", 5432, "my shop", "prefer"),
    ("jdbc:postgresql://[::1]:5433/shop?ssl=true", "::1", 5433, "shop", "require"),
    ("jdbc:postgresql://h/shop?&=&ssl", "h", 5432, "shop", "require"),
    ("jdbc:postgresql://h/shop?loginTimeout=5&sslmode=verify-full", "h", 5432, "shop", "verify-full"),
  ])
  func `a URL names a server and a database`(
    url: String, host: String, port: Int, database: String, tls: String
  ) throws {
    let address = try #require(JDBCAddress(url))
    #expect((address.host, address.port) == (host, port))
    #expect((address.database, address.encryption) == (database, tls))
  }

  @Test(arguments: [
    "jdbc:mysql://h/shop", "jdbc:postgresql:shop", "jdbc:postgresql:///shop", "jdbc:postgresql://h",
    "jdbc:postgresql://h/", "jdbc:postgresql://h:0/shop", "jdbc:postgresql://h:65536/shop",
    "jdbc:postgresql://h:x/shop", "jdbc:postgresql://@hidden/shop", "jdbc:postgresql://a,b/shop",
    "jdbc:postgresql://h/a/b", "jdbc:postgresql://h/a%00b",
    "jdbc:postgresql://h/shop?sslmode=perhaps", "jdbc:postgresql://[::1/shop", "jdbc:postgresql://[::1]x/shop", "",
  ])
  func `what is no URL of one server is refused`(url: String) {
    #expect(JDBCAddress(url) == nil)
  }

  @Test func `what the connection enforces the URL does not loosen`() {
    #expect(JDBCAddress("jdbc:postgresql://h/d?sslmode=disable", enforcesTLS: true)?.encryption == "require")
    #expect(JDBCAddress("jdbc:postgresql://h/d?sslmode=verify-ca", enforcesTLS: true)?.encryption == "verify-ca")
    #expect(JDBCAddress("jdbc:postgresql://h/d?sslmode=disable")?.encryption == "disable")
  }

  @Test(arguments: [
    ("shop", "sales", "orders", true, "sales/orders"), ("shop/%", "sales", "orders", true, "sales/orders"),
    ("shop/sales/%", "sales", "orders", true, "orders"), ("shop/sales/", "sales", "orders", true, "orders"),
    ("shop/sales/or%s", "sales", "orders", true, "orders"), ("shop/sales/o_ders", "sales", "orders", false, "orders"),
    ("shop/sales/orders", "sales", "Orders", false, "Orders"),
    ("shop/s%/%", "purchases", "orders", false, "purchases/orders"),
    ("shop/sales/a%a", "sales", "a", false, "a"), ("shop/sales/%a%b%", "sales", "xaybz", true, "xaybz"),
  ])
  func `include paths`(text: String, schema: String, table: String, includes: Bool, below: String) throws {
    let path = try #require(IncludePath(text))
    #expect(path.includes(schema: schema, table: table) == includes)
    #expect(path.relative(schema: schema, table: table) == below)
  }

  @Test(arguments: ["", "/", "%", "%/a/b", "a//b", "a/b/c/d", "a/b\0/c"])
  func `what is no include path is refused`(text: String) {
    #expect(IncludePath(text) == nil)
  }

  @Test func `only the percent sign stands for more`() {
    #expect(IncludePath.likePattern(#"a_b%c\d"#) == #"a\_b%c\\d"#)
  }

  @Test(arguments: [
    ("integer", "int"), ("numeric", "decimal(38,18)"), ("numeric(10,2)", "decimal(10,2)"),
    ("numeric(5)", "decimal(5,0)"),
    ("numeric(5,-3)", "decimal(8,0)"), ("numeric(2,5)", "decimal(5,5)"), ("numeric(500,400)", "decimal(38,38)"),
    ("numeric(x)", "decimal(38,18)"),
    ("numeric(5,-9223372036854775808)", "decimal(38,18)"), ("numeric(-5)", "decimal(38,18)"),
    ("text[][]", "array<string>"),
    ("timestamp(3) without time zone", "timestamp"),
    ("timestamp with time zone", "timestamp"), ("timestamps", "string"), ("time without time zone", "string"),
    ("character varying(20)", "string"), ("integer[]", "array<int>"), ("bit(1)", "string"), ("\"integer\"", "string"),
    ("", "string"),
  ])
  func `types of PostgreSQL`(text: String, type: String) {
    #expect(PostgresTypes.hive(text).description == type)
  }
}
