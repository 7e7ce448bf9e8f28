import Kernel
import Logs
import LogsModel
import StorageTesting
import Testing

/// Groups, streams, tags, policies.
@Suite struct GroupTests {
  @Test func `groups are made once, listed by name, and go with all they hold`() async throws {
    let house = try await House()
    for name in ["/b", "/a", "/c/x"] { try await house.makeGroup(name) }
    let taken = await failure { try await house.makeGroup("/a") }
    #expect(taken.code == "ResourceAlreadyExistsException" && taken.message == "The specified log group already exists")
    let first = try await house.service.describeLogGroups(DescribeLogGroupsInput(limit: 2), house.context)
    #expect(first.logGroups?.map(\.logGroupName) == ["/a", "/b"])
    let second = try await house.service.describeLogGroups(
      DescribeLogGroupsInput(nextToken: first.nextToken, limit: 2), house.context)
    #expect(second.logGroups?.map(\.logGroupName) == ["/c/x"] && second.nextToken == nil)
    #expect(first.logGroups?.first?.arn == "arn:aws:logs:us-east-1:000000000000:log-group:/a:*")
    #expect(first.logGroups?.first?.logGroupArn == "arn:aws:logs:us-east-1:000000000000:log-group:/a")
    let found = try await house.service.describeLogGroups(
      DescribeLogGroupsInput(logGroupNamePattern: "c/"), house.context)
    #expect(found.logGroups?.map(\.logGroupName) == ["/c/x"])
    let listed = try await house.service.listLogGroups(
      ListLogGroupsInput(logGroupNamePattern: "^/a|c/x"), house.context)
    #expect(listed.logGroups?.map(\.logGroupName) == ["/a", "/c/x"])

    try await house.put([(house.now, "x")], of: "/a")
    _ = try await house.service.deleteLogGroup(DeleteLogGroupInput(logGroupName: "/a"), house.context)
    #expect(await failure { try await house.search(group: "/a") }.code == "ResourceNotFoundException")
    try await house.makeGroup("/a")
    #expect(try await house.search(group: "/a").isEmpty)
    #expect(try await house.logs.logs(prefix: "logs/").count == 3)
    let again = try await House(after: house)
    #expect(try await again.search(group: "/a").isEmpty)
  }

  @Test func `a protected group stays`() async throws {
    let house = try await House()
    _ = try await house.service.createLogGroup(
      CreateLogGroupInput(logGroupName: "g", deletionProtectionEnabled: true), house.context)
    func delete() async throws -> DeleteLogGroupOutput {
      try await house.service.deleteLogGroup(DeleteLogGroupInput(logGroupName: "g"), house.context)
    }
    #expect(await failure { try await delete() }.code == "ValidationException")
    _ = try await house.service.putLogGroupDeletionProtection(
      PutLogGroupDeletionProtectionInput(logGroupIdentifier: "g", deletionProtectionEnabled: false), house.context)
    _ = try await delete()
    #expect(await failure { try await delete() }.code == "ResourceNotFoundException")
  }

  @Test func `streams by name and by their last event`() async throws {
    let house = try await House()
    try await house.makeGroup(streams: ["a", "b", "c"])
    try await house.put([(house.now - 100, "1")], to: "c")
    try await house.put([(house.now - 50, "2")], to: "a")
    func names(_ input: DescribeLogStreamsInput) async throws -> [String?] {
      try await house.service.describeLogStreams(input, house.context).logStreams?.map(\.logStreamName) ?? []
    }
    #expect(try await names(DescribeLogStreamsInput(logGroupName: "g")) == ["a", "b", "c"])
    #expect(try await names(DescribeLogStreamsInput(logGroupName: "g", descending: true)) == ["c", "b", "a"])
    #expect(try await names(DescribeLogStreamsInput(logGroupName: "g", logStreamNamePrefix: "b")) == ["b"])
    let recent = DescribeLogStreamsInput(logGroupName: "g", orderBy: .lastEventTime, descending: true, limit: 2)
    let page = try await house.service.describeLogStreams(recent, house.context)
    #expect(page.logStreams?.map(\.logStreamName) == ["b", "a"], "a stream without events counts by its making")
    var next = recent
    next.nextToken = page.nextToken
    #expect(try await names(next) == ["c"])
    let both = DescribeLogStreamsInput(logGroupName: "g", logStreamNamePrefix: "a", orderBy: .lastEventTime)
    #expect(await failure { try await names(both) }.code == "InvalidParameterException")

    let taken = await failure {
      try await house.service.createLogStream(
        CreateLogStreamInput(logGroupName: "g", logStreamName: "a"), house.context)
    }
    #expect(taken.code == "ResourceAlreadyExistsException")
    _ = try await house.service.deleteLogStream(
      DeleteLogStreamInput(logGroupName: "g", logStreamName: "a"), house.context)
    #expect(try await house.search() == ["1"])
    _ = try await house.service.createLogStream(
      CreateLogStreamInput(logGroupName: "g", logStreamName: "a"), house.context)
    #expect(try await house.get(stream: "a").events?.isEmpty == true)
  }

  @Test func `settings, and what is refused`() async throws {
    let house = try await House()
    try await house.makeGroup()
    func retain(_ days: Int) async throws -> PutRetentionPolicyOutput {
      try await house.service.putRetentionPolicy(
        PutRetentionPolicyInput(logGroupName: "g", retentionInDays: days), house.context)
    }
    #expect(await failure { try await retain(2) }.code == "InvalidParameterException")
    _ = try await retain(3653)
    let groups = try await house.service.describeLogGroups(DescribeLogGroupsInput(), house.context).logGroups
    #expect(groups?.first?.retentionInDays == 3653)
    let arn = "arn:aws:logs:us-east-1:000000000000:log-group:g"
    _ = try await house.service.tagResource(
      TagResourceInput(resourceArn: arn, tags: ["a": "1", "b": "2"]), house.context)
    _ = try await house.service.untagResource(UntagResourceInput(resourceArn: arn, tagKeys: ["a"]), house.context)
    let tags = try await house.service.listTagsForResource(
      ListTagsForResourceInput(resourceArn: arn + ":*"), house.context
    ).tags
    #expect(tags == ["b": "2"])
    let many = Dictionary(uniqueKeysWithValues: (0..<50).map { ("k\($0)", "v") })
    #expect(
      await failure {
        try await house.service.tagResource(TagResourceInput(resourceArn: arn, tags: many), house.context)
      }.code == "TooManyTagsException")
    let key = await failure {
      try await house.service.createLogGroup(CreateLogGroupInput(logGroupName: "k", kmsKeyId: "x"), house.context)
    }
    #expect(key.code == "NotImplemented")
  }

  @Test func `rights are asked for`() async throws {
    let house = try await House()
    try await house.makeGroup()
    var context = house.context
    context.principal = try await Roles().assume(
      role: try #require(ARN("arn:aws:iam::000000000000:role/poor")), for: "x", session: "s")
    context.authorizer = RoleAuthorizer()
    let denied = context
    let event = [InputLogEvent(timestamp: house.now, message: "x")]
    for code in [
      await failure { try await house.service.createLogGroup(CreateLogGroupInput(logGroupName: "h"), denied) }.code,
      await failure {
        try await house.service.putLogEvents(
          PutLogEventsInput(logGroupName: "g", logStreamName: "s", logEvents: event), denied)
      }.code,
      await failure { try await house.service.filterLogEvents(FilterLogEventsInput(logGroupName: "g"), denied) }.code,
      await failure { try await house.service.deleteLogGroup(DeleteLogGroupInput(logGroupName: "g"), denied) }.code,
    ] { #expect(code == "AccessDenied") }
    #expect(try await house.search().isEmpty)
  }
}
