import Foundation
public import SQL

/// A grok pattern written out as one regular expression: `%{COMBINEDAPACHELOG}`, `%{NUMBER:bytes:int}`.
///
/// The named fields are the expression's groups, one after another; every other group gathers nothing.
public struct GrokPattern: Sendable {
  public struct Field: Hashable, Sendable {
    public var name: String
    public var type: HiveType
  }

  /// What is wrong with a pattern.
  public struct Invalid: Error, Hashable, Sendable {
    public let message: String
  }

  public let fields: [Field]
  public let expression: String

  /// - Parameter custom: further patterns, a line each: a name, a space, an expression.
  public init(_ pattern: String, custom: String?) throws(Invalid) {
    var known = GrokPatterns.builtIn
    for line in (custom ?? "").split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: " ", maxSplits: 1)
      guard parts.count == 2 else { continue }
      known[String(parts[0])] = String(parts[1])
    }
    var fields: [Field] = []
    let text = try Self.expand(pattern, known, &fields, depth: 0)
    guard (try? NSRegularExpression(pattern: text)) != nil else {
      throw Invalid(message: "The grok pattern cannot be read as a regular expression.")
    }
    self.fields = fields
    expression = text
  }

  /// Whether a whole line is what the pattern says.
  public func matches(_ line: String) -> Bool {
    guard let compiled = try? NSRegularExpression(pattern: "^(?:" + expression + ")$") else { return false }
    return compiled.firstMatch(in: line, range: NSRange(line.startIndex..., in: line)) != nil
  }

  private static func expand(
    _ pattern: String, _ known: [String: String], _ fields: inout [Field], depth: Int
  ) throws(Invalid) -> String {
    guard depth <= Limits.grokDepthMax else { throw Invalid(message: "The grok pattern refers to itself.") }
    var text = ""
    var rest = pattern[...]
    while let start = rest.range(of: "%{") {
      text += withoutGroups(rest[..<start.lowerBound])
      rest = rest[start.upperBound...]
      guard let end = rest.firstIndex(of: "}") else { throw Invalid(message: "The grok pattern has an open %{.") }
      let parts = rest[..<end].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      rest = rest[rest.index(after: end)...]
      guard let name = parts.first, let body = known[name] else {
        throw Invalid(message: "The grok pattern names \(parts.first ?? ""), which is not defined.")
      }
      if parts.count > 1, !parts[1].isEmpty {
        fields.append(Field(name: parts[1], type: type(parts.count > 2 ? parts[2] : "string")))
        var inner: [Field] = []
        text += "(" + (try expand(body, known, &inner, depth: depth + 1)) + ")"
        guard inner.isEmpty else { throw Invalid(message: "The grok pattern names fields within \(parts[1]).") }
      } else {
        text += "(?:" + (try expand(body, known, &fields, depth: depth + 1)) + ")"
      }
      guard text.utf8.count <= Limits.grokBytesMax else {
        throw Invalid(message: "The grok pattern is too long once it is written out.")
      }
    }
    return text + withoutGroups(rest)
  }

  /// The piece of an expression with groups that gather nothing: the columns count groups.
  private static func withoutGroups(_ text: Substring) -> String {
    var plain = ""
    var rest = text
    var isInSet = false
    while let character = rest.popFirst() {
      plain.append(character)
      switch character {
      case "\\": if let next = rest.popFirst() { plain.append(next) }
      case "[": isInSet = true
      case "]": isInSet = false
      case "(" where !isInSet:
        if rest.first != "?" {
          plain += "?:"
        } else if rest.hasPrefix("?<"), !rest.hasPrefix("?<="), !rest.hasPrefix("?<!"),
          let end = rest.firstIndex(of: ">")
        {
          rest = rest[rest.index(after: end)...]
          plain += "?:"
        }
      default: break
      }
    }
    return plain
  }

  private static func type(_ name: String) -> HiveType {
    switch name.lowercased() {
    case "byte": .tinyint
    case "boolean": .boolean
    case "double": .double
    case "short": .smallint
    case "int": .int
    case "long": .bigint
    case "float": .float
    default: .string
    }
  }
}

/// The built-in patterns that AWS Glue lists, as regular expressions without groups of their own.
enum GrokPatterns {
  static let builtIn: [String: String] = [
    "USERNAME": #"[a-zA-Z0-9._-]+"#, "USER": "%{USERNAME}",
    "INT": #"[+-]?(?:[0-9]+)"#, "BASE10NUM": #"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"#, "NUMBER": "%{BASE10NUM}",
    "BASE16NUM": #"[+-]?(?:0x)?[0-9A-Fa-f]+"#,
    "BASE16FLOAT": #"[+-]?(?:0x)?(?:[0-9A-Fa-f]+(?:\.[0-9A-Fa-f]*)?|\.[0-9A-Fa-f]+)"#, "BOOLEAN": "(?i:true|false)",
    "POSINT": #"\b[1-9][0-9]*\b"#, "NONNEGINT": #"\b[0-9]+\b"#,
    "WORD": #"\b\w+\b"#, "NOTSPACE": #"\S+"#, "SPACE": #"\s*"#, "DATA": ".*?", "GREEDYDATA": ".*",
    "QUOTEDSTRING": #"(?:"(?:\\.|[^\\"]+)*"|'(?:\\.|[^\\']+)*')"#, "QS": "%{QUOTEDSTRING}",
    "UUID": #"[A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}"#,
    "MAC": "(?:%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC})",
    "CISCOMAC": #"(?:[A-Fa-f0-9]{4}\.){2}[A-Fa-f0-9]{4}"#, "WINDOWSMAC": "(?:[A-Fa-f0-9]{2}-){5}[A-Fa-f0-9]{2}",
    "COMMONMAC": "(?:[A-Fa-f0-9]{2}:){5}[A-Fa-f0-9]{2}",
    "IPV4": #"(?:(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]{1,2})\.){3}(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]{1,2})"#,
    "IPV6": #"[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+"#, "IP": "(?:%{IPV6}|%{IPV4})",
    "HOSTNAME": #"\b[0-9A-Za-z][0-9A-Za-z-]{0,62}(?:\.[0-9A-Za-z][0-9A-Za-z-]{0,62})*\.?\b"#,
    "HOST": "%{HOSTNAME}", "IPORHOST": "(?:%{IP}|%{HOSTNAME})", "HOSTPORT": "%{IPORHOST}:%{POSINT}",
    "UNIXPATH": #"(?:/[\w_%!$@:.,~-]*)+"#, "WINPATH": #"(?:[A-Za-z]+:|\\)(?:\\[^\\?*]*)+"#,
    "TTY": "(?:%{BSDTTY}|%{LINUXTTY})", "LINUXTTY": "/dev/pts/%{NONNEGINT}", "BSDTTY": "/dev/tty[pq][a-z0-9]",
    "PATH": "(?:%{UNIXPATH}|%{WINPATH})", "URIPROTO": #"[A-Za-z]+(?:\+[A-Za-z+]+)?"#,
    "URIHOST": "%{IPORHOST}(?::%{POSINT})?", "URIPATH": #"(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%_-]*)+"#,
    "URIPARAM": #"\?[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\[\]-]*"#, "URIPATHPARAM": "%{URIPATH}(?:%{URIPARAM})?",
    "URI": "%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?(?:%{URIHOST})?(?:%{URIPATHPARAM})?",
    "MONTH": #"\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|"#
      + #"Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b"#,
    "MONTHNUM": "(?:0?[1-9]|1[0-2])", "MONTHDAY": "(?:(?:0[1-9])|(?:[12][0-9])|(?:3[01])|[1-9])",
    "DAY": #"(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)"#,
    "YEAR": #"(?:\d\d){1,2}"#, "HOUR": "(?:2[0123]|[01]?[0-9])", "MINUTE": "(?:[0-5][0-9])",
    "SECOND": "(?:(?:[0-5]?[0-9]|60)(?:[:.,][0-9]+)?)", "TIME": "%{HOUR}:%{MINUTE}(?::%{SECOND})",
    "DATE_US": "%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}", "DATE_EU": "%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}",
    "DATE": "(?:%{DATE_US}|%{DATE_EU})", "DATESTAMP": "%{DATE}[- ]%{TIME}",
    "DATESTAMP_US": "%{DATE_US}[- ]%{TIME}", "DATESTAMP_EU": "%{DATE_EU}[- ]%{TIME}",
    "DATESTAMP_RFC822": "%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ}",
    "DATESTAMP_RFC2822": "%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE}",
    "DATESTAMP_OTHER": "%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR}",
    "DATESTAMP_EVENTLOG": "%{YEAR}%{MONTHNUM}%{MONTHDAY}%{HOUR}%{MINUTE}%{SECOND}",
    "ISO8601_SECOND": "(?:%{SECOND}|60)",
    "TZ": "(?:[PMCE][SD]T|UTC)", "ISO8601_TIMEZONE": "(?:Z|[+-]%{HOUR}(?::?%{MINUTE}))",
    "TIMESTAMP_ISO8601": "%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?",
    "HTTPDATE": "%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}",
    "SYSLOGTIMESTAMP": "%{MONTH} +%{MONTHDAY} %{TIME}", "PROG": #"[\w._/%-]+"#, "SYSLOGHOST": "%{IPORHOST}",
    "SYSLOGPROG": #"%{PROG:program}(?:\[%{POSINT:pid}\])?"#,
    "SYSLOGFACILITY": "<%{NONNEGINT:facility}.%{NONNEGINT:priority}>",
    "SYSLOGBASE": "%{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:logsource} %{SYSLOGPROG}:",
    "LOGLEVEL": "(?i:alert|trace|debug|notice|info|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|severe|emerg(?:ency)?)",
    "COMMONAPACHELOG": #"%{IPORHOST:clientip} %{USER:ident} %{USER:auth} \[%{HTTPDATE:timestamp}\] "#
      + #""(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})" "#
      + #"%{NUMBER:response} (?:%{NUMBER:bytes}|-)"#,
    "COMMONAPACHELOG_DATATYPED": #"%{IPORHOST:clientip} %{USER:ident} %{USER:auth} \[%{HTTPDATE:timestamp}\] "#
      + #""(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion:float})?|%{DATA:rawrequest})" "#
      + #"%{NUMBER:response:int} (?:%{NUMBER:bytes:long}|-)"#,
    "COMBINEDAPACHELOG": "%{COMMONAPACHELOG} %{QS:referrer} %{QS:agent}",
  ]
}
