/// What a crawl would write to the catalog.
struct CrawlPlan: Sendable {
  enum Action: String, Sendable {
    case create = "CREATE"
    case update = "UPDATE"
    /// Nothing of the schema changes; the counts of objects and records do.
    case refresh = "REFRESH"
    case none = "NONE"
    case deprecate = "DEPRECATE"
    case delete = "DELETE"
    /// Something differs, and the crawler's policy is to leave it.
    case log = "LOG"
  }

  struct ColumnChange: Sendable {
    var name: String
    var from: String?
    var to: String?
  }

  struct Table: Sendable {
    var database: String
    var name: String
    var action: Action
    /// The table as it will be; `nil` for one that goes.
    var definition: TableDefinition?
    var columns: [ColumnChange] = []
    /// What the partitions are that the next two name by their values.
    var partitions: FoundPartitions?
    var newPartitions: [[String]] = []
    var changedPartitions: [[String]] = []
    var gonePartitions: [[String]] = []
    /// What becomes of partitions that are gone.
    var goneAction = Action.none
  }

  /// The database is made first.
  var createsDatabase: String?
  var tables: [Table] = []

  // MARK: As JSON

  var json: String {
    let database = createsDatabase.map { "\"createsDatabase\":\(JSONValue.quote($0))," } ?? ""
    return "{\(database)\"tables\":[" + tables.map(Self.json).joined(separator: ",") + "]}"
  }

  private static func json(_ table: Table) -> String {
    func columns(_ wanted: (ColumnChange) -> Bool, _ text: (ColumnChange) -> String) -> String {
      "[" + table.columns.filter(wanted).map(text).joined(separator: ",") + "]"
    }
    let added = columns({ $0.from == nil }) {
      "{\"name\":\(JSONValue.quote($0.name)),\"type\":\(JSONValue.quote($0.to ?? ""))}"
    }
    let changed = columns({ $0.from != nil && $0.to != nil }) {
      "{\"name\":\(JSONValue.quote($0.name)),\"from\":\(JSONValue.quote($0.from ?? "")),"
        + "\"to\":\(JSONValue.quote($0.to ?? ""))}"
    }
    let removed = columns({ $0.to == nil }) { JSONValue.quote($0.name) }
    func partitions(_ values: [[String]]) -> String {
      let shown = values.prefix(CrawlLimits.plannedPartitionsShown).map { values in
        "[" + values.map(JSONValue.quote).joined(separator: ",") + "]"
      }
      return "{\"count\":\(values.count),\"values\":[\(shown.joined(separator: ","))]}"
    }
    return "{\"database\":\(JSONValue.quote(table.database)),\"table\":\(JSONValue.quote(table.name)),"
      + "\"action\":\"\(table.action.rawValue)\","
      + "\"location\":\(JSONValue.quote(table.definition?.storage?.location ?? "")),"
      + "\"columns\":{\"added\":\(added),\"changed\":\(changed),\"removed\":\(removed)},"
      + "\"partitions\":{\"added\":\(partitions(table.newPartitions)),"
      + "\"changed\":\(partitions(table.changedPartitions)),"
      + "\"removed\":\(partitions(table.gonePartitions)),\"removedAction\":\"\(table.goneAction.rawValue)\"}}"
  }
}
