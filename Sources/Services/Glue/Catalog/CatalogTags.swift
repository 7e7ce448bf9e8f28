/// Rules for the tags of a resource.
enum CatalogTags {
  /// - Throws: `InvalidInputException`.
  static func check(_ tags: [String: String]) throws {
    guard tags.count <= Limits.tagsMax else {
      throw CatalogError.invalidInput("A resource can have at most \(Limits.tagsMax) tags.")
    }
  }
}
