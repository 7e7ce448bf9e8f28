"""What users paste about Redshift from tutorials, as it is written there: `snippets/` holds it.

The tutorials' account becomes this server's; what their Python calls that no library has (`redshift.copy`,
`redshift.execute`) is left out, its SQL is run.
"""

import io
import json
import pathlib
import re
import subprocess
import sys

import pandas
import pytest

from conftest import Tarn, wait_until
from test_redshift_data import Data

SNIPPETS = pathlib.Path(__file__).parent / "snippets"
ACCOUNT = "000000000000"


@pytest.fixture(scope="module")
def tarn(tmp_path_factory):
    """A server of their own: the names that tutorials use (`analytics`, `data-lake`) are everybody's."""
    server = Tarn(tmp_path_factory.mktemp("snippets") / "data")
    yield server
    server.stop()


def text(name):
    return re.sub(r"\b123456789012\b", ACCOUNT, (SNIPPETS / name).read_text())


def paste(tarn, name):
    done = subprocess.run([sys.executable, "-c", text(name)], env=tarn.environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def roles(tarn):
    """The roles that tutorials take for granted: Redshift may assume them, and they may read and write the lake."""
    iam = tarn.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "redshift.amazonaws.com"}, "Action": "sts:AssumeRole"}
    lake = {"Effect": "Allow", "Action": ["s3:*", "glue:*"], "Resource": "*"}
    for name in ("redshift-role", "MyRedshiftRole"):
        iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust})
        )
        policy = json.dumps({"Version": "2012-10-17", "Statement": lake})
        iam.put_role_policy(RoleName=name, PolicyName="lake", PolicyDocument=policy)
    return [f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("redshift-role", "MyRedshiftRole")]


@pytest.fixture(scope="module")
def warehouse(tarn, roles):
    """The tutorial's cluster, once it is available."""
    redshift = tarn.client("redshift")
    redshift.create_cluster_subnet_group(
        ClusterSubnetGroupName="private-subnet", Description="private", SubnetIds=["subnet-12345678"]
    )
    paste(tarn, "redshift_cluster.py")
    redshift.get_waiter("cluster_available").wait(
        ClusterIdentifier="analytics-cluster", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    redshift.modify_cluster_iam_roles(ClusterIdentifier="analytics-cluster", AddIamRoles=roles)
    return Data(tarn, ClusterIdentifier="analytics-cluster", Database="analytics", DbUser="admin")


def put_parquet(tarn, bucket, key, frame):
    tarn.client("s3").create_bucket(Bucket=bucket)
    body = io.BytesIO()
    frame.to_parquet(body)
    tarn.client("s3").put_object(Bucket=bucket, Key=key, Body=body.getvalue())


def test_cluster(tarn, warehouse):
    [cluster] = tarn.client("redshift").describe_clusters(ClusterIdentifier="analytics-cluster")["Clusters"]
    assert (cluster["NumberOfNodes"], cluster["NodeType"], cluster["DBName"]) == (3, "dc2.large", "analytics")
    assert cluster["EnhancedVpcRouting"] is True
    assert cluster["VpcSecurityGroups"] == [{"VpcSecurityGroupId": "sg-12345678", "Status": "active"}]
    assert warehouse.rows("SELECT current_user, current_database()") == [["admin", "analytics"]]


def test_serverless(tarn, roles):
    paste(tarn, "redshift_serverless.py")
    serverless = tarn.client("redshift-serverless")
    wait_until(lambda: serverless.get_workgroup(workgroupName="analytics-wg")["workgroup"]["status"] == "AVAILABLE")
    data = Data(tarn, WorkgroupName="analytics-wg", Database="dev")
    assert data.rows("SELECT 1") == [[1]]


@pytest.mark.parametrize("name", ["redshift_sales.sql", "redshift_sales_distributed.sql"])
def test_distribution_and_sort_keys(warehouse, name):
    warehouse.run(text(name))
    found = warehouse.rows(
        "SELECT \"column\", distkey, sortkey FROM pg_table_def WHERE tablename = 'sales' AND schemaname = 'public'"
    )
    assert [row[0] for row in found if row[1]] == ["product_id"]
    assert [row[0] for row in found if row[2] == 1] == ["sale_date" if name == "redshift_sales.sql" else "sale_id"]
    warehouse.run("DROP TABLE sales")


def test_a_table_without_a_distribution(warehouse):
    warehouse.run(text("redshift_sales_undistributed.sql"))
    found = warehouse.rows("SELECT \"column\", distkey FROM pg_table_def WHERE tablename = 'sales'")
    assert found == [[name, False] for name in ("sale_id", "product_id", "customer_id", "amount")]
    warehouse.run("DROP TABLE sales")


def test_upkeep_after_a_migration(tarn, warehouse):
    """One statement after the other, as a query editor runs what is pasted: VACUUM takes no transaction."""
    warehouse.run("CREATE TABLE sales_fact (customer_id INT, sale_date TIMESTAMP, product_category TEXT, amount INT)")
    warehouse.run(
        "INSERT INTO sales_fact VALUES (1, '2026-01-01 10:00', 'books', 3), (1, '2026-01-01 11:00', 'books', 4), "
        "(2, '2026-01-02', 'toys', 5)"
    )
    statements = [part for part in text("redshift_post_migration.sql").split(";") if part.strip()]
    assert len(statements) == 6
    for statement in statements:
        warehouse.run(statement)
    assert warehouse.rows("SELECT * FROM daily_sales_summary ORDER BY day") == [
        ["2026-01-01 00:00:00", "books", 7, 2],
        ["2026-01-02 00:00:00", "toys", 5, 1],
    ]
    warehouse.run("INSERT INTO sales_fact VALUES (3, '2026-01-03', 'toys', 9)")
    top = "SELECT customer_id, lifetime_value FROM mv_top_customers ORDER BY lifetime_value DESC"
    wait_until(lambda: warehouse.rows(top) == [[3, 9], [1, 7], [2, 5]])
    warehouse.run("DROP TABLE sales_fact CASCADE")


def test_copy_and_unload(tarn, warehouse):
    views = pandas.DataFrame({"user_id": ["ann", "bob", "ann"], "year": ["2026", "2026", "2025"]})
    put_parquet(tarn, "data-lake", "processed/page_views/part-0.parquet", views)
    warehouse.run("CREATE TABLE page_views (user_id VARCHAR(50), year VARCHAR(4))")
    warehouse.run(text("redshift_copy_page_views.sql"))
    assert warehouse.rows("SELECT user_id, count(*) FROM page_views GROUP BY 1 ORDER BY 1") == [["ann", 2], ["bob", 1]]
    tarn.client("s3").create_bucket(Bucket="data-lake-archive")
    warehouse.run(
        "UNLOAD ('SELECT * FROM page_views WHERE year = ''2026''') TO 's3://data-lake-archive/views/' "
        f"IAM_ROLE 'arn:aws:iam::{ACCOUNT}:role/redshift-role' FORMAT AS PARQUET MANIFEST"
    )
    listed = tarn.client("s3").list_objects_v2(Bucket="data-lake-archive", Prefix="views/")["Contents"]
    names = [entry["Key"] for entry in listed]
    assert any(name.endswith("manifest") for name in names)
    rows = 0
    for name in (name for name in names if name.endswith(".parquet")):
        body = tarn.client("s3").get_object(Bucket="data-lake-archive", Key=name)["Body"].read()
        rows += len(pandas.read_parquet(io.BytesIO(body)))
    assert rows == 2


def test_copy_with_a_role(tarn, warehouse):
    put_parquet(tarn, "bucket", "data/part-0.parquet", pandas.DataFrame({"n": [1, 2, 3]}))
    warehouse.run("CREATE TABLE my_table (n BIGINT)")
    warehouse.run(text("redshift_copy_my_table.sql"))
    assert warehouse.rows("SELECT count(*), max(n) FROM my_table") == [[3, 3]]


def test_spectrum(tarn, warehouse):
    warehouse.run(text("redshift_spectrum_schema.sql"))
    assert tarn.client("glue").get_database(Name="analytics")["Database"]["Name"] == "analytics"
    put_parquet(
        tarn,
        "data-lake",
        "purchases/part-0.parquet",
        pandas.DataFrame(
            {"user_id": ["ann", "bob"], "total_purchases": [3, 4], "signup_date": ["2026-02-01", "2025-02-01"]}
        ),
    )
    put_parquet(
        tarn, "data-lake", "views/part-0.parquet", pandas.DataFrame({"user_id": ["ann"], "page_view_count": [7]})
    )
    tables = {
        "user_purchases": ("purchases", "user_id VARCHAR(20), total_purchases BIGINT, signup_date VARCHAR(10)"),
        "user_page_views": ("views", "user_id VARCHAR(20), page_view_count BIGINT"),
    }
    for name, (folder, columns) in tables.items():
        warehouse.run(
            f"CREATE EXTERNAL TABLE spectrum.{name} ({columns}) STORED AS PARQUET LOCATION 's3://data-lake/{folder}/'"
        )
    assert warehouse.rows(text("redshift_spectrum_query.sql")) == [["ann", 3, 7]]


def test_spectrum_reads_a_partition(tarn, warehouse, roles):
    """The tutorial's `spectrum_schema.sales_data`, of which it says only that Glue's catalog has it."""
    for year, amount in ((2023, 1.5), (2024, 2.5)):
        frame = pandas.DataFrame({"sale_id": [year], "amount": [amount]})
        put_parquet(tarn, "sales-lake", f"sales_data/year={year}/part-0.parquet", frame)
    warehouse.run(
        f"CREATE EXTERNAL SCHEMA spectrum_schema FROM DATA CATALOG DATABASE 'sales' IAM_ROLE '{roles[0]}' "
        "CREATE EXTERNAL DATABASE IF NOT EXISTS"
    )
    warehouse.run(
        "CREATE EXTERNAL TABLE spectrum_schema.sales_data (sale_id BIGINT, amount DOUBLE PRECISION) "
        "PARTITIONED BY (year INT) STORED AS PARQUET LOCATION 's3://sales-lake/sales_data/'"
    )
    for year in (2023, 2024):
        warehouse.run(
            f"ALTER TABLE spectrum_schema.sales_data ADD PARTITION (year={year}) "
            f"LOCATION 's3://sales-lake/sales_data/year={year}/'"
        )
    assert warehouse.rows(text("redshift_spectrum_sales.sql")) == [[2024, 2.5, 2024]]
