/// Austin Appleby's MurmurHash3 with 32 bits.
enum Murmur3 {
  static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt32) -> Int32 {
    func turned(_ word: UInt32, _ count: UInt32) -> UInt32 { word << count | word >> (32 - count) }
    func mixed(_ word: UInt32) -> UInt32 { turned(word &* 0xCC9E_2D51, 15) &* 0x1B87_3593 }
    func word(_ range: Range<Int>) -> UInt32 {
      range.reversed().reduce(0) { $0 << 8 | UInt32(bytes[$1]) }
    }
    let whole = bytes.count / 4 * 4
    var hash = seed
    for start in stride(from: 0, to: whole, by: 4) {
      hash = turned(hash ^ mixed(word(start..<start + 4)), 13) &* 5 &+ 0xE654_6B64
    }
    if whole < bytes.count { hash ^= mixed(word(whole..<bytes.count)) }
    hash ^= UInt32(truncatingIfNeeded: bytes.count)
    hash = (hash ^ hash >> 16) &* 0x85EB_CA6B
    hash = (hash ^ hash >> 13) &* 0xC2B2_AE35
    return Int32(bitPattern: hash ^ hash >> 16)
  }
}
