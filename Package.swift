// swift-tools-version: 6.1
// The house, floor by floor. A target may import only floors below it, and on the services floor only
// the services named in its row; `Tests/TidyTests` holds the rule and fails when a row breaks it.

import PackageDescription

/// Settings shared by every Swift target.
let house: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let collections: Target.Dependency = .product(name: "Collections", package: "swift-collections")
let atomics: Target.Dependency = .product(name: "Atomics", package: "swift-atomics")

/// What `scripts/setup-deps.sh` brings: DuckDB's library and headers.
let deps = "\(Context.packageDirectory)/.deps"

/// The services whose shapes are generated, one module each so that builds stay parallel and short.
let models = [
  "S3", "Kinesis", "Firehose", "Glue", "Athena", "IAM", "STS", "CloudWatch", "Redshift", "RedshiftServerless",
  "RedshiftData", "Lambda", "Logs",
]

func model(_ service: String) -> Target {
  .target(
    name: "\(service)Model", dependencies: ["Kernel", "AWSWire", nioCore],
    path: "Sources/AWSModels/\(service)Model", swiftSettings: house)
}

func service(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(
    name: name,
    dependencies: ["Kernel", "Storage", "AWSWire", nioCore, crypto, logging, collections] + dependencies,
    path: "Sources/Services/\(name)", swiftSettings: house)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies, swiftSettings: house)
}

let package = Package(
  name: "tarn",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "tarn", targets: ["tarn"]),
    .executable(name: "tarn-bench", targets: ["TarnBench"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-asn1", exact: "1.7.4"),
    .package(url: "https://github.com/apple/swift-atomics", exact: "1.3.0"),
    .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1"),
    .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
    .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
  ],
  targets: [
    // 1 ground
    .target(
      name: "CTarnSystem", path: "Sources/Ground/CTarnSystem",
      cSettings: [.unsafeFlags(["-O2"])], linkerSettings: [.linkedLibrary("z")]),
    .target(
      name: "CCompression", path: "Sources/Ground/CCompression", cSettings: [.unsafeFlags(["-O2"])],
      linkerSettings: [.linkedLibrary("z"), .linkedLibrary("bz2"), .linkedLibrary("snappy")]),
    .target(
      name: "Kernel", dependencies: [nioCore, logging, atomics], path: "Sources/Ground/Kernel",
      swiftSettings: house),
    .target(
      name: "Storage",
      dependencies: [
        "Kernel", "CTarnSystem", nioCore, crypto, logging, collections, atomics,
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ],
      path: "Sources/Ground/Storage", swiftSettings: house),
    .target(
      name: "StorageTesting",
      dependencies: ["Kernel", "Storage", nioCore, .product(name: "GRDBSQLite", package: "GRDB.swift")],
      path: "Sources/Ground/StorageTesting",
      swiftSettings: house),
    .target(
      name: "CDuckDB", path: "Sources/Ground/CDuckDB",
      cxxSettings: [.unsafeFlags(["-isystem", "\(deps)/include", "-O2", "-g0"])],
      linkerSettings: [
        .linkedLibrary("duckdb"), .linkedLibrary("bz2"), .linkedLibrary("z"),
        // Found beside the build (.build/<platform>/<configuration>/tarn), and where it was built.
        .unsafeFlags([
          "-L\(deps)/lib", "-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../../../.deps/lib",
          "-Xlinker", "-rpath", "-Xlinker", "\(deps)/lib",
        ]),
      ]),

    .target(
      name: "Processes", dependencies: ["Kernel", "CTarnSystem"], path: "Sources/Ground/Processes",
      swiftSettings: house),

    // 2 wire
    .target(
      name: "AWSWire", dependencies: ["Kernel", "CTarnSystem", nioCore, crypto, logging],
      path: "Sources/Wire/AWSWire", swiftSettings: house),
    .target(
      name: "PostgresWire", dependencies: ["Kernel", nioCore, crypto], path: "Sources/Wire/PostgresWire",
      swiftSettings: house),
  ] + models.map(model) + [
    .executableTarget(
      name: "ModelGenerator",
      dependencies: [.product(name: "ArgumentParser", package: "swift-argument-parser")],
      path: "Sources/Wire/ModelGenerator", exclude: ["services.json"], swiftSettings: house),

    // 3 lake
    .target(name: "SQL", dependencies: ["Kernel", collections], path: "Sources/Lake/SQL", swiftSettings: house),
    .target(name: "LakeFiles", dependencies: ["Kernel", "Storage"], path: "Sources/Lake/LakeFiles", swiftSettings: house),
    .target(
      name: "LakeTesting", dependencies: ["Kernel", "LakeFiles"], path: "Sources/Lake/LakeTesting",
      swiftSettings: house),
    .target(
      name: "Engine", dependencies: ["Kernel", "LakeFiles", "CDuckDB", "CCompression"], path: "Sources/Lake/Engine",
      swiftSettings: house),

    .target(
      name: "Lake", dependencies: ["Kernel", "SQL", "LakeFiles"], path: "Sources/Lake/Lake", swiftSettings: house),

    .target(
      name: "DataQuality", dependencies: ["Kernel", "SQL"], path: "Sources/Lake/DataQuality", swiftSettings: house),

    // 4 services
    service("S3", ["S3Model", "CTarnSystem", "LakeFiles"]),
    service("Kinesis", ["KinesisModel"]),
    service(
      "Firehose",
      [
        "FirehoseModel", "S3Model", "Glue", "GlueModel", "Kinesis", "SQL", "LakeFiles", "Engine", "CCompression",
        "CTarnSystem", "Processes",
      ]),
    service(
      "Glue",
      [
        "S3", "S3Model", "SQL", "Lake", "LakeFiles", "Engine", "DataQuality", "GlueModel", "Processes", "CTarnSystem",
      ]),
    service("Athena", ["AthenaModel", "GlueModel", "S3Model", "SQL", "Lake", "Engine", "LakeFiles"]),
    service(
      "Redshift",
      [
        "RedshiftModel", "RedshiftServerlessModel", "RedshiftDataModel", "S3", "S3Model", "Glue", "GlueModel",
        "Kinesis", "SQL", "Lake", "Engine", "LakeFiles", "PostgresWire", "CCompression",
      ]),
    service("IAM", ["IAMModel", "STSModel"]),
    service("CloudWatch", ["CloudWatchModel"]),
    service("Logs", ["LogsModel", "CCompression"]),
    service(
      "Lambda",
      [
        "LambdaModel", "S3Model", "Kinesis", "CTarnSystem", "Processes",
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ]),

    // 5 entrance
    .target(
      name: "Server",
      dependencies: models.map { .byName(name: "\($0)Model") } + [
        "Kernel", "Storage", "AWSWire", "SQL", "Engine", "Athena", "S3", "Kinesis", "Firehose", "Glue", "Redshift",
        "PostgresWire", "IAM", "CloudWatch", "Lambda", "Logs", nioCore, crypto, logging,
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HummingbirdTLS", package: "hummingbird"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "X509", package: "swift-certificates"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      path: "Sources/Entrance/Server", swiftSettings: house),
    .executableTarget(
      name: "tarn",
      dependencies: [
        "Server", "AWSWire", "Kernel", nioCore, logging,
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "Subprocess", package: "swift-subprocess"),
      ],
      path: "Sources/Entrance/tarn", swiftSettings: house),

    .executableTarget(
      name: "TarnBench",
      dependencies: [
        "AWSWire", "Engine", "Kernel", nioCore, crypto, logging,
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      path: "Benchmarks/TarnBench", swiftSettings: house),

    .testTarget(name: "TidyTests", swiftSettings: house),
    tests("Kernel", []),
    tests("Processes", ["Kernel"]),
    tests("Storage", ["Kernel", "StorageTesting", nioCore]),
    tests("Kinesis", ["AWSWire", "Kernel", "Storage", "StorageTesting", "KinesisModel", nioCore]),
    tests(
      "Firehose",
      [
        "Kernel", "Storage", "StorageTesting", "FirehoseModel", "S3Model", "GlueModel", "KinesisModel", "Kinesis",
        "SQL", "LakeFiles", "LakeTesting", "Engine", nioCore,
      ]),
    tests(
      "AWSWire",
      [
        "Kernel", "CTarnSystem", "KinesisModel", "S3Model", "IAMModel", "CloudWatchModel", "AthenaModel", nioCore,
        crypto,
      ]),
    tests("PostgresWire", ["Kernel", nioCore, crypto]),
    tests(
      "Redshift",
      [
        "Kernel", "Storage", "StorageTesting", "SQL", "LakeFiles", "LakeTesting", "Engine", "PostgresWire",
        "RedshiftModel", "RedshiftServerlessModel", "RedshiftDataModel", "S3Model", "GlueModel", "Kinesis",
        "KinesisModel", nioCore, crypto,
      ]),
    tests(
      "Glue",
      [
        "GlueModel", "S3Model", "Kernel", "SQL", "Lake", "LakeFiles", "LakeTesting", "Engine", "Storage", "StorageTesting",
        nioCore, logging,
      ]),
    tests("Athena", ["Kernel", nioCore]),
    tests("SQL", ["Kernel"]),
    tests("S3", ["Kernel", "LakeFiles", "Storage", "StorageTesting", "S3Model", "AWSWire", nioCore, crypto]),
    tests("Lake", ["Kernel", "SQL", "LakeFiles", "LakeTesting", "Engine"]),
    tests("DataQuality", ["Kernel", "LakeTesting", "Engine"]),
    tests("Engine", ["Kernel", "LakeFiles", "LakeTesting"]),
    tests("IAM", ["IAMModel", "STSModel", "AWSWire", "Kernel", "Storage", "StorageTesting"]),
    tests(
      "Lambda",
      [
        "LambdaModel", "S3Model", "Kinesis", "KinesisModel", "AWSWire", "Kernel", "Storage", "StorageTesting",
        "CTarnSystem", nioCore, .product(name: "NIOPosix", package: "swift-nio"),
      ]),
    tests("CloudWatch", ["CloudWatchModel", "AWSWire", "Kernel", "Storage", "StorageTesting"]),
    tests("Logs", ["LogsModel", "Kernel", "Storage", "StorageTesting", "CTarnSystem", nioCore]),
  ]
)
