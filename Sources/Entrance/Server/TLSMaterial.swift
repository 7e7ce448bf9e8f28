import Crypto
import Foundation
import Kernel
import NIOSSL
import SwiftASN1
import X509

/// The certificate and key that `https` is served with.
enum TLSMaterial {
  /// How long a self-made certificate is good for: clients refuse more than 825 days.
  static let selfMadeDays = 800

  /// - Throws: `SettingsError` when the files cannot be read.
  static func configuration(_ mode: ServerSettings.TLSMode, dataFolder: String, clock: any WallClock) throws
    -> TLSConfiguration?
  {
    switch mode {
    case .off: return nil
    case .files(let certificate, let key):
      return try load(certificate: certificate, key: key)
    case .selfMade:
      let certificate = "\(dataFolder)/tls/certificate.pem"
      let key = "\(dataFolder)/tls/key.pem"
      if !FileManager.default.fileExists(atPath: certificate) {
        try make(certificate: certificate, key: key, clock: clock)
      }
      return try load(certificate: certificate, key: key)
    }
  }

  /// When the certificate ends that `configuration` serves first; `nil` when it cannot be read.
  static func expires(_ mode: ServerSettings.TLSMode, dataFolder: String) -> Timestamp? {
    let path: String
    switch mode {
    case .off: return nil
    case .files(let certificate, _): path = certificate
    case .selfMade: path = "\(dataFolder)/tls/certificate.pem"
    }
    // A chain's own certificate stands first.
    guard let text = try? String(contentsOfFile: path, encoding: .utf8),
      let end = text.range(of: "-----END CERTIFICATE-----"),
      let certificate = try? Certificate(pemEncoded: String(text[..<end.upperBound]))
    else { return nil }
    return Timestamp(secondsSinceEpoch: certificate.notValidAfter.timeIntervalSince1970)
  }

  private static func load(certificate: String, key: String) throws -> TLSConfiguration {
    do {
      let chain = try NIOSSLCertificate.fromPEMFile(certificate).map { NIOSSLCertificateSource.certificate($0) }
      let privateKey = try NIOSSLPrivateKey(file: key, format: .pem)
      return .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(privateKey))
    } catch {
      throw SettingsError("the certificate \(certificate) or its key \(key) cannot be read: \(error)")
    }
  }

  private static func make(certificate path: String, key keyPath: String, clock: any WallClock) throws {
    let key = P256.Signing.PrivateKey()
    let now = Date(timeIntervalSince1970: clock.now().secondsSinceEpoch)
    let name = try DistinguishedName { CommonName("localhost") }
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey),
      notValidBefore: now.addingTimeInterval(-3600),
      notValidAfter: now.addingTimeInterval(TimeInterval(selfMadeDays) * 86_400), issuer: name, subject: name,
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        SubjectAlternativeNames([
          .dnsName("localhost"), .dnsName("*.localhost"), .dnsName("*.s3.localhost"),
          .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])),
          .ipAddress(ASN1OctetString(contentBytes: ArraySlice([UInt8](repeating: 0, count: 15) + [1]))),
        ])
      }, issuerPrivateKey: .init(key))
    let folder = (path as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let keyData = Data(key.pemRepresentation.utf8)
    guard
      FileManager.default.createFile(atPath: keyPath, contents: keyData, attributes: [.posixPermissions: 0o600])
    else { throw SettingsError("the key \(keyPath) cannot be written") }
    try Data(try certificate.serializeAsPEM().pemString.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
  }
}
