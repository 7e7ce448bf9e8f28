public import Kernel

/// What can go wrong on the ground floor. Services map it to their own internal-error form.
public enum StorageError: OverloadReporting, Sendable, Hashable {
  /// Bytes on disk do not match their checksum or their format.
  case corrupt(String)
  /// The operating system refused a read or a write; `errno` is its reason.
  case io(operation: String, path: String, errno: Int32)
  /// No room on the disk.
  case diskFull
  /// The data folder was written by a newer version of Tarn.
  case newerFormat(found: Int, supported: Int)
  /// Another process holds the data folder.
  case locked(path: String)
  case noSuchLog(String)
  case noSuchBlob(String)
  /// Too many callers wait already; the caller should back off.
  case overloaded(String)
  case closed

  public var isOverload: Bool { if case .overloaded = self { true } else { false } }
}
