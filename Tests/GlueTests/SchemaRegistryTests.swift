import Glue
import GlueModel
import Kernel
import Testing

@Suite struct SchemaRegistryTests {
  static let closed = #"{"type":"object","properties":{"a":{"type":"number"}},"additionalProperties":false}"#
  static let optional =
    #"{"type":"object","properties":{"a":{"type":"number"},"b":{"type":"string"}},"additionalProperties":false}"#
  static let changed = #"{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}"#

  let fixture = GlueFixture()
  let id = SchemaId(schemaName: "s", registryName: "r")

  private func create(_ compatibility: Compatibility = .backward, _ definition: String? = closed) async throws
    -> CreateSchemaOutput
  {
    _ = try await fixture.service.createRegistry(
      CreateRegistryInput(registryName: "r", description: "d", tags: ["k": "v"]), fixture.context)
    return try await fixture.service.createSchema(
      CreateSchemaInput(
        registryId: RegistryId(registryName: "r"), schemaName: "s", dataFormat: .json, compatibility: compatibility,
        schemaDefinition: definition), fixture.context)
  }

  private func register(_ definition: String) async throws -> RegisterSchemaVersionOutput {
    try await fixture.service.registerSchemaVersion(
      RegisterSchemaVersionInput(schemaId: id, schemaDefinition: definition), fixture.context)
  }

  @Test func aSchemaBeginsWithItsFirstVersion() async throws {
    let made = try await create()
    #expect(made.schemaArn == "arn:aws:glue:us-east-1:000000000000:schema/r/s")
    #expect(made.latestSchemaVersion == 1)
    #expect(made.nextSchemaVersion == 2)
    #expect(made.schemaVersionStatus == .available)
    #expect(made.schemaStatus == .available)
    #expect(made.schemaCheckpoint == 1)
    let byARN = try await fixture.service.getSchema(
      GetSchemaInput(schemaId: SchemaId(schemaArn: made.schemaArn)), fixture.context)
    #expect(byARN.dataFormat == .json)
    #expect(byARN.createdTime == "2023-11-14T22:13:20.000Z")
    let version = try await fixture.service.getSchemaVersion(
      GetSchemaVersionInput(schemaVersionId: made.schemaVersionId), fixture.context)
    #expect(version.schemaDefinition == Self.closed)
    #expect(version.versionNumber == 1)
    let tags = try await fixture.service.getTags(
      GetTagsInput(resourceArn: "arn:aws:glue:us-east-1:000000000000:registry/r"), fixture.context)
    #expect(tags.tags == ["k": "v"])
  }

  @Test func anIncompatibleVersionIsKeptAsAFailure() async throws {
    _ = try await create()
    let refused = try await register(Self.changed)
    #expect(refused.status == .failure)
    #expect(refused.versionNumber == 2)
    let schema = try await fixture.service.getSchema(GetSchemaInput(schemaId: id), fixture.context)
    #expect(schema.latestSchemaVersion == 1)
    let accepted = try await register(Self.optional)
    #expect(accepted.status == .available)
    #expect(accepted.versionNumber == 3)
    let latest = try await fixture.service.getSchemaVersion(
      GetSchemaVersionInput(schemaId: id, schemaVersionNumber: SchemaVersionNumber(latestVersion: true)),
      fixture.context)
    #expect(latest.versionNumber == 3)
    let listed = try await fixture.service.listSchemaVersions(
      ListSchemaVersionsInput(schemaId: id), fixture.context)
    #expect(listed.schemas?.map(\.status) == [.available, .failure, .available])
  }

  @Test func theSameDefinitionIsTheSameVersion() async throws {
    let made = try await create()
    let again = try await register(Self.closed.replacing(",", with: " ,\n "))
    #expect(again.schemaVersionId == made.schemaVersionId)
    #expect(again.versionNumber == 1)
    let found = try await fixture.service.getSchemaByDefinition(
      GetSchemaByDefinitionInput(schemaId: id, schemaDefinition: Self.closed), fixture.context)
    #expect(found.schemaVersionId == made.schemaVersionId)
    #expect(
      await awsError {
        _ = try await fixture.service.getSchemaByDefinition(
          GetSchemaByDefinitionInput(schemaId: id, schemaDefinition: Self.optional), fixture.context)
      }?.code == "EntityNotFoundException")
  }

  @Test func concurrentVersionsGetNumbersOfTheirOwn() async throws {
    _ = try await create(.none)
    let numbers = try await withThrowingTaskGroup(of: Int64?.self) { group in
      for number in 0..<8 {
        group.addTask { try await register(#"{"minimum":\#(number)}"#).versionNumber }
      }
      return try await group.reduce(into: Set<Int64>()) { if let number = $1 { $0.insert(number) } }
    }
    #expect(numbers == Set(2...9))
  }

  @Test func errorsAreAWSs() async throws {
    _ = try await create(.disabled)
    let twice = await awsError {
      _ = try await fixture.service.createRegistry(CreateRegistryInput(registryName: "r"), fixture.context)
    }
    #expect(twice?.message == "Registry already exists. RegistryName: r")
    let disabled = await awsError { _ = try await register(Self.optional) }
    #expect(disabled?.code == "InvalidInputException")
    #expect(disabled?.message.hasPrefix("Compatibility DISABLED does not allow versioning.") == true)
    let malformed = await awsError { _ = try await register("{") }
    #expect(malformed?.message.hasPrefix("Schema definition of JSON data format is invalid: ") == true)
    let absent = await awsError {
      _ = try await fixture.service.getSchema(
        GetSchemaInput(schemaId: SchemaId(schemaName: "x", registryName: "r")), fixture.context)
    }
    #expect(absent?.message == "Schema is not found. RegistryName: r, SchemaName: x, SchemaArn: null")
    let both = await awsError {
      _ = try await fixture.service.getSchema(
        GetSchemaInput(schemaId: SchemaId(schemaArn: "arn:aws:glue:a:b:schema/r/s", schemaName: "s")), fixture.context)
    }
    #expect(both?.code == "InvalidInputException")
  }

  @Test func theDefaultRegistryIsMadeWhenNeeded() async throws {
    let made = try await fixture.service.createSchema(
      CreateSchemaInput(schemaName: "s", dataFormat: .avro, schemaDefinition: #""string""#), fixture.context)
    #expect(made.registryName == "default-registry")
    #expect(made.compatibility == .backward)
    let listed = try await fixture.service.listRegistries(ListRegistriesInput(), fixture.context)
    #expect(listed.registries?.map(\.registryName) == ["default-registry"])
  }

  @Test func theCheckpointFreesWhatWentBefore() async throws {
    _ = try await create(.none)
    _ = try await register(#"{"type":"string"}"#)
    _ = try await fixture.service.updateSchema(
      UpdateSchemaInput(
        schemaId: id, schemaVersionNumber: SchemaVersionNumber(versionNumber: 2), compatibility: .backwardAll),
      fixture.context)
    #expect(try await register(#"{"type":["string","null"]}"#).status == .available)
    #expect(try await register(#"{"type":"null"}"#).status == .failure)
    #expect(
      await awsError {
        _ = try await fixture.service.updateSchema(
          UpdateSchemaInput(schemaId: id, compatibility: .full), fixture.context)
      }?.code == "InvalidInputException")
  }

  @Test func versionsAreDeletedButTheFirst() async throws {
    _ = try await create(.none)
    for number in 0..<4 { _ = try await register(#"{"minimum":\#(number)}"#) }
    let errors = try await fixture.service.deleteSchemaVersions(
      DeleteSchemaVersionsInput(schemaId: id, versions: "1-3"), fixture.context
    ).schemaVersionErrors
    #expect(errors?.map(\.versionNumber) == [1])
    let listed = try await fixture.service.listSchemaVersions(ListSchemaVersionsInput(schemaId: id), fixture.context)
    #expect(listed.schemas?.map(\.versionNumber) == [1, 4, 5])
    #expect(try await register(#"{"minimum":9}"#).versionNumber == 6)
  }

  @Test func deletingARegistryTakesItsSchemas() async throws {
    let made = try await create()
    let answer = try await fixture.service.deleteSchema(DeleteSchemaInput(schemaId: id), fixture.context)
    #expect(answer.status == .deleting)
    #expect(
      await awsError {
        _ = try await fixture.service.getSchemaVersion(
          GetSchemaVersionInput(schemaVersionId: made.schemaVersionId), fixture.context)
      }?.code == "EntityNotFoundException")
    let registry = try await fixture.service.deleteRegistry(
      DeleteRegistryInput(registryId: RegistryId(registryName: "r")), fixture.context)
    #expect(registry.status == .deleting)
    #expect(
      try await fixture.service.listRegistries(ListRegistriesInput(), fixture.context).registries?.isEmpty == true)
  }

  @Test func metadataHasSeveralValuesAKey() async throws {
    let made = try await create()
    func put(_ key: String, _ value: String) async throws {
      _ = try await fixture.service.putSchemaVersionMetadata(
        PutSchemaVersionMetadataInput(
          schemaVersionId: made.schemaVersionId,
          metadataKeyValue: MetadataKeyValuePair(metadataKey: key, metadataValue: value)), fixture.context)
    }
    try await put("owner", "a")
    try await put("owner", "b")
    try await put("team", "x")
    #expect(await awsError { try await put("team", "x") }?.code == "AlreadyExistsException")
    let found = try await fixture.service.querySchemaVersionMetadata(
      QuerySchemaVersionMetadataInput(schemaVersionId: made.schemaVersionId), fixture.context)
    #expect(found.metadataInfoMap?["owner"]?.metadataValue == "b")
    #expect(found.metadataInfoMap?["owner"]?.otherMetadataValueList?.map(\.metadataValue) == ["a"])
    for number in 0..<7 { try await put("k", "v\(number)") }
    #expect(await awsError { try await put("k", "v7") }?.code == "ResourceNumberLimitExceededException")
  }

  @Test func theDifferenceIsAPatch() async throws {
    _ = try await create()
    _ = try await register(Self.optional)
    let diff = try await fixture.service.getSchemaVersionsDiff(
      GetSchemaVersionsDiffInput(
        schemaId: id, firstSchemaVersionNumber: SchemaVersionNumber(versionNumber: 1),
        secondSchemaVersionNumber: SchemaVersionNumber(latestVersion: true), schemaDiffType: .syntaxDiff),
      fixture.context
    ).diff
    #expect(diff == #"[{"op":"add","path":"/properties/b","value":{"type":"string"}}]"#)
  }

  @Test func aTableTakesItsColumnsFromASchema() async throws {
    _ = try await create(
      .none,
      #"{"type":"object","properties":{"n":{"type":"integer"},"o":{"type":"object","properties":{"x":{"type":"array","items":{"type":"string"}}}}}}"#
    )
    try await fixture.createDatabase("lake")
    let reference = SchemaReference(schemaId: id)
    try await fixture.createTable(
      TableInput(name: "t", storageDescriptor: StorageDescriptor(columns: [], schemaReference: reference)))
    let table = try await fixture.service.getTable(GetTableInput(databaseName: "lake", name: "t"), fixture.context)
      .table
    #expect(table?.storageDescriptor?.columns?.map(\.name) == ["n", "o"])
    #expect(table?.storageDescriptor?.columns?.map(\.type) == ["bigint", "struct<x:array<string>>"])
    #expect(table?.storageDescriptor?.schemaReference == reference)
    let absent = await awsError {
      try await fixture.createTable(
        TableInput(
          name: "u",
          storageDescriptor: StorageDescriptor(
            schemaReference: SchemaReference(schemaId: SchemaId(schemaName: "none", registryName: "r")))))
    }
    #expect(absent?.code == "EntityNotFoundException")
  }

  @Test func policiesHaveAHash() async throws {
    let policy = #"{"Version":"2012-10-17","Statement":[]}"#
    let hash = try await fixture.service.putResourcePolicy(
      PutResourcePolicyInput(policyInJson: policy), fixture.context
    ).policyHash
    let wrong = await awsError {
      _ = try await fixture.service.deleteResourcePolicy(
        DeleteResourcePolicyInput(policyHashCondition: "other"), fixture.context)
    }
    #expect(wrong?.code == "ConditionCheckFailureException")
    #expect(
      try await fixture.service.getResourcePolicy(GetResourcePolicyInput(), fixture.context).policyInJson == policy)
    _ = try await fixture.service.deleteResourcePolicy(
      DeleteResourcePolicyInput(policyHashCondition: hash), fixture.context)
    #expect(
      await awsError { _ = try await fixture.service.getResourcePolicy(GetResourcePolicyInput(), fixture.context) }?
        .code == "EntityNotFoundException")
  }
}
