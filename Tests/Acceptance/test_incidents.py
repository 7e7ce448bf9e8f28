"""Incidents that tutorials tell of functions and delivery streams: what went wrong there, told here with its damage averted.

Those of crawlers, of types that change and of jobs that are killed are with the tests of crawlers and jobs; this module
has the others: records that no code can take, consumers that are throttled or die, functions that hang, keys with too
many values, small files, and failures that must not hide behind each other.
"""

import base64
import datetime
import json
import pathlib
import time

import pytest

from conftest import wait_until
from firehose_house import House as Deliveries, allow, conversion
from glue_house import House as Jobs, needs_spark
from test_firehose_processing import TRANSFORM, make_function, objects, processing, processor
from test_lambda import House as Functions
from test_lambda import bundle
from test_snippets import ACCOUNT, Athena, pasted, text

LAB = pathlib.Path(__file__).parent / "lab"


def metric(tarn, namespace, name, statistic, **dimensions):
    """A metric's value over the last minutes, or None while there is none."""
    now = datetime.datetime.now(datetime.UTC)
    found = tarn.client("cloudwatch").get_metric_statistics(
        Namespace=namespace, MetricName=name, Period=3600, Statistics=[statistic],
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - datetime.timedelta(minutes=15), EndTime=now + datetime.timedelta(minutes=5))["Datapoints"]
    return found[0][statistic] if found else None


# Consumers


KEEP = """
import boto3
s3 = boto3.client("s3")
def process_purchase(data): s3.put_object(Bucket=%r, Key=data["id"], Body=json.dumps(data).encode())
track_page_view = process_purchase
"""


class Consumer:
    """A stream and the tutorial's consumer of it, which keeps each event under its id in a bucket."""

    def __init__(self, tarn, unique, shards=1, more="", **options):
        self.tarn, self.functions = tarn, Functions(tarn, unique)
        self.functions.allow("s3:PutObject", "kinesis:*")
        self.name, self.bucket = unique("s"), unique("kept")
        self.clients()
        self.kinesis.create_stream(StreamName=self.name, ShardCount=shards)
        self.kinesis.get_waiter("stream_exists").wait(StreamName=self.name, WaiterConfig={"Delay": 1})
        self.s3.create_bucket(Bucket=self.bucket)
        source = text("lambda_kinesis_consumer.py") + KEEP % self.bucket + more
        self.function = self.functions.make(source, handler="app.lambda_handler", Timeout=30, MemorySize=512)
        self.options = {"StartingPosition": "TRIM_HORIZON"} | options

    def clients(self):
        self.kinesis, self.s3 = self.tarn.client("kinesis"), self.tarn.client("s3")
        self.lam = self.tarn.client("lambda", read_timeout=60)

    def put(self, *events, shard=0):
        """Puts events into the lower or the upper shard of two."""
        for event in events:
            self.kinesis.put_record(
                StreamName=self.name, Data=json.dumps(event), PartitionKey="k", ExplicitHashKey=str(shard << 127))

    def map(self):
        self.mapping = self.lam.create_event_source_mapping(
            FunctionName=self.function, EventSourceArn=f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/{self.name}",
            **self.options)["UUID"]

    def kept(self):
        return {item["Key"] for item in self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])}

    def metric(self, name, statistic="Sum"):
        return metric(self.tarn, "AWS/Lambda", name, statistic, FunctionName=self.function)


def purchase(identifier):
    return {"id": identifier, "action": "purchase"}


def test_a_record_that_no_code_can_take_holds_up_its_shard_alone(tarn, unique):
    """One without an action. Its shard waits and its age tells so, the other shard goes on; once batches are halved and
    given up, the shard goes on, and the record is still in the stream for who mends it."""
    consumer = Consumer(tarn, unique, shards=2, BatchSize=10)
    poison = {"id": "poison"}
    consumer.put(purchase("a1"), poison, purchase("a2"), purchase("a3"))
    consumer.put(purchase("b1"), purchase("b2"), shard=1)
    consumer.map()
    wait_until(lambda: consumer.kept() >= {"b1", "b2"})
    wait_until(lambda: (consumer.metric("Errors") or 0) >= 3)
    assert not consumer.kept() & {"a2", "a3"}
    assert wait_until(lambda: consumer.metric("IteratorAge", "Maximum")) > 500
    consumer.put(purchase("b3"), shard=1)
    wait_until(lambda: "b3" in consumer.kept())

    consumer.lam.update_event_source_mapping(
        UUID=consumer.mapping, BisectBatchOnFunctionError=True, MaximumRetryAttempts=0)
    everything = {"a1", "a2", "a3", "b1", "b2", "b3"}
    wait_until(lambda: consumer.kept() == everything, 120)

    found = []
    for shard in consumer.kinesis.list_shards(StreamName=consumer.name)["Shards"]:
        iterator = consumer.kinesis.get_shard_iterator(
            StreamName=consumer.name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        found += [json.loads(one["Data"]) for one in consumer.kinesis.get_records(ShardIterator=iterator)["Records"]]
    assert poison in found
    consumer.put(poison | {"action": "purchase"})
    wait_until(lambda: consumer.kept() == everything | {"poison"})


def test_a_throttled_consumer_falls_behind_and_loses_nothing(tarn, unique):
    consumer = Consumer(tarn, unique)
    consumer.lam.put_function_concurrency(FunctionName=consumer.function, ReservedConcurrentExecutions=0)
    events = [f"e{number}" for number in range(20)]
    consumer.put(*map(purchase, events))
    consumer.map()
    wait_until(lambda: (consumer.metric("Throttles") or 0) > 0)
    assert consumer.kept() == set()
    consumer.lam.delete_function_concurrency(FunctionName=consumer.function)
    wait_until(lambda: consumer.kept() == set(events), 120)


def test_what_a_crash_delivers_twice_is_kept_once(fresh_tarn, unique):
    """A consumer dies with the server between two records of a batch: the batch comes again. Written under the events'
    own names, what was done twice is there once."""
    tarn = fresh_tarn()
    # Notes every event that it takes under a name of its own, and stops in the middle of the first batch.
    count = """
import time
keep = process_purchase
def process_purchase(data):
    keep(data)
    s3.put_object(Bucket=%(bucket)r, Key="taken/%%s-%%.6f" %% (data["id"], time.time()))
    if data["id"] == "e1" and s3.list_objects_v2(Bucket=%(bucket)r, Prefix="taken/e1")["KeyCount"] == 1:
        time.sleep(25)
"""
    consumer = Consumer(tarn, unique)
    consumer.functions.allow("s3:*", "kinesis:*")
    consumer.lam.update_function_code(
        FunctionName=consumer.function,
        ZipFile=bundle(
            app_py=text("lambda_kinesis_consumer.py") + KEEP % consumer.bucket + count % {"bucket": consumer.bucket}))
    events = [f"e{number}" for number in range(4)]
    consumer.put(*map(purchase, events))
    consumer.map()

    def taken(identifier):
        return [key for key in consumer.kept() if key.startswith(f"taken/{identifier}-")]

    wait_until(lambda: taken("e1"))
    tarn.kill()
    tarn.start()
    consumer.clients()
    wait_until(lambda: consumer.kept() >= set(events), 120)
    assert {key for key in consumer.kept() if not key.startswith("taken/")} == set(events)
    assert len(taken("e0")) == len(taken("e1")) == 2 and len(taken("e3")) == 1


def test_a_producer_that_looks_at_what_was_refused_loses_nothing(tarn, unique):
    """A burst past a shard's limit: the tutorial's first producer never looks at the answer, and part of its records
    are gone; the one of its lab puts again what was refused."""
    kinesis = tarn.client("kinesis")
    records = [{"device_id": f"d{number}", "filler": "x" * 9000} for number in range(400)]
    lab = (LAB / "4-produce.sh").read_text()
    put_batch = lab[lab.index("def put_batch"):lab.index("buffer: list")]

    def names(stream):
        iterator = kinesis.get_shard_iterator(
            StreamName=stream, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        found = []
        while True:
            batch = kinesis.get_records(ShardIterator=iterator)
            found += [json.loads(one["Data"])["device_id"] for one in batch["Records"]]
            iterator = batch["NextShardIterator"]
            if not batch["MillisBehindLatest"]:
                return found

    def stream():
        name = unique("burst")
        kinesis.create_stream(StreamName=name, ShardCount=1)
        kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
        return name

    careless = stream()
    pasted(
        tarn, text("kinesis_produce.py"),
        f"produce_batch({careless!r}, [{{'data': {{'device_id': f'd{{n}}', 'filler': 'x' * 9000}}, 'partition_key': 'k'}} "
        "for n in range(400)])")
    lost = {one["device_id"] for one in records} - set(names(careless))
    assert 0 < len(lost) < 400
    assert wait_until(
        lambda: metric(tarn, "AWS/Kinesis", "WriteProvisionedThroughputExceeded", "Sum", StreamName=careless)) > 0

    careful = stream()
    space = {"json": json, "time": time, "kinesis": kinesis, "stream_name": careful}
    exec(put_batch, space)
    space["put_batch"](records)
    assert sorted(names(careful)) == sorted(one["device_id"] for one in records)


# Delivery streams


@pytest.fixture
def house(tarn, unique):
    house = Deliveries(tarn, unique)
    house.iam.put_role_policy(RoleName=house.role, PolicyName="call", PolicyDocument=allow("lambda:InvokeFunction"))
    house.lam = tarn.client("lambda", read_timeout=60)
    yield house
    house.close()


def test_a_transform_that_hangs_holds_up_its_own_stream_alone(house):
    """It asks a service that does not answer. Its records end under the error prefix as they came, and in the backup;
    another stream delivers meanwhile; and the function that is mended takes them from there."""
    arn = make_function(house, "import time\ndef handler(event, context): time.sleep(60)\n")
    house.lam.update_function_configuration(FunctionName=arn, Timeout=3)
    slow = house.create(
        Prefix="good/", ErrorOutputPrefix="bad/", S3BackupMode="Enabled",
        S3BackupConfiguration={
            "RoleARN": house.role_arn, "BucketARN": f"arn:aws:s3:::{house.bucket}", "Prefix": "source/"},
        ProcessingConfiguration=processing(
            processor("Lambda", LambdaArn=arn, NumberOfRetries="1"), processor("AppendDelimiterToRecord")))
    plain = house.create(Prefix="plain/")
    records = [{"id": 1}, {"id": 2}]
    house.put(slow, *records)
    house.put(plain, {"id": 3})
    house.wait_keys("plain/")
    assert house.keys("bad/") == [], "the other stream has delivered while the function still hangs"

    failed = wait_until(lambda: len(found := objects(house, "bad/processing-failed/")) == 2 and found)
    assert {(one["errorCode"], one["attemptsMade"]) for one in failed} == {("Lambda.FunctionTimedOut", 2)}
    raw = [base64.b64decode(one["rawData"]) for one in failed]
    assert [json.loads(data) for data in raw] == records
    assert house.read(house.wait_keys("source/")[0]) == b"".join(raw)
    dimensions = {"DeliveryStreamName": slow}
    assert wait_until(
        lambda: metric(house.tarn, "AWS/Firehose", "ExecuteProcessing.Duration", "Maximum", **dimensions)) >= 3000
    assert metric(house.tarn, "AWS/Firehose", "ExecuteProcessing.Success", "Average", **dimensions) == 0

    house.lam.update_function_code(FunctionName=arn, ZipFile=bundle(app_py=TRANSFORM))
    house.put(slow, *raw)
    wait_until(lambda: [one["id"] for one in objects(house, "good/")] == [1, 2])


@pytest.mark.parametrize("code", ["Lambda.FunctionError", "Lambda.InvokeLimitExceeded"])
def test_a_transform_past_its_limits_keeps_the_records(house, code):
    """One that makes more of its records than an answer may hold, and one that may not run."""
    inflate = """
import base64
def handler(event, context):
    data = base64.b64encode(b"x" * (4 << 20)).decode()
    return {"records": [{"recordId": one["recordId"], "result": "Ok", "data": data} for one in event["records"]]}
"""
    arn = make_function(house, inflate)
    if code == "Lambda.InvokeLimitExceeded":
        house.lam.put_function_concurrency(FunctionName=arn, ReservedConcurrentExecutions=0)
    name = house.create(
        seconds=1, Prefix="good/", ErrorOutputPrefix="bad/",
        ProcessingConfiguration=processing(processor("Lambda", LambdaArn=arn, NumberOfRetries="1")))
    records = [{"id": 1}, {"id": 2}]
    house.put(name, *records)
    failed = wait_until(lambda: objects(house, "bad/processing-failed/"))
    assert {(one["errorCode"], one["attemptsMade"]) for one in failed} == {(code, 2)}
    assert [json.loads(base64.b64decode(one["rawData"])) for one in failed] == records
    assert house.keys("good/") == []


def test_late_events_find_their_own_day(house):
    """A prefix of the time of arrival puts yesterday's event among today's, where a query for yesterday misses it; one
    of the event's own time puts it where it belongs."""
    today = datetime.datetime.now(datetime.UTC)
    late, now = {"ts": "2020-02-29T23:59:59Z"}, {"ts": f"{today:%Y-%m-%dT%H:%M:%SZ}"}
    arrival = house.create(Prefix="arrival/day=!{timestamp:yyyy-MM-dd}/", ErrorOutputPrefix="bad/!{firehose:error-output-type}/")
    house.put(arrival, late)
    assert all(key.startswith(f"arrival/day={today:%Y}") and "2020" not in key for key in house.wait_keys("arrival/"))
    event = house.create(
        size=64, seconds=1, Prefix="event/day=!{partitionKeyFromQuery:day}/",
        ErrorOutputPrefix="bad/!{firehose:error-output-type}/", DynamicPartitioningConfiguration={"Enabled": True},
        ProcessingConfiguration=processing(
            processor("MetadataExtraction", JsonParsingEngine="JQ-1.6", MetadataExtractionQuery="{day: .ts[0:10]}"),
            processor("AppendDelimiterToRecord")))
    house.put(event, late, now, {"ts": None})
    assert wait_until(lambda: objects(house, "event/day=2020-02-29/")) == [late]
    assert wait_until(lambda: objects(house, f"event/day={now['ts'][:10]}/")) == [now]
    [failed] = wait_until(lambda: objects(house, "bad/"))
    assert failed["errorCode"] == "DynamicPartitioning.MetadataExtractionFailed"


def test_a_key_with_too_many_values_fills_the_error_prefix_and_loses_nothing(house):
    """600 customers in one buffer: 500 partitions are what a stream has, the records of the others can be sent again.
    By the hour the same records are a handful of objects."""
    records = [{"customer": f"c{number}", "hour": number % 3} for number in range(600)]

    def deliver(key):
        name = house.create(
            size=64, seconds=5, Prefix=f"{key}/!{{partitionKeyFromQuery:{key}}}/",
            ErrorOutputPrefix=f"bad-{key}/!{{firehose:error-output-type}}/",
            DynamicPartitioningConfiguration={"Enabled": True},
            ProcessingConfiguration=processing(
                processor("MetadataExtraction", JsonParsingEngine="JQ-1.6", MetadataExtractionQuery=f"{{{key}: .{key}}}"),
                processor("AppendDelimiterToRecord")))
        house.put(name, *records[:300])
        house.put(name, *records[300:])
        return name

    name = deliver("customer")
    wait_until(lambda: len(house.keys("customer/")) == 500 and house.keys("bad-customer/"))
    failed = objects(house, "bad-customer/")
    assert {one["errorCode"] for one in failed} == {"DynamicPartitioning.ActivePartitionsLimitExceeded"}
    kept = objects(house, "customer/") + [json.loads(base64.b64decode(one["rawData"])) for one in failed]
    assert sorted(one["customer"] for one in kept) == sorted(one["customer"] for one in records)
    assert wait_until(
        lambda: metric(house.tarn, "AWS/Firehose", "PartitionCountExceeded", "Maximum", DeliveryStreamName=name)) == 1

    deliver("hour")
    wait_until(lambda: len(objects(house, "hour/")) == 600)
    assert len(house.keys("hour/")) == 3 and house.keys("bad-hour/") == []


def test_each_kind_of_failure_has_a_place_of_its_own(house):
    """What the function gave up, and what did not convert: who looks after an incident sees which it was."""
    arn = make_function(house)
    name = house.create(
        size=64, seconds=1, Prefix="good/", ErrorOutputPrefix="bad/!{firehose:error-output-type}/!{timestamp:yyyy-MM-dd}/",
        ProcessingConfiguration=processing(processor("Lambda", LambdaArn=arn, NumberOfRetries="0")),
        DataFormatConversionConfiguration=conversion(house.table(("id", "int"), ("amount", "double"))))
    house.put(
        name, {"id": 1, "amount": 1.5}, {"id": 2, "amount": "unknown"}, {"id": 3, "do": "fail"}, {"id": 4, "do": "drop"})
    wait_until(lambda: house.keys("good/") and len(house.keys("bad/")) == 2)
    day = f"{datetime.datetime.now(datetime.UTC):%Y}-"
    [processed] = objects(house, f"bad/processing-failed/{day}")
    assert processed["errorCode"] == "Lambda.ProcessingFailedStatus"
    assert json.loads(base64.b64decode(processed["rawData"]))["id"] == 3
    [converted] = objects(house, f"bad/format-conversion-failed/{day}")
    assert converted["lastErrorCode"].startswith("DataFormatConversion.")
    assert json.loads(base64.b64decode(converted["rawData"]))["id"] == 2


def test_small_files_are_counted_and_compacted(house, unique):
    """Ten deliveries of one record are ten objects that every query opens; a larger buffer makes one of them, and CREATE
    TABLE AS makes one of those that are there."""
    to_parquet = conversion(house.table(("id", "int"), ("amount", "double")))

    def create(folder, seconds):
        return house.create(
            size=64, seconds=seconds, Prefix=f"{folder}/", ErrorOutputPrefix="bad/",
            DataFormatConversionConfiguration=to_parquet)

    tiny = create("tiny", 0)
    records = [{"id": number, "amount": number / 2} for number in range(10)]
    for number, record in enumerate(records):
        house.put(tiny, record)
        house.wait_keys("tiny/", number + 1)
    house.put(create("whole", 1), *records)
    assert len(house.wait_keys("whole/")) == 1

    database = unique("db").replace("-", "_")
    house.glue.create_database(DatabaseInput={"Name": database})
    athena = Athena(house.tarn, database)
    for name in ("tiny", "whole"):
        athena.run(
            f"CREATE EXTERNAL TABLE {name} (id int, amount double) STORED AS PARQUET LOCATION 's3://{house.bucket}/{name}/'")
    athena.run(
        f"CREATE TABLE compacted WITH (format = 'PARQUET', external_location = 's3://{house.bucket}/compacted/') "
        "AS SELECT * FROM tiny ORDER BY id")
    assert len(house.keys("tiny/")) == 10 and len(house.keys("compacted/")) == 1
    found = {name: athena.rows(f"SELECT count(*), sum(id), sum(amount) FROM {name}") for name in ("tiny", "whole", "compacted")}
    assert found["tiny"] == found["whole"] == found["compacted"] == [["10", "45", "22.5"]]
    stored = {
        name: sum(house.s3.head_object(Bucket=house.bucket, Key=key)["ContentLength"] for key in house.keys(f"{name}/"))
        for name in ("tiny", "compacted")}
    assert stored["compacted"] * 4 < stored["tiny"]


# Jobs that overwrite


@needs_spark
def test_a_job_that_overwrites_in_a_versioned_bucket(tarn, unique):
    """Each night's run leaves a version behind. Who reads sees the newest alone, which one that is is told, and what a
    bad night overwrote is brought back from the version before."""
    jobs = Jobs(tarn, unique("nightly"))
    jobs.s3.put_bucket_versioning(Bucket=jobs.bucket, VersioningConfiguration={"Status": "Enabled"})
    name = jobs.job(
        "nightly",
        "import boto3, sys\n"
        "from awsglue.utils import getResolvedOptions\n"
        "options = getResolvedOptions(sys.argv, ['night', 'bucket'])\n"
        "body = ''.join(f'{n},{options[\"night\"]}\\n' for n in range(int(options['night'])))\n"
        "boto3.client('s3').put_object(Bucket=options['bucket'], Key='daily/totals.csv', Body=body.encode())\n",
        DefaultArguments={"--bucket": jobs.bucket}, MaxCapacity=0.0625)
    for night in (1, 2, 3):
        run = jobs.run(name, Arguments={"--night": str(night)})
        assert run["JobRunState"] == "SUCCEEDED", run
    assert jobs.keys("daily/") == ["daily/totals.csv"]
    versions = jobs.s3.list_object_versions(Bucket=jobs.bucket, Prefix="daily/")["Versions"]
    assert [one["IsLatest"] for one in versions] == [True, False, False]

    database = unique("db").replace("-", "_")
    jobs.glue.create_database(DatabaseInput={"Name": database})
    athena = Athena(tarn, database)
    athena.run(
        "CREATE EXTERNAL TABLE totals (n int, night int) ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' "
        f"LOCATION 's3://{jobs.bucket}/daily/'")
    assert athena.rows("SELECT count(*), min(night) FROM totals") == [["3", "3"]]
    before = {"Bucket": jobs.bucket, "Key": "daily/totals.csv", "VersionId": versions[1]["VersionId"]}
    jobs.s3.copy_object(Bucket=jobs.bucket, Key="daily/totals.csv", CopySource=before)
    assert athena.rows("SELECT count(*), min(night) FROM totals") == [["2", "2"]]
    rule = {
        "ID": "old versions", "Status": "Enabled", "Filter": {"Prefix": "daily/"},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 7, "NewerNoncurrentVersions": 1}}
    jobs.s3.put_bucket_lifecycle_configuration(Bucket=jobs.bucket, LifecycleConfiguration={"Rules": [rule]})
    [kept] = jobs.s3.get_bucket_lifecycle_configuration(Bucket=jobs.bucket)["Rules"]
    assert kept["NoncurrentVersionExpiration"] == rule["NoncurrentVersionExpiration"]
