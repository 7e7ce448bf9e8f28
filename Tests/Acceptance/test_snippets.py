"""What users paste from tutorials, as it is written there: each snippet gives what AWS gives, or gets AWS's refusal.

`snippets/` holds them (Python with the indentation that it needs). A test lays the ground that a snippet takes for
granted, such as a bucket; account numbers of tutorials become this server's.
"""

import base64
import datetime
import gzip
import json
import pathlib
import re
import subprocess
import sys
import time

import pytest
from botocore.exceptions import ClientError

from conftest import Tarn, wait_until

SNIPPETS = pathlib.Path(__file__).parent / "snippets"
ACCOUNT = "000000000000"


@pytest.fixture(scope="module")
def tarn(tmp_path_factory):
    """A server of their own: the names that tutorials use (`analytics`, `my-bucket`) are everybody's."""
    server = Tarn(tmp_path_factory.mktemp("snippets") / "data")
    yield server
    server.stop()


def text(name):
    return (SNIPPETS / name).read_text()


def mine(document):
    """The document with this account in the tutorial's place."""
    return re.sub(r"\b(111122223333|123456789012)\b", ACCOUNT, document)


def paste(tarn, script, then=""):
    """Runs Python as a file of its own would run, `then` behind it."""
    return subprocess.run(
        [sys.executable, "-c", f"{script}\n{then}"], env=tarn.environment, capture_output=True, text=True
    )


def pasted(tarn, script, then=""):
    done = paste(tarn, script, then)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refusal(call, *arguments, **options):
    with pytest.raises(ClientError) as caught:
        call(*arguments, **options)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def bucket(tarn, name):
    """In us-east-1 making one's own bucket again is no error."""
    tarn.client("s3").create_bucket(Bucket=name)
    return name


def role(tarn, name, *statements):
    """A role that Firehose may assume."""
    iam = tarn.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "firehose.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": trust})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    if statements:
        policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=policy)
    return arn


def allowed(actions, *resources):
    return {"Effect": "Allow", "Action": actions, "Resource": list(resources)}


def keys(tarn, name, prefix):
    found = tarn.client("s3").list_objects_v2(Bucket=name, Prefix=prefix)
    return [entry["Key"] for entry in found.get("Contents", [])]


def records(tarn, stream):
    """All records of a stream, with their partition keys."""
    kinesis = tarn.client("kinesis", retries={"max_attempts": 5})
    found = []
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while True:
            batch = kinesis.get_records(ShardIterator=iterator)
            found += [(record["PartitionKey"], json.loads(record["Data"])) for record in batch["Records"]]
            iterator = batch["NextShardIterator"]
            if batch["MillisBehindLatest"] == 0:
                break
    return found


class Athena:
    """Statements run as the console runs them, results under a bucket of their own."""

    def __init__(self, tarn, database):
        self.client = tarn.client("athena")
        self.database = database
        self.output = f"s3://{bucket(tarn, 'athena-results')}/"

    def start(self, sql):
        return self.client.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": self.database},
            ResultConfiguration={"OutputLocation": self.output},
        )["QueryExecutionId"]

    def finish(self, sql):
        identifier = self.start(sql)

        def ended():
            found = self.client.get_query_execution(QueryExecutionId=identifier)["QueryExecution"]
            return found if found["Status"]["State"] not in ("QUEUED", "RUNNING") else None

        return wait_until(ended)

    def run(self, sql):
        execution = self.finish(sql)
        assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
        return execution

    def rows(self, sql):
        """The rows below the header of a query."""
        return self.rows_of_text(sql)[1:]

    def rows_of_text(self, sql):
        """The lines that a DDL statement shows; they have no header."""
        identifier = self.run(sql)["QueryExecutionId"]
        found = self.client.get_query_results(QueryExecutionId=identifier)["ResultSet"]["Rows"]
        return [[cell.get("VarCharValue") for cell in row["Data"]] for row in found]

    def reason(self, sql):
        """Why a statement fails once it runs."""
        status = self.finish(sql)["Status"]
        assert status["State"] == "FAILED", status
        return status["StateChangeReason"]

    def refusal(self, sql):
        """Why a statement is not even started."""
        return refusal(self.start, sql)


@pytest.fixture(scope="module")
def lake(tarn):
    """The buckets, the catalog and the page views that the queries are about."""
    pasted(tarn, text("s3_data_lake.py"))
    pasted(tarn, text("glue_page_views.py"))
    bucket(tarn, "data-lake")
    return Athena(tarn, "analytics")


def put_lines(tarn, name, key, lines):
    tarn.client("s3").put_object(Bucket=name, Key=key, Body="".join(line + "\n" for line in lines).encode())


# Kinesis


def test_kinesis_producer_of_single_records_and_batches(tarn, unique):
    stream = unique("clicks")
    tarn.client("kinesis").create_stream(StreamName=stream, ShardCount=2)
    batch = [{"data": {"n": n}, "partition_key": f"key-{n}"} for n in range(20)] + [{"data": {"n": 20}}]
    pasted(
        tarn,
        text("kinesis_produce.py"),
        f"produce_to_kinesis({stream!r}, {{'id': 'user-1', 'page': '/'}})\n"
        f"produce_to_kinesis({stream!r}, {{'page': '/é'}})\n"
        f"produce_batch({stream!r}, {batch!r})",
    )
    found = records(tarn, stream)
    assert len(found) == 23
    assert ("user-1", {"id": "user-1", "page": "/"}) in found
    assert ("default", {"page": "/é"}) in found
    for entry in batch:
        assert (entry.get("partition_key", "default"), entry["data"]) in found


def test_kinesis_producer_that_asks_for_the_sequence_number(tarn):
    stream = "clickstream"
    missing = paste(tarn, text("kinesis_send_event.py"))
    assert f"Stream {stream} under account {ACCOUNT} not found." in missing.stderr
    assert "ResourceNotFoundException" in missing.stderr
    kinesis = tarn.client("kinesis")
    kinesis.create_stream(StreamName=stream, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    before = int(time.time())
    printed = pasted(tarn, text("kinesis_send_event.py"))
    number = re.fullmatch(r"Sent record: (\d{56})\n", printed).group(1)
    [(key, event)] = records(tarn, stream)
    assert key == "user-12345"
    assert before <= event.pop("timestamp") <= time.time()
    assert event == {"user_id": "user-12345", "action": "page_view", "page": "/products/widget-pro"}
    found = []
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        place = {"StreamName": stream, "ShardId": shard["ShardId"]}
        try:
            iterator = kinesis.get_shard_iterator(
                **place, ShardIteratorType="AT_SEQUENCE_NUMBER", StartingSequenceNumber=number
            )["ShardIterator"]
        except kinesis.exceptions.InvalidArgumentException:  # the number is another shard's
            continue
        found += kinesis.get_records(ShardIterator=iterator)["Records"]
    assert [record["SequenceNumber"] for record in found] == [number]


# IAM


def test_policy_of_a_producer_that_may_write_one_stream(tarn):
    iam, kinesis = tarn.client("iam"), tarn.client("kinesis")
    for name in ("dojo-events", "other-events"):
        kinesis.create_stream(StreamName=name, ShardCount=1)
    iam.create_user(UserName="producer")
    iam.put_user_policy(
        UserName="producer", PolicyName="write", PolicyDocument=mine(text("iam_producer_policy.json"))
    )
    key = iam.create_access_key(UserName="producer")["AccessKey"]
    producer = tarn.client("kinesis", key=key["AccessKeyId"], secret=key["SecretAccessKey"])

    producer.put_record(StreamName="dojo-events", Data=b"1", PartitionKey="a")
    entries = [{"Data": b"2", "PartitionKey": "b"}]
    assert producer.put_records(StreamName="dojo-events", Records=entries)["FailedRecordCount"] == 0
    summary = producer.describe_stream_summary(StreamName="dojo-events")["StreamDescriptionSummary"]
    assert summary["OpenShardCount"] == 1
    me, there = f"arn:aws:iam::{ACCOUNT}:user/producer", f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream"
    assert refusal(producer.put_record, StreamName="other-events", Data=b"1", PartitionKey="a") == (
        "AccessDeniedException",
        f"User: {me} is not authorized to perform: kinesis:PutRecord on resource: {there}/other-events because no "
        "identity-based policy allows the kinesis:PutRecord action",
    )
    assert refusal(
        producer.get_shard_iterator,
        StreamName="dojo-events",
        ShardId="shardId-000000000000",
        ShardIteratorType="TRIM_HORIZON",
    ) == (
        "AccessDeniedException",
        f"User: {me} is not authorized to perform: kinesis:GetShardIterator on resource: {there}/dojo-events because "
        "no identity-based policy allows the kinesis:GetShardIterator action",
    )


def test_bucket_policy_of_a_landing_prefix(tarn):
    """AbortMultipartUpload is about objects and stands in a statement about the bucket, which AWS refuses."""
    s3, sts = tarn.client("s3"), tarn.client("sts")
    name = bucket(tarn, "dojo-data-lake")
    iam = tarn.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    arn = iam.create_role(
        RoleName="dojo-firehose-role",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust}),
    )["Role"]["Arn"]
    policy = mine(text("s3_landing_bucket_policy.json"))
    assert refusal(s3.put_bucket_policy, Bucket=name, Policy=policy) == (
        "MalformedPolicy",
        "Action does not apply to any resource(s) in statement",
    )
    assert refusal(s3.get_bucket_policy, Bucket=name)[0] == "NoSuchBucketPolicy"

    mended = json.loads(policy)
    mended["Statement"][0]["Action"].remove("s3:AbortMultipartUpload")
    nobody = json.dumps(mended).replace("dojo-firehose-role", "nobody")
    assert refusal(s3.put_bucket_policy, Bucket=name, Policy=nobody) == (
        "MalformedPolicy",
        "Invalid principal in policy",
    )
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(mended))
    session = sts.assume_role(RoleArn=arn, RoleSessionName="delivery")["Credentials"]
    delivery = tarn.client(
        "s3", key=session["AccessKeyId"], secret=session["SecretAccessKey"], token=session["SessionToken"]
    )
    delivery.put_object(Bucket=name, Key="events/raw/1", Body=b"1")
    assert delivery.list_objects_v2(Bucket=name)["KeyCount"] == 1
    assert delivery.get_bucket_location(Bucket=name)["LocationConstraint"] is None
    assert refusal(delivery.put_object, Bucket=name, Key="elsewhere/1", Body=b"1")[0] == "AccessDenied"
    assert refusal(delivery.get_object, Bucket=name, Key="events/raw/1")[0] == "AccessDenied"


# Firehose


def test_firehose_click_events(tarn):
    """Four mistakes: the account's length, the encryption, no error prefix beside expressions, nobody's role."""
    script = text("firehose_click_events.py")
    operation = "when calling the CreateDeliveryStream operation:"
    role_at = "'extendedS3DestinationConfiguration.roleARN' failed to satisfy constraint"
    encryption = (
        "Value ' encryption not needed' at 'extendedS3DestinationConfiguration.encryptionConfiguration."
        "noEncryptionConfig' failed to satisfy constraint: Member must satisfy enum value set: [NoEncryption]"
    )
    refused = paste(tarn, script).stderr
    assert f"(ValidationException) {operation} 2 validation errors detected: " in refused
    assert encryption in refused
    assert f"Value 'arn:aws:iam::123456789:role/firehose-role' at {role_at}" in refused

    mended = script.replace("123456789", ACCOUNT)
    assert f"(ValidationException) {operation} 1 validation error detected: {encryption}" in paste(tarn, mended).stderr

    mended = mended.replace("' encryption not needed'", "'NoEncryption'")
    bucket(tarn, "data-lake-raw")
    refused = paste(tarn, mended).stderr
    assert f"(InvalidArgumentException) {operation} ErrorOutputPrefix " in refused

    prefix = "'ErrorOutputPrefix': 'errors/!{firehose:error-output-type}/',"
    mended = mended.replace("'BufferingHints'", f"{prefix} 'BufferingHints'")
    assert (
        f"(InvalidArgumentException) {operation} Firehose is unable to assume role "
        f"arn:aws:iam::{ACCOUNT}:role/firehose-role. Please check the role provided."
    ) in paste(tarn, mended).stderr
    firehose = tarn.client("firehose")
    assert "click-events" not in firehose.list_delivery_streams()["DeliveryStreamNames"]

    arn = role(tarn, "firehose-role", allowed("s3:PutObject", "arn:aws:s3:::data-lake-raw/*"))
    assert arn in mended
    pasted(tarn, mended)
    shown = firehose.describe_delivery_stream(DeliveryStreamName="click-events")["DeliveryStreamDescription"]
    destination = shown["Destinations"][0]
    hints = {"SizeInMBs": 128, "IntervalInSeconds": 900}
    assert destination["ExtendedS3DestinationDescription"]["BufferingHints"] == hints
    assert destination["ExtendedS3DestinationDescription"]["EncryptionConfiguration"] == {
        "NoEncryptionConfig": "NoEncryption"
    }
    events = [{"user_id": f"user-{n}", "page": "/é"} for n in range(100)]
    lines = [(json.dumps(event) + "\n").encode() for event in events]
    put = firehose.put_record_batch(DeliveryStreamName="click-events", Records=[{"Data": line} for line in lines])
    assert put["FailedPutCount"] == 0
    # Fifteen minutes are long: the interval alone is changed.
    firehose.update_destination(
        DeliveryStreamName="click-events",
        CurrentDeliveryStreamVersionId=shown["VersionId"],
        DestinationId=destination["DestinationId"],
        ExtendedS3DestinationUpdate={"BufferingHints": {"SizeInMBs": 128, "IntervalInSeconds": 0}},
    )
    [key] = wait_until(lambda: keys(tarn, "data-lake-raw", "click-events/"))
    # YYYY is Java's year of the week, and the day is that of arrival.
    today = datetime.datetime.now(datetime.UTC)
    days = {today, today - datetime.timedelta(hours=1)}
    prefixes = {f"click-events/year={sunday_year(day)}/month={day:%m}/day={day:%d}/click-events-" for day in days}
    assert any(key.startswith(prefix) for prefix in prefixes), key
    assert key.endswith(".gz")
    body = tarn.client("s3").get_object(Bucket="data-lake-raw", Key=key)["Body"].read()
    assert gzip.decompress(body) == b"".join(lines)
    firehose.delete_delivery_stream(DeliveryStreamName="click-events")


def sunday_year(day):
    """The year of a day's week as Java's YYYY has it in English: weeks begin on Sunday, the first holds 1 January."""
    sunday = day - datetime.timedelta(days=day.isoweekday() % 7)
    return (sunday + datetime.timedelta(days=6)).year


def test_firehose_clickstream_to_s3(tarn):
    """The plain S3 destination has no processing; the client itself says so before AWS can."""
    script = text("firehose_clickstream_to_s3.py")
    refused = paste(tarn, script)
    assert "ParamValidationError" in refused.stderr
    assert 'Unknown parameter in S3DestinationConfiguration: "ProcessingConfiguration"' in refused.stderr

    name = bucket(tarn, "my-data-lake")
    arn = role(tarn, "FirehoseRole", allowed("s3:PutObject", f"arn:aws:s3:::{name}/*"))
    start, end = script.index("        'ProcessingConfiguration'"), script.rindex("    }\n)")
    mended = script[:start] + script[end:]
    assert (
        "(AccessDeniedException) when calling the CreateDeliveryStream operation: "
        "Cross-account pass role is not allowed."
    ) in paste(tarn, mended).stderr
    mended = mine(mended)
    assert arn in mended
    pasted(tarn, mended)
    firehose = tarn.client("firehose")
    shown = firehose.describe_delivery_stream(DeliveryStreamName="clickstream-to-s3")["DeliveryStreamDescription"]
    assert shown["DeliveryStreamStatus"] == "ACTIVE"
    assert shown["DeliveryStreamType"] == "DirectPut"
    # Five MiB fill the buffer, without waiting for its five minutes.
    line = (json.dumps({"page": "/products", "filler": "x" * 1000}) + "\n").encode()
    whole = 0
    for _ in range(12):
        put = firehose.put_record_batch(
            DeliveryStreamName="clickstream-to-s3", Records=[{"Data": line} for _ in range(500)]
        )
        assert put["FailedPutCount"] == 0
        whole += 500
    [key, *_] = wait_until(lambda: keys(tarn, name, "raw/clickstream/"))
    assert re.match(r"raw/clickstream/year=\d{4}/month=\d\d/day=\d\d/clickstream-to-s3-1-\d{4}-", key), key
    body = gzip.decompress(tarn.client("s3").get_object(Bucket=name, Key=key)["Body"].read())
    assert len(body) >= 5 << 20
    assert body == line * (len(body) // len(line))
    assert len(body) // len(line) <= whole
    assert keys(tarn, name, "errors/") == []
    firehose.delete_delivery_stream(DeliveryStreamName="clickstream-to-s3")


def test_firehose_and_a_producer_that_broke_the_contract(tarn, lake):
    """The tutorials' example: `amount` becomes text. What still converts is delivered, the rest waits in quarantine."""
    name = bucket(tarn, "contract-lake")
    lake.run(
        "CREATE EXTERNAL TABLE contract (event_id string, amount double, event_type string) STORED AS PARQUET "
        f"LOCATION 's3://{name}/events/'"
    )
    catalog = [f"arn:aws:glue:us-east-1:{ACCOUNT}:{thing}" for thing in ("catalog", "database/*", "table/*")]
    arn = role(
        tarn,
        "contract-role",
        allowed("s3:PutObject", f"arn:aws:s3:::{name}/*"),
        allowed(["glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"], *catalog),
    )
    firehose = tarn.client("firehose")
    firehose.create_delivery_stream(
        DeliveryStreamName="contract",
        ExtendedS3DestinationConfiguration={
            "RoleARN": arn,
            "BucketARN": f"arn:aws:s3:::{name}",
            "Prefix": "events/",
            "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
            "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 0},
            "DataFormatConversionConfiguration": {
                "Enabled": True,
                "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
                "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}},
                "SchemaConfiguration": {"RoleARN": arn, "DatabaseName": "analytics", "TableName": "contract"},
            },
        },
    )
    events = [
        {"event_id": "1", "amount": 1.5, "event_type": "view"},
        {"event_id": "2", "amount": "unknown", "event_type": "view"},
        {"event_id": "3", "amount": None, "event_type": "view", "campaign_id": "new and optional"},
    ]
    firehose.put_record_batch(
        DeliveryStreamName="contract", Records=[{"Data": json.dumps(event).encode()} for event in events]
    )
    [quarantine] = wait_until(lambda: keys(tarn, name, "errors/"))
    assert quarantine.startswith("errors/format-conversion-failed/")
    body = tarn.client("s3").get_object(Bucket=name, Key=quarantine)["Body"].read()
    [failed] = [json.loads(line) for line in body.splitlines()]
    assert json.loads(base64.b64decode(failed["rawData"])) == events[1]
    assert failed["lastErrorCode"].startswith("DataFormatConversion.")
    wait_until(lambda: keys(tarn, name, "events/"))
    assert sorted(lake.rows("SELECT * FROM contract")) == [["1", "1.5", "view"], ["3", None, "view"]]
    firehose.delete_delivery_stream(DeliveryStreamName="contract")


# S3


def test_s3_data_lake(tarn, lake):
    s3 = tarn.client("s3")
    names = {entry["Name"] for entry in s3.list_buckets()["Buckets"]}
    assert names >= {"data-lake-raw", "data-lake-processed", "data-lake-archive", "data-lake-analytics"}
    [rule] = s3.get_bucket_lifecycle_configuration(Bucket="data-lake-raw")["Rules"]
    assert rule == {
        "ID": "Raw data lifecycle",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Transitions": [
            {"Days": 30, "StorageClass": "STANDARD_IA"},
            {"Days": 90, "StorageClass": "GLACIER"},
            {"Days": 365, "StorageClass": "DEEP_ARCHIVE"},
        ],
    }
    # Pasted again: one's own buckets are there already, which is no error in us-east-1.
    pasted(tarn, text("s3_data_lake.py"))
    elsewhere = tarn.environment | {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"}
    done = subprocess.run(
        [sys.executable, "-c", text("s3_data_lake.py")], env=elsewhere, capture_output=True, text=True
    )
    assert "IllegalLocationConstraintException" in done.stderr


# Glue


def test_glue_page_views(tarn, lake):
    glue = tarn.client("glue")
    assert glue.get_database(Name="analytics")["Database"]["Description"] == "Analytics data warehouse"
    table = glue.get_table(DatabaseName="analytics", Name="page_views")["Table"]
    assert [(c["Name"], c["Type"]) for c in table["StorageDescriptor"]["Columns"]] == [
        ("user_id", "string"),
        ("page_url", "string"),
        ("timestamp", "timestamp"),
        ("duration_ms", "int"),
    ]
    assert [key["Name"] for key in table["PartitionKeys"]] == ["year", "month", "day"]
    assert table["StorageDescriptor"]["Location"] == "s3://data-lake/processed/page_views/"
    again = paste(tarn, text("glue_page_views.py"))
    assert (
        "(AlreadyExistsException) when calling the CreateDatabase operation: Database already exists."
    ) in again.stderr


def crawler_role(tarn, name):
    """A role that Glue may assume, and that reads and writes the lake."""
    iam = tarn.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": trust})
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
    policy = json.dumps({"Version": "2012-10-17", "Statement": allowed(["s3:*", "glue:*"], "*")})
    iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=policy)


def crawled(tarn, name):
    """Waits until a crawler has done its work."""
    glue = tarn.client("glue")

    def over():
        crawler = glue.get_crawler(Name=name)["Crawler"]
        return crawler if crawler["State"] == "READY" and "LastCrawl" in crawler else None

    crawler = wait_until(over)
    assert crawler["LastCrawl"]["Status"] == "SUCCEEDED", crawler["LastCrawl"]


def test_glue_crawler_of_events(tarn, lake):
    """The account's number has nine digits, and its role may not be passed."""
    script = text("glue_crawler_events.py")
    refused = paste(tarn, script).stderr
    assert "(AccessDeniedException) when calling the CreateCrawler operation: Cross-account" in refused
    mended = script.replace("123456789", ACCOUNT)
    refused = paste(tarn, mended).stderr
    assert (
        "(InvalidInputException) when calling the CreateCrawler operation: Service is unable to assume provided role. "
        "Please verify role's TrustPolicy"
    ) in refused
    crawler_role(tarn, "glue-crawler-role")
    put_lines(tarn, "data-lake", "raw/events/year=2026/month=01/e.json", ['{"user": "a", "n": 1}', '{"user": "b"}'])
    put_lines(tarn, "data-lake", "raw/events/year=2026/month=02/e.json", ['{"user": "c", "n": 5}'])
    # The crawler passes it over; a query reads what lies in the folder, as Athena does.
    put_lines(tarn, "data-lake", "raw/events/year=2026/month=02/e.tmp", ['{"half": true}'])
    pasted(tarn, mended)
    crawled(tarn, "events-crawler")
    events = Athena(tarn, "raw")
    assert events.rows("SELECT month, count(*), sum(n) FROM events GROUP BY month ORDER BY month") == [
        ["01", "2", "1"],
        ["02", "2", "5"],
    ]
    table = tarn.client("glue").get_table(DatabaseName="raw", Name="events")["Table"]
    assert [c["Name"] for c in table["StorageDescriptor"]["Columns"]] == ["user", "n"]


def test_glue_crawler_of_sales(tarn, lake):
    bucket(tarn, "my-bucket")
    crawler_role(tarn, "AWSGlueServiceRole-CrawlerAccess")
    put_lines(tarn, "my-bucket", "sales-data/2026.csv", ["customer_id,amount,date", "c1,10.5,2026-01-01", "c2,2,x"])
    pasted(tarn, text("glue_crawler_sales.py"), "glue.start_crawler(Name='s3-sales-crawler')")
    crawled(tarn, "s3-sales-crawler")
    assert Athena(tarn, "sales_db").rows("SELECT sum(amount) FROM sales_data") == [["12.5"]]


def test_glue_crawler_with_a_prefix(tarn, lake):
    bucket(tarn, "my-bucket")
    crawler_role(tarn, "AWSGlueServiceRole")
    put_lines(tarn, "my-bucket", "raw-data/users/u.json", ['{"name": "a", "age": 17}', '{"name": "b", "age": 18}'])
    pasted(tarn, text("glue_crawler_raw.py"), "client.start_crawler(Name='my-crawler')")
    crawled(tarn, "my-crawler")
    assert Athena(tarn, "my_database").rows("SELECT name FROM raw_users WHERE age >= 18") == [["b"]]


def test_glue_schema_contract(tarn, tmp_path, unique):
    """Backward compatible: a number may not become text, an optional field may come."""
    registry, schema = unique("registry"), unique("schema")
    document = tmp_path / "event-schema.json"
    document.write_text(text("glue_event_schema.json"))
    tarn.cli("glue", "create-registry", "--registry-name", registry)
    made = json.loads(
        tarn.cli(
            *["glue", "create-schema", "--registry-id", f"RegistryName={registry}", "--schema-name", schema],
            *["--data-format", "JSON", "--compatibility", "BACKWARD", "--schema-definition", f"file://{document}"],
        )
    )
    assert (made["SchemaVersionStatus"], made["LatestSchemaVersion"]) == ("AVAILABLE", 1)
    glue = tarn.client("glue")
    valid = glue.check_schema_version_validity(DataFormat="JSON", SchemaDefinition=document.read_text())
    assert valid["Valid"]

    def register(change):
        event = json.loads(document.read_text())
        change(event["properties"])
        return glue.register_schema_version(
            SchemaId={"RegistryName": registry, "SchemaName": schema}, SchemaDefinition=json.dumps(event)
        )

    assert register(lambda fields: fields.update(amount={"type": "string"}))["Status"] == "FAILURE"
    assert register(lambda fields: fields.update(campaign_id={"type": "string"}))["Status"] == "AVAILABLE"


# Athena


def page_views(tarn, moment):
    """Lines of the page views' table, three users over two hours, in the partition of `moment`."""
    hours = [moment, moment - datetime.timedelta(hours=1)]
    views = [("ann", hours[0]), ("ann", hours[0]), ("bob", hours[0]), ("cid", hours[1])]
    return [f"{user}\x01/p\x01{at:%Y-%m-%d %H:%M:%S}\x01{120 + n}" for n, (user, at) in enumerate(views)]


@pytest.fixture(scope="module")
def views(tarn, lake):
    """Views of today and of 27 March 2026, each in its partition."""
    now = datetime.datetime.now(datetime.UTC).replace(minute=30, second=0, microsecond=0)
    march = datetime.datetime(2026, 3, 27, 12, 30)
    for moment in (now, march):
        folder = f"processed/page_views/year={moment:%Y}/month={moment:%m}/day={moment:%d}"
        put_lines(tarn, "data-lake", f"{folder}/views.txt", page_views(tarn, moment))
    lake.run("MSCK REPAIR TABLE page_views")
    return now


def test_athena_helper_that_waits_for_a_query(tarn, views):
    script = text("athena_query.py")
    tail = "result = query_athena(\"SELECT count(*) AS views FROM page_views WHERE year = '2026' AND month = '03'\")\n"
    printed = pasted(tarn, script, tail + "print([row['Data'] for row in result['ResultSet']['Rows']])")
    assert printed == "[[{'VarCharValue': 'views'}], [{'VarCharValue': '4'}]]\n"
    failed = paste(tarn, script, "query_athena('SELECT * FROM nowhere')")
    assert "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.analytics.nowhere' does not exist" in failed.stderr
    assert "Query failed: " in failed.stderr


def test_athena_hourly_page_views(views, lake):
    before = views - datetime.timedelta(hours=1)
    assert lake.rows(text("athena_hourly_page_views.sql")) == [
        [f"{views:%Y-%m-%d %H}:00:00.000", "3", "2"],
        [f"{before:%Y-%m-%d %H}:00:00.000", "1", "1"],
    ]


def test_athena_partition_pruning(views, lake):
    execution = lake.run(text("athena_partition_pruning.sql"))
    whole = lake.run("SELECT * FROM page_views")
    scanned = execution["Statistics"]["DataScannedInBytes"]
    assert 0 < scanned < whole["Statistics"]["DataScannedInBytes"]
    rows = lake.rows(text("athena_partition_pruning.sql"))
    assert sorted(rows)[0] == ["ann", "/p", "2026-03-27 12:30:00.000", "120", "2026", "03", "27"]
    assert len(rows) == 4


def test_athena_condition_that_misses_the_partition_column(views, lake):
    """The tutorials' incident: a condition on the event's time prunes nothing, one on the partition does."""
    scanned = {
        condition: lake.run(f"SELECT count(*) FROM page_views WHERE {condition}")["Statistics"]["DataScannedInBytes"]
        for condition in (
            "user_id <> ''",
            "timestamp >= TIMESTAMP '2026-03-27 00:00:00' AND timestamp < TIMESTAMP '2026-03-28 00:00:00'",
            "year = '2026' AND month = '03' AND day = '27' AND user_id <> ''",
        )
    }
    whole, missed, pruned = scanned.values()
    assert 0 < pruned < missed == whole


def test_athena_columnar_copy(tarn, views, lake):
    """The place is the source's own, and not empty; elsewhere the copy is made."""
    assert re.search(
        r"HIVE_PATH_ALREADY_EXISTS: Target directory for table 'analytics.page_views_parquet' already exists: "
        r"s3://data-lake/processed/page_views",
        lake.reason(text("athena_page_views_parquet.sql")),
    )
    glue = tarn.client("glue")
    assert refusal(glue.get_table, DatabaseName="analytics", Name="page_views_parquet")[0] == "EntityNotFoundException"
    assert all(key.endswith(".txt") for key in keys(tarn, "data-lake", "processed/page_views/"))

    mended = text("athena_page_views_parquet.sql").replace("processed/page_views/", "processed/page_views_parquet/")
    lake.run(mended)
    table = glue.get_table(DatabaseName="analytics", Name="page_views_parquet")["Table"]
    assert [(c["Name"], c["Type"]) for c in table["StorageDescriptor"]["Columns"]] == [
        ("user_id", "string"),
        ("page_url", "string"),
        ("timestamp", "timestamp"),
        ("duration_ms", "int"),
        ("year", "string"),
        ("month", "string"),
        ("day", "string"),
    ]
    assert lake.rows("SELECT count(*), sum(duration_ms) FROM page_views_parquet") == [["8", "972"]]
    for path in keys(tarn, "data-lake", "processed/page_views_parquet/"):
        assert tarn.client("s3").get_object(Bucket="data-lake", Key=path)["Body"].read(4) == b"PAR1"


def test_athena_joins(lake):
    lake.run("CREATE TABLE users AS SELECT * FROM (VALUES 'ann', 'bob') AS u (user_id)")
    lake.run("CREATE TABLE purchases AS SELECT * FROM (VALUES 'ann', 'ann', 'eve') AS p (user_id)")
    assert lake.rows(text("athena_optimize_joins.sql")) == [["ann", "2"]]


def test_athena_regex_table(tarn, lake):
    bucket(tarn, "my-bucket")
    lake.run(text("athena_cloudfront_logs.sql"))
    log = [
        "#Version: 1.0",
        "#Fields: date-time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(User-Agent)",
        "2024-01-15T10:00:00 IAD79 2390 192.0.2.10 GET d111.cloudfront.net /index.html 200 Mozilla/5.0 (X11; Linux)",
        "2024-01-15T10:00:01   SEA19  - 192.0.2.11 GET d111.cloudfront.net /none 404 curl/8.0",
        "# a remark within",
        "too short",
    ]
    put_lines(tarn, "my-bucket", "cloudfront-logs/a.log", log)
    zipped = gzip.compress("\n".join(log[:3]).encode())
    tarn.client("s3").put_object(Bucket="my-bucket", Key="cloudfront-logs/b.log.gz", Body=zipped)
    found = lake.rows("SELECT * FROM cloudfront_logs WHERE edge_location = 'SEA19'")
    line = ["2024-01-15T10:00:01", "SEA19", None, "192.0.2.11", "GET", "d111.cloudfront.net", "/none", "404", "curl/8.0"]
    assert found == [line]
    assert lake.rows(
        "SELECT status, count(*), sum(bytes_sent), max(user_agent) FROM cloudfront_logs GROUP BY 1 ORDER BY 1"
    ) == [
        ["200", "2", "4780", "Mozilla/5.0 (X11; Linux)"],
        ["404", "1", None, "curl/8.0"],
        # Lines that do not match are rows of NULLs.
        [None, "2", None, None],
    ]
    columns = [row[0].split("\t")[0].strip() for row in lake.rows_of_text("DESCRIBE cloudfront_logs")]
    assert columns[:2] == ["date_time", "edge_location"]


def test_athena_partitioned_sales(tarn, lake):
    bucket(tarn, "my-bucket")
    assert lake.refusal(text("athena_sales_partitioned.sql"))[0] == "InvalidRequestException"
    create, add, query = [part for part in text("athena_sales_partitioned.sql").split(";") if part.strip()]
    lake.run(create)
    lake.run(add)
    assert lake.rows(query) == [[None]]
    lake.run(
        "INSERT INTO sales_partitioned VALUES ('t1', DECIMAL '10.50', 'p', 2024, 1, 15), "
        "('t2', DECIMAL '0.25', 'p', 2024, 1, 15), ('t3', DECIMAL '99.00', 'p', 2024, 1, 16)"
    )
    assert lake.rows(query) == [["10.75"]]
    assert lake.rows_of_text("SHOW PARTITIONS sales_partitioned")[0] == ["year=2024/month=1/day=15"]
    assert "already exists" in lake.reason(add)


def test_athena_clickstream_query(tarn, lake):
    namespace = {}
    exec(text("athena_clickstream.py"), namespace)
    put_lines(
        tarn,
        bucket(tarn, "my-data-lake"),
        "click/year=2024/month=1/day=15/a.json",
        [
            json.dumps({"timestamp": f"2024-01-15 {hour}:10:00", "page": page, "user_id": user})
            for hour, page, user in [("09", "/", "a"), ("09", "/", "a"), ("09", "/", "b"), ("10", "/", "a")]
        ],
    )
    lake.run(
        "CREATE EXTERNAL TABLE clickstream (`timestamp` timestamp, page string, user_id string) "
        "PARTITIONED BY (year int, month int, day int) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' "
        "LOCATION 's3://my-data-lake/click/'"
    )
    lake.run("MSCK REPAIR TABLE clickstream")
    assert lake.rows(namespace["athena_query"]) == [
        ["2024-01-15 09:00:00.000", "/", "3", "2"],
        ["2024-01-15 10:00:00.000", "/", "1", "1"],
    ]


@pytest.mark.parametrize("snippet", ["athena_logs_unpartitioned.sql", "athena_logs_partitioned.sql"])
def test_athena_reserved_word_as_a_column(tarn, lake, snippet):
    """TIMESTAMP is reserved in DDL, and the tutorial forgot the backquotes."""
    bucket(tarn, "bucket")
    code, message = lake.refusal(text(snippet))
    assert code == "InvalidRequestException"
    assert re.search(r"line \d+:\d+", message), message
    assert "'timestamp' 'STRING'" in message, message
    assert refusal(tarn.client("glue").get_table, DatabaseName="analytics", Name="logs")[0] == "EntityNotFoundException"

    lake.run(text(snippet).replace("  timestamp STRING", "  `timestamp` STRING"))
    put_lines(tarn, "bucket", "logs/year=2026/month=1/day=2/a.txt", ["2026-01-02\x01hello\x01INFO"])
    if "PARTITIONED" in text(snippet):
        lake.run("MSCK REPAIR TABLE logs")
        assert lake.rows("SELECT message, day FROM logs WHERE year = 2026") == [["hello", "2"]]
    else:
        assert lake.rows("SELECT message FROM logs") == [["hello"]]
    lake.run("DROP TABLE logs")


# CloudWatch


def test_metrics_that_dashboards_watch(tarn, lake):
    """The metrics that tutorials put on dashboards, after something happened of each service."""
    kinesis, firehose = tarn.client("kinesis"), tarn.client("firehose")
    kinesis.create_stream(StreamName="watched", ShardCount=1)
    kinesis.enable_enhanced_monitoring(StreamName="watched", ShardLevelMetrics=["ALL"])
    kinesis.put_records(StreamName="watched", Records=[{"Data": b"{}", "PartitionKey": "a"}])
    records(tarn, "watched")
    with pytest.raises(kinesis.exceptions.ProvisionedThroughputExceededException):
        for _ in range(50):
            kinesis.put_record(StreamName="watched", Data=b"x" * 1_000_000, PartitionKey="a")
    iterator = kinesis.get_shard_iterator(
        StreamName="watched", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    with pytest.raises(kinesis.exceptions.ProvisionedThroughputExceededException):
        for _ in range(50):
            kinesis.get_records(ShardIterator=iterator)
    name = bucket(tarn, "watched-lake")
    arn = role(tarn, "watched-role", allowed("s3:*", f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"))
    firehose.create_delivery_stream(
        DeliveryStreamName="watched",
        ExtendedS3DestinationConfiguration={
            "RoleARN": arn,
            "BucketARN": f"arn:aws:s3:::{name}",
            "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0},
        },
    )
    firehose.put_record(DeliveryStreamName="watched", Record={"Data": b"{}"})
    wait_until(lambda: keys(tarn, name, ""))
    lake.client.create_work_group(
        Name="watched",
        Configuration={
            "ResultConfiguration": {"OutputLocation": lake.output},
            "PublishCloudWatchMetricsEnabled": True,
        },
    )
    identifier = lake.client.start_query_execution(QueryString="SELECT 1", WorkGroup="watched")["QueryExecutionId"]
    wait_until(
        lambda: lake.client.get_query_execution(QueryExecutionId=identifier)["QueryExecution"]["Status"]["State"]
        == "SUCCEEDED"
    )

    cloudwatch = tarn.client("cloudwatch")
    now = datetime.datetime.now(datetime.UTC)

    def total(namespace, metric, statistic="Sum", **dimensions):
        found = cloudwatch.get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            StartTime=now - datetime.timedelta(minutes=15),
            EndTime=now + datetime.timedelta(minutes=5),
            Period=3600,
            Statistics=[statistic],
        )["Datapoints"]
        return found[0][statistic] if found else None

    stream = {"StreamName": "watched"}
    shard = stream | {"ShardId": "shardId-000000000000"}
    for metric, dimensions in [
        ("IncomingBytes", stream),
        ("IncomingRecords", stream),
        ("GetRecords.Records", stream),
        ("PutRecords.SuccessfulRecords", stream),
        ("WriteProvisionedThroughputExceeded", stream),
        ("ReadProvisionedThroughputExceeded", stream),
        ("OutgoingBytes", shard),
        ("OutgoingRecords", shard),
    ]:
        assert wait_until(lambda: total("AWS/Kinesis", metric, **dimensions)) > 0, metric
    assert total("AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", "Maximum", **stream) >= 0
    assert total("AWS/Kinesis", "IteratorAgeMilliseconds", "Maximum", **shard) >= 0
    assert total("AWS/Kinesis", "PutRecords.FailedRecords", **stream) == 0

    delivery = {"DeliveryStreamName": "watched"}
    for metric in ("IncomingBytes", "IncomingRecords", "DeliveryToS3.Records", "DeliveryToS3.Bytes"):
        assert wait_until(lambda: total("AWS/Firehose", metric, **delivery)) > 0, metric
    assert total("AWS/Firehose", "DeliveryToS3.DataFreshness", "Maximum", **delivery) >= 0
    assert total("AWS/Firehose", "ThrottledRecords", **delivery) == 0

    query = {"WorkGroup": "watched", "QueryType": "DML", "QueryState": "SUCCEEDED"}
    for metric in ("EngineExecutionTime", "TotalExecutionTime"):
        assert wait_until(lambda: total("AWS/Athena", metric, **query)) > 0, metric
    for metric in ("ProcessedBytes", "ServiceProcessingTime", "QueryQueueTime"):
        assert total("AWS/Athena", metric, **query) >= 0, metric
