import Foundation
import Kernel
import Processes

/// PostgreSQL's own client (psql) as a process of its own: whatever a server answers, or never answers, the process
/// alone suffers from it, and is ended in time.
struct PostgresClient: Sendable {
  let starter: BlockingPool
  let clock: any WallClock

  /// Runs one question and gives the lines of its answer.
  /// - Throws: `InvalidInputException` with the server's reason; `CancellationError`.
  func lines(
    _ question: String, at address: JDBCAddress, user: String, password: String
  ) async throws -> [String] {
    guard let path = Self.path() else {
      throw CatalogError.invalidInput("PostgreSQL's client psql is not installed here: run ./tarn setup.")
    }
    guard !(user + password).utf8.contains(0) else { throw Self.failed("A name has a zero byte.") }
    let program = Program(
      path: path,
      arguments: [
        "--no-psqlrc", "--no-password", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1",
        "--command=SET default_transaction_read_only = on; SET statement_timeout = '\(CrawlLimits.databaseSeconds)s'",
        "--command=\(question)",
      ],
      environment: Self.environment(address, user, password), folder: "/",
      // A folder that is not there: it writes nowhere.
      limit: .init(
        addressBytes: CrawlLimits.databaseClientBytes, filesOpen: 64, writableFolders: ["/nonexistent"]),
      separatesErrors: true)
    do {
      let process = try await starter.run {
        try ChildProcess.start(program, linesBytesMax: CrawlLimits.catalogLineBytes)
      }
      return try await answer(process)
    } catch let failure as ChildProcess.StartFailure {
      throw Self.failed("psql could not be started: \(failure.text).")
    }
  }

  private func answer(_ process: ChildProcess) async throws -> [String] {
    let deadline = clock.now() + .seconds(Int64(CrawlLimits.databaseSeconds))
    var lines: [String] = []
    var errors: [String] = []
    var bytes = 0
    var reason: String?
    while true {
      let code = process.ended()
      process.drain()
      let new = process.takeLines(all: code != nil)
      errors += process.takeErrorLines(all: code != nil).prefix(Self.errorLinesMax - errors.count)
      bytes += new.reduce(0) { $0 + $1.utf8.count }
      if reason == nil { lines += new }
      if let code {
        try Task.checkCancellation()
        if let reason { throw Self.failed(reason) }
        guard code == 0 else { throw Self.failed(Self.reason(errors, code)) }
        return lines.filter { !$0.isEmpty }
      }
      if reason == nil {
        if Task.isCancelled {
          reason = "The crawl was stopped."
        } else if clock.now() >= deadline {
          reason = "The server did not answer within \(CrawlLimits.databaseSeconds) seconds."
        } else if bytes > CrawlLimits.catalogBytesMax {
          reason = "The server's catalog has more than \(CrawlLimits.catalogBytesMax) bytes."
        }
        if reason != nil {
          process.kill()
          lines = []
        }
      }
      // Cancelled or not, the end is waited for: a killed process ends within moments.
      await Task { try? await clock.sleep(for: CrawlLimits.databaseWatchEvery) }.value
    }
  }

  // MARK: Words

  private static let errorLinesMax = 4

  /// AWS's words for a connection that does not do.
  static func failed(_ reason: String) -> AWSError {
    CatalogError.invalidInput(
      "Check that your connection definition references your JDBC database with correct URL syntax, username, and "
        + "password. \(reason)")
  }

  private static func reason(_ errors: [String], _ code: Int32) -> String {
    let lines = errors.map { line -> Substring in
      let text = line.trimmingPrefix("psql: ").trimmingPrefix("error: ")
      return text.range(of: "FATAL:  ").map { text[$0.lowerBound...] } ?? text
    }
    let text = lines.joined(separator: " ").trimmingSpaces
    return text.isEmpty ? "psql ended with \(code)." : String(text.prefix(CrawlLimits.reasonCharactersMax))
  }

  /// Libpq takes every part as it is from here; within a connection's text a name could bring further settings.
  private static func environment(_ address: JDBCAddress, _ user: String, _ password: String) -> [String: String] {
    var settings = [
      "PGHOST": address.host, "PGPORT": String(address.port), "PGDATABASE": address.database, "PGUSER": user,
      "PGPASSWORD": password, "PGPASSFILE": "/nonexistent", "PGSERVICEFILE": "/nonexistent",
      "PGSSLMODE": address.encryption, "PGGSSENCMODE": "disable",
      "PGCONNECT_TIMEOUT": String(CrawlLimits.databaseConnectSeconds),
      "PGCLIENTENCODING": "UTF8", "PGAPPNAME": "AWS Glue crawler", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent",
      "PATH": "/usr/bin:/bin",
    ]
    // With a file of authorities, libpq checks the server's certificate even where only encryption was asked for.
    if address.encryption.hasPrefix("verify") { settings["PGSSLROOTCERT"] = "/etc/ssl/certs/ca-certificates.crt" }
    return settings
  }

  /// Debian keeps each version's programs in a folder of its own; the newest counts.
  private static func path() -> String? {
    let files = FileManager.default
    let home = "/usr/lib/postgresql"
    let versions = ((try? files.contentsOfDirectory(atPath: home)) ?? []).compactMap { Int($0) }.sorted(by: >)
    let places = versions.map { "\(home)/\($0)/bin/psql" } + ["/usr/local/bin/psql", "/usr/bin/psql"]
    return places.first { files.isExecutableFile(atPath: $0) }
  }
}
