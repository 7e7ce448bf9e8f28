/// A database that is kept in a file. What was committed is on disk, in the file or in the log beside it
/// (`PATH.wal`); both are the engine's alone while it runs.
public struct DatabaseFile: Hashable, Sendable {
  /// In a folder that exists. Made when it is missing.
  public var path: String
  /// The catalog's name in SQL.
  public var name: String
  /// Encrypts file and log with AES-256-GCM. The file can only be opened with the key that it was made with.
  public var key: String?
  /// Another file whose contents this one takes over when it is opened first: how a file gets another key.
  public var source: Source?

  /// A file that is only read. It has the same name in SQL, and nothing in its log (`LakeEngine.checkpoint`).
  public struct Source: Hashable, Sendable {
    public var path: String
    public var key: String?

    public init(path: String, key: String?) {
      self.path = path
      self.key = key
    }
  }

  public init(path: String, name: String, key: String? = nil, source: Source? = nil) {
    self.path = path
    self.name = name
    self.key = key
    self.source = source
  }
}
