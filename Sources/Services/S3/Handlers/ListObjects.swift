import AWSWire
public import Kernel
import NIOCore
public import S3Model

extension S3Service {
  public func listObjects(_ input: ListObjectsInput, _ context: RequestContext) async throws -> ListObjectsOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    let (limit, encode) = try Self.listing(input.maxKeys, input.encodingType?.rawValue)
    let (prefix, delimiter) = (input.prefix ?? "", input.delimiter ?? "")
    try await authorizeList(bucket, prefix, delimiter, input.maxKeys, context)
    let page = try await store.listObjects(
      bucket, prefix: prefix, delimiter: delimiter, after: input.marker, limit: limit)
    let owner = Self.owner(bucket.record.owner)
    return ListObjectsOutput(
      isTruncated: page.more, marker: encode(input.marker ?? ""),
      // Without a delimiter the last key is the marker, and AWS leaves it to the client to see that.
      nextMarker: page.more && !delimiter.isEmpty ? page.last.map(encode) : nil,
      contents: page.objects.isEmpty ? nil : page.objects.map { Self.summary($0.key, $0.record, owner, encode) },
      name: bucket.name, prefix: encode(prefix), delimiter: delimiter.isEmpty ? nil : encode(delimiter),
      maxKeys: input.maxKeys ?? Limits.listPageMax, commonPrefixes: Self.prefixes(page.prefixes, encode),
      encodingType: input.encodingType)
  }

  public func listObjectsV2(
    _ input: ListObjectsV2Input, _ context: RequestContext
  ) async throws -> ListObjectsV2Output {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    let (limit, encode) = try Self.listing(input.maxKeys, input.encodingType?.rawValue)
    let (prefix, delimiter) = (input.prefix ?? "", input.delimiter ?? "")
    try await authorizeList(bucket, prefix, delimiter, input.maxKeys, context)
    var marker = input.startAfter
    if let token = input.continuationToken {
      guard let bytes = Base64.decode(token), bytes.readableBytes > 0,
        let text = String(validating: bytes.readableBytesView, as: UTF8.self)
      else {
        throw S3Failure.invalidArgument("The continuation token provided is incorrect", "continuation-token", token)
      }
      marker = text
    }
    let page = try await store.listObjects(bucket, prefix: prefix, delimiter: delimiter, after: marker, limit: limit)
    let owner = input.fetchOwner == true ? Self.owner(bucket.record.owner) : nil
    return ListObjectsV2Output(
      isTruncated: page.more,
      contents: page.objects.isEmpty ? nil : page.objects.map { Self.summary($0.key, $0.record, owner, encode) },
      name: bucket.name, prefix: encode(prefix), delimiter: delimiter.isEmpty ? nil : encode(delimiter),
      maxKeys: input.maxKeys ?? Limits.listPageMax, commonPrefixes: Self.prefixes(page.prefixes, encode),
      encodingType: input.encodingType, keyCount: page.objects.count + page.prefixes.count,
      continuationToken: input.continuationToken,
      nextContinuationToken: page.more ? page.last.map { Base64.encode($0.utf8) } : nil,
      startAfter: input.startAfter.map(encode))
  }

  public func listObjectVersions(
    _ input: ListObjectVersionsInput, _ context: RequestContext
  ) async throws -> ListObjectVersionsOutput {
    let bucket = try await bucket(input.bucket, expectedOwner: input.expectedBucketOwner)
    let (limit, encode) = try Self.listing(input.maxKeys, input.encodingType?.rawValue)
    let (prefix, delimiter) = (input.prefix ?? "", input.delimiter ?? "")
    try await authorizeList(bucket, prefix, delimiter, input.maxKeys, context, action: "s3:ListBucketVersions")
    var versionMarker: VersionSelector?
    if let text = input.versionIdMarker, !text.isEmpty {
      guard input.keyMarker?.isEmpty == false else {
        throw S3Failure.invalidArgument(
          "A version-id marker cannot be specified without a key marker.", "version-id-marker", text)
      }
      versionMarker = try Self.selector(text)
    }
    let page = try await store.listVersions(
      bucket, prefix: prefix, delimiter: delimiter, keyMarker: input.keyMarker, versionMarker: versionMarker,
      limit: limit)
    let owner = Self.owner(bucket.record.owner)
    var versions: [ObjectVersion] = []
    var markers: [DeleteMarkerEntry] = []
    for entry in page.entries {
      let record = entry.record
      if record.isDeleteMarker {
        markers.append(
          DeleteMarkerEntry(
            owner: owner, key: encode(entry.key), versionId: record.versionText, isLatest: entry.isLatest,
            lastModified: record.lastModified))
      } else {
        versions.append(
          ObjectVersion(
            eTag: record.etag.quoted,
            checksumAlgorithm: record.checksum.map { [.init(rawValue: $0.algorithm.name)] },
            checksumType: record.checksum.map { .init(rawValue: $0.type.name) }, size: Int64(clamping: record.size),
            storageClass: .init(rawValue: Self.storageClass(record)), key: encode(entry.key),
            versionId: record.versionText, isLatest: entry.isLatest, lastModified: record.lastModified, owner: owner))
      }
    }
    return ListObjectVersionsOutput(
      isTruncated: page.more, keyMarker: encode(input.keyMarker ?? ""), versionIdMarker: input.versionIdMarker ?? "",
      nextKeyMarker: page.more ? page.lastKey.map(encode) : nil,
      nextVersionIdMarker: page.more ? page.lastVersionText : nil, versions: versions.isEmpty ? nil : versions,
      deleteMarkers: markers.isEmpty ? nil : markers, name: bucket.name, prefix: encode(prefix),
      delimiter: delimiter.isEmpty ? nil : encode(delimiter), maxKeys: input.maxKeys ?? Limits.listPageMax,
      commonPrefixes: Self.prefixes(page.prefixes, encode), encodingType: input.encodingType)
  }

  func authorizeList(
    _ bucket: Bucket, _ prefix: String, _ delimiter: String, _ maxKeys: Int?, _ context: RequestContext,
    action: String = "s3:ListBucket"
  ) async throws {
    try await authorize(
      action, bucket, context,
      conditions: {
        var keys = ["s3:prefix": [prefix], "s3:max-keys": ["\(maxKeys ?? Limits.listPageMax)"]]
        if !delimiter.isEmpty { keys["s3:delimiter"] = [delimiter] }
        return keys
      }())
  }

  /// A page's size, and how it writes keys.
  /// - Throws: `InvalidArgument`.
  static func listing(
    _ maxKeys: Int?, _ encodingType: String?, name: String = "max-keys"
  ) throws -> (limit: Int, encode: (String) -> String) {
    if let maxKeys, maxKeys < 0 || maxKeys > Int32.max {
      throw S3Failure.invalidArgument(
        "Argument \(name) must be an integer between 0 and 2147483647", name, "\(maxKeys)")
    }
    let limit = min(maxKeys ?? Limits.listPageMax, Limits.listPageMax)
    guard let encodingType else { return (limit, { $0 }) }
    guard encodingType == "url" else {
      throw S3Failure.invalidArgument("Invalid Encoding Method specified in Request", "encoding-type", encodingType)
    }
    return (limit, URLText.encodeKey)
  }

  static func prefixes(_ prefixes: [String], _ encode: (String) -> String) -> [CommonPrefix]? {
    prefixes.isEmpty ? nil : prefixes.map { CommonPrefix(prefix: encode($0)) }
  }

  static func storageClass(_ record: ObjectRecord) -> String {
    record.attributes.storageClass.isEmpty ? "STANDARD" : record.attributes.storageClass
  }

  private static func summary(
    _ key: String, _ record: ObjectRecord, _ owner: Owner?, _ encode: (String) -> String
  ) -> ObjectSummary {
    ObjectSummary(
      key: encode(key), lastModified: record.lastModified, eTag: record.etag.quoted,
      checksumAlgorithm: record.checksum.map { [.init(rawValue: $0.algorithm.name)] },
      checksumType: record.checksum.map { .init(rawValue: $0.type.name) }, size: Int64(clamping: record.size),
      storageClass: .init(rawValue: storageClass(record)), owner: owner)
  }
}
