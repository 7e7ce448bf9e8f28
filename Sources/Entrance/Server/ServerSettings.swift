import Foundation
public import Kernel
public import Logging

/// What a person may set when starting the server. The command line and the environment fill it in.
public struct ServerSettings: Sendable {
  /// The folder that holds all state.
  public var dataFolder: String
  /// Deletes the data folder when the server stops.
  public var ephemeral = false
  public var host = "127.0.0.1"
  /// 0 takes a free port.
  public var port = 4566
  /// The root credentials of the standard account.
  public var accessKeyID = Self.defaultAccessKeyID
  public var secretAccessKey = Self.defaultSecretAccessKey
  /// Further accounts, each with the credentials of its root.
  public var accounts: [Account] = []
  /// The region of calls that name none.
  public var region = Region.usEast1
  public var logLevel = Logger.Level.info
  /// Memory that the SQL engine may use before it spills to disk, in MiB.
  public var engineMemoryMiB = 2048
  /// Lifts Kinesis' shard limits.
  public var liftShardLimits = false
  public var tls = TLSMode.off

  /// An account beside the standard one.
  public struct Account: Sendable, Hashable {
    public var id: AccountID
    public var accessKeyID: String
    public var secretAccessKey: String

    /// - Parameter text: `ACCOUNT:ACCESS_KEY_ID:SECRET_ACCESS_KEY`.
    public init?(_ text: String) {
      let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 3, let id = AccountID(parts[0]), !parts[1].isEmpty, !parts[2].isEmpty else { return nil }
      self.id = id
      accessKeyID = parts[1]
      secretAccessKey = parts[2]
    }
  }

  public enum TLSMode: Sendable, Hashable {
    case off
    /// A certificate made at the first start and kept in the data folder.
    case selfMade
    /// PEM files of the user's own.
    case files(certificate: String, key: String)
  }

  public static let defaultAccessKeyID = "test"
  public static let defaultSecretAccessKey = "test"

  /// - Parameter dataFolder: as a person writes it. It is made absolute and plain: the SQL engine compares what it is
  ///   asked to open with what it may.
  public init(dataFolder: String) { self.dataFolder = URL(fileURLWithPath: dataFolder).standardizedFileURL.path }

  /// Whether only this machine can reach the server.
  var bindsLoopbackOnly: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

  /// - Throws: `SettingsError` for settings that must not stand together.
  func check() throws(SettingsError) {
    // Everybody knows the default credentials: they are no lock on a door that others can reach.
    let usesDefaults =
      accessKeyID == Self.defaultAccessKeyID || secretAccessKey == Self.defaultSecretAccessKey
    if !bindsLoopbackOnly && usesDefaults {
      throw SettingsError(
        "listening on \(host) needs credentials of your own: set --access-key-id and --secret-access-key "
          + "(or TARN_ACCESS_KEY_ID and TARN_SECRET_ACCESS_KEY)")
    }
    let keys = accounts.map(\.accessKeyID) + [accessKeyID]
    guard Set(keys).count == keys.count else { throw SettingsError("every account needs an access key of its own") }
    guard (0...65535).contains(port) else { throw SettingsError("--port takes 0 to 65535") }
    guard engineMemoryMiB >= 64 else { throw SettingsError("--engine-memory takes 64 MiB or more") }
  }
}

/// Why the server cannot start as it was told to.
public struct SettingsError: Error, CustomStringConvertible, Sendable {
  public let description: String
  public init(_ description: String) { self.description = description }
}
