import Kernel
import Kinesis
import Testing

@Suite struct AllowanceTests {
  let start = Timestamp(seconds: 1_700_000_000)

  @Test func aThousandRecordsASecond() {
    var allowance = WriteAllowance()
    let taken = (0..<1500).count { _ in allowance.admit(100, at: start) }
    #expect(taken == 1000)
    #expect((0..<1000).count { _ in allowance.admit(100, at: start + .milliseconds(500)) } == 500)
  }

  @Test func aMebibyteASecond() {
    var allowance = WriteAllowance()
    let first = allowance.admit((1 << 20) + 10, at: start)
    let second = allowance.admit(100_000, at: start)
    let third = allowance.admit(100_000, at: start + .milliseconds(200))
    #expect(first && !second && third)
  }

  @Test func largeRecordsBurstAndPayBack() {
    var allowance = WriteAllowance()
    let burst = allowance.admit(10 << 20, at: start)
    let soon = allowance.admit(10, at: start + .seconds(5))
    let late = allowance.admit(10, at: start + .seconds(10))
    #expect(burst && !soon && late)
  }

  @Test func fiveReadsASecond() {
    var allowance = ReadAllowance()
    #expect((0..<7).count { _ in allowance.admit(at: start) } == 5)
    let again = allowance.admit(at: start + .milliseconds(200))
    #expect(again)
  }

  @Test func tenMebibytesShutTheShardForFiveSeconds() {
    var allowance = ReadAllowance()
    let first = allowance.admit(at: start)
    allowance.took(10 << 20)
    let soon = allowance.admit(at: start + .milliseconds(4900))
    let late = allowance.admit(at: start + .seconds(5))
    #expect(first && !soon && late)
  }
}
