"""Kinesis as a stream of batches: every record once, over restarts and splits."""

import datetime
import json
import uuid
import zlib

import boto3
import pytest


class Enough(Exception):
    """Ends a stream that would go on."""


@pytest.fixture
def stream(endpoint):
    client = boto3.client("kinesis")
    stream_name = name = f"stream-{uuid.uuid4().hex[:8]}"
    client.create_stream(StreamName=name, ShardCount=2)
    client.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})

    class Stream:
        name = stream_name
        arn = client.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]

        def put(self, *numbers):
            self.put_bytes(*(json.dumps({"n": number}).encode() for number in numbers))

        def put_bytes(self, *records):
            client.put_records(
                StreamName=stream_name,
                Records=[{"Data": data, "PartitionKey": str(index)} for index, data in enumerate(records)],
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


AVRO = json.dumps(
    {
        "type": "record",
        "name": "Order",
        "fields": [
            {"name": "n", "type": "long"},
            {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
            {"name": "note", "type": ["null", "string"]},
        ],
    }
)


def datum(number, note=None):
    """An order in Avro's encoding, at the beginning of 1970; the number is small and the note short."""
    text = b"\0" if note is None else b"\2" + bytes([2 * len(note)]) + note.encode()
    return bytes([2 * number, 0]) + text


def framed(version, payload, compressed=False):
    """A message as AWS's serializers write it."""
    header = bytes([3, 5 if compressed else 0]) + uuid.UUID(version).bytes
    return header + (zlib.compress(payload) if compressed else payload)


@pytest.fixture
def collect(glue_context, bucket):
    """The rows of a streaming frame until `count` of them came."""

    def run(frame, count):
        found = []

        def batch(rows, number):
            found.extend(row.asDict() for row in rows.collect())
            if len(found) >= count:
                raise Enough()

        with pytest.raises(Exception, match="Enough"):
            glue_context.forEachBatch(
                frame,
                batch,
                {
                    "windowSize": "1 seconds",
                    "checkpointLocation": f"s3://{bucket}/{uuid.uuid4().hex}/",
                    "batchMaxRetries": 0,
                },
            )
        return sorted(found, key=lambda row: row["n"])

    return run


def test_avro_of_options(glue_context, stream, collect):
    stream.put_bytes(datum(1, "a"), datum(2))
    frame = glue_context.create_data_frame.from_options(
        connection_type="kinesis",
        connection_options={
            "typeOfData": "kinesis",
            "streamARN": stream.arn,
            "classification": "avro",
            "avroSchema": AVRO,
            "startingPosition": "earliest",
        },
    )
    assert frame.dtypes == [("n", "bigint"), ("at", "timestamp"), ("note", "string")]
    at = datetime.datetime(1970, 1, 1)
    assert collect(frame, 2) == [{"n": 1, "at": at, "note": "a"}, {"n": 2, "at": at, "note": None}]
    with pytest.raises(ValueError, match="avroSchema"):
        glue_context.create_data_frame.from_options("kinesis", {"streamARN": stream.arn, "classification": "avro"})


def test_a_table_with_a_schema_of_the_registry(glue_context, glue, stream, database, collect):
    name = f"orders-{uuid.uuid4().hex[:8]}"
    first = glue.create_schema(
        SchemaName=name, DataFormat="AVRO", Compatibility="BACKWARD", SchemaDefinition=AVRO
    )
    more = json.loads(AVRO)
    more["fields"].append({"name": "price", "type": "double", "default": 0.0})
    glue.create_table(
        DatabaseName=database,
        TableInput={
            "Name": "orders",
            "Parameters": {"classification": "avro"},
            "StorageDescriptor": {
                "Columns": [],
                "Location": stream.name,
                "Parameters": {"typeOfData": "kinesis", "streamARN": stream.arn},
                "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.serde2.avro.AvroSerDe"},
                "SchemaReference": {
                    "SchemaId": {"SchemaName": name, "RegistryName": "default-registry"},
                    "SchemaVersionNumber": 1,
                },
            },
        },
    )
    frame = glue_context.create_data_frame.from_catalog(
        database=database,
        table_name="orders",
        additional_options={"startingPosition": "earliest", "inferSchema": "false"},
    )
    # A version that came after the stream was opened, and one of another schema in JSON.
    second = glue.register_schema_version(
        SchemaId={"SchemaName": name, "RegistryName": "default-registry"}, SchemaDefinition=json.dumps(more)
    )
    text = glue.create_schema(SchemaName=f"{name}-text", DataFormat="JSON", SchemaDefinition='{"type":"object"}')
    stream.put_bytes(
        framed(first["SchemaVersionId"], datum(1, "a")),
        framed(second["SchemaVersionId"], datum(2, "b") + bytes(8), compressed=True),
        framed(text["SchemaVersionId"], b'{"n": 3, "note": "c"}'),
        datum(4, "bare"),
    )
    assert frame.columns == ["n", "at", "note"]
    assert [(row["n"], row["note"]) for row in collect(frame, 4)] == [(1, "a"), (2, "b"), (3, "c"), (4, "bare")]
    stream.put_bytes(framed(str(uuid.UUID(int=1)), datum(5)))
    with pytest.raises(Exception, match="Schema version is not found"):
        collect(frame, 5)
