public import GlueModel
public import Kernel
import Lake
import Storage

extension GlueService {
  public func createClassifier(
    _ input: CreateClassifierInput, _ context: RequestContext
  ) async throws -> CreateClassifierOutput {
    let house = try crawling("CreateClassifier")
    let (name, kind) = try ClassifierRules.kind(input)
    let (now, scope) = (house.clock.now(), context.scope)
    try await context.authorize("glue:CreateClassifier", on: ["*"])
    let record = ClassifierRecord(name: name, kind: kind, created: now, updated: now)
    try await catalog.keys.write { transaction in
      let key = ClassifierRecord.key(scope, name)
      guard try transaction.get(key) == nil else {
        throw CatalogError.alreadyExists("Classifier with name \(name) already exists")
      }
      try transaction.set(key, record: record)
    }
    return CreateClassifierOutput()
  }

  public func updateClassifier(
    _ input: UpdateClassifierInput, _ context: RequestContext
  ) async throws -> UpdateClassifierOutput {
    let house = try crawling("UpdateClassifier")
    let (now, scope) = (house.clock.now(), context.scope)
    try await context.authorize("glue:UpdateClassifier", on: ["*"])
    let names = [
      input.grokClassifier?.name, input.jsonClassifier?.name, input.csvClassifier?.name, input.xmlClassifier?.name,
    ].compactMap { $0 }
    guard let name = names.first, names.count == 1 else { throw ClassifierRules.one }
    try await catalog.keys.write { transaction in
      var record = try transaction.classifier(name, scope)
      record.kind = try ClassifierRules.updated(record.kind, input)
      record.updated = now
      record.version += 1
      try transaction.set(ClassifierRecord.key(scope, name), record: record)
    }
    return UpdateClassifierOutput()
  }

  public func getClassifier(
    _ input: GetClassifierInput, _ context: RequestContext
  ) async throws -> GetClassifierOutput {
    _ = try crawling("GetClassifier")
    let scope = context.scope
    try await context.authorize("glue:GetClassifier", on: ["*"])
    let record = try await catalog.keys.read { try $0.classifier(input.name, scope) }
    return GetClassifierOutput(classifier: record.shape)
  }

  public func getClassifiers(
    _ input: GetClassifiersInput, _ context: RequestContext
  ) async throws -> GetClassifiersOutput {
    _ = try crawling("GetClassifiers")
    let scope = context.scope
    try await context.authorize("glue:GetClassifiers", on: ["*"])
    let after = try PageToken.read(input.nextToken, "GetClassifiers")?.first
    let count = input.maxResults ?? CrawlLimits.entriesPerPage
    let found = try await catalog.keys.read { reader in
      var range = ClassifierRecord.all(scope)
      if let after { range.from = ClassifierRecord.key(scope, after).subtree.to }
      return try reader.records(range, as: ClassifierRecord.self, limit: count.saturatingAdd(1))
    }
    let (page, next) = PageToken.cut(found, to: count, "GetClassifiers") { [$0.name] }
    return GetClassifiersOutput(classifiers: page.map(\.shape), nextToken: next)
  }

  public func deleteClassifier(
    _ input: DeleteClassifierInput, _ context: RequestContext
  ) async throws -> DeleteClassifierOutput {
    _ = try crawling("DeleteClassifier")
    let scope = context.scope
    try await context.authorize("glue:DeleteClassifier", on: ["*"])
    try await catalog.keys.write { transaction in
      _ = try transaction.classifier(input.name, scope)
      try transaction.delete(ClassifierRecord.key(scope, input.name))
    }
    return DeleteClassifierOutput()
  }
}

extension KeyReader {
  /// - Throws: `EntityNotFoundException`.
  func classifier(_ name: String, _ scope: Scope) throws -> ClassifierRecord {
    guard let record = try get(ClassifierRecord.key(scope, name), as: ClassifierRecord.self) else {
      throw CatalogError.entityNotFound("Classifier with name \(name) does not exist")
    }
    return record
  }
}

/// What AWS checks of a classifier before it is kept.
enum ClassifierRules {
  static let one = CatalogError.invalidInput("Exactly one classifier must be provided.")

  static func kind(_ input: CreateClassifierInput) throws -> (String, ClassifierRecord.Kind) {
    var found: [(String, ClassifierRecord.Kind)] = []
    if let grok = input.grokClassifier {
      found.append(
        (
          grok.name,
          .grok(.init(classification: grok.classification, pattern: grok.grokPattern, custom: grok.customPatterns))
        ))
    }
    if let json = input.jsonClassifier { found.append((json.name, .json(path: json.jsonPath))) }
    if let csv = input.csvClassifier {
      found.append(
        (
          csv.name,
          .csv(
            .init(
              delimiter: csv.delimiter, quote: csv.quoteSymbol, header: csv.containsHeader?.rawValue,
              names: csv.header, keepsSpaces: csv.disableValueTrimming, allowsSingleColumn: csv.allowSingleColumn,
              hasTypes: csv.customDatatypeConfigured, types: csv.customDatatypes, serde: csv.serde?.rawValue))
        ))
    }
    if input.xmlClassifier != nil {
      throw AWSError.notImplemented(service: "Glue", operation: "CreateClassifier with an XMLClassifier")
    }
    guard let first = found.first, found.count == 1 else { throw one }
    try check(first.1)
    return first
  }

  static func updated(
    _ kind: ClassifierRecord.Kind, _ input: UpdateClassifierInput
  ) throws -> ClassifierRecord.Kind {
    let next: ClassifierRecord.Kind
    switch kind {
    case .grok(var grok):
      guard let change = input.grokClassifier else { throw other }
      grok.classification = change.classification ?? grok.classification
      grok.pattern = change.grokPattern ?? grok.pattern
      grok.custom = change.customPatterns ?? grok.custom
      next = .grok(grok)
    case .json(let path):
      guard let change = input.jsonClassifier else { throw other }
      next = .json(path: change.jsonPath ?? path)
    case .csv(var csv):
      guard let change = input.csvClassifier else { throw other }
      csv.delimiter = change.delimiter ?? csv.delimiter
      csv.quote = change.quoteSymbol ?? csv.quote
      csv.header = change.containsHeader?.rawValue ?? csv.header
      csv.names = change.header ?? csv.names
      csv.keepsSpaces = change.disableValueTrimming ?? csv.keepsSpaces
      csv.allowsSingleColumn = change.allowSingleColumn ?? csv.allowsSingleColumn
      csv.hasTypes = change.customDatatypeConfigured ?? csv.hasTypes
      csv.types = change.customDatatypes ?? csv.types
      csv.serde = change.serde?.rawValue ?? csv.serde
      next = .csv(csv)
    case .xml: throw other
    }
    try check(next)
    return next
  }

  private static let other = CatalogError.invalidInput("A classifier's type cannot be changed.")

  private static func check(_ kind: ClassifierRecord.Kind) throws {
    switch kind {
    case .grok(let grok):
      do {
        guard try !GrokPattern(grok.pattern, custom: grok.custom).fields.isEmpty else {
          throw CatalogError.invalidInput("The grok pattern names no fields.")
        }
      } catch let fault as GrokPattern.Invalid {
        throw CatalogError.invalidInput(fault.message)
      }
    case .json(let path):
      guard JSONPath(path) != nil else { throw CatalogError.invalidInput("The JSON path \(path) is not valid.") }
    case .csv(let csv):
      if let delimiter = csv.delimiter, delimiter.count != 1 {
        throw CatalogError.invalidInput("The delimiter must be one character.")
      }
      if let quote = csv.quote, quote.count != 1 {
        throw CatalogError.invalidInput("The quote symbol must be one character.")
      }
      if let delimiter = csv.delimiter, delimiter == csv.quote {
        throw CatalogError.invalidInput("The quote symbol must differ from the delimiter.")
      }
      for type in csv.types ?? [] where ClassifierRecord.CSV.hiveType(type) == nil {
        throw CatalogError.invalidInput("The custom data type \(type) is not supported.")
      }
      if csv.serde == "None" {
        throw AWSError.notImplemented(service: "Glue", operation: "CreateClassifier with the Serde None")
      }
    case .xml: break
    }
  }
}

extension ClassifierRecord {
  var shape: Classifier {
    switch kind {
    case .grok(let grok):
      Classifier(
        grokClassifier: GrokClassifier(
          name: name, classification: grok.classification, creationTime: created, lastUpdated: updated,
          version: version, grokPattern: grok.pattern, customPatterns: grok.custom))
    case .json(let path):
      Classifier(
        jsonClassifier: JsonClassifier(
          name: name, creationTime: created, lastUpdated: updated, version: version, jsonPath: path))
    case .csv(let csv):
      Classifier(
        csvClassifier: CsvClassifier(
          name: name, creationTime: created, lastUpdated: updated, version: version, delimiter: csv.delimiter,
          quoteSymbol: csv.quote, containsHeader: csv.header.map(CsvHeaderOption.init(rawValue:)), header: csv.names,
          disableValueTrimming: csv.keepsSpaces, allowSingleColumn: csv.allowsSingleColumn,
          customDatatypeConfigured: csv.hasTypes, customDatatypes: csv.types,
          serde: csv.serde.map(CsvSerdeOption.init(rawValue:))))
    case .xml(let classification, let tag):
      Classifier(
        xmlClassifier: XMLClassifier(
          name: name, classification: classification, creationTime: created, lastUpdated: updated, version: version,
          rowTag: tag))
    }
  }
}
