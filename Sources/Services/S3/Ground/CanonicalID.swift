import Crypto
import Kernel

/// S3's own name for an account: 64 hexadecimal digits that do not tell the account's number.
enum CanonicalID {
  static func of(_ account: AccountID) -> String { Array(SHA256.hash(data: Array("s3:\(account.digits)".utf8))).hex }
}
