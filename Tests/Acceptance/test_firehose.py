"""Amazon Data Firehose through boto3: delivery streams, buffering, names, compression, sources, failures."""

import datetime
import gzip
import io
import json
import re
import struct
import time
import zipfile
import zoneinfo

import pyarrow
import pytest
from conftest import wait_until
from firehose_house import ACCOUNT, ENOUGH, House, allow, refused, trust


@pytest.fixture
def house(tarn, unique):
    house = House(tarn, unique)
    yield house
    house.close()


def name_pattern(name, version=1, ending=""):
    return rf"{name}-{version}-(\d{{4}}-\d\d-\d\d-\d\d-\d\d-\d\d)-[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}{re.escape(ending)}"


def test_life_of_a_delivery_stream(house):
    name = house.create(Prefix="in/", ErrorOutputPrefix="err/", size=5, seconds=60)
    about = house.describe(name)
    assert about["DeliveryStreamARN"] == f"arn:aws:firehose:us-east-1:{ACCOUNT}:deliverystream/{name}"
    assert (about["DeliveryStreamType"], about["VersionId"], about["HasMoreDestinations"]) == ("DirectPut", "1", False)
    destination = about["Destinations"][0]
    assert destination["DestinationId"] == "destinationId-000000000001"
    extended = destination["ExtendedS3DestinationDescription"]
    assert extended["BufferingHints"] == {"SizeInMBs": 5, "IntervalInSeconds": 60}
    assert (extended["CompressionFormat"], extended["S3BackupMode"]) == ("UNCOMPRESSED", "Disabled")
    assert extended["EncryptionConfiguration"] == {"NoEncryptionConfig": "NoEncryption"}
    assert (extended["Prefix"], extended["ErrorOutputPrefix"]) == ("in/", "err/")

    listed = house.firehose.list_delivery_streams(Limit=10_000, DeliveryStreamType="DirectPut")["DeliveryStreamNames"]
    assert name in listed
    assert name not in house.firehose.list_delivery_streams(Limit=10_000, DeliveryStreamType="KinesisStreamAsSource")["DeliveryStreamNames"]
    code, message = refused(
        house.firehose.create_delivery_stream,
        DeliveryStreamName=name,
        S3DestinationConfiguration={"RoleARN": house.role_arn, "BucketARN": f"arn:aws:s3:::{house.bucket}"},
    )
    assert code == "ResourceInUseException"
    house.firehose.delete_delivery_stream(DeliveryStreamName=name)
    missing = ("ResourceNotFoundException", f"Firehose {name} under account {ACCOUNT} not found.")

    def gone():
        try:
            house.describe(name)
        except house.firehose.exceptions.ResourceNotFoundException:
            return True

    wait_until(gone)
    assert refused(house.firehose.put_record, DeliveryStreamName=name, Record={"Data": b"x"}) == missing
    assert refused(house.firehose.delete_delivery_stream, DeliveryStreamName=name) == missing


def test_refusals(house, unique):
    name = unique("ds")
    good = {"RoleARN": house.role_arn, "BucketARN": f"arn:aws:s3:::{house.bucket}"}

    def create(**changes):
        return refused(
            house.firehose.create_delivery_stream,
            DeliveryStreamName=name,
            ExtendedS3DestinationConfiguration=good | changes,
        )

    code, message = create(RoleARN=f"arn:aws:iam::{ACCOUNT}:role/nobody")
    assert code == "InvalidArgumentException"
    assert message == f"Firehose is unable to assume role arn:aws:iam::{ACCOUNT}:role/nobody. Please check the role provided."
    other = unique("role")
    house.iam.create_role(RoleName=other, AssumeRolePolicyDocument=trust("lambda.amazonaws.com"))
    assert create(RoleARN=f"arn:aws:iam::{ACCOUNT}:role/{other}")[0] == "InvalidArgumentException"
    assert create(Prefix="!{timestamp:yyyy}/")[0] == "InvalidArgumentException"
    assert create(Prefix="a/", ErrorOutputPrefix="!{timestamp:yyyy}/")[0] == "InvalidArgumentException"
    assert create(Prefix="!{firehose:error-output-type}/", ErrorOutputPrefix="e/")[0] == "InvalidArgumentException"
    assert create(Prefix="!{timestamp:yyyy", ErrorOutputPrefix="e/")[0] == "InvalidArgumentException"
    assert create(CustomTimeZone="Mars/Olympus")[0] == "InvalidArgumentException"
    assert create(BufferingHints={"SizeInMBs": 129, "IntervalInSeconds": 60})[0] == "ValidationException"
    assert create(BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 901})[0] == "ValidationException"
    assert create(BufferingHints={"SizeInMBs": 1})[0] == "InvalidArgumentException"
    assert create(CompressionFormat="LZ4")[0] == "ValidationException"
    assert create(FileExtension="txt")[0] in {"ValidationException", "InvalidArgumentException"}
    assert refused(house.firehose.create_delivery_stream, DeliveryStreamName=name)[0] == "InvalidArgumentException"
    assert refused(house.firehose.describe_delivery_stream, DeliveryStreamName=name)[0] == "ResourceNotFoundException"
    made = house.create()
    put = house.firehose.put_record_batch
    assert refused(put, DeliveryStreamName=made, Records=[{"Data": b"x"}] * 501)[0] == "ValidationException"
    code, message = refused(put, DeliveryStreamName=made, Records=[{"Data": b"x" * 1_000_000}] * 5)
    assert code == "InvalidArgumentException" and "4 MB" in message
    assert refused(house.firehose.put_record, DeliveryStreamName=made, Record={"Data": b"x" * 1_024_001})[0] in {"ValidationException", "InvalidArgumentException"}


def test_direct_put_in_order(house):
    name = house.create(Prefix="plain/", seconds=1)
    first = house.firehose.put_record(DeliveryStreamName=name, Record={"Data": b"0\n"})
    assert first["RecordId"] and first["Encrypted"] is False
    ids = {entry["RecordId"] for entry in house.put(name, *(b"%d\n" % index for index in range(1, 400)))["RequestResponses"]}
    assert len(ids) == 399

    def lines():
        return [int(line) for key in sorted(house.keys("plain/")) for line in house.read(key).splitlines()]

    wait_until(lambda: len(lines()) >= 400, every=0.2)
    assert lines() == list(range(400))
    key = house.keys("plain/")[0]
    matched = re.fullmatch(r"plain/(\d{4}/\d\d/\d\d/\d\d)/" + name_pattern(name), key)
    assert matched, key
    moment = datetime.datetime.strptime(matched[2], "%Y-%m-%d-%H-%M-%S").replace(tzinfo=datetime.timezone.utc)
    assert abs((datetime.datetime.now(datetime.timezone.utc) - moment).total_seconds()) < 120
    assert matched[1] == moment.strftime("%Y/%m/%d/%H")
    head = house.get(key)
    assert head["ContentType"] == "application/octet-stream" and "ContentEncoding" not in head


def test_buffers_end_by_size(house):
    name = house.create(Prefix="size/", size=1, seconds=900)
    record = b"x" * 99_999 + b"\n"
    house.put(name, *[record] * 10)
    time.sleep(0.5)
    assert house.keys("size/") == []
    house.put(name, *[record] * 12)
    keys = house.wait_keys("size/", 2)
    sizes = [len(house.read(key)) for key in keys]
    assert all(900_000 < size <= 2_100_000 for size in sizes)


def test_prefix_expressions_and_time_zone(house):
    name = house.create(
        Prefix="year=!{timestamp:yyyy}/m=!{timestamp:MM}/d=!{timestamp:dd}/h=!{timestamp:HH}/!{firehose:random-string}/",
        ErrorOutputPrefix="errors/!{firehose:error-output-type}/!{timestamp:yyyy'-'MM}/",
        CustomTimeZone="Asia/Tokyo",
        FileExtension=".jsonl",
    )
    house.put(name, b"one\n")
    key = house.wait_keys("year=")[0]
    matched = re.fullmatch(r"year=(\d{4})/m=(\d\d)/d=(\d\d)/h=(\d\d)/[a-z0-9A-Z]{11}/" + name_pattern(name, ending=".jsonl"), key)
    assert matched, key
    tokyo = datetime.datetime.strptime(matched[5], "%Y-%m-%d-%H-%M-%S").replace(tzinfo=zoneinfo.ZoneInfo("Asia/Tokyo"))
    assert abs((datetime.datetime.now(datetime.timezone.utc) - tokyo).total_seconds()) < 120
    assert list(matched.groups()[:4]) == tokyo.strftime("%Y %m %d %H").split()
    about = house.describe(name)["Destinations"][0]["ExtendedS3DestinationDescription"]
    assert (about["CustomTimeZone"], about["FileExtension"]) == ("Asia/Tokyo", ".jsonl")


def snappy_java(data):
    """snappy-java's stream: a header, then blocks with their packed lengths."""
    assert data[:8] == b"\x82SNAPPY\x00" and len(data) > 16
    at, out = 16, b""
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        out += unsnap(data[at + 4 : at + 4 + length])
        at += 4 + length
    return out


def hadoop_snappy(data):
    """Hadoop's BlockCompressorStream: plain length, then chunks with their packed lengths."""
    at, out = 0, b""
    while at < len(data):
        (plain,) = struct.unpack(">I", data[at : at + 4])
        at, block = at + 4, b""
        while len(block) < plain:
            (length,) = struct.unpack(">I", data[at : at + 4])
            block += unsnap(data[at + 4 : at + 4 + length])
            at += 4 + length
        out += block
    return out


def unsnap(block):
    """One raw Snappy block, which begins with its length as a varint."""
    length, shift = 0, 0
    for byte in block:
        length |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            break
    return pyarrow.decompress(block, decompressed_size=length, codec="snappy", asbytes=True)


def unzip(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None and len(archive.namelist()) == 1
        return archive.read(archive.namelist()[0])


@pytest.mark.parametrize(
    "format, ending, encoding, unpack",
    [
        ("GZIP", ".gz", "gzip", gzip.decompress),
        ("ZIP", ".zip", None, unzip),
        ("Snappy", ".snappy", None, snappy_java),
        ("HADOOP_SNAPPY", ".hsnappy", None, hadoop_snappy),
    ],
)
def test_compression(house, format, ending, encoding, unpack):
    name = house.create(Prefix="packed/", CompressionFormat=format, size=5, seconds=2)
    lines = [json.dumps({"n": index, "text": "lorem ipsum " * 20}).encode() + b"\n" for index in range(1_000)]
    for part in range(0, 1_000, 500):
        house.put(name, *lines[part : part + 500])

    def delivered():
        return b"".join(unpack(house.read(key)) for key in sorted(house.keys("packed/")))

    wait_until(lambda: delivered().count(b"\n") == 1_000, every=0.3)
    assert delivered() == b"".join(lines)
    key = house.keys("packed/")[0]
    assert re.search(name_pattern(name, ending=ending) + "$", key), key
    if encoding:
        assert house.get(key)["ContentEncoding"] == encoding
    assert len(house.read(key)) < sum(map(len, lines)) / 3


def test_delimiter_and_backup(house):
    name = house.create(
        Prefix="lines/",
        S3BackupMode="Enabled",
        S3BackupConfiguration={
            "RoleARN": house.role_arn,
            "BucketARN": f"arn:aws:s3:::{house.bucket}",
            "Prefix": "backup/",
            "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0},
            "CompressionFormat": "GZIP",
        },
        ProcessingConfiguration={
            "Enabled": True,
            "Processors": [
                {"Type": "AppendDelimiterToRecord", "Parameters": [{"ParameterName": "Delimiter", "ParameterValue": "\\n"}]}
            ],
        },
    )
    house.put(name, b"a", b"b", b"c")
    assert house.read(house.wait_keys("lines/")[0]) == b"a\nb\nc\n"
    assert gzip.decompress(house.read(house.wait_keys("backup/")[0])) == b"abc"


def test_update_destination(house):
    name = house.create(Prefix="old/", seconds=1)
    house.put(name, b"1")
    house.wait_keys("old/")
    update = house.firehose.update_destination
    ask = {"DeliveryStreamName": name, "DestinationId": "destinationId-000000000001"}
    change = {"Prefix": "new/", "BufferingHints": {"SizeInMBs": 2, "IntervalInSeconds": 0}}
    code, message = refused(update, **ask, CurrentDeliveryStreamVersionId="9", ExtendedS3DestinationUpdate=change)
    assert code == "ConcurrentModificationException"
    assert refused(
        update, DeliveryStreamName=name, DestinationId="destinationId-000000000009", CurrentDeliveryStreamVersionId="1",
        ExtendedS3DestinationUpdate=change,
    )[0] == "InvalidArgumentException"
    update(**ask, CurrentDeliveryStreamVersionId="1", ExtendedS3DestinationUpdate=change)
    about = house.describe(name)
    assert about["VersionId"] == "2" and "LastUpdateTimestamp" in about
    assert about["Destinations"][0]["ExtendedS3DestinationDescription"]["BufferingHints"] == change["BufferingHints"]
    house.put(name, b"2")
    key = house.wait_keys("new/")[0]
    assert re.search(name_pattern(name, version=2) + "$", key) and house.read(key) == b"2"
    assert refused(update, **ask, CurrentDeliveryStreamVersionId="1", ExtendedS3DestinationUpdate=change)[0] == "ConcurrentModificationException"


def test_tags_and_encryption(house):
    name = house.create()
    call = house.firehose
    call.tag_delivery_stream(DeliveryStreamName=name, Tags=[{"Key": f"k{index}", "Value": "v"} for index in range(3)])
    call.untag_delivery_stream(DeliveryStreamName=name, TagKeys=["k1"])
    page = call.list_tags_for_delivery_stream(DeliveryStreamName=name, Limit=1)
    assert page["HasMoreTags"] is True and page["Tags"] == [{"Key": "k0", "Value": "v"}]
    rest = call.list_tags_for_delivery_stream(DeliveryStreamName=name, ExclusiveStartTagKey="k0")
    assert rest["Tags"] == [{"Key": "k2", "Value": "v"}]
    assert house.describe(name)["DeliveryStreamEncryptionConfiguration"]["Status"] == "DISABLED"
    call.start_delivery_stream_encryption(
        DeliveryStreamName=name, DeliveryStreamEncryptionConfigurationInput={"KeyType": "AWS_OWNED_CMK"}
    )
    wait_until(lambda: house.describe(name)["DeliveryStreamEncryptionConfiguration"]["Status"] == "ENABLED")
    assert call.put_record(DeliveryStreamName=name, Record={"Data": b"x"})["Encrypted"] is True
    call.stop_delivery_stream_encryption(DeliveryStreamName=name)
    wait_until(lambda: house.describe(name)["DeliveryStreamEncryptionConfiguration"]["Status"] == "DISABLED")
    assert refused(
        call.start_delivery_stream_encryption, DeliveryStreamName=name,
        DeliveryStreamEncryptionConfigurationInput={"KeyType": "CUSTOMER_MANAGED_CMK"},
    )[0] == "InvalidArgumentException"


# MARK: A Kinesis stream as source


def numbers(house, prefix):
    return [int(line) for key in house.keys(prefix) for line in house.read(key).split()]


def feed(house, stream, start, count):
    for part in range(start, start + count, 500):
        records = [{"Data": b"%d\n" % n, "PartitionKey": str(n)} for n in range(part, min(part + 500, start + count))]
        assert house.kinesis.put_records(StreamName=stream, Records=records)["FailedRecordCount"] == 0


def test_kinesis_as_source(house, unique):
    stream = unique("source")
    house.kinesis.create_stream(StreamName=stream, ShardCount=2)
    arn = house.kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
    feed(house, stream, 0, 10)
    name = house.create(Prefix="from-stream/", seconds=1, source=arn)
    source = house.describe(name)["Source"]["KinesisStreamSourceDescription"]
    assert (source["KinesisStreamARN"], source["RoleARN"]) == (arn, house.role_arn)
    feed(house, stream, 100, 200)
    wait_until(lambda: len(numbers(house, "from-stream/")) >= 200, every=0.2)
    house.kinesis.split_shard(StreamName=stream, ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**125))
    feed(house, stream, 300, 200)
    wait_until(lambda: len(numbers(house, "from-stream/")) >= 400, every=0.2)
    # What came before the delivery stream is not delivered; what came after is, once.
    assert sorted(numbers(house, "from-stream/")) == list(range(100, 500))
    code, message = refused(house.firehose.put_record, DeliveryStreamName=name, Record={"Data": b"x"})
    assert (code, message) == ("InvalidArgumentException", "This operation is not permitted on KinesisStreamAsSource delivery stream type.")
    assert house.firehose.list_delivery_streams(DeliveryStreamType="KinesisStreamAsSource", Limit=10_000)["DeliveryStreamNames"].count(name) == 1
    house.firehose.delete_delivery_stream(DeliveryStreamName=name)
    house.kinesis.delete_stream(StreamName=stream)


def test_places_are_remembered(fresh_tarn, unique):
    """Over restarts and kills nothing is lost, and nothing is twice: what a crash repeats takes the first one's name."""
    tarn = fresh_tarn("--lift-shard-limits")
    house = House(tarn, unique)
    house.kinesis.create_stream(StreamName="source", ShardCount=2)
    arn = house.kinesis.describe_stream_summary(StreamName="source")["StreamDescriptionSummary"]["StreamARN"]
    house.create(Prefix="stream/", seconds=1, source=arn)
    direct = house.create(Prefix="direct/", seconds=1)
    start = 0
    for round, end in enumerate((tarn.kill, tarn.stop, tarn.kill, tarn.kill)):
        feed(house, "source", start, 1_000)
        for part in range(start, start + 1_000, 500):
            house.put(direct, *(b"%d\n" % n for n in range(part, part + 500)))
        start += 1_000
        # At different moments of a buffer's life.
        time.sleep(0.45 * round)
        end()
        tarn.start()
        house.again()
    for prefix in ("stream/", "direct/"):
        wait_until(lambda: len(set(numbers(house, prefix))) == start, every=0.3)
        assert sorted(numbers(house, prefix)) == list(range(start)), prefix


# MARK: Destinations that fail


def metric(house, name, metric, statistic="Sum"):
    points = house.cloudwatch.get_metric_statistics(
        Namespace="AWS/Firehose",
        MetricName=metric,
        Dimensions=[{"Name": "DeliveryStreamName", "Value": name}],
        StartTime=datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1),
        EndTime=datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=1),
        Period=60,
        Statistics=[statistic],
    )["Datapoints"]
    return [point[statistic] for point in points]


def test_a_role_without_rights_delivers_nothing_until_it_has_them(house):
    house.iam.put_role_policy(RoleName=house.role, PolicyName="p", PolicyDocument=allow("s3:ListBucket"))
    name = house.create(Prefix="denied/")
    house.put(name, b"kept\n")
    wait_until(lambda: 0 in metric(house, name, "DeliveryToS3.Success", "Minimum"), every=0.3)
    assert house.keys("denied/") == []
    assert metric(house, name, "DeliveryToS3.Success") == [0]
    assert "AccessDenied" in house.tarn.log_text()
    house.iam.put_role_policy(RoleName=house.role, PolicyName="p", PolicyDocument=ENOUGH)
    house.put(name, b"more\n")
    wait_until(lambda: b"".join(house.read(key) for key in sorted(house.keys("denied/"))) == b"kept\nmore\n", every=0.3)
    wait_until(lambda: sum(metric(house, name, "DeliveryToS3.Success")) >= 1, every=0.3)


def test_a_bucket_that_goes_and_comes_back(house):
    name = house.create(Prefix="gone/")
    house.put(name, b"1\n")
    house.wait_keys("gone/")
    for key in house.keys():
        house.s3.delete_object(Bucket=house.bucket, Key=key)
    house.s3.delete_bucket(Bucket=house.bucket)
    house.put(name, b"2\n")
    wait_until(lambda: 0 in metric(house, name, "DeliveryToS3.Success", "Minimum"), every=0.3)
    house.s3.create_bucket(Bucket=house.bucket)
    assert house.read(house.wait_keys("gone/")[0]) == b"2\n"


# MARK: Metrics


def test_metrics(house, unique):
    stream = unique("source")
    house.kinesis.create_stream(StreamName=stream, ShardCount=1)
    arn = house.kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
    direct = house.create(Prefix="m1/")
    sourced = house.create(Prefix="m2/", source=arn)
    house.firehose.put_record(DeliveryStreamName=direct, Record={"Data": b"12345"})
    house.put(direct, b"12345", b"67890")
    feed(house, stream, 0, 10)
    house.wait_keys("m1/")
    house.wait_keys("m2/")

    def listed(namespace, dimension, value):
        found = house.cloudwatch.get_paginator("list_metrics").paginate(
            Namespace=namespace, Dimensions=[{"Name": dimension, "Value": value}]
        )
        return {item["MetricName"] for page in found for item in page["Metrics"]}

    common = {f"DeliveryToS3.{name}" for name in ("Bytes", "Records", "Success", "DataFreshness", "ObjectCount")}
    own = {"IncomingBytes", "IncomingRecords", "IncomingPutRequests"}
    puts = {f"PutRecord.{name}" for name in ("Bytes", "Latency", "Requests")}
    puts |= {f"PutRecordBatch.{name}" for name in ("Bytes", "Latency", "Records", "Requests")}
    wait_until(lambda: common | own | puts <= listed("AWS/Firehose", "DeliveryStreamName", direct), every=0.3)
    reads = {"DataReadFromKinesisStream.Bytes", "DataReadFromKinesisStream.Records", "KinesisMillisBehindLatest"}
    wait_until(lambda: common | reads <= listed("AWS/Firehose", "DeliveryStreamName", sourced), every=0.3)
    assert sum(metric(house, direct, "IncomingBytes")) == 15
    assert sum(metric(house, direct, "IncomingRecords")) == 3
    wait_until(lambda: sum(metric(house, direct, "DeliveryToS3.Records")) == 3, every=0.3)
    assert sum(metric(house, direct, "DeliveryToS3.Bytes")) == 15
    assert max(metric(house, direct, "DeliveryToS3.DataFreshness", "Maximum")) < 60
    assert sum(metric(house, sourced, "DataReadFromKinesisStream.Records")) == 10

    at = house.kinesis.get_shard_iterator(
        StreamName=stream, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    house.kinesis.get_records(ShardIterator=at, Limit=1)
    house.kinesis.put_record(StreamName=stream, Data=b"x", PartitionKey="k")
    wanted = {"IncomingBytes", "IncomingRecords", "GetRecords.Bytes", "GetRecords.IteratorAgeMilliseconds"}
    wanted |= {"GetRecords.Latency", "GetRecords.Records", "GetRecords.Success", "PutRecord.Bytes", "PutRecord.Latency"}
    wanted |= {"PutRecord.Success", "ReadProvisionedThroughputExceeded", "WriteProvisionedThroughputExceeded"}
    wanted |= {
        f"PutRecords.{name}"
        for name in ("Bytes", "Latency", "Success", "TotalRecords", "SuccessfulRecords", "FailedRecords", "ThrottledRecords")
    }
    wait_until(lambda: wanted <= listed("AWS/Kinesis", "StreamName", stream), every=0.3)
    answer = house.cloudwatch.get_metric_data(
        StartTime=datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1),
        EndTime=datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=1),
        MetricDataQueries=[
            {
                "Id": name.lower(),
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/Kinesis",
                        "MetricName": metric,
                        "Dimensions": [{"Name": "StreamName", "Value": stream}],
                    },
                    "Period": 60,
                    "Stat": statistic,
                },
            }
            for name, metric, statistic in (
                ("records", "IncomingRecords", "Sum"),
                ("age", "GetRecords.IteratorAgeMilliseconds", "Maximum"),
            )
        ],
    )["MetricDataResults"]
    values = {item["Id"]: item["Values"] for item in answer}
    assert sum(values["records"]) == 11 and max(values["age"]) > 0
    house.kinesis.delete_stream(StreamName=stream)
