import Kernel
import Storage

/// Blobs that a reader of several blobs still needs, so that an object deleted meanwhile can be read to its end.
///
/// A reader of a single blob holds it open instead (`BlobStore.open`); holding thousands of parts open would cost as
/// many file descriptors.
final class BlobLeases: Sendable {
  struct ID: Hashable, Sendable {
    var file: UInt64
    var offset: UInt64
    init(_ blob: BlobRef) {
      file = blob.file
      offset = blob.offset
    }
  }
  private struct State {
    var held: [ID: Int] = [:]
    var dying: Set<ID> = []
  }
  private let state = Locked(State())

  /// Held until it is dropped.
  final class Lease: Sendable {
    private let leases: BlobLeases
    private let blobs: [ID]

    fileprivate init(_ leases: BlobLeases, _ blobs: [ID]) {
      self.leases = leases
      self.blobs = blobs
    }
    deinit { leases.giveBack(blobs) }
  }

  /// - Returns: `nil` when one of them is being freed: the object has changed since its record was read.
  func take(_ blobs: some Sequence<BlobRef>) -> Lease? {
    let ids = blobs.map(ID.init)
    let taken = state.withLock { state in
      guard !ids.contains(where: state.dying.contains) else { return false }
      for id in ids { state.held[id, default: 0] += 1 }
      return true
    }
    return taken ? Lease(self, ids) : nil
  }

  private func giveBack(_ blobs: [ID]) {
    state.withLock { state in
      for blob in blobs {
        let left = (state.held[blob] ?? 1) - 1
        state.held[blob] = left > 0 ? left : nil
      }
    }
  }

  /// Those of `blobs` that nobody holds; no lease on them is given until `freed`.
  func beginFreeing(_ blobs: [BlobRef]) -> [BlobRef] {
    state.withLock { state in
      let free = blobs.filter { state.held[ID($0)] == nil }
      for blob in free { state.dying.insert(ID(blob)) }
      return free
    }
  }

  func freed(_ blobs: [BlobRef]) {
    state.withLock { state in for blob in blobs { state.dying.remove(ID(blob)) } }
  }
}
