/// Method and path of a REST operation, from the model's template.
struct HTTPRoute: Sendable {
  enum Segment: Sendable, Hashable {
    case literal(String)
    case label(String)
    /// The rest of the path, slashes included.
    case greedy(String)
  }

  let operation: String
  let method: String
  let segments: [Segment]
  /// How many of the segments are literal.
  let literals: Int
  /// Pairs that the query must hold: with any value where it is `nil`.
  let fixedQuery: [(name: String, value: String?)]
  /// Query pairs and headers that the input cannot do without: they tell operations of one path apart.
  let requiredQuery: [String]
  let requiredHeaders: [String]
  let isImplemented: Bool

  /// - Parameters:
  ///   - http: such as `PUT /{Bucket}/{Key+}?acl`.
  ///   - schema: of the input; `nil` for an operation that is only known by name.
  init(_ operation: String, _ http: String, schema: StructureSchema?) {
    self.operation = operation
    let words = http.split(separator: " ", maxSplits: 1)
    method = words.first.map(String.init) ?? ""
    let target = words.count > 1 ? words[1] : ""
    let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    segments = (halves.first ?? "").split(separator: "/").map { part in
      guard part.hasPrefix("{"), part.hasSuffix("}") else { return .literal(String(part)) }
      let name = part.dropFirst().dropLast()
      return name.hasSuffix("+") ? .greedy(String(name.dropLast())) : .label(String(name))
    }
    literals = segments.count { if case .literal = $0 { true } else { false } }
    fixedQuery = (halves.count > 1 ? halves[1] : "").split(separator: "&").compactMap { pair in
      let parts = pair.split(separator: "=", maxSplits: 1)
      // `x-id` is what SDKs add to tell requests apart in logs.
      guard let name = parts.first, name != "x-id" else { return nil }
      return (String(name), parts.count > 1 ? String(parts[1]) : nil)
    }
    let required = (schema?.members ?? []).filter(\.isRequired)
    requiredQuery = required.filter { $0.location == .query }.map(\.wireName)
    requiredHeaders = required.filter { $0.location == .header }.map { $0.wireName.lowercased() }
    isImplemented = schema != nil
  }

  /// Whether a path is of this route's form.
  func takes(_ parts: [Substring]) -> Bool {
    for (index, segment) in segments.enumerated() {
      guard index < parts.count else { return false }
      switch segment {
      case .literal(let text): guard parts[index] == text else { return false }
      case .label: guard !parts[index].isEmpty else { return false }
      // Two parts have a slash between them, which is something.
      case .greedy: return parts.count > index + 1 || !parts[index].isEmpty
      }
    }
    // A slash at the end does not make another path: `/bucket/` is the bucket.
    return parts.count == segments.count || (parts.count == segments.count + 1 && parts[segments.count].isEmpty)
  }

  /// The labels of a path that this route takes, still percent-encoded; `nil` for a path of another form.
  func labels(_ parts: [Substring]) -> [String: Substring]? {
    var found: [String: Substring] = [:]
    guard takes(parts) else { return nil }
    for (segment, part) in zip(segments, parts.indices) {
      switch segment {
      case .literal: break
      case .label(let name): found[name] = parts[part]
      case .greedy(let name): found[name] = parts[part...].joined(separator: "/")[...]
      }
    }
    return found
  }
}

/// The routes of a service.
struct HTTPRoutes: Sendable {
  private let byMethod: [String: [HTTPRoute]]
  private let names: Set<String>

  init(_ routes: [HTTPRoute]) {
    byMethod = Dictionary(grouping: routes, by: \.method)
    names = Set(routes.map(\.operation))
  }

  func knows(_ operation: String) -> Bool { names.contains(operation) }

  /// The route that says most about the request, and the decoded labels of its path; `nil` labels when these are no
  /// UTF-8.
  func find(_ request: WireRequest) -> (route: HTTPRoute, labels: [String: String]?)? {
    guard let candidates = byMethod[request.method] else { return nil }
    let path = request.rawPath.hasPrefix("/") ? request.rawPath.dropFirst() : request.rawPath[...]
    let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { Substring($0) }
    let query = QueryPairs(text: request.rawQuery)
    var best: (score: Int, route: HTTPRoute)?
    for route in candidates where route.fixedQuery.isEmpty || !query.pairs.isEmpty {
      guard route.takes(parts), let score = score(route, query, request.headers) else { continue }
      if best.map({ score > $0.score }) ?? true { best = (score, route) }
    }
    guard let best, let found = best.route.labels(parts) else { return nil }
    var labels: [String: String] = [:]
    for (name, text) in found {
      guard let decoded = PercentCoding.decoded(text) else { return (best.route, nil) }
      labels[name] = decoded
    }
    return (best.route, labels)
  }

  /// How much of the request a route explains; `nil` when it asks for what the request has not.
  private func score(_ route: HTTPRoute, _ query: QueryPairs, _ headers: WireHeaders) -> Int? {
    var score = route.isImplemented ? 1 : 0
    for (name, value) in route.fixedQuery {
      guard query.pairs.contains(where: { $0.name == name && (value == nil || $0.value == value) }) else { return nil }
      score += 1000
    }
    score += route.literals * 10
    let missing =
      route.requiredQuery.count { !query.contains($0) } + route.requiredHeaders.count { headers[$0] == nil }
    if missing > 0 { return score - 100 * missing }
    return score + 10 * (route.requiredQuery.count + route.requiredHeaders.count)
  }
}
