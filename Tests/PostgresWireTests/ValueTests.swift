import NIOCore
import PostgresWire
import Testing

/// Values as text and in binary, and between the two.
@Suite struct ValueTests {
  /// The bytes of one value.
  private func value(_ write: (RowBuffer) throws -> Void) rethrows -> ByteBuffer? {
    let rows = RowBuffer()
    try write(rows)
    var bytes = ByteBuffer()
    rows.move(to: &bytes)
    guard let length = bytes.readInteger(as: Int32.self), length >= 0 else { return nil }
    return bytes.readSlice(length: Int(length))
  }

  private func text(_ write: (RowBuffer) throws -> Void) rethrows -> String {
    try value(write).map { String(buffer: $0) } ?? "NULL"
  }

  @Test func integers() {
    for number in [0, 7, -7, 10, 99, 100, 1_234_567, Int64.max, .min] {
      #expect(text { $0.integerText(number) } == "\(number)")
    }
  }

  @Test func decimals() {
    #expect(text { $0.decimalText(0, scale: 0) } == "0")
    #expect(text { $0.decimalText(0, scale: 2) } == "0.00")
    #expect(text { $0.decimalText(-5, scale: 2) } == "-0.05")
    #expect(text { $0.decimalText(12_345, scale: 2) } == "123.45")
    let nines = Int128("99999999999999999999999999999999999999")!
    #expect(text { $0.decimalText(nines, scale: 0) } == String(repeating: "9", count: 38))
    #expect(text { $0.decimalText(-nines, scale: 38) } == "-0." + String(repeating: "9", count: 38))
    #expect(text { $0.decimalText(10_000_000_000_000_000_000, scale: 1) } == "1000000000000000000.0")
    #expect(text { $0.decimalText(.min, scale: 0) } == "\(Int128.min)")
  }

  @Test func datesAndTimes() {
    #expect(text { $0.dateText(0) } == "1970-01-01")
    #expect(text { $0.dateText(19_782) } == "2024-02-29")
    #expect(text { $0.dateText(-719_529) } == "0002-12-31 BC")
    #expect(text { $0.dateText(.max) } == "infinity")
    #expect(text { $0.dateText(2_932_897) } == "10000-01-01")
    #expect(text { $0.timestampText(-1) } == "1969-12-31 23:59:59.999999")
    #expect(text { $0.timestampText(1_700_000_000_120_000, zone: "+00") } == "2023-11-14 22:13:20.12+00")
    #expect(text { $0.timestampText(-.max) } == "-infinity")
    #expect(text { $0.timeText(86_399_000_001) } == "23:59:59.000001")
    for extreme in [Int64.min, Int64.max - 1, Int64.min + 1] {
      let shown = text { $0.timestampText(extreme) }
      #expect(!shown.isEmpty)
    }
    let shown = text { $0.dateText(.min) }
    #expect(!shown.isEmpty)
  }

  /// Text, written in binary, read back.
  @Test(arguments: [
    (PostgresType.boolean, "t"), (.boolean, "f"), (.int2, "-32768"), (.int4, "2147483647"),
    (.int8, "-9223372036854775808"), (.oid, "4294967295"), (.float8, "0.1"), (.float8, "-Infinity"),
    (.float4, "1.5"), (.text, "grüße"), (.varchar, ""), (.bytea, "\\x00ff"), (.varbyte, "6162"),
    (.date, "2024-02-29"), (.date, "0044-03-15 BC"), (.date, "infinity"), (.time, "12:34:56.7"),
    (.timestamp, "2024-02-29 23:59:59.123456"), (.timestamp, "1969-07-20 20:17:40"), (.timestamp, "-infinity"),
    (.timestampTZ, "2024-02-29 12:00:00+00"), (.timeTZ, "12:00:00-07"), (.timeTZ, "12:00:00+05:30"),
    (.numeric, "0"), (.numeric, "0.00"), (.numeric, "-123.45"), (.numeric, "10000"), (.numeric, "0.0001"),
    (.numeric, "12345678901234567890.123456789"), (.numeric, "100000000.000001"), (.numeric, "-0.5"),
  ])
  func roundTrips(_ type: PostgresType, _ written: String) throws {
    let binary = try #require(try value { try $0.binary(written, as: type, isRedshift: false) })
    #expect(try BinaryParameters.text(binary, oid: type.oid, index: 1) == written)
  }

  @Test func intervals() throws {
    let written = "1 year 2 mons -3 days 04:05:06.7"
    let full = try #require(try value { try $0.binary(written, as: .interval, isRedshift: false) })
    #expect(full.readableBytes == 16)
    #expect(try BinaryParameters.text(full, oid: 1186, index: 1) == "14 mons -3 days 04:05:06.700000")
    let redshift = try #require(try value { try $0.binary("1 day 00:00:01", as: .interval, isRedshift: true) })
    #expect(redshift.getInteger(at: redshift.readerIndex, as: Int64.self) == 86_401_000_000)
    #expect(redshift.readableBytes == 12)
    #expect(try value { try $0.binary("2 years", as: .intervalYearToMonth, isRedshift: true) }?.readableBytes == 4)
  }

  @Test func redshiftsNumericIsAnInteger() throws {
    let narrow = PostgresType(oid: 1700, size: -1, modifier: 10 << 16 | 2 + 4)
    var value8 = try #require(try value { try $0.binary("-1.5", as: narrow, isRedshift: true) })
    #expect(value8.readInteger(as: Int64.self) == -150)
    let wide = PostgresType(oid: 1700, size: -1, modifier: 38 << 16 | 3 + 4)
    let value16 = try #require(try value { try $0.binary("1.234", as: wide, isRedshift: true) })
    #expect(Array(value16.readableBytesView) == [UInt8](repeating: 0, count: 14) + [0x04, 0xD2])
  }

  @Test func numericGroups() {
    #expect(
      value { $0.binaryNumeric(12_345, scale: 2) }.map { Array($0.readableBytesView) }
        == [0, 2, 0, 0, 0, 0, 0, 2, 0, 123, 0x11, 0x94])
    #expect(value { $0.binaryNumeric(0, scale: 3) }.map { Array($0.readableBytesView) } == [0, 0, 0, 0, 0, 0, 0, 3])
  }

  @Test func aTextEndsBeforeItsFirstZeroByte() throws {
    #expect(try BinaryParameters.text(ByteBuffer(bytes: [0x61, 0, 0x62]), oid: 1043, index: 1) == "a")
    #expect(try BinaryParameters.text(ByteBuffer(bytes: [0]), oid: 25, index: 1) == "")
  }

  @Test func wrongValuesAreErrors() {
    for (bytes, oid) in [([1, 2, 3], 23), ([], 16), ([0xFF], 25), ([0, 1, 2], 1700)]
      as [([UInt8], UInt32)]
    {
      #expect(throws: PostgresError.self) {
        try BinaryParameters.text(ByteBuffer(bytes: bytes), oid: oid, index: 1)
      }
    }
    for (text, type) in [("x", PostgresType.int4), ("2024-13-01", .date), ("99:99", .time), ("1.2.3", .numeric)] {
      #expect(throws: PostgresError.self) { try RowBuffer().binary(text, as: type, isRedshift: false) }
    }
  }

  @Test func rowsAreFramed() {
    let rows = RowBuffer(capacity: 1)
    for _ in 0..<3 {
      rows.begin(columns: 2)
      rows.text(String(repeating: "x", count: 300))
      rows.null()
      rows.end()
    }
    var bytes = ByteBuffer()
    rows.move(to: &bytes)
    #expect(bytes.readableBytes == 3 * (1 + 4 + 2 + 4 + 300 + 4))
    #expect(Client.types(bytes) == "DDD")
    #expect(rows.count == 0)
  }
}
