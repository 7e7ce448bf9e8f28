import Kernel
import RedshiftServerlessModel

/// What AWS checks of names and numbers before it makes or changes anything.
enum ServerlessRules {
  static func name(_ text: String, _ member: String) throws -> String {
    let isLegal = text.utf8.allSatisfy { ClusterRules.isLower($0) || ClusterRules.isDigit($0) || $0 == 0x2D }
    guard ServerlessLimits.nameCharacters.contains(text.utf8.count), isLegal else {
      throw RedshiftServerlessError.validationException(
        "\(member) must have 3 to 64 characters and contain only lowercase letters, numbers and hyphens.")
    }
    return text
  }

  static func check(_ fault: String?) throws {
    if let fault { throw RedshiftServerlessError.validationException(fault) }
  }

  static func capacity(_ units: Int) throws -> Int {
    // 4, then steps of 8 to 512 and of 32 beyond.
    let isStep = units == 4 || (units <= 512 ? units % 8 == 0 : units % 32 == 0)
    guard (ServerlessLimits.capacityMin...ServerlessLimits.capacityMax).contains(units), isStep else {
      throw RedshiftServerlessError.validationException("The capacity \(units) is not valid.")
    }
    return units
  }

  static func port(_ port: Int?) throws -> Int {
    let port = port ?? ServerlessLimits.portDefault
    guard ServerlessLimits.ports.contains(where: { $0.contains(port) }) else {
      throw RedshiftServerlessError.validationException(
        "The port \(port) is not valid. It must be within 5431-5455 or 8191-8215.")
    }
    return port
  }

  static func roles(_ roles: [String], default standard: String?) throws {
    do {
      try ClusterRules.roles(roles, default: standard)
    } catch let error as AWSError {
      throw RedshiftServerlessError.validationException(error.message)
    }
  }

  static func parameters(_ given: [ConfigParameter]?, over values: [String: String]) throws -> [String: String] {
    var values = values
    for parameter in given ?? [] {
      guard let key = parameter.parameterKey, let value = parameter.parameterValue else {
        throw RedshiftServerlessError.validationException("Configuration parameters need a key and a value.")
      }
      guard WorkgroupRecord.defaultParameters[key] != nil || WorkgroupRecord.otherParameters.contains(key) else {
        throw RedshiftServerlessError.validationException("Unknown configuration parameter: \(key)")
      }
      if let known = ClusterParameter.all.first(where: { $0.name == key }) { try check(known.fault(value)) }
      values[key] = value
    }
    return values
  }

  static func tags(_ given: [Tag]?) throws -> [String: String] {
    var tags: [String: String] = [:]
    for tag in given ?? [] {
      guard (1...128).contains(tag.key.count), tag.value.count <= 256, !tag.key.lowercased().hasPrefix("aws:") else {
        throw RedshiftServerlessError.validationException("The tag \(tag.key) is not valid.")
      }
      tags[tag.key] = tag.value
    }
    guard tags.count <= ServerlessLimits.tagsMax else {
      throw RedshiftServerlessError.tooManyTagsException("A resource can have at most 50 tags.")
    }
    return tags
  }
}
