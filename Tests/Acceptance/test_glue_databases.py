"""Jobs that read and write a real PostgreSQL: by options, by a connection of the catalog, by a table of the catalog."""

import json
import pathlib

import postgres as databases
import pytest
from glue_house import House, needs_spark, wait_for  # noqa: F401

pytestmark = [
    needs_spark,
    pytest.mark.skipif(databases.program("initdb") is None, reason="there is no PostgreSQL"),
    pytest.mark.skipif(
        not pathlib.Path("/usr/share/java/postgresql.jar").exists(), reason="there is no driver (libpostgresql-jdbc-java)"
    ),
]

HEAD = """
import sys
from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.transforms import ApplyMapping
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

options = getResolvedOptions(sys.argv, ["JOB_NAME", "url", "password"])
glue = GlueContext(SparkContext.getOrCreate())
job = Job(glue)
job.init(options["JOB_NAME"], options)
database = {"url": options["url"], "user": "postgres", "password": options["password"]}
"""

COPY = HEAD + """
people = glue.create_dynamic_frame.from_options(
    connection_type="postgresql", connection_options={**database, "dbtable": "public.people"})
mapped = ApplyMapping.apply(frame=people, mappings=[
    ("id", "int", "id", "long"), ("name", "string", "full_name", "string"),
    ("balance", "decimal(12,2)", "balance", "decimal(12,2)"), ("born", "date", "born", "date"),
    ("seen", "timestamp", "seen", "timestamp"), ("active", "boolean", "active", "boolean")])
glue.write_dynamic_frame.from_options(
    frame=mapped, connection_type="postgresql", connection_options={**database, "dbtable": "public.copied"})
parts = glue.create_dynamic_frame.from_options(
    connection_type="postgresql",
    connection_options={**database, "dbtable": "public.people", "hashfield": "id", "hashpartitions": "3"})
print("partitions", parts.toDF().rdd.getNumPartitions(), parts.count())
"""

CONNECTED = HEAD + """
connected = {"useConnectionProperties": "true", "connectionName": "people-db"}
people = glue.create_dynamic_frame.from_options(
    connection_type="postgresql", connection_options={**connected, "dbtable": "people"})
glue.write_dynamic_frame.from_jdbc_conf(
    frame=people.select_fields(["id", "name"]), catalog_connection="people-db",
    connection_options={"dbtable": "public.names", "database": "postgres"})
table = glue.create_dynamic_frame.from_catalog(database="people_db", table_name="postgres_public_people")
glue.write_dynamic_frame.from_catalog(
    frame=table.select_fields(["id"]), database="people_db", table_name="postgres_public_ids")
print(sorted(glue.extract_jdbc_conf("people-db").items())[-3:])
"""

NEW = HEAD + """
people = glue.create_dynamic_frame.from_options(
    connection_type="postgresql",
    connection_options={**database, "dbtable": "arrivals", "jobBookmarkKeys": ["id"], "jobBookmarkKeysSortOrder": "asc"},
    transformation_ctx="people")
glue.write_dynamic_frame.from_options(
    frame=people.select_fields(["id"]), connection_type="postgresql", connection_options={**database, "dbtable": "new"})
job.commit()
"""


@pytest.fixture(scope="module")
def database():
    with databases.postgres() as found:
        found.execute(
            "CREATE TABLE people (id int PRIMARY KEY, name text, balance numeric(12, 2), born date, seen timestamp,"
            " active boolean)")
        found.execute(
            "INSERT INTO people VALUES (1, 'Ann', 12.50, '1990-02-28', '2026-01-02 03:04:05.678', true),"
            " (2, 'B''o \u2713', -0.01, NULL, NULL, false), (3, NULL, NULL, '1969-12-31', '1969-12-31 23:59:59', NULL)")
        yield found


@pytest.fixture
def house(tarn, unique):
    return House(tarn, unique("db"))


def run(house, database, name, script, **options):
    job = house.job(
        name, script, "glueetl", DefaultArguments={"--url": database.jdbc, "--password": database.password}, **options)
    ended = house.run(job)
    assert ended["JobRunState"] == "SUCCEEDED", ended
    return job, ended


def printed(house, run):
    """What a run has printed."""
    logs = house.tarn.client("logs")
    events = wait_for(
        lambda: logs.get_log_events(logGroupName="/aws-glue/jobs/output", logStreamName=run["Id"])["events"], "its lines")
    return [event["message"] for event in events]


def test_rows_come_and_go_with_their_types(house, database):
    _, ended = run(house, database, "copy", COPY)
    assert database.execute("SELECT * FROM copied ORDER BY id") == database.execute("SELECT * FROM people ORDER BY id")
    types = dict(database.execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'copied'"))
    assert types == {
        "id": "bigint", "full_name": "text", "balance": "numeric", "born": "date",
        "seen": "timestamp without time zone", "active": "boolean"}
    assert printed(house, ended) == ["partitions 3 3"]


def test_a_connection_and_a_table_of_the_catalog(house, database):
    glue = house.glue
    glue.create_connection(ConnectionInput={
        "Name": "people-db", "ConnectionType": "JDBC",
        "ConnectionProperties": {
            "JDBC_CONNECTION_URL": database.jdbc, "USERNAME": database.user, "PASSWORD": database.password},
    })
    glue.create_database(DatabaseInput={"Name": "people_db"})
    for table in ("people", "ids"):
        # As a crawler describes a table of a database.
        glue.create_table(DatabaseName="people_db", TableInput={
            "Name": f"postgres_public_{table}", "TableType": "EXTERNAL_TABLE",
            "Parameters": {"classification": "postgresql", "connectionName": "people-db", "typeOfData": "table"},
            "StorageDescriptor": {
                "Columns": [{"Name": "id", "Type": "int"}], "Location": f"postgres.public.{table}",
                "Parameters": {"classification": "postgresql", "connectionName": "people-db"},
            },
        })
    _, ended = run(house, database, "connected", CONNECTED, Connections={"Connections": ["people-db"]})
    assert database.execute("SELECT id, name FROM names ORDER BY id") == database.execute(
        "SELECT id, name FROM people ORDER BY id")
    assert database.execute("SELECT id FROM ids ORDER BY id") == [(1,), (2,), (3,)]
    assert "'postgresql'" in printed(house, ended)[0]


def test_only_new_rows_are_read(house, database):
    database.execute("CREATE TABLE arrivals (id int)")
    database.execute("CREATE TABLE new (id int)")
    database.execute("INSERT INTO arrivals VALUES (1), (2)")
    job = house.job("new", NEW, "glueetl", DefaultArguments={
        "--url": database.jdbc, "--password": database.password, "--job-bookmark-option": "job-bookmark-enable"})
    for arrived in ("", "(3)"):
        if arrived:
            database.execute(f"INSERT INTO arrivals VALUES {arrived}")
        ended = house.run(job)
        assert ended["JobRunState"] == "SUCCEEDED", ended
    assert database.execute("SELECT id FROM new ORDER BY id") == [(1,), (2,), (3,)]
    kept = json.loads(house.glue.get_job_bookmark(JobName=job)["JobBookmarkEntry"]["JobBookmark"])
    assert kept["contexts"]["people"]["last"] == ["3"]


def test_a_database_that_refuses_is_told(house, database):
    job = house.job("refused", COPY, "glueetl", DefaultArguments={"--url": database.jdbc, "--password": "wrong"})
    ended = house.run(job)
    assert ended["JobRunState"] == "FAILED", ended
    assert f"Failed Line Number: {HEAD.count(chr(10)) + 2}" in ended["ErrorMessage"], ended
    assert "password authentication failed" in ended["ErrorMessage"], ended
