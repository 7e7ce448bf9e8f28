/// The difference of two documents as a JSON Patch (RFC 6902), for `GetSchemaVersionsDiff`.
enum JSONPatch {
  static func from(_ old: JSONValue, to new: JSONValue) -> String {
    var operations: [JSONValue] = []
    compare(old, new, at: "", into: &operations)
    return JSONValue.array(operations).canonicalText
  }

  private static func compare(_ old: JSONValue, _ new: JSONValue, at path: String, into operations: inout [JSONValue]) {
    switch (old, new) {
    case _ where old == new: return
    case (.object(let old), .object(let new)):
      for name in Set(old.keys).union(new.keys).sorted() {
        let place = "\(path)/\(name.replacing("~", with: "~0").replacing("/", with: "~1"))"
        switch (old[name], new[name]) {
        case (let before?, let after?): compare(before, after, at: place, into: &operations)
        case (nil, let after?): operations.append(operation("add", place, after))
        default: operations.append(operation("remove", place, nil))
        }
      }
    case (.array(let old), .array(let new)):
      let shared = min(old.count, new.count)
      for index in 0..<shared { compare(old[index], new[index], at: "\(path)/\(index)", into: &operations) }
      // From the end, so that the places named stay right while the patch is applied.
      for index in stride(from: old.count - 1, to: shared - 1, by: -1) {
        operations.append(operation("remove", "\(path)/\(index)", nil))
      }
      for index in shared..<max(shared, new.count) {
        operations.append(operation("add", "\(path)/\(index)", new[index]))
      }
    default: operations.append(operation("replace", path, new))
    }
  }

  private static func operation(_ name: String, _ path: String, _ value: JSONValue?) -> JSONValue {
    var members: [String: JSONValue] = ["op": .string(name), "path": .string(path)]
    members["value"] = value
    return .object(members)
  }
}
