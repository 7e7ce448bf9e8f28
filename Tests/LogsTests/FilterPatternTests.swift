import Logs
import Testing

/// What patterns select. The examples are those of AWS's page on the syntax, or close to them.
@Suite struct FilterPatternTests {
  @Test(arguments: [
    ("", "anything", true), ("\"\"", "anything", true), ("\" \"", "two words", true), ("\" \"", "word", false),
    ("ERROR", "[ERROR] A fatal exception has occurred", true), ("ERROR", "Exiting with ERRORCODE: -1", true),
    ("ERROR", "an error", false), ("\"ERROR\" - \"Exiting\"", "Exiting with ERRORCODE: -1", false),
    ("\"ERROR\" - \"Exiting\"", "[ERROR] A fatal exception", true),
    ("ERROR Exception", "[ERROR] Caught IllegalArgumentException", true), ("ERROR Exception", "[ERROR] none", false),
    ("?ERROR ?WARN", "WARN message", true), ("?ERROR ?WARN", "INFO message", false),
    ("ERROR -WARN", "ERROR WARN message", false), ("ERROR -WARN", "ERROR message", true),
    ("-WARN", "INFO message", true), ("-WARN", "WARN message", false), ("\"-WARN\"", "a -WARN b", true),
    ("?ERROR INFO", "INFO only", true), ("?ERROR INFO", "ERROR only", false),
    ("\"INTERNAL SERVER ERROR\"", "500 INTERNAL SERVER ERROR", true), ("\"a \\\"b\\\"\"", "say a \"b\" c", true),
    ("%AUTHORIZED%", "[ERROR 401] UNAUTHORIZED REQUEST", true), ("%^\\[SUCCESS%", "[SUCCESS 200] ok", true),
    ("%^SUCCESS%", "[SUCCESS 200] ok", false), ("%colou?r%", "the color", true), ("%gray|grey%", "grey", true),
    ("%[4-5]\\d{2}$%", "status 503", true), ("%[4-5]\\d{2}$%", "status 303", false),
    ("-%4\\d\\d%", "status 404", false), ("größer", "viel größer", true),
  ]) func `terms`(pattern: String, message: String, isMeant: Bool) throws {
    #expect(try FilterPattern(pattern).matches(message) == isMeant)
  }

  static let trail = """
    {"eventType": "UpdateTrail", "sourceIPAddress": "111.111.111.111", "arrayKey": ["value", "another value"],
    "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}], "SomeObject": null, "ThisFlag": true,
    "latency": 512.5, "code": "404", "user": {"id": 1, "email": "John.Stiles@example.com"}, "a.b": "dotted",
    "coordinates": [[0, 1, 2], [4, 5, 6]], "actions": ["GET", "PUT", "DELETE"], "empty": {}}
    """

  @Test(arguments: [
    (#"{ $.eventType = "UpdateTrail" }"#, true), (#"{$.eventType=UpdateTrail}"#, true),
    (#"{ $.eventType = "updatetrail" }"#, false), (#"{ $.eventType = Update* }"#, true),
    (#"{ $.eventType = *Trail }"#, true), (#"{ $.eventType = "Up*ail" }"#, false),
    (#"{ $.eventType = %Tr[a-z]il% }"#, true), (#"{ $.eventType != %Tr[a-z]il% }"#, false),
    (#"{ $.sourceIPAddress != 123.123.* }"#, true), (#"{ $.sourceIPAddress = 111.111.* }"#, true),
    (#"{ $.arrayKey[0] = "value" }"#, true), (#"{ $.arrayKey[5] = "value" }"#, false),
    (#"{ $.arrayKey = "value" }"#, false), (#"{ $.arrayKey != "value" }"#, false),
    (#"{ $.arrayKey[*] = "another*" }"#, true), (#"{ $.objectList[1].id = 2 }"#, true),
    (#"{ $.objectList[*].id > 1 }"#, true), (#"{ $.user.* = "John*" }"#, true),
    ("{ $.SomeObject IS NULL }", true), ("{ $.eventType IS NULL }", false), ("{ $.none IS NULL }", false),
    ("{ $.SomeOtherObject NOT EXISTS }", true), ("{ $.SomeObject NOT EXISTS }", false),
    ("{ $.ThisFlag IS TRUE }", true), ("{ $.ThisFlag IS FALSE }", false), ("{ $.none != 1 }", false),
    ("{ $.latency >= 500 }", true), ("{ $.latency < 10e1 }", false), ("{ $.latency > +5.125e2 }", false),
    ("{ $.latency = 512.5 }", true), ("{ $.latency = * }", true), ("{ $.latency = 51* }", true),
    ("{ $.code = 404 }", true), ("{ $.code > 400 }", false), ("{ $.code = 4* }", true),
    (#"{ $.['a.b'] = "dotted" }"#, true), (#"{ $["a.b"] = dotted }"#, true),
    (#"{ ($.user.id = 1) && ($.objectList[0].name = "a") }"#, true),
    (#"{ ($.user.id = 2 && $.actions[0] = "x") || $.actions[2] = "GET" }"#, false),
    (
      #"{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = nonmatch && $.actions[2] = nomatch }"#,
      true
    ),
    (
      #"{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = nonmatch) && $.actions[2] = nomatch }"#,
      false
    ),
  ]) func `conditions on JSON`(pattern: String, isMeant: Bool) throws {
    #expect(try FilterPattern(pattern).matches(Self.trail) == isMeant)
    #expect(try !FilterPattern(pattern).matches("no JSON"))
  }

  static let access = #"127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534"#

  @Test(arguments: [
    ("[ip, user, username, timestamp, request, status_code, bytes]", true), ("[ip, user]", false),
    ("[..., status_code, bytes]", true), ("[ip, user, ..., status_code, bytes]", true), ("[ip, ...]", true),
    ("[ip, user, username, timestamp, request, status_code, bytes > 1000]", true),
    ("[ip, user, username, timestamp, request, status_code, bytes > 2000]", false),
    ("[ip, user, username, timestamp, request = *.html*, status_code = 4*, bytes]", true),
    ("[ip, user, username, timestamp, request, status_code = 4* && status_code != 403, bytes]", true),
    ("[ip, user, username, timestamp, request, status_code = 4* && status_code != 404, bytes]", false),
    ("[..., status_code = 500 || status_code = 404, bytes]", true), ("[..., request=%^GET%, code, bytes]", true),
    ("[w1=!ERROR&&w1=!WARN, ...]", true), ("[a, b, c, d, e, f, g, h, ...]", false),
  ]) func `fields between blanks`(pattern: String, isMeant: Bool) throws {
    #expect(try FilterPattern(pattern).matches(Self.access) == isMeant)
  }

  @Test func `fields are extracted by name and by number`() throws {
    let pattern = try FilterPattern("[..., request=*.html*, status_code=4*,]")
    #expect(
      pattern.extracted(from: Self.access)?.fields == [
        "$1": "127.0.0.1", "$2": "-", "$3": "frank", "$4": "10/Oct/2000:13:25:15 -0700",
        "$request": "GET /index.html HTTP/1.0", "$status_code": "404", "$7": "1534",
      ])
    let json = try #require(try FilterPattern("{ $.latency > 1 }").extracted(from: Self.trail))
    #expect(json.fields == ["$.latency": "512.5"])
    #expect(json.value("$.user.email") == "John.Stiles@example.com")
    #expect(json.value("$.none") == nil)
  }

  @Test(arguments: [
    "foo:bar", "[a", "[]", "[a b]", "{ $.a = }", "{ $.a }", "{ a = 1 }", "{ $.a = 1", "{ $.a > abc }", "\"open",
    "%open", "%a!%", "%(a)%", "{ $.a = 1 } x", "[a=1, b=2] c", "{ $.a IS }", "{ $.a NOT }", "{ ($.a = 1 }",
    "[a, ..., b, ...]", "[a = 1 && b = 2]", "{ $.a = %x% && $.b = %y% && $.c = %z% }", "{ $.a[x] = 1 }", "-", "?",
    "%a{1000}{1000}%",
  ]) func `what is no pattern is refused`(pattern: String) {
    #expect(throws: FilterPattern.Malformed.self) { try FilterPattern(pattern) }
  }

  @Test func `deep nesting is refused and does not fell the process`() {
    let deep = String(repeating: "(", count: 500) + "$.a = 1" + String(repeating: ")", count: 500)
    #expect(throws: FilterPattern.Malformed.self) { try FilterPattern("{ \(deep) }") }
    let message = String(repeating: "[", count: 100_000)
    #expect(throws: Never.self) { try FilterPattern("{ $.a = 1 }").matches(message) }
  }
}
