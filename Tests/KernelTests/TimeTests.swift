import Kernel
import Testing

@Suite struct TimeTests {
  @Test(arguments: [
    (0, CivilTime(year: 1970, month: 1, day: 1)),
    (951_782_400, CivilTime(year: 2000, month: 2, day: 29)),
    (-1, CivilTime(year: 1969, month: 12, day: 31, hour: 23, minute: 59, second: 59)),
    (1_779_192_000, CivilTime(year: 2026, month: 5, day: 19, hour: 12)),
    (4_102_444_799, CivilTime(year: 2099, month: 12, day: 31, hour: 23, minute: 59, second: 59)),
  ])
  func `seconds and civil time agree both ways`(seconds: Int, civil: CivilTime) {
    #expect(CivilTime(Timestamp(seconds: Int64(seconds))) == civil)
    #expect(civil.timestamp.seconds == Int64(seconds))
  }

  @Test func `every day of four centuries goes there and back`() {
    for day in stride(from: Int64(-20_000), to: 126_000, by: 1) {
      let moment = Timestamp(seconds: day * 86_400)
      #expect(CivilTime(moment).timestamp == moment)
    }
  }

  @Test func `weekday and day of year`() {
    let day = CivilTime(year: 2026, month: 11, day: 21)
    #expect(day.weekday == 6)
    #expect(day.dayOfYear == 325)
  }

  @Test func `a user's far number is clamped`() {
    #expect(Timestamp(seconds: .max).nanoseconds == .max)
    #expect(Timestamp(secondsSinceEpoch: .infinity).nanoseconds > 0)
    #expect(Timestamp(secondsSinceEpoch: .nan).nanoseconds == 0)
  }

  @Test func `a manual clock wakes sleepers in order`() async throws {
    let clock = ManualClock()
    let start = clock.now()
    let task = Task { try await clock.sleep(until: start + .seconds(10)) }
    while clock.sleeping == 0 { await Task.yield() }
    clock.advance(by: .seconds(9))
    #expect(clock.sleeping == 1)
    clock.advance(by: .seconds(1))
    try await task.value
    #expect(clock.now() == start + .seconds(10))
  }
}
