import LakeFiles
import Testing

@Suite struct LakePatternTests {
  @Test(arguments: [
    ("a/b.csv", "a/b.csv", true), ("a/b.csv", "a/b_csv", false), ("a/*.csv", "a/b.csv", true),
    ("a/*.csv", "a/b/c.csv", false), ("a/**/*.csv", "a/c.csv", true), ("a/**/*.csv", "a/b/b/c.csv", true),
    ("a/**", "a/b/c", true), ("a/**", "b/c", false), ("**/x", "x", true), ("**/x/**/y", "a/x/b/x/c/y", true),
    ("**/x/**/y", "a/b/y", false), ("a/?.csv", "a/b.csv", true), ("a/?.csv", "a/bb.csv", false),
    ("a/[b-d].csv", "a/c.csv", true), ("a/[b-d].csv", "a/e.csv", false), ("a/[!b].csv", "a/c.csv", true),
    ("a/[*].csv", "a/*.csv", true), ("a/[*].csv", "a/b.csv", false), ("a/[", "a/[", true), ("a*b*c", "aXbXXc", true),
    ("a*b*c", "aXbXX", false), ("*", "_hidden", false), ("_*", "_hidden", true), ("**", ".git/x", false),
    ("y=*/m=*/*", "y=1/m=2/f", true), ("y=*/m=*/*", "y=1/m=2/", false), ("a//b", "a//b", true),
    ("*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
    ("ü*", "üb", true), ("", "", true),
  ])
  func matches(_ pattern: String, _ key: String, _ expected: Bool) {
    #expect(LakePattern(pattern).matches(key) == expected)
  }

  @Test(arguments: [
    ("a/b*/c", "a/b"), ("a/**/c", "a/"), ("**", ""), ("*", ""), ("a/b", "a/b"), ("a/[x]y*", "a/xy"), ("a/[xy]", "a/"),
  ])
  func listsFromItsPrefix(_ pattern: String, _ prefix: String) {
    #expect(LakePattern(pattern).prefix == prefix)
  }

  @Test func pathsAreRead() {
    #expect(LakePath("s3://b/k/l") == LakePath(bucket: "b", key: "k/l"))
    #expect(LakePath("s3a://b/") == LakePath(bucket: "b", key: ""))
    #expect(LakePath("s3://b") == LakePath(bucket: "b", key: ""))
    #expect(LakePath("s3:///k") == nil)
    #expect(LakePath("b/k") == nil)
  }
}
