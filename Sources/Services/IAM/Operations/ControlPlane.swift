public import IAMModel
import Kernel
import Storage

/// IAM's operations. Each file of this folder holds those of one kind of entity.
public struct IAMControlPlane: IAMAPI {
  let keys: any KeyStore
  let clock: any WallClock
  let random: any RandomSource
  let cache: PolicyCache
  let credentials: CredentialDirectory

  /// Writes, and makes every cached right and credential be read anew before the caller is answered.
  func change<T: Sendable>(_ body: @escaping @Sendable (any KeyTransaction) throws -> T) async throws -> T {
    let result = try await keys.write(body)
    cache.invalidate()
    credentials.invalidate()
    return result
  }

  /// Asks for `action` on an entity, by its ARN with its path and with its tags as condition keys.
  func authorize(
    _ action: String, _ kind: EntityKind, _ name: String, _ context: RequestContext,
    conditions: [String: [String]] = [:]
  ) async throws {
    var path = "/"
    var conditions = conditions
    // The root needs no look-up: it may.
    if context.principal.kind != .root {
      let account = context.account
      let (found, tags) = try await keys.read { reader -> (String?, [TagRecord]) in
        switch kind {
        case .user: try reader.user(account, name).map { ($0.path, $0.tags) } ?? (nil, [])
        case .group: try reader.group(account, name).map { ($0.path, []) } ?? (nil, [])
        case .role: try reader.role(account, name).map { ($0.path, $0.tags) } ?? (nil, [])
        case .policy: try reader.policy(account, name).map { ($0.path, $0.tags) } ?? (nil, [])
        case .instanceProfile: try reader.instanceProfile(account, name).map { ($0.path, $0.tags) } ?? (nil, [])
        }
      }
      path = found ?? path
      for tag in tags {
        conditions["aws:resourcetag/\(tag.key.lowercased())"] = [tag.value]
        conditions["iam:resourcetag/\(tag.key.lowercased())"] = [tag.value]
      }
    }
    try await context.authorize(
      action, on: [Names.arn(context.account.digits, kind, path, name)], conditions: conditions)
  }

  /// Asks for `action` on what is about to be made.
  func authorizeNew(
    _ action: String, _ kind: EntityKind, _ path: String?, _ name: String, _ tags: [Tag]?, boundary: String? = nil,
    _ context: RequestContext
  ) async throws {
    var conditions: [String: [String]] = [:]
    for tag in tags ?? [] { conditions["aws:requesttag/\(tag.key.lowercased())"] = [tag.value] }
    if let tags, !tags.isEmpty { conditions["aws:tagkeys"] = tags.map(\.key) }
    if let boundary { conditions["iam:permissionsboundary"] = [boundary] }
    try await context.authorize(
      action, on: [Names.arn(context.account.digits, kind, path ?? "/", name)], conditions: conditions)
  }

  /// The user an operation is about: the one that is named, or the caller.
  func userName(_ given: String?, _ context: RequestContext) throws -> String {
    if let given { return given }
    if case .user(let name) = context.principal.kind { return name }
    throw IAMFault.validation("Must specify userName when calling with non-User credentials")
  }
}

/// A part of a list, and where the next one begins.
struct Page<Item> {
  var items: [Item]
  var isTruncated: Bool
  var marker: String?

  /// - Parameters:
  ///   - sorted: all items, in the order of `key`.
  ///   - key: what names an item's place; a marker holds the last one given out.
  init(_ sorted: [Item], marker: String?, maxItems: Int?, key: (Item) -> String) throws {
    let size = min(max(maxItems ?? Limits.pageItemsDefault, 1), Limits.pageItemsMax)
    var rest = sorted[...]
    if let marker {
      guard let last = Text.unhex(marker) else { throw IAMFault.validation("Invalid Marker.") }
      rest = rest.drop { key($0) <= last }
    }
    items = Array(rest.prefix(size))
    isTruncated = rest.count > size
    self.marker = isTruncated ? items.last.map { Array(key($0).utf8).hex } : nil
  }
}

enum Text {
  /// The text whose UTF-8 is written in hexadecimal.
  static func unhex(_ text: String) -> String? {
    let digits = Array(text.utf8)
    guard digits.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else { return nil }
      bytes.append(byte)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  /// Percent-encoding by RFC 3986, as IAM returns every policy document.
  static func urlEncoded(_ text: String) -> String {
    var encoded: [UInt8] = []
    let digits = Array("0123456789ABCDEF".utf8)
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: encoded.append(byte)
      default: encoded += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  /// IAM counts a policy's size without white space.
  static func size(_ policy: String) -> Int { policy.unicodeScalars.count { !$0.properties.isWhitespace } }
}
