"""Registered consumers of a Kinesis stream, and what SubscribeToShard pushes to them."""

import datetime
import signal
import threading
import time

import pytest
from botocore.exceptions import ClientError, EventStreamError
from conftest import wait_until

RING = 2**128
SHARD = "shardId-000000000000"


@pytest.fixture(scope="session")
def kinesis(tarn):
    return tarn.client("kinesis", read_timeout=30)


@pytest.fixture
def consumer(kinesis, unique):
    """Makes a stream with a consumer; gives the stream's name and the consumer's ARN."""
    name = unique("fan")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    made = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="reader")["Consumer"]
    yield name, made["ConsumerARN"]
    kinesis.delete_stream(StreamName=name, EnforceConsumerDeletion=True)


def refused(call, **options):
    with pytest.raises(ClientError) as caught:
        call(**options)
    return caught.value.response["Error"]["Code"]


def subscribe(kinesis, arn, kind="TRIM_HORIZON", **position):
    return kinesis.subscribe_to_shard(
        ConsumerARN=arn, ShardId=SHARD, StartingPosition={"Type": kind, **position}
    )["EventStream"]


def events(stream, until):
    """The events of a subscription up to the first that `until` says is enough."""
    found = []
    for message in stream:
        found.append(message["SubscribeToShardEvent"])
        if until(found):
            break
    stream.close()
    return found


def data(found):
    return [record["Data"] for event in found for record in event["Records"]]


def test_consumers(kinesis, unique):
    name = unique("consumers")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    for index in range(3):
        made = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=f"c{index}", Tags={"n": str(index)})["Consumer"]
        assert made["ConsumerARN"].startswith(f"{arn}/consumer/c{index}:")
        assert made["ConsumerStatus"] in {"CREATING", "ACTIVE"}
    assert refused(kinesis.register_stream_consumer, StreamARN=arn, ConsumerName="c0") == "ResourceInUseException"
    found, options = [], {}
    while True:
        page = kinesis.list_stream_consumers(StreamARN=arn, MaxResults=2, **options)
        found += [item["ConsumerName"] for item in page["Consumers"]]
        if "NextToken" not in page:
            break
        options = {"NextToken": page["NextToken"]}
    assert found == ["c0", "c1", "c2"]
    about = kinesis.describe_stream_consumer(StreamARN=arn, ConsumerName="c1")["ConsumerDescription"]
    assert (about["StreamARN"], about["ConsumerStatus"]) == (arn, "ACTIVE")
    assert kinesis.describe_stream_consumer(ConsumerARN=about["ConsumerARN"])["ConsumerDescription"] == about
    assert kinesis.list_tags_for_resource(ResourceARN=about["ConsumerARN"])["Tags"] == [{"Key": "n", "Value": "1"}]
    assert kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["ConsumerCount"] == 3
    assert refused(kinesis.delete_stream, StreamName=name) == "ResourceInUseException"
    kinesis.deregister_stream_consumer(ConsumerARN=about["ConsumerARN"])
    kinesis.deregister_stream_consumer(StreamARN=arn, ConsumerName="c0")
    assert refused(kinesis.describe_stream_consumer, StreamARN=arn, ConsumerName="c1") == "ResourceNotFoundException"
    assert refused(subscribe, kinesis=kinesis, arn=about["ConsumerARN"]) == "ResourceNotFoundException"
    kinesis.delete_stream(StreamName=name, EnforceConsumerDeletion=True)


def test_twenty_consumers(kinesis, unique):
    name = unique("consumers")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    for index in range(20):
        kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=f"c{index}")
    assert refused(kinesis.register_stream_consumer, StreamARN=arn, ConsumerName="more") == "LimitExceededException"
    kinesis.delete_stream(StreamName=name, EnforceConsumerDeletion=True)


def test_records_are_pushed(kinesis, consumer):
    name, arn = consumer
    numbers = [
        kinesis.put_record(StreamName=name, Data=b"%d" % index, PartitionKey="k")["SequenceNumber"] for index in range(3)
    ]
    stream = subscribe(kinesis, arn)
    later = threading.Timer(1, lambda: kinesis.put_record(StreamName=name, Data=b"3", PartitionKey="k"))
    later.start()
    found = events(stream, lambda found: len(data(found)) == 4)
    later.join()
    assert data(found) == [b"0", b"1", b"2", b"3"]
    first = found[0]["Records"][0]
    assert (first["SequenceNumber"], first["PartitionKey"]) == (numbers[0], "k")
    assert isinstance(first["ApproximateArrivalTimestamp"], datetime.datetime)
    assert found[-1]["MillisBehindLatest"] == 0
    # The number to go on with is that of the last record pushed.
    assert found[-1]["ContinuationSequenceNumber"] == found[-1]["Records"][-1]["SequenceNumber"]
    at = kinesis.get_shard_iterator(StreamName=name, ShardId=SHARD, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    assert [record["Data"] for record in kinesis.get_records(ShardIterator=at)["Records"]] == data(found)


def test_starting_positions(kinesis, consumer):
    name, arn = consumer
    stream = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    numbers = [
        kinesis.put_record(StreamName=name, Data=b"%d" % index, PartitionKey="k")["SequenceNumber"] for index in range(3)
    ]

    def from_(kind, **position):
        # Each of them a consumer of its own: a second subscription of one consumer has to wait.
        name = f"c{len(kinesis.list_stream_consumers(StreamARN=stream)['Consumers'])}"
        made = kinesis.register_stream_consumer(StreamARN=stream, ConsumerName=name)["Consumer"]
        return data(events(subscribe(kinesis, made["ConsumerARN"], kind, **position), lambda found: True))

    assert from_("AT_SEQUENCE_NUMBER", SequenceNumber=numbers[1]) == [b"1", b"2"]
    assert from_("AFTER_SEQUENCE_NUMBER", SequenceNumber=numbers[1]) == [b"2"]
    assert from_("AT_TIMESTAMP", Timestamp=datetime.datetime(2020, 1, 1)) == [b"0", b"1", b"2"]
    assert from_("LATEST") == []
    assert refused(subscribe, kinesis=kinesis, arn=arn, kind="AT_SEQUENCE_NUMBER") == "InvalidArgumentException"
    assert refused(subscribe, kinesis=kinesis, arn=arn, kind="SOMEWHERE") == "ValidationException"
    assert (
        refused(
            kinesis.subscribe_to_shard, ConsumerARN=arn, ShardId="shardId-000000000007", StartingPosition={"Type": "LATEST"}
        )
        == "ResourceNotFoundException"
    )


def test_going_on_after_nothing(kinesis, consumer):
    name, arn = consumer
    found = events(subscribe(kinesis, arn, "LATEST"), lambda found: True)
    assert data(found) == []
    kinesis.put_record(StreamName=name, Data=b"new", PartitionKey="k")
    time.sleep(5.1)
    stream = subscribe(kinesis, arn, "AFTER_SEQUENCE_NUMBER", SequenceNumber=found[0]["ContinuationSequenceNumber"])
    assert data(events(stream, lambda found: True)) == [b"new"]


def test_one_subscription_at_a_time(kinesis, consumer):
    _, arn = consumer
    held = subscribe(kinesis, arn, "LATEST")
    assert refused(subscribe, kinesis=kinesis, arn=arn, kind="LATEST") == "ResourceInUseException"
    time.sleep(5.1)
    taker = subscribe(kinesis, arn, "LATEST")
    with pytest.raises(EventStreamError) as caught:
        for _ in held:
            pass
    assert caught.value.response["Error"]["Code"] == "ResourceInUseException"
    assert events(taker, lambda found: len(found) == 2)


def test_a_closed_shard_ends_its_subscription(kinesis, consumer):
    name, arn = consumer
    kinesis.put_record(StreamName=name, Data=b"last", PartitionKey="k")
    kinesis.split_shard(StreamName=name, ShardToSplit=SHARD, NewStartingHashKey=str(RING // 2))
    found = events(subscribe(kinesis, arn), lambda found: False)
    assert data(found) == [b"last"]
    assert [child["ShardId"] for child in found[-1]["ChildShards"]] == ["shardId-000000000001", "shardId-000000000002"]
    assert "ContinuationSequenceNumber" not in found[-1]


def test_a_deleted_stream_ends_its_subscriptions(kinesis, unique):
    name = unique("fan")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    made = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="reader")["Consumer"]["ConsumerARN"]
    stream = subscribe(kinesis, made)
    kinesis.delete_stream(StreamName=name, EnforceConsumerDeletion=True)
    with pytest.raises(EventStreamError) as caught:
        for _ in stream:
            pass
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_consumers_survive_a_kill_and_subscriptions_do_not_hold_up_a_stop(fresh_tarn):
    tarn = fresh_tarn()
    kinesis = tarn.client("kinesis")
    kinesis.create_stream(StreamName="fan", ShardCount=1)
    arn = kinesis.describe_stream_summary(StreamName="fan")["StreamDescriptionSummary"]["StreamARN"]
    made = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="reader")["Consumer"]
    tarn.kill()
    tarn.start()
    kinesis = tarn.client("kinesis")
    assert kinesis.list_stream_consumers(StreamARN=arn)["Consumers"][0]["ConsumerARN"] == made["ConsumerARN"]
    stream = subscribe(kinesis, made["ConsumerARN"])
    reader = threading.Thread(target=lambda: [None for _ in stream], daemon=True)
    reader.start()
    tarn.process.send_signal(signal.SIGTERM)
    wait_until(lambda: tarn.process.poll() is not None, seconds=20)
    assert tarn.process.returncode == 0
