import Kernel
import Testing

@Suite struct IdentityTests {
  @Test func `an ARN keeps colons and slashes of its resource`() throws {
    let text = "arn:aws:glue:us-east-1:000000000000:table/db/t:1"
    let arn = try #require(ARN(text))
    #expect(arn.service == "glue")
    #expect(arn.resource == "table/db/t:1")
    #expect(arn.description == text)
  }

  @Test(arguments: ["", "arn", "arn:aws:s3", "arn:aws:s3:::", "urn:aws:s3:::b", "arn::s3:::b", "arn:aws::::b"])
  func `what is no ARN is refused`(text: String) { #expect(ARN(text) == nil) }

  @Test(arguments: ["", "12345678901", "1234567890123", "12345678901a", "１２３４５６７８９０１２"])
  func `what is no account number is refused`(text: String) { #expect(AccountID(text) == nil) }

  @Test func `regions know their partition`() {
    #expect(Region("cn-north-1").partition == "aws-cn")
    #expect(Region("us-gov-west-1").partition == "aws-us-gov")
    #expect(Region.usEast1.partition == "aws")
  }

  @Test func `a seed gives the same sequence`() {
    let first = SeededRandomSource(seed: 7)
    let second = SeededRandomSource(seed: 7)
    #expect((0..<20).map { _ in first.next() } == (0..<20).map { _ in second.next() })
    #expect((0..<1000).allSatisfy { _ in (0..<7).contains(first.next(below: 7)) })
  }

  @Test func `a UUID is of version 4`() {
    let text = SeededRandomSource(seed: 1).uuid()
    #expect(text.count == 36)
    #expect(Array(text)[14] == "4")
  }
}
