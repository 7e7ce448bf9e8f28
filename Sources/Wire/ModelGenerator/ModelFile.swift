import Foundation

/// Finds and reads a service's newest model, gzip-compressed or not.
enum ModelFile {
  static func read(_ service: String, below folder: String) throws -> [UInt8] {
    let versions = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(service)").sorted()
    guard let newest = versions.last(where: { $0.first?.isNumber == true }) else {
      throw JSONError(description: "no model of \(service) below \(folder)")
    }
    let path = "\(folder)/\(service)/\(newest)/service-2.json"
    if FileManager.default.fileExists(atPath: path) { return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }
    return try unzipped("\(path).gz")
  }

  private static func unzipped(_ path: String) throws -> [UInt8] {
    let gzip = Process()
    gzip.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    gzip.arguments = ["gzip", "-dc", path]
    let pipe = Pipe()
    gzip.standardOutput = pipe
    try gzip.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    gzip.waitUntilExit()
    guard gzip.terminationStatus == 0 else { throw JSONError(description: "cannot read \(path)") }
    return [UInt8](data)
  }
}
