"""Frames that a job writes in every format, partitioned, into tables that Athena reads at once."""

import decimal
import io

import fastavro
import pytest
from athena_client import Athena
from glue_house import House, needs_spark

pytestmark = needs_spark
FORMATS = ["parquet", "orc", "json", "csv", "avro"]

WRITE = """
import sys
from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

bucket = getResolvedOptions(sys.argv, ["bucket"])["bucket"]
glue = GlueContext(SparkContext.getOrCreate())
spark = glue.spark_session
for form in FORMATS:
    for day in ("2026-01-01", "2026-01-02"):
        rows = spark.sql(f"select bigint(id) id, concat('name ', id) name, '{day}' day from range(10)")
        sink = glue.getSink(
            connection_type="s3", path=f"s3://{bucket}/tables/{form}/", enableUpdateCatalog=True,
            updateBehavior="UPDATE_IN_DATABASE", partitionKeys=["day"])
        sink.setCatalogInfo(catalogDatabase="written", catalogTableName=f"in_{form}")
        sink.setFormat(form)
        sink.writeFrame(DynamicFrame.fromDF(rows, glue, "rows"))
    table = glue.create_dynamic_frame.from_catalog(
        database="written", table_name=f"in_{form}", push_down_predicate="day = '2026-01-02'")
    print(form, table.count(), sorted(table.toDF().columns))
""".replace("FORMATS", repr(FORMATS))

READ = """
import sys
from awsglue.context import GlueContext
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

bucket = getResolvedOptions(sys.argv, ["bucket"])["bucket"]
glue = GlueContext(SparkContext.getOrCreate())
frame = glue.create_dynamic_frame.from_options(
    connection_type="s3", connection_options={"paths": [f"s3://{bucket}/avro/"]}, format="avro")
glue.write_dynamic_frame.from_options(
    frame=frame, connection_type="s3", connection_options={"path": f"s3://{bucket}/read/"}, format="parquet")
"""


@pytest.fixture
def house(fresh_tarn):
    house = House(fresh_tarn(), "formats")
    house.glue.create_database(DatabaseInput={"Name": "written"})
    return house


def succeeded(house, name, script):
    ended = house.run(house.job(name, script, "glueetl", DefaultArguments={"--bucket": house.bucket}))
    assert ended["JobRunState"] == "SUCCEEDED", ended.get("ErrorMessage")


def test_tables_of_all_formats(house):
    succeeded(house, "write", WRITE)
    athena = Athena(house.tarn.client("athena"), f"s3://{house.bucket}/results/", "written")
    for form in FORMATS:
        rows = athena.rows(athena.run(
            f"SELECT day, count(*), sum(id), max(name) FROM in_{form} GROUP BY day ORDER BY day"
        )["QueryExecutionId"])[1:]
        assert rows == [[day, "10", "45", "name 9"] for day in ("2026-01-01", "2026-01-02")], form
    # Another reader of Avro sees the same records.
    records = []
    for key in house.keys("tables/avro/day=2026-01-02/"):
        body = house.s3.get_object(Bucket=house.bucket, Key=key)["Body"].read()
        records += fastavro.reader(io.BytesIO(body))
    assert sorted(records, key=lambda record: record["id"]) == [{"id": id, "name": f"name {id}"} for id in range(10)]


def test_avro_of_another_writer(house):
    schema = {
        "type": "record", "name": "row", "fields": [
            {"name": "id", "type": ["null", "int", "long"]},
            {"name": "kind", "type": {"type": "enum", "name": "kind", "symbols": ["A", "B"]}},
            {"name": "code", "type": {"type": "fixed", "name": "code", "size": 2}},
            {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
            {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
            {"name": "any", "type": ["string", "double", "null"]},
            {"name": "inner", "type": ["null", {"type": "record", "name": "inner", "fields": [
                {"name": "tags", "type": {"type": "map", "values": ["null", "int"]}}]}]},
        ],
    }
    records = [
        {"id": 1, "kind": "B", "code": b"\x01\x02", "price": "1.25", "at": 0, "any": "text", "inner": {"tags": {"a": 1}}},
        {"id": 5_000_000_000, "kind": "A", "code": b"ab", "price": "-7", "at": -1, "any": 2.5, "inner": None},
    ]
    for record in records:
        record["price"] = decimal.Decimal(record["price"])
    out = io.BytesIO()
    fastavro.writer(out, schema, records, codec="deflate")
    house.s3.put_object(Bucket=house.bucket, Key="avro/1.avro", Body=out.getvalue())
    succeeded(house, "read", READ)
    first, second = sorted(house.rows("read/"), key=lambda row: row["id"])
    assert (first["kind"], first["code"], str(first["price"]), first["any"]) == (
        "B", b"\x01\x02", "1.25", {"member0": "text", "member1": None})
    assert dict(first["inner"]["tags"]) == {"a": 1} and first["at"].timestamp() == 0
    assert (second["id"], str(second["price"]), second["any"]["member1"], second["inner"]) == (
        5_000_000_000, "-7.00", 2.5, None)
