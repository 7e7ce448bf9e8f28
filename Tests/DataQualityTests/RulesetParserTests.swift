import DataQuality
import Testing

/// The language: what is read, how rules are shown, and what is refused.
@Suite struct RulesetParserTests {
  /// Rules whose text is AWS's canonical form already.
  static let canonical = [
    "RowCount = 100", "RowCount != 100", "RowCount = -100", "RowCount = 100 where \"colA > 100\"",
    "RowCount between (0.9 * avg(last(10))) and 1.1 * avg(last(10))",
    "RowCount not between (0.9 * avg(last(10))) and (1.1 * avg(last(10)))",
    "RowCountMatch \"reference\" between 0.8 and 0.98",
    "Completeness of col_1 not between 0.5 and 0.8",
    "Completeness \"col_1\" between -0.5 and -0.4",
    "IsComplete \"col_1\" where \"col-A > 100\"",
    "IsPrimaryKey colA \"col B\"", "IsPrimaryKey \"colA\" where \"colA > 100\"",
    "IsUnique \"col_1\" \"col_2\" \"col_3\"", "Uniqueness \"col_1\" \"col_2\" > 0.5",
    "ColumnDataType \"col_1\" = \"Integer\"",
    "ColumnDataType \"col_1\" in [\"Date\",\"Integer\"] with threshold > 0.9",
    "ColumnDataType \"col_1\" = \"Date\" with threshold between 0.4 and 0.8",
    "ColumnNamesMatchPattern \"aws_.*_[a-zA-Z0-9]+\"", "ColumnExists \"load_dt\"", "ColumnCount >= 100",
    "ColumnCount = avg(std(last(10)))", "ColumnCount > -100.123456",
    "ColumnCorrelation of col_1 and \"col abc\" between 0.4 and 0.8",
    "ColumnValues \"col_1\" between \"2022-06-01\" and \"2022-06-30\"",
    "ColumnValues \"load_dt\" > (now() - 1 days)", "ColumnValues \"order-id\" in [1,2,3,4,NULL]",
    "ColumnValues \"order-id\" not in [\"1\",\"2\",\"3\",\"4\"]", "ColumnValues \"col-A\" > \"9:30 AM\"",
    "ColumnValues \"col-A\" between \"9:00 AM\" and \"21:50\"", "ColumnValues \"col-A\" = NULL",
    "ColumnValues \"col-A\" != WHITESPACES_ONLY", "ColumnValues \"col-A\" in [\"a\",NULL,EMPTY,WHITESPACES_ONLY]",
    "ColumnValues \"col-A\" in [now(),(now() - 3 hours),now(),(now() + 4 days)]",
    "ColumnValues \"col-A\" not matches \"[a-z]*\" with threshold <= 0.4",
    "ColumnValues \"col-A\" = \"2022-01-01\" with threshold > 0.98",
    "ColumnLength \"col_A-B.CD\" >= 100 where \"col-A > 100\"", "Sum \"col_A-B.C\" > -100.0",
    "StandardDeviation \"a\" <= 10.0", "Variance \"a\" between 0.1 and 0.5", "Entropy \"a\" <= 10.0",
    "DistinctValuesCount \"a\" > 1000", "UniqueValueRatio \"a\" < 0.5", "Mean \"a\" between -20 and -10",
    "DataFreshness \"col-A\" between 2 days and 4 days", "DataFreshness \"col-A\" > 90 minutes",
    "ReferentialIntegrity \"col-A,col-B\" \"reference.{col-A1,col-A2}\" = 0.99",
    "DatasetMatch \"reference\" \"ID1->ID11,ID2->ID22\" \"colA->colAA\" between 0.4 and 0.8",
    "SchemaMatch \"ref-1\" >= 0.6", "AggregateMatch \"sum(col-A)\" \"sum(colB)\" > 0.9",
    "CustomSql \"select count(*) from primary\" > 0", "CustomSql \"select id from primary where age < 20\"",
    "CustomSql \"select \\\"a b\\\" from primary\" with threshold > 0.5",
    "DetectAnomalies \"Completeness\" \"colA\"", "FileFreshness \"s3://b/p/\" >= (now() - 24 hours)",
    "FileFreshness > \"9:30 AM\" with timeZone = \"America/New_York\"",
    "FileSize \"s3://b/\" between 100 MB and 1 GB with threshold > 0.1", "FileSize > 10 B",
    "FileUniqueness > 0.5 with recentFiles = 1", "FileMatch \"s3://a/\" \"s3://b/\"",
    "FileMatch \"s3://a/\" in [\"3ee0d8617ac041793154713e5ef8f319\"] with hashAlgorithm = \"MD5\"",
    "(RowCount > 0) AND (IsComplete \"a\")", "(RowCount > 0) OR (IsComplete \"a\") OR (IsUnique \"b\")",
    "(Mean \"a\" > 3) AND ((Mean \"b\" > 500) OR (IsComplete \"c\"))",
    "RowCount > 1 labels=[\"team\"=\"sales\", \"tier\"=\"1\"]",
  ]

  @Test(arguments: canonical) func `a canonical rule reads back as it was written`(text: String) throws {
    let ruleset = try Ruleset("Rules = [ \(text) ]")
    #expect(ruleset.rules.map(\.description) == [text])
  }

  @Test func `spaces, comments and the case of joining words do not matter`() throws {
    let ruleset = try Ruleset(
      """
      # A comment, with "quotes" and [brackets
      Rules=[RowCount>10,   # more
        (IsComplete "a") or (ColumnValues "b" in [ 1 , 2 ]),
      \tMean "c" between 1 and 2
      ]
      """)
    #expect(
      ruleset.rules.map(\.description) == [
        "RowCount > 10", "(IsComplete \"a\") OR (ColumnValues \"b\" in [1,2])", "Mean \"c\" between 1 and 2",
      ])
  }

  @Test func `and binds closer than or`() throws {
    let ruleset = try Ruleset(#"Rules = [ (RowCount > 1) or (IsComplete "a") and (IsUnique "a") ]"#)
    #expect(ruleset.rules[0].description == #"(RowCount > 1) OR ((IsComplete "a") AND (IsUnique "a"))"#)
  }

  @Test func `sections, labels and variables`() throws {
    let ruleset = try Ruleset(
      #"""
      Metadata = { "Version": "1.0" }
      DataSources = { "Primary": "orders", "AdditionalDataSources": [ "reference", "second" ] }
      states = [ "open", "closed" ]
      pattern = "[a-z]+"
      sql = "select count(*) from primary"
      DefaultLabels = [ "owner" = "sales" ]
      Rules = [
        ColumnValues "state" in $states, ColumnValues "code" matches $pattern, CustomSql $sql > 0,
        ((RowCount > 1) and (RowCount < 5)) labels=["tier"="1"]
      ]
      Analyzers = [ RowCount, Completeness "a", AllStatistics "b" ]
      """#)
    #expect(ruleset.metadata == ["Version": "1.0"])
    #expect(ruleset.primarySource == "orders")
    #expect(ruleset.additionalSources == ["reference", "second"])
    #expect(ruleset.defaultLabels == [RuleLabel(key: "owner", value: "sales")])
    #expect(ruleset.rules[0].description == #"ColumnValues "state" in $states"#)
    #expect(ruleset.rules[1].description == #"ColumnValues "code" matches $pattern"#)
    #expect(ruleset.rules[2].leaves[0].parameters[0].value == "select count(*) from primary")
    #expect(ruleset.rules[3].labels == [RuleLabel(key: "tier", value: "1")])
    #expect(ruleset.analyzers.map(\.description) == ["RowCount", "Completeness \"a\"", "AllStatistics \"b\""])
    guard case .text(.isIn, let operands) = ruleset.rules[0].leaves[0].condition else {
      Issue.record("the variable is no list of texts")
      return
    }
    #expect(operands.count == 2)
  }

  /// Rulesets that AWS's parser refuses, too: awslabs/dqdl has tests of them.
  static let refused: [(text: String, reason: String)] = [
    ("", "line 1:0 mismatched input '<EOF>' expecting {'Rules', 'Analyzers'}"),
    ("Rules = [ ]", "No rules or analyzers provided."),
    ("Rules = [ ] Analyzers = [ ]", "No rules or analyzers provided."),
    ("Rules = {", "line 1:8 mismatched input '{' expecting '['"),
    ("Rules = [", "line 1:9 no viable alternative at input '<EOF>'"),
    ("Rules = [ RowCount > 1", "line 1:22 mismatched input '<EOF>' expecting {',', ']'}"),
    ("Rules = [ Foo \"a\" ]", "Rule Type: Foo is not valid"),
    ("Rules = [ ColumnValues \"a\" \"b\" > (now() - 1 days) ]", "Rule Type: ColumnValues is not valid"),
    (
      "Rules = [ Completeness \"col-A\" ]",
      "Unexpected condition for rule of type Completeness with number return type"
    ),
    (
      "Rules = [ IsComplete \"col-A\" > 0.05 ]",
      "Unexpected condition for rule of type IsComplete with boolean return type"
    ),
    (
      "Rules = [ DataFreshness \"col-A\" <= 3 ]",
      "Unexpected condition for rule of type DataFreshness with duration return type"
    ),
    (
      "Rules = [ Completeness \"a\" > 0.4 with threshold > 0.4]",
      "Threshold condition not supported for rule type: Completeness"
    ),
    (
      "Rules = [ ColumnNamesMatchPattern \"aws_*\" where \"aws_id > 100\"]",
      "Where clause is not supported for rule type: ColumnNamesMatchPattern"
    ),
    ("Rules = [ IsComplete \"a\" where \"\" ]", "Empty where condition provided for rule type: IsComplete"),
    (
      "Rules = [ ColumnValues \"a\" > 1 with threshold > 0.1 with threshold > 0.2 ]",
      "Only one threshold condition at a time is supported."
    ),
    (
      "Rules = [ AllStatistics \"id\" > 0 ]",
      "Analyzer Type: AllStatistics is not supported in rules section"
    ),
    ("Rules = [ IsUnique \"a\" ] Analyzers = [ IsComplete \"a\" ]", "Analyzer Type: IsComplete is not supported"),
    ("Rules = [ IsUnique \"a\" ] Analyzers = [ Completeness \"a\", Foo ]", "Analyzer Type: Foo is not valid"),
    ("Rules = [ CustomSql $sql ]", "Error resolving parameters: Variable not found: sql"),
    (
      "list = [ \"a\" ] Rules = [ CustomSql $list ]",
      "Error resolving parameters: Invalid variable type for 'list': expected STRING, but got STRING_ARRAY"
    ),
    ("a = \"1\" a = \"2\" Rules = [ RowCount > 1 ]", "Variable 'a' is already defined"),
    ("a = \"$b\" Rules = [ RowCount > 1 ]", "Nested variables are not supported in variable 'a'"),
    ("Metadata = { \"Foo\": \"1\" } Rules = [ RowCount > 1 ]", "Unsupported key provided in Metadata section"),
    ("Metadata = {} Rules = [ RowCount > 1 ]", "Empty dictionary provided"),
    (
      "Rules = [ RowCount > 1 labels=[\"a\"=\"1\", \"a\"=\"2\"] ]", "Duplicate label key. Key must be unique."
    ),
    ("Rules = [ RowCount > 1 labels=[] ]", "Labels must have at least one label"),
    ("Rules = [ RowCount > 1 ] more", "line 1:25 mismatched input 'more' expecting <EOF>"),
    ("Rules = [ RowCount > 1;]", "line 1:22 token recognition error at: ';'"),
    ("Rules = [ IsComplete \"a ]", "line 1:21 token recognition error at: '\"a ]'"),
    ("Rules = [\n  RowCount > ]", "line 2:13 no viable alternative at input ']'"),
    ("Rules = [ ColumnValues \"a\" in [1,\"2\"] ]", "line 1:27 no viable alternative at input 'in'"),
    ("Rules = [ FileSize > 1 KB with tag != \"x\" ]", "String tags only support the equality operator."),
    ("Rules = [ FileSize > 1.5 ]", "Error parsing condition for return type: SIZE"),
    ("Rules = [ DataFreshness \"a\" < 99999999999 days ]", "For input string: \"99999999999\""),
  ]

  @Test(arguments: refused) func `what is no ruleset is refused in AWS's words`(text: String, reason: String) throws {
    let error = #expect(throws: RulesetError.self) { try Ruleset(text) }
    #expect(error?.description == "Parsing Error: " + reason)
  }

  @Test(arguments: [
    "Rules = [ ColumnValues \"a\" > now() + 1 hours ]", "Rules = [ ColumnValues \"a\" = (now() - 3 weeks) ]",
    "Rules = [ ColumnValues \"a\" matches ]", "Rules = [ ColumnValues \"a\" > 0.4 with ]",
    "Rules = [ DataFreshness \"a\" between 2 and 4 days ]", "Rules = [ FileSize <= 1 ZB ]",
    "Rules = [ FileFreshness > 9:30 ]", "Rules = [ FileFreshness > \"25:00\" ]", "Rules = [ FileMatch ]",
    "Rules = [ FileFreshness \"p\" between and \"2024-07-15\" ]", "(RowCount > 0) OR (IsComplete \"a\")",
    "Rules = [ ((RowCount > 0) AND IsComplete ]", "Rules = [ RowCount > $min ]", "min = 1 Rules = [ RowCount > 1 ]",
    "Rules = [ ColumnValues \"a\" in states ]", "Rules = [ DetectAnomalies ]", "Rules11 = [ RowCount > 1 ]",
    "Rules = [ Completeness \"a\", ]", "Rules = [ RowCount > 1 RowCount > 2 ]", "Rules = [ RowCount > NULL ]",
  ])
  func `other texts that are no rulesets are refused`(text: String) {
    #expect(throws: RulesetError.self) { try Ruleset(text) }
  }

  @Test func `nothing stands in itself without end`() {
    let brackets = String(repeating: "(", count: 10_000)
    #expect(throws: RulesetError.self) { try Ruleset("Rules = [ \(brackets)RowCount > 1 ]") }
    #expect(throws: RulesetError.self) { try Ruleset("Rules = [ RowCount > \(brackets)1 ]") }
    let sum = Array(repeating: "1", count: 10_000).joined(separator: "+")
    #expect(throws: RulesetError.self) { try Ruleset("Rules = [ RowCount > \(sum) ]") }
    #expect(throws: RulesetError.self) { try Ruleset(String(repeating: "x", count: 65_537)) }
  }

  @Test func `a text of any characters is read or refused`() {
    let pieces = [
      "Rules", "=", "[", "]", "(", ")", "RowCount", ">", "\"a\"", "1", ",", "and", "not", "in", "between", "$x",
      "now()",
      "with", "threshold", "labels", "!", "-", "\"", "\\", "#", "\n", "💥", "days", "KB", "NULL", "where",
    ]
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<2_000 {
      let text = (0..<Int.random(in: 1...20, using: &generator)).compactMap { _ in
        pieces.randomElement(using: &generator)
      }
      _ = try? Ruleset("Rules = [ " + text.joined(separator: " "))
    }
  }
}
