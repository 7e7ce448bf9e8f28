"""What functions do not get and what they cannot do: filters of mappings, buckets for failures, dead-letter queues."""

import json
import re

import pytest
from conftest import wait_until
from test_lambda import ACCOUNT, ECHO, House, Stream, refused


@pytest.fixture
def house(tarn, unique):
    return House(tarn, unique)


def objects(house, bucket, prefix=""):
    """Keys and contents below a prefix."""
    found = {}
    for item in house.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", []):
        found[item["Key"]] = json.loads(house.s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())
    return found


def patterns(*given):
    return {"Filters": [{"Pattern": one if isinstance(one, str) else json.dumps(one)} for one in given]}


def test_filters_choose_records(house):
    stream = Stream(house)
    stream.put('{"kind": "a", "n": 5}', '{"kind": "b", "n": 50}', "no json", '{"kind": "c", "n": 500}', '{"n": 1, "tag": {"x": ["p", "q"]}}')
    name = stream.function()
    criteria = patterns(
        {"data": {"kind": ["a", {"prefix": "c"}], "n": [{"numeric": [">", 0, "<=", 500]}]}},
        {"data": {"kind": [{"exists": False}], "tag": {"x": ["q"]}}})
    mapping = house.lam.create_event_source_mapping(
        FunctionName=name, EventSourceArn=stream.arn, StartingPosition="TRIM_HORIZON", BatchSize=100, FilterCriteria=criteria)
    assert mapping["FilterCriteria"] == criteria
    wait_until(lambda: len(stream.seen()) >= 3)
    assert [json.loads(value)["n"] for value in stream.seen()] == [5, 500, 1]
    # Metadata can be looked at, and without criteria all records come.
    house.lam.update_event_source_mapping(UUID=mapping["UUID"], FilterCriteria=patterns({"partitionKey": [{"anything-but": "k"}]}))
    stream.put("dropped")
    house.tarn.client("kinesis").put_record(StreamName=stream.name, PartitionKey="other", Data=b"taken")
    wait_until(lambda: "taken" in stream.seen())
    assert "dropped" not in stream.seen()
    updated = house.lam.update_event_source_mapping(UUID=mapping["UUID"], FilterCriteria={})
    assert "FilterCriteria" not in updated
    stream.put("all")
    wait_until(lambda: "all" in stream.seen())


@pytest.mark.parametrize("pattern", [
    "nonsense", "[]", "{}", '{"data": "text"}', '{"data": ["text"]}', '{"data": {"a": []}}', '{"data": {"a": [{"numeric": ["<"]}]}}',
    '{"data": {"a": [{"numeric": [">", 5, "<", 1]}]}}', '{"data": {"a": [{"sounds-like": "x"}]}}', '{"data": {"a": [[1]]}}',
    '{"$or": [{"partitionKey": ["a"]}]}', "[" * 500, '{"data":' * 200 + "1" + "}" * 200, '{"data": {"a": ["' + "x" * 4096 + '"]}}',
])
def test_patterns_that_are_none(house, pattern):
    name = house.make(ECHO)
    arn = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/any"
    code, message = refused(
        house.lam.create_event_source_mapping, FunctionName=name, EventSourceArn=arn, StartingPosition="LATEST",
        FilterCriteria=patterns(pattern))
    assert code in ("InvalidParameterValueException", "ValidationException")
    assert "pattern" in message.lower() or "validation" in message.lower()


def test_what_is_given_up_goes_to_a_bucket(house):
    stream = Stream(house)
    bucket = house.unique("failures")
    house.s3.create_bucket(Bucket=bucket)
    name = stream.function('if "bad" in values: raise ValueError("bad")')
    mapping = house.lam.create_event_source_mapping(
        FunctionName=name, EventSourceArn=stream.arn, StartingPosition="TRIM_HORIZON", BatchSize=1, MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": f"arn:aws:s3:::{bucket}"}})
    assert mapping["DestinationConfig"] == {"OnFailure": {"Destination": f"arn:aws:s3:::{bucket}"}}
    stream.put("good", "bad", "after")
    wait_until(lambda: "after" in stream.seen())
    [(key, record)] = wait_until(lambda: objects(house, bucket)).items()
    assert re.fullmatch(
        rf"aws/lambda/{mapping['UUID']}/shardId-000000000000/\d{{4}}/\d\d/\d\d/\d{{4}}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[0-9a-f-]{{36}}", key)
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["requestContext"]["functionArn"].endswith(f":function:{name}")
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    batch = record["KinesisBatchInfo"]
    assert (batch["shardId"], batch["batchSize"], batch["streamArn"]) == ("shardId-000000000000", 1, stream.arn)
    [inner] = json.loads(record["payload"])["Records"]
    assert inner["kinesis"]["sequenceNumber"] == batch["startSequenceNumber"] == batch["endSequenceNumber"]
    # A bucket that is not there stops nothing.
    house.lam.update_event_source_mapping(
        UUID=mapping["UUID"], DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::nobody-has-this-one"}})
    stream.put("bad", "later")
    wait_until(lambda: "later" in stream.seen())


def test_tags_of_mappings(house):
    stream = Stream(house)
    mapping = house.lam.create_event_source_mapping(
        FunctionName=stream.function(), EventSourceArn=stream.arn, StartingPosition="LATEST", Tags={"team": "lake"})
    arn = mapping["EventSourceMappingArn"]
    house.lam.tag_resource(Resource=arn, Tags={"stage": "test"})
    house.lam.untag_resource(Resource=arn, TagKeys=["team"])
    assert house.lam.list_tags(Resource=arn)["Tags"] == {"stage": "test"}
    assert house.lam.get_event_source_mapping(UUID=mapping["UUID"])["BatchSize"] == 100
    assert refused(house.lam.list_tags, Resource=arn[:-4] + "0000")[0] == "ResourceNotFoundException"


def test_destinations_of_mappings_that_are_refused(house):
    stream = Stream(house)
    name = stream.function()

    def create(**config):
        return refused(
            house.lam.create_event_source_mapping, FunctionName=name, EventSourceArn=stream.arn, StartingPosition="LATEST",
            DestinationConfig=config)[0]

    base = f":us-east-1:{ACCOUNT}:"
    assert create(OnFailure={"Destination": f"arn:aws:sqs{base}q"}) == "NotImplemented"
    assert create(OnFailure={"Destination": f"arn:aws:sns{base}t"}) == "NotImplemented"
    assert create(OnFailure={"Destination": f"arn:aws:lambda{base}function:{name}"}) == "InvalidParameterValueException"
    assert create(OnFailure={"Destination": "arn:aws:s3:::bucket/key"}) == "InvalidParameterValueException"
    assert create(OnSuccess={"Destination": "arn:aws:s3:::bucket"}) == "InvalidParameterValueException"
    assert house.lam.list_event_source_mappings(FunctionName=name)["EventSourceMappings"] == []


def test_failed_events_go_to_a_bucket(house):
    bucket = house.unique("failures")
    house.s3.create_bucket(Bucket=bucket)
    house.allow("s3:PutObject")
    name = house.make("def handler(e, c): return 1 / e['n']")
    config = {"OnFailure": {"Destination": f"arn:aws:s3:::{bucket}"}}
    house.lam.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0, DestinationConfig=config)
    house.call(name, {"n": 0}, InvocationType="Event")
    [(key, record)] = wait_until(lambda: objects(house, bucket)).items()
    assert re.fullmatch(rf"aws/lambda/async/{name}/\d{{4}}/\d\d/\d\d/\d{{4}}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[0-9a-f-]{{36}}", key)
    assert (record["requestPayload"], record["requestContext"]["condition"]) == ({"n": 0}, "RetriesExhausted")
    assert record["responsePayload"]["errorType"] == "ZeroDivisionError"
    # Successes do not go to buckets.
    assert refused(
        house.lam.put_function_event_invoke_config, FunctionName=name,
        DestinationConfig={"OnSuccess": {"Destination": f"arn:aws:s3:::{bucket}"}})[0] == "InvalidParameterValueException"
    assert house.lam.get_function_event_invoke_config(FunctionName=name)["DestinationConfig"]["OnFailure"] == config["OnFailure"]


def test_dead_letter_queues_are_refused(house):
    name = house.make(ECHO)
    for service, code in (("sqs", "NotImplemented"), ("sns", "NotImplemented"), ("lambda", "InvalidParameterValueException")):
        target = {"TargetArn": f"arn:aws:{service}:us-east-1:{ACCOUNT}:q"}
        assert refused(house.lam.update_function_configuration, FunctionName=name, DeadLetterConfig=target)[0] == code
    assert refused(
        house.lam.update_function_configuration, FunctionName=name, DeadLetterConfig={"TargetArn": "nonsense"})[0] in (
            "InvalidParameterValueException", "ValidationException")
    # What Terraform sends to say that there is none.
    house.lam.update_function_configuration(FunctionName=name, DeadLetterConfig={"TargetArn": ""})
