import Lake
import LakeFiles
import SQL
import Testing

/// Which Parquet files may be read as they are: a wrong yes gives wrong rows, a wrong no only a slower query.
@Suite struct ParquetAsDeclaredTests {
  private let file = TableScan.File(path: LakePath(bucket: "lake", key: "t/a.parquet"), bytes: 100, tag: "1")

  private func scan(serde: String = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe") -> TableScan {
    TableScan(
      columns: [.init("id", .bigint), .init("name", .string), .init("paid", .double)], partitionColumns: [],
      serde: serde, serdeParameters: [:], inputFormat: "", tableParameters: [:])
  }

  @Test func `a file with the wanted columns, of the table's types, is read as it is`() {
    let types = [(name: "id", type: "BIGINT"), (name: "name", type: "VARCHAR"), (name: "paid", type: "DOUBLE")]
    #expect(scan().isAsDeclared(columns: ["id", "name", "paid"], types: types))
  }

  @Test func `what the file has beside, and in another order, does not matter`() {
    let types = [(name: "more", type: "INTEGER"), (name: "name", type: "VARCHAR"), (name: "id", type: "BIGINT")]
    #expect(scan().isAsDeclared(columns: ["id", "name"], types: types))
  }

  @Test func `a file without a wanted column is read through the table's schema`() {
    let types = [(name: "id", type: "BIGINT"), (name: "name", type: "VARCHAR")]
    #expect(!scan().isAsDeclared(columns: ["id", "paid"], types: types))
    #expect(scan().isAsDeclared(columns: ["id"], types: types), "the missing column is not wanted")
  }

  @Test(arguments: ["INTEGER", "VARCHAR", "DECIMAL(18,0)"])
  func `a column of another type is cast as it is read`(type: String) {
    #expect(!scan().isAsDeclared(columns: ["id"], types: [(name: "id", type: type)]))
  }

  @Test func `two columns that differ in case only are the schema's to tell apart`() {
    // The question lowers the names, so both come under one.
    let types = [(name: "id", type: "BIGINT"), (name: "id", type: "BIGINT"), (name: "name", type: "VARCHAR")]
    #expect(!scan().isAsDeclared(columns: ["name"], types: types))
  }

  @Test func `only tables of Parquet have the question`() {
    #expect(scan().parquetTypesQuestion(columns: ["id"], file: file) != nil)
    #expect(scan(serde: "org.openx.data.jsonserde.JsonSerDe").parquetTypesQuestion(columns: ["id"], file: file) == nil)
  }
}
