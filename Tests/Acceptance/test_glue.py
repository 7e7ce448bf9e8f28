"""Glue's catalog and Schema Registry through boto3 and the AWS CLI."""

import json

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def glue(tarn):
    return tarn.client("glue")


@pytest.fixture
def database(glue, unique):
    name = unique("db").replace("-", "_")
    glue.create_database(DatabaseInput={"Name": name, "Description": "made by a test"})
    yield name
    glue.delete_database(Name=name)


def table_input(name="events", **more):
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": "parquet"},
        "PartitionKeys": [{"Name": "day", "Type": "string"}, {"Name": "hour", "Type": "int"}],
        "StorageDescriptor": {
            "Columns": [{"Name": "id", "Type": "string"}, {"Name": "amount", "Type": "double"}],
            "Location": "s3://lake/events/",
            "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
        },
    } | more


def partition(day, hour):
    return {"Values": [day, str(hour)], "StorageDescriptor": {"Location": f"s3://lake/events/{day}/{hour}/"}}


def refusal(call, *arguments, **options):
    with pytest.raises(ClientError) as caught:
        call(*arguments, **options)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_databases(glue, database):
    assert glue.get_database(Name=database.upper())["Database"]["Description"] == "made by a test"
    assert database in [d["Name"] for page in glue.get_paginator("get_databases").paginate() for d in page["DatabaseList"]]
    assert refusal(glue.create_database, DatabaseInput={"Name": database}) == (
        "AlreadyExistsException",
        "Database already exists.",
    )
    assert refusal(glue.get_database, Name="nowhere") == ("EntityNotFoundException", "Database nowhere not found.")


def test_tables_and_versions(tarn, glue, database):
    glue.create_table(DatabaseName=database, TableInput=table_input())
    table = glue.get_table(DatabaseName=database, Name="EVENTS")["Table"]
    assert table["VersionId"] == "0"
    assert table["StorageDescriptor"]["Columns"][1] == {"Name": "amount", "Type": "double"}
    assert table["CreatedBy"].startswith("arn:aws:iam::")

    glue.update_table(DatabaseName=database, TableInput=table_input(Description="b"), VersionId="0")
    assert refusal(glue.update_table, DatabaseName=database, TableInput=table_input(), VersionId="0") == (
        "ConcurrentModificationException",
        "Update table failed due to concurrent modifications.",
    )
    versions = glue.get_table_versions(DatabaseName=database, TableName="events")["TableVersions"]
    assert [v["VersionId"] for v in versions] == ["1", "0"]

    glue.create_table(DatabaseName=database, TableInput=table_input("other"))
    names = [t["Name"] for t in glue.get_tables(DatabaseName=database, Expression="ev.*")["TableList"]]
    assert names == ["events"]
    assert refusal(glue.get_table, DatabaseName=database, Name="none")[0] == "EntityNotFoundException"
    # boto3 itself refuses an empty name unless it is told not to look.
    unchecked = tarn.client("glue", parameter_validation=False)
    assert refusal(unchecked.create_table, DatabaseName=database, TableInput={"Name": ""})[0] in (
        "InvalidInputException",
        "ValidationException",
    )


def test_partitions(glue, database):
    glue.create_table(DatabaseName=database, TableInput=table_input())
    days = [f"2026-01-{day:02}" for day in range(1, 11)]
    for day in days:
        errors = glue.batch_create_partition(
            DatabaseName=database,
            TableName="events",
            PartitionInputList=[partition(day, hour) for hour in range(24)],
        )["Errors"]
        assert errors == []
    again = glue.batch_create_partition(
        DatabaseName=database, TableName="events", PartitionInputList=[partition(days[0], 1)]
    )["Errors"]
    assert again[0]["ErrorDetail"]["ErrorCode"] == "AlreadyExistsException"

    def found(expression):
        pages = glue.get_paginator("get_partitions").paginate(
            DatabaseName=database, TableName="events", Expression=expression, PaginationConfig={"PageSize": 7}
        )
        return [tuple(p["Values"]) for page in pages for p in page["Partitions"]]

    assert len(found("day >= '2026-01-03' AND day < '2026-01-05' AND hour >= 9")) == 30
    assert found("day = '2026-01-01' AND hour IN (2, 10)") == [("2026-01-01", "10"), ("2026-01-01", "2")]
    assert refusal(glue.get_partitions, DatabaseName=database, TableName="events", Expression="nonsense !")[0] == (
        "InvalidInputException"
    )
    glue.delete_partition(DatabaseName=database, TableName="events", PartitionValues=[days[0], "1"])
    assert refusal(
        glue.get_partition, DatabaseName=database, TableName="events", PartitionValues=[days[0], "1"]
    ) == ("EntityNotFoundException", "Cannot find partition.")


EVENT = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "required": ["event_id", "amount"],
    "properties": {"event_id": {"type": "string"}, "amount": {"type": "number"}},
    "additionalProperties": False,
}


def changed(**properties):
    return json.dumps(EVENT | {"properties": EVENT["properties"] | properties})


def test_schema_registry(glue, unique):
    registry = unique("registry")
    glue.create_registry(RegistryName=registry, Tags={"team": "data"})
    schema = {"RegistryName": registry, "SchemaName": "events"}
    made = glue.create_schema(
        RegistryId={"RegistryName": registry},
        SchemaName="events",
        DataFormat="JSON",
        Compatibility="BACKWARD",
        SchemaDefinition=json.dumps(EVENT),
    )
    assert made["SchemaVersionStatus"] == "AVAILABLE"
    same = glue.register_schema_version(SchemaId=schema, SchemaDefinition=json.dumps(EVENT, indent=2))
    assert same["SchemaVersionId"] == made["SchemaVersionId"]

    refused = glue.register_schema_version(SchemaId=schema, SchemaDefinition=changed(amount={"type": "string"}))
    assert refused["Status"] == "FAILURE"
    accepted = glue.register_schema_version(SchemaId=schema, SchemaDefinition=changed(note={"type": "string"}))
    assert (accepted["Status"], accepted["VersionNumber"]) == ("AVAILABLE", 3)
    assert glue.get_schema(SchemaId=schema)["LatestSchemaVersion"] == 3
    waiter_view = glue.get_schema_version(SchemaVersionId=refused["SchemaVersionId"])
    assert waiter_view["Status"] == "FAILURE"

    assert refusal(glue.register_schema_version, SchemaId=schema, SchemaDefinition="{")[0] == "InvalidInputException"
    assert refusal(glue.create_registry, RegistryName=registry) == (
        "AlreadyExistsException",
        f"Registry already exists. RegistryName: {registry}",
    )
    assert glue.delete_schema(SchemaId=schema)["Status"] == "DELETING"
    assert refusal(glue.get_schema, SchemaId=schema)[0] == "EntityNotFoundException"
    assert glue.delete_registry(RegistryId={"RegistryName": registry})["Status"] == "DELETING"


def test_the_command_line(tarn, unique):
    name = unique("cli").replace("-", "_")
    tarn.cli("glue", "create-database", "--database-input", f"Name={name},Description=from the command line")
    table = json.dumps(table_input())
    tarn.cli("glue", "create-table", "--database-name", name, "--table-input", table)
    shown = json.loads(tarn.cli("glue", "get-table", "--database-name", name, "--name", "events"))
    assert shown["Table"]["Parameters"] == {"classification": "parquet"}
    tarn.cli("glue", "delete-table", "--database-name", name, "--name", "events")
    tarn.cli("glue", "delete-database", "--name", name)


def test_state_survives_a_kill(fresh_tarn):
    server = fresh_tarn()
    glue = server.client("glue")
    glue.create_database(DatabaseInput={"Name": "lake"})
    glue.create_table(DatabaseName="lake", TableInput=table_input())
    glue.create_partition(DatabaseName="lake", TableName="events", PartitionInput=partition("2026-01-01", 1))
    server.kill()
    server.start()
    glue = server.client("glue")
    assert glue.get_table(DatabaseName="lake", Name="events")["Table"]["VersionId"] == "0"
    assert len(glue.get_partitions(DatabaseName="lake", TableName="events")["Partitions"]) == 1


def test_not_there_yet_says_so(glue):
    code, message = refusal(glue.list_blueprints)
    assert code == "NotImplemented"
    assert "ListBlueprints" in message
