"""Spark's configuration for a run: what AWS Glue sets up, for this machine and this endpoint."""

import os

CATALOG_EXTENSION = "tarn.glue.CatalogExtension"
COMMIT_PROTOCOL = "tarn.glue.StagedCommitProtocol"
ENVIRONMENT_CREDENTIALS = "com.amazonaws.auth.EnvironmentVariableCredentialsProvider"
SESSION_CREDENTIALS = "org.apache.hadoop.fs.s3a.TemporaryAWSCredentialsProvider"
STATIC_CREDENTIALS = "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider"
# Of the memory that a run may take, what Python's own processes get; the JVM needs some beside its heap, too.
HEAP_SHARE = 0.7
HEAP_MEGABYTES_MIN = 384
# Where S3A keeps what it is about to send: the driver may write in its run's folder alone, which executors do not have.
DRIVER_OR_OWN_SCRATCH = "${env.SPARK_LOCAL_DIRS:-${hadoop.tmp.dir}}/s3a"


def heap_megabytes(run):
    """The driver's heap: most of the run's memory, the rest is for the JVM itself and for Python."""
    return max(HEAP_MEGABYTES_MIN, int(run.memory_megabytes * HEAP_SHARE))


def s3_properties(endpoint, region, scratch=None):
    """S3A for every name that scripts give S3, against `endpoint` (AWS itself when None)."""
    options = {
        "fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "fs.s3n.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "fs.s3a.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "fs.s3a.aws.credentials.provider": ENVIRONMENT_CREDENTIALS,
        "fs.s3a.path.style.access": "true",
        "fs.s3a.endpoint.region": region,
        "fs.s3a.bucket.probe": "0",
        "fs.s3a.change.detection.mode": "none",
        # Without this every file written asks to delete the markers of all folders above it.
        "fs.s3a.directory.marker.retention": "keep",
        "fs.s3a.fast.upload.buffer": "disk",
        "fs.s3a.connection.maximum": "64",
        "fs.s3a.threads.max": "16",
        "fs.s3a.list.version": "2",
        "fs.s3a.experimental.input.fadvise": "normal",
        "fs.s3a.connection.establish.timeout": "5000",
    }
    if endpoint:
        options["fs.s3a.endpoint"] = endpoint
        options["fs.s3a.connection.ssl.enabled"] = str(endpoint.startswith("https")).lower()
    if scratch:
        options["fs.s3a.buffer.dir"] = str(scratch)
    return {f"spark.hadoop.{name}": value for name, value in options.items()}


def properties(run, environment=None):
    """All of Spark's properties for a run, the job's own `--conf` on top."""
    environment = os.environ if environment is None else environment
    scratch = run.folder / "tmp"
    own = job_conf(run.argument("conf"))
    master = own.get("spark.master") or run.spark_master or f"local[{run.cores}]"
    local = master.startswith("local")
    settings = {
        "spark.master": master,
        "spark.app.name": run.job_name,
        "spark.submit.deployMode": "client",
        "spark.ui.enabled": "false",
        "spark.eventLog.enabled": "false",
        "spark.driver.memory": f"{heap_megabytes(run)}m",
        "spark.sql.warehouse.dir": str(run.folder / "spark-warehouse"),
        # 200 partitions are for clusters; adaptive execution merges small ones in any case.
        "spark.sql.shuffle.partitions": str(max(8, 4 * run.cores)),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.legacy.createHiveTableByDefault": "false",
        # As Glue 3.0 and later set them: old calendars are read as they are and written as they are.
        "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
        "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
        "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
        "spark.sql.parquet.int96RebaseModeInWrite": "CORRECTED",
        # DynamicFrame's functions run in Python workers, which are kept.
        "spark.python.worker.reuse": "true",
        "spark.sql.execution.arrow.pyspark.enabled": "false",
    }
    if local:
        settings["spark.driver.host"] = "127.0.0.1"
        settings["spark.driver.bindAddress"] = "127.0.0.1"
    settings |= s3_properties(
        environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL"),
        run.region,
        scratch if local else DRIVER_OR_OWN_SCRATCH,
    )
    if not local:
        settings |= _executor_credentials(environment)
    if environment.get("TARN_GLUE_CONTROL"):
        settings["spark.sql.sources.commitProtocolClass"] = COMMIT_PROTOCOL
    if run.switch("enable-glue-datacatalog"):
        extensions = [CATALOG_EXTENSION, *filter(None, [own.get("spark.sql.extensions")])]
        own["spark.sql.extensions"] = ",".join(extensions)
    return settings | own


def job_conf(text):
    """The pairs of a `--conf` argument: `a=b --conf c=d`, the way that jobs give several."""
    pairs = {}
    for part in (text or "").split("--conf"):
        name, equals, value = part.strip().partition("=")
        if name and equals:
            pairs[name.strip()] = value.strip()
    return pairs


def _executor_credentials(environment):
    """An executor on another machine has none of this process's environment: its credentials come with the job."""
    names = {
        "spark.hadoop.fs.s3a.access.key": environment.get("AWS_ACCESS_KEY_ID"),
        "spark.hadoop.fs.s3a.secret.key": environment.get("AWS_SECRET_ACCESS_KEY"),
        "spark.hadoop.fs.s3a.session.token": environment.get("AWS_SESSION_TOKEN"),
    }
    given = {name: value for name, value in names.items() if value}
    provider = SESSION_CREDENTIALS if environment.get("AWS_SESSION_TOKEN") else STATIC_CREDENTIALS
    return given | {"spark.hadoop.fs.s3a.aws.credentials.provider": provider}
