import Foundation

/// What `services.json` says about one service.
struct ServiceConfiguration: Decodable {
  /// The service's name in botocore's data folder, such as `cloudwatch`.
  var model: String
  /// The prefix of the generated names: `CloudWatch` makes `CloudWatchAPI` in the module `CloudWatchModel`.
  var name: String
  /// Operations that are generated; all of the model's when left out.
  var operations: [String]?
  /// Operations of the model that are left out.
  var excluded: [String]?
  /// Shapes whose names would hide a name of Swift's or of ours.
  var renamed: [String: String]?
  /// Members that are left out, as `Shape.Member`: what nothing reads yet and would double the module.
  var dropped: [String]?
  /// Members that are optional in spite of the model, as `Shape.Member`: what the service itself leaves out at times.
  var optional: [String]?
  /// Errors that the service answers and the model does not list: code to status.
  var errors: [String: Int]?
  /// The code of answers to inputs that break constraints, where it is not `ValidationException`.
  var validationCode: String?
  /// The namespace of XML answers, where the model is silent.
  var namespace: String?
  /// Whether the service takes JSON 1.1's requests in CBOR as well.
  var speaksCBOR: Bool?
  /// Names of root elements of responses, where the model is silent.
  var roots: [String: String]?
}

struct Configuration: Decodable {
  /// The version of botocore the models come from.
  var botocore: String
  var services: [ServiceConfiguration]
}
