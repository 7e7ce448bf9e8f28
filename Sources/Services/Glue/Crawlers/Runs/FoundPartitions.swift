/// The partitions of a found table, each described when it is asked for: a hundred thousand descriptions at a time
/// would be most of a crawl's memory.
struct FoundPartitions: Sendable {
  private let found: FoundTable
  private let names: [String]
  private let table: TableDefinition
  private let shape: TableShape
  private let inherits: Bool
  /// Where partitions stand in `found`, by their values.
  private let places: [[String]: Int]

  /// - Parameters:
  ///   - names: the partition keys.
  ///   - table: what the crawl found of the table itself.
  ///   - inherits: partitions take their columns and format from the table.
  init(of found: FoundTable, named names: [String], table: TableDefinition, shape: TableShape, inherits: Bool) {
    self.found = found
    self.names = names
    self.table = table
    self.shape = shape
    self.inherits = inherits
    var places: [[String]: Int] = [:]
    for (index, partition) in found.partitions.enumerated() {
      places[found.values(of: partition, names: names)] = index
    }
    self.places = places
  }

  /// Values of the keys, in their order.
  var sorted: [[String]] { places.keys.sorted { $0.lexicographicallyPrecedes($1) } }

  subscript(values: [String]) -> CatalogPartition? {
    guard let place = places[values] else { return nil }
    return shape.partition(found.partitions[place], of: found, values: values, table: table, inherits: inherits)
  }
}
