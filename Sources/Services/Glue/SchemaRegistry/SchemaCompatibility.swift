/// The data formats of the registry.
package enum SchemaFormat: String, Sendable, CaseIterable {
  case avro = "AVRO"
  case json = "JSON"
  case protobuf = "PROTOBUF"
}

/// What a new version of a schema must be able to do beside the earlier ones.
package enum CompatibilityMode: String, Sendable, CaseIterable {
  case none = "NONE"
  case disabled = "DISABLED"
  case backward = "BACKWARD"
  case backwardAll = "BACKWARD_ALL"
  case forward = "FORWARD"
  case forwardAll = "FORWARD_ALL"
  case full = "FULL"
  case fullAll = "FULL_ALL"

  /// Data of earlier versions must be readable with the new one.
  var readsOlder: Bool { [.backward, .backwardAll, .full, .fullAll].contains(self) }
  /// Data of the new version must be readable with earlier ones.
  var isReadByOlder: Bool { [.forward, .forwardAll, .full, .fullAll].contains(self) }
  /// Earlier versions count all, not the last alone.
  var reachesAll: Bool { [.backwardAll, .forwardAll, .fullAll].contains(self) }
}

/// Reads definitions and compares them.
package enum SchemaCompatibility {
  /// - Returns: what is wrong with the definition, `nil` when it is well formed.
  package static func problem(with definition: String, format: SchemaFormat) -> String? {
    do {
      switch format {
      case .json: _ = try JSONSchemaDocument(definition)
      case .avro: _ = try AvroDocument(definition)
      case .protobuf: _ = try ProtobufDocument(definition)
      }
      return nil
    } catch {
      return error.description
    }
  }

  /// Whether `definition` may follow `earlier` (oldest first) under `mode`.
  package static func accepts(
    _ definition: String, after earlier: [String], mode: CompatibilityMode, format: SchemaFormat
  ) -> Bool {
    guard problem(with: definition, format: format) == nil else { return false }
    let compared = mode.reachesAll ? earlier[...] : earlier.suffix(1)
    return compared.allSatisfy { older in
      (!mode.readsOlder || canRead(older, with: definition, format: format))
        && (!mode.isReadByOlder || canRead(definition, with: older, format: format))
    }
  }

  /// Whether all data written under one definition can be read with another.
  package static func canRead(_ written: String, with reading: String, format: SchemaFormat) -> Bool {
    switch format {
    case .json: (try? JSONSchemaComparison.isContained(written, in: reading)) ?? false
    case .avro: (try? AvroResolution.canRead(written, with: reading)) ?? false
    case .protobuf: (try? ProtobufResolution.canRead(written, with: reading)) ?? false
    }
  }

  /// The definition as a document, in which spaces and the order of declarations make no difference.
  /// - Returns: `nil` for a definition that is malformed.
  static func document(of definition: String, format: SchemaFormat) -> JSONValue? {
    switch format {
    case .json, .avro: try? JSONValue.parse(definition)
    case .protobuf: (try? ProtobufDocument(definition))?.json
    }
  }
}
