public import Engine
public import Kernel
public import Logging
public import S3Model

/// What data quality reaches out to beside the catalog.
public struct QualityGround: Sendable {
  public var s3: any S3API
  public var engine: LakeEngine
  public var roles: any RoleBroker
  public var authorizer: any Authorizer
  public var metrics: any MetricTap
  public var logger: Logger

  public init(
    s3: any S3API, engine: LakeEngine, roles: any RoleBroker, authorizer: any Authorizer, metrics: any MetricTap,
    logger: Logger
  ) {
    self.s3 = s3
    self.engine = engine
    self.roles = roles
    self.authorizer = authorizer
    self.metrics = metrics
    self.logger = logger
  }
}
