/// Why a request's bytes did not become an input. The router turns it into the protocol's error.
public enum WireFault: Error, Sendable, Hashable {
  /// The body is not what the protocol says: broken JSON, XML, CBOR, or nested too deep.
  case malformed(String)
  /// A value is of another type than the model's.
  case mismatch(String)
  /// A value that belongs to a header, path or query does not read as its type.
  case badBinding(name: String, value: String)
  case tooLarge(limit: Int)
  /// There is no memory for the answer.
  case outOfMemory
}

/// A structure could not be made, since required members are missing; the violations say which.
struct IncompleteShape: Error {}
