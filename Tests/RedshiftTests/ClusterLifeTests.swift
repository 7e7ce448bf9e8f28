import Kernel
import Redshift
import RedshiftModel
import Storage
import StorageTesting
import Testing

/// Clusters over namespaces and ports that are fakes, with a clock that is moved by hand.
struct ClusterLifeTests {
  let keys = MemoryKeyStore()
  let namespaces = FakeNamespaces()
  let ports = FakePorts()
  let clock = ManualClock()

  func house(metrics: any MetricTap = SilentTap()) -> WarehouseHouse {
    WarehouseHouse(
      keys: keys, keeping: namespaces, listener: ports, host: "127.0.0.1", clock: clock,
      random: SeededRandomSource(seed: 7), metrics: metrics, roles: AnyRole(), authorizer: OpenAuthorizer())
  }

  /// Takes on every role.
  private struct AnyRole: RoleBroker {
    func assume(role: ARN, for service: String, session: String) async throws -> Principal {
      Principal(
        kind: .assumedRole(name: role.resource, session: session), account: .standard, arn: role, userID: "AROA",
        accessKeyID: "")
    }
    func checkPass(role: ARN, to service: String, context: RequestContext) async throws {}
  }

  private func watch(_ house: WarehouseHouse, _ service: RedshiftService) -> WarehouseWatch {
    WarehouseWatch(
      house, clusters: service, serverless: ServerlessService(house),
      data: DataService(house, logs: MemoryLogStore(clock: clock)), processors: 2, processorSeconds: { 0 })
  }

  @Test func clustersArePausedAndResumedByTheClock() async throws {
    let house = house()
    let service = RedshiftService(house)
    _ = try await create("one", service)
    await house.settle()
    func schedule(_ name: String, _ target: ScheduledActionType, _ schedule: String) async throws -> ScheduledAction {
      try await service.createScheduledAction(
        CreateScheduledActionInput(
          scheduledActionName: name, targetAction: target, schedule: schedule,
          iamRole: "arn:aws:iam::000000000000:role/scheduler"), context)
    }
    // It is 22:13:20 on the 14th of November 2023, a Tuesday.
    let evening = try await schedule(
      "evening", ScheduledActionType(pauseCluster: PauseClusterMessage(clusterIdentifier: "one")),
      "cron(0 23 ? * MON-FRI *)")
    #expect(evening.nextInvocations?.first == Timestamp(seconds: 1_700_002_800))
    _ = try await schedule(
      "morning", ScheduledActionType(resumeCluster: ResumeClusterMessage(clusterIdentifier: "one")),
      "at(2023-11-15T06:00:00)")
    let watch = watch(house, service)
    try await watch.catchUp()
    await house.settle()
    #expect(try await describe("one", service).clusterStatus == "available")
    clock.advance(by: .seconds(3_000))
    try await watch.catchUp()
    await house.settle()
    #expect(try await describe("one", service).clusterStatus == "paused")
    clock.advance(by: .seconds(8 * 3_600))
    try await watch.catchUp()
    await house.settle()
    #expect(try await describe("one", service).clusterStatus == "available")
    // Each time once.
    try await watch.catchUp()
    await house.settle()
    #expect(try await describe("one", service).clusterStatus == "available")
    await #expect(throws: AWSError.self) {
      try await schedule(
        "wrong", ScheduledActionType(pauseCluster: PauseClusterMessage(clusterIdentifier: "one")), "rate(1 hour)")
    }
    _ = try await service.modifyScheduledAction(
      ModifyScheduledActionInput(scheduledActionName: "evening", enable: false), context)
    let told = try await service.describeScheduledActions(
      DescribeScheduledActionsInput(scheduledActionName: "evening"), context)
    #expect(told.scheduledActions?.first?.state == .disabled)
    _ = try await service.deleteScheduledAction(DeleteScheduledActionInput(scheduledActionName: "evening"), context)
    await #expect(throws: AWSError.self) {
      try await service.deleteScheduledAction(DeleteScheduledActionInput(scheduledActionName: "evening"), context)
    }
  }

  @Test func usageLimitsAreCountedAndReached() async throws {
    let tap = Tap()
    let house = house(metrics: tap)
    let service = RedshiftService(house)
    _ = try await create("one", service)
    await house.settle()
    await #expect(throws: AWSError.self) {
      try await service.createUsageLimit(
        CreateUsageLimitInput(
          clusterIdentifier: "one", featureType: .spectrum, limitType: .time, amount: 1), context)
    }
    let made = try await service.createUsageLimit(
      CreateUsageLimitInput(
        clusterIdentifier: "one", featureType: .spectrum, limitType: .dataScanned, amount: 2, period: .daily,
        breachAction: .disable), context)
    // The fake namespace reads half a terabyte each time it is asked.
    let watch = watch(house, service)
    for _ in 0..<3 { try await watch.measure(processorPercent: 0, seconds: 60) }
    #expect(tap["UsageLimitConsumed"].map(\.value) == [0.5, 1, 1.5])
    #expect(tap["UsageLimitAvailable"].map(\.value) == [1.5, 1, 0.5])
    let events = { try await service.describeEvents(DescribeEventsInput(), self.context).events ?? [] }
    #expect(try await events().filter { $0.message?.contains("usage limit") == true }.isEmpty)
    try await watch.measure(processorPercent: 0, seconds: 60)
    #expect(try await events().count { $0.message?.contains("usage limit") == true } == 1)
    #expect(namespaces.state.withLock { $0.isSpectrumOff })
    // A new day begins at nothing.
    clock.advance(by: .seconds(86_400))
    try await watch.measure(processorPercent: 0, seconds: 60)
    #expect(tap["UsageLimitConsumed"].last?.value == 0.5)
    #expect(!namespaces.state.withLock { $0.isSpectrumOff })
    _ = try await service.deleteUsageLimit(
      DeleteUsageLimitInput(usageLimitId: made.usageLimitId ?? ""), context)
    #expect(try await service.describeUsageLimits(DescribeUsageLimitsInput(), context).usageLimits == [])
  }

  /// Writes measurements down.
  final class Tap: MetricTap {
    let samples = Locked<[MetricSample]>([])
    func record(_ samples: [MetricSample]) { self.samples.withLock { $0 += samples } }
    subscript(name: String) -> [MetricSample] { samples.withLock { $0.filter { $0.name == name } } }
  }

  @Test func clustersAreMeasured() async throws {
    let tap = Tap()
    let house = house(metrics: tap)
    let service = RedshiftService(house)
    _ = try await create("one", service)
    await house.settle()
    let data = DataService(house, logs: MemoryLogStore(clock: clock))
    let watch = WarehouseWatch(
      house, clusters: service, serverless: ServerlessService(house), data: data, processors: 2,
      processorSeconds: { 0 })
    try await watch.measure(processorPercent: 12, seconds: 60)
    #expect(tap["HealthStatus"].map(\.value) == [1])
    #expect(tap["DatabaseConnections"].map(\.value) == [3])
    #expect(tap["CPUUtilization"].map(\.value) == [12])
    #expect(tap["QueryDuration"].map(\.value) == [1_000_000])
    #expect(tap["QueryDuration"].first?.dimensions.map(\.value) == ["one", "short"])
    #expect(tap.samples.withLock { $0.allSatisfy { $0.namespace == "AWS/Redshift" } })
    _ = try await service.pauseCluster(PauseClusterInput(clusterIdentifier: "one"), context)
    await house.settle()
    let count = tap.samples.withLock { $0.count }
    try await watch.measure(processorPercent: 12, seconds: 60)
    #expect(tap.samples.withLock { $0.count } == count)
  }

  var context: RequestContext {
    let scope = Scope(account: .standard, region: .usEast1)
    return RequestContext(
      requestID: "r", scope: scope, principal: .root(of: .standard), time: clock.now(),
      endpoint: "http://warehouse.test:4566", authorizer: OpenAuthorizer())
  }

  func create(_ name: String, _ service: RedshiftService) async throws -> Cluster? {
    try await service.createCluster(
      CreateClusterInput(
        clusterIdentifier: name, nodeType: "ra3.xlplus", masterUsername: "admin", masterUserPassword: "SecurePass123"),
      context
    ).cluster
  }

  func describe(_ name: String, _ service: RedshiftService) async throws -> Cluster {
    try #require(
      try await service.describeClusters(DescribeClustersInput(clusterIdentifier: name), context).clusters?.first)
  }

  @Test func aClusterIsCreatedThenAvailable() async throws {
    let house = house()
    let service = RedshiftService(house)
    #expect(try await create("one", service)?.clusterStatus == "creating")
    await house.settle()
    let found = try await describe("one", service)
    #expect(found.clusterStatus == "available")
    #expect(found.endpoint == Endpoint(address: "warehouse.test", port: 5439))
    _ = try await create("two", service)
    await house.settle()
    #expect(try await describe("two", service).endpoint?.port == 5440)
  }

  @Test func aClusterIsEncryptedLater() async throws {
    let house = house()
    let service = RedshiftService(house)
    _ = try await create("one", service)
    await house.settle()
    #expect(try await describe("one", service).encrypted == true)
    let clear = try await service.modifyCluster(ModifyClusterInput(clusterIdentifier: "one", encrypted: false), context)
    #expect(clear.cluster?.clusterStatus == "resizing")
    await house.settle()
    #expect(try await describe("one", service).encrypted == false)
    #expect(try await describe("one", service).clusterStatus == "available")
    _ = try await service.modifyCluster(
      ModifyClusterInput(clusterIdentifier: "one", encrypted: true, kmsKeyId: "alias/mine"), context)
    await house.settle()
    #expect(try await describe("one", service).kmsKeyId == "alias/mine")
    #expect(
      namespaces.state.withLock { $0.calls.filter { $0.hasPrefix("encrypt") } } == [
        "encrypt one key -> clear", "encrypt one clear -> key",
      ])
  }

  @Test func aMakingThatFailsIsShown() async throws {
    let house = house()
    let service = RedshiftService(house)
    namespaces.state.withLock { $0.failsToMake = true }
    _ = try await create("one", service)
    await house.settle()
    #expect(try await describe("one", service).clusterStatus == "hardware-failure")
  }

  @Test func aStartGoesOnWithWhatACrashInterrupted() async throws {
    let first = house()
    await first.stop()  // takes no more work, as if the process had died right after the answer
    _ = try await create("one", RedshiftService(first))
    #expect(try await describe("one", RedshiftService(first)).clusterStatus == "creating")

    let second = house()
    let service = RedshiftService(second)
    try await service.recover()
    await second.settle()
    let before = try await describe("one", service)
    #expect(before.clusterStatus == "available")
    await second.stop()
    #expect(namespaces.state.withLock { $0.open }.isEmpty)

    ports.taken.withLock { $0 = [5439] }  // somebody took the port meanwhile
    let third = house()
    try await RedshiftService(third).recover()
    #expect(try await describe("one", RedshiftService(third)).endpoint?.port == 5440)
  }

  @Test func aFinalSnapshotIsTakenBeforeTheClusterGoes() async throws {
    let house = house()
    let service = RedshiftService(house)
    _ = try await create("one", service)
    await house.settle()
    let going = try await service.deleteCluster(
      DeleteClusterInput(clusterIdentifier: "one", finalClusterSnapshotIdentifier: "last"), context)
    #expect(going.cluster?.clusterStatus == "final-snapshot")
    await house.settle()
    await #expect(throws: AWSError.self) { try await describe("one", service) }
    let snapshots = try await service.describeClusterSnapshots(DescribeClusterSnapshotsInput(), context).snapshots
    #expect(snapshots?.map(\.status) == ["available"])
    #expect(namespaces.state.withLock { $0.calls }.suffix(2) == ["snapshot one", "drop"])
  }

  @Test func snapshotsGoWhenTheirRetentionEnds() async throws {
    let house = house()
    let service = RedshiftService(house)
    _ = try await create("one", service)
    await house.settle()
    _ = try await service.createClusterSnapshot(
      CreateClusterSnapshotInput(
        snapshotIdentifier: "day", clusterIdentifier: "one", manualSnapshotRetentionPeriod: 1), context)
    await house.settle()
    let data = DataService(house, logs: MemoryLogStore(clock: clock))
    try await data.recover()
    let watch = WarehouseWatch(
      house, clusters: service, serverless: ServerlessService(house), data: data, processors: 2,
      processorSeconds: { 0 })
    try await watch.sweep()
    #expect(namespaces.state.withLock { $0.copies.count } == 1)
    clock.advance(by: .seconds(86_401))
    try await watch.sweep()
    #expect(namespaces.state.withLock { $0.copies.count } == 0)
  }

  @Test func theScheduleTakesSnapshotsAndLetsThemGo() async throws {
    let house = house()
    let service = RedshiftService(house)
    _ = try await create("one", service)
    await house.settle()
    let watch = WarehouseWatch(
      house, clusters: service, serverless: ServerlessService(house),
      data: DataService(house, logs: MemoryLogStore(clock: clock)), processors: 2, processorSeconds: { 0 })
    func snapshots(_ type: String?) async throws -> [Snapshot] {
      try await service.describeClusterSnapshots(DescribeClusterSnapshotsInput(snapshotType: type), context).snapshots
        ?? []
    }
    try await watch.catchUp()
    #expect(try await snapshots(nil).isEmpty)
    clock.advance(by: .seconds(8 * 3_600))
    try await watch.catchUp()
    try await watch.catchUp()
    await house.settle()
    let taken = try #require(try await snapshots("automated").first)
    #expect(try await snapshots("automated").count == 1)
    #expect(taken.snapshotIdentifier == "rs:one-2023-11-15-06-13-20")
    #expect((taken.status, taken.snapshotType) == ("available", "automated"))
    #expect(try await snapshots("manual").isEmpty)

    let name = taken.snapshotIdentifier ?? ""
    await #expect(throws: AWSError.self) {
      try await service.deleteClusterSnapshot(DeleteClusterSnapshotInput(snapshotIdentifier: name), context)
    }
    _ = try await service.copyClusterSnapshot(
      CopyClusterSnapshotInput(sourceSnapshotIdentifier: name, targetSnapshotIdentifier: "kept"), context)
    clock.advance(by: .seconds(86_401))
    try await service.expireSnapshots()
    // The manual copy holds the bytes.
    #expect(try await snapshots(nil).map(\.snapshotIdentifier) == ["kept"])
    #expect(namespaces.state.withLock { $0.copies.count } == 1)

    try await watch.catchUp()
    await house.settle()
    #expect(try await snapshots("automated").count == 1)
    _ = try await service.deleteCluster(
      DeleteClusterInput(clusterIdentifier: "one", skipFinalClusterSnapshot: true), context)
    await house.settle()
    #expect(try await snapshots(nil).map(\.snapshotIdentifier) == ["kept"])
    _ = try await service.deleteClusterSnapshot(DeleteClusterSnapshotInput(snapshotIdentifier: "kept"), context)
    #expect(namespaces.state.withLock { $0.copies.isEmpty })
  }

  @Test func aClusterIsRenamedWhereItStands() async throws {
    let house = house()
    let service = RedshiftService(house)
    _ = try await create("old", service)
    await house.settle()
    let port = try await describe("old", service).endpoint?.port
    _ = try await service.modifyCluster(
      ModifyClusterInput(clusterIdentifier: "old", newClusterIdentifier: "new"), context)
    await house.settle()
    #expect(try await describe("new", service).endpoint?.port == port)
    await #expect(throws: AWSError.self) { try await describe("old", service) }
  }
}
