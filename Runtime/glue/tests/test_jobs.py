"""Whole runs: arguments, outcomes, what a run leaves behind."""

import io
import json
import signal
import time
import zipfile

HEAD = """
import sys
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from awsglue.context import GlueContext
from awsglue.job import Job
args = getResolvedOptions(sys.argv, ['JOB_NAME'])
glueContext = GlueContext(SparkContext())
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args['JOB_NAME'], args)
"""


def test_arguments_output_and_success(jobs):
    done = jobs.run(
        """
import sys, os
from awsglue.utils import getResolvedOptions
print(sorted(getResolvedOptions(sys.argv, ['JOB_NAME', 'day-key']).items()))
print(sys.argv[1:], os.path.basename(sys.argv[0]), __name__)
sys.exit(0)
""",
        "--day-key",
        "a b",
        "--TempDir",
        "s3://t/",
        "--job-bookmark-option",
        "job-bookmark-enable",
        command="pythonshell",
    )
    assert done.state == "SUCCEEDED" and done.status == 0, done.stderr
    first, second = done.stdout.splitlines()
    told = dict(eval(first))
    assert told["day_key"] == "a b" and told["JOB_NAME"] == "test-job" and told["TempDir"] == "s3://t/"
    assert told["job_bookmark_option"] == "job-bookmark-enable" and told["JOB_RUN_ID"] == "jr_0001"
    assert "--JOB_NAME" in second and second.endswith("script.py __main__")


def test_failures_of_a_python_shell(jobs):
    done = jobs.run("x = 1\nprint(y)\n", command="pythonshell")
    assert done.state == "FAILED" and done.status == 1
    assert done.result["error"] == "NameError: name 'y' is not defined" and done.result["line"] == 2
    assert 'script.py", line 2' in done.stderr and "launch.py" not in done.stderr
    done = jobs.run("import sys\nsys.exit(3)\n", command="pythonshell")
    assert done.result["error"] == "SystemExit: 3"
    done = jobs.run("def f(:\n", command="pythonshell")
    assert done.result["error"].startswith("SyntaxError: ") and done.result["line"] == 1
    done = jobs.run("", "--extra-files", "s3://no-such-bucket-here/x", command="pythonshell")
    assert done.state == "FAILED" and "NoSuchBucket" in done.result["error"]
    done = jobs.run("", command="glueray")
    assert done.state == "FAILED" and "glueray" in done.result["error"]


def test_a_spark_failure_has_aws_words(jobs):
    done = jobs.run(HEAD + "spark.sql('select nothing from nowhere')\n")
    assert done.state == "FAILED"
    line = HEAD.count("\n") + 1
    assert done.result["error"].startswith(
        f"Error Category: QUERY_ERROR; Failed Line Number: {line}; AnalysisException: [TABLE_OR_VIEW_NOT_FOUND]"
    )


def test_libraries_and_files_come_along(jobs, s3, bucket):
    s3.put_object(Bucket=bucket, Key="lib/helper.py", Body=b"def f(x):\n    return x + 1\n")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("packed/__init__.py", "")
        archive.writestr("packed/inside.py", "def g(x):\n    return 10 * x\n")
    s3.put_object(Bucket=bucket, Key="lib/packed.zip", Body=packed.getvalue())
    s3.put_object(Bucket=bucket, Key="conf/settings.json", Body=b"{}")
    done = jobs.run(
        HEAD
        + """
from helper import f
from packed.inside import g
numbers = spark.sparkContext.parallelize([1, 2]).map(f).map(g).collect()
print(numbers, open('settings.json').read(), spark.conf.get('spark.x'))
""",
        "--extra-py-files",
        f"s3://{bucket}/lib/helper.py,s3://{bucket}/lib/packed.zip",
        "--extra-files",
        f"s3://{bucket}/conf/settings.json",
        "--conf",
        "spark.x=1 --conf spark.y=2",
    )
    assert done.state == "SUCCEEDED", done.stderr
    assert done.stdout == "[20, 30] {} 1\n"


READ_AND_WRITE = (
    HEAD
    + """
source = glueContext.create_dynamic_frame.from_options(
    connection_type="s3", connection_options={"paths": ["s3://%(bucket)s/in/"], "recurse": True}, format="json",
    transformation_ctx="source")
print(source.count())
glueContext.write_dynamic_frame.from_options(
    frame=source, connection_type="s3", connection_options={"path": "s3://%(bucket)s/out/", "partitionKeys": ["d"]},
    format="parquet", transformation_ctx="sink")
job.commit()
"""
)


def test_a_run_with_nothing_new_writes_nothing(jobs, s3, bucket, keys, control):
    script = READ_AND_WRITE % {"bucket": bucket}
    s3.put_object(Bucket=bucket, Key="in/a.json", Body=b'{"d": "x", "n": 1}\n{"d": "y", "n": 2}\n')
    done = jobs.run(script)
    assert done.state == "SUCCEEDED" and done.stdout == "2\n", done.stderr
    written = keys(bucket, "out/")
    assert len(written) == 2 and all(".parquet" in key and "/d=" in key for key in written)
    commits, version = len(control.calls("commit")), control.version
    # The server hears that the run reads ahead of its bookmark before anything is published.
    changes = [path for method, path, _ in control.asked if path in ("reading", "commit") or method == "PUT"]
    assert changes == ["reading", "commit", "bookmark"]

    done = jobs.run(script)
    assert done.state == "SUCCEEDED" and done.stdout == "0\n", done.stderr
    assert keys(bucket, "out/") == written
    assert len(control.calls("commit")) == commits and control.version == version
    assert len(control.calls("reading")) == 1


def test_a_killed_run_leaves_only_what_is_staged(jobs, s3, bucket, keys, control):
    process, folder = jobs.start(
        HEAD
        + f"""
import time
spark.conf.set("spark.sql.sources.x", "1")
def slow(rows):
    for row in rows:
        if row[0] % 10 == 9:
            time.sleep(0.2)
        yield row
frame = spark.createDataFrame(spark.range(0, 4000, 1, 40).rdd.mapPartitions(slow), "id long")
frame.write.mode("overwrite").parquet("s3://{bucket}/out/")
"""
    )
    deadline = time.monotonic() + 120
    while not any("_temporary-jr_1-" in key and key.endswith(".parquet") for key in keys(bucket, "out/")):
        assert process.poll() is None, (folder / "stderr").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    import os

    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (folder / "result.json").exists()
    assert all("/_temporary-" in "/" + key.removeprefix("out") for key in keys(bucket, "out/"))
    assert control.calls("commit") == []
    told = control.calls("progress")
    assert told and told[0]["staging"].startswith(f"s3://{bucket}/out/_temporary-jr_1-")


def test_writes_commit_in_one_step(jobs, s3, bucket, keys, control):
    s3.put_object(Bucket=bucket, Key="out/old.parquet", Body=b"old")
    done = jobs.run(
        HEAD
        + f"""
frame = spark.range(10).selectExpr("id", "id % 2 as p")
frame.write.mode("append").partitionBy("p").json("s3://{bucket}/parts/")
frame.write.mode("overwrite").parquet("s3a://{bucket}/out")
spark.conf.set("spark.sql.sources.partitionOverwriteMode", "dynamic")
frame.filter("p = 1").limit(1).write.mode("overwrite").partitionBy("p").json("s3://{bucket}/parts/")
print(spark.read.parquet("s3://{bucket}/out").count(), spark.read.json("s3://{bucket}/parts/").groupBy("p").count()
      .orderBy("p").collect())
"""
    )
    assert done.state == "SUCCEEDED", done.stderr
    assert done.stdout == "10 [Row(p=0, count=5), Row(p=1, count=1)]\n"
    commits = control.calls("commit")
    assert len(commits) == 3
    assert commits[1]["deletes"] == [f"s3://{bucket}/out/old.parquet"]
    assert all("/p=1/" in address for address in commits[2]["deletes"])
    assert not [key for key in keys(bucket) if "_temporary" in key]


def test_a_commit_that_is_refused_fails_the_run(jobs, s3, bucket, keys, control):
    s3.put_object(Bucket=bucket, Key="out/old.json", Body=b"{}")
    control.refuse_commits = (403, {"message": f"not authorized to delete s3://{bucket}/out/old.json"})
    done = jobs.run(HEAD + f'spark.range(3).write.mode("overwrite").json("s3://{bucket}/out/")\n')
    assert done.state == "FAILED" and done.result["category"] == "PERMISSION_ERROR"
    assert "not authorized to delete" in done.result["error"]
    assert "out/old.json" in keys(bucket)
    json.dumps(done.result)
