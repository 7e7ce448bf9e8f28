import Glue
import GlueModel
import Kernel
import Testing

/// The registry's Protocol Buffers: what is a definition, which ones are the same, which may follow one another.
@Suite struct ProtobufTests {
  private func problem(_ definition: String) -> String? {
    SchemaCompatibility.problem(with: definition, format: .protobuf)
  }

  private func accepts(_ definition: String, after earlier: String..., mode: CompatibilityMode) -> Bool {
    SchemaCompatibility.accepts(definition, after: earlier, mode: mode, format: .protobuf)
  }

  static let everything = #"""
    // The first comment.
    syntax = "proto3";
    package shop.orders.v1;
    import "google/protobuf/timestamp.proto";
    import public "google/type/money.proto";
    option java_package = "shop" ".orders";
    option (custom.thing).part = { a: 1 b { c: "x" } };
    /* A block
       comment */
    message Order {
      option deprecated = false;
      reserved 9, 20 to 30, 1000 to max;
      reserved "old", 'older';
      string id = 1 [json_name = "orderId", deprecated = true];
      repeated Line lines = 2;
      map<string, .shop.orders.v1.Order.Line> named = 3;
      oneof payment { string card = 4; Money money = 5; google.type.Money total = 6; }
      optional google.protobuf.Timestamp at = 0x7;
      State state = 010;
      message Line { string article = 1; enum Kind { KIND_UNKNOWN = 0; KIND_GIFT = 1; } Kind kind = 2; }
      message Money { sint64 cents = 1; };
    }
    enum State { option allow_alias = true; STATE_UNKNOWN = 0; NEW = 1; FRESH = 1; GONE = -2; reserved 5 to max; }
    service Orders {
      option deprecated = true;
      rpc Get(Order.Line) returns (stream Order) { option idempotency_level = NO_SIDE_EFFECTS; };
      rpc Put(stream Order) returns (Order);
    }
    """#

  @Test func wellFormedDefinitionsAreTaken() {
    #expect(problem(Self.everything) == nil)
    #expect(
      problem("message A { required int32 a = 1 [default = -5]; optional A next = 2; oneof o { bytes b = 3; } }") == nil
    )
    #expect(problem("") == nil, "an empty file is one of proto2")
  }

  @Test(arguments: [
    (#"syntax = "proto4";"#, #"1:10: Unrecognized syntax identifier "proto4"."#),
    (#"syntax = "proto3"; message A {"#, #"1:31: Reached end of input, expected "}"."#),
    ("message A {\n  int32 a = 1;\n}", #"2:3: Expected "required", "optional", or "repeated"."#),
    (#"syntax = "proto3"; message A { required int32 a = 1; }"#, "1:32: Required fields are not allowed in proto3."),
    (#"syntax = "proto3"; message A { B b = 1; }"#, #"1:34: "B" is not defined."#),
    (#"syntax = "proto3"; message A {} message A {}"#, #"1:41: "A" is already defined."#),
    (#"syntax = "proto3"; message A { int32 a = 0; }"#, "1:42: Field numbers must be positive integers."),
    (
      #"syntax = "proto3"; message A { int32 a = 1; int32 b = 1; }"#,
      #"1:51: Field number 1 has already been used in "A" by field "a"."#
    ),
    (#"syntax = "proto3"; message A { reserved 1 to 3; int32 a = 2; }"#, #"1:55: Field "a" uses reserved number 2."#),
    (#"syntax = "proto3"; enum E { A = 1; }"#, "1:29: The first enum value must be zero for open enums."),
    (#"syntax = "proto3"; import "other.proto";"#, #"1:27: Import "other.proto" was not found or had errors."#),
    ("message A { extensions 4 to 5; }", "1:13: Extensions are not supported."),
    ("message A { optional group G = 1 {} }", "1:22: Groups are not supported."),
    (
      #"syntax = "proto3"; message A { map<float, int32> a = 1; }"#,
      "1:36: Key in map fields cannot be float/double, bytes or message types."
    ),
    (
      #"syntax = "proto3"; message A { string a = 19500; }"#,
      "1:43: Field numbers 19000 through 19999 are reserved for the protocol buffer library implementation."
    ),
    ("message A { /* never ends", "1:13: End-of-file inside block comment."),
    ("package a; option b = \"x\n\";", "1:23: Unterminated string."),
    (#"{"type":"object"}"#, #"1:1: Expected top-level statement (e.g. "message"), found "{"."#),
  ])
  func whatIsWrongIsToldWithItsPlace(definition: String, message: String) {
    #expect(problem(definition) == message)
  }

  @Test func nonsenseIsRefusedWhateverItsSize() {
    #expect(problem(String(repeating: "message A {", count: 15_000))?.contains("recursion limit") == true)
    #expect(problem("package " + String(repeating: "a.", count: 80_000) + "a;") == "Package name is too long.")
    let long = String(repeating: "n", count: 5_000)
    #expect(problem("message \(long) {}")?.contains("longer than") == true)
    #expect(problem("option a = " + String(repeating: "{", count: 100_000)) != nil)
    #expect(problem(String(repeating: "(", count: 100_000)) != nil)
    let maps = problem(#"syntax = "proto3"; message A { "# + String(repeating: "map<int32,", count: 15_000))
    #expect(maps == "1:42: Values of maps cannot be maps.")
    let random = SeededRandomSource(seed: 11)
    let pieces = [
      "message", "A", "{", "}", "=", "1", ";", "enum", "oneof", "map", "<", ">", ",", "[", "]", "\"", "/*", ".",
    ]
    for _ in 0..<2_000 {
      let text = (0..<random.next(below: 30)).map { _ in pieces[random.next(below: pieces.count)] }
      _ = problem(text.joined(separator: " "))
    }
  }

  static let person =
    "message Person { required string first = 1; required string last = 2; required string email = 3; "
    + "optional string phone = 4; }"

  @Test func requiredFieldsMayGoAndNotComeUnderBackward() {
    let withoutEmail =
      "message Person { required string first = 1; required string last = 2; optional string phone = 4; }"
    #expect(accepts(withoutEmail, after: Self.person, mode: .backward))
    #expect(!accepts(withoutEmail, after: Self.person, mode: .forward))
    let withZIP = Self.person.replacing("}", with: "required string zip = 5; }")
    #expect(!accepts(withZIP, after: Self.person, mode: .backward))
    #expect(accepts(withZIP, after: Self.person, mode: .forward))
    let withOptionalZIP = Self.person.replacing("}", with: "optional string zip = 5; }")
    #expect(accepts(withOptionalZIP, after: Self.person, mode: .full))
    let relaxed = Self.person.replacing("required string email", with: "optional string email")
    #expect(accepts(relaxed, after: Self.person, mode: .backward))
    #expect(!accepts(relaxed, after: Self.person, mode: .full))
  }

  @Test func modesWithAllLookAtEveryVersion() {
    let first = "message A { required int32 a = 1; }"
    let second = "message A { optional int32 a = 1; }"
    #expect(accepts(second, after: first, second, mode: .forward))
    #expect(!accepts(second, after: first, second, mode: .forwardAll))
    #expect(!accepts(first, after: first, second, mode: .backwardAll))
    #expect(accepts("enum E { X = 0; }", after: first, mode: .none))
  }

  @Test func messagesAndMethodsMayComeUnderBackwardAndGoUnderForward() {
    let one = #"syntax = "proto3"; message A {} service S { rpc Foo(A) returns (A); rpc Bar(A) returns (A); }"#
    let more = one.replacing("rpc Bar", with: "rpc Baz(A) returns (stream A); rpc Bar")
    #expect(accepts(more, after: one, mode: .backward) && !accepts(more, after: one, mode: .forward))
    #expect(!accepts(one, after: more, mode: .backward) && accepts(one, after: more, mode: .forward))
    #expect(!accepts(one.replacing("Bar(A)", with: "Bar(stream A)"), after: one, mode: .backward))
    let nested = one.replacing("message A {}", with: "message A { message B {} optional B b = 1; }")
    #expect(accepts(nested, after: one, mode: .backward) && !accepts(nested, after: one, mode: .forward))
    #expect(!accepts(one.replacing("proto3\";", with: "proto3\"; package p;"), after: one, mode: .backward))
  }

  @Test(arguments: [
    ("int32 a = 1;", "int64 a = 1;", true), ("int32 a = 1;", "E a = 1;", true),
    ("int32 a = 1;", "sint32 a = 1;", false),
    ("fixed32 a = 1;", "sfixed32 a = 1;", true), ("float a = 1;", "double a = 1;", false),
    ("string a = 1;", "bytes a = 1;", true), ("string a = 1;", "int32 a = 1;", false),
    ("A a = 1;", "B a = 1;", false), ("int32 a = 1;", "int32 b = 1;", true),
    ("int32 a = 1;", "repeated int32 a = 1;", true),
    ("repeated int32 a = 1;", "int32 a = 1;", false), ("repeated string a = 1;", "string a = 1;", true),
    ("map<string, int32> a = 1;", "map<string, int64> a = 1;", true),
    ("map<string, int32> a = 1;", "map<int32, int32> a = 1;", false),
    ("int32 a = 1;", "oneof o { int32 a = 1; int32 b = 2; }", true),
    ("int32 a = 1; int32 b = 2;", "oneof o { int32 a = 1; int32 b = 2; }", false),
    ("oneof o { int32 a = 1; int32 b = 2; }", "oneof p { int32 a = 1; int32 b = 2; int32 c = 3; }", true),
    ("oneof o { int32 a = 1; } int32 b = 2;", "oneof o { int32 a = 1; int32 b = 2; }", false),
  ])
  func fieldsKeepWhatIsOnTheWire(old: String, new: String, isReadable: Bool) {
    func definition(_ fields: String) -> String {
      #"syntax = "proto3"; enum E { Z = 0; } message A {} message B {} message M { \#(fields) }"#
    }
    #expect(accepts(definition(new), after: definition(old), mode: .backward) == isReadable)
  }

  // MARK: In the registry

  @Test func aDefinitionInAnotherOrderIsTheSameVersion() async throws {
    let fixture = GlueFixture()
    let made = try await fixture.service.createSchema(
      CreateSchemaInput(schemaName: "p", dataFormat: .protobuf, schemaDefinition: Self.everything), fixture.context)
    #expect(made.schemaVersionStatus == .available)
    let id = SchemaId(schemaName: "p", registryName: "default-registry")
    let reordered =
      Self.everything.replacing("// The first comment.", with: "").replacing(
        "google.type.Money total", with: ".google.type.Money total"
      )
      .replacing("rpc Put(stream Order) returns (Order);", with: "")
      .replacing(
        "option deprecated = true;",
        with: "rpc Put(stream .shop.orders.v1.Order) returns (Order); option deprecated = true;")
    let same = try await fixture.service.getSchemaByDefinition(
      GetSchemaByDefinitionInput(schemaId: id, schemaDefinition: reordered), fixture.context)
    #expect(same.schemaVersionId == made.schemaVersionId)
    let next = try await fixture.service.registerSchemaVersion(
      RegisterSchemaVersionInput(
        schemaId: id, schemaDefinition: Self.everything.replacing("_GIFT = 1;", with: "_GIFT = 1; KIND_X = 2;")),
      fixture.context)
    #expect(next.status == .available && next.versionNumber == 2)
    let diff = try await fixture.service.getSchemaVersionsDiff(
      GetSchemaVersionsDiffInput(
        schemaId: id, firstSchemaVersionNumber: SchemaVersionNumber(versionNumber: 1),
        secondSchemaVersionNumber: SchemaVersionNumber(versionNumber: 2), schemaDiffType: .syntaxDiff), fixture.context)
    #expect(
      diff.diff
        == #"[{"op":"add","path":"/enums/shop.orders.v1.Order.Line.Kind/values/KIND_X","value":{"number":2}}]"#)
    let refused = try await fixture.service.registerSchemaVersion(
      RegisterSchemaVersionInput(schemaId: id, schemaDefinition: #"syntax = "proto3"; message Other {}"#),
      fixture.context)
    #expect(refused.status == .failure)
    let checked = try await fixture.service.checkSchemaVersionValidity(
      CheckSchemaVersionValidityInput(dataFormat: .protobuf, schemaDefinition: "message"), fixture.context)
    #expect(checked.valid == false && checked.error == "1:8: Reached end of input, expected message name.")
    let malformed = await awsError {
      _ = try await fixture.service.registerSchemaVersion(
        RegisterSchemaVersionInput(schemaId: id, schemaDefinition: "message"), fixture.context)
    }
    #expect(malformed?.message.hasPrefix("Schema definition of PROTOBUF data format is invalid: 1:8: ") == true)
  }
}
