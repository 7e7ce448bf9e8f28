"""Firehose's conversion of JSON to Parquet through Glue tables, read back with pyarrow."""

import base64
import datetime
import decimal
import io
import json
import re

import pyarrow.orc
import pyarrow.parquet
import pytest
from athena_client import Athena
from conftest import wait_until
from firehose_house import House, conversion, refused

UTC = datetime.timezone.utc


@pytest.fixture
def house(tarn, unique):
    house = House(tarn, unique)
    yield house
    house.close()


@pytest.fixture
def converted(house):
    """Delivers records through a table's conversion; gives rows and error documents in the order of delivery."""

    def run(columns, records, deserializer=None, errors=0, rows=None, **parquet):
        schema = house.table(*columns)
        name = house.create(
            Prefix="rows/!{timestamp:yyyy}/",
            ErrorOutputPrefix="errors/!{firehose:error-output-type}/",
            size=64,
            seconds=1,
            DataFormatConversionConfiguration=conversion(schema, deserializer, **parquet),
        )
        house.put(name, *records)
        rows = len(records) - errors if rows is None else rows
        wait_until(lambda: len(read_rows(house)) >= rows and len(read_errors(house)) >= errors, every=0.3)
        return read_rows(house), read_errors(house)

    return run


def read_table(house, key):
    return pyarrow.parquet.read_table(io.BytesIO(house.read(key)))


def read_rows(house):
    return [row for key in sorted(house.keys("rows/")) for row in read_table(house, key).to_pylist()]


def read_errors(house):
    return [
        json.loads(line)
        for key in sorted(house.keys("errors/"))
        for line in house.read(key).decode().splitlines()
    ]


def test_types(house, converted):
    columns = [
        ("flag", "boolean"), ("tiny", "tinyint"), ("small", "smallint"), ("whole", "int"), ("big", "bigint"),
        ("single", "float"), ("real", "double"), ("price", "decimal(10,2)"), ("name", "string"), ("code", "varchar(3)"),
        ("day", "date"), ("at", "timestamp"), ("list", "array<int>"), ("tags", "map<string,string>"),
        ("who", "struct<id:bigint,name:string>"),
    ]  # fmt: skip
    record = {
        "flag": True, "tiny": 1, "small": -2, "whole": 3, "big": 2**60, "single": 0.5, "real": 1e300, "price": 12.34,
        "name": "Grüße 👋", "code": "abcdef", "day": "2026-05-19", "at": "2026-05-19 12:34:56.789", "list": [1, 2, 3],
        "tags": {"a": "b"}, "who": {"id": 7, "name": "x"}, "unknown": "left out",
    }  # fmt: skip
    rows, _ = converted(columns, [record, {"name": "alone"}])
    full, alone = rows
    assert full["at"].replace(tzinfo=None) == datetime.datetime(2026, 5, 19, 12, 34, 56, 789000)
    del full["at"], record["unknown"], record["at"]
    expected = record | {
        "code": "abc", "day": datetime.date(2026, 5, 19), "price": decimal.Decimal("12.34"), "tags": [("a", "b")],
    }  # fmt: skip
    assert full == expected
    assert alone == {column: "alone" if column == "name" else None for column, _ in columns}
    key = house.keys("rows/")[0]
    assert re.search(r"rows/\d{4}/ds-[0-9a-f]{12}-1-\d{4}(-\d\d){5}-[0-9a-f-]{36}\.parquet$", key), key
    schema = pyarrow.parquet.ParquetFile(io.BytesIO(house.read(key)))
    assert schema.metadata.row_group(0).column(0).compression == "SNAPPY"


def test_openx_case_and_mappings(converted):
    columns = [("userid", "string"), ("ts", "bigint"), ("page_url", "string")]
    deserializer = {"OpenXJsonSerDe": {"ColumnToJsonKeyMappings": {"ts": "timestamp"}, "ConvertDotsInJsonKeysToUnderscores": True}}
    rows, _ = converted(columns, [{"userId": "u", "timestamp": 5, "page.url": "/"}], deserializer)
    assert rows == [{"userid": "u", "ts": 5, "page_url": "/"}]


def test_openx_with_case(converted):
    deserializer = {"OpenXJsonSerDe": {"CaseInsensitive": False}}
    rows, _ = converted([("user", "string")], [{"User": "upper"}, {"user": "lower"}], deserializer)
    assert rows == [{"user": None}, {"user": "lower"}]


def test_hive_timestamps(converted):
    deserializer = {"HiveJsonSerDe": {"TimestampFormats": ["dd/MM/yyyy HH:mm:ss", "millis"]}}
    records = [{"at": "19/05/2026 10:00:00", "N": 1}, {"AT": "1779184800000", "n": 2}]
    rows, _ = converted([("at", "timestamp"), ("n", "int")], records, deserializer)
    moment = datetime.datetime(2026, 5, 19, 10, 0)
    assert [(row["at"].replace(tzinfo=None), row["n"]) for row in rows] == [(moment, 1), (moment, 2)]


def test_timestamps_without_formats(converted):
    texts = ["2026-05-19T10:00:00Z", "2026-05-19 10:00:00", "2026-5-19 10:00:00", "2026-05-19T10:00:00.123456Z"]
    epochs = [1779184800, 1779184800000, 1779184800.5]
    rows, _ = converted([("at", "timestamp")], [{"at": value} for value in texts + epochs])
    moments = [row["at"].replace(tzinfo=None) for row in rows]
    base = datetime.datetime(2026, 5, 19, 10)
    assert moments == [base] * 3 + [base.replace(microsecond=123456)] + [base] * 2 + [base.replace(microsecond=500000)]


def test_several_objects_in_a_record(converted):
    rows, _ = converted([("a", "int")], [b'{"a":1}{"a":2}\n{"a":3}', b'{\n  "a": 4\n}\n'], rows=4)
    assert [row["a"] for row in rows] == [1, 2, 3, 4]


def test_records_that_do_not_convert(house, converted):
    columns = [("id", "int"), ("name", "string")]
    records = [
        {"id": 1, "name": "good"}, b"no json at all", {"id": "not a number", "name": "x"}, {"id": 2, "name": "good too"},
        b"[1,2]", b'{"id": 3', {"id": 2**40, "name": "too big"}, b"", {"id": "4", "name": 5},
    ]  # fmt: skip
    rows, errors = converted(columns, [record for record in records if record != b""], errors=5)
    # The good ones keep their order; numbers in text, and text for numbers, are taken where they fit.
    assert rows == [{"id": 1, "name": "good"}, {"id": 2, "name": "good too"}, {"id": 4, "name": "5"}]
    raw = [base64.b64decode(error["rawData"]) for error in errors]
    bad = [records[1], json.dumps(records[2]).encode(), records[4], records[5], json.dumps(records[6]).encode()]
    assert raw == bad
    key = house.keys("errors/")[0]
    assert re.match(r"errors/format-conversion-failed/ds-", key), key
    for error in errors:
        assert set(error) == {
            "attemptsMade", "arrivalTimestamp", "lastErrorCode", "lastErrorMessage", "attemptEndingTimestamp", "rawData",
            "sequenceNumber", "subSequenceNumber", "dataCatalogTable",
        }  # fmt: skip
        assert error["attemptsMade"] == 1 and error["lastErrorCode"].startswith("DataFormatConversion.")
        assert error["attemptEndingTimestamp"] >= error["arrivalTimestamp"] > 1_600_000_000_000
        assert error["lastErrorMessage"]
        assert set(error["dataCatalogTable"]) == {"catalogId", "databaseName", "tableName", "region", "versionId", "catalogArn"}
        assert error["dataCatalogTable"]["versionId"] == "LATEST"
    codes = [error["lastErrorCode"].split(".")[1] for error in errors]
    assert codes == ["ParseError", "MalformedData", "MalformedData", "ParseError", "MalformedData"]


def test_many_records_with_few_bad(house):
    """What does not convert is told apart within a large batch, and the rest keeps its order."""
    schema = house.table(("n", "bigint"), ("text", "string"))
    name = house.create(
        Prefix="rows/", ErrorOutputPrefix="errors/", size=64, seconds=3,
        DataFormatConversionConfiguration=conversion(schema),
    )  # fmt: skip
    bad = {7, 4_321, 9_999}
    records = [b"oops" if n in bad else json.dumps({"n": n, "text": "t" * 20}).encode() for n in range(10_000)]
    for part in range(0, 10_000, 500):
        house.put(name, *records[part : part + 500])
    wait_until(lambda: len(read_rows(house)) == 9_997 and len(read_errors(house)) == 3, every=0.5)
    found = [row["n"] for key in sorted(house.keys("rows/")) for row in read_table(house, key).to_pylist()]
    assert found == [n for n in range(10_000) if n not in bad]
    wait_until(lambda: total(house, name, "SucceedConversion.Records") == 9_997, every=0.5)
    assert total(house, name, "FailedConversion.Records") == 3
    assert total(house, name, "FailedConversion.Bytes") == 12


def total(house, name, metric):
    points = house.cloudwatch.get_metric_statistics(
        Namespace="AWS/Firehose",
        MetricName=metric,
        Dimensions=[{"Name": "DeliveryStreamName", "Value": name}],
        StartTime=datetime.datetime.now(UTC) - datetime.timedelta(hours=1),
        EndTime=datetime.datetime.now(UTC) + datetime.timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    return sum(point["Sum"] for point in points)


@pytest.mark.parametrize("compression, codec", [("UNCOMPRESSED", "UNCOMPRESSED"), ("GZIP", "GZIP"), ("SNAPPY", "SNAPPY")])
def test_parquet_options(house, converted, compression, codec):
    rows, _ = converted([("a", "int")], [{"a": 1}], Compression=compression, WriterVersion="V2", EnableDictionaryCompression=True)
    assert rows == [{"a": 1}]
    file = pyarrow.parquet.ParquetFile(io.BytesIO(house.read(house.keys("rows/")[0])))
    assert file.metadata.row_group(0).column(0).compression == codec


@pytest.mark.parametrize("compression", ["SNAPPY", "ZLIB", "NONE"])
def test_orc(house, compression):
    columns = [
        ("id", "int"), ("name", "string"), ("price", "decimal(10,2)"), ("at", "timestamp"), ("day", "date"),
        ("list", "array<bigint>"), ("tags", "map<string,int>"), ("who", "struct<ok:boolean,x:double>"),
    ]  # fmt: skip
    schema = house.table(*columns)
    options = {
        "Compression": compression, "StripeSizeBytes": 8 << 20, "BlockSizeBytes": 64 << 20, "RowIndexStride": 1000,
        "EnablePadding": True, "PaddingTolerance": 0.1, "BloomFilterColumns": ["id"],
        "BloomFilterFalsePositiveProbability": 0.05, "DictionaryKeyThreshold": 0.5, "FormatVersion": "V0_12",
    }  # fmt: skip
    name = house.create(
        Prefix="orc/!{timestamp:yyyy}/", ErrorOutputPrefix="errors/", size=64, seconds=1,
        DataFormatConversionConfiguration=conversion(schema, orc=options),
    )  # fmt: skip
    given = house.describe(name)["Destinations"][0]["ExtendedS3DestinationDescription"]
    shown = given["DataFormatConversionConfiguration"]["OutputFormatConfiguration"]["Serializer"]["OrcSerDe"]
    assert shown == options
    records = [
        {
            "id": number, "name": f"name {number}", "price": number / 4, "at": "2026-05-19 12:34:56.789",
            "day": "1969-01-02", "list": [number, None], "tags": {"a": number}, "who": {"ok": True, "x": 0.5},
        }
        for number in range(300)
    ]  # fmt: skip
    house.put(name, *records, {"id": "none"}, {"name": "alone"})
    key = house.wait_keys("orc/")[0]
    assert re.fullmatch(rf"orc/\d{{4}}/{name}-1-[-0-9a-f]+\.orc", key)
    file = pyarrow.orc.ORCFile(io.BytesIO(house.read(key)))
    assert file.compression == {"NONE": "UNCOMPRESSED"}.get(compression, compression) and file.nrows == 301
    rows = file.read().to_pylist()
    assert rows[299] | {"tags": dict(rows[299]["tags"])} == {
        "id": 299, "name": "name 299", "price": decimal.Decimal("74.75"),
        "at": datetime.datetime(2026, 5, 19, 12, 34, 56, 789000), "day": datetime.date(1969, 1, 2),
        "list": [299, None], "tags": {"a": 299}, "who": {"ok": True, "x": 0.5},
    }  # fmt: skip
    assert rows[300] == dict.fromkeys(["id", "price", "at", "day", "list", "tags", "who"]) | {"name": "alone"}
    assert wait_until(lambda: [error["lastErrorCode"] for error in read_errors(house)]) == [
        "DataFormatConversion.MalformedData"
    ]
    house.glue.create_table(
        DatabaseName=schema["DatabaseName"],
        TableInput={
            "Name": "orc",
            "TableType": "EXTERNAL_TABLE",
            "StorageDescriptor": {
                "Columns": [{"Name": column, "Type": kind} for column, kind in columns],
                "Location": f"s3://{house.bucket}/orc/",
                "InputFormat": "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat",
                "OutputFormat": "org.apache.hadoop.hive.ql.io.orc.OrcOutputFormat",
                "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.orc.OrcSerde"},
            },
        },
    )
    athena = Athena(house.tarn.client("athena"), f"s3://{house.bucket}/results/", schema["DatabaseName"])
    query = athena.run("SELECT count(*), sum(id), max(price), min(day), max(tags['a']), count(who.x) FROM orc")
    assert athena.rows(query["QueryExecutionId"])[1] == ["301", "44850", "74.75", "1969-01-02", "299", "300"]


def test_orc_options_are_checked(house):
    schema = house.table(("a", "int"))
    for options in ({"PaddingTolerance": 1.5}, {"BloomFilterFalsePositiveProbability": 1.1}, {"DictionaryKeyThreshold": 2}):
        code, message = refused(
            house.firehose.create_delivery_stream,
            DeliveryStreamName=house.unique("ds"),
            ExtendedS3DestinationConfiguration={
                "RoleARN": house.role_arn,
                "BucketARN": f"arn:aws:s3:::{house.bucket}",
                "DataFormatConversionConfiguration": conversion(schema, orc=options),
            },
        )
        assert code in ("InvalidArgumentException", "ValidationException") and next(iter(options))[1:] in message


def test_a_stream_as_source_names_failed_records(house, unique):
    stream = unique("source")
    house.kinesis.create_stream(StreamName=stream, ShardCount=1)
    arn = house.kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
    house.create(
        Prefix="rows/", ErrorOutputPrefix="errors/", size=64, source=arn,
        DataFormatConversionConfiguration=conversion(house.table(("a", "int"))),
    )  # fmt: skip
    bad = house.kinesis.put_record(StreamName=stream, Data=b"bad", PartitionKey="k")
    house.kinesis.put_record(StreamName=stream, Data=b'{"a":1}', PartitionKey="k")
    wait_until(lambda: read_errors(house) and read_rows(house), every=0.3)
    assert [error["sequenceNumber"] for error in read_errors(house)] == [bad["SequenceNumber"]]
    house.kinesis.delete_stream(StreamName=stream)


def test_the_table_changes_under_way(house):
    schema = house.table(("a", "int"))
    name = house.create(Prefix="rows/", size=64, DataFormatConversionConfiguration=conversion(schema))
    house.put(name, {"a": 1, "b": "early"})
    house.wait_keys("rows/")
    house.glue.update_table(
        DatabaseName=schema["DatabaseName"],
        TableInput={
            "Name": schema["TableName"],
            "StorageDescriptor": {"Columns": [{"Name": "a", "Type": "int"}, {"Name": "b", "Type": "string"}]},
        },
    )
    house.put(name, {"a": 2, "b": "late"})
    house.wait_keys("rows/", 2)
    assert sorted(read_rows(house), key=lambda row: row["a"]) == [{"a": 1}, {"a": 2, "b": "late"}]


def test_refusals(house):
    schema = house.table(("a", "int"))

    def create(changes={}, hints=(64, 60), deserializer=None):
        return refused(
            house.firehose.create_delivery_stream,
            DeliveryStreamName=house.unique("ds"),
            ExtendedS3DestinationConfiguration={
                "RoleARN": house.role_arn,
                "BucketARN": f"arn:aws:s3:::{house.bucket}",
                "BufferingHints": {"SizeInMBs": hints[0], "IntervalInSeconds": hints[1]},
                "DataFormatConversionConfiguration": conversion(schema, deserializer) | changes,
            },
        )

    code, message = create(hints=(5, 60))
    assert code == "InvalidArgumentException" and "64" in message
    assert create({"SchemaConfiguration": schema | {"TableName": "nothing"}})[0] == "InvalidArgumentException"
    assert create({"SchemaConfiguration": {"RoleARN": house.role_arn}})[0] == "InvalidArgumentException"
    assert create({"InputFormatConfiguration": {"Deserializer": {}}})[0] == "InvalidArgumentException"
    assert create(deserializer={"HiveJsonSerDe": {"TimestampFormats": ["not a pattern {"]}})[0] == "InvalidArgumentException"
