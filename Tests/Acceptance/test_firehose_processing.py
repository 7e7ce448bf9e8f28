"""Firehose's processors over real functions: transformation, deaggregation, dynamic partitioning, what fails."""

import base64
import gzip
import json

import pytest
from conftest import wait_until
from firehose_house import ACCOUNT, House, allow, refused, trust
from test_lambda import PYTHON, bundle

TRANSFORM = """
import base64, json

def handler(event, context):
    assert event["deliveryStreamArn"] and event["invocationId"] and event["region"] == "us-east-1"
    records = []
    for record in event["records"]:
        value = json.loads(base64.b64decode(record["data"]))
        value["seen"] = "kinesisRecordMetadata" in record
        result = {"drop": "Dropped", "fail": "ProcessingFailed"}.get(value.get("do"), "Ok")
        data = base64.b64encode(json.dumps(value).encode()).decode()
        keys = {"kind": str(value.get("kind", "none"))}
        records.append({"recordId": record["recordId"], "result": result, "data": data,
                        "metadata": {"partitionKeys": keys}})
    return {"records": records}
"""


@pytest.fixture
def house(tarn, unique):
    house = House(tarn, unique)
    house.iam.put_role_policy(RoleName=house.role, PolicyName="call", PolicyDocument=allow("lambda:InvokeFunction"))
    house.lam = tarn.client("lambda", read_timeout=60)
    return house


def make_function(house, source=TRANSFORM):
    role, name = house.unique("role"), house.unique("fn")
    arn = house.iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust("lambda.amazonaws.com"))["Role"]["Arn"]
    return house.lam.create_function(
        FunctionName=name, Runtime=PYTHON, Role=arn, Handler="app.handler", Code={"ZipFile": bundle(app_py=source)}
    )["FunctionArn"]


def processor(kind, **parameters):
    return {
        "Type": kind,
        "Parameters": [{"ParameterName": name, "ParameterValue": value} for name, value in parameters.items()],
    }


def processing(*processors):
    return {"Enabled": True, "Processors": list(processors)}


def objects(house, prefix):
    return [json.loads(line) for key in house.keys(prefix) for line in house.read(key).splitlines()]


def test_transformation(house):
    arn = make_function(house)
    name = house.create(
        Prefix="good/",
        ErrorOutputPrefix="bad/",
        S3BackupMode="Enabled",
        S3BackupConfiguration={
            "RoleARN": house.role_arn, "BucketARN": f"arn:aws:s3:::{house.bucket}", "Prefix": "raw/",
            "CompressionFormat": "GZIP",
        },
        ProcessingConfiguration=processing(
            processor("Lambda", LambdaArn=f"{arn}:$LATEST", NumberOfRetries="1"), processor("AppendDelimiterToRecord")
        ),
    )
    shown = house.describe(name)["Destinations"][0]["ExtendedS3DestinationDescription"]["ProcessingConfiguration"]
    assert [one["Type"] for one in shown["Processors"]] == ["Lambda", "AppendDelimiterToRecord"]
    records = [{"id": 1}, {"id": 2, "do": "drop"}, {"id": 3, "do": "fail"}, {"id": 4}]
    house.put(name, *records)
    house.wait_keys("good/")
    assert wait_until(lambda: objects(house, "good/")) == [{"id": 1, "seen": False}, {"id": 4, "seen": False}]
    [failed] = wait_until(lambda: objects(house, "bad/processing-failed/"))
    assert failed["errorCode"] == "Lambda.ProcessingFailedStatus" and failed["lambdaArn"].startswith(arn)
    assert json.loads(base64.b64decode(failed["rawData"])) == records[2]
    raw = gzip.decompress(house.read(house.wait_keys("raw/")[0])).decode()
    assert raw == "".join(json.dumps(record) for record in records)


def test_a_function_that_fails(house):
    arn = make_function(house, "def handler(event, context): raise ValueError('no')")
    name = house.create(
        Prefix="good/", ErrorOutputPrefix="bad/",
        ProcessingConfiguration=processing(processor("Lambda", LambdaArn=arn, NumberOfRetries="1")),
    )
    house.put(name, {"id": 1})
    [failed] = wait_until(lambda: objects(house, "bad/processing-failed/"))
    assert (failed["errorCode"], failed["attemptsMade"]) == ("Lambda.FunctionError", 2)
    house.iam.delete_role_policy(RoleName=house.role, PolicyName="call")
    house.put(name, {"id": 2})
    failed = wait_until(lambda: (objects(house, "bad/processing-failed/") + [None] * 2)[:2][1])
    assert failed["errorCode"] in ("Lambda.InvokeAccessDenied", "Lambda.FunctionError")
    codes = {one["errorCode"] for one in objects(house, "bad/processing-failed/")}
    assert codes == {"Lambda.InvokeAccessDenied", "Lambda.FunctionError"}
    assert house.keys("good/") == []


def test_partitions_by_query_and_function(house):
    stream = house.unique("stream")
    house.kinesis.create_stream(StreamName=stream, ShardCount=2)
    house.kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})
    name = house.create(
        size=64,
        seconds=1,
        source=f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/{stream}",
        Prefix="c=!{partitionKeyFromQuery:customer}/k=!{partitionKeyFromLambda:kind}/d=!{timestamp:yyyy-MM-dd}/",
        ErrorOutputPrefix="bad/!{firehose:error-output-type}/",
        DynamicPartitioningConfiguration={"Enabled": True, "RetryOptions": {"DurationInSeconds": 60}},
        ProcessingConfiguration=processing(
            processor("RecordDeAggregation", SubRecordType="JSON"),
            processor("Lambda", LambdaArn=make_function(house)),
            processor("MetadataExtraction", JsonParsingEngine="JQ-1.6", MetadataExtractionQuery="{customer: .customer}"),
            processor("AppendDelimiterToRecord"),
        ),
    )
    shown = house.describe(name)["Destinations"][0]["ExtendedS3DestinationDescription"]
    assert shown["DynamicPartitioningConfiguration"] == {"Enabled": True, "RetryOptions": {"DurationInSeconds": 60}}
    texts = [
        '{"customer": "a", "kind": 1}{"customer": "b", "kind": 1}\n{"customer": "a", "kind": 2}',
        '{"customer": "a", "kind": 1}',
        '{"kind": 1}',
        "no json",
    ]
    house.kinesis.put_records(
        StreamName=stream, Records=[{"Data": text.encode(), "PartitionKey": text} for text in texts]
    )
    wait_until(lambda: sum(len(objects(house, f"c={one}/")) for one in "ab") == 4 and len(objects(house, "bad/")) == 2)
    assert len(objects(house, "c=a/k=1/d=20")) == 2 and len(objects(house, "c=a/k=2/d=20")) == 1
    assert objects(house, "c=b/k=1/d=20") == [{"customer": "b", "kind": 1, "seen": True}]
    failed = {one["errorCode"]: one for one in objects(house, "bad/processing-failed/")}
    assert set(failed) == {"DynamicPartitioning.MetadataExtractionFailed", "Deaggregation.ParseError"}
    house.kinesis.delete_stream(StreamName=stream)


def test_refusals(house):
    def create(**options):
        options = {
            "RoleARN": house.role_arn, "BucketARN": f"arn:aws:s3:::{house.bucket}", "ErrorOutputPrefix": "bad/",
        } | options
        return refused(
            house.firehose.create_delivery_stream, DeliveryStreamName=house.unique("ds"),
            ExtendedS3DestinationConfiguration=options,
        )

    key = "!{partitionKeyFromQuery:a}/"
    partitioned = {
        "DynamicPartitioningConfiguration": {"Enabled": True},
        "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 60},
    }
    query = processor("MetadataExtraction", JsonParsingEngine="JQ-1.6", MetadataExtractionQuery="{a: .a")
    for options in (
        {"Prefix": key},
        {"Prefix": key, **partitioned},
        {"Prefix": key, **partitioned, "ProcessingConfiguration": processing(query)},
        {"Prefix": "plain/", "ProcessingConfiguration": processing(query)},
        {"ProcessingConfiguration": processing(processor("Lambda", LambdaArn="nothing"))},
        {"ProcessingConfiguration": processing(processor("RecordDeAggregation", SubRecordType="XML"))},
    ):
        assert create(**options)[0] == "InvalidArgumentException", options


def test_errors_are_told_to_a_log_stream(house, tarn):
    logs, group = tarn.client("logs"), f"/aws/kinesisfirehose/{house.unique('ds')}"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="DestinationDelivery")
    house.iam.put_role_policy(RoleName=house.role, PolicyName="p", PolicyDocument=allow("logs:PutLogEvents"))
    name = house.create(
        Prefix="in/",
        CloudWatchLoggingOptions={"Enabled": True, "LogGroupName": group, "LogStreamName": "DestinationDelivery"},
    )
    house.put(name, b"x")
    [event] = wait_until(lambda: logs.filter_log_events(logGroupName=group)["events"][:1])
    message = json.loads(event["message"])
    assert message["errorCode"] == "S3.AccessDenied" and message["deliveryStreamARN"].endswith(name)
    logs.delete_log_group(logGroupName=group)
