import Redshift
import Testing

@Suite struct SQLFailureTests {
  @Test func `a failure ends the statement and not the connection unless it says so`() {
    #expect(!SQLFailure("42601", "syntax error").isFatal)
  }
}
