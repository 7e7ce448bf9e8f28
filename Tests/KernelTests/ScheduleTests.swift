import Kernel
import Testing

@Suite struct ScheduleTests {
  private func moment(_ year: Int, _ month: Int, _ day: Int, _ hour: Int = 0, _ minute: Int = 0) -> Timestamp {
    CivilTime(year: year, month: month, day: day, hour: hour, minute: minute).timestamp
  }

  @Test(arguments: [
    ("cron(15 10 ? * 6L 2022-2023)", (2022, 1, 1, 0, 0), (2022, 1, 28, 10, 15)),
    ("cron(0/15 * * * ? *)", (2026, 5, 1, 10, 14), (2026, 5, 1, 10, 15)),
    ("cron(0/15 * * * ? *)", (2026, 5, 1, 23, 45), (2026, 5, 2, 0, 0)),
    ("cron(0 12 ? * MON-FRI *)", (2026, 11, 20, 12, 0), (2026, 11, 23, 12, 0)),
    ("cron(0 0 L 2 ? *)", (2024, 1, 1, 0, 0), (2024, 2, 29, 0, 0)),
    ("cron(0 8 1W * ? *)", (2026, 7, 31, 9, 0), (2026, 8, 3, 8, 0)),
    ("cron(0 9 ? * 2#1 *)", (2026, 6, 1, 9, 0), (2026, 7, 6, 9, 0)),
    ("cron(5,35 14 * * ? *)", (2026, 1, 1, 14, 5), (2026, 1, 1, 14, 35)),
  ])
  func `cron gives the next moment that matches`(
    text: String, from: (Int, Int, Int, Int, Int), expected: (Int, Int, Int, Int, Int)
  ) throws {
    let schedule = try Schedule(text)
    let next = schedule.next(
      after: moment(from.0, from.1, from.2, from.3, from.4), countingFrom: Timestamp(seconds: 0))
    #expect(next == moment(expected.0, expected.1, expected.2, expected.3, expected.4))
  }

  @Test func `a rate counts from its start`() throws {
    let schedule = try Schedule("rate(5 minutes)")
    let start = moment(2026, 1, 1, 0, 2)
    #expect(schedule.next(after: start, countingFrom: start) == moment(2026, 1, 1, 0, 7))
    #expect(schedule.next(after: moment(2026, 1, 1, 0, 11), countingFrom: start) == moment(2026, 1, 1, 0, 12))
  }

  @Test func `a schedule in the past never fires again`() throws {
    let schedule = try Schedule("cron(0 0 1 1 ? 1999)")
    #expect(schedule.next(after: moment(2026, 1, 1), countingFrom: Timestamp(seconds: 0)) == nil)
  }

  @Test(arguments: [
    "", "rate(1 minutes)", "rate(5 minute)", "rate(0 minutes)", "rate(-1 days)", "cron(* * * * *)",
    "cron(* * * * * *)", "cron(* * ? * ? *)", "cron(60 * * * ? *)", "cron(a * * * ? *)", "cron(1/0 * * * ? *)",
    "cron(5-1 * * * ? *)", "cron(* * 0 * ? *)", "cron(* * ? * 8 *)", "cron(* * ? * 2#6 *)", "cron(1/2/3 * * * ? *)",
    "rate(99999999999999999999 days)", "cron(99999999999999999999 * * * ? *)",
  ])
  func `nonsense is refused`(text: String) {
    #expect(throws: ScheduleError.self) { try Schedule(text) }
  }
}
