import AWSWire
import Kernel

/// Who changes an object, and by which kind of request: what the change's event tells beside the object.
struct ChangeOrigin: Sendable {
  /// How an object comes to be. Raw values are the names of events.
  enum Creation: String, Sendable {
    case put = "ObjectCreated:Put"
    case copy = "ObjectCreated:Copy"
    case completeUpload = "ObjectCreated:CompleteMultipartUpload"
  }

  var principalID: String
  var sourceAddress: String
  var requestID: String
  /// When the change is made; set anew where it is written.
  var time: Timestamp
  var creation = Creation.put
  /// A lifecycle rule acts: AWS has other events for that.
  var isLifecycle = false

  init(_ context: RequestContext, _ creation: Creation = .put) {
    principalID =
      switch context.principal.kind {
      case .anonymous: "Anonymous"
      case .service(let name): name
      default: "AWS:\(context.principal.userID)"
      }
    // A service that writes objects has no address but its name.
    sourceAddress = [context.sourceIP, context.userAgent].first { !$0.isEmpty } ?? Self.serviceName
    requestID = context.requestID
    time = context.time
    self.creation = creation
  }

  private init(lifecycleAt time: Timestamp, requestID: String) {
    principalID = Self.serviceName
    sourceAddress = Self.serviceName
    self.requestID = requestID
    self.time = time
    isLifecycle = true
  }

  /// - Parameter requestID: tells this round of rules from others.
  static func lifecycle(at time: Timestamp, requestID: String) -> ChangeOrigin {
    ChangeOrigin(lifecycleAt: time, requestID: requestID)
  }

  static let serviceName = "s3.amazonaws.com"

  /// The same, for a change at another moment.
  func at(_ time: Timestamp) -> ChangeOrigin {
    var moved = self
    moved.time = time
    return moved
  }
}
