import Glue
import Testing

/// Containment of JSON Schemas, one row a rule: is every value under the old schema one under the new?
@Suite struct JSONSchemaCompatibilityTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    let old: String
    let new: String
    /// Old data is readable with the new schema.
    let backward: Bool
    /// New data is readable with the old schema.
    let forward: Bool
    var testDescription: String { name }

    init(_ name: String, _ old: String, _ new: String, backward: Bool, forward: Bool) {
      self.name = name
      self.old = old
      self.new = new
      self.backward = backward
      self.forward = forward
    }
  }

  static let lab = """
    {"$schema": "http://json-schema.org/draft-07/schema#", "title": "DojoEvent", "type": "object",
     "required": ["event_id", "ts", "tenant_id", "device_id", "event_type", "amount"],
     "properties": {"event_id": {"type": "string"}, "ts": {"type": "string"}, "tenant_id": {"type": "string"},
       "device_id": {"type": "string"}, "event_type": {"type": "string"}, "amount": {"type": "number"}},
     "additionalProperties": false}
    """

  static let rows: [Row] = [
    // The lab's contract: a type change is refused, an optional field is accepted because the model is closed.
    Row(
      "lab: number to string", lab,
      lab.replacing(#""amount": {"type": "number"}"#, with: #""amount": {"type": "string"}"#),
      backward: false, forward: false),
    Row(
      "lab: optional field", lab,
      lab.replacing(#""ts": {"type": "string"}"#, with: #""ts": {"type": "string"}, "note": {"type": "string"}"#),
      backward: true, forward: false),
    Row(
      "lab: required field", lab,
      lab.replacing(#""ts": {"type": "string"}"#, with: #""ts": {"type": "string"}, "note": {"type": "string"}"#)
        .replacing(#""required": ["#, with: #""required": ["note", "#),
      backward: false, forward: false),
    Row(
      "lab: field no longer required", lab, lab.replacing(#""event_type", "amount""#, with: #""event_type""#),
      backward: true, forward: false),
    Row("lab: title alone", lab, lab.replacing("DojoEvent", with: "Event"), backward: true, forward: true),

    // Types and numbers.
    Row("the same", #"{"type":"string"}"#, #"{"type": "string"}"#, backward: true, forward: true),
    Row("integer to number", #"{"type":"integer"}"#, #"{"type":"number"}"#, backward: true, forward: false),
    Row("one type to two", #"{"type":"string"}"#, #"{"type":["string","null"]}"#, backward: true, forward: false),
    Row("anything", "{}", "true", backward: true, forward: true),
    Row("to anything", #"{"type":"array"}"#, "{}", backward: true, forward: false),
    Row("range widens", #"{"minimum":1,"maximum":5}"#, #"{"minimum":0,"maximum":10}"#, backward: true, forward: false),
    Row("exclusive bound", #"{"exclusiveMinimum":0}"#, #"{"minimum":0}"#, backward: true, forward: false),
    Row(
      "exclusive bound of integers", #"{"type":"integer","exclusiveMinimum":0}"#, #"{"type":"integer","minimum":1}"#,
      backward: true, forward: true),
    Row(
      "draft 4 flag", #"{"$schema":"http://json-schema.org/draft-04/schema#","minimum":0,"exclusiveMinimum":true}"#,
      #"{"exclusiveMinimum":0}"#, backward: true, forward: true),
    Row("multiples", #"{"multipleOf":6}"#, #"{"multipleOf":3}"#, backward: true, forward: false),
    Row(
      "multiples of one", #"{"type":"integer"}"#, #"{"type":"number","multipleOf":1}"#, backward: true, forward: false),
    Row("range within type only", #"{"type":"string"}"#, #"{"minimum":5}"#, backward: true, forward: false),

    // Strings.
    Row("length widens", #"{"maxLength":5}"#, #"{"maxLength":9}"#, backward: true, forward: false),
    Row("pattern dropped", #"{"pattern":"^a"}"#, "{}", backward: true, forward: false),
    Row("pattern changed", #"{"pattern":"^a"}"#, #"{"pattern":"^ab"}"#, backward: false, forward: false),
    Row("format added", #"{"type":"string"}"#, #"{"type":"string","format":"date"}"#, backward: false, forward: true),

    // Lists of values.
    Row("enum grows", #"{"enum":["a","b"]}"#, #"{"enum":["a","b","c"]}"#, backward: true, forward: false),
    Row("enum to type", #"{"enum":["a","b"]}"#, #"{"type":"string"}"#, backward: true, forward: false),
    Row("const to enum", #"{"const":1}"#, #"{"enum":[1.0, 2]}"#, backward: true, forward: false),
    Row("enum within range", #"{"enum":[1,2]}"#, #"{"minimum":0,"maximum":2}"#, backward: true, forward: false),
    Row("boolean to enum", #"{"type":"boolean"}"#, #"{"enum":[true,false]}"#, backward: true, forward: true),
    Row("enum and pattern", #"{"enum":["ab","ac"]}"#, #"{"pattern":"^a.$"}"#, backward: true, forward: false),

    // Objects.
    Row(
      "optional field, open model", #"{"type":"object","properties":{"a":{"type":"string"}}}"#,
      #"{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}}}"#, backward: false, forward: true),
    Row(
      "optional field, closed model", #"{"type":"object","properties":{"a":{}},"additionalProperties":false}"#,
      #"{"type":"object","properties":{"a":{},"b":{"type":"string"}},"additionalProperties":false}"#,
      backward: true, forward: false),
    Row("field removed, open model", #"{"properties":{"a":{"type":"string"}}}"#, "{}", backward: true, forward: false),
    Row(
      "field removed, closed model", #"{"type":"object","properties":{"a":{},"b":{}},"additionalProperties":false}"#,
      #"{"type":"object","properties":{"a":{}},"additionalProperties":false}"#, backward: false, forward: true),
    Row(
      "model opens", #"{"type":"object","additionalProperties":false}"#, #"{"type":"object"}"#,
      backward: true, forward: false),
    Row(
      "typed additional", #"{"type":"object","additionalProperties":{"type":"integer"}}"#,
      #"{"type":"object","properties":{"a":{"type":"number"}},"additionalProperties":{"type":"integer"}}"#,
      backward: true, forward: false),
    Row("required dropped", #"{"required":["a","b"]}"#, #"{"required":["a"]}"#, backward: true, forward: false),
    Row(
      "required means a member", #"{"type":"object","required":["a"]}"#, #"{"type":"object","minProperties":1}"#,
      backward: true, forward: false),
    Row(
      "closed means a limit", #"{"type":"object","properties":{"a":{}},"additionalProperties":false}"#,
      #"{"type":"object","maxProperties":1}"#, backward: true, forward: false),
    Row(
      "pattern properties",
      #"{"type":"object","patternProperties":{"^x":{"type":"integer"}},"additionalProperties":false}"#,
      #"{"type":"object","patternProperties":{"^x":{"type":"number"}},"additionalProperties":false}"#,
      backward: true, forward: false),
    Row(
      "name falls under pattern",
      #"{"type":"object","properties":{"xa":{"type":"string"}},"additionalProperties":false}"#,
      #"{"type":"object","patternProperties":{"^x":{"type":"integer"}}}"#, backward: false, forward: false),
    Row(
      "property names", #"{"propertyNames":{"maxLength":3}}"#, #"{"propertyNames":{"maxLength":5}}"#,
      backward: true, forward: false),
    Row(
      "dependencies", #"{"dependencies":{"a":["b","c"]}}"#, #"{"dependencies":{"a":["b"]}}"#,
      backward: true, forward: false),
    Row(
      "nested", #"{"properties":{"o":{"type":"object","properties":{"n":{"type":"integer"}}}}}"#,
      #"{"properties":{"o":{"type":"object","properties":{"n":{"type":"number"}}}}}"#, backward: true, forward: false),
    Row(
      "forbidden property", #"{"properties":{"a":false}}"#, #"{"properties":{"a":{"type":"string"}}}"#,
      backward: true, forward: false),

    // Arrays.
    Row(
      "items widen", #"{"type":"array","items":{"type":"integer"}}"#, #"{"type":"array","items":{"type":"number"}}"#,
      backward: true, forward: false),
    Row(
      "counts widen", #"{"minItems":2,"maxItems":3}"#, #"{"minItems":1,"maxItems":4}"#, backward: true, forward: false),
    Row("unique dropped", #"{"uniqueItems":true}"#, "{}", backward: true, forward: false),
    Row(
      "tuple to list", #"{"type":"array","items":[{"type":"integer"},{"type":"string"}],"additionalItems":false}"#,
      #"{"type":"array","items":{"type":["integer","string"]}}"#, backward: true, forward: false),
    Row(
      "closed tuple means a limit", #"{"type":"array","items":[{}],"additionalItems":false}"#,
      #"{"type":"array","maxItems":1}"#, backward: true, forward: true),
    Row(
      "contains", #"{"type":"array","contains":{"const":1}}"#, #"{"type":"array","contains":{"type":"integer"}}"#,
      backward: true, forward: false),

    // Combinations.
    Row(
      "anyOf grows", #"{"anyOf":[{"type":"string"}]}"#, #"{"anyOf":[{"type":"string"},{"type":"integer"}]}"#,
      backward: true, forward: false),
    Row(
      "types to anyOf", #"{"type":["string","null"]}"#, #"{"anyOf":[{"type":"null"},{"type":"string"}]}"#,
      backward: true, forward: true),
    Row(
      "oneOf grows, apart", #"{"oneOf":[{"type":"string"},{"type":"null"}]}"#,
      #"{"oneOf":[{"type":"string"},{"type":"null"},{"type":"integer"}]}"#, backward: true, forward: false),
    Row(
      "oneOf grows, overlapping", #"{"oneOf":[{"type":"integer"},{"type":"null"}]}"#,
      #"{"oneOf":[{"type":"integer"},{"type":"null"},{"type":"number"}]}"#, backward: false, forward: false),
    Row(
      "oneOf by discriminator",
      #"{"oneOf":[{"type":"object","required":["k"],"properties":{"k":{"const":"a"}}}]}"#,
      #"{"oneOf":[{"type":"object","required":["k"],"properties":{"k":{"const":"a"}}},{"type":"object","required":["k"],"properties":{"k":{"const":"b"}}}]}"#,
      backward: true, forward: false),
    Row(
      "oneOf stays, overlapping", #"{"oneOf":[{"minimum":0},{"maximum":5}],"title":"x"}"#,
      #"{"oneOf":[{"minimum":0},{"maximum":5}]}"#, backward: true, forward: true),
    Row(
      "allOf", #"{"allOf":[{"minimum":0},{"maximum":5}]}"#, #"{"minimum":0,"maximum":5}"#, backward: true, forward: true
    ),
    Row("not", #"{"type":"string"}"#, #"{"not":{"type":"integer"}}"#, backward: true, forward: false),
    Row("not, both", #"{"not":{"type":"number"}}"#, #"{"not":{"type":"integer"}}"#, backward: true, forward: false),
    Row(
      "if then else", #"{"if":{"required":["a"]},"then":{"required":["b"]},"type":"object"}"#, #"{"type":"object"}"#,
      backward: true, forward: false),
    Row(
      "if kept", #"{"type":"object","if":{"required":["a"]},"then":{"required":["b","c"]}}"#,
      #"{"type":"object","if":{"required":["a"]},"then":{"required":["b"]}}"#, backward: true, forward: false),

    // References.
    Row(
      "reference inlined", ##"{"properties":{"a":{"$ref":"#/definitions/t"}},"definitions":{"t":{"type":"integer"}}}"##,
      #"{"properties":{"a":{"type":"number"}}}"#, backward: true, forward: false),
    Row(
      "recursive widens",
      ##"{"type":"object","properties":{"v":{"type":"integer"},"next":{"$ref":"#"}},"additionalProperties":false}"##,
      ##"{"type":"object","properties":{"v":{"type":"number"},"next":{"$ref":"#"}},"additionalProperties":false}"##,
      backward: true, forward: false),
    Row(
      "recursive through a list",
      ##"{"definitions":{"n":{"type":"object","properties":{"c":{"type":"array","items":{"$ref":"#/definitions/n"}}}}},"$ref":"#/definitions/n"}"##,
      ##"{"definitions":{"m":{"type":"object","properties":{"c":{"type":"array","items":{"$ref":"#/definitions/m"}}}}},"$ref":"#/definitions/m"}"##,
      backward: true, forward: true),
  ]

  @Test(arguments: rows) func containment(_ row: Row) {
    #expect(SchemaCompatibility.problem(with: row.old, format: .json) == nil)
    #expect(SchemaCompatibility.problem(with: row.new, format: .json) == nil)
    #expect(SchemaCompatibility.canRead(row.old, with: row.new, format: .json) == row.backward)
    #expect(SchemaCompatibility.canRead(row.new, with: row.old, format: .json) == row.forward)
  }

  @Test(arguments: [
    "", "{", "[]", "3", #"{"type":"strin"}"#, #"{"type":[]}"#, #"{"minLength":-1}"#, #"{"properties":[]}"#,
    #"{"required":"a"}"#, #"{"pattern":"("}"#, ##"{"$ref":"#/definitions/none"}"##, #"{"$ref":"http://example.com/s"}"#,
    #"{"$schema":"https://json-schema.org/draft/2020-12/schema"}"#, #"{"enum":[]}"#, #"{"allOf":[]}"#,
    #"{"$schema":"http://json-schema.org/draft-04/schema#","exclusiveMinimum":3}"#,
  ]) func malformed(_ definition: String) {
    #expect(SchemaCompatibility.problem(with: definition, format: .json) != nil)
  }

  @Test func nestingIsBounded() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(SchemaCompatibility.problem(with: deep, format: .json) != nil)
  }

  @Test func circlesProveNothingAndEnd() {
    let circle =
      ##"{"$ref":"#/definitions/a","definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/a"}}}"##
    #expect(!SchemaCompatibility.canRead(#"{"type":"string"}"#, with: circle, format: .json))
  }

  @Test func aHardComparisonEnds() {
    let many = (0..<40).map { #"{"properties":{"p\#($0)":{"minimum":\#($0)}}}"# }.joined(separator: ",")
    let old = #"{"allOf":[{"oneOf":[\#(many)]},{"oneOf":[\#(many)]}]}"#
    let new = #"{"oneOf":[\#(many),{"type":"null"}]}"#
    #expect(!SchemaCompatibility.canRead(old, with: new, format: .json))
  }

  @Test(arguments: [
    (CompatibilityMode.none, true), (.backward, true), (.backwardAll, false), (.forward, false), (.forwardAll, false),
    (.full, false), (.fullAll, false),
  ]) func modesReachAsFarAsTheySay(mode: CompatibilityMode, accepted: Bool) {
    let earlier = [#"{"type":"string"}"#, #"{"type":"integer"}"#]
    #expect(
      SchemaCompatibility.accepts(#"{"type":"number"}"#, after: earlier, mode: mode, format: .json) == accepted)
  }
}
