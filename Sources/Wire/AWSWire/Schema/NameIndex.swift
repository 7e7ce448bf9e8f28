#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Finds a member by its name's bytes.
struct NameIndex: Sendable {
  private let names: [[UInt8]]

  /// - Parameter names: by member; `nil` for members that are not looked up by name.
  init(_ names: [String?]) { self.names = names.map { Array(($0 ?? "").utf8) } }

  /// The index of the member called `bytes`, or -1.
  /// - Parameter hint: the member most likely next: clients write members in an order of their own, again and again.
  func find(_ bytes: UnsafeRawBufferPointer, hint: Int) -> Int {
    guard let start = bytes.baseAddress, bytes.count > 0 else { return -1 }
    if hint < names.count, matches(hint, start, bytes.count) { return hint }
    for index in names.indices where matches(index, start, bytes.count) { return index }
    return -1
  }

  private func matches(_ index: Int, _ start: UnsafeRawPointer, _ count: Int) -> Bool {
    let name = names[index]
    guard name.count == count else { return false }
    return name.withUnsafeBytes { memcmp($0.baseAddress ?? start, start, count) == 0 }
  }

  func find(_ name: String) -> Int {
    let bytes = Array(name.utf8)
    return bytes.withUnsafeBytes { find($0, hint: 0) }
  }
}
