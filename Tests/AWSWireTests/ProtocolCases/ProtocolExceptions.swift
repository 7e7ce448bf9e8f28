/// Cases that say nothing about this server, with the reason.
enum ProtocolExceptions {
  private static let document = "no service here has a document type"
  private static let client = "about what a client does by itself"
  private static let equal = "another way to write the same, which clients must take; servers choose"

  private static let queryMap = "no service here takes whole query strings; Smithy leaves open what such a map holds"
  private static let rootNames = "S3 names the root after the member, which these shapes name otherwise"
  private static let flat = "botocore itself does not write this list as the case wants it"
  private static let media = "no service here keeps JSON in a header"

  static func skipsInput(_ id: String) -> Bool {
    // The file shows these bodies as they were before they are compressed.
    input[id] != nil || id.hasPrefix("SDKApp")
  }

  static let input: [String: String] = [
    "PutAndGetInlineDocumentsInput": document, "DocumentTypeInputWithObject": document,
    "DocumentInputWithString": document, "DocumentInputWithNumber": document, "DocumentInputWithBoolean": document,
    "DocumentInputWithList": document, "DocumentTypeAsMapValueInput": document, "DocumentTypeAsPayloadInput": document,
    "DocumentTypeAsPayloadInputString": document,
    "QueryProtocolIdempotencyTokenAutoFill": client, "RestJsonQueryIdempotencyTokenAutoFill": client,
    "RestJsonHostWithPath": client, "RestXmlHostWithPath": client, "QueryIdempotencyTokenAutoFill": client,
    "QueryFlattenedListArgWithXmlName": flat,
    "AllQueryStringTypes": queryMap, "RestXmlQueryStringEscaping": queryMap, "RestXmlQueryPrecedence": queryMap,
    "RestXmlSupportsNaNFloatQueryValues": queryMap, "RestXmlSupportsInfinityFloatQueryValues": queryMap,
    "RestXmlSupportsNegativeInfinityFloatQueryValues": queryMap, "RestXmlZeroAndFalseQueryValues": queryMap,
    "RestXmlQueryParamsStringListMap": queryMap, "RestJsonQueryParamsStringListMap": queryMap,
    "RestJsonQueryPrecedence": queryMap, "MediaTypeHeaderInputBase64": media,
  ]

  static let output: [String: String] = [
    "DocumentOutput": document, "DocumentOutputString": document, "DocumentOutputNumber": document,
    "DocumentOutputBoolean": document, "DocumentOutputArray": document, "DocumentTypeAsMapValueOutput": document,
    "DocumentTypeAsPayloadOutput": document, "DocumentTypeAsPayloadOutputString": document,
    "PutAndGetInlineDocumentsInput": document,
    "AwsJson11DateTimeWithNegativeOffset": equal, "AwsJson11DateTimeWithPositiveOffset": equal,
    "RestJsonDateTimeWithNegativeOffset": equal, "RestJsonDateTimeWithPositiveOffset": equal,
    "AwsQueryDateTimeWithNegativeOffset": equal, "AwsQueryDateTimeWithPositiveOffset": equal,
    "RestXmlDateTimeWithNegativeOffset": equal, "RestXmlDateTimeWithPositiveOffset": equal,
    "QueryXmlEmptyMaps": equal, "XmlEmptyMaps": equal, "QueryEmptyInputAndEmptyOutput": equal,
    "QueryNoInputAndNoOutput": equal, "QueryNoInputAndOutput": equal,
    "handles_unexpected_json_output": client, "AwsJson10HandlesUnexpectedJsonOutput": client,
    "AwsJson11IntEnums": client, "AwsJson11DeserializeIgnoreType": client, "AwsJson10DeserializeIgnoreType": client,
    "RestJsonDeserializeIgnoreType": client, "parses_the_request_id_from_the_response": client,
    "IgnoreQueryParamsInResponse": client, "MediaTypeHeaderOutputBase64": media,
    "RestXmlHttpPayloadWithUnion": rootNames, "HttpPayloadWithXmlName": rootNames,
    "HttpPayloadWithXmlNamespace": rootNames, "HttpPayloadWithXmlNamespaceAndPrefix": rootNames,
    "XmlAttributesOnPayload": rootNames, "XmlAttributes": "no output here has attributes on its root",
  ]
}
