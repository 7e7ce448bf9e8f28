"""Kinesis Data Streams through boto3 and the AWS CLI: streams, records, iterators, retention, tags, resharding."""

import datetime
import hashlib
import json
import time

import pytest
from botocore.exceptions import ClientError
from conftest import wait_until

RING = 2**128
ACCOUNT = "000000000000"


@pytest.fixture(scope="session")
def kinesis(tarn):
    return tarn.client("kinesis")


@pytest.fixture
def stream(kinesis, unique):
    """Makes streams and takes them away again."""
    made = []

    def make(shards=1, **options):
        name = unique("stream")
        kinesis.create_stream(StreamName=name, **({"ShardCount": shards} if shards else {}), **options)
        kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
        made.append(name)
        return name

    yield make
    for name in made:
        try:
            kinesis.delete_stream(StreamName=name, EnforceConsumerDeletion=True)
        except kinesis.exceptions.ResourceNotFoundException:
            pass


def refused(call, **options):
    """Calls and gives the code and message of the refusal."""
    with pytest.raises(ClientError) as caught:
        call(**options)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def shard_id(index):
    return f"shardId-{index:012d}"


def iterator(kinesis, name, shard=shard_id(0), kind="TRIM_HORIZON", **options):
    return kinesis.get_shard_iterator(StreamName=name, ShardId=shard, ShardIteratorType=kind, **options)["ShardIterator"]


def read(kinesis, name, shard=shard_id(0), kind="TRIM_HORIZON", wait=0.21, **options):
    """All records from an iterator on; slow enough for the shard's five calls a second."""
    at, found = iterator(kinesis, name, shard, kind, **options), []
    while at:
        answer = kinesis.get_records(ShardIterator=at)
        found += answer["Records"]
        if answer["MillisBehindLatest"] == 0 and not answer["Records"]:
            break
        at = answer.get("NextShardIterator")
        time.sleep(wait)
    return found


def test_life_of_a_provisioned_stream(kinesis, unique):
    name = unique("stream")
    kinesis.create_stream(StreamName=name, ShardCount=3)
    kinesis.get_waiter("stream_exists").wait(StreamName=name)
    arn = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/{name}"
    about = kinesis.describe_stream(StreamName=name)["StreamDescription"]
    assert about["StreamARN"] == arn
    assert about["StreamStatus"] == "ACTIVE"
    assert about["StreamModeDetails"] == {"StreamMode": "PROVISIONED"}
    assert about["RetentionPeriodHours"] == 24
    assert about["EncryptionType"] == "NONE"
    assert about["EnhancedMonitoring"] == [{"ShardLevelMetrics": []}]
    assert about["HasMoreShards"] is False
    age = datetime.datetime.now(datetime.timezone.utc) - about["StreamCreationTimestamp"]
    assert abs(age.total_seconds()) < 60
    ranges = [
        (int(shard["HashKeyRange"]["StartingHashKey"]), int(shard["HashKeyRange"]["EndingHashKey"]))
        for shard in about["Shards"]
    ]
    assert ranges[0][0] == 0 and ranges[-1][1] == RING - 1
    assert all(left[1] + 1 == right[0] for left, right in zip(ranges, ranges[1:]))
    assert [shard["ShardId"] for shard in about["Shards"]] == [shard_id(0), shard_id(1), shard_id(2)]
    assert all("EndingSequenceNumber" not in shard["SequenceNumberRange"] for shard in about["Shards"])

    summary = kinesis.describe_stream_summary(StreamARN=arn)["StreamDescriptionSummary"]
    assert (summary["StreamName"], summary["OpenShardCount"], summary["ConsumerCount"]) == (name, 3, 0)
    assert refused(kinesis.create_stream, StreamName=name, ShardCount=1) == (
        "ResourceInUseException",
        f"Stream {name} under account {ACCOUNT} already exists.",
    )
    assert name in {item["StreamName"] for page in kinesis.get_paginator("list_streams").paginate() for item in page["StreamSummaries"]}

    kinesis.delete_stream(StreamARN=arn)
    kinesis.get_waiter("stream_not_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    missing = ("ResourceNotFoundException", f"Stream {name} under account {ACCOUNT} not found.")
    assert refused(kinesis.describe_stream, StreamName=name) == missing
    assert refused(kinesis.describe_stream_summary, StreamName=name) == missing
    assert refused(kinesis.delete_stream, StreamName=name) == missing
    assert refused(kinesis.put_record, StreamName=name, Data=b"x", PartitionKey="k") == missing
    assert refused(kinesis.list_shards, StreamName=name)[0] == "ResourceNotFoundException"


def test_on_demand(kinesis, stream):
    name = stream(0, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    assert summary["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert summary["OpenShardCount"] == 4
    code, _ = refused(kinesis.update_shard_count, StreamName=name, TargetShardCount=8, ScalingType="UNIFORM_SCALING")
    assert code == "ValidationException"
    kinesis.update_stream_mode(StreamARN=summary["StreamARN"], StreamModeDetails={"StreamMode": "PROVISIONED"})
    wait_until(lambda: kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE")
    after = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    assert (after["StreamModeDetails"]["StreamMode"], after["OpenShardCount"]) == ("PROVISIONED", 4)
    limits = kinesis.describe_limits()
    assert limits["OnDemandStreamCountLimit"] >= 50 and limits["OpenShardCount"] >= 4


def test_creation_refused(kinesis, unique):
    name = unique("stream")
    assert refused(kinesis.create_stream, StreamName=name)[0] in {"ValidationException", "InvalidArgumentException"}
    code, message = refused(kinesis.create_stream, StreamName="no spaces", ShardCount=1)
    assert code == "ValidationException"
    assert "Value 'no spaces' at 'streamName' failed to satisfy constraint" in message
    assert refused(kinesis.create_stream, StreamName=name, ShardCount=1_000_000)[0] == "LimitExceededException"
    assert refused(kinesis.create_stream, StreamName=name, ShardCount=2, StreamModeDetails={"StreamMode": "ON_DEMAND"})[0]
    assert refused(kinesis.describe_stream, StreamName=name)[0] == "ResourceNotFoundException"


def test_listing_pages_and_filters(kinesis, stream):
    names = sorted(stream() for _ in range(3))
    found, options = [], {"Limit": 2}
    while True:
        page = kinesis.list_streams(**options)
        assert len(page["StreamNames"]) <= 2
        found += page["StreamNames"]
        if not page["HasMoreStreams"]:
            break
        options = {"Limit": 2, "NextToken": page["NextToken"]}
    assert [name for name in found if name in names] == names
    assert kinesis.list_streams(ExclusiveStartStreamName=names[0], Limit=1)["StreamNames"][0] > names[0]

    name = stream(5)
    page = kinesis.list_shards(StreamName=name, MaxResults=2)
    ids = [shard["ShardId"] for shard in page["Shards"]]
    while "NextToken" in page:
        page = kinesis.list_shards(NextToken=page["NextToken"], MaxResults=2)
        ids += [shard["ShardId"] for shard in page["Shards"]]
    assert ids == [shard_id(index) for index in range(5)]
    assert refused(kinesis.list_shards, NextToken=kinesis.list_shards(StreamName=name, MaxResults=1)["NextToken"], StreamName=name)[0] == "InvalidArgumentException"
    assert refused(kinesis.list_shards, NextToken="bm9uc2Vuc2U=")[0] in {"InvalidArgumentException", "ExpiredNextTokenException"}
    after = kinesis.list_shards(StreamName=name, ExclusiveStartShardId=shard_id(2))["Shards"]
    assert [shard["ShardId"] for shard in after] == [shard_id(3), shard_id(4)]
    paged = kinesis.describe_stream(StreamName=name, Limit=2)["StreamDescription"]
    assert len(paged["Shards"]) == 2 and paged["HasMoreShards"] is True
    rest = kinesis.describe_stream(StreamName=name, ExclusiveStartShardId=shard_id(1))["StreamDescription"]
    assert [shard["ShardId"] for shard in rest["Shards"]] == [shard_id(2), shard_id(3), shard_id(4)]


def test_shard_filters_after_a_split(kinesis, stream):
    name = stream(1)
    time.sleep(1.1)
    before = datetime.datetime.now(datetime.timezone.utc)
    kinesis.split_shard(StreamName=name, ShardToSplit=shard_id(0), NewStartingHashKey=str(RING // 2))
    wait_active(kinesis, name)

    def listed(**filters):
        return [shard["ShardId"] for shard in kinesis.list_shards(StreamName=name, ShardFilter=filters)["Shards"]]

    parent, children = [shard_id(0)], [shard_id(1), shard_id(2)]
    assert listed(Type="AT_LATEST") == children
    assert listed(Type="AT_TRIM_HORIZON") == parent
    assert listed(Type="FROM_TRIM_HORIZON") == parent + children
    assert listed(Type="AT_TIMESTAMP", Timestamp=before) == parent
    assert listed(Type="FROM_TIMESTAMP", Timestamp=before) == parent + children
    assert listed(Type="AFTER_SHARD_ID", ShardId=shard_id(0)) == children
    assert refused(kinesis.list_shards, StreamName=name, ShardFilter={"Type": "AT_TIMESTAMP"})[0] == "InvalidArgumentException"


def wait_active(kinesis, name):
    wait_until(
        lambda: kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE"
    )


def test_records_go_where_their_keys_point(kinesis, stream):
    name = stream(4)
    ranges = {
        shard["ShardId"]: range(int(shard["HashKeyRange"]["StartingHashKey"]), int(shard["HashKeyRange"]["EndingHashKey"]) + 1)
        for shard in kinesis.list_shards(StreamName=name)["Shards"]
    }
    keys = [f"käy-{index}" for index in range(40)]
    answer = kinesis.put_records(
        StreamName=name, Records=[{"Data": key.encode(), "PartitionKey": key} for key in keys]
    )
    assert answer["FailedRecordCount"] == 0 and "EncryptionType" not in answer
    for key, entry in zip(keys, answer["Records"]):
        place = int.from_bytes(hashlib.md5(key.encode()).digest(), "big")
        assert place in ranges[entry["ShardId"]]
    last = kinesis.put_record(StreamName=name, Data=b"x", PartitionKey="anything", ExplicitHashKey=str(RING - 1))
    assert last["ShardId"] == shard_id(3)
    first = kinesis.put_record(StreamName=name, Data=b"", PartitionKey="anything", ExplicitHashKey="0")
    assert first["ShardId"] == shard_id(0)
    code, message = refused(
        kinesis.put_record, StreamName=name, Data=b"x", PartitionKey="k", ExplicitHashKey=str(RING)
    )
    assert code == "InvalidArgumentException" and "ExplicitHashKey must be in the range: [0, 2^128-1]" in message
    code, message = refused(kinesis.put_record, StreamName=name, Data=b"x", PartitionKey="k", ExplicitHashKey="007")
    assert code == "ValidationException" and "0|([1-9]\\d{0,38})" in message
    found = {record["PartitionKey"] for shard in ranges for record in read(kinesis, name, shard)}
    assert found == {*keys, "anything"}


def test_sequence_numbers_grow_and_order(kinesis, stream):
    name = stream(1)
    numbers, previous = [], None
    for index in range(5):
        ordering = {"SequenceNumberForOrdering": previous} if previous else {}
        previous = kinesis.put_record(StreamName=name, Data=b"%d" % index, PartitionKey="same", **ordering)["SequenceNumber"]
        numbers.append(previous)
    batch = kinesis.put_records(
        StreamName=name, Records=[{"Data": b"%d" % index, "PartitionKey": "same"} for index in range(5, 100)]
    )
    numbers += [entry["SequenceNumber"] for entry in batch["Records"]]
    assert [int(number) for number in numbers] == sorted({int(number) for number in numbers})
    assert all(len(number) == 56 for number in numbers)
    start = kinesis.list_shards(StreamName=name)["Shards"][0]["SequenceNumberRange"]["StartingSequenceNumber"]
    assert int(start) < int(numbers[0])
    records = read(kinesis, name)
    assert [record["SequenceNumber"] for record in records] == numbers
    assert [record["Data"] for record in records] == [b"%d" % index for index in range(100)]
    assert refused(
        kinesis.put_record, StreamName=name, Data=b"x", PartitionKey="k", SequenceNumberForOrdering="49" + "9" * 60
    )[0] in {"InvalidArgumentException", "ValidationException"}


def test_five_kinds_of_iterator(kinesis, stream):
    name = stream(1)
    first = [kinesis.put_record(StreamName=name, Data=b"%d" % index, PartitionKey="k") for index in range(3)]
    latest = iterator(kinesis, name, kind="LATEST")
    # botocore sends whole seconds.
    time.sleep(1.1)
    kinesis.put_record(StreamName=name, Data=b"3", PartitionKey="k")
    stamps = [record["ApproximateArrivalTimestamp"] for record in read(kinesis, name)]
    number = first[1]["SequenceNumber"]

    def data(at, **options):
        time.sleep(0.21)
        return [record["Data"] for record in kinesis.get_records(ShardIterator=at, **options)["Records"]]

    assert data(iterator(kinesis, name)) == [b"0", b"1", b"2", b"3"]
    assert data(latest) == [b"3"]
    assert data(iterator(kinesis, name, kind="AT_SEQUENCE_NUMBER", StartingSequenceNumber=number)) == [b"1", b"2", b"3"]
    assert data(iterator(kinesis, name, kind="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=number)) == [b"2", b"3"]
    assert data(iterator(kinesis, name, kind="AT_TIMESTAMP", Timestamp=stamps[3])) == [b"3"]
    assert data(iterator(kinesis, name, kind="AT_TIMESTAMP", Timestamp=datetime.datetime(2020, 1, 1))) == [b"0", b"1", b"2", b"3"]
    assert data(iterator(kinesis, name), Limit=2) == [b"0", b"1"]

    ask = {"StreamName": name, "ShardId": shard_id(0)}
    assert refused(kinesis.get_shard_iterator, **ask, ShardIteratorType="AT_SEQUENCE_NUMBER")[0] == "InvalidArgumentException"
    assert refused(kinesis.get_shard_iterator, **ask, ShardIteratorType="AT_TIMESTAMP")[0] == "InvalidArgumentException"
    code, message = refused(kinesis.get_shard_iterator, **ask, ShardIteratorType="OLDEST")
    assert code == "ValidationException" and "Member must satisfy enum value set: [" in message
    future = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    assert refused(kinesis.get_shard_iterator, **ask, ShardIteratorType="AT_TIMESTAMP", Timestamp=future)[0] == "InvalidArgumentException"
    code, message = refused(kinesis.get_shard_iterator, StreamName=name, ShardId=shard_id(7), ShardIteratorType="LATEST")
    assert (code, message) == (
        "ResourceNotFoundException",
        f"Shard {shard_id(7)} in stream {name} under account {ACCOUNT} does not exist",
    )
    assert refused(kinesis.get_records, ShardIterator="AAAA" * 20) == ("InvalidArgumentException", "Invalid ShardIterator.")
    code, message = refused(kinesis.get_records, ShardIterator=iterator(kinesis, name), Limit=10_001)
    assert code == "ValidationException" and "Member must have value less than or equal to 10000" in message


def test_iterators_die_with_their_stream(kinesis, stream):
    name = stream(1)
    at = iterator(kinesis, name)
    kinesis.delete_stream(StreamName=name)
    kinesis.get_waiter("stream_not_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    assert refused(kinesis.get_records, ShardIterator=at)[0] == "ResourceNotFoundException"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=name)
    assert refused(kinesis.get_records, ShardIterator=at)[0] == "ResourceNotFoundException"


def test_behind_latest(kinesis, stream):
    name = stream(1)
    for index in range(2):
        kinesis.put_record(StreamName=name, Data=b"%d" % index, PartitionKey="k")
        time.sleep(0.3)
    answer = kinesis.get_records(ShardIterator=iterator(kinesis, name), Limit=1)
    assert 300 <= answer["MillisBehindLatest"] < 60_000
    answer = kinesis.get_records(ShardIterator=answer["NextShardIterator"], Limit=1)
    assert [record["Data"] for record in answer["Records"]] == [b"1"]
    assert answer["MillisBehindLatest"] == 0 and answer["NextShardIterator"]


def test_retention(kinesis, stream):
    name = stream(1)
    kinesis.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=168)
    wait_active(kinesis, name)
    assert kinesis.describe_stream(StreamName=name)["StreamDescription"]["RetentionPeriodHours"] == 168
    assert refused(kinesis.increase_stream_retention_period, StreamName=name, RetentionPeriodHours=48)[0] == "InvalidArgumentException"
    kinesis.decrease_stream_retention_period(StreamName=name, RetentionPeriodHours=24)
    wait_active(kinesis, name)
    assert kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["RetentionPeriodHours"] == 24
    code, message = refused(kinesis.decrease_stream_retention_period, StreamName=name, RetentionPeriodHours=1)
    assert code == "InvalidArgumentException" and "Minimum allowed retention period is 24 hours" in message
    code, message = refused(kinesis.increase_stream_retention_period, StreamName=name, RetentionPeriodHours=8761)
    assert code == "InvalidArgumentException" and "8760" in message
    assert refused(kinesis.decrease_stream_retention_period, StreamName=name, RetentionPeriodHours=100)[0] == "InvalidArgumentException"


def test_tags(kinesis, stream):
    name = stream(1, Tags={"born": "with"})
    arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    kinesis.add_tags_to_stream(StreamName=name, Tags={"team": "data", "cost": "1", "empty": ""})
    kinesis.remove_tags_from_stream(StreamARN=arn, TagKeys=["cost", "never-there"])
    page = kinesis.list_tags_for_stream(StreamName=name, Limit=1)
    assert page["HasMoreTags"] is True and page["Tags"] == [{"Key": "born", "Value": "with"}]
    rest = kinesis.list_tags_for_stream(StreamName=name, ExclusiveStartTagKey="born")
    assert rest["Tags"] == [{"Key": "empty", "Value": ""}, {"Key": "team", "Value": "data"}]
    assert rest["HasMoreTags"] is False
    kinesis.tag_resource(ResourceARN=arn, Tags={"new": "one"})
    kinesis.untag_resource(ResourceARN=arn, TagKeys=["team", "empty"])
    assert {tag["Key"] for tag in kinesis.list_tags_for_resource(ResourceARN=arn)["Tags"]} == {"born", "new"}
    many = [{f"k{part}-{index}": "v" for index in range(10)} for part in range(5)]
    for tags in many[:4]:
        kinesis.add_tags_to_stream(StreamName=name, Tags=tags)
    assert refused(kinesis.add_tags_to_stream, StreamName=name, Tags=many[4])[0] in {"LimitExceededException", "InvalidArgumentException"}
    assert len(kinesis.list_tags_for_stream(StreamName=name)["Tags"]) == 42
    assert refused(kinesis.add_tags_to_stream, StreamName=name, Tags={"aws:mine": "no"})[0] == "InvalidArgumentException"


def test_split_and_merge(kinesis, stream):
    name = stream(1)
    for index in range(10):
        kinesis.put_record(StreamName=name, Data=b"parent %d" % index, PartitionKey="k", ExplicitHashKey=str(index))
    kinesis.split_shard(StreamName=name, ShardToSplit=shard_id(0), NewStartingHashKey=str(RING // 4))
    wait_active(kinesis, name)
    shards = {shard["ShardId"]: shard for shard in kinesis.list_shards(StreamName=name)["Shards"]}
    assert "EndingSequenceNumber" in shards[shard_id(0)]["SequenceNumberRange"]
    for child in (1, 2):
        assert shards[shard_id(child)]["ParentShardId"] == shard_id(0)
        assert "AdjacentParentShardId" not in shards[shard_id(child)]
    assert shards[shard_id(2)]["HashKeyRange"] == {"StartingHashKey": str(RING // 4), "EndingHashKey": str(RING - 1)}
    for place, child in ((0, 1), (RING // 4, 2)):
        put = kinesis.put_record(StreamName=name, Data=b"child", PartitionKey="k", ExplicitHashKey=str(place))
        assert put["ShardId"] == shard_id(child)

    # The parent gives all that it holds, then names its children and ends.
    answer = kinesis.get_records(ShardIterator=iterator(kinesis, name))
    assert [record["Data"] for record in answer["Records"]] == [b"parent %d" % index for index in range(10)]
    assert "NextShardIterator" not in answer
    assert [child["ShardId"] for child in answer["ChildShards"]] == [shard_id(1), shard_id(2)]
    assert answer["ChildShards"][0]["ParentShards"] == [shard_id(0)]
    assert answer["ChildShards"][0]["HashKeyRange"] == {"StartingHashKey": "0", "EndingHashKey": str(RING // 4 - 1)}
    code, message = refused(kinesis.split_shard, StreamName=name, ShardToSplit=shard_id(0), NewStartingHashKey="5")
    assert code in {"InvalidArgumentException", "ResourceInUseException"} and shard_id(0) in message
    assert refused(kinesis.split_shard, StreamName=name, ShardToSplit=shard_id(1), NewStartingHashKey=str(RING // 2))[0] == "InvalidArgumentException"
    assert refused(kinesis.split_shard, StreamName=name, ShardToSplit=shard_id(9), NewStartingHashKey="9")[0] == "ResourceNotFoundException"

    kinesis.merge_shards(StreamName=name, ShardToMerge=shard_id(1), AdjacentShardToMerge=shard_id(2))
    wait_active(kinesis, name)
    merged = kinesis.list_shards(StreamName=name, ExclusiveStartShardId=shard_id(2))["Shards"][0]
    assert (merged["ParentShardId"], merged["AdjacentParentShardId"]) == (shard_id(1), shard_id(2))
    assert merged["HashKeyRange"] == {"StartingHashKey": "0", "EndingHashKey": str(RING - 1)}
    assert [record["Data"] for record in read(kinesis, name, shard_id(1))] == [b"child"]
    assert refused(kinesis.merge_shards, StreamName=name, ShardToMerge=shard_id(3), AdjacentShardToMerge=shard_id(3))[0] == "InvalidArgumentException"


def test_update_shard_count(kinesis, stream):
    name = stream(2)
    keys = [f"key-{index}" for index in range(60)]
    kinesis.put_records(StreamName=name, Records=[{"Data": b"before", "PartitionKey": key} for key in keys])
    answer = kinesis.update_shard_count(StreamName=name, TargetShardCount=4, ScalingType="UNIFORM_SCALING")
    assert (answer["CurrentShardCount"], answer["TargetShardCount"]) == (2, 4)
    wait_active(kinesis, name)
    opened = kinesis.list_shards(StreamName=name, ShardFilter={"Type": "AT_LATEST"})["Shards"]
    assert [int(shard["HashKeyRange"]["StartingHashKey"]) for shard in opened] == [RING // 4 * part for part in range(4)]
    kinesis.put_records(StreamName=name, Records=[{"Data": b"after", "PartitionKey": key} for key in keys])
    everything = [
        record
        for shard in kinesis.list_shards(StreamName=name)["Shards"]
        for record in read(kinesis, name, shard["ShardId"])
    ]
    assert sorted(record["Data"] for record in everything) == [b"after"] * 60 + [b"before"] * 60
    ask = {"StreamName": name, "ScalingType": "UNIFORM_SCALING"}
    code, message = refused(kinesis.update_shard_count, **ask, TargetShardCount=9)
    assert code == "InvalidArgumentException" and "cannot scale up over double your current open shard count" in message
    assert refused(kinesis.update_shard_count, **ask, TargetShardCount=1)[0] == "InvalidArgumentException"
    kinesis.update_shard_count(**ask, TargetShardCount=2)
    wait_active(kinesis, name)
    assert kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["OpenShardCount"] == 2


def test_encryption(kinesis, stream):
    name = stream(1)
    kinesis.start_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId="alias/aws/kinesis")
    wait_active(kinesis, name)
    about = kinesis.describe_stream(StreamName=name)["StreamDescription"]
    assert (about["EncryptionType"], about["KeyId"]) == ("KMS", "alias/aws/kinesis")
    assert kinesis.put_record(StreamName=name, Data=b"secret", PartitionKey="k")["EncryptionType"] == "KMS"
    kinesis.stop_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId="alias/aws/kinesis")
    wait_active(kinesis, name)
    about = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    assert about["EncryptionType"] == "NONE" and "KeyId" not in about
    assert "EncryptionType" not in kinesis.put_record(StreamName=name, Data=b"open", PartitionKey="k")
    records = read(kinesis, name)
    assert [record.get("EncryptionType") for record in records] == ["KMS", None]
    assert [record["Data"] for record in records] == [b"secret", b"open"]
    assert refused(kinesis.start_stream_encryption, StreamName=name, EncryptionType="NONE", KeyId="k")[0] == "InvalidArgumentException"


def test_stream_arns(kinesis, stream):
    name = stream(1)
    arn = kinesis.describe_stream(StreamName=name)["StreamDescription"]["StreamARN"]
    kinesis.put_record(StreamARN=arn, Data=b"1", PartitionKey="k")
    kinesis.put_records(StreamARN=arn, Records=[{"Data": b"2", "PartitionKey": "k"}])
    kinesis.put_record(StreamARN=arn, StreamName=name, Data=b"3", PartitionKey="k")
    at = kinesis.get_shard_iterator(StreamARN=arn, ShardId=shard_id(0), ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    assert len(kinesis.get_records(ShardIterator=at, StreamARN=arn)["Records"]) == 3
    assert len(kinesis.list_shards(StreamARN=arn)["Shards"]) == 1
    assert refused(kinesis.describe_stream, StreamARN=arn, StreamName="another")[0] in {"InvalidArgumentException", "ValidationException"}
    assert refused(kinesis.describe_stream)[0] in {"InvalidArgumentException", "ValidationException"}
    elsewhere = arn.replace(name, "nowhere")
    assert refused(kinesis.describe_stream, StreamARN=elsewhere)[0] == "ResourceNotFoundException"


def test_enhanced_monitoring(kinesis, stream):
    name = stream(1)
    answer = kinesis.enable_enhanced_monitoring(StreamName=name, ShardLevelMetrics=["IncomingBytes", "OutgoingRecords"])
    assert (answer["CurrentShardLevelMetrics"], sorted(answer["DesiredShardLevelMetrics"])) == ([], ["IncomingBytes", "OutgoingRecords"])
    answer = kinesis.disable_enhanced_monitoring(StreamName=name, ShardLevelMetrics=["ALL"])
    assert answer["DesiredShardLevelMetrics"] == []


def test_records_survive_a_kill_and_a_restart(fresh_tarn):
    tarn = fresh_tarn("--lift-shard-limits")
    kinesis = tarn.client("kinesis")
    kinesis.create_stream(StreamName="kept", ShardCount=2, Tags={"a": "b"})
    kinesis.put_records(
        StreamName="kept", Records=[{"Data": b"%d" % index, "PartitionKey": str(index)} for index in range(500)]
    )
    held = iterator(kinesis, "kept")
    kinesis.split_shard(StreamName="kept", ShardToSplit=shard_id(0), NewStartingHashKey=str(RING // 4))
    kinesis.put_record(StreamName="kept", Data=b"500", PartitionKey="k", ExplicitHashKey="1")
    numbers = [record["SequenceNumber"] for record in read(kinesis, "kept", wait=0)]
    for end in (tarn.kill, tarn.stop):
        end()
        tarn.start()
        kinesis = tarn.client("kinesis")
        shards = [shard["ShardId"] for shard in kinesis.list_shards(StreamName="kept")["Shards"]]
        assert shards == [shard_id(index) for index in range(4)]
        records = [record for shard in shards for record in read(kinesis, "kept", shard, wait=0)]
        assert sorted(int(record["Data"]) for record in records) == list(range(501))
        assert [record["SequenceNumber"] for record in read(kinesis, "kept", wait=0)] == numbers
        assert kinesis.get_records(ShardIterator=held)["Records"][0]["SequenceNumber"] == numbers[0]
        assert kinesis.list_tags_for_stream(StreamName="kept")["Tags"] == [{"Key": "a", "Value": "b"}]


def test_command_line(tarn, stream):
    name = stream(1)
    put = json.loads(
        tarn.cli("kinesis", "put-record", "--stream-name", name, "--partition-key", "k", "--data", "hello")
    )
    assert put["ShardId"] == shard_id(0)
    at = json.loads(
        tarn.cli("kinesis", "get-shard-iterator", "--stream-name", name, "--shard-id", shard_id(0),
                 "--shard-iterator-type", "TRIM_HORIZON")
    )["ShardIterator"]
    records = json.loads(tarn.cli("kinesis", "get-records", "--shard-iterator", at))["Records"]
    assert (records[0]["Data"], records[0]["SequenceNumber"]) == ("aGVsbG8=", put["SequenceNumber"])
    assert name in json.loads(tarn.cli("kinesis", "list-streams"))["StreamNames"]
