"""What a run has published before its bookmark has moved: seen by the run, gone with it, and never there twice."""

import json

import pytest
from glue_house import House, needs_spark, wait_for

pytestmark = needs_spark

# Reads what is new, adds it to a table of files, and reads that again before it commits.
APPEND = """
import os, signal, sys, time
import boto3
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

options = getResolvedOptions(sys.argv, ["JOB_NAME", "bucket", "then"])
bucket, then = options["bucket"], options["then"]
glue = GlueContext(SparkContext.getOrCreate())
job = Job(glue)
job.init(options["JOB_NAME"], options)
frame = glue.create_dynamic_frame.from_options(
    "s3", {"paths": [f"s3://{bucket}/in/"]}, format="json", transformation_ctx="read")
glue.write_dynamic_frame.from_options(
    frame=frame, connection_type="s3", connection_options={"path": f"s3://{bucket}/out/"},
    format="parquet", transformation_ctx="write")
frame.toDF().write.mode("append").parquet(f"s3://{bucket}/copy/")
seen = glue.spark_session.read.parquet(f"s3://{bucket}/out/").count()
boto3.client("s3").put_object(Bucket=bucket, Key="seen", Body=str(seen).encode())
if then == "wait":
    time.sleep(600)
if then == "fail":
    raise RuntimeError("after the write")
if then == "die":
    os.kill(os.getpid(), signal.SIGKILL)
if then != "forget":
    job.commit()
if then == "fail-late":
    raise RuntimeError("after the commit")
"""


class Appending:
    """A job with a bookmark over what lies in a bucket."""

    def __init__(self, house, **policy):
        self.house, self.name = house, house.job(
            "append", APPEND, "glueetl",
            DefaultArguments={
                "--bucket": house.bucket, "--then": "end", "--job-bookmark-option": "job-bookmark-enable"},
        )
        self.added = 0

    def add(self, rows):
        """A further object of so many rows."""
        text = "".join(f'{{"id": {self.added + number}}}\n' for number in range(rows))
        self.house.s3.put_object(Bucket=self.house.bucket, Key=f"in/{self.added}.json", Body=text.encode())
        self.added += rows

    def run(self, then="end"):
        return self.house.run(self.name, Arguments={"--then": then})

    @property
    def seen(self):
        """How many rows the last run saw of its output, its own among them."""
        found = self.house.s3.list_objects_v2(Bucket=self.house.bucket, Prefix="seen")
        if not found.get("KeyCount"):
            return None
        return int(self.house.s3.get_object(Bucket=self.house.bucket, Key="seen")["Body"].read())

    def check(self, rows=None):
        """All rows that were ever added are there exactly once, in both places."""
        wanted = list(range(self.added if rows is None else rows))
        for prefix in ("out/", "copy/"):
            assert sorted(row["id"] for row in self.house.rows(prefix)) == wanted, prefix
        assert not any("_temporary" in key for key in self.house.keys(""))


@pytest.fixture
def appending(tarn, unique):
    house = House(tarn, unique("out"))
    # A role that may add and not delete, as jobs that append need no more.
    tarn.client("iam").put_role_policy(
        RoleName=house.role, PolicyName="adds",
        PolicyDocument=json.dumps({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Deny", "Action": "s3:DeleteObject",
                "Resource": [f"arn:aws:s3:::{house.bucket}/out/part*", f"arn:aws:s3:::{house.bucket}/copy/part*"],
            }],
        }),
    )
    return Appending(house)


def test_a_kill_between_write_and_commit_adds_no_row_twice(fresh_tarn):
    appending = Appending(House(fresh_tarn(), "between"))
    house = appending.house
    appending.add(100)
    assert appending.run()["JobRunState"] == "SUCCEEDED"
    appending.check()
    appending.add(50)
    house.s3.delete_object(Bucket=house.bucket, Key="seen")
    run = house.glue.start_job_run(JobName=appending.name, Arguments={"--then": "wait"})["JobRunId"]
    # The run has written, and sees what it has written; its bookmark has not moved.
    assert wait_for(lambda: appending.seen, "the write") == 150
    house.tarn.kill()
    house.tarn.start()
    assert house.wait(appending.name, run)["JobRunState"] == "FAILED"
    appending.check(rows=100)
    again = appending.run()
    assert again["JobRunState"] == "SUCCEEDED", again
    assert appending.seen == 150
    appending.check()
    assert appending.run()["JobRunState"] == "SUCCEEDED"
    appending.check()


def test_a_run_that_fails_or_dies_takes_its_rows_along(appending):
    appending.add(10)
    for then, error in (("fail", "after the write"), ("die", "exit code 137")):
        run = appending.run(then)
        assert run["JobRunState"] == "FAILED" and error in run["ErrorMessage"], run
        assert appending.seen == 10
        appending.check(rows=0)
    run = appending.run("fail-late")
    assert run["JobRunState"] == "FAILED" and "after the commit" in run["ErrorMessage"], run
    appending.check()
    assert appending.run()["JobRunState"] == "SUCCEEDED"
    appending.check()


def test_a_run_that_does_not_commit_keeps_its_rows(appending):
    appending.add(3)
    assert appending.run("forget")["JobRunState"] == "SUCCEEDED"
    appending.check()
    # As on AWS: the bookmark has not moved, so the rows are new again.
    assert appending.run()["JobRunState"] == "SUCCEEDED"
    assert sorted(row["id"] for row in appending.house.rows("out/")) == [0, 0, 1, 1, 2, 2]
