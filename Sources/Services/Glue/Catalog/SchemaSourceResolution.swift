import Kernel
import Storage

extension KeyReader {
  /// A table whose columns come from the Schema Registry, with those columns; any other table as it is.
  /// - Parameter strict: whether a schema that is not there is an error, as it is when the table is made. Later the
  ///   table is shown without columns.
  func resolved(_ table: CatalogTable, strict: Bool = false, _ context: RequestContext) throws -> CatalogTable {
    guard let source = table.storage?.schemaSource, table.storage?.columns.isEmpty == true else { return table }
    do {
      var table = table
      table.definition.storage?.columns = try columns(of: source, context)
      return table
    } catch let error as AWSError {
      if strict { throw error }
      return table
    }
  }

  private func columns(
    of source: StorageDescription.SchemaSource, _ context: RequestContext
  ) throws -> [CatalogColumn] {
    let keys = context.catalogKeys
    let name: SchemaName
    let choice: SchemaVersionChoice
    if let id = source.versionID {
      guard source.schemaARN == nil, source.schemaName == nil, source.registryName == nil else {
        throw CatalogError.invalidInput("Only one of SchemaId or SchemaVersionId can be specified.")
      }
      guard let place = try get(keys.schemaVersionByID(id), as: SchemaVersionPlace.self) else {
        throw CatalogError.entityNotFound("Schema version is not found. SchemaVersionId: \(id)")
      }
      name = SchemaName(registry: place.registry, name: place.schema)
      choice = .number(place.number)
    } else {
      name = try SchemaName(arn: source.schemaARN, name: source.schemaName, registry: source.registryName)
      choice = source.versionNumber.map { .number($0) } ?? .latest
    }
    let schema = try schema(name, keys)
    let version = try version(choice, of: schema, name, keys)
    return SchemaColumns.columns(of: version.definition, format: schema.format)
  }
}

/// The columns of a table that a schema stands for: the fields of its record, by Hive's types.
enum SchemaColumns {
  static func columns(of definition: String, format: String) -> [CatalogColumn] {
    let type: HiveShape? =
      switch format {
      case SchemaFormat.json.rawValue: JSONColumns(definition)?.root
      case SchemaFormat.avro.rawValue: AvroColumns(definition)?.root
      default: nil
      }
    guard case .structure(let fields)? = type else { return [] }
    return fields.map { CatalogColumn(name: $0.name, type: $0.type.text, comment: $0.comment) }
  }
}

/// A Hive type in the making.
indirect enum HiveShape {
  struct Field {
    var name: String
    var type: HiveShape
    var comment: String?
  }
  case plain(String)
  case array(HiveShape)
  case map(HiveShape)
  case structure([Field])

  var text: String {
    switch self {
    case .plain(let name): name
    case .array(let element): "array<\(element.text)>"
    case .map(let value): "map<string,\(value.text)>"
    case .structure(let fields): "struct<" + fields.map { "\($0.name):\($0.type.text)" }.joined(separator: ",") + ">"
    }
  }
}

/// Counts the types made from one schema: schemas that contain themselves several times grow without end.
private final class ShapeBudget {
  private var left = Limits.schemaColumnTypesMax
  func spend() -> Bool {
    left -= 1
    return left >= 0
  }
}

private struct JSONColumns {
  private let budget = ShapeBudget()
  private let document: JSONSchemaDocument
  private let comparison: JSONSchemaComparison

  init?(_ definition: String) {
    guard let document = try? JSONSchemaDocument(definition) else { return nil }
    self.document = document
    comparison = JSONSchemaComparison([document])
  }

  var root: HiveShape { shape(document.rootNode, depth: 0) }

  private func shape(_ node: SchemaNode, depth: Int) -> HiveShape {
    // A schema that contains itself has no type of Hive's; the rest of the value stays text.
    guard depth < Limits.schemaColumnDepthMax, budget.spend(), let node = comparison.resolved(node) else {
      return .plain("string")
    }
    let types = Facts.types(of: node).subtracting(.null)
    if types == .object { return object(node, depth: depth) }
    if types == .array { return .array(shape(ItemSchemas(node).schema(at: 0), depth: depth + 1)) }
    if types == .boolean { return .plain("boolean") }
    if types == .integer { return .plain("bigint") }
    if types == .number || types == .fraction { return .plain("double") }
    return .plain("string")
  }

  private func object(_ node: SchemaNode, depth: Int) -> HiveShape {
    let properties = PropertySchemas(node)
    if properties.named.isEmpty {
      return properties.additional.isTrue || properties.additional.isFalse
        ? .plain("string") : .map(shape(properties.additional, depth: depth + 1))
    }
    return .structure(
      properties.named.sorted { $0.key < $1.key }.map { name, schema in
        HiveShape.Field(name: name, type: shape(schema, depth: depth + 1), comment: schema["description"]?.string)
      })
  }
}

private struct AvroColumns {
  private let budget = ShapeBudget()
  private let document: AvroDocument

  init?(_ definition: String) {
    guard let document = try? AvroDocument(definition) else { return nil }
    self.document = document
  }

  var root: HiveShape { shape(document.root, depth: 0) }

  private func shape(_ schema: AvroSchema, depth: Int) -> HiveShape {
    guard depth < Limits.schemaColumnDepthMax, budget.spend() else { return .plain("string") }
    switch schema {
    case .null, .string: return .plain("string")
    case .boolean: return .plain("boolean")
    case .int: return .plain("int")
    case .long: return .plain("bigint")
    case .float: return .plain("float")
    case .double: return .plain("double")
    case .bytes: return .plain("binary")
    case .array(let items): return .array(shape(items, depth: depth + 1))
    case .map(let values): return .map(shape(values, depth: depth + 1))
    case .logical("date", .int): return .plain("date")
    case .logical("timestamp-millis", .long), .logical("timestamp-micros", .long): return .plain("timestamp")
    case .logical(_, let base): return shape(base, depth: depth + 1)
    case .decimal(let precision, let scale, let base):
      return precision <= Limits.decimalPrecisionMax
        ? .plain("decimal(\(precision),\(scale))") : shape(base, depth: depth + 1)
    case .union(let branches):
      let values = branches.filter { if case .null = $0 { false } else { true } }
      return values.count == 1 ? shape(values[0], depth: depth + 1) : .plain("string")
    case .named(let name):
      switch document.named[name] {
      case .record(let fields)?:
        return .structure(
          fields.map { HiveShape.Field(name: $0.name, type: shape($0.type, depth: depth + 1), comment: nil) })
      case .fixed?: return .plain("binary")
      default: return .plain("string")
      }
    }
  }
}
