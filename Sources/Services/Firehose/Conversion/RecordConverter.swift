import Glue
import GlueModel
import Kernel
import NIOCore

/// Why a record could not be converted, in AWS's words for the error prefix.
struct ConversionFailure: Error, Sendable {
  var code: String
  var message: String
}

/// Turns records into rows one by one: JSON, or what AWS's serializers write with a version of a schema in Glue's
/// Schema Registry.
///
/// Used by one delivery, one call at a time.
final class RecordConverter {
  let shape: RowShape
  private let glue: any GlueAPI
  /// A context with the rights to read schemas.
  private let context: RequestContext
  /// Versions met so far; they never change.
  private var decoders: [String: Result<RecordDecoder, ConversionFailure>] = [:]

  init(shape: RowShape, glue: any GlueAPI, context: RequestContext) {
    self.shape = shape
    self.glue = glue
    self.context = context
  }

  /// The record's rows as lines of JSON that the engine reads without fail.
  /// - Throws: `ConversionFailure` for a record that cannot be converted, and what keeps Glue from answering.
  func lines(of record: ByteBuffer) async throws -> [UInt8] {
    do {
      return try shape.lines(of: Array(try await text(of: record).readableBytesView))
    } catch let error as RowShape.Unreadable {
      throw ConversionFailure(
        code: "DataFormatConversion.ParseError", message: "Encountered malformed JSON. \(error.reason)")
    } catch let error as RowShape.Mismatch {
      throw ConversionFailure(code: "DataFormatConversion.MalformedData", message: error.reason)
    }
  }

  /// The record as JSON: as it came, unless it names a version of a schema.
  /// - Throws: as `lines(of:)`.
  func text(of record: ByteBuffer) async throws -> ByteBuffer {
    guard RegistryRecord.begins(record.readableBytesView) else { return record }
    do {
      let record = try RegistryRecord(Array(record.readableBytesView))
      return ByteBuffer(bytes: try await decoder(record.versionID).json(record.payload))
    } catch let error as RegistryRecord.Unreadable {
      throw ConversionFailure(code: "DataFormatConversion.ParseError", message: error.reason)
    }
  }

  private func decoder(_ versionID: String) async throws -> RecordDecoder {
    if let known = decoders[versionID] { return try known.get() }
    let found = try await fetch(versionID)
    if decoders.count >= Limits.schemaVersionsKeptMax { decoders = [:] }
    decoders[versionID] = found
    return try found.get()
  }

  private func fetch(_ versionID: String) async throws -> Result<RecordDecoder, ConversionFailure> {
    do {
      let version = try await glue.getSchemaVersion(GetSchemaVersionInput(schemaVersionId: versionID), context)
      return .success(
        try RecordDecoder(definition: version.schemaDefinition ?? "", format: version.dataFormat?.rawValue ?? ""))
    } catch let error as RegistryRecord.Unreadable {
      return .failure(ConversionFailure(code: "DataFormatConversion.InvalidSchema", message: error.reason))
    } catch let error as AWSError where error.code == "EntityNotFoundException" {
      return .failure(
        ConversionFailure(
          code: "DataFormatConversion.EntityNotFound",
          message: "The record was written with schema version \(versionID), which is not in the Schema Registry."))
    }
  }
}

extension Delivery {
  /// Reads the table that says which columns the delivery has.
  func converter(_ conversion: S3Destination.Conversion) async throws -> RecordConverter {
    let (shape, context) = try await SchemaReader(glue: with.glue).shape(conversion, scope: scope) { role in
      try await with.acting(as: role, in: scope, for: record.name)
    }
    return RecordConverter(shape: shape, glue: with.glue, context: context)
  }
}
