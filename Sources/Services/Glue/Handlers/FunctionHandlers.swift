public import GlueModel
public import Kernel

extension GlueService {
  public func createUserDefinedFunction(
    _ input: CreateUserDefinedFunctionInput, _ context: RequestContext
  ) async throws -> CreateUserDefinedFunctionOutput {
    try check(catalog: input.catalogId, context)
    guard let name = input.functionInput.functionName else {
      throw CatalogError.invalidInput("FunctionName must be provided.")
    }
    try await catalog.createFunction(
      UserFunction(input.functionInput, name: name, database: input.databaseName), context: context)
    return CreateUserDefinedFunctionOutput()
  }

  public func getUserDefinedFunction(
    _ input: GetUserDefinedFunctionInput, _ context: RequestContext
  ) async throws -> GetUserDefinedFunctionOutput {
    try check(catalog: input.catalogId, context)
    let function = try await catalog.function(input.functionName, in: input.databaseName, context: context)
    return GetUserDefinedFunctionOutput(userDefinedFunction: function.shape(context))
  }

  public func getUserDefinedFunctions(
    _ input: GetUserDefinedFunctionsInput, _ context: RequestContext
  ) async throws -> GetUserDefinedFunctionsOutput {
    try check(catalog: input.catalogId, context)
    let token = try PageToken.read(input.nextToken, "GetUserDefinedFunctions")
    let after = token.flatMap { $0.count == 2 ? (database: $0[0], name: $0[1]) : nil }
    let count = input.maxResults ?? Limits.entriesPerPage
    let found = try await catalog.functions(
      matching: input.pattern, in: input.databaseName, kind: input.functionType?.rawValue, after: after,
      limit: count.saturatingAdd(1), context: context)
    let (page, next) = PageToken.cut(found, to: count, "GetUserDefinedFunctions") { [$0.database, $0.name] }
    return GetUserDefinedFunctionsOutput(userDefinedFunctions: page.map { $0.shape(context) }, nextToken: next)
  }

  public func updateUserDefinedFunction(
    _ input: UpdateUserDefinedFunctionInput, _ context: RequestContext
  ) async throws -> UpdateUserDefinedFunctionOutput {
    try check(catalog: input.catalogId, context)
    try await catalog.updateFunction(
      input.functionName,
      to: UserFunction(input.functionInput, name: input.functionName, database: input.databaseName), context: context)
    return UpdateUserDefinedFunctionOutput()
  }

  public func deleteUserDefinedFunction(
    _ input: DeleteUserDefinedFunctionInput, _ context: RequestContext
  ) async throws -> DeleteUserDefinedFunctionOutput {
    try check(catalog: input.catalogId, context)
    try await catalog.deleteFunction(input.functionName, in: input.databaseName, context: context)
    return DeleteUserDefinedFunctionOutput()
  }
}

extension UserFunction {
  fileprivate init(_ shape: UserDefinedFunctionInput, name: String, database: String) {
    self.init(
      name: name, className: shape.className, owner: shape.ownerName, ownerKind: shape.ownerType?.rawValue,
      kind: shape.functionType?.rawValue,
      resources: (shape.resourceUris ?? []).map { Resource(kind: $0.resourceType?.rawValue, uri: $0.uri) },
      database: database, createTime: Timestamp(nanoseconds: 0))
  }

  fileprivate func shape(_ context: RequestContext) -> UserDefinedFunction {
    UserDefinedFunction(
      functionName: name, databaseName: database, className: className, ownerName: owner,
      functionType: kind.map(FunctionType.init(rawValue:)), ownerType: ownerKind.map(PrincipalType.init(rawValue:)),
      createTime: createTime,
      resourceUris: resources.map {
        ResourceUri(resourceType: $0.kind.map(ResourceType.init(rawValue:)), uri: $0.uri)
      },
      catalogId: context.account.digits)
  }
}
