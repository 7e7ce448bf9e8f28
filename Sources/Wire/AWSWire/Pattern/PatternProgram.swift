/// A pattern compiled to instructions for a machine that holds a set of states.
struct PatternProgram: Sendable {
  enum Instruction: Sendable {
    case take(ScalarSet)
    case jump(Int)
    /// Goes on at both places.
    case split(Int, Int)
    case start
    case end
    /// Looks ahead (or one character back) without taking anything.
    case look(Look)
    case match
  }

  final class Look: Sendable {
    let program: PatternProgram
    let isNegated: Bool
    let isBehind: Bool
    init(_ program: PatternProgram, isNegated: Bool, isBehind: Bool) {
      self.program = program
      self.isNegated = isNegated
      self.isBehind = isBehind
    }
  }

  /// States of one pattern; bounded repetitions are written out, so that `{1,2048}` takes 2,048.
  static let instructionsMax = 20_000

  private(set) var instructions: [Instruction] = []

  init(parsing text: String) throws {
    var parser = PatternParser(text)
    try emit(try parser.parse())
    instructions.append(.match)
  }

  private init(_ node: PatternNode) throws {
    try emit(node)
    instructions.append(.match)
  }

  private mutating func emit(_ node: PatternNode) throws {
    guard instructions.count < Self.instructionsMax else { throw PatternError.tooLarge }
    switch node {
    case .set(let set): instructions.append(.take(set))
    case .sequence(let parts): for part in parts { try emit(part) }
    case .start: instructions.append(.start)
    case .end: instructions.append(.end)
    case .look(let inner, let isNegated, let isBehind):
      instructions.append(.look(Look(try PatternProgram(inner), isNegated: isNegated, isBehind: isBehind)))
    case .choice(let options):
      var ends: [Int] = []
      for (index, option) in options.enumerated() {
        if index == options.count - 1 {
          try emit(option)
        } else {
          let split = instructions.count
          instructions.append(.split(split + 1, 0))
          try emit(option)
          ends.append(instructions.count)
          instructions.append(.jump(0))
          instructions[split] = .split(split + 1, instructions.count)
        }
      }
      for end in ends { instructions[end] = .jump(instructions.count) }
    case .repetition(let inner, let min, let max):
      for _ in 0..<min { try emit(inner) }
      if let max {
        var splits: [Int] = []
        for _ in min..<Swift.max(min, max) {
          splits.append(instructions.count)
          instructions.append(.split(instructions.count + 1, 0))
          try emit(inner)
        }
        for split in splits { instructions[split] = .split(split + 1, instructions.count) }
      } else {
        let split = instructions.count
        instructions.append(.split(split + 1, 0))
        try emit(inner)
        instructions.append(.jump(split))
        instructions[split] = .split(split + 1, instructions.count)
      }
    }
  }

  // MARK: Running

  func matchesAll(_ text: [Unicode.Scalar]) -> Bool { run(text, from: 0, toEnd: true) }

  private func run(_ text: [Unicode.Scalar], from begin: Int, toEnd: Bool) -> Bool {
    var states = StateSet(instructions.count)
    var next = StateSet(instructions.count)
    var at = begin
    follow(0, at, text, &states)
    while true {
      if states.hasMatch, !toEnd || at == text.count { return true }
      guard at < text.count, !states.list.isEmpty else { return false }
      next.clear()
      for state in states.list {
        if case .take(let set) = instructions[state], set.contains(text[at]) { follow(state + 1, at + 1, text, &next) }
      }
      swap(&states, &next)
      at += 1
    }
  }

  /// Adds a state and all that are reached from it without taking a character.
  private func follow(_ first: Int, _ at: Int, _ text: [Unicode.Scalar], _ states: inout StateSet) {
    var open = [first]
    while let state = open.popLast() {
      guard states.insert(state) else { continue }
      switch instructions[state] {
      case .take: states.list.append(state)
      case .match: states.hasMatch = true
      case .jump(let target): open.append(target)
      case .split(let one, let other): open += [other, one]
      case .start: if at == 0 { open.append(state + 1) }
      case .end: if at == text.count { open.append(state + 1) }
      case .look(let look):
        let found: Bool
        if look.isBehind {
          found = at > 0 && look.program.run(Array(text[at - 1..<at]), from: 0, toEnd: true)
        } else {
          found = look.program.run(text, from: at, toEnd: false)
        }
        if found != look.isNegated { open.append(state + 1) }
      }
    }
  }

  private struct StateSet {
    var list: [Int] = []
    var hasMatch = false
    private var seen: [Bool]

    private var touched: [Int] = []

    init(_ count: Int) { seen = [Bool](repeating: false, count: count) }

    mutating func insert(_ state: Int) -> Bool {
      if seen[state] { return false }
      seen[state] = true
      touched.append(state)
      return true
    }

    mutating func clear() {
      for state in touched { seen[state] = false }
      touched.removeAll(keepingCapacity: true)
      list.removeAll(keepingCapacity: true)
      hasMatch = false
    }
  }
}
