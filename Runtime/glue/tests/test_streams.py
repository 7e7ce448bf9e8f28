"""Kinesis as a stream of batches: every record once, over restarts and splits."""

import json
import uuid

import boto3
import pytest


class Enough(Exception):
    """Ends a stream that would go on."""


@pytest.fixture
def stream(endpoint):
    client = boto3.client("kinesis")
    name = f"stream-{uuid.uuid4().hex[:8]}"
    client.create_stream(StreamName=name, ShardCount=2)
    client.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})

    class Stream:
        arn = client.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]

        def put(self, *numbers):
            client.put_records(
                StreamName=name,
                Records=[
                    {"Data": json.dumps({"n": number}).encode(), "PartitionKey": str(number)} for number in numbers
                ],
            )

        def split(self):
            shard = client.list_shards(StreamName=name)["Shards"][0]
            keys = shard["HashKeyRange"]
            middle = (int(keys["StartingHashKey"]) + int(keys["EndingHashKey"])) // 2
            client.split_shard(StreamName=name, ShardToSplit=shard["ShardId"], NewStartingHashKey=str(middle))
            client.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})

    yield Stream()
    client.delete_stream(StreamName=name)


@pytest.fixture
def consume(glue_context, stream, bucket):
    """Reads batches until `count` records came; `fail` raises in the batch that has the record of that number."""

    def run(count, fail=None, **options):
        frame = glue_context.create_data_frame.from_options(
            connection_type="kinesis",
            connection_options={
                "typeOfData": "kinesis",
                "streamARN": stream.arn,
                "classification": "json",
                "startingPosition": "earliest",
                "inferSchema": "true",
                **options,
            },
        )
        found = []

        def batch(rows, number):
            values = [row.n for row in rows.collect()] if "n" in rows.columns else []
            if fail is not None and fail in values:
                raise Enough()
            found.extend(values)
            if len(found) >= count:
                raise Enough()

        with pytest.raises(Exception, match="Enough"):
            glue_context.forEachBatch(
                frame=frame,
                batch_function=batch,
                options={
                    "windowSize": "1 seconds",
                    "checkpointLocation": f"s3://{bucket}/checkpoint/",
                    "batchMaxRetries": 0,
                },
            )
        return sorted(found)

    return run


def test_batches_go_on_where_a_run_ended(stream, consume):
    stream.put(*range(20))
    assert consume(20) == list(range(20))
    # The batch did not end well, so the next run has it again, and then what came since and what a split's shards have.
    stream.put(20, 21)
    assert consume(0, fail=5) == []
    stream.split()
    stream.put(22, 23, 24)
    assert consume(25) == list(range(25))


def test_a_stream_without_inference_has_kinesis_columns(glue_context, stream):
    frame = glue_context.create_data_frame.from_options("kinesis", {"streamARN": stream.arn})
    assert frame.isStreaming and frame.columns == [
        "data",
        "streamName",
        "partitionKey",
        "sequenceNumber",
        "shardId",
        "approximateArrivalTimestamp",
    ]
    typed = glue_context.create_data_frame.from_options("kinesis", {"streamARN": stream.arn, "schema": "`n` int"})
    assert typed.dtypes == [("n", "int")]


def test_options_are_checked(glue_context, stream):
    with pytest.raises(ValueError, match="streamARN"):
        glue_context.create_data_frame.from_options("kinesis", {})
    frame = glue_context.create_data_frame.from_options("kinesis", {"streamARN": stream.arn})
    with pytest.raises(ValueError, match="checkpointLocation"):
        glue_context.forEachBatch(frame, print, {"windowSize": "1 seconds"})
    with pytest.raises(ValueError, match="windowSize"):
        glue_context.forEachBatch(frame, print, {"windowSize": "soon", "checkpointLocation": "s3://b/c"})


def test_ingestion_time(glue_context):
    frame = glue_context.add_ingestion_time_columns(glue_context.spark_session.range(1), "hour")
    assert frame.columns == ["id", "ingest_year", "ingest_month", "ingest_day", "ingest_hour"]
