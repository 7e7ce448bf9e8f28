/// Values kept as long as they are used more recently than others and their costs' sum stays below a bound.
struct RecentlyUsed<Name: Hashable & Sendable, Value: Sendable>: Sendable {
  private var held: [Name: (value: Value, cost: Int, lastUse: UInt64)] = [:]
  private var uses: UInt64 = 0
  private var cost = 0
  private let costMax: Int

  init(costMax: Int) { self.costMax = costMax }

  mutating func use(_ name: Name) -> Value? {
    guard let found = held[name] else { return nil }
    uses += 1
    held[name] = (found.value, found.cost, uses)
    return found.value
  }

  mutating func keep(_ name: Name, _ value: Value, cost: Int = 1) {
    remove(name)
    uses += 1
    held[name] = (value, cost, uses)
    self.cost += cost
    guard self.cost > costMax else { return }
    // Down to three quarters at once, so that the search for the oldest is paid rarely; never the new one.
    for (_, oldest) in held.map({ ($0.value.lastUse, $0.key) }).sorted(by: { $0.0 < $1.0 }).dropLast() {
      remove(oldest)
      if self.cost <= costMax / 4 * 3 { return }
    }
  }

  mutating func remove(_ name: Name) {
    if let removed = held.removeValue(forKey: name) { cost -= removed.cost }
  }

  mutating func removeAll() {
    held = [:]
    cost = 0
  }
}
