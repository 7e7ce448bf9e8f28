import Engine
import Kernel
import SQL

/// PG_CANCEL_BACKEND and PG_TERMINATE_BACKEND: functions of the engine that end other sessions' statements, or the
/// sessions.
final class BackendSignals: Sendable {
  private let warehouse = Locked<WeakWarehouse>(WeakWarehouse())
  private struct WeakWarehouse { weak var warehouse: Warehouse? }

  func act(in warehouse: Warehouse) { self.warehouse.withLock { $0.warehouse = warehouse } }

  /// The function's name in the engine, with the caller's process as its first argument; `nil` for others.
  static func engineName(_ name: String, arguments: Int, caller: Int) -> String? {
    guard arguments == 1, name == "pg_terminate_backend" || name == "pg_cancel_backend" else { return nil }
    return "(\(caller)).tarn_\(name)"
  }

  var functions: [ScalarFunction] {
    [("tarn_pg_cancel_backend", false), ("tarn_pg_terminate_backend", true)].map { name, ends in
      ScalarFunction(name, ["BIGINT", "BIGINT"], returns: "INTEGER", isVolatile: true) { [self] arguments, row in
        let (caller, process) = (Int(arguments[0].integer(row)), Int(arguments[1].integer(row)))
        do throws(SQLFailure) {
          let isThere = try warehouse.withLock({ $0.warehouse })?.signal(process, by: caller, ends: ends) == true
          return .int(isThere ? 1 : 0)
        } catch {
          throw MarkedFailure(failure: error)
        }
      }
    }
  }
}

/// A failure in the words by which `SQLFailure` is known again once it has passed the engine.
private struct MarkedFailure: Error, CustomStringConvertible {
  var failure: SQLFailure
  var description: String { "\(RedshiftMacros.failureMarker)\(failure.sqlState)!\(failure.message)" }
}

extension Warehouse {
  /// Ends what a session runs, or the session.
  /// - Returns: whether it was there.
  /// - Throws: `SQLFailure` `42501`: users may end what is theirs, superusers and `sys:operator` all.
  func signal(_ process: Int, by caller: Int, ends: Bool) throws(SQLFailure) -> Bool {
    let all = sessions
    guard let session = all.first(where: { $0.process == process }) else { return false }
    let user = all.first { $0.process == caller }.flatMap { catalog.users[$0.userID] }
    guard let user else { return false }
    let rights = Rights(of: user, in: catalog)
    guard rights.has(permission: "CANCEL") || session.userID == user.id else {
      throw SQLFailure("42501", "must be superuser to signal other server processes")
    }
    if ends { session.terminate() } else { session.cancel() }
    return true
  }
}
