import AWSWire
import Foundation
import Kernel
import NIOCore

/// A call in the words of a CloudTrail record. Source: CloudTrail user guide, "CloudTrail record contents". What a call
/// carried and what it gave are not kept: `requestParameters` and `responseElements` are null.
enum ManagementEvent {
  /// Operations on what a resource holds. Source: CloudTrail user guide, "Logging data events".
  private static let dataOperations: [String: Set<String>] = [
    "s3": [
      "AbortMultipartUpload", "CompleteMultipartUpload", "CopyObject", "CreateMultipartUpload", "DeleteObject",
      "DeleteObjectTagging", "DeleteObjects", "GetObject", "GetObjectAcl", "GetObjectAttributes", "GetObjectLegalHold",
      "GetObjectRetention", "GetObjectTagging", "GetObjectTorrent", "HeadBucket", "HeadObject", "ListMultipartUploads",
      "ListObjectVersions", "ListObjects", "ListObjectsV2", "ListParts", "PostObject", "PreflightRequest", "PutObject",
      "PutObjectAcl", "PutObjectLegalHold", "PutObjectRetention", "PutObjectTagging", "RestoreObject",
      "SelectObjectContent", "UploadPart", "UploadPartCopy",
    ],
    "kinesis": ["GetRecords", "GetShardIterator", "PutRecord", "PutRecords", "SubscribeToShard"],
    "lambda": ["Invoke"],
    "firehose": ["PutRecord", "PutRecordBatch"],
    "monitoring": ["GetMetricData", "GetMetricStatistics", "GetMetricWidgetImage", "ListMetrics", "PutMetricData"],
  ]

  static func isData(_ service: String, _ operation: String) -> Bool {
    operation == "-" || dataOperations[service]?.contains(operation) == true
  }

  static func line(_ event: AuditEvent, id: String) -> ByteBuffer {
    let context = event.context
    var record: [String: Any] = [
      "eventVersion": "1.11", "eventID": id, "eventType": "AwsApiCall", "eventCategory": "Management",
      "managementEvent": true, "eventTime": TimestampText.iso8601(context.time),
      "eventSource": "\(event.service).amazonaws.com",
      "eventName": event.operation, "awsRegion": context.region.code, "requestID": context.requestID,
      "sourceIPAddress": context.sourceIP, "userAgent": context.userAgent, "readOnly": isRead(event.operation),
      "recipientAccountId": context.account.digits, "userIdentity": identity(context.principal),
      "requestParameters": NSNull(), "responseElements": NSNull(),
    ]
    if let error = event.error {
      record["errorCode"] = error.code
      record["errorMessage"] = error.message
    }
    let data = try? JSONSerialization.data(withJSONObject: record, options: [.sortedKeys, .withoutEscapingSlashes])
    return ByteBuffer(bytes: data ?? Data())
  }

  private static func isRead(_ operation: String) -> Bool {
    ["Get", "List", "Describe", "Head", "Lookup", "BatchGet", "Search", "Query", "Simulate"]
      .contains(where: operation.hasPrefix)
  }

  private static func identity(_ principal: Principal) -> [String: Any] {
    var identity: [String: Any] = [
      "principalId": principal.userID, "arn": principal.arn.description, "accountId": principal.account.digits,
    ]
    if !principal.accessKeyID.isEmpty { identity["accessKeyId"] = principal.accessKeyID }
    switch principal.kind {
    case .root: identity["type"] = "Root"
    case .user(let name):
      identity["type"] = "IAMUser"
      identity["userName"] = name
    case .assumedRole(let name, _):
      identity["type"] = "AssumedRole"
      identity["sessionContext"] = [
        "sessionIssuer": [
          "type": "Role", "userName": name, "accountId": principal.account.digits,
          "principalId": String(principal.userID.prefix { $0 != ":" }),
        ]
      ]
    case .service(let name): identity = ["type": "AWSService", "invokedBy": name]
    case .anonymous: identity = ["type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"]
    }
    return identity
  }
}
