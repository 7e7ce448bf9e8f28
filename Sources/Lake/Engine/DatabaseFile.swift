/// A database that is kept in a file. What was committed is on disk, in the file or in the log beside it
/// (`PATH.wal`); both are the engine's alone while it runs.
public struct DatabaseFile: Hashable, Sendable {
  /// In a folder that exists. Made when it is missing.
  public var path: String
  /// The catalog's name in SQL.
  public var name: String
  /// Encrypts file and log with AES-256-GCM. The file can only be opened with the key that it was made with.
  public var key: String?

  public init(path: String, name: String, key: String? = nil) {
    self.path = path
    self.name = name
    self.key = key
  }
}
