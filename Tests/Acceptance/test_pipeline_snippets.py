"""What users paste about Glue's jobs, Lambda and Firehose's transforms from tutorials, as it is written there.

`snippets/` holds it. Each piece gives what AWS gives; where AWS would refuse it or its code would fail, so it does here,
and then the piece as it was meant gives what it promised.
"""

import base64
import gzip
import io
import json
import re

import pyarrow.parquet
import pytest

from conftest import Tarn, wait_until
from firehose_house import trust
from glue_house import OVER, needs_spark
from test_lambda import PYTHON, bundle, refused
from test_redshift_data import Data
from test_snippets import (
    ACCOUNT, Athena, allowed, bucket, crawled, crawler_role, keys, mine, paste, pasted, put_lines, role, text,
)

RUN_SECONDS_MAX = 240


@pytest.fixture(scope="module")
def tarn(tmp_path_factory):
    """A server of their own: the names that tutorials use (`raw`, `my-bucket`, `sales-etl`) are everybody's."""
    server = Tarn(tmp_path_factory.mktemp("pipelines") / "data")
    yield server
    server.stop()


def rows(tarn, name, prefix):
    """The rows of the Parquet files below a prefix."""
    s3 = tarn.client("s3")
    found = []
    for key in keys(tarn, name, prefix):
        body = s3.get_object(Bucket=name, Key=key)["Body"].read()
        # A file itself: `read_table` would look for partitions and Arrow's own metadata.
        found += pyarrow.parquet.ParquetFile(io.BytesIO(body)).read().to_pylist()
    return found


# Glue's jobs


class Jobs:
    """The role that tutorials take for granted, and Spark jobs of scripts."""

    role = "AWSGlueServiceRole"

    def __init__(self, tarn):
        self.tarn, self.glue = tarn, tarn.client("glue")
        bucket(tarn, "bucket")

    def put(self, script, key):
        self.tarn.client("s3").put_object(Bucket="bucket", Key=key, Body=script.encode())
        return f"s3://bucket/{key}"

    def job(self, name, script, **arguments):
        self.glue.create_job(
            Name=name, Role=self.role, WorkerType="G.1X", NumberOfWorkers=2, DefaultArguments=arguments,
            Command={"Name": "glueetl", "ScriptLocation": self.put(script, f"scripts/{name}.py")},
        )
        return name

    def wait(self, name, run):
        def over():
            found = self.glue.get_job_run(JobName=name, RunId=run)["JobRun"]
            return found if found["JobRunState"] in OVER else None

        return wait_until(over, RUN_SECONDS_MAX)

    def run(self, name):
        return self.wait(name, self.glue.start_job_run(JobName=name)["JobRunId"])

    def succeed(self, name):
        run = self.run(name)
        assert run["JobRunState"] == "SUCCEEDED", run
        return run

    def fail(self, name):
        run = self.run(name)
        assert run["JobRunState"] == "FAILED", run
        return run["ErrorMessage"]


@pytest.fixture(scope="module")
def jobs(tarn):
    crawler_role(tarn, Jobs.role)
    return Jobs(tarn)


@needs_spark
def test_the_sales_job_and_how_it_is_made(tarn, jobs):
    """MaxCapacity is of jobs before Glue 2.0: a job that names no version, as this one, is taken with it, one that names a
    later version is refused.

    The script never begins its job and names no contexts, so bookmarks have nothing to keep: a run that is made again
    brings its rows again, as on AWS.
    """
    script = "import boto3\nglue = boto3.client('glue')\n" + text("glue_create_job.py")
    later = script.replace("MaxCapacity=10", "GlueVersion='5.0', MaxCapacity=10")
    assert "(InvalidInputException) when calling the CreateJob operation: MaxCapacity " in paste(tarn, later).stderr
    assert refused(jobs.glue.get_job, JobName="sales-etl")[0] == "EntityNotFoundException"
    pasted(tarn, script)
    made = jobs.glue.get_job(JobName="sales-etl")["Job"]
    assert (made["MaxRetries"], made["Timeout"], made["MaxCapacity"]) == (1, 120, 10)
    assert made["DefaultArguments"]["--job-bookmark-option"] == "job-bookmark-enable"

    jobs.put(text("glue_job_sales.py"), "scripts/etl.py")
    bucket(tarn, "output-bucket")
    put_lines(tarn, "bucket", "raw-sales/a.csv", ["customer_id,amount,date", "7,19.99,2024-05-06", "8,x,2024-05-07"])
    jobs.glue.create_database(DatabaseInput={"Name": "sales_db"})
    jobs.glue.create_table(
        DatabaseName="sales_db",
        TableInput={
            "Name": "raw_sales",
            "Parameters": {"classification": "csv", "skip.header.line.count": "1"},
            "StorageDescriptor": {
                "Location": "s3://bucket/raw-sales/",
                "Columns": [{"Name": name, "Type": "string"} for name in ("customer_id", "amount", "date")],
                "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
                "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                "SerdeInfo": {
                    "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
                    "Parameters": {"field.delim": ","},
                },
            },
        },
    )
    for times in (1, 2):
        jobs.succeed("sales-etl")
        found = sorted((row["customer_id"], str(row["amount"]), f"{row['sale_date']}") for row in rows(
            tarn, "output-bucket", "processed/"))
        assert found == sorted([(7, "19.99", "2024-05-06"), (8, "None", "2024-05-07")] * times)


@needs_spark
def test_the_events_job_reads_what_comes_late(tarn, jobs):
    """From files over a crawler into the job. `partitionBy` is no option of this sink, and the mapping drops the
    columns that it names: AWS writes plain files. What lies down late in an old partition is read by the next run, and
    nothing is read again."""
    bucket(tarn, "data-lake")

    def event(user, moment):
        return json.dumps(
            {"user_id": user, "event_type": "click", "timestamp": moment, "properties": {"page": "/", "ref": "mail"}})

    folder = "raw/events/year=2026/month=03/day="
    put_lines(tarn, "data-lake", f"{folder}27/a.json", [event("u1", "2026-03-27 10:11:12"), event("u2", "2026-03-27 11:00:00")])
    put_lines(tarn, "data-lake", f"{folder}28/a.json", [event("u3", "2026-03-28 00:00:01")])
    crawler = text("glue_crawler_events.py").replace("arn:aws:iam::123456789:role/glue-crawler-role", Jobs.role)
    pasted(tarn, crawler)
    crawled(tarn, "events-crawler")

    script = text("glue_job_events.py")
    job = jobs.job("events-etl", script, **{"--job-bookmark-option": "job-bookmark-enable"})
    jobs.succeed(job)
    first = rows(tarn, "data-lake", "processed/events/")
    assert sorted(row["user_id"] for row in first) == ["u1", "u2", "u3"]
    assert set(first[0]) == {"user_id", "event_type", "timestamp", "properties"}
    moments = {row["user_id"]: f"{row['timestamp']:%Y-%m-%d %H:%M:%S}" for row in first}
    assert moments == {"u1": "2026-03-27 10:11:12", "u2": "2026-03-27 11:00:00", "u3": "2026-03-28 00:00:01"}
    assert all(dict(row["properties"]) == {"page": "/", "ref": "mail"} for row in first)
    assert not any("=" in key for key in keys(tarn, "data-lake", "processed/events/"))

    put_lines(tarn, "data-lake", f"{folder}27/late.json", [event("u4", "2026-03-27 23:59:59")])
    jobs.succeed(job)
    assert sorted(row["user_id"] for row in rows(tarn, "data-lake", "processed/events/")) == ["u1", "u2", "u3", "u4"]


@needs_spark
def test_from_raw_files_to_the_warehouse_as_one_workflow(tarn, jobs):
    """Files, crawler, job, Redshift, Athena: a workflow starts each when what it needs is there."""
    glue = jobs.glue
    bucket(tarn, "my-bucket")
    bucket(tarn, "my-temp-dir")
    put_lines(tarn, "my-bucket", "raw-data/users/u.csv", ["name,age", "Ann,30", "Bo,17", "Cy,18"])
    # The tutorial's crawler writes into `my_database`, its job reads `mydb`.
    pasted(tarn, text("glue_crawler_raw.py").replace("my_database", "mydb"))

    to_redshift = text("glue_job_to_redshift.py")
    load = jobs.job("to-redshift", to_redshift)
    assert "NameError: name 'dyf' is not defined" in jobs.fail(load)

    redshift = tarn.client("redshift")
    redshift.create_cluster(
        ClusterIdentifier="house", NodeType="ra3.xlplus", ClusterType="single-node", DBName="dev",
        MasterUsername="awsuser", MasterUserPassword="Passw0rd1")
    redshift.get_waiter("cluster_available").wait(
        ClusterIdentifier="house", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    endpoint = redshift.describe_clusters(ClusterIdentifier="house")["Clusters"][0]["Endpoint"]
    glue.create_connection(
        ConnectionInput={
            "Name": "my-redshift-conn",
            "ConnectionType": "JDBC",
            "ConnectionProperties": {
                "JDBC_CONNECTION_URL": f"jdbc:redshift://{endpoint['Address']}:{endpoint['Port']}/dev",
                "USERNAME": "awsuser",
                "PASSWORD": "Passw0rd1",
            },
        })
    assumed = "# Assume dyf is your transformed DynamicFrame"
    assert assumed in to_redshift
    read = "dyf = glueContext.create_dynamic_frame.from_options(\n" \
        "    's3', {'paths': ['s3://my-bucket/cleaned/users/']}, format='parquet')"
    jobs.put(to_redshift.replace(assumed, read), "scripts/to-redshift.py")

    clean = jobs.job("clean-users", text("glue_job_users.py"))
    glue.create_workflow(Name="users")
    glue.create_trigger(Name="crawl", WorkflowName="users", Type="ON_DEMAND", Actions=[{"CrawlerName": "my-crawler"}])
    for name, condition, then in [
        ("clean", {"CrawlerName": "my-crawler", "CrawlState": "SUCCEEDED"}, clean),
        ("load", {"JobName": clean, "State": "SUCCEEDED"}, load),
    ]:
        glue.create_trigger(
            Name=name, WorkflowName="users", Type="CONDITIONAL", StartOnCreation=True, Actions=[{"JobName": then}],
            Predicate={"Conditions": [condition | {"LogicalOperator": "EQUALS"}]})
    run = glue.start_workflow_run(Name="users")["RunId"]

    def over():
        found = glue.get_workflow_run(Name="users", RunId=run)["Run"]
        return found if found["Status"] != "RUNNING" else None

    ended = wait_until(over, RUN_SECONDS_MAX)
    assert (ended["Status"], ended["Statistics"]["SucceededActions"]) == ("COMPLETED", 3), ended
    assert sorted(row["name"] for row in rows(tarn, "my-bucket", "cleaned/users/")) == ["Ann", "Cy"]
    house = Data(tarn, ClusterIdentifier="house", Database="dev", DbUser="awsuser")
    assert house.rows("SELECT name, age FROM public.my_table ORDER BY name") == [["Ann", 30], ["Cy", 18]]
    assert keys(tarn, "my-temp-dir", "") == [], "what was staged for COPY is taken away"
    assert Athena(tarn, "mydb").rows("SELECT count(*) FROM raw_users") == [["3"]]


BEFORE_VALIDATION = """
import sys
from awsglue.context import GlueContext
from pyspark.context import SparkContext
from pyspark.sql import functions as F
glueContext = GlueContext(SparkContext())
def read(name):
    return glueContext.create_dynamic_frame.from_options("s3", {"paths": [f"s3://bucket/checked/{name}"]}, format="json")
raw_data = glueContext.create_dynamic_frame.from_catalog(database="checked", table_name="good")
"""
AFTER_VALIDATION = """
for name in ("nulls.json", "duplicates.json"):
    try:
        validate_data(read(name))
    except ValueError as error:
        print(f"{name}: {error}")
glueContext.write_dynamic_frame.from_options(cleaned_data, "s3", {"path": "s3://bucket/validated/"}, format="parquet")
glueContext.write_dynamic_frame.from_options(
    validate_data(read("duplicates.json")), "s3", {"path": "s3://bucket/validated/"}, format="parquet")
"""


@needs_spark
def test_validation_before_use(tarn, jobs):
    """Rows without a value, and rows that a producer sent twice, stop the job before it writes them. What it takes is a
    table that Athena wrote."""
    script = text("glue_validate_data.py")
    job = jobs.job("validate", script)
    assert "NameError: name 'raw_data' is not defined" in jobs.fail(job)

    def sale(number, amount=1.5):
        return json.dumps({"transaction_id": f"t{number}", "customer_id": "c", "amount": amount})

    jobs.glue.create_database(DatabaseInput={"Name": "checked"})
    Athena(tarn, "checked").run(
        "CREATE TABLE good WITH (format = 'PARQUET', external_location = 's3://bucket/good/') AS "
        "SELECT * FROM (VALUES ('t1', 'c', 1.5e0), ('t2', 'c', 2.5e0)) AS t (transaction_id, customer_id, amount)")
    put_lines(tarn, "bucket", "checked/nulls.json", [sale(3), sale(4, None), sale(5, None)])
    put_lines(tarn, "bucket", "checked/duplicates.json", [sale(6), sale(7), sale(6)])
    jobs.put(BEFORE_VALIDATION + script + AFTER_VALIDATION, f"scripts/{job}.py")
    tarn.client("iam").put_role_policy(
        RoleName=Jobs.role, PolicyName="logs",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": allowed("logs:*", "*")}))
    run = jobs.run(job)
    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"].endswith("ValueError: Found 1 duplicate transactions"), run["ErrorMessage"]
    logs = tarn.client("logs")
    printed = wait_until(lambda: logs.get_log_events(
        logGroupName="/aws-glue/jobs/output", logStreamName=run["Id"])["events"])
    assert [event["message"].strip() for event in printed] == [
        "nulls.json: Critical column amount has 2 null values",
        "duplicates.json: Found 1 duplicate transactions",
    ]
    assert sorted(row["transaction_id"] for row in rows(tarn, "bucket", "validated/")) == ["t1", "t2"]


# Lambda


def function(tarn, source, *actions, name="fn", handler="app.lambda_handler", **options):
    """A function and its role, which may do `actions`; gives its ARN."""
    iam, lam = tarn.client("iam"), tarn.client("lambda")
    arn = iam.create_role(RoleName=f"{name}-role", AssumeRolePolicyDocument=trust("lambda.amazonaws.com"))["Role"]["Arn"]
    if actions:
        policy = {"Version": "2012-10-17", "Statement": allowed(list(actions), "*")}
        iam.put_role_policy(RoleName=f"{name}-role", PolicyName="inline", PolicyDocument=json.dumps(policy))
    return lam.create_function(
        FunctionName=name, Runtime=PYTHON, Role=arn, Handler=handler, Code={"ZipFile": bundle(app_py=source)}, **options
    )["FunctionArn"]


BUSINESS = """
import boto3
def keep(kind, data):
    key = f"raw/clicks/{kind}-{data['user_id']}.json"
    boto3.client("s3").put_object(Bucket="consumed-lake", Key=key, Body=json.dumps(data).encode())
def process_purchase(data): keep("purchase", data)
def track_page_view(data): keep("view", data)
"""


def test_a_lambda_consumer_of_a_stream_into_the_lake(tarn):
    """Stream, function, bucket, crawler, Athena. The tutorial leaves its business functions to the reader: pasted alone
    the handler fails, and its batch waits for the code that can take it."""
    kinesis, lam = tarn.client("kinesis"), tarn.client("lambda")
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="clicks", WaiterConfig={"Delay": 1})
    stream = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/clicks"
    bucket(tarn, "consumed-lake")
    source = text("lambda_kinesis_consumer.py")
    function(tarn, source, "kinesis:*", "s3:PutObject", name="consumer", Timeout=30, MemorySize=512)

    def event(action):
        data = base64.b64encode(json.dumps({"user_id": "u", "action": action}).encode()).decode()
        return json.dumps({"Records": [{"kinesis": {"data": data}}]})

    def invoke(action):
        answer = lam.invoke(FunctionName="consumer", Payload=event(action))
        return answer.get("FunctionError"), json.loads(answer["Payload"].read())

    assert invoke("signup") == (None, {"statusCode": 200, "body": "Processed successfully"})
    failed, error = invoke("page_view")
    assert failed == "Unhandled"
    assert (error["errorType"], error["errorMessage"]) == ("NameError", "name 'track_page_view' is not defined")

    for number, action in enumerate(["page_view", "purchase", "page_view"]):
        data = json.dumps({"user_id": f"u{number}", "action": action})
        kinesis.put_record(StreamName="clicks", Data=data, PartitionKey="u")
    mapping = lam.create_event_source_mapping(
        FunctionName="consumer", EventSourceArn=stream, StartingPosition="TRIM_HORIZON")["UUID"]

    def result():
        return lam.get_event_source_mapping(UUID=mapping)["LastProcessingResult"]

    wait_until(lambda: result().startswith("PROBLEM"))
    assert keys(tarn, "consumed-lake", "") == []
    lam.update_function_code(FunctionName="consumer", ZipFile=bundle(app_py=source + BUSINESS))
    wait_until(lambda: result() == "OK", 90)
    assert len(keys(tarn, "consumed-lake", "raw/clicks/")) == 3

    crawler_role(tarn, "consumed-crawler")
    glue = tarn.client("glue")
    glue.create_crawler(
        Name="consumed", Role="consumed-crawler", DatabaseName="consumed",
        Targets={"S3Targets": [{"Path": "s3://consumed-lake/raw/clicks/"}]})
    glue.start_crawler(Name="consumed")
    crawled(tarn, "consumed")
    found = Athena(tarn, "consumed").rows("SELECT action, count(*) FROM clicks GROUP BY action ORDER BY action")
    assert found == [["page_view", "2"], ["purchase", "1"]]
    lam.delete_event_source_mapping(UUID=mapping)


# Firehose's transforms


def quarantined(tarn, name, prefix):
    """The lines of error objects."""
    s3 = tarn.client("s3")
    lines = []
    for key in keys(tarn, name, prefix):
        lines += s3.get_object(Bucket=name, Key=key)["Body"].read().splitlines()
    return [json.loads(line) for line in lines]


def values(data):
    """The JSON values of a text that puts one behind the other."""
    found, decoder = [], json.JSONDecoder()
    while data := data.lstrip():
        value, end = decoder.raw_decode(data)
        found.append(value)
        data = data[end:]
    return found


def test_firehose_with_the_enriching_function(tarn):
    """The destination that has processing is the extended one. The function calls one that the tutorial leaves to the
    reader: until it is there, the records wait as they came under the error prefix, and are sent again from there."""
    name = bucket(tarn, "my-data-lake")
    s3, firehose, lam = tarn.client("s3"), tarn.client("firehose"), tarn.client("lambda")
    script = mine(text("firehose_clickstream_to_s3.py")).replace(
        "S3DestinationConfiguration=", "ExtendedS3DestinationConfiguration=")
    source = text("lambda_firehose_transform.py")
    arn = function(tarn, source, name="EnrichClickstream", Timeout=30)
    assert arn in script
    role(tarn, "FirehoseRole", allowed("s3:PutObject", f"arn:aws:s3:::{name}/*"), allowed("lambda:InvokeFunction", arn))
    pasted(tarn, script)
    described = firehose.describe_delivery_stream(DeliveryStreamName="clickstream-to-s3")["DeliveryStreamDescription"]
    # Five minutes are long: the interval alone is changed.
    firehose.update_destination(
        DeliveryStreamName="clickstream-to-s3", CurrentDeliveryStreamVersionId=described["VersionId"],
        DestinationId=described["Destinations"][0]["DestinationId"],
        ExtendedS3DestinationUpdate={"BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 0}})

    def put(*bodies):
        answer = firehose.put_record_batch(
            DeliveryStreamName="clickstream-to-s3", Records=[{"Data": body} for body in bodies])
        assert answer["FailedPutCount"] == 0

    events = [json.dumps({"user_id": f"u{n}", "user_agent": "curl/8.0", "page": "/é"}).encode() for n in range(3)]
    put(*events)
    failed = wait_until(lambda: len(found := quarantined(tarn, name, "errors/clickstream/processing-failed/")) == 3 and found)
    assert {(one["errorCode"], one["attemptsMade"], one["lambdaArn"]) for one in failed} == {
        ("Lambda.FunctionError", 4, arn)}
    raw = [base64.b64decode(one["rawData"]) for one in failed]
    assert raw == events
    assert keys(tarn, name, "raw/") == []

    helper = "def parse_user_agent(text): return text.split('/')[0]\n"
    lam.update_function_code(FunctionName="EnrichClickstream", ZipFile=bundle(app_py=helper + source))
    put(*raw)

    def delivered():
        found = []
        for key in keys(tarn, name, "raw/clickstream/year="):
            body = s3.get_object(Bucket=name, Key=key)["Body"].read()
            found += values(gzip.decompress(body).decode())
        return found if len(found) == 3 else None

    found = wait_until(delivered)
    assert sorted(one["user_id"] for one in found) == ["u0", "u1", "u2"]
    assert all(one["user_agent_parsed"] == "curl" and one["page"] == "/é" for one in found)
    assert all(re.match(r"\d{4}-\d\d-\d\dT", one["processed_at"]) for one in found)
    assert len(quarantined(tarn, name, "errors/")) == 3, "nothing failed the second time"


ANSWERS = """
import base64, json
document = json.loads(%r)
def pasted(event, context):
    return document
def renamed(event, context):
    for answer, record in zip(document["records"], event["records"]):
        answer["recordId"] = record["recordId"]
    return document
def filled(event, context):
    for answer, record in zip(document["records"], event["records"]):
        kind = "TRANSFORMED" if answer["result"] == "Ok" else "ORIGINAL"
        data = record["data"] if kind == "ORIGINAL" else base64.b64encode(b"transformed").decode()
        answer.update(recordId=record["recordId"], data=answer["data"].replace(f"BASE64_ENCODED_{kind}_PAYLOAD", data))
    return document
"""


def test_the_answer_that_firehose_asks_of_a_function(tarn, unique):
    """Its example names records that nobody sent, and its data is no base64: every record is kept as it came."""
    firehose = tarn.client("firehose")
    name = bucket(tarn, "answers")
    made = role(tarn, "answers-role", allowed(["s3:PutObject", "lambda:InvokeFunction"], "*"))
    source = ANSWERS % text("firehose_transform_answer.json")
    for handler, code, ok in [
        ("pasted", "Lambda.MissingRecordId", []),
        ("renamed", "Lambda.JsonProcessingException", []),
        ("filled", "Lambda.ProcessingFailedStatus", ["transformed"]),
    ]:
        arn = function(tarn, source, name=f"answer-{handler}", handler=f"app.{handler}")
        firehose.create_delivery_stream(
            DeliveryStreamName=f"answer-{handler}",
            ExtendedS3DestinationConfiguration={
                "RoleARN": made,
                "BucketARN": f"arn:aws:s3:::{name}",
                "Prefix": f"good/{handler}/",
                "ErrorOutputPrefix": f"bad/{handler}/!{{firehose:error-output-type}}/",
                "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 1},
                "ProcessingConfiguration": {
                    "Enabled": True,
                    "Processors": [{
                        "Type": "Lambda",
                        "Parameters": [
                            {"ParameterName": "LambdaArn", "ParameterValue": arn},
                            {"ParameterName": "NumberOfRetries", "ParameterValue": "0"},
                        ],
                    }],
                },
            },
        )
        sent = [b"one", b"two"]
        firehose.put_record_batch(DeliveryStreamName=f"answer-{handler}", Records=[{"Data": data} for data in sent])
        expected = sent if not ok else sent[1:]
        failed = wait_until(lambda: quarantined(tarn, name, f"bad/{handler}/processing-failed/"))
        assert [(one["errorCode"], base64.b64decode(one["rawData"])) for one in failed] == [(code, data) for data in expected]
        found = wait_until(lambda: keys(tarn, name, f"good/{handler}/")) if ok else keys(tarn, name, f"good/{handler}/")
        assert [tarn.client("s3").get_object(Bucket=name, Key=key)["Body"].read().decode() for key in found] == ok
