"""Incidents in which a crawler turns somebody's lake over, and what shows, stops and undoes them.

Each story first does the damage on tables that nobody minds, so that what prevents it is known to prevent something.
"""

import base64
import json

import pytest

from conftest import wait_until
from crawl_house import lake, parquet
from firehose_house import House, conversion

LOG = {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}
UPDATE = {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "DEPRECATE_IN_DATABASE"}


@pytest.fixture
def house(tarn, unique):
    house = House(tarn, unique)
    yield house
    house.close()


def put_hour(lake, hour, *documents):
    lake.put(f"lake/events/hour={hour:02}/part-0.json", "".join(json.dumps(d) + "\n" for d in documents))


def put_hours(lake):
    for hour in range(3):
        put_hour(lake, hour, {"id": hour, "amount": 10, "country": "SE"}, {"id": hour, "amount": 5, "country": "NO"})


# A producer changes a field from number to text, and a crawler follows: the table's column becomes text.

SUM = "SELECT sum(amount) FROM events WHERE hour < '03'"


def test_a_type_change_breaks_queries_and_is_undone(lake):
    put_hours(lake)
    name = lake.create("lake/events/", SchemaChangePolicy=UPDATE)
    lake.crawl(name)
    version = lake.table("events")["VersionId"]
    assert lake.rows(SUM) == [["45"]]

    put_hour(lake, 3, {"id": 3, "amount": "12 EUR", "country": "DE"})
    # The dry run says so before it happens, on the command line too.
    [table] = lake.tool("crawl-plan", crawler=name).json()["tables"]
    assert table["action"] == "UPDATE"
    assert table["columns"]["changed"] == [{"name": "amount", "from": "int", "to": "string"}]
    assert "~ amount int -> string" in lake.command("plan", name)
    assert lake.rows(SUM) == [["45"]], "a dry run changes nothing"

    # Whoever does not look has queries that fail, of hours that were good.
    lake.crawl(name)
    assert dict(lake.columns("events"))["amount"] == "string"
    _, status = lake.query(SUM)
    assert status["State"] == "FAILED", "the damage"

    # The way back is one command; no file was touched.
    said = lake.command("restore", lake.database, "events", version)
    assert f"{lake.database}.events" in said
    assert dict(lake.columns("events"))["amount"] == "int"
    assert lake.rows(SUM) == [["45"]]
    versions = lake.glue.get_table_versions(DatabaseName=lake.database, TableName="events")["TableVersions"]
    assert len(versions) >= 3, "what had happened is still told"


def test_a_crawler_that_only_logs_does_no_such_damage(lake):
    put_hours(lake)
    name = lake.create("lake/events/", SchemaChangePolicy=LOG)
    lake.crawl(name)
    put_hour(lake, 3, {"id": 3, "amount": "12 EUR", "country": "DE"})
    [table] = lake.tool("crawl-plan", crawler=name).json()["tables"]
    assert table["action"] == "LOG"
    assert table["columns"]["changed"] == [{"name": "amount", "from": "int", "to": "string"}]
    lake.crawl(name)
    assert dict(lake.columns("events"))["amount"] == "int"
    assert lake.rows(SUM) == [["45"]]
    # The new hour is there all the same, for who asks for it.
    assert ["03"] in lake.partitions("events")
    assert lake.rows("SELECT count(*) FROM events WHERE hour < '03'") == [["6"]]


# A crawler that used to add hours makes a second table after a deploy: a version with other fields lies among them.


def put_mixed_hours(lake):
    put_hours(lake)
    put_hour(lake, 3, {"event": "sale", "payload": {"sum": 1}, "schema": 2})


def test_mixed_schemas_make_one_table_many(lake):
    put_hours(lake)
    name = lake.create("lake/", SchemaChangePolicy=UPDATE)
    lake.crawl(name)
    assert set(lake.tables()) == {"events"}
    put_mixed_hours(lake)

    plan = {t["table"]: t["action"] for t in lake.tool("crawl-plan", crawler=name).json()["tables"]}
    hours = {f"hour_{hour:02}" for hour in range(4)}
    assert plan == {"events": "DEPRECATE"} | dict.fromkeys(hours, "CREATE")
    said = lake.command("plan", name)
    assert f"DEPRECATE table {lake.database}.events" in said and f"CREATE    table {lake.database}.hour_03" in said
    assert set(lake.tables()) == {"events"}, "a dry run changes nothing"

    lake.crawl(name)
    assert set(lake.tables()) == {"events"} | hours, "the damage"
    assert "DEPRECATED_BY_CRAWLER" in lake.table("events")["Parameters"]


@pytest.mark.parametrize(
    "grouping",
    [{"TableLevelConfiguration": 3}, {"TableGroupingPolicy": "CombineCompatibleSchemas"}],
    ids=["a fixed level", "compatible schemas combined"],
)
def test_a_crawler_that_is_told_where_tables_are_keeps_one(lake, grouping):
    put_hours(lake)
    configuration = json.dumps({"Version": 1.0, "Grouping": grouping})
    name = lake.create("lake/", SchemaChangePolicy=LOG, Configuration=configuration)
    lake.crawl(name)
    before = lake.columns("events")
    put_mixed_hours(lake)
    [table] = lake.tool("crawl-plan", crawler=name).json()["tables"]
    assert (table["table"], table["action"]) == ("events", "LOG")
    assert {c["name"] for c in table["columns"]["added"]} == {"event", "payload", "schema"}
    lake.crawl(name)
    assert set(lake.tables()) == {"events"} and lake.columns("events") == before
    assert lake.rows(SUM) == [["45"]]


# The type change reaches Firehose, which converts to Parquet by the crawled table.


def test_a_type_change_that_reaches_firehose_loses_nothing(lake, house, unique):
    glue = lake.glue
    # The contract refuses the change before a record is sent.
    contract = {"type": "object", "properties": {"id": {"type": "integer"}, "amount": {"type": "integer"}}}
    schema = unique("contract")
    glue.create_registry(RegistryName=schema)
    glue.create_schema(
        RegistryId={"RegistryName": schema}, SchemaName=schema, DataFormat="JSON", Compatibility="BACKWARD",
        SchemaDefinition=json.dumps(contract),
    )
    contract["properties"]["amount"] = {"type": "string"}
    changed = glue.register_schema_version(
        SchemaId={"RegistryName": schema, "SchemaName": schema}, SchemaDefinition=json.dumps(contract)
    )
    assert changed["Status"] == "FAILURE"

    # The producer does not ask. The table that Firehose converts by is the crawler's.
    house.s3.put_object(Bucket=house.bucket, Key="landing/rows/2020/seed", Body=parquet(id=[0], amount=[7]))
    broad = {"S3Targets": [{"Path": f"s3://{house.bucket}/landing/"}]}
    name = lake.create(Targets=broad, SchemaChangePolicy=UPDATE)
    lake.crawl(name)
    assert lake.columns("rows") == [("id", "bigint"), ("amount", "bigint")]
    table = {"DatabaseName": lake.database, "TableName": "rows", "Region": "us-east-1", "RoleARN": house.role_arn}
    stream = house.create(
        Prefix="landing/rows/!{timestamp:yyyy}/",
        ErrorOutputPrefix="landing/errors/!{firehose:error-output-type}/",
        size=64,
        DataFormatConversionConfiguration=conversion(table),
    )
    good = [{"id": n, "amount": n * 10} for n in range(1, 21)]
    bad = [{"id": n, "amount": f"{n} EUR"} for n in range(21, 26)]
    house.put(stream, *(good + bad))
    failed = [
        json.loads(line)
        for key in house.wait_keys("landing/errors/format-conversion-failed/")
        for line in house.read(key).decode().splitlines()
    ]
    house.wait_keys("landing/rows/", 2)
    # Every record is somewhere: as a row, or as it was sent.
    assert [json.loads(base64.b64decode(f["rawData"])) for f in failed] == bad
    assert {f["lastErrorCode"] for f in failed} == {"DataFormatConversion.MalformedData"}

    # The errors lie below the crawled prefix. The dry run shows the table that they would become.
    plan = {t["table"]: t for t in lake.tool("crawl-plan", crawler=name).json()["tables"]}
    assert {t: plan[t]["action"] for t in plan if t != "rows"} == {"format_conversion_failed": "CREATE"}, "the damage"
    narrow = {"S3Targets": [{"Path": f"s3://{house.bucket}/landing/", "Exclusions": ["errors/**"]}]}
    glue.update_crawler(Name=name, Targets=narrow)
    [rows] = lake.tool("crawl-plan", crawler=name).json()["tables"]
    assert rows["table"] == "rows" and not any(rows["columns"].values()), "the conversion kept the text out"
    assert rows["partitions"]["added"]["count"] == 1
    lake.crawl(name)
    assert set(lake.tables()) == {"rows"}
    assert lake.rows("SELECT count(*), sum(amount) FROM rows") == [["21", "2107"]]

    # What stands in the errors is sent again once it is mended: nothing was lost.
    mended = [json.loads(base64.b64decode(f["rawData"])) for f in failed]
    house.put(stream, *({"id": r["id"], "amount": int(r["amount"].removesuffix(" EUR"))} for r in mended))
    wait_until(lambda: lake.rows("SELECT count(*), sum(amount) FROM rows") == [["26", "2222"]], every=0.3)


def test_a_table_that_a_crawler_widened_changes_what_firehose_writes(lake, house):
    """Why text must not reach the table: Firehose reads it anew, and numbers become text in every file from then on."""
    lake.put("lake/events/hour=00/a.json", '{"id": 1, "amount": 10}\n')
    name = lake.create("lake/events/", SchemaChangePolicy=UPDATE)
    lake.crawl(name)
    version = lake.table("events")["VersionId"]
    table = {"DatabaseName": lake.database, "TableName": "events", "Region": "us-east-1", "RoleARN": house.role_arn}
    stream = house.create(
        Prefix="rows/!{timestamp:yyyy}/",
        ErrorOutputPrefix="errors/!{firehose:error-output-type}/",
        size=64,
        DataFormatConversionConfiguration=conversion(table),
    )

    def delivered(count):
        found = house.wait_keys("rows/", count)
        rows = lake.create(Targets={"S3Targets": [{"Path": f"s3://{house.bucket}/rows/"}]}, TablePrefix="shown_")
        plan = lake.tool("crawl-plan", crawler=rows).json()["tables"]
        return len(found), {c["name"]: c["type"] for t in plan for c in t["columns"]["added"]}

    house.put(stream, {"id": 1, "amount": 10})
    assert delivered(1) == (1, {"id": "int", "amount": "int"})
    lake.put("lake/events/hour=01/a.json", '{"id": 2, "amount": "12 EUR"}\n')
    assert "~ amount int -> string" in lake.command("plan", name)
    lake.crawl(name)
    house.put(stream, {"id": 3, "amount": 30})
    assert delivered(2) == (2, {"id": "int", "amount": "string"}), "the damage"
    lake.command("restore", lake.database, "events", version)
    house.put(stream, {"id": 4, "amount": 40})
    newest = house.wait_keys("rows/", 3)
    assert len(newest) == 3 and dict(lake.columns("events"))["amount"] == "int"


# The command line


def test_the_command_line_says_what_is_wrong(lake):
    missing = lake.command("plan", "nobody", check=False)
    assert missing.returncode != 0 and "EntityNotFoundException" in missing.stderr
    unknown = lake.command("restore", lake.database, "nothing", "0", check=False)
    assert unknown.returncode != 0 and "EntityNotFoundException" in unknown.stderr
    nowhere = lake.command("plan", "x", "--endpoint", "nowhere", check=False)
    assert nowhere.returncode != 0 and "endpoint" in nowhere.stderr
    put_hours(lake)
    name = lake.create("lake/")
    assert json.loads(lake.command("plan", name, "--json"))["tables"][0]["table"] == "events"
    assert "+ 3 partitions: 00, 01, 02" in lake.command("plan", name)
