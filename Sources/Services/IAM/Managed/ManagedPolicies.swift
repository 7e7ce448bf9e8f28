import Kernel

/// The policies that AWS keeps for everyone (`arn:aws:iam::aws:policy/…`), as far as Tarn knows them.
///
/// Written from AWS's "Managed Policy Reference"; where AWS's own lists services that Tarn does not have,
/// those are left out. Which ones are shortened is said in docs/services/iam.md.
enum ManagedPolicies {
  struct Builtin: Sendable {
    var name: String
    var path: String
    /// ISO 8601.
    var created: String
    var description: String
    var document: String

    var arn: String { "arn:aws:iam::aws:policy\(path)\(name)" }
    var createdAt: Timestamp { Timestamp(secondsSinceEpoch: ConditionDate.parse(created) ?? 0) }

    /// Made from the name (FNV-1a), so that it stays the same: AWS's real ids are not documented.
    var id: String {
      var hash: UInt64 = 0xCBF2_9CE4_8422_2325
      var text = "ANPA"
      let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
      for round in 0..<17 {
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ UInt64(round)) &* 0x100_0000_01B3
        text.append(alphabet[Int(hash >> 59)])
      }
      return text
    }
  }

  static let all: [Builtin] = general + analytics + operations
  static let byARN: [String: Builtin] = Dictionary(all.map { ($0.arn, $0) }) { first, _ in first }
}

/// For the tests: the built-in policies that would be refused if a customer wrote them.
package enum BuiltinPolicyCheck {
  package static var malformed: [String] {
    var found: [String] = []
    for policy in ManagedPolicies.all {
      do {
        _ = try PolicyDocument.parse(policy.document, as: .managed)
      } catch {
        found.append("\(policy.name): \(error.message)")
      }
    }
    return found
  }
}
