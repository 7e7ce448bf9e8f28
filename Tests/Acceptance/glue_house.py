"""What tests of Glue's jobs share: a role and a bucket on a server, jobs with their scripts, and runs to their end."""

import json

import pyarrow.parquet
import pytest
from botocore.exceptions import ClientError
from conftest import ROOT, wait_until

SPARK = ROOT / ".deps" / "spark"
needs_spark = pytest.mark.skipif(not (SPARK / "pyspark").is_dir(), reason="Spark is not set up (./tarn setup)")
OVER = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR"}
WAIT_SECONDS_MAX = 240


def wait_for(condition, what):
    """Asks until the answer is true, and gives it; the limit only ends a test that hangs."""
    try:
        return wait_until(condition, WAIT_SECONDS_MAX, every=0.1)
    except AssertionError:
        raise AssertionError(f"{what} did not come to pass") from None


class House:
    """A server with a role for jobs and a bucket for their scripts."""

    def __init__(self, tarn, name):
        self.tarn, self.name = tarn, name
        self.bucket = f"{name}-jobs"
        self.role = f"{name}-role"
        iam = tarn.client("iam")
        iam.create_role(
            RoleName=self.role,
            AssumeRolePolicyDocument=json.dumps({
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "glue.amazonaws.com"}
                }],
            }),
        )
        iam.put_role_policy(
            RoleName=self.role, PolicyName="lake",
            PolicyDocument=json.dumps({
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": ["s3:*"],
                     "Resource": [f"arn:aws:s3:::{self.bucket}", f"arn:aws:s3:::{self.bucket}/*"]},
                    {"Effect": "Allow", "Action": ["glue:*", "logs:*"], "Resource": "*"},
                ],
            }),
        )
        self.s3.create_bucket(Bucket=self.bucket)

    @property
    def glue(self):
        return self.tarn.client("glue")

    @property
    def s3(self):
        return self.tarn.client("s3")

    def job(self, name, script, command="pythonshell", **options):
        self.s3.put_object(Bucket=self.bucket, Key=f"scripts/{name}.py", Body=script)
        if command == "glueetl":
            options = {"GlueVersion": "5.0", "WorkerType": "G.1X", "NumberOfWorkers": 2} | options
        self.glue.create_job(
            Name=f"{self.name}-{name}", Role=self.role,
            Command={"Name": command, "ScriptLocation": f"s3://{self.bucket}/scripts/{name}.py", "PythonVersion": "3"},
            **options,
        )
        return f"{self.name}-{name}"

    def wait(self, job, run):
        def over():
            found = self.glue.get_job_run(JobName=job, RunId=run)["JobRun"]
            return found if found["JobRunState"] in OVER else None

        return wait_for(over, f"the end of {job}")

    def run(self, job, **options):
        return self.wait(job, self.glue.start_job_run(JobName=job, **options)["JobRunId"])

    def keys(self, prefix, bucket=None):
        found = self.s3.list_objects_v2(Bucket=bucket or self.bucket, Prefix=prefix)
        return [item["Key"] for item in found.get("Contents", [])]

    def rows(self, prefix, bucket=None):
        """The records of the Parquet files below a prefix that readers see."""
        rows = []
        for key in self.keys(prefix, bucket):
            if key.endswith(".parquet") and "_temporary" not in key:
                body = self.s3.get_object(Bucket=bucket or self.bucket, Key=key)["Body"].read()
                rows += pyarrow.parquet.read_table(pyarrow.BufferReader(body)).to_pylist()
        return rows


@pytest.fixture
def house(tarn, request):
    return House(tarn, request.node.name.removeprefix("test_").replace("_", "-")[:30].strip("-"))


def refused(code, call, **arguments):
    with pytest.raises(ClientError) as failure:
        call(**arguments)
    assert failure.value.response["Error"]["Code"] == code, failure.value
    return failure.value.response["Error"]["Message"]
