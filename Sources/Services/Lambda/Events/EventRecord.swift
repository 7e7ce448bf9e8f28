package import Foundation
package import Kernel

/// An event that waits for its function: durable from before its caller is told until it has been dealt with.
package struct EventRecord: Codable, Sendable {
  /// Orders events by their arrival.
  var id: String
  var scope: Scope
  package var function: String
  var qualifier: String?
  var requestID: String
  var payload: Data
  var clientContext: String?
  var received: Timestamp
  var due: Timestamp
  /// How often the function has worked on it in vain.
  var failures = 0
  /// How often there was no room for it.
  var refusals = 0

  package init(
    id: String, scope: Scope, function: String, qualifier: String? = nil, requestID: String, payload: Data,
    clientContext: String? = nil, received: Timestamp, due: Timestamp
  ) {
    self.id = id
    self.scope = scope
    self.function = function
    self.qualifier = qualifier
    self.requestID = requestID
    self.payload = payload
    self.clientContext = clientContext
    self.received = received
    self.due = due
  }

  var name: FunctionName { FunctionName(scope: scope, name: function, qualifier: qualifier) }
}

/// How asynchronous events of a function are dealt with.
struct EventConfigRecord: Codable, Sendable, Hashable {
  var qualifier: String
  var retries: Int?
  var ageSeconds: Int?
  var onSuccess: String?
  var onFailure: String?
  var modified: Timestamp
}
