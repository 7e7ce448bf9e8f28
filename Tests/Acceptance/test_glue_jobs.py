"""Glue's jobs, triggers and workflows through boto3: real processes, real Spark, and what survives a kill."""

import json
import pathlib
import uuid

from glue_house import OVER, House, house, needs_spark, refused, wait_for  # noqa: F401

pytestmark = needs_spark


def test_shell(house):
    job = house.job(
        "tell",
        "import boto3, sys\n"
        "from awsglue.utils import getResolvedOptions\n"
        "options = getResolvedOptions(sys.argv, ['day', 'bucket'])\n"
        "boto3.client('s3').put_object(Bucket=options['bucket'], Key='out/' + options['day'], Body=b'told')\n"
        "print('told')\n",
        DefaultArguments={"--bucket": house.bucket, "--day": "monday"}, MaxCapacity=0.0625, Timeout=5,
    )
    run = house.run(job, Arguments={"--day": "tuesday"})
    assert run["JobRunState"] == "SUCCEEDED", run
    assert run["Arguments"] == {"--day": "tuesday"} and run["Attempt"] == 0 and run["MaxCapacity"] == 0.0625
    # A minute is the least that AWS bills.
    assert run["DPUSeconds"] == 60 * 0.0625
    assert house.keys("out/") == ["out/tuesday"]
    # What it has printed is in AWS's group for shells, a stream a run.
    events = wait_for(
        lambda: house.tarn.client("logs").get_log_events(
            logGroupName="/aws-glue/python-jobs/output", logStreamName=run["Id"])["events"],
        "the run's lines")
    assert [event["message"] for event in events] == ["told"]
    assert [found["Id"] for found in house.glue.get_job_runs(JobName=job)["JobRuns"]] == [run["Id"]]


def test_a_script_is_held_to_its_folder_its_rights_and_its_memory(house):
    outside = pathlib.Path(str(house.tarn.data) + ".outside")
    secret = next(path for path in pathlib.Path(house.tarn.data).iterdir() if path.is_file())
    for name, script, error in [
        ("fails", "def f():\n    return 1 / 0\nf()\n", "ZeroDivisionError: division by zero"),
        ("writes", f"open({str(outside)!r}, 'w')\n", "PermissionError"),
        ("reads", f"open({str(secret)!r}).read()\n", "PermissionError"),
        ("lists", "import boto3\nboto3.client('kinesis').list_streams()\n", "AccessDeniedException"),
        ("eats", "x = []\nwhile True: x.append(bytearray(64 << 20))\n", "memory"),
    ]:
        run = house.run(house.job(name, script))
        assert run["JobRunState"] == "FAILED" and error in run["ErrorMessage"], (name, run)
    assert not outside.exists()


def test_a_loop_is_stopped_and_a_failure_tried_again(house):
    job = house.job("loops", "while True: pass\n")
    run = house.glue.start_job_run(JobName=job)["JobRunId"]
    refused("ConcurrentRunsExceededException", house.glue.start_job_run, JobName=job)
    wait_for(lambda: house.glue.get_job_run(JobName=job, RunId=run)["JobRun"]["JobRunState"] == "RUNNING", "its begin")
    stopped = house.glue.batch_stop_job_run(JobName=job, JobRunIds=[run, "jr_none"])
    assert [found["JobRunId"] for found in stopped["SuccessfulSubmissions"]] == [run]
    assert stopped["Errors"][0]["ErrorDetail"]["ErrorCode"] == "EntityNotFoundException"
    assert house.wait(job, run)["JobRunState"] == "STOPPED"

    again = house.job("again", "1 / 0\n", MaxRetries=1)
    first = house.glue.start_job_run(JobName=again)["JobRunId"]
    house.wait(again, first)
    last = house.wait(again, f"{first}_attempt_1")
    assert last["Attempt"] == 1 and last["PreviousRunId"] == first and last["JobRunState"] == "FAILED"


def test_a_run_that_waits_for_its_turn_stops_at_once(house):
    glue = house.glue
    job = house.job("many", "while True: pass\n", ExecutionProperty={"MaxConcurrentRuns": 10})
    runs = [glue.start_job_run(JobName=job)["JobRunId"] for _ in range(5)]

    def states():
        found = {run["Id"]: run["JobRunState"] for run in glue.get_job_runs(JobName=job)["JobRuns"]}
        return [found[run] for run in runs]

    # Four work at once.
    wait_for(lambda: states() == ["RUNNING"] * 4 + ["STARTING"], "the first four")
    glue.batch_stop_job_run(JobName=job, JobRunIds=runs[4:])
    assert house.wait(job, runs[4])["JobRunState"] == "STOPPED"
    assert states()[:4] == ["RUNNING"] * 4
    glue.batch_stop_job_run(JobName=job, JobRunIds=runs[:4])
    for run in runs[:4]:
        assert house.wait(job, run)["JobRunState"] == "STOPPED"


def test_nonsense_is_refused(house):
    glue = house.glue
    command = {"Name": "glueetl", "ScriptLocation": "s3://x/y.py"}
    refused("InvalidInputException", glue.create_job, Name="n", Role="no-such-role", Command=command)
    refused("InvalidInputException", glue.create_job, Name="n", Role=house.role, Command={"Name": "perl"})
    refused(
        "InvalidInputException", glue.create_job, Name="n", Role=house.role, Command=command, MaxCapacity=2.0,
        WorkerType="G.1X", NumberOfWorkers=2)
    refused(
        "ValidationException", glue.create_job, Name="n", Role=house.role, Command=command, WorkerType="G.99X",
        NumberOfWorkers=2)
    refused("EntityNotFoundException", glue.get_job, JobName="n")
    refused("EntityNotFoundException", glue.start_job_run, JobName="n")
    refused("EntityNotFoundException", glue.get_job_bookmark, JobName="n")
    refused(
        "EntityNotFoundException", glue.create_trigger, Name="t", Type="ON_DEMAND", Actions=[{"JobName": "n"}])
    job = house.job("fixed", "print()\n", NonOverridableArguments={"--a": "1"})
    refused("InvalidInputException", glue.start_job_run, JobName=job, Arguments={"--a": "2"})
    refused("IdempotentParameterMismatchException", glue.create_job, Name=job, Role=house.role, Command=command)
    assert house.glue.delete_job(JobName="n")["JobName"] == "n"


COPY = """
import sys
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

options = getResolvedOptions(sys.argv, ["JOB_NAME", "bucket"])
glue = GlueContext(SparkContext.getOrCreate())
job = Job(glue)
job.init(options["JOB_NAME"], options)
frame = glue.create_dynamic_frame.from_options(
    "s3", {"paths": [f"s3://{options['bucket']}/in/"]}, format="json", transformation_ctx="read")
glue.write_dynamic_frame.from_options(
    frame=frame, connection_type="s3", connection_options={"path": f"s3://{options['bucket']}/out/"},
    format="parquet", transformation_ctx="write")
if "--fails" in sys.argv:
    raise RuntimeError("after the write")
job.commit()
"""


def test_spark_reads_what_is_new_and_a_failed_run_moves_nothing(house):
    job = house.job(
        "copy", COPY, "glueetl",
        DefaultArguments={"--bucket": house.bucket, "--job-bookmark-option": "job-bookmark-enable"},
    )
    house.s3.put_object(Bucket=house.bucket, Key="in/1.json", Body=b'{"id": 1}\n{"id": 2}\n')
    run = house.run(job)
    assert run["JobRunState"] == "SUCCEEDED", run
    first = house.keys("out/")
    assert first and not any("_temporary" in key for key in first)
    assert house.glue.get_job_bookmark(JobName=job)["JobBookmarkEntry"]["RunId"] == run["Id"]

    # Nothing new: nothing is written.
    assert house.run(job)["JobRunState"] == "SUCCEEDED"
    assert house.keys("out/") == first

    house.s3.put_object(Bucket=house.bucket, Key="in/2.json", Body=b'{"id": 3}\n')
    before = house.glue.get_job_bookmark(JobName=job)["JobBookmarkEntry"]["JobBookmark"]
    failed = house.run(job, Arguments={"--fails": "yes"})
    assert failed["JobRunState"] == "FAILED" and "RuntimeError: after the write" in failed["ErrorMessage"], failed
    assert "Failed Line Number: 18" in failed["ErrorMessage"], failed
    assert house.keys("out/") == first
    assert house.glue.get_job_bookmark(JobName=job)["JobBookmarkEntry"]["JobBookmark"] == before

    house.glue.reset_job_bookmark(JobName=job)
    assert house.run(job)["JobRunState"] == "SUCCEEDED"


STREAM = """
import sys
from awsglue.context import GlueContext
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

given = getResolvedOptions(sys.argv, ["bucket", "database"])
glue = GlueContext(SparkContext.getOrCreate())
frame = glue.create_data_frame.from_catalog(
    database=given["database"], table_name="orders", additional_options={"startingPosition": "TRIM_HORIZON"})

def batch(rows, number):
    if rows.count():
        rows.coalesce(1).write.mode("append").json(f"s3://{given['bucket']}/out/")

glue.forEachBatch(frame=frame, batch_function=batch, options={
    "windowSize": "1 seconds", "checkpointLocation": f"s3://{given['bucket']}/checkpoint/"})
"""


def test_a_stream_of_the_schema_registrys_records(house, unique):
    glue, kinesis = house.glue, house.tarn.client("kinesis")
    name = unique("orders")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    house.tarn.client("iam").put_role_policy(
        RoleName=house.role, PolicyName="stream",
        PolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kinesis:*", "Resource": arn}]
        }),
    )
    version = glue.create_schema(
        SchemaName=name, DataFormat="AVRO", Compatibility="BACKWARD",
        SchemaDefinition=json.dumps({
            "type": "record", "name": "Order",
            "fields": [{"name": "id", "type": "long"}, {"name": "name", "type": "string"}],
        }),
    )["SchemaVersionId"]
    glue.create_database(DatabaseInput={"Name": name})
    glue.create_table(
        DatabaseName=name,
        TableInput={
            "Name": "orders", "Parameters": {"classification": "avro"},
            "StorageDescriptor": {
                "Location": name, "Parameters": {"typeOfData": "kinesis", "streamARN": arn},
                "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.serde2.avro.AvroSerDe"},
                "SchemaReference": {"SchemaVersionId": version, "SchemaVersionNumber": 1},
            },
        },
    )
    kinesis.put_record(
        StreamName=name, PartitionKey="k", Data=b"\x03\x00" + uuid.UUID(version).bytes + b"\x0e\x08tarn"
    )
    job = house.job(
        "stream", STREAM, "gluestreaming", GlueVersion="5.0", WorkerType="G.1X", NumberOfWorkers=2,
        DefaultArguments={"--bucket": house.bucket, "--database": name},
    )
    run = glue.start_job_run(JobName=job)["JobRunId"]

    def written():
        told = glue.get_job_run(JobName=job, RunId=run)["JobRun"]
        assert told["JobRunState"] not in OVER, told
        return [key for key in house.keys("out/part-")]

    key = wait_for(written, "a batch")[0]
    assert json.loads(house.s3.get_object(Bucket=house.bucket, Key=key)["Body"].read()) == {"id": 7, "name": "tarn"}
    glue.batch_stop_job_run(JobName=job, JobRunIds=[run])
    assert house.wait(job, run)["JobRunState"] == "STOPPED"


QUALITY = """
import sys
from awsglue.context import GlueContext
from awsglue.utils import getResolvedOptions
from awsgluedq.transforms import EvaluateDataQuality
from pyspark.context import SparkContext

bucket = getResolvedOptions(sys.argv, ["bucket"])["bucket"]
glue = GlueContext(SparkContext.getOrCreate())
frame = glue.create_dynamic_frame.from_options("s3", {"paths": [f"s3://{bucket}/in/"]}, format="json")
outcome = EvaluateDataQuality.apply(
    frame=frame, ruleset='Rules = [ RowCount = 3, IsComplete "name", ColumnValues "id" > 1 ]',
    publishing_options={"dataQualityEvaluationContext": "orders"})
outcome.toDF().coalesce(1).write.json(f"s3://{bucket}/quality/")
"""


def test_rules_are_evaluated_inside_a_job(house):
    job = house.job("quality", QUALITY, "glueetl", DefaultArguments={"--bucket": house.bucket})
    body = b'{"id": 1, "name": "a"}\n{"id": 2, "name": null}\n{"id": 3, "name": "c"}\n'
    house.s3.put_object(Bucket=house.bucket, Key="in/1.json", Body=body)
    run = house.run(job)
    assert run["JobRunState"] == "SUCCEEDED", run
    [key] = [key for key in house.keys("quality/") if key.endswith(".json")]
    lines = house.s3.get_object(Bucket=house.bucket, Key=key)["Body"].read().decode().splitlines()
    outcomes = {line["Rule"]: line["Outcome"] for line in map(json.loads, lines)}
    assert outcomes == {"RowCount = 3": "Passed", 'IsComplete "name"': "Failed", 'ColumnValues "id" > 1': "Failed"}
    [result] = house.glue.list_data_quality_results(Filter={"JobName": job})["Results"]
    kept = house.glue.get_data_quality_result(ResultId=result["ResultId"])
    assert kept["EvaluationContext"] == "orders" and len(kept["RuleResults"]) == 3


def test_a_job_killed_while_it_writes_leaves_nothing_to_be_seen(fresh_tarn):
    house = House(fresh_tarn(), "killed")
    job = house.job(
        "slow",
        COPY.replace(
            "glue.write_dynamic_frame",
            "import time\nfrom pyspark.sql.functions import udf\n"
            "slowly = udf(lambda id: time.sleep(0.5 if '--fast' not in sys.argv else 0) or id, 'bigint')\n"
            "from awsglue.dynamicframe import DynamicFrame\n"
            "frame = DynamicFrame.fromDF(frame.toDF().repartition(8).withColumn('id', slowly('id')), glue, 'slow')\n"
            "glue.write_dynamic_frame"),
        "glueetl",
        DefaultArguments={"--bucket": house.bucket, "--job-bookmark-option": "job-bookmark-enable"},
    )
    rows = "".join(f'{{"id": {number}}}\n' for number in range(200))
    house.s3.put_object(Bucket=house.bucket, Key="in/1.json", Body=rows.encode())
    run = house.glue.start_job_run(JobName=job)["JobRunId"]
    # Some of its files are written, none is published.
    wait_for(lambda: house.keys("out/"), "a first file")
    house.tarn.kill()
    house.tarn.start()
    left = house.keys("out/")
    assert all("/_temporary" in f"/{key}" or key.split("/")[1].startswith("_") for key in left), left
    interrupted = house.wait(job, run)
    assert interrupted["JobRunState"] == "FAILED" and "server stopped" in interrupted["ErrorMessage"], interrupted

    again = house.run(job, Arguments={"--fast": "yes"})
    assert again["JobRunState"] == "SUCCEEDED", again
    assert sorted(row["id"] for row in house.rows("out/")) == list(range(200))
    assert not any("_temporary" in key for key in house.keys("out/"))


def test_a_workflow_runs_fails_and_is_resumed(house):
    glue = house.glue
    name = house.name
    first, second = house.job("first", "print(1)\n"), house.job("second", "print(2)\n")
    last = house.job("last", f"""
import boto3
if not boto3.client("s3").list_objects_v2(Bucket="{house.bucket}", Prefix="ready").get("KeyCount"):
    raise RuntimeError("not ready")
""")
    glue.create_workflow(Name=name, DefaultRunProperties={"target": "lake"})
    glue.create_trigger(
        Name=f"{name}-start", WorkflowName=name, Type="ON_DEMAND", Actions=[{"JobName": first}, {"JobName": second}])
    glue.create_trigger(
        Name=f"{name}-both", WorkflowName=name, Type="CONDITIONAL", StartOnCreation=True, Actions=[{"JobName": last}],
        Predicate={"Logical": "AND", "Conditions": [
            {"JobName": job, "State": "SUCCEEDED", "LogicalOperator": "EQUALS"} for job in (first, second)]},
    )
    refused(
        "InvalidInputException", glue.create_trigger, Name="x", WorkflowName=name, Type="ON_DEMAND",
        Actions=[{"JobName": first}])

    def over(run):
        found = glue.get_workflow_run(Name=name, RunId=run, IncludeGraph=True)["Run"]
        return found if found["Status"] not in ("RUNNING", "STOPPING") else None

    run = glue.start_workflow_run(Name=name, RunProperties={"day": "monday"})["RunId"]
    glue.put_workflow_run_properties(Name=name, RunId=run, RunProperties={"seen": "yes"})
    ended = wait_for(lambda: over(run), "the workflow's end")
    assert ended["Status"] == "COMPLETED"
    assert ended["WorkflowRunProperties"] == {"target": "lake", "day": "monday", "seen": "yes"}
    assert (ended["Statistics"]["SucceededActions"], ended["Statistics"]["FailedActions"]) == (2, 1)
    nodes = {node["Name"]: node for node in ended["Graph"]["Nodes"]}
    [failed] = nodes[last]["JobDetails"]["JobRuns"]
    assert failed["JobRunState"] == "FAILED" and {item["JobName"] for item in failed["PredecessorRuns"]} == {first, second}

    house.s3.put_object(Bucket=house.bucket, Key="ready", Body=b"")
    resumed = glue.resume_workflow_run(Name=name, RunId=run, NodeIds=[nodes[last]["UniqueId"]])["RunId"]
    ended = wait_for(lambda: over(resumed), "the resumed run's end")
    assert ended["PreviousRunId"] == run and ended["Statistics"]["TotalActions"] == 1
    assert ended["Statistics"]["SucceededActions"] == 1
    refused("IllegalWorkflowStateException", glue.stop_workflow_run, Name=name, RunId=run)


def test_a_workflow_ends_when_a_run_that_waits_is_stopped(house):
    glue = house.glue
    job = house.job("waits", "while True: pass\n", JobRunQueuingEnabled=True)
    first = glue.start_job_run(JobName=job)["JobRunId"]
    glue.create_workflow(Name=house.name)
    glue.create_trigger(
        Name=house.name, WorkflowName=house.name, Type="ON_DEMAND", Actions=[{"JobName": job}])
    run = glue.start_workflow_run(Name=house.name)["RunId"]
    assert glue.get_workflow_run(Name=house.name, RunId=run)["Run"]["Statistics"]["WaitingActions"] == 1
    glue.stop_workflow_run(Name=house.name, RunId=run)
    ended = glue.get_workflow_run(Name=house.name, RunId=run)["Run"]
    assert ended["Status"] == "STOPPED" and ended["Statistics"]["StoppedActions"] == 1, ended

    # A job that goes takes those along that wait for it.
    waiting = glue.start_job_run(JobName=job)["JobRunId"]
    glue.delete_job(JobName=job)
    assert house.wait(job, waiting)["JobRunState"] == "STOPPED"
    assert house.wait(job, first)["JobRunState"] == "STOPPED"


def test_a_kill_loses_no_step_of_a_chain(fresh_tarn):
    house = House(fresh_tarn(), "chain")
    glue = house.glue
    first = house.job("first", "import time\ntime.sleep(2)\n", MaxRetries=1)
    second = house.job("second", "print(2)\n")
    glue.create_trigger(Name="start", Type="ON_DEMAND", Actions=[{"JobName": first}])
    glue.create_trigger(
        Name="then", Type="CONDITIONAL", StartOnCreation=True, Actions=[{"JobName": second}],
        Predicate={"Conditions": [{"JobName": first, "State": "SUCCEEDED", "LogicalOperator": "EQUALS"}]})
    glue.start_trigger(Name="start")
    wait_for(lambda: [
        run for run in glue.get_job_runs(JobName=first)["JobRuns"] if run["JobRunState"] == "RUNNING"], "its begin")
    house.tarn.kill()
    house.tarn.start()
    # The interrupted attempt is told as failed, the next one succeeds, and the chain goes on.
    glue = house.glue
    [run] = wait_for(lambda: glue.get_job_runs(JobName=second)["JobRuns"], "the chain's next job")
    assert house.wait(second, run["Id"])["JobRunState"] == "SUCCEEDED"
    assert run["TriggerName"] == "then"
    states = {found["Attempt"]: found["JobRunState"] for found in glue.get_job_runs(JobName=first)["JobRuns"]}
    assert states == {0: "FAILED", 1: "SUCCEEDED"}
