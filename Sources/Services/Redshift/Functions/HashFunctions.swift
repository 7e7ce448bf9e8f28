import Crypto
import Engine

/// Redshift's hash functions that the engine has not.
enum HashFunctions {
  static let scalars: [ScalarFunction] = [
    ScalarFunction("tarn_crc32", ["VARCHAR"], returns: "VARCHAR") { arguments, row in
      .string(arguments[0].withBytes(row) { hex(crc32($0)) })
    },
    ScalarFunction("tarn_sha2", ["VARCHAR", "BIGINT"], returns: "VARCHAR") { arguments, row in
      let bits = arguments[1].integer(row)
      return try arguments[0].withBytes(row) { bytes in
        switch bits {
        case 0, 256: return .string(PostgresText.hex(Array(SHA256.hash(data: bytes))))
        case 224: return .string(PostgresText.hex(SHA224.hash(bytes)))
        case 384: return .string(PostgresText.hex(Array(SHA384.hash(data: bytes))))
        case 512: return .string(PostgresText.hex(Array(SHA512.hash(data: bytes))))
        default:
          throw EngineError(
            kind: .invalidInput, message: "Invalid number of bits for SHA2: \(bits); 0, 224, 256, 384, 512 are valid")
        }
      }
    },
    ScalarFunction("tarn_fnv_hash", ["ANY"], returns: "BIGINT") { arguments, row in
      .int(try fnv(arguments[0], row, 0xCBF2_9CE4_8422_2325))
    },
    ScalarFunction("tarn_fnv_hash", ["ANY", "BIGINT"], returns: "BIGINT") { arguments, row in
      .int(try fnv(arguments[0], row, UInt64(bitPattern: arguments[1].integer(row))))
    },
    ScalarFunction("tarn_murmur3", ["ANY"], returns: "INTEGER") { arguments, row in
      .int(Int64(try murmur(arguments[0], row, seed: 0)))
    },
    ScalarFunction("tarn_murmur3", ["ANY", "BIGINT"], returns: "INTEGER") { arguments, row in
      .int(Int64(try murmur(arguments[0], row, seed: UInt32(truncatingIfNeeded: arguments[1].integer(row)))))
    },
  ]

  /// Murmur3's 32 bits as Iceberg takes them of a value: whole numbers, days and microseconds have eight bytes.
  private static func murmur(_ column: ColumnVector, _ row: Int, seed: UInt32) throws -> Int32 {
    func hash(_ value: Int64) -> Int32 { withUnsafeBytes(of: value.littleEndian) { Murmur3.hash($0, seed: seed) } }
    switch column.type {
    case .varchar, .blob: return column.withBytes(row) { Murmur3.hash($0, seed: seed) }
    case .boolean: return hash(column.load(row, as: UInt8.self) == 0 ? 0 : 1)
    case .tinyInt, .smallInt, .integer, .bigInt: return hash(column.integer(row))
    case .date: return hash(Int64(column.load(row, as: Int32.self)))
    case .time, .timestamp, .timestampTZ: return hash(column.load(row, as: Int64.self))
    case .decimal:
      // The least bytes that hold the digits, the highest first.
      var bytes = withUnsafeBytes(of: column.decimal(row).bigEndian) { Array($0) }
      while bytes.count > 1, bytes[0] == (bytes[1] & 0x80 == 0 ? 0 : 0xFF) { bytes.removeFirst() }
      return bytes.withUnsafeBytes { Murmur3.hash($0, seed: seed) }
    default:
      throw EngineError(kind: .invalidInput, message: "MURMUR3_32_HASH does not take values of this type")
    }
  }

  private static func hex(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }

  /// Castagnoli's: AWS's page of CRC32 shows it.
  private static func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes { crc = table[Int((crc ^ UInt32(byte)) & 0xFF)] ^ (crc >> 8) }
    return ~crc
  }

  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { crc, _ in crc & 1 == 1 ? 0x82F6_3B78 ^ (crc >> 1) : crc >> 1 }
  }

  /// FNV-1a over the value's bytes as Redshift keeps it: an INTEGER has four, a BIGINT eight.
  private static func fnv(_ column: ColumnVector, _ row: Int, _ seed: UInt64) throws -> Int64 {
    var hash = seed
    func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    func add(_ value: some FixedWidthInteger) {
      withUnsafeBytes(of: value.littleEndian) { bytes in
        for byte in bytes { add(byte) }
      }
    }
    switch column.type {
    case .varchar, .json, .blob: column.withBytes(row) { bytes in for byte in bytes { add(byte) } }
    case .boolean: add(UInt8(column.load(row, as: UInt8.self) == 0 ? 0 : 1))
    case .tinyInt, .smallInt: add(Int16(truncatingIfNeeded: column.integer(row)))
    case .integer: add(Int32(truncatingIfNeeded: column.integer(row)))
    case .bigInt: add(column.integer(row))
    case .float: add(column.load(row, as: Float.self).bitPattern)
    case .double: add(column.load(row, as: Double.self).bitPattern)
    case .decimal(let width, _):
      let value = column.decimal(row)
      if width <= 18 { add(Int64(truncatingIfNeeded: value)) } else { add(value) }
    // Redshift counts days and microseconds from the year 2000.
    case .date: add(column.load(row, as: Int32.self) &- 10_957)
    case .timestamp, .timestampTZ: add(column.load(row, as: Int64.self) &- 946_684_800_000_000)
    case .time: add(column.load(row, as: Int64.self))
    default:
      throw EngineError(kind: .invalidInput, message: "FNV_HASH does not take values of this type")
    }
    return Int64(bitPattern: hash)
  }
}

/// SHA-224, which swift-crypto has not: SHA-256 from another beginning, cut off. FIPS 180-4.
enum SHA224 {
  static func hash(_ message: UnsafeRawBufferPointer) -> [UInt8] {
    var state: [UInt32] = [
      0xC105_9ED8, 0x367C_D507, 0x3070_DD17, 0xF70E_5939, 0xFFC0_0B31, 0x6858_1511, 0x64F9_8FA7, 0xBEFA_4FA4,
    ]
    var bytes = Array(message)
    bytes.append(0x80)
    while bytes.count % 64 != 56 { bytes.append(0) }
    withUnsafeBytes(of: UInt64(message.count * 8).bigEndian) { bytes.append(contentsOf: $0) }
    for start in stride(from: 0, to: bytes.count, by: 64) { compress(bytes[start..<start + 64], &state) }
    return state.prefix(7).flatMap { word in withUnsafeBytes(of: word.bigEndian) { Array($0) } }
  }

  private static func compress(_ block: ArraySlice<UInt8>, _ state: inout [UInt32]) {
    var words = [UInt32](repeating: 0, count: 64)
    for (index, byte) in block.enumerated() { words[index / 4] = words[index / 4] << 8 | UInt32(byte) }
    func turned(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }
    for index in 16..<64 {
      let (early, late) = (words[index - 15], words[index - 2])
      let first = turned(early, 7) ^ turned(early, 18) ^ early >> 3
      let second = turned(late, 17) ^ turned(late, 19) ^ late >> 10
      words[index] = words[index - 16] &+ first &+ words[index - 7] &+ second
    }
    var work = state
    for index in 0..<64 {
      let (a, e) = (work[0], work[4])
      let sumE = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)
      let choice = (e & work[5]) ^ (~e & work[6])
      let first = work[7] &+ sumE &+ choice &+ constants[index] &+ words[index]
      let sumA = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)
      let majority = (a & work[1]) ^ (a & work[2]) ^ (work[1] & work[2])
      work = [first &+ sumA &+ majority, a, work[1], work[2], work[3] &+ first, e, work[5], work[6]]
    }
    for index in 0..<8 { state[index] &+= work[index] }
  }

  /// The fractions of the cube roots of the first 64 primes.
  private static let constants: [UInt32] = {
    var primes: [Int] = []
    var candidate = 2
    while primes.count < 64 {
      if primes.allSatisfy({ candidate % $0 != 0 }) { primes.append(candidate) }
      candidate += 1
    }
    return primes.map { prime in
      // floor(cbrt(prime) × 2³²), exactly, by halving.
      var (low, high) = (UInt128(0), UInt128(1) << 36)
      let wanted = UInt128(prime) << 96
      while high - low > 1 {
        let middle = (low + high) / 2
        if middle * middle * middle <= wanted { low = middle } else { high = middle }
      }
      return UInt32(truncatingIfNeeded: low)
    }
  }()
}
