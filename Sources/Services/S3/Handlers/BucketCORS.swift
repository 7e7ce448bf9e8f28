public import Kernel
public import S3Model

extension S3Service {
  public func getBucketCors(
    _ input: GetBucketCorsInput, _ context: RequestContext
  ) async throws -> GetBucketCorsOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:GetBucketCORS", bucket, context)
    guard let rules = bucket.record.cors else {
      throw S3Failure.notConfigured(
        "NoSuchCORSConfiguration", "The CORS configuration does not exist", input.bucket)
    }
    return GetBucketCorsOutput(
      corsRules: rules.map { rule in
        CORSRule(
          id: rule.id, allowedHeaders: rule.allowedHeaders, allowedMethods: rule.allowedMethods,
          allowedOrigins: rule.allowedOrigins, exposeHeaders: rule.exposeHeaders, maxAgeSeconds: rule.maxAgeSeconds)
      })
  }

  public func putBucketCors(
    _ input: PutBucketCorsInput, _ context: RequestContext
  ) async throws -> PutBucketCorsOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:PutBucketCORS", bucket, context)
    let given = input.corsConfiguration.corsRules
    guard (1...Limits.corsRulesMax).contains(given.count) else { throw S3Failure.malformedXML }
    let rules = try given.map(Self.rule)
    try await store.buckets.update(input.bucket) { $0.cors = rules }
    return PutBucketCorsOutput()
  }

  private static func rule(_ rule: CORSRule) throws -> CORSRuleRecord {
    guard !rule.allowedMethods.isEmpty, !rule.allowedOrigins.isEmpty else { throw S3Failure.malformedXML }
    for method in rule.allowedMethods where !["GET", "PUT", "HEAD", "POST", "DELETE"].contains(method) {
      throw S3Failure.invalidRequest("Found unsupported HTTP method in CORS config. Unsupported method is \(method)")
    }
    for origin in rule.allowedOrigins where origin.filter({ $0 == "*" }).count > 1 {
      throw S3Failure.invalidRequest("AllowedOrigin \"\(origin)\" can not have more than one wildcard.")
    }
    for header in rule.allowedHeaders ?? [] where header.filter({ $0 == "*" }).count > 1 {
      throw S3Failure.invalidRequest("AllowedHeader \"\(header)\" can not have more than one wildcard.")
    }
    for header in rule.exposeHeaders ?? [] where header.contains("*") {
      throw S3Failure.invalidRequest(
        "ExposeHeader \"\(header)\" contains wildcard. We currently do not support wildcard for ExposeHeader.")
    }
    if let id = rule.id, id.count > 255 { throw S3Failure.malformedXML }
    return CORSRuleRecord(
      id: rule.id, allowedOrigins: rule.allowedOrigins, allowedMethods: rule.allowedMethods,
      allowedHeaders: rule.allowedHeaders, exposeHeaders: rule.exposeHeaders, maxAgeSeconds: rule.maxAgeSeconds)
  }

  public func deleteBucketCors(
    _ input: DeleteBucketCorsInput, _ context: RequestContext
  ) async throws -> DeleteBucketCorsOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    try await authorize("s3:PutBucketCORS", bucket, context)
    try await store.buckets.update(input.bucket) { $0.cors = nil }
    return DeleteBucketCorsOutput()
  }
}
