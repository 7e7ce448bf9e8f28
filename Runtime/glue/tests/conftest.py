"""A real server, one JVM for all tests in this process, and runs of jobs in processes of their own."""

import json
import os
import pathlib
import select
import subprocess
import sys
import tempfile
import uuid

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
LIBRARY = ROOT / "Runtime/glue/python"
SPARK = pathlib.Path(os.environ.get("TARN_SPARK", ROOT / ".deps/spark"))
BINARY = pathlib.Path(os.environ.get("TARN_BINARY", ROOT / ".build/release/tarn"))
sys.path.insert(0, str(LIBRARY))
sys.path.insert(0, str(pathlib.Path(__file__).parent))
READY_SECONDS_MAX = 60
RUN_SECONDS_MAX = 240

import boto3  # noqa: E402
from control_endpoint import TOKEN, ControlEndpoint  # noqa: E402


@pytest.fixture(scope="session")
def endpoint():
    """A server's address. Its credentials and address are this process's environment from here on."""
    if not BINARY.exists():
        pytest.skip("the server is not built")
    process = subprocess.Popen(
        [str(BINARY), "serve", "--ephemeral", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    readable, _, _ = select.select([process.stdout], [], [], READY_SECONDS_MAX)
    line = process.stdout.readline() if readable else ""
    assert line.startswith("ready "), f"the server did not start: {line!r}"
    address = json.loads(line.removeprefix("ready "))["endpoint"]
    os.environ |= {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    yield address
    process.terminate()
    process.wait(timeout=60)


@pytest.fixture(scope="session")
def s3(endpoint):
    return boto3.client("s3", config=_path_style())


@pytest.fixture(scope="session")
def glue(endpoint):
    return boto3.client("glue")


def _path_style():
    from botocore.config import Config

    return Config(s3={"addressing_style": "path"})


@pytest.fixture
def bucket(s3):
    """A bucket of the test's own."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def database(glue):
    name = f"db_{uuid.uuid4().hex[:8]}"
    glue.create_database(DatabaseInput={"Name": name})
    return name


@pytest.fixture
def keys(s3):
    """The keys below a prefix: `keys("bucket", "prefix/")`."""

    def listed(bucket, prefix=""):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", ())]

    return listed


@pytest.fixture(scope="session")
def glue_context(endpoint):
    """A GlueContext in this process, with Spark's own commit protocol: no run, no control endpoint."""
    from tarn_glue import gateway, sparkconf

    os.environ |= {
        "SPARK_HOME": str(SPARK / "pyspark"),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    with tempfile.TemporaryDirectory() as folder:
        properties = sparkconf.s3_properties(endpoint, "us-east-1", folder) | {
            "spark.master": "local[2]",
            "spark.app.name": "tests",
            "spark.ui.enabled": "false",
            "spark.sql.warehouse.dir": f"{folder}/warehouse",
            "spark.sql.shuffle.partitions": "4",
            "spark.sql.session.timeZone": "UTC",
            "spark.driver.host": "127.0.0.1",
            "spark.sql.extensions": sparkconf.CATALOG_EXTENSION,
            "spark.sql.legacy.createHiveTableByDefault": "false",
        }
        java = gateway.Gateway(
            SPARK / "pyspark",
            properties,
            folder,
            1024,
            environment={"PYTHONPATH": str(LIBRARY), "SPARK_LOCAL_DIRS": folder},
        )
        java.install()
        from awsglue.context import GlueContext
        from pyspark.context import SparkContext

        context = GlueContext(SparkContext.getOrCreate())
        yield context
        java.close()


@pytest.fixture
def records(glue_context):
    """A DynamicFrame of dictionaries: `records([{"a": 1}, {"a": "x"}])`."""

    def frame(rows, partitions=2):
        rdd = glue_context.spark_session.sparkContext.parallelize(rows, partitions)
        return glue_context.create_dynamic_frame.from_rdd(rdd, "records")

    return frame


@pytest.fixture
def rows():
    """A frame's records as dictionaries, choices as the value that they have."""
    from tarn_glue import records as forms

    def collected(frame):
        data, schema = frame._resolved()
        return [forms.from_spark(row, schema) for row in data.collect()]

    return collected


class Outcome:
    """How a run ended, and what it printed."""

    def __init__(self, done, folder):
        self.status = done.returncode
        self.stdout, self.stderr = done.stdout, done.stderr
        result = folder / "result.json"
        self.result = json.loads(result.read_text()) if result.exists() else None

    @property
    def state(self):
        return self.result and self.result["state"]


class Jobs:
    """Runs scripts as the server would."""

    def __init__(self, s3, bucket, control, folder, endpoint):
        self.s3, self.bucket, self.control, self.folder, self.endpoint = s3, bucket, control, folder, endpoint
        self.count = 0

    def start(self, script, *arguments, command="glueetl", **described):
        """Starts a run and gives (process, folder)."""
        self.count += 1
        folder = self.folder / f"run{self.count}"
        folder.mkdir()
        self.s3.put_object(Bucket=self.bucket, Key="scripts/script.py", Body=script.encode())
        told = {
            "command": command,
            "jobName": "test-job",
            "runId": f"jr_{self.count:04}",
            "attempt": 0,
            "script": f"s3://{self.bucket}/scripts/script.py",
            "glueVersion": "5.0",
            "arguments": dict(zip(arguments[::2], arguments[1::2])),
            "cores": 2,
            "memoryMegabytes": 2048,
            "sparkHome": str(SPARK / "pyspark"),
            "jars": [],
            "sparkMaster": "local[2]",
            "region": "us-east-1",
            "account": "000000000000",
            **described,
        }
        (folder / "run.json").write_text(json.dumps(told))
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TMPDIR": str(folder / "tmp"),
            "LANG": "C.UTF-8",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.endpoint,
            "TARN_GLUE_DIR": str(folder),
            "TARN_GLUE_RUN": str(folder / "run.json"),
            "TARN_GLUE_CONTROL": self.control.address,
            "TARN_GLUE_TOKEN": TOKEN,
            "PYTHONPATH": str(LIBRARY),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "tarn_glue.launch"],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=open(folder / "stdout", "w"),
            stderr=open(folder / "stderr", "w"),
            start_new_session=True,
        )
        return process, folder

    def run(self, script, *arguments, **options):
        """Runs a script to its end."""
        process, folder = self.start(script, *arguments, **options)
        process.wait(timeout=RUN_SECONDS_MAX)
        return self.outcome(process, folder)

    def outcome(self, process, folder):
        done = subprocess.CompletedProcess(
            (), process.returncode, (folder / "stdout").read_text(), (folder / "stderr").read_text()
        )
        return Outcome(done, folder)


@pytest.fixture
def control(s3):
    endpoint = ControlEndpoint(s3)
    yield endpoint
    endpoint.close()


@pytest.fixture
def jobs(s3, bucket, control, tmp_path, endpoint):
    return Jobs(s3, bucket, control, tmp_path, endpoint)
