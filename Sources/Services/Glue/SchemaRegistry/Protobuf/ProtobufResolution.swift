/// Decides whether a reader's definition can read all data of a writer's.
///
/// AWS documents for Protocol Buffers ("How the Schema Registry works"): new data may lack what the reader does not
/// require, required fields may go but not come, and what a service offers may grow but not shrink. It treats messages
/// as it treats services. Changes of a field's type follow "Updating A Message Type" of the language guide.
struct ProtobufResolution {
  private let writer: ProtobufDocument
  private let reader: ProtobufDocument

  static func canRead(_ written: String, with reading: String) throws(SchemaSyntaxError) -> Bool {
    let resolution = ProtobufResolution(writer: try ProtobufDocument(written), reader: try ProtobufDocument(reading))
    return resolution.messagesFit && resolution.servicesFit
  }

  private init(writer: ProtobufDocument, reader: ProtobufDocument) {
    self.writer = writer
    self.reader = reader
  }

  private var messagesFit: Bool {
    let readable = Set(reader.ownMessages)
    return writer.ownMessages.allSatisfy { name in
      guard readable.contains(name), let written = writer.messages[name], let reading = reader.messages[name] else {
        return false
      }
      return canRead(written, with: reading)
    }
  }

  private func canRead(_ written: ProtobufMessage, with reading: ProtobufMessage) -> Bool {
    let source = Dictionary(written.fields.map { ($0.number, $0) }) { first, _ in first }
    for field in reading.fields {
      guard let old = source[field.number] else {
        if field.label == .required { return false }
        continue
      }
      if field.label == .required, old.label != .required { return false }
      if !canRead(old, with: field) { return false }
    }
    return Dictionary(grouping: reading.fields.filter { $0.oneof != nil }, by: \.oneof).values.allSatisfy { members in
      keepsAll(members.compactMap { source[$0.number] })
    }
  }

  /// Of a oneof one field alone is kept: fields that could be set together must not meet in one.
  private func keepsAll(_ written: [ProtobufField]) -> Bool {
    guard written.count > 1 else { return true }
    return written[0].oneof != nil && written.allSatisfy { $0.oneof == written[0].oneof }
  }

  private func canRead(_ written: ProtobufField, with reading: ProtobufField) -> Bool {
    guard canRead(written.type, with: reading.type) else { return false }
    guard written.label == .repeated, reading.label != .repeated else { return true }
    // Of several values the last one is taken, or all are merged; numbers may be packed, which nothing else reads.
    switch written.type {
    case .scalar(.string), .scalar(.bytes): return true
    case .named(let name): return writer.messages[name] != nil
    default: return false
    }
  }

  private func canRead(_ written: ProtobufType, with reading: ProtobufType) -> Bool {
    switch (written, reading) {
    case (.map(let writtenKey, let writtenValue), .map(let readingKey, let readingValue)):
      return canRead(.scalar(writtenKey), with: .scalar(readingKey)) && canRead(writtenValue, with: readingValue)
    case (.map, _), (_, .map): return false
    default:
      let kind = Self.kind(written, writer)
      return kind != nil && kind == Self.kind(reading, reader)
    }
  }

  /// Types of the same kind are the same on the wire.
  private enum Kind: Hashable {
    case varint, zigzag, fixed32, fixed64, float, double, text
    case message(String)
  }

  private static func kind(_ type: ProtobufType, _ document: ProtobufDocument) -> Kind? {
    switch type {
    case .named(let name): document.messages[name] != nil ? .message(name) : .varint
    case .map: nil
    case .scalar(let scalar):
      switch scalar {
      case .int32, .int64, .uint32, .uint64, .bool: .varint
      case .sint32, .sint64: .zigzag
      case .fixed32, .sfixed32: .fixed32
      case .fixed64, .sfixed64: .fixed64
      case .float: .float
      case .double: .double
      case .string, .bytes: .text
      }
    }
  }

  /// Whoever calls a service finds every method as it was.
  private var servicesFit: Bool {
    writer.services.allSatisfy { name, written in
      guard let reading = reader.services[name] else { return false }
      let offered = Dictionary(reading.methods.map { ($0.name, $0) }) { first, _ in first }
      return written.methods.allSatisfy { method in
        guard let found = offered[method.name] else { return false }
        return found.request == method.request && found.response == method.response
          && found.streamsRequest == method.streamsRequest && found.streamsResponse == method.streamsResponse
      }
    }
  }
}
