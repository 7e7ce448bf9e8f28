/// Who may import whom inside the house: only floors below, and among services only the arrows listed.
enum ImportRules {
  /// Floors from the ground up. A target imports only targets of floors below its own, or what `alsoAllowed` adds.
  static let floors: [[String]] = [
    ["CTarnSystem", "CDuckDB", "CCompression", "Kernel", "Storage", "StorageTesting", "Processes"],
    ["AWSWire", "PostgresWire", "ModelGenerator"],
    [
      "S3Model", "KinesisModel", "FirehoseModel", "GlueModel", "AthenaModel", "IAMModel", "STSModel",
      "CloudWatchModel", "RedshiftModel", "RedshiftServerlessModel", "RedshiftDataModel",
      "LambdaModel", "LogsModel",
    ],
    ["SQL", "LakeFiles", "LakeTesting", "Engine", "Lake", "DataQuality"],
    ["S3", "Kinesis", "Firehose", "Glue", "Athena", "Redshift", "IAM", "CloudWatch", "Lambda", "Logs"],
    ["Server", "Console"],
    ["tarn"],
  ]

  /// Arrows within a floor.
  static let alsoAllowed: [String: Set<String>] = [
    "Storage": ["Kernel", "CTarnSystem"],
    "Processes": ["Kernel", "CTarnSystem"],
    "StorageTesting": ["Kernel", "Storage"],
    "LakeTesting": ["LakeFiles"],
    "Engine": ["LakeFiles"],
    "Lake": ["SQL", "LakeFiles", "Engine"],
    "DataQuality": ["SQL"],
    "Glue": ["S3"],
    "Firehose": ["S3", "Kinesis", "Glue"],
    "Athena": ["S3", "Glue"],
    "Redshift": ["S3", "Glue", "Kinesis"],
    "Lambda": ["S3", "Kinesis"],
  ]

  /// The generated models that a service may speak: its own, and those of the services that it may call.
  static func models(of service: String) -> Set<String> {
    var services = alsoAllowed[service] ?? []
    services.insert(service)
    if service == "IAM" { services.insert("STS") }
    if service == "Redshift" { services.formUnion(["RedshiftServerless", "RedshiftData"]) }
    return Set(services.map { "\($0)Model" })
  }

  static func isAllowed(_ imported: String, by target: String) -> Bool {
    guard let importedFloor = floors.firstIndex(where: { $0.contains(imported) }) else { return true }
    guard let floor = floors.firstIndex(where: { $0.contains(target) }) else { return false }
    if alsoAllowed[target]?.contains(imported) == true { return true }
    if floors[4].contains(target), floors[2].contains(imported) { return models(of: target).contains(imported) }
    return importedFloor < floor
  }
}
