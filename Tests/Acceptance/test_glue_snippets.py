"""Glue scripts that users paste from tutorials, as they are written there, over tables that crawlers have found."""

import json
import pathlib

import boto3
import pytest
from conftest import wait_until
from glue_house import House, needs_spark
from redshift_house import PASSWORD, USER, Cluster

pytestmark = needs_spark
SNIPPETS = pathlib.Path(__file__).parent / "snippets"


def text(name):
    return (SNIPPETS / f"glue_job_{name}.py").read_text()


@pytest.fixture
def house(fresh_tarn):
    """A server of the test's own: the names that tutorials use are everybody's."""
    house = House(fresh_tarn(), "pasted")
    house.tarn.client("iam").put_role_policy(
        RoleName=house.role, PolicyName="all",
        PolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": "*"}]}),
    )
    return house


def crawl(house, database, path, files, prefix=""):
    """Puts files below a path and lets a crawler find their tables."""
    bucket, _, folder = path.removeprefix("s3://").partition("/")
    if bucket not in [found["Name"] for found in house.s3.list_buckets()["Buckets"]]:
        house.s3.create_bucket(Bucket=bucket)
    for name, lines in files.items():
        house.s3.put_object(Bucket=bucket, Key=folder + name, Body="".join(line + "\n" for line in lines).encode())
    glue = house.glue
    glue.create_crawler(
        Name=database, Role=house.role, DatabaseName=database, Targets={"S3Targets": [{"Path": path}]},
        TablePrefix=prefix)
    glue.start_crawler(Name=database)

    def over():
        crawler = glue.get_crawler(Name=database)["Crawler"]
        return crawler.get("LastCrawl") if crawler["State"] == "READY" else None

    crawled = wait_until(over)
    assert crawled["Status"] == "SUCCEEDED", crawled
    return [table["Name"] for table in glue.get_tables(DatabaseName=database)["TableList"]]


def succeeded(house, name, script, **options):
    ended = house.run(house.job(name, script, "glueetl", **options))
    assert ended["JobRunState"] == "SUCCEEDED", ended.get("ErrorMessage")


def test_events(house):
    assert crawl(house, "raw", "s3://data-lake/raw/", {
        "events/2026.json": [
            '{"user_id": "u1", "event_type": "click", "timestamp": "2026-03-27T10:11:12Z", "properties": {"a": "b"}}',
            '{"user_id": "u2", "event_type": "view", "timestamp": "2026-03-27 10:11:13", "properties": {"c": "d"}}',
        ],
        # One table alone would be named by the folder that is crawled.
        "users/2026.csv": ["name,age", "Ann,30", "Bo,17"],
    }) == ["events", "users"]
    succeeded(house, "events", text("events"))
    rows = house.rows("processed/events/", bucket="data-lake")
    found = {row["user_id"]: (row["event_type"], f"{row['timestamp']:%F %T}", dict(row["properties"])) for row in rows}
    assert found == {
        "u1": ("click", "2026-03-27 10:11:12", {"a": "b"}), "u2": ("view", "2026-03-27 10:11:13", {"c": "d"})}


def test_sales(house):
    # The script commits a job that was never begun, and has no arguments.
    house.s3.create_bucket(Bucket="output-bucket")
    assert crawl(house, "sales_db", "s3://my-bucket/data/", {
        "sales/2024.csv": ["customer_id,amount,date", "7,19.99,2024-05-06", "8,x,2024-05-07"],
        "users/2026.csv": ["name,age", "Ann,30", "Bo,17"],
    }, prefix="raw_") == ["raw_sales", "raw_users"]
    succeeded(house, "sales", text("sales"))
    rows = sorted(house.rows("processed/", bucket="output-bucket"), key=lambda row: row["customer_id"])
    assert [(row["customer_id"], str(row["amount"]), str(row["sale_date"])) for row in rows] == [
        (7, "19.99", "2024-05-06"), (8, "None", "2024-05-07")]


def test_users(house):
    assert crawl(house, "mydb", "s3://my-bucket/raw-data/", {
        "users/u.json": ['{"name": "Ann", "age": 30}', '{"name": "Bo", "age": 17}'],
        "visits/v.csv": ["name,day", "Ann,2026-01-01", "Bo,2026-01-02"],
    }, prefix="raw_") == ["raw_users", "raw_visits"]
    succeeded(house, "users", text("users"))
    assert house.rows("cleaned/users/", bucket="my-bucket") == [{"name": "Ann", "age": 30}]


HEAD = """
from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from pyspark.context import SparkContext
from pyspark.sql import functions as F

glueContext = GlueContext(SparkContext.getOrCreate())
"""


def test_validation(house):
    for name, rows, error in (
        ("null", "[(1, 1, 5), (2, 1, None)]", "ValueError: Critical column amount has 1 null values"),
        ("double", "[(1, 1, 5), (1, 1, 6)]", "ValueError: Found 1 duplicate transactions"),
        ("good", "[(1, 1, 5), (2, 1, 6)]", None),
    ):
        frame = f"glueContext.spark_session.createDataFrame({rows}, 'transaction_id int, customer_id int, amount int')"
        made = f"{HEAD}raw_data = DynamicFrame.fromDF({frame}, glueContext, 'raw_data')\n"
        ended = house.run(house.job(name, made + text("validation"), "glueetl"))
        if error is None:
            assert ended["JobRunState"] == "SUCCEEDED", ended.get("ErrorMessage")
        else:
            assert ended["JobRunState"] == "FAILED" and ended["ErrorMessage"].endswith(error), ended


def test_a_frame_goes_to_redshift(house):
    cluster = Cluster(house.tarn, "my-cluster")
    house.s3.create_bucket(Bucket="my-temp-dir")
    house.glue.create_connection(ConnectionInput={
        "Name": "my-redshift-conn", "ConnectionType": "JDBC",
        "ConnectionProperties": {
            "JDBC_CONNECTION_URL": f"jdbc:redshift://{cluster.host}:{cluster.port}/dev", "USERNAME": USER,
            "PASSWORD": PASSWORD},
    })
    made = """
from awsglue.dynamicframe import DynamicFrame
rows = glueContext.spark_session.createDataFrame([(1, "Ann"), (2, "Bo")], "id int, name string")
dyf = DynamicFrame.fromDF(rows, glueContext, "dyf")
"""
    mark = "# Assume dyf is your transformed DynamicFrame\n"
    succeeded(house, "to-redshift", text("to_redshift").replace(mark, mark + made))
    import psycopg

    with psycopg.connect(dbname="dev", autocommit=True, **cluster.login) as connection:
        rows = connection.execute("SELECT id, name FROM public.my_table ORDER BY id").fetchall()
    assert rows == [(1, "Ann"), (2, "Bo")]
    assert "Contents" not in house.s3.list_objects_v2(Bucket="my-temp-dir")


def test_a_job_is_made(house):
    """It names units and no version, as one did when the oldest version was the default."""
    iam = house.tarn.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(
        RoleName="AWSGlueServiceRole",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust}))
    iam.put_role_policy(
        RoleName="AWSGlueServiceRole", PolicyName="all",
        PolicyDocument=json.dumps({
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": ["s3:*", "glue:*", "logs:*"], "Resource": "*"}]}))
    house.s3.create_bucket(Bucket="bucket")
    house.s3.put_object(Bucket="bucket", Key="scripts/etl.py", Body=HEAD + "print(glueContext.spark_session.version)")
    exec(compile(text("create"), "pasted", "exec"), {"glue": house.glue, "boto3": boto3})
    job = house.glue.get_job(JobName="sales-etl")["Job"]
    assert (job["MaxCapacity"], job["MaxRetries"], job["Timeout"]) == (10.0, 1, 120)
    ended = house.run("sales-etl")
    assert ended["JobRunState"] == "SUCCEEDED" and ended["MaxCapacity"] == 10.0, ended
