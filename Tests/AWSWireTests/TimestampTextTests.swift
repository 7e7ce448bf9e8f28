import AWSWire
import Kernel
import Testing

@Suite struct TimestampTextTests {
  static let moment = Timestamp(milliseconds: 1_714_566_600_250)

  @Test func `is written in three forms`() {
    #expect(TimestampText.iso8601(Self.moment) == "2024-05-01T12:30:00.250Z")
    #expect(TimestampText.iso8601(Timestamp(seconds: 1_714_566_600)) == "2024-05-01T12:30:00Z")
    #expect(TimestampText.iso8601(Timestamp(seconds: 1_714_566_600), milliseconds: true) == "2024-05-01T12:30:00.000Z")
    #expect(TimestampText.rfc822(Self.moment) == "Wed, 01 May 2024 12:30:00 GMT")
    #expect(TimestampText.unix(Self.moment) == "1714566600.250")
    #expect(TimestampText.unix(Timestamp(milliseconds: -500)) == "-0.500")
  }

  @Test(arguments: [
    "2024-05-01T12:30:00.250Z", "2024-05-01T14:30:00.25+02:00", "1714566600.25", "2024-05-01T12:30:00.250",
  ]) func `is read in the forms that clients send`(text: String) { #expect(TimestampText.read(text) == Self.moment) }

  @Test func `HTTP's old dates are read too`() {
    let second = Timestamp(seconds: 784_111_777)
    #expect(TimestampText.read("Sun, 06 Nov 1994 08:49:37 GMT") == second)
    #expect(TimestampText.read("Sunday, 06-Nov-94 08:49:37 GMT") == second)
  }

  @Test(arguments: [
    "", "x", "2024-13-01T00:00:00Z", "2024-02-30T00:00:00Z", "2024-05-01T25:00:00Z", "2024-05-01T12:30:00.Z",
    "2024-05-01T12:30:00+99:99", "2024-05-01Tx", "0000-00-00T00:00:00Z", "Sun, 32 Nov 1994 08:49:37 GMT",
    "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994", "-", "1e", "99999999-01-01T00:00:00Z",
  ]) func `other texts are refused`(text: String) { #expect(TimestampText.read(text) == nil) }

  @Test func `absurd numbers are held to what a timestamp holds`() {
    #expect(TimestampText.read("1e300") != nil)
    #expect(TimestampText.read("-1e300") != nil)
  }
}
