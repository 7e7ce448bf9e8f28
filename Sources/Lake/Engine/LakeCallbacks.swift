import CDuckDB
import Kernel
import LakeFiles

/// The C functions through which the engine reaches a `LakeSession`. No error leaves them but as a status and a text.
enum LakeCallbacks {
  static var table: cduck_lake {
    cduck_lake(
      open: { session, path, count, file, info, explain, sink in
        LakeCallbacks.run(session, explain, sink) { session in
          let opened = try session.open(LakeCallbacks.text(path, count))
          info.pointee = LakeCallbacks.info(opened.info)
          file.pointee = Unmanaged.passRetained(OpenFile(opened, session)).toOpaque()
          return true
        }
      },
      read: { file, buffer, count, offset, explain, sink in
        let file = Unmanaged<OpenFile>.fromOpaque(file).takeUnretainedValue()
        do {
          let target = UnsafeMutableRawBufferPointer(start: buffer, count: Int(count))
          return Int64(try file.file.read(at: offset, into: target))
        } catch {
          LakeCallbacks.explain(error, explain, sink)
          file.session.note(error)
          return -1
        }
      },
      close: { file in
        Unmanaged<OpenFile>.fromOpaque(file).takeRetainedValue().file.close()
      },
      stat: { session, path, count, info, explain, sink in
        LakeCallbacks.run(session, explain, sink) { session in
          guard let found = try session.stat(LakeCallbacks.text(path, count)) else { return false }
          info.pointee = LakeCallbacks.info(found)
          return true
        }
      },
      glob: { session, pattern, count, visit, visitSink, explain, sink in
        LakeCallbacks.run(session, explain, sink) { session in
          try session.glob(LakeCallbacks.text(pattern, count)) { path, found in
            var info = LakeCallbacks.info(found)
            var path = path
            return path.withUTF8 { bytes in
              bytes.withMemoryRebound(to: CChar.self) { bytes in
                bytes.baseAddress.map { visit(visitSink, $0, bytes.count, &info) } ?? true
              }
            }
          }
          return true
        }
      },
      create: { session, path, count, writer, explain, sink in
        LakeCallbacks.run(session, explain, sink) { session in
          let created = try session.create(LakeCallbacks.text(path, count))
          writer.pointee = Unmanaged.passRetained(OpenWriter(created, session)).toOpaque()
          return true
        }
      },
      write: { writer, bytes, count, explain, sink in
        let writer = Unmanaged<OpenWriter>.fromOpaque(writer).takeUnretainedValue()
        do {
          try writer.writer.write(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
          writer.bytes.withLock { $0 += count }
          return CDUCK_LAKE_OK
        } catch {
          writer.session.note(error)
          return LakeCallbacks.explain(error, explain, sink)
        }
      },
      finish: { writer, explain, sink in
        let writer = Unmanaged<OpenWriter>.fromOpaque(writer).takeRetainedValue()
        do {
          try writer.writer.finish()
          writer.session.finished(writer.writer, bytes: writer.bytes.withLock { $0 })
          return CDUCK_LAKE_OK
        } catch {
          writer.writer.abort()
          writer.session.failedToFinish(error)
          return LakeCallbacks.explain(error, explain, sink)
        }
      },
      discard: { session, path, count, explain, sink in
        LakeCallbacks.run(session, explain, sink) { session in
          try session.discard(LakeCallbacks.text(path, count))
          return true
        }
      },
      release: { session in
        Unmanaged<LakeSession>.fromOpaque(session).release()
      })
  }

  private final class OpenFile: Sendable {
    let file: any LakeFile
    let session: LakeSession
    init(_ file: any LakeFile, _ session: LakeSession) {
      self.file = file
      self.session = session
    }
  }

  private final class OpenWriter: Sendable {
    let writer: any LakeFileWriter
    let session: LakeSession
    let bytes = Locked<Int64>(0)
    init(_ writer: any LakeFileWriter, _ session: LakeSession) {
      self.writer = writer
      self.session = session
    }
  }

  /// Runs `body`, which says whether the thing is there.
  private static func run(
    _ session: UnsafeMutableRawPointer, _ explain: cduck_text_sink, _ sink: UnsafeMutableRawPointer,
    _ body: (LakeSession) throws -> Bool
  ) -> cduck_lake_status {
    let session = Unmanaged<LakeSession>.fromOpaque(session).takeUnretainedValue()
    do {
      return try body(session) ? CDUCK_LAKE_OK : CDUCK_LAKE_NOT_FOUND
    } catch {
      session.note(error)
      return Self.explain(error, explain, sink)
    }
  }

  @discardableResult
  private static func explain(
    _ error: any Error, _ explain: cduck_text_sink, _ sink: UnsafeMutableRawPointer
  ) -> cduck_lake_status {
    let status: cduck_lake_status
    var text: String
    switch error {
    case LakeError.notFound: (status, text) = (CDUCK_LAKE_NOT_FOUND, "")
    case LakeError.accessDenied(_, let reason): (status, text) = (CDUCK_LAKE_DENIED, reason)
    case let error as AWSError:
      status =
        switch error.httpStatus {
        case 403: CDUCK_LAKE_DENIED
        case 404: CDUCK_LAKE_NOT_FOUND
        default: CDUCK_LAKE_FAILED
        }
      text = error.message
    case let error as EngineError: (status, text) = (CDUCK_LAKE_FAILED, error.message)
    default: (status, text) = (CDUCK_LAKE_FAILED, String(describing: error))
    }
    text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { bytes in
        if let start = bytes.baseAddress { explain(sink, start, bytes.count) }
      }
    }
    return status
  }

  private static func text(_ bytes: UnsafePointer<CChar>, _ count: Int) -> String {
    String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
  }

  private static func info(_ info: LakeFileInfo) -> cduck_lake_file_info {
    var filled = cduck_lake_file_info()
    filled.size = info.size
    filled.modified = info.modified.nanoseconds / 1_000
    withUnsafeMutableBytes(of: &filled.tag) { tag in
      // The last byte stays zero.
      tag.dropLast().copyBytes(from: info.tag.utf8.prefix(tag.count - 1))
    }
    return filled
  }
}

extension Slice<UnsafeMutableRawBufferPointer> {
  fileprivate func copyBytes(from bytes: some Sequence<UInt8>) {
    var index = startIndex
    for byte in bytes where index < endIndex {
      base[index] = byte
      index += 1
    }
  }
}
