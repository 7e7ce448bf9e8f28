import Firehose
import Kernel
import Testing

@Suite struct PrefixTests {
  let time = CivilTime(year: 2018, month: 8, day: 27, hour: 10, minute: 30, second: 5, nanosecond: 123_000_000)
  var values: PrefixExpression.Values { PrefixExpression.Values(time: time) { "5abf82daaa5" } }

  func evaluated(_ prefix: String?, _ errors: String?) throws -> [String] {
    let prefixes = try DestinationPrefixes(prefix: prefix, errorPrefix: errors)
    return [prefixes.dataPrefix(values), prefixes.errorPrefix("processing-failed", values)]
  }

  @Test func examplesOfTheGuide() throws {
    #expect(
      try evaluated(nil, "myFirehoseFailures/!{firehose:error-output-type}/") == [
        "2018/08/27/10/", "myFirehoseFailures/processing-failed/",
      ])
    #expect(
      try evaluated(
        "myFirehose/DeliveredYear=!{timestamp:yyyy}/anyMonth/rand=!{firehose:random-string}",
        "myFirehoseFailures/!{firehose:error-output-type}/!{timestamp:yyyy}/anyMonth/!{timestamp:dd}") == [
          "myFirehose/DeliveredYear=2018/anyMonth/rand=5abf82daaa5",
          "myFirehoseFailures/processing-failed/2018/anyMonth/27",
        ])
    #expect(
      try evaluated("myFirehosePrefix/", nil) == [
        "myFirehosePrefix/2018/08/27/10/", "myFirehosePrefix/processing-failed/2018/08/27/10/",
      ])
    #expect(
      try evaluated("events/raw/", "events/errors/!{firehose:error-output-type}/") == [
        "events/raw/2018/08/27/10/", "events/errors/processing-failed/",
      ])
  }

  @Test(
    arguments: [
      ("!{timestamp:yyyy/MM/dd}", nil), ("a", "b/!{timestamp:yyyy}"), ("!{firehose:error-output-type}/", "e/"),
      ("!{timestamp:yyyy", "e"), ("!{nothing:x}", "!{firehose:error-output-type}"),
      ("!{firehose:other}", "!{firehose:error-output-type}"), ("!{timestamp:bbb}", "!{firehose:error-output-type}"),
      ("!{partitionKeyFromQuery:}/", "!{firehose:error-output-type}"),
      ("a/", "!{firehose:error-output-type}/!{partitionKeyFromQuery:id}/"),
    ] as [(String, String?)])
  func refusals(prefix: String, errors: String?) {
    #expect(throws: PrefixExpression.Malformed.self) {
      try DestinationPrefixes(prefix: prefix, errorPrefix: errors)
    }
  }

  @Test(arguments: [
    ("yyyy/MM/dd/HH", "2018/08/27/10"), ("yy-M-d", "18-8-27"), ("EEE, MMM dd", "Mon, Aug 27"), ("EEEE", "Monday"),
    ("MMMM", "August"), ("hh:mm a", "10:30 AM"), ("'year='yyyy", "year=2018"), ("HH''mm", "10'30"), ("SSS", "123"),
    ("DDD", "239"), ("'dt='yyyy-MM-dd'/hr='HH", "dt=2018-08-27/hr=10"),
  ])
  func patternsWriteAsJavaDoes(pattern: String, text: String) throws {
    #expect(try DatePattern(pattern).format(time) == text)
  }

  @Test(arguments: ["'open", "G{", "bb", "HHH", "x"]) func patternsThatAreNone(pattern: String) {
    #expect(throws: DatePattern.Malformed.self) { try DatePattern(pattern) }
  }
}
