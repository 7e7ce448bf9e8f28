import Foundation
import Kernel

/// All that it takes to bring a sandbox up for one version of a function.
struct SandboxPlan: Sendable {
  var function: FunctionName
  var version: VersionRecord

  /// Sandboxes of the same key are alike.
  var key: String { "\(version.build)/\(version.version)" }
  var memoryBytes: Int { version.memoryMiB << 20 }

  /// Names that belong to the runtime: a function's own variables must not have them.
  /// Source: developer guide, "Defined runtime environment variables", the reserved ones.
  static let reservedVariables: Set<String> = [
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
  ]

  /// The environment of the process: its own variables, and nothing of the server's.
  func environment(
    task: String, layers: String, temporary: String, runtimeFolder: String, api: String, stream: String,
    endpoint: String,
    credentials: TemporaryCredentials
  ) -> [String: String] {
    var all = [
      "PATH": "/usr/local/bin:/usr/bin:/bin:\(layers)/bin", "LANG": "en_US.UTF-8", "TZ": ":UTC",
      "HOME": temporary, "TMPDIR": temporary,
      // SDKs speak to this server, which is not theirs to choose in the code.
      "AWS_ENDPOINT_URL": endpoint, "AWS_EC2_METADATA_DISABLED": "true",
      "LD_LIBRARY_PATH": "\(task):\(task)/lib:\(layers)/lib",
    ]
    if version.runtime.hasPrefix("nodejs") {
      let release = version.runtime.dropFirst(6).prefix { $0.isNumber }
      all["NODE_PATH"] = "\(layers)/nodejs/node\(release)/node_modules:\(layers)/nodejs/node_modules"
    }
    all.merge(version.environment ?? [:]) { $1 }
    let ours = [
      "AWS_LAMBDA_RUNTIME_API": api, "_HANDLER": version.handler, "LAMBDA_TASK_ROOT": task,
      // AWS has layers at /opt, which is the machine's own here.
      "TARN_LAYERS_ROOT": layers,
      "LAMBDA_RUNTIME_DIR": runtimeFolder, "AWS_REGION": function.scope.region.code,
      "AWS_DEFAULT_REGION": function.scope.region.code, "AWS_EXECUTION_ENV": "AWS_Lambda_\(version.runtime)",
      "AWS_LAMBDA_FUNCTION_NAME": function.name, "AWS_LAMBDA_FUNCTION_VERSION": version.version,
      "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "\(version.memoryMiB)", "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
      "AWS_LAMBDA_LOG_GROUP_NAME": version.logGroup(function.name), "AWS_LAMBDA_LOG_STREAM_NAME": stream,
      "AWS_ACCESS_KEY_ID": credentials.accessKeyID, "AWS_SECRET_ACCESS_KEY": credentials.secretAccessKey,
      "AWS_SESSION_TOKEN": credentials.sessionToken,
    ]
    all.merge(ours) { $1 }
    return all
  }
}
