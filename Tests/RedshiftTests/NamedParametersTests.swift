import Redshift
import Testing

struct NamedParametersTests {
  @Test(arguments: [
    ("SELECT :a", "SELECT $1", [0]),
    ("SELECT :a, :b, :a", "SELECT $1, $2, $1", [0, 1]),
    ("SELECT :b + :a", "SELECT $1 + $2", [1, 0]),
    ("SELECT x::int, :a::int", "SELECT x::int, $1::int", [0]),
    ("SELECT ':a', \":a\", :a", "SELECT ':a', \":a\", $1", [0]),
    ("SELECT 'it''s :a' || :a", "SELECT 'it''s :a' || $1", [0]),
    ("SELECT 1 -- :a\n, :a", "SELECT 1 -- :a\n, $1", [0]),
    ("SELECT /* :a */ :a", "SELECT /* :a */ $1", [0]),
    ("SELECT $$ :a $$, :a", "SELECT $$ :a $$, $1", [0]),
    ("SELECT :ab, :a", "SELECT :ab, $1", [0]),
    ("SELECT '13:05:00', :a", "SELECT '13:05:00', $1", [0]),
    ("SELECT :", "SELECT :", []),
    ("SELECT ':a", "SELECT ':a", []),
    ("SELECT /* :a", "SELECT /* :a", []),
    ("", "", []),
  ])
  func rewrites(sql: String, text: String, order: [Int]) {
    let found = NamedParameters.rewrite(sql, names: ["a", "b"])
    #expect(found.text == text)
    #expect(found.order == order)
  }

  @Test func leavesTextAloneWithoutParameters() {
    #expect(NamedParameters.rewrite("SELECT :a, $1", names: []).text == "SELECT :a, $1")
  }
}
