import Crypto
package import Kernel

/// A metric's identity within an account and region.
package struct MetricName: Hashable, Sendable, Codable {
  package struct Dimension: Hashable, Sendable, Codable, Comparable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
    package static func < (left: Self, right: Self) -> Bool { (left.name, left.value) < (right.name, right.value) }
  }

  package var namespace: String
  package var name: String
  /// Sorted: their order is no part of the identity.
  package var dimensions: [Dimension]

  package init(namespace: String, name: String, dimensions: [Dimension]) {
    self.namespace = namespace
    self.name = name
    self.dimensions = dimensions.sorted()
  }

  /// A short name for keys: 32 hexadecimal digits of a hash over all parts.
  var id: String {
    var hash = SHA256()
    for part in [namespace, name] + dimensions.flatMap({ [$0.name, $0.value] }) {
      let bytes = Array(part.utf8)
      withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { hash.update(bufferPointer: $0) }
      hash.update(data: bytes)
    }
    return hash.finalize().prefix(16).hex
  }
}

/// A metric and where it lives.
package struct Series: Hashable, Sendable {
  package var scope: Scope
  package var metric: MetricName
}
