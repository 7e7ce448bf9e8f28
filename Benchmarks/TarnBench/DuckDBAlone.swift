import Engine
import Foundation
import Kernel

/// DuckDB by itself, through its own C API, with none of our file systems: what conversions are compared with.
struct DuckDBAlone {
  private typealias Open = @convention(c) (UnsafePointer<CChar>?, UnsafeMutablePointer<OpaquePointer?>) -> Int32
  private typealias Connect = @convention(c) (OpaquePointer?, UnsafeMutablePointer<OpaquePointer?>) -> Int32
  private typealias Query = @convention(c) (OpaquePointer?, UnsafePointer<CChar>, OpaquePointer?) -> Int32
  private typealias End = @convention(c) (UnsafeMutablePointer<OpaquePointer?>) -> Void

  struct Cost {
    var seconds: Double
    var processorSeconds: Double
  }

  private static func symbol<Function>(_ name: String, _ type: Function.Type) throws -> Function {
    // The library came into the process with the engine.
    _ = LakeEngine.version
    guard let found = dlsym(dlopen(nil, RTLD_NOW), name) else { throw BenchFailure("the library has no \(name)") }
    return unsafeBitCast(found, to: type)
  }

  /// Runs statements one after the other in a database in memory; gives what the last one cost, or all of them.
  static func run(_ statements: [String], countsAll: Bool = false) throws -> Cost {
    let open = try symbol("duckdb_open", Open.self)
    let connect = try symbol("duckdb_connect", Connect.self)
    let query = try symbol("duckdb_query", Query.self)
    let disconnect = try symbol("duckdb_disconnect", End.self)
    let close = try symbol("duckdb_close", End.self)
    var database: OpaquePointer?
    var connection: OpaquePointer?
    guard open(nil, &database) == 0, connect(database, &connection) == 0 else { throw BenchFailure("no database") }
    defer {
      disconnect(&connection)
      close(&database)
    }
    var cost = Cost(seconds: 0, processorSeconds: 0)
    for statement in statements {
      let began = ContinuousClock.now
      let before = processorSeconds
      guard query(connection, statement, nil) == 0 else { throw BenchFailure("DuckDB refuses: \(statement)") }
      let former = countsAll ? cost : Cost(seconds: 0, processorSeconds: 0)
      cost = Cost(
        seconds: former.seconds + Double((ContinuousClock.now - began).nanoseconds) / 1e9,
        processorSeconds: former.processorSeconds + processorSeconds - before)
    }
    return cost
  }

  private static var processorSeconds: Double {
    var usage = rusage()
    getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }
}
