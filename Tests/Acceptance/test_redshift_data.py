"""The Redshift Data API as boto3 and awswrangler use it, against a cluster and a workgroup."""

import csv
import io

import awswrangler
import boto3
import pytest
from botocore.exceptions import ClientError

from conftest import wait_until

PASSWORD = "SecurePassword123"


class Data:
    """Statements run to their end against one target."""

    def __init__(self, tarn, **target):
        self.client = tarn.client("redshift-data")
        self.target = target

    def start(self, sql, **options):
        if "SessionId" in options:
            return self.client.execute_statement(Sql=sql, **options)
        return self.client.execute_statement(Sql=sql, **(self.target | options))

    def batch(self, *sqls, **options):
        return self.client.batch_execute_statement(Sqls=list(sqls), **(self.target | options))["Id"]

    def end(self, identifier):
        def ended():
            found = self.client.describe_statement(Id=identifier)
            return found if found["Status"] in ("FINISHED", "FAILED", "ABORTED") else None

        return wait_until(ended)

    def run(self, sql, **options):
        found = self.end(self.start(sql, **options)["Id"])
        assert found["Status"] == "FINISHED", found.get("Error")
        return found

    def rows(self, sql, **options):
        return self.values(self.run(sql, **options)["Id"])

    def values(self, identifier):
        pages = self.client.get_paginator("get_statement_result").paginate(Id=identifier)
        return [
            [None if field.get("isNull") else next(iter(field.values())) for field in row]
            for page in pages
            for row in page["Records"]
        ]

    def error(self, sql, **options):
        found = self.end(self.start(sql, **options)["Id"])
        assert found["Status"] == "FAILED", found
        return found["Error"]


def refusal(call, **options):
    with pytest.raises(ClientError) as caught:
        call(**options)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.fixture(scope="module")
def cluster(tarn):
    name = "data-api-cluster"
    redshift = tarn.client("redshift")
    redshift.create_cluster(
        ClusterIdentifier=name, NodeType="ra3.xlplus", MasterUsername="admin", MasterUserPassword=PASSWORD
    )
    redshift.get_waiter("cluster_available").wait(ClusterIdentifier=name, WaiterConfig={"Delay": 1})
    yield name
    redshift.delete_cluster(ClusterIdentifier=name, SkipFinalClusterSnapshot=True)


@pytest.fixture(scope="module")
def data(tarn, cluster):
    return Data(tarn, ClusterIdentifier=cluster, Database="dev", DbUser="admin")


@pytest.fixture(scope="module")
def workgroup(tarn):
    name = "data-api-workgroup"
    serverless = tarn.client("redshift-serverless")
    serverless.create_namespace(namespaceName=name, adminUsername="admin", manageAdminPassword=True)
    serverless.create_workgroup(workgroupName=name, namespaceName=name)
    wait_until(lambda: serverless.get_workgroup(workgroupName=name)["workgroup"]["status"] == "AVAILABLE")
    return name


def test_a_statement_and_its_result(data):
    found = data.run("SELECT 1 AS one, 'two' AS two, 3.50::DECIMAL(10,2) AS three, TRUE AS four, NULL::INT AS five")
    assert (found["HasResultSet"], found["ResultRows"], found["QueryString"][:8]) == (True, 1, "SELECT 1")
    assert found["Duration"] > 0 and found["ResultSize"] > 0
    result = data.client.get_statement_result(Id=found["Id"])
    assert result["Records"] == [
        [{"longValue": 1}, {"stringValue": "two"}, {"stringValue": "3.50"}, {"booleanValue": True}, {"isNull": True}]
    ]
    assert result["TotalNumRows"] == 1
    columns = [(c["name"], c["typeName"], c["precision"], c["scale"]) for c in result["ColumnMetadata"]]
    assert columns[0] == ("one", "int4", 10, 0)
    assert columns[2] == ("three", "numeric", 10, 2)
    assert columns[3][:2] == ("four", "bool")


def test_tables_are_made_filled_and_asked(data, unique):
    table = unique("events").replace("-", "_")
    assert data.run(f"CREATE TABLE {table} (id INT, name VARCHAR(20), amount FLOAT8)")["HasResultSet"] is False
    assert data.run(f"INSERT INTO {table} VALUES (1, 'a', 0.5), (2, 'b', NULL)")["ResultRows"] == 2
    assert data.rows(f"SELECT * FROM {table} ORDER BY id") == [[1, "a", 0.5], [2, "b", None]]


def test_errors_fail_the_statement(data):
    assert "does not exist" in data.error("SELECT * FROM nowhere_at_all")
    assert data.error("SELEKT 1").startswith("ERROR: ")
    identifier = data.end(data.start("SELECT 1/0")["Id"])["Id"]
    code, message = refusal(data.client.get_statement_result, Id=identifier)
    assert code == "ResourceNotFoundException" and "FAILED" in message


def test_named_parameters(data):
    sql = "SELECT :number::INT + 1 AS n, ':number' AS text, :word AS word -- :word"
    rows = data.rows(
        sql, Parameters=[{"name": "number", "value": "41"}, {"name": "word", "value": "it's; DROP TABLE x"}]
    )
    assert rows == [[42, ":number", "it's; DROP TABLE x"]]
    code, message = refusal(data.start, sql="SELECT 1", Parameters=[{"name": "unused", "value": "1"}])
    assert (code, "unused" in message) == ("ValidationException", True)


def test_a_batch_is_one_transaction(data, unique):
    table = unique("batch").replace("-", "_")
    done = data.end(
        data.batch(
            f"CREATE TABLE {table} (n INT)", f"INSERT INTO {table} VALUES (1), (2)", f"SELECT sum(n) FROM {table}"
        )
    )
    assert done["Status"] == "FINISHED"
    assert [part["Status"] for part in done["SubStatements"]] == ["FINISHED"] * 3
    assert [part["HasResultSet"] for part in done["SubStatements"]] == [False, False, True]
    assert data.values(done["SubStatements"][2]["Id"]) == [[3]]
    assert refusal(data.client.get_statement_result, Id=done["Id"])[0] == "ValidationException"

    failed = data.end(data.batch(f"INSERT INTO {table} VALUES (3)", "SELECT * FROM nowhere_at_all", "SELECT 1"))
    assert failed["Status"] == "FAILED" and failed["Error"].startswith("Query #2 failed with ERROR")
    assert [part["Status"] for part in failed["SubStatements"]] == ["FINISHED", "FAILED", "ABORTED"]
    assert data.rows(f"SELECT count(*) FROM {table}") == [[2]]


def test_csv(data):
    found = data.run("SELECT 1 AS n, 'a,\"b\"' AS text UNION ALL SELECT 2, NULL ORDER BY n", ResultFormat="CSV")
    assert found["ResultFormat"] == "CSV"
    result = data.client.get_statement_result_v2(Id=found["Id"])
    text = "".join(page["CSVRecords"] for page in result["Records"])
    assert list(csv.reader(io.StringIO(text))) == [["n", "text"], ["1", 'a,"b"'], ["2", ""]]
    assert refusal(data.client.get_statement_result, Id=found["Id"])[0] == "ValidationException"


def test_results_come_in_pages(data, unique):
    table = unique("pages").replace("-", "_")
    data.run(f"CREATE TABLE {table} (n INT, text VARCHAR(1000))")
    data.run(f"INSERT INTO {table} VALUES (0, REPEAT('x', 900))")
    for doubling in range(11):
        data.run(f"INSERT INTO {table} SELECT n + {2 ** doubling}, text FROM {table}")
    found = data.run(f"SELECT * FROM {table}")
    first = data.client.get_statement_result(Id=found["Id"])
    assert first["NextToken"] and first["TotalNumRows"] == 2048
    assert sorted(row[0] for row in data.values(found["Id"])) == list(range(2048))
    assert refusal(data.client.get_statement_result, Id=found["Id"], NextToken="99")[0] == "ValidationException"


def test_a_client_token_runs_a_statement_once(data, unique):
    table = unique("token").replace("-", "_")
    data.run(f"CREATE TABLE {table} (n INT)")
    token = unique("token")
    sql = f"INSERT INTO {table} VALUES (1)"
    first = data.start(sql, ClientToken=token)["Id"]
    assert data.start(sql, ClientToken=token)["Id"] == first
    data.end(first)
    assert data.start(sql, ClientToken=token)["Id"] == first
    assert data.rows(f"SELECT count(*) FROM {table}") == [[1]]
    assert refusal(data.start, sql="SELECT 1", ClientToken=token)[0] == "ValidationException"


def test_a_session_is_kept_and_ends(data):
    first = data.start("CREATE TEMP TABLE kept (n INT)", SessionKeepAliveSeconds=60)
    session = first["SessionId"]
    assert data.end(first["Id"])["Status"] == "FINISHED"
    data.run("INSERT INTO kept VALUES (7)", SessionId=session)
    assert data.rows("SELECT n FROM kept", SessionId=session) == [[7]]
    assert "does not exist" in data.error("SELECT n FROM kept")
    assert refusal(data.client.execute_statement, Sql="SELECT 1", SessionId=session, Database="dev")[0] == (
        "ValidationException"
    )
    data.run("SELECT 1", SessionId=session, SessionKeepAliveSeconds=0)
    assert refusal(data.client.execute_statement, Sql="SELECT 1", SessionId=session)[0] == "ResourceNotFoundException"


def test_cancel(data):
    sql = "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b, generate_series(1, 1000) c"
    identifier = data.start(sql)["Id"]
    wait_until(lambda: data.client.describe_statement(Id=identifier)["Status"] == "STARTED")
    assert data.client.cancel_statement(Id=identifier)["Status"] is True
    assert data.end(identifier)["Status"] == "ABORTED"
    code, message = refusal(data.client.cancel_statement, Id=identifier)
    assert code == "ValidationException" and "already in" in message


def test_statements_are_listed(data, unique):
    name = unique("named")
    done = data.run("SELECT 1", StatementName=name)["Id"]
    failed = data.end(data.start("SELECT * FROM nowhere", StatementName=name)["Id"])["Id"]
    listed = data.client.list_statements(StatementName=name)["Statements"]
    assert [entry["Id"] for entry in listed] == [done]
    listed = data.client.list_statements(StatementName=name, Status="ALL")["Statements"]
    assert [entry["Id"] for entry in listed] == [failed, done]
    first = data.client.list_statements(StatementName=name, Status="ALL", MaxResults=1)
    rest = data.client.list_statements(
        StatementName=name, Status="ALL", MaxResults=1, NextToken=first["NextToken"]
    )
    assert [entry["Id"] for entry in first["Statements"] + rest["Statements"]] == [failed, done]


def test_the_catalog_is_listed(data, cluster):
    data.run("CREATE SCHEMA sales")
    data.run("CREATE TABLE sales.orders (id BIGINT NOT NULL, note VARCHAR(64), price DECIMAL(8,2))")
    target = data.target
    assert "dev" in data.client.list_databases(**target)["Databases"]
    assert {"public", "sales"} <= set(data.client.list_schemas(**target)["Schemas"])
    assert data.client.list_schemas(SchemaPattern="sal%", **target)["Schemas"] == ["sales"]
    assert data.client.list_tables(SchemaPattern="sales", **target)["Tables"] == [
        {"name": "orders", "schema": "sales", "type": "TABLE"}
    ]
    columns = data.client.describe_table(Schema="sales", Table="orders", **target)["ColumnList"]
    assert [(c["name"], c["typeName"], c["nullable"]) for c in columns] == [
        ("id", "int8", 0),
        ("note", "varchar", 1),
        ("price", "numeric", 1),
    ]


def test_what_is_refused(data, cluster):
    execute = data.client.execute_statement
    assert refusal(execute, Sql="SELECT 1", ClusterIdentifier="nowhere", Database="dev", DbUser="admin") == (
        "ValidationException",
        "Redshift endpoint doesn't exist in this region.",
    )
    assert refusal(execute, Sql="SELECT 1", Database="dev")[0] == "ValidationException"
    assert refusal(execute, Sql="SELECT 1", ClusterIdentifier=cluster)[0] == "ValidationException"
    assert refusal(data.client.describe_statement, Id="00000000-0000-0000-0000-000000000000") == (
        "ResourceNotFoundException",
        "Query does not exist.",
    )
    assert "does not exist" in data.error("SELECT 1", Database="nowhere")


def test_a_workgroup_and_its_secret(tarn, workgroup):
    serverless = tarn.client("redshift-serverless")
    secret = serverless.get_namespace(namespaceName=workgroup)["namespace"]["adminPasswordSecretArn"]
    admin = Data(tarn, WorkgroupName=workgroup, Database="dev", SecretArn=secret)
    assert admin.rows("SELECT current_user") == [["admin"]]
    me = Data(tarn, WorkgroupName=workgroup, Database="dev")
    assert me.rows("SELECT current_user")[0][0].lower() == "iam:rootidentity"
    assert refusal(me.start, sql="SELECT 1", SecretArn=secret + "x")[0] == "ValidationException"


def test_results_survive_a_crash_and_statements_that_ran_have_failed(fresh_tarn):
    tarn = fresh_tarn()
    redshift = tarn.client("redshift")
    redshift.create_cluster(
        ClusterIdentifier="crash", NodeType="ra3.xlplus", MasterUsername="admin", MasterUserPassword=PASSWORD
    )
    redshift.get_waiter("cluster_available").wait(ClusterIdentifier="crash", WaiterConfig={"Delay": 1})
    target = {"ClusterIdentifier": "crash", "Database": "dev", "DbUser": "admin"}
    data = Data(tarn, **target)
    data.run("CREATE TABLE kept AS SELECT 42 AS n")
    done = data.run("SELECT n FROM kept")["Id"]
    sql = "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b, generate_series(1, 1000) c"
    running = data.start(sql)["Id"]
    wait_until(lambda: data.client.describe_statement(Id=running)["Status"] != "SUBMITTED")
    tarn.kill()
    tarn.start()
    data = Data(tarn, **target)
    assert data.values(done) == [[42]]
    assert data.client.describe_statement(Id=running)["Status"] == "FAILED"
    assert data.rows("SELECT n FROM kept") == [[42]]


# awswrangler


@pytest.fixture
def wrangler(tarn, monkeypatch):
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, tarn.environment[name])
    return awswrangler.data_api.redshift


def test_awswrangler(wrangler, cluster):
    connection = wrangler.connect(
        cluster_id=cluster, database="dev", db_user="admin", boto3_session=boto3.Session(region_name="us-east-1")
    )
    frame = wrangler.read_sql_query("SELECT 1 AS n, 'a' AS word UNION ALL SELECT 2, NULL ORDER BY n", con=connection)
    assert frame["n"].tolist() == [1, 2]
    assert frame["word"].tolist()[0] == "a"
