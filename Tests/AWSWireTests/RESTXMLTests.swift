import AWSWire
import Kernel
import NIOCore
import S3Model
import Testing

/// The way of requests through S3's router.
@Suite struct RESTXMLTests {
  /// Notes what it was asked and answers the simplest thing.
  final class Recorder: S3API {
    let seen = Locked<[String]>([])
    func note(_ text: String) { seen.withLock { $0.append(text) } }

    func putObject(_ input: PutObjectInput, _ context: RequestContext) async throws -> PutObjectOutput {
      let body = String(buffer: try await input.body?.collect(upTo: 1 << 20) ?? ByteBuffer())
      note(
        "\(input.bucket)|\(input.key)|\(body)|\(input.metadata?.sorted { $0.key < $1.key } ?? [])"
          + "|\(input.contentType ?? "")"
      )
      return PutObjectOutput(eTag: "\"abc\"", versionId: "v1")
    }
    func getObject(_ input: GetObjectInput, _ context: RequestContext) async throws -> GetObjectOutput {
      note("\(input.key)|\(input.range ?? "")|\(input.ifModifiedSince?.seconds ?? -1)|\(input.partNumber ?? -1)")
      return GetObjectOutput(
        body: ByteStream(ByteBuffer(string: "hel")), lastModified: Timestamp(seconds: 1_714_566_600),
        contentLength: 3, contentRange: input.range == nil ? nil : "bytes 0-2/5", metadata: ["a": "1", "b": "2"])
    }
    func listBuckets(_ input: ListBucketsInput, _ context: RequestContext) async throws -> ListBucketsOutput {
      ListBucketsOutput(
        buckets: [Bucket(name: "b", creationDate: Timestamp(seconds: 1_714_566_600))],
        owner: Owner(displayName: "a<&>", id: "1"))
    }
    func listObjectsV2(_ input: ListObjectsV2Input, _ context: RequestContext) async throws -> ListObjectsV2Output {
      note("v2|\(input.prefix ?? "")|\(input.maxKeys ?? -1)")
      return ListObjectsV2Output(
        isTruncated: false, contents: [ObjectSummary(key: "k\r1", size: 5), ObjectSummary(key: "k 2", size: 6)],
        name: "b",
        keyCount: 2)
    }
    func listObjects(_ input: ListObjectsInput, _ context: RequestContext) async throws -> ListObjectsOutput {
      note("v1")
      return ListObjectsOutput(name: input.prefix)
    }
    func deleteObjects(_ input: DeleteObjectsInput, _ context: RequestContext) async throws -> DeleteObjectsOutput {
      note("\(input.delete.objects.map { "\($0.key)@\($0.versionId ?? "")" })|\(input.delete.quiet ?? false)")
      return DeleteObjectsOutput(
        deleted: [DeletedObject(key: "a")], errors: [DeleteError(key: "b", code: "AccessDenied", message: "no")])
    }
    func completeMultipartUpload(_ input: CompleteMultipartUploadInput, _ context: RequestContext) async throws
      -> CompleteMultipartUploadOutput
    {
      note("\(input.multipartUpload?.parts?.map { "\($0.partNumber ?? 0):\($0.eTag ?? "")" } ?? [])|\(input.uploadId)")
      return CompleteMultipartUploadOutput(location: "l", bucket: "b", key: "k", eTag: "e")
    }
    func putBucketTagging(_ input: PutBucketTaggingInput, _ context: RequestContext) async throws
      -> PutBucketTaggingOutput
    {
      note("\(input.tagging.tagSet.map { "\($0.key)=\($0.value)" })")
      return PutBucketTaggingOutput()
    }
    func getBucketLocation(_ input: GetBucketLocationInput, _ context: RequestContext) async throws
      -> GetBucketLocationOutput
    {
      GetBucketLocationOutput(locationConstraint: input.bucket == "home" ? nil : "eu-west-1")
    }
    func getBucketAcl(_ input: GetBucketAclInput, _ context: RequestContext) async throws -> GetBucketAclOutput {
      GetBucketAclOutput(
        owner: Owner(id: "1"),
        grants: [Grant(grantee: Grantee(id: "1", type: .canonicalUser), permission: .fullControl)])
    }
    func putBucketAcl(_ input: PutBucketAclInput, _ context: RequestContext) async throws -> PutBucketAclOutput {
      note("\(input.accessControlPolicy?.grants?.first?.grantee?.type.rawValue ?? "none")")
      return PutBucketAclOutput()
    }
    func getBucketPolicy(_ input: GetBucketPolicyInput, _ context: RequestContext) async throws -> GetBucketPolicyOutput
    {
      GetBucketPolicyOutput(policy: "{\"Version\":\"2012-10-17\"}")
    }
    func putBucketPolicy(_ input: PutBucketPolicyInput, _ context: RequestContext) async throws -> PutBucketPolicyOutput
    {
      note(input.policy)
      return PutBucketPolicyOutput()
    }
    func getObjectAttributes(_ input: GetObjectAttributesInput, _ context: RequestContext) async throws
      -> GetObjectAttributesOutput
    {
      note("\(input.objectAttributes.map(\.rawValue))")
      return GetObjectAttributesOutput(objectSize: 5)
    }
    func headObject(_ input: HeadObjectInput, _ context: RequestContext) async throws -> HeadObjectOutput {
      throw S3Error.noSuchKey("The specified key does not exist.", details: [.init("Key", input.key)])
    }
    func deleteObject(_ input: DeleteObjectInput, _ context: RequestContext) async throws -> DeleteObjectOutput {
      throw S3Error.noSuchBucket("The specified bucket does not exist", details: [.init("BucketName", input.bucket)])
    }
    func copyObject(_ input: CopyObjectInput, _ context: RequestContext) async throws -> CopyObjectOutput {
      note("copy \(input.copySource)")
      return CopyObjectOutput(
        copyObjectResult: CopyObjectResult(eTag: "\"e\"", lastModified: Timestamp(seconds: 1_714_566_600)))
    }
    func uploadPart(_ input: UploadPartInput, _ context: RequestContext) async throws -> UploadPartOutput {
      note("part \(input.partNumber) of \(input.uploadId)")
      return UploadPartOutput()
    }
    func uploadPartCopy(_ input: UploadPartCopyInput, _ context: RequestContext) async throws -> UploadPartCopyOutput {
      note("part copy \(input.copySource)")
      return UploadPartCopyOutput()
    }
    func listParts(_ input: ListPartsInput, _ context: RequestContext) async throws -> ListPartsOutput {
      note("parts")
      return ListPartsOutput()
    }
    func putBucketLifecycleConfiguration(_ input: PutBucketLifecycleConfigurationInput, _ context: RequestContext)
      async throws -> PutBucketLifecycleConfigurationOutput
    {
      let rule = input.lifecycleConfiguration?.rules.first
      note(
        "\(rule?.id ?? "")|\(rule?.filter?.prefix ?? "nil")|\(rule?.expiration?.days ?? -1)"
          + "|\(rule?.transitions?.count ?? -1)"
      )
      return PutBucketLifecycleConfigurationOutput()
    }
  }

  func ask(
    _ method: String, _ path: String, query: String = "", headers: [(String, String)] = [], body: String = ""
  ) async throws -> (response: WireResponse, text: String, seen: [String]) {
    let recorder = Recorder()
    let response = await S3Router(recorder).respond(
      to: Fixtures.request(method, path, query: query, headers: headers, body: body), context: Fixtures.context)
    return (response, try await response.text(), recorder.seen.withLock { $0 })
  }

  static let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
  static let namespace = "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

  @Test func `an object's parts come from path, headers and body`() async throws {
    let (response, text, seen) = try await ask(
      "PUT", "/bucket/a%20b//c+d%2Fe/%E2%82%AC", query: "x-id=PutObject",
      headers: [
        ("x-amz-meta-One", "1"), ("X-Amz-Meta-two", "2"), ("x-amz-meta-two", "3"), ("Content-Type", "text/plain"),
      ],
      body: "hello")
    #expect(seen == [#"bucket|a b//c+d/e/€|hello|[(key: "one", value: "1"), (key: "two", value: "2,3")]|text/plain"#])
    #expect(response.status == 200)
    #expect(text.isEmpty)
    #expect(response.headers["etag"] == "\"abc\"")
    #expect(response.headers["x-amz-version-id"] == "v1")
    #expect(response.headers["x-amz-request-id"] == Fixtures.context.requestID)
    #expect(response.headers["x-amz-id-2"] != nil)
  }

  @Test func `an object goes out with its headers`() async throws {
    let (response, text, seen) = try await ask(
      "GET", "/bucket/key", query: "partNumber=2", headers: [("If-Modified-Since", "Wed, 01 May 2024 12:30:00 GMT")])
    #expect(seen == ["key||1714566600|2"])
    #expect((response.status, text) == (200, "hel"))
    #expect(response.headers["last-modified"] == "Wed, 01 May 2024 12:30:00 GMT")
    #expect(response.headers["x-amz-meta-a"] == "1")
    #expect(response.headers["x-amz-meta-b"] == "2")
    #expect(response.headers["content-length"] == "3")
    #expect(try await ask("GET", "/bucket/key", headers: [("Range", "bytes=0-2")]).response.status == 206)
  }

  @Test func `a date that is none is passed over`() async throws {
    #expect(try await ask("GET", "/b/k", headers: [("If-Modified-Since", "yesterday")]).seen == ["k||-1|-1"])
  }

  @Test func `a number that is none is an invalid argument`() async throws {
    let (response, text, seen) = try await ask("GET", "/b", query: "list-type=2&max-keys=many")
    #expect(response.status == 400)
    #expect(text.contains("<Code>InvalidArgument</Code>"))
    #expect(text.contains("<ArgumentName>max-keys</ArgumentName><ArgumentValue>many</ArgumentValue>"))
    #expect(seen.isEmpty)
  }

  @Test func `lists are written as S3 writes them`() async throws {
    #expect(
      try await ask("GET", "/").text
        == "\(Self.declaration)<ListAllMyBucketsResult \(Self.namespace)><Buckets><Bucket><Name>b</Name>"
        + "<CreationDate>2024-05-01T12:30:00.000Z</CreationDate></Bucket></Buckets>"
        + "<Owner><DisplayName>a&lt;&amp;&gt;</DisplayName><ID>1</ID></Owner></ListAllMyBucketsResult>")
    let (_, text, seen) = try await ask("GET", "/b/", query: "list-type=2&prefix=a%2Fb+c&max-keys=7")
    #expect(seen == ["v2|a/b c|7"])
    #expect(
      text
        == "\(Self.declaration)<ListBucketResult \(Self.namespace)><IsTruncated>false</IsTruncated>"
        + "<Contents><Key>k&#xd;1</Key><Size>5</Size></Contents><Contents><Key>k 2</Key><Size>6</Size></Contents>"
        + "<Name>b</Name><KeyCount>2</KeyCount></ListBucketResult>")
  }

  @Test func `what XML does not have is answered as the replacement character`() async throws {
    let (_, text, _) = try await ask("GET", "/b/", query: "prefix=a%00b%01%1F%7F%09%EF%BF%BE%EF%BF%BFc%0D%C3%A9")
    #expect(
      text
        == "\(Self.declaration)<ListBucketResult \(Self.namespace)>"
        + "<Name>a\u{FFFD}b\u{FFFD}\u{FFFD}\u{7F}\t\u{FFFD}\u{FFFD}c&#xd;é</Name></ListBucketResult>")
  }

  @Test func `documents are read`() async throws {
    #expect(
      try await ask(
        "POST", "/b", query: "delete",
        body:
          "<?xml version='1.0'?><!-- c --><Delete "
          + "xmlns='http://s3.amazonaws.com/doc/2006-03-01/'><Object><Key>a&amp;&#x41;&#66;</Key>"
          + "<VersionId>v</VersionId></Object><Quiet>true</Quiet><Object><Key><![CDATA[<b>]]></Key></Object></Delete>"
      ).seen == [#"["a&AB@v", "<b>@"]|true"#])
    #expect(
      try await ask(
        "POST", "/b/k", query: "uploadId=u",
        body: "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>&quot;x&quot;</ETag></Part>"
          + "<Part><ETag>y</ETag><PartNumber> 2 </PartNumber></Part></CompleteMultipartUpload>"
      ).seen == [#"["1:\"x\"", "2:y"]|u"#])
    #expect(
      try await ask(
        "PUT", "/b", query: "tagging",
        body:
          "<Tagging><TagSet><Tag><Key>k</Key><Value></Value></Tag><Tag><Key>l</Key><Value>2</Value></Tag></TagSet></Tagging>"
      ).seen == [#"["k=", "l=2"]"#])
    #expect(
      try await ask(
        "PUT", "/b", query: "lifecycle",
        body: "<LifecycleConfiguration><Rule><ID>r</ID><Filter><Prefix/></Filter><Status>Enabled</Status>"
          + "<Expiration><Days>3</Days></Expiration><Transition><Days>1</Days></Transition><Transition><Days>2</Days></Transition>"
          + "</Rule></LifecycleConfiguration>"
      ).seen == ["r||3|2"])
  }

  @Test func `answers of a special form`() async throws {
    #expect(
      try await ask("GET", "/b", query: "location").text
        == "\(Self.declaration)<LocationConstraint \(Self.namespace)>eu-west-1</LocationConstraint>")
    #expect(
      try await ask("GET", "/home", query: "location").text
        == "\(Self.declaration)<LocationConstraint \(Self.namespace)></LocationConstraint>")
    #expect(
      try await ask("GET", "/b", query: "acl").text.contains(
        "<Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
          + "xsi:type=\"CanonicalUser\"><ID>1</ID></Grantee>"
      ))
    let (policy, text, _) = try await ask("GET", "/b", query: "policy")
    #expect(text == "{\"Version\":\"2012-10-17\"}")
    #expect(policy.headers["content-type"] == "application/json")
    #expect(try await ask("PUT", "/b", query: "policy", body: "{ }").seen == ["{ }"])
    #expect(
      try await ask("PUT", "/b/k", headers: [("x-amz-copy-source", "/a/b")]).text
        == "\(Self.declaration)<CopyObjectResult \(Self.namespace)><ETag>&quot;e&quot;</ETag>"
        + "<LastModified>2024-05-01T12:30:00.000Z</LastModified></CopyObjectResult>")
    #expect(
      try await ask(
        "PUT", "/b", query: "acl",
        body:
          "<AccessControlPolicy><AccessControlList><Grant><Grantee "
          + "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
          + "xsi:type=\"Group\"><URI>u</URI></Grantee></Grant></AccessControlList></AccessControlPolicy>"
      ).seen == ["Group"])
  }

  @Test(arguments: [
    ("PUT", "/b/k", "partNumber=1&uploadId=u", "", "part 1 of u"),
    ("PUT", "/b/k", "partNumber=1&uploadId=u", "/a/b", "part copy /a/b"),
    ("PUT", "/b/k", "", "/a/b", "copy /a/b"),
    ("GET", "/b/k", "uploadId=u", "", "parts"),
    ("GET", "/b", "", "", "v1"),
    ("GET", "/b", "list-type=2", "", "v2||-1"),
  ]) func `operations of one path are told apart`(
    method: String, path: String, query: String, source: String, seen: String
  ) async throws {
    let headers = source.isEmpty ? [] : [("x-amz-copy-source", source)]
    #expect(try await ask(method, path, query: query, headers: headers).seen == [seen])
  }

  @Test func `lists in headers`() async throws {
    #expect(
      try await ask(
        "GET", "/b/k", query: "attributes",
        headers: [("x-amz-object-attributes", "ETag, ObjectSize"), ("x-amz-object-attributes", "Checksum")]
      )
      .seen == [#"["ETag", "ObjectSize", "Checksum"]"#])
  }

  @Test func `errors in S3's form`() async throws {
    let (response, text, _) = try await ask("DELETE", "/nowhere/k")
    #expect(response.status == 404)
    #expect(response.headers["content-type"] == "application/xml")
    #expect(
      text.hasPrefix(
        "\(Self.declaration)<Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist</Message>"
          + "<BucketName>nowhere</BucketName><RequestId>\(Fixtures.context.requestID)</RequestId><HostId>"))
    let (head, body, _) = try await ask("HEAD", "/b/k")
    #expect((head.status, body) == (404, ""))
  }

  @Test func `what is known and missing is named`() async throws {
    for (method, path, query, name) in [
      ("POST", "/b/k", "select&select-type=2", "SelectObjectContent"), ("GET", "/b", "session", "CreateSession"),
      ("PUT", "/b", "versioning", "PutBucketVersioning"),
    ] {
      let (response, text, _) = try await ask(
        method, path, query: query,
        body: name == "PutBucketVersioning"
          ? "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>" : "")
      #expect(response.status == 501)
      #expect(text.contains("S3 \(name)"))
    }
    #expect(try await ask("PATCH", "/b/k").response.status == 405)
    #expect(try await ask("POST", "/").response.status == 405)
  }

  @Test(arguments: [
    "<", "<Delete", "<Delete>", "<Delete></Other>", "</Delete>", "<Delete/><Delete/>", "text",
    "<Delete>&nbsp;</Delete>",
    "<!DOCTYPE a [<!ENTITY x \"y\">]><Delete>&x;</Delete>", "<Delete>&#0;</Delete>", "<Delete>&#x110000;</Delete>",
    "<Delete a></Delete>", "<Delete a=b></Delete>", "<Delete a=\"b></Delete>", "<Delete><Object></Delete></Object>",
    "<Delete><![CDATA[</Delete>", "<Delete><!-- </Delete>", "<?xml", "<Delete><Quiet>maybe</Quiet></Delete>",
    "<Delete></Delete>",
    "<Delete>\u{0}</Delete", "<>", "< Delete/>", "<Delete =\"1\"/>",
  ]) func `broken documents are refused and do no harm`(body: String) async throws {
    let (response, text, seen) = try await ask("POST", "/b", query: "delete", body: body)
    #expect(response.status == 400)
    #expect(text.contains("<Code>MalformedXML</Code>"))
    #expect(seen.isEmpty)
  }

  @Test func `every beginning of a document is refused and does no harm`() async throws {
    let whole =
      "<?xml version=\"1.0\"?><Delete a=\"b\"><Object><Key>a&amp;b</Key></Object><!-- x --><Quiet>true</Quiet></Delete>"
    for length in 0..<whole.utf8.count {
      #expect(try await ask("POST", "/b", query: "delete", body: String(whole.prefix(length))).response.status == 400)
    }
  }

  @Test func `ten megabytes of elements are refused`() async throws {
    let deep = String(repeating: "<a>", count: (10 << 20) / 3)
    #expect(try await ask("POST", "/b", query: "delete", body: deep).response.status == 400)
    let wide = "<Delete>" + String(repeating: "<a/>", count: WireLimits.xmlNodesMax) + "</Delete>"
    #expect(try await ask("POST", "/b", query: "delete", body: wide).response.status == 400)
  }

  @Test(arguments: ["/%", "/%zz/%", "//", "///", "/b/%ff%fe", "/%00/%00", "/b/" + String(repeating: "/", count: 2000)])
  func `odd paths do no harm`(path: String) async throws {
    #expect(try await ask("GET", path, query: "%&=&&a=%zz&list-type=2").response.status < 600)
  }
}
