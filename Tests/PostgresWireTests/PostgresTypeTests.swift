import PostgresWire
import Testing

@Suite struct PostgresTypeTests {
  @Test func `a type's number and size are PostgreSQL's`() {
    #expect(PostgresType.numeric == PostgresType(oid: 1700, size: -1, modifier: -1))
    #expect(PostgresType.timestamp.size == 8)
  }
}
