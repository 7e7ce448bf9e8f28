import Foundation
public import Kernel
public import Logging
public import S3

/// What runs of jobs reach out to beside the catalog.
public struct JobGround: Sendable {
  public var s3: S3Service
  public var roles: any RoleBroker
  public var sessions: any RoleSessions
  public var authorizer: any Authorizer
  /// Takes what runs write.
  public var lines: any LogEventTap
  public var runtime: JobRuntime
  /// Each run has a folder of its own in it, for as long as it runs.
  public var folder: String
  public var logger: Logger

  public init(
    s3: S3Service, roles: any RoleBroker, sessions: any RoleSessions, authorizer: any Authorizer,
    lines: any LogEventTap, runtime: JobRuntime, folder: String, logger: Logger
  ) {
    self.s3 = s3
    self.roles = roles
    self.sessions = sessions
    self.authorizer = authorizer
    self.lines = lines
    self.runtime = runtime
    self.folder = folder
    self.logger = logger
  }
}

/// The programs that runs are made with, as set-up has put them beside the server: Python, Spark, and our own packages.
public struct JobRuntime: Sendable {
  /// Python with what scripts may import; `nil` where set-up has not brought it.
  public var python: String?
  /// The folder of `awsglue` and of the launcher.
  public var packages: String
  /// Spark's home; `nil` where set-up has not brought it.
  public var spark: String?
  /// Archives that Spark needs beside its own.
  public var jars: [String]
  /// `local[n]`, or a cluster's `spark://…`.
  public var master: String?
  /// Everything that runs may read beside the system's folders.
  public var folders: [String]
  /// Cores and memory (MiB) that runs may have.
  public var cores: Int
  public var memoryMiB: Int

  public init(
    python: String?, packages: String, spark: String?, jars: [String], master: String?, folders: [String], cores: Int,
    memoryMiB: Int
  ) {
    self.python = python
    self.packages = packages
    self.spark = spark
    self.jars = jars
    self.master = master
    self.folders = folders
    self.cores = cores
    self.memoryMiB = memoryMiB
  }

  /// The cores that a run of a capacity gets: its workers' together, as far as there are so many.
  package func cores(for capacity: JobCapacity) -> Int {
    min(cores, max(1, Int(clamping: Int64(capacity.units * JobLimits.coresPerUnit))))
  }

  /// As `cores`, its memory.
  package func memoryMiB(for capacity: JobCapacity) -> Int {
    min(memoryMiB, Int(clamping: Int64(capacity.units * JobLimits.memoryMiBPerUnit)))
  }

  /// Finds what lies beside the program: its root holds `Runtime/glue` and `.deps/spark`.
  /// - Parameters:
  ///   - root: the project's folder; `nil` looks for it above the program itself.
  ///   - master: where Spark runs; `nil` runs it in the job's own process.
  public static func find(root: String? = nil, master: String? = nil) -> JobRuntime {
    let files = FileManager.default
    var root = root
    if root == nil, let program = try? files.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
      var folder = (program as NSString).deletingLastPathComponent
      while folder.count > 1, root == nil {
        if files.fileExists(atPath: folder + "/Runtime/glue/python") { root = folder }
        folder = (folder as NSString).deletingLastPathComponent
      }
    }
    let home = root ?? "/nonexistent"
    let deps = home + "/.deps/spark"
    let python = deps + "/venv/bin/python"
    let spark = deps + "/pyspark"
    let archives = (try? files.contentsOfDirectory(atPath: deps + "/jars")) ?? []
    let jars = archives.filter { $0.hasSuffix(".jar") }.sorted()
    // Where the interpreters really lie: an environment of Python's is links to one that may be anywhere.
    let interpreters = [python, "/usr/bin/java", "/usr/local/bin/java"].compactMap { path -> String? in
      guard files.isExecutableFile(atPath: path) else { return nil }
      let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().deletingLastPathComponent()
      return real.lastPathComponent == "bin" ? real.deletingLastPathComponent().path : real.path
    }
    let megabytes = Int(ProcessInfo.processInfo.physicalMemory >> 20)
    return JobRuntime(
      python: files.isExecutableFile(atPath: python) ? python : nil, packages: home + "/Runtime/glue/python",
      spark: files.fileExists(atPath: spark + "/jars") ? spark : nil, jars: jars.map { "\(deps)/jars/\($0)" },
      master: master,
      folders: [home + "/Runtime", deps] + interpreters, cores: ProcessInfo.processInfo.activeProcessorCount,
      memoryMiB: min(JobLimits.memoryMiBMax, max(JobLimits.memoryMiBMin, megabytes / 8)))
  }
}
