"""What a Kinesis shard takes and gives, what a record may be, and the CBOR that Java's clients speak."""

import datetime
import json
import struct
import time
import urllib.error
import urllib.request

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

MIB = 1 << 20
SHARD = "shardId-000000000000"


@pytest.fixture(scope="session")
def kinesis(tarn):
    return tarn.client("kinesis")


@pytest.fixture
def stream(kinesis, unique):
    made = []

    def make(shards=1, **options):
        name = unique("limits")
        kinesis.create_stream(StreamName=name, ShardCount=shards, **options)
        made.append(name)
        return name

    yield make
    for name in made:
        kinesis.delete_stream(StreamName=name, EnforceConsumerDeletion=True)


def refused(call, **options):
    with pytest.raises(ClientError) as caught:
        call(**options)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def entries(count, size=10, key="k"):
    return [{"Data": b"x" * size, "PartitionKey": key} for _ in range(count)]


def test_a_thousand_records_a_second(kinesis, stream):
    name = stream(1)
    outcomes = []
    for _ in range(8):
        outcomes += kinesis.put_records(StreamName=name, Records=entries(500))["Records"]
    limited = [entry for entry in outcomes if "ErrorCode" in entry]
    assert limited and len(outcomes) - len(limited) >= 1_000
    assert all("SequenceNumber" not in entry and "ShardId" not in entry for entry in limited)
    assert {entry["ErrorCode"] for entry in limited} == {"ProvisionedThroughputExceededException"}
    assert limited[0]["ErrorMessage"] == f"Rate exceeded for shard {SHARD} in stream {name} under account 000000000000."
    # What was counted as stored is what can be read.
    at = kinesis.get_shard_iterator(StreamName=name, ShardId=SHARD, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    assert len(kinesis.get_records(ShardIterator=at)["Records"]) == len(outcomes) - len(limited)


def test_a_mebibyte_a_second(kinesis, stream):
    name = stream(1)
    codes = []
    for _ in range(6):
        try:
            kinesis.put_record(StreamName=name, Data=b"x" * (MIB // 2), PartitionKey="k")
            codes.append(None)
        except ClientError as error:
            codes.append(error.response["Error"]["Code"])
    assert codes[0] is None and "ProvisionedThroughputExceededException" in codes
    time.sleep(1.1)
    kinesis.put_record(StreamName=name, Data=b"x" * (MIB // 2), PartitionKey="k")


def test_five_reads_a_second(kinesis, stream):
    name = stream(1)
    at = kinesis.get_shard_iterator(StreamName=name, ShardId=SHARD, ShardIteratorType="LATEST")["ShardIterator"]
    codes = []
    for _ in range(12):
        try:
            at = kinesis.get_records(ShardIterator=at)["NextShardIterator"]
        except kinesis.exceptions.ProvisionedThroughputExceededException as error:
            codes.append(error.response["Error"]["Message"])
    assert codes and f"Rate exceeded for shard {SHARD} in stream {name}" in codes[0]
    time.sleep(1.1)
    assert kinesis.get_records(ShardIterator=at)["Records"] == []


def test_two_mebibytes_a_second_out(kinesis, stream):
    name = stream(1)
    for _ in range(4):
        kinesis.put_record(StreamName=name, Data=b"x" * (MIB - 100), PartitionKey="k")
        time.sleep(1.05)
    at = kinesis.get_shard_iterator(StreamName=name, ShardId=SHARD, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    answer = kinesis.get_records(ShardIterator=at)
    assert len(answer["Records"]) == 4
    code, _ = refused(kinesis.get_records, ShardIterator=answer["NextShardIterator"])
    assert code == "ProvisionedThroughputExceededException"
    time.sleep(2.5)
    kinesis.get_records(ShardIterator=answer["NextShardIterator"])


def test_sizes(kinesis, stream):
    name = stream(2)
    kinesis.put_record(StreamName=name, Data=b"x" * MIB, PartitionKey="k")
    code, message = refused(kinesis.put_record, StreamName=name, Data=b"x" * (MIB + 1), PartitionKey="k")
    assert code == "ValidationException"
    assert "at 'data' failed to satisfy constraint: Member must have length less than or equal to 1048576" in message
    assert refused(kinesis.put_record, StreamName=name, Data=b"x", PartitionKey="k" * 257)[0] == "ValidationException"
    assert refused(kinesis.put_records, StreamName=name, Records=entries(501))[0] == "ValidationException"
    code, message = refused(kinesis.put_records, StreamName=name, Records=entries(11, MIB - 10))
    assert code == "InvalidArgumentException" and "10 MB" in message


def test_large_records(kinesis, stream):
    name = stream(1, MaxRecordSizeInKiB=10_240)
    summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    assert summary["MaxRecordSizeInKiB"] == 10_240
    data = bytes(range(256)) * (10 * MIB // 256)
    kinesis.put_record(StreamName=name, Data=data, PartitionKey="large")
    at = kinesis.get_shard_iterator(StreamName=name, ShardId=SHARD, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    assert kinesis.get_records(ShardIterator=at)["Records"][0]["Data"] == data
    assert refused(kinesis.put_record, StreamName=name, Data=data + b"x", PartitionKey="k")[0] == "ValidationException"
    kinesis.update_max_record_size(StreamARN=summary["StreamARN"], MaxRecordSizeInKiB=2_048)
    assert refused(kinesis.put_record, StreamName=name, Data=data, PartitionKey="k")[0] == "ValidationException"
    assert refused(kinesis.update_max_record_size, StreamARN=summary["StreamARN"], MaxRecordSizeInKiB=20_000)[0] == "ValidationException"


def test_limits_lifted(fresh_tarn):
    kinesis = fresh_tarn("--lift-shard-limits").client("kinesis")
    kinesis.create_stream(StreamName="free", ShardCount=1)
    for _ in range(25):
        assert kinesis.put_records(StreamName="free", Records=entries(500, 1_000))["FailedRecordCount"] == 0
    at = kinesis.get_shard_iterator(StreamName="free", ShardId=SHARD, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    sizes = []
    while True:
        answer = kinesis.get_records(ShardIterator=at)
        if not answer["Records"]:
            break
        sizes.append((len(answer["Records"]), sum(len(record["Data"]) for record in answer["Records"])))
        at = answer["NextShardIterator"]
    # A call gives at most 10,000 records and 10 MiB.
    assert sum(count for count, _ in sizes) == 12_500
    assert sizes[0][0] == 10_000 and all(size <= 10 * MIB for _, size in sizes)
    for _ in range(12):
        kinesis.put_record(StreamName="free", Data=b"y" * MIB, PartitionKey="k")
    answer = kinesis.get_records(ShardIterator=at)
    assert 9 <= len(answer["Records"]) <= 10


# MARK: CBOR, as the Java SDK and the KPL speak it


def cbor(value):
    """Encodes as RFC 8949 has it; dates as the Java SDK writes them, tag 1 over milliseconds."""

    def head(major, count):
        for code, form, limit in ((24, ">B", 1 << 8), (25, ">H", 1 << 16), (26, ">I", 1 << 32), (27, ">Q", 1 << 64)):
            if count < 24:
                return bytes([major << 5 | count])
            if count < limit:
                return bytes([major << 5 | code]) + struct.pack(form, count)

    match value:
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int():
            return head(0, value) if value >= 0 else head(1, -1 - value)
        case bytes():
            return head(2, len(value)) + value
        case str():
            return head(3, len(value.encode())) + value.encode()
        case list():
            return b"\x9f" + b"".join(map(cbor, value)) + b"\xff"
        case dict():
            return b"\xbf" + b"".join(cbor(key) + cbor(item) for key, item in value.items()) + b"\xff"
        case datetime.datetime():
            return b"\xc1" + cbor(int(value.timestamp() * 1000))
    raise TypeError(value)


def uncbor(data):
    def item(at):
        major, info = data[at] >> 5, data[at] & 31
        at += 1
        if info >= 24 and info < 28:
            width = 1 << (info - 24)
            count, at = int.from_bytes(data[at : at + width], "big"), at + width
        else:
            count = info
        match major:
            case 0:
                return count, at
            case 1:
                return -1 - count, at
            case 2 | 3 if info == 31:
                parts = []
                while data[at] != 0xFF:
                    part, at = item(at)
                    parts.append(part)
                return (b"" if major == 2 else "").join(parts), at + 1
            case 2:
                return data[at : at + count], at + count
            case 3:
                return data[at : at + count].decode(), at + count
            case 4 | 5:
                values = []
                while data[at] != 0xFF if info == 31 else len(values) < count * (major - 3):
                    value, at = item(at)
                    values.append(value)
                at += info == 31
                return (values if major == 4 else dict(zip(values[::2], values[1::2]))), at
            case 6:
                return item(at)
        if info == 27:
            return struct.unpack(">d", data[at - 8 : at])[0], at
        return {20: False, 21: True, 22: None, 23: None}[info], at

    value, end = item(0)
    assert end == len(data)
    return value


def speak_cbor(tarn, operation, body):
    request = AWSRequest(
        "POST",
        tarn.endpoint + "/",
        data=body if isinstance(body, bytes) else cbor(body),
        headers={
            "Content-Type": "application/x-amz-cbor-1.1",
            "X-Amz-Target": f"Kinesis_20131202.{operation}",
            "User-Agent": "aws-sdk-java/2.31.0 KinesisProducerLibrary",
        },
    )
    SigV4Auth(Credentials("test", "test"), "kinesis", "us-east-1").add_auth(request)
    sent = urllib.request.Request(request.url, data=request.data, headers=dict(request.headers), method="POST")
    try:
        with urllib.request.urlopen(sent, timeout=60) as answer:
            status, headers, body = answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        status, headers, body = error.code, error.headers, error.read()
    if body:
        assert headers["Content-Type"] == "application/x-amz-cbor-1.1"
    return status, uncbor(body) if body else None


def test_cbor(tarn, kinesis, unique):
    name = unique("cbor")
    status, nothing = speak_cbor(tarn, "CreateStream", {"StreamName": name, "ShardCount": 1})
    assert status == 200 and not nothing
    data = bytes(range(256))
    status, put = speak_cbor(
        tarn, "PutRecords", {"StreamName": name, "Records": [{"Data": data, "PartitionKey": "k"}, {"Data": b"", "PartitionKey": "ü"}]}
    )
    assert status == 200 and put["FailedRecordCount"] == 0
    ask = {"StreamName": name, "ShardId": SHARD, "ShardIteratorType": "AT_TIMESTAMP"}
    ask["Timestamp"] = datetime.datetime.now() - datetime.timedelta(hours=1)
    status, at = speak_cbor(tarn, "GetShardIterator", ask)
    assert status == 200
    status, got = speak_cbor(tarn, "GetRecords", {"ShardIterator": at["ShardIterator"]})
    assert status == 200 and [record["Data"] for record in got["Records"]] == [data, b""]
    # Java reads arrival times as whole milliseconds.
    assert abs(got["Records"][0]["ApproximateArrivalTimestamp"] - time.time() * 1000) < 60_000
    assert got["Records"][0]["SequenceNumber"] == put["Records"][0]["SequenceNumber"]
    plain = kinesis.get_records(ShardIterator=at["ShardIterator"])["Records"]
    assert [record["Data"] for record in plain] == [data, b""]
    status, error = speak_cbor(tarn, "DescribeStream", {"StreamName": "nowhere"})
    assert status == 400 and error["__type"] == "ResourceNotFoundException" and "nowhere" in error["message"]
    status, error = speak_cbor(tarn, "PutRecord", {"StreamName": name, "PartitionKey": "k" * 300, "Data": b""})
    assert status == 400 and error["__type"] == "ValidationException"
    for broken in (b"\xbf", b"\xbf\x61", b"\xff", b"\x9f" * 10_000, cbor({"StreamName": 5})):
        status, error = speak_cbor(tarn, "DescribeStream", broken)
        assert status == 400 and error["__type"] == "SerializationException"
    kinesis.delete_stream(StreamName=name)


def test_json_as_sent(tarn, kinesis, stream):
    """Data travels in base64; what is no base64 is refused and changes nothing."""
    name = stream(1)
    request = AWSRequest(
        "POST",
        tarn.endpoint + "/",
        data=json.dumps({"StreamName": name, "PartitionKey": "k", "Data": "***"}).encode(),
        headers={"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Kinesis_20131202.PutRecord"},
    )
    SigV4Auth(Credentials("test", "test"), "kinesis", "us-east-1").add_auth(request)
    sent = urllib.request.Request(request.url, data=request.data, headers=dict(request.headers), method="POST")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(sent, timeout=60)
    assert caught.value.code == 400 and json.loads(caught.value.read())["__type"] == "SerializationException"
    at = kinesis.get_shard_iterator(StreamName=name, ShardId=SHARD, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    assert kinesis.get_records(ShardIterator=at)["Records"] == []
