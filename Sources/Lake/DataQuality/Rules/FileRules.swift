import Kernel

// Rules about the files that data lies in: FileFreshness, FileSize, FileUniqueness and FileMatch.
//
// Source of the rules: the types' pages in the AWS Glue developer guide.

extension RuleCompiler {
  func fileRule(_ rule: SimpleRule) async throws -> CompiledRule {
    switch rule.type {
    case .fileFreshness: try await fileFreshness(rule)
    case .fileSize: try await fileSize(rule)
    case .fileUniqueness: try await fileUniqueness(rule)
    default: try await fileMatch(rule)
    }
  }

  /// The files that a rule names, or those that the data was read from; the newest first.
  private func chosen(_ rule: SimpleRule, parameter: Int = 0) async throws -> [QualityFile] {
    var found: [QualityFile]
    if parameter < rule.parameters.count {
      do {
        found = try await files.files(at: rule.parameters[parameter].value, limit: QualityLimits.filesMax + 1)
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        throw RuleFailure.error(QualityMessage.text(error))
      }
    } else {
      found = ground.data.files
    }
    guard found.count <= QualityLimits.filesMax else {
      throw RuleFailure.error("A rule looks at \(QualityLimits.filesMax) files at most.")
    }
    if let text = rule.tag("uriRegex") {
      guard let pattern = try? Regex(text) else { throw RuleFailure.error("Invalid regex pattern '\(text)'") }
      found = found.filter { $0.path.firstMatch(of: pattern) != nil }
    }
    found.sort { ($1.modified, $0.path) < ($0.modified, $1.path) }
    if let text = rule.tag("recentFiles") {
      guard let count = Int(text), count > 0 else {
        throw RuleFailure.error("The tag recentFiles takes a positive number.")
      }
      found = Array(found.prefix(count))
    }
    guard !found.isEmpty else { throw RuleFailure.failed("No files found") }
    return found
  }

  private func judged(
    _ rule: SimpleRule, _ name: String, _ part: Double, _ others: [String: Double]
  ) throws(RuleFailure) -> CompiledRule {
    let compliance = "Dataset.*.\(name).Compliance"
    var judgement =
      try ground.threshold(rule, compliance).map { Judgement(part, named: compliance, $0) }
      ?? .whole(part, named: compliance)
    judgement.metrics.merge(others) { $1 }
    return CompiledRule(judgement)
  }

  private func fileFreshness(_ rule: SimpleRule) async throws -> CompiledRule {
    let found = try await chosen(rule)
    guard case .date(let comparison, let dates) = rule.condition else {
      throw RuleFailure.error("Unsupported condition type for FileFreshness rule")
    }
    var operands: [Int64] = []
    for date in dates {
      operands.append(try Moment.microseconds(date, now: ground.now, zone: rule.tag("timeZone")))
    }
    let fresh = found.count { SQLComparison.holds($0.modified.nanoseconds / 1_000, comparison, operands) }
    return try judged(
      rule, "FileFreshness", Double(fresh) / Double(found.count), ["Dataset.*.FileCount": Double(found.count)])
  }

  private func fileSize(_ rule: SimpleRule) async throws -> CompiledRule {
    let found = try await chosen(rule)
    guard case .size(let comparison, let sizes) = rule.condition else {
      throw RuleFailure.error("Unsupported condition type for FileSize rule")
    }
    let bytes = found.map { Double($0.bytes) }
    let fitting = bytes.count { SQLComparison.holds($0, comparison, sizes.map(\.bytes)) }
    return try judged(
      rule, "FileSize", Double(fitting) / Double(found.count),
      [
        "Dataset.*.FileCount": Double(found.count), "Dataset.*.MaximumFileSize": bytes.max() ?? 0,
        "Dataset.*.MinimumFileSize": bytes.min() ?? 0,
      ])
  }

  /// What two equal files share: their content, or with `matchFileName` their name.
  private static func identity(_ file: QualityFile, byName: Bool) -> String {
    byName ? String(file.path.split(separator: "/").last ?? "") : "\(file.digest)/\(file.bytes)"
  }

  private func fileUniqueness(_ rule: SimpleRule) async throws -> CompiledRule {
    let found = try await chosen(rule)
    let name = "Dataset.*.FileUniquenessRatio"
    let test = try ground.test(rule, name)
    let byName = rule.tag("matchFileName")?.lowercased() == "true"
    let counts = Dictionary(grouping: found) { Self.identity($0, byName: byName) }
    let part = Double(counts.values.count { $0.count == 1 }) / Double(found.count)
    var judgement = Judgement(part, named: name, test)
    judgement.metrics["Dataset.*.FileCount"] = Double(found.count)
    return CompiledRule(judgement, evaluated: ground.evaluated(rule, test))
  }

  /// With two paths: the files of one are among those of the other. With checksums: every file has one of them.
  private func fileMatch(_ rule: SimpleRule) async throws -> CompiledRule {
    let found = try await chosen(rule)
    let compliance = "Dataset.*.FileMatch.Compliance"
    let count = ["Dataset.*.FileCount": Double(found.count)]
    if rule.parameters.count == 2 {
      let byName = rule.tag("matchFileName")?.lowercased() == "true"
      let others = Set(try await chosen(rule, parameter: 1).map { Self.identity($0, byName: byName) })
      let part = Double(found.count { others.contains(Self.identity($0, byName: byName)) }) / Double(found.count)
      return CompiledRule(
        Judgement(
          reasons: part == 1 ? [] : [QualityMessage.unmet(part)], metrics: count.merging([compliance: part]) { $1 }))
    }
    guard case .text(let comparison, let operands) = rule.condition, [.equal, .isIn].contains(comparison) else {
      throw RuleFailure.error("FileMatch compares checksums with '=' or 'in'.")
    }
    // Objects carry the MD5 of what was put in one piece; other digests would need every byte to be read.
    guard (rule.tag("hashAlgorithm") ?? "MD5").uppercased() == "MD5" else {
      throw RuleFailure.error("FileMatch with hashAlgorithm other than MD5 is not implemented.")
    }
    let wanted = Set(
      operands.compactMap { operand -> String? in
        if case .text(let text) = operand { text.value.lowercased() } else { nil }
      })
    let part = Double(found.count { wanted.contains($0.digest) }) / Double(found.count)
    return CompiledRule(
      Judgement(
        reasons: part == 1 ? [] : [QualityMessage.unmet(part)], metrics: count.merging([compliance: part]) { $1 }))
  }
}
