import Lake
import SQL

/// A built-in classifier of log files: a grok pattern that AWS's crawlers know without being told.
///
/// Source: AWS Glue, "Built-in classifiers", for the classifications and their order.
package struct LogClassifier: Sendable {
  let classification: String
  let pattern: String
  /// What a line must hold for the pattern to be tried: most text is told apart by that.
  let marks: [String]

  package static func schema(of lines: [Substring]) -> FileSchema? {
    // The first line decides; Microsoft's logs begin with remarks.
    guard let line = lines.first(where: { !$0.hasPrefix("#") }), line.utf8.count <= CrawlLimits.grokLineBytesMax else {
      return nil
    }
    for classifier in all where classifier.marks.allSatisfy({ line.contains($0) }) {
      guard let grok = try? GrokPattern(classifier.pattern, custom: nil), grok.matches(String(line)) else { continue }
      return FileSchema(
        format: FileFormat(
          classification: classifier.classification, rows: .grok(pattern: classifier.pattern, custom: nil)),
        columns: grok.fields.map { CrawledColumn($0.name.lowercased(), $0.type) })
    }
    return nil
  }

  static func schema(of text: TextSample) -> FileSchema? { schema(of: text.lines) }

  private static let all = [
    LogClassifier(classification: "combined_apache", pattern: "%{COMBINEDAPACHELOG}", marks: ["[", "]", "\""]),
    LogClassifier(classification: "apache", pattern: "%{COMMONAPACHELOG}", marks: ["[", "]", "\""]),
    LogClassifier(
      classification: "linux_kernel",
      pattern: #"%{SYSLOGTIMESTAMP:timestamp} %{SYSLOGHOST:host} kernel: (?:\[ *%{NUMBER:uptime:double}\] )?"#
        + "%{GREEDYDATA:message}",
      marks: [" kernel: "]),
    // The fields that Internet Information Services write when nobody chose others.
    LogClassifier(
      classification: "microsoft_log",
      pattern: "%{NOTSPACE:date} %{TIME:time} %{NOTSPACE:s_ip} %{WORD:cs_method} %{NOTSPACE:cs_uri_stem} "
        + "%{NOTSPACE:cs_uri_query} %{INT:s_port:int} %{NOTSPACE:cs_username} %{NOTSPACE:c_ip} "
        + "%{NOTSPACE:cs_user_agent} (?:%{NOTSPACE:cs_referer} )?%{INT:sc_status:int} "
        + "%{INT:sc_substatus:int} %{INT:sc_win32_status:long} %{INT:time_taken:long}",
      marks: ["-", ":", "/"]),
    LogClassifier(
      classification: "ruby_logger",
      pattern: #"[DFEWIA], \[%{TIMESTAMP_ISO8601:timestamp} #%{POSINT:pid:int}\] *%{WORD:loglevel} -- +"#
        + "(?:%{NOTSPACE:progname})?: %{GREEDYDATA:message}",
      marks: [", [", " -- "]),
    LogClassifier(
      classification: "squid",
      pattern: "%{NUMBER:timestamp:double} +%{INT:duration:long} %{IPORHOST:client_address} "
        + "%{WORD:cache_result}/%{NONNEGINT:status_code:int} %{INT:bytes:long} %{WORD:request_method} %{NOTSPACE:url} "
        + "%{NOTSPACE:user} %{WORD:hierarchy_code}/%{NOTSPACE:server} %{NOTSPACE:content_type}",
      marks: ["/", "."]),
    LogClassifier(
      classification: "redismonlog",
      pattern: #"%{NUMBER:timestamp:double} \[%{INT:database:int} %{NOTSPACE:client}\] "%{WORD:command}" ?"#
        + "%{GREEDYDATA:params}",
      marks: [" [", "] \""]),
    LogClassifier(
      classification: "redislog",
      pattern: #"\[?%{POSINT:pid:int}(?:\]|:%{WORD:role}) %{MONTHDAY:monthday} %{MONTH:month} (?:%{YEAR:year} )?"#
        + "%{TIME:time} (?:[*#.-]) %{GREEDYDATA:message}",
      marks: [":", " "]),
  ]
}
