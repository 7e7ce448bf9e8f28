import AWSWire
import Testing

/// The models' regular expressions, as Java reads them.
@Suite struct PatternTests {
  @Test(arguments: [
    ("[a-zA-Z0-9_.-]+", "a.b-c_9", "a b"),
    (#"0|([1-9]\d{0,38})"#, "340282366920938463463374607431768211455", "01"),
    (
      #"arn:aws.*:kinesis:.*:\d{12}:stream/\S+"#, "arn:aws:kinesis:us-east-1:000000000000:stream/a",
      "arn:aws:kinesis:x:1:stream/a"
    ),
    (#"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*"#, "a\t😀é", "a\nb"),
    (#"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+"#, "ok😀", "\u{1}"),
    (#"^(?!aws:)[\p{L}\p{Z}\p{N}_.:\/=+\-@%]*$"#, "Größe 1", "aws:tag"),
    (#"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$"#, "a-b-c", "a--b"),
    (#"(?!.*[/:\\])[\u0020-\uFFFD]+"#, "plain", "a/b"),
    (#"^(?!\s*$).+"#, "a ", "   "),
    (#"((/[A-Za-z0-9\.,\+@=_-]+)*)/"#, "/a/b/", "/a/b"),
    ("[a-zA-Z0-9-_$#.]+", "a-$#", "a+"),
    ("[a-zA-Z0-9+-=._./@]+", "a,b=", "a*"),
    (#"^(?:[A-Za-z0-9+\/]{4})*(?:[A-Za-z0-9+\/]{2}==|[A-Za-z0-9+\/]{3}=)?$"#, "YWI=", "YWI"),
    (
      #"jdbc:(redshift|postgresql)://((?!-)[A-Za-z0-9-]{1,63}(?<!-)\.)+(redshift(-serverless)?)\.([a-zA-Z0-9\.\-]+):\d{1,5}/[a-zA-Z0-9_$-]+"#,
      "jdbc:redshift://a.b.redshift.amazonaws.com:5439/dev", "jdbc:redshift://a-.redshift.amazonaws.com:5439/dev"
    ),
    ("^$|[a-zA-Z/_]+", "", "1"),
    (#"[\P{C}]+"#, "abc", "a\u{7}"),
    ("v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?", "v12.a", "v0"),
  ]) func `take what Java takes`(pattern: String, good: String, bad: String) {
    let pattern = Pattern(pattern)
    #expect(pattern.isSupported)
    #expect(pattern.matches(good))
    #expect(!pattern.matches(bad))
  }

  @Test func `nested repetitions take no time`() {
    let evil = Pattern("(a*)*(a|aa)+b")
    #expect(!evil.matches(String(repeating: "a", count: 5_000)))
  }

  @Test func `a long value costs no stack`() {
    #expect(Pattern("([^\\r\\n])*").matches(String(repeating: "x", count: 300_000)))
  }
}
