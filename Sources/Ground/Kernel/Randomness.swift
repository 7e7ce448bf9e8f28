/// Where random bits come from. Tests hand in a seeded source and print the seed.
public protocol RandomSource: Sendable {
  func next() -> UInt64
}

/// The machine's cryptographically secure generator.
public struct SystemRandomSource: RandomSource {
  public init() {}
  public func next() -> UInt64 {
    var generator = SystemRandomNumberGenerator()
    return generator.next()
  }
}

/// SplitMix64: the same seed gives the same sequence, so that a failing test can be run again.
public final class SeededRandomSource: RandomSource {
  public let seed: UInt64
  private let state: Locked<UInt64>

  public init(seed: UInt64) {
    self.seed = seed
    state = Locked(seed)
  }

  public func next() -> UInt64 {
    state.withLock { state in
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }
}

extension RandomSource {
  /// A number in `0 ..< bound`, without modulo bias.
  public func next(below bound: Int) -> Int {
    precondition(bound > 0)
    let wide = UInt64(bound)
    var product = next().multipliedFullWidth(by: wide)
    if product.low < wide {
      let threshold = (0 &- wide) % wide
      while product.low < threshold { product = next().multipliedFullWidth(by: wide) }
    }
    return Int(product.high)
  }

  public func bytes(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count {
      withUnsafeBytes(of: next()) { bytes.append(contentsOf: $0.prefix(count - bytes.count)) }
    }
    return bytes
  }

  /// A random (version 4) UUID in lower case, as AWS writes request and execution ids.
  public func uuid() -> String {
    var raw = bytes(16)
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    var text: [UInt8] = []
    text.reserveCapacity(36)
    for (index, byte) in raw.enumerated() {
      if index == 4 || index == 6 || index == 8 || index == 10 { text.append(UInt8(ascii: "-")) }
      text.append(hexDigit(byte >> 4))
      text.append(hexDigit(byte & 15))
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// `count` characters drawn from `alphabet`, an ASCII string.
  public func text(_ count: Int, of alphabet: StaticString) -> String {
    let letters = alphabet.withUTF8Buffer { Array($0) }
    return String(decoding: (0..<count).map { _ in letters[next(below: letters.count)] }, as: UTF8.self)
  }
}

extension Sequence<UInt8> {
  /// Two lower-case hexadecimal digits a byte.
  public var hex: String {
    var text: [UInt8] = []
    text.reserveCapacity(underestimatedCount * 2)
    for byte in self {
      text.append(hexDigit(byte >> 4))
      text.append(hexDigit(byte & 15))
    }
    return String(decoding: text, as: UTF8.self)
  }
}

/// The lower-case digit of a number below sixteen.
@inline(__always)
private func hexDigit(_ value: UInt8) -> UInt8 {
  value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
}
