/// The CRC of a whole from those of its parts, without reading a byte.
///
/// A CRC is linear over GF(2): appending `n` bytes multiplies what came before by x^(8n) modulo the polynomial. The
/// factor is found by squaring, so that a part of gigabytes costs a few dozen steps.
enum ChecksumCombination {
  /// - Parameters:
  ///   - first: the CRC of the beginning.
  ///   - second: the CRC of what follows.
  ///   - secondBytes: the length of what follows.
  static func combine(
    _ first: [UInt8], _ second: [UInt8], secondBytes: UInt64, _ algorithm: ChecksumAlgorithm
  ) -> [UInt8]? {
    guard first.count == algorithm.width, second.count == algorithm.width else { return nil }
    let left = first.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let right = second.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    // Bit-reflected polynomials.
    let combined: UInt64
    switch algorithm {
    case .crc32: combined = GF(polynomial: 0xEDB8_8320, width: 32).shift(left, bytes: secondBytes) ^ right
    case .crc32c: combined = GF(polynomial: 0x82F6_3B78, width: 32).shift(left, bytes: secondBytes) ^ right
    case .crc64nvme:
      combined = GF(polynomial: 0x9A6C_9329_AC4B_C9B5, width: 64).shift(left, bytes: secondBytes) ^ right
    case .sha1, .sha256, .sha512: return nil
    }
    return (0..<algorithm.width).map { UInt8(truncatingIfNeeded: combined >> UInt64(8 * (algorithm.width - 1 - $0))) }
  }

  /// Polynomials modulo one of them, in reflected order: the top bit is x^0.
  private struct GF {
    let polynomial: UInt64
    let width: UInt64

    private var one: UInt64 { 1 << (width - 1) }

    private func multiply(_ left: UInt64, _ right: UInt64) -> UInt64 {
      var product: UInt64 = 0
      var factor = right
      var bit = one
      while bit != 0 {
        if left & bit != 0 { product ^= factor }
        factor = factor & 1 != 0 ? (factor >> 1) ^ polynomial : factor >> 1
        bit >>= 1
      }
      return product
    }

    /// `value` times x^(8·bytes).
    func shift(_ value: UInt64, bytes: UInt64) -> UInt64 {
      var result = value
      var power = one >> 8  // x^8: one byte
      var rest = bytes
      while rest != 0 {
        if rest & 1 != 0 { result = multiply(power, result) }
        power = multiply(power, power)
        rest >>= 1
      }
      return result
    }
  }
}
