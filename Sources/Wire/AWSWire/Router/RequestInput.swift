import Kernel
import NIOCore

/// What an operation's input is decoded from.
struct RequestInput: Sendable {
  let wireProtocol: ServiceDescription.WireProtocol
  let request: WireRequest
  /// The whole body, unless the input streams it.
  let body: ByteBuffer
  /// The parts of the path, for REST protocols.
  var labels: [String: String] = [:]
  /// The pairs of a Query request, once they have been read.
  var form: QueryPairs?

  /// - Throws: `WireFault`, or `Violations` as an error when the model's constraints are broken.
  func decode<Input: WireDecodable & WireStructure>(_ type: Input.Type) throws -> Input {
    switch wireProtocol {
    case .json10, .json11:
      if body.readableBytes == 0 { return try finish(ShapeDecoder(EmptySource())) }
      return try body.withUnsafeReadableBytes { bytes in
        let source = JSONSource(bytes)
        let input: Input = try finish(ShapeDecoder(source))
        try source.finish()
        return input
      }
    case .cbor11, .rpcV2CBOR:
      if body.readableBytes == 0 { return try finish(ShapeDecoder(EmptySource())) }
      return try body.withUnsafeReadableBytes { bytes in
        try finish(ShapeDecoder(CBORSource(bytes, millisecondDates: wireProtocol == .cbor11)))
      }
    case .query:
      let pairs = try form ?? QueryPairs(body)
      return try finish(ShapeDecoder(QuerySource(try QueryTree(pairs))))
    case .restXML, .restJSON:
      let source = try RESTSource(self, schema: Input.schema)
      return try finish(ShapeDecoder(source, checksConstraints: wireProtocol == .restJSON))
    }
  }

  private func finish<Input: WireDecodable>(_ decoder: ShapeDecoder) throws -> Input {
    do {
      let input = try Input(from: decoder)
      guard decoder.violations.isEmpty else { throw ConstraintsBroken(violations: decoder.violations) }
      return input
    } catch is IncompleteShape {
      throw ConstraintsBroken(violations: decoder.violations)
    }
  }
}

/// An input was read, but breaks its model's constraints.
struct ConstraintsBroken: Error {
  let violations: Violations
}

/// Stands for an empty body: a structure without members.
final class EmptySource: ValueSource {
  override func enterStructure(_ schema: StructureSchema) throws {}
}
