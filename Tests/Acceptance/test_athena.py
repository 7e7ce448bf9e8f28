"""Athena as its users meet it: through boto3, over tables in S3."""

import gzip
import io
import json
import re

import pytest
from botocore.exceptions import ClientError

from athena_client import Athena, Failed

PEOPLE = "id bigint, name string, born date, height double, seen timestamp, money decimal(10,2), tags array<string>"


class Lake:
    """A bucket, a database of its own, and Athena over both."""

    def __init__(self, tarn, name):
        self.tarn = tarn
        self.s3 = tarn.client("s3")
        self.glue = tarn.client("glue")
        self.bucket = name.replace("_", "-")
        self.database = name
        self.s3.create_bucket(Bucket=self.bucket)
        self.glue.create_database(DatabaseInput={"Name": name})
        self.athena = Athena(tarn.client("athena"), f"s3://{self.bucket}/results/", name)

    def put(self, key, body):
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def get(self, key):
        return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def keys(self, prefix):
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def json_table(self, name, columns, rows, more=""):
        """A table of JSON documents with its rows."""
        self.put(f"{name}/rows.json", "\n".join(json.dumps(row) for row in rows) + "\n")
        self.athena.run(
            f"CREATE EXTERNAL TABLE {name} ({columns}) {more} "
            f"ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://{self.bucket}/{name}/'"
        )


@pytest.fixture(scope="module")
def lake(tarn):
    lake = Lake(tarn, "athena_lake")
    lake.json_table(
        "people",
        PEOPLE,
        [
            {"id": 1, "name": "Ada", "born": "1815-12-10", "height": 1.65, "seen": "2026-01-02 03:04:05.678",
             "money": 12.5, "tags": ["math", "poetry"]},
            {"id": 2, "name": 'Grace "Amazing", Hopper', "born": "1906-12-09", "height": 1.7,
             "seen": "2026-01-02 03:04:05", "money": 0.1, "tags": []},
            {"id": 3, "name": None},
        ],
    )
    return lake


@pytest.fixture
def athena(lake):
    return lake.athena


@pytest.fixture
def table(unique):
    return lambda: unique("t").replace("-", "_")


# --- executions and results ------------------------------------------------------------------------------------


def test_an_execution_tells_its_story(lake, athena):
    execution = athena.run("SELECT id, name FROM people ORDER BY id")
    assert execution["StatementType"] == "DML"
    assert execution["SubstatementType"] == "SELECT"
    assert execution["WorkGroup"] == "primary"
    assert execution["QueryExecutionContext"]["Database"] == lake.database
    assert execution["EngineVersion"]["EffectiveEngineVersion"] == "Athena engine version 3"
    query = execution["QueryExecutionId"]
    assert execution["ResultConfiguration"]["OutputLocation"] == f"s3://{lake.bucket}/results/{query}.csv"
    status, statistics = execution["Status"], execution["Statistics"]
    assert status["SubmissionDateTime"] <= status["CompletionDateTime"]
    assert statistics["DataScannedInBytes"] == len(lake.get("people/rows.json"))
    for name in ("EngineExecutionTimeInMillis", "TotalExecutionTimeInMillis", "QueryQueueTimeInMillis"):
        assert statistics[name] >= 0
    assert statistics["ResultReuseInformation"] == {"ReusedPreviousResult": False}
    assert query in athena.client.list_query_executions(WorkGroup="primary")["QueryExecutionIds"]
    batch = athena.client.batch_get_query_execution(QueryExecutionIds=[query, "00000000-0000-0000-0000-000000000000"])
    assert [item["QueryExecutionId"] for item in batch["QueryExecutions"]] == [query]
    assert batch["UnprocessedQueryExecutionIds"][0]["QueryExecutionId"].startswith("00000000")
    timeline = athena.client.get_query_runtime_statistics(QueryExecutionId=query)["QueryRuntimeStatistics"]
    assert timeline["Rows"]["OutputRows"] == 3


def test_the_result_is_a_csv_with_metadata_beside_it(lake, athena):
    query = athena.run("SELECT id, name, tags FROM people ORDER BY id")["QueryExecutionId"]
    text = lake.get(f"results/{query}.csv").decode()
    assert text == (
        '"id","name","tags"\n"1","Ada","[math, poetry]"\n"2","Grace ""Amazing"", Hopper","[]"\n"3",,\n'
    )
    metadata = lake.get(f"results/{query}.csv.metadata")
    assert all(name in metadata for name in (b"id", b"bigint", b"name", b"varchar", b"tags", b"array"))


def test_result_types_and_header(athena):
    query = athena.run(
        "SELECT true b, tinyint '1' t, smallint '1' s, 1 i, bigint '1' l, real '1.5' r, 1e0 d, 1.25 n, 'x' v, "
        "CAST('x' AS char(3)) c, X'0aff' x, date '2026-01-02' day, timestamp '2026-01-02 03:04:05.678' ts, "
        "timestamp '2026-01-02 03:04:05.678 UTC' tz, time '01:02:03' ti, ARRAY[1] a, MAP(ARRAY['k'], ARRAY[1]) m, "
        "CAST(ROW(1, 'a') AS row(p integer, q varchar)) o, json '{\"a\":1}' j, interval '1' day iv, NULL n2"
    )["QueryExecutionId"]
    page = athena.client.get_query_results(QueryExecutionId=query)
    columns = page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert {column["Name"]: column["Type"] for column in columns} == {
        "b": "boolean", "t": "tinyint", "s": "smallint", "i": "integer", "l": "bigint", "r": "float", "d": "double",
        "n": "decimal", "v": "varchar", "c": "char", "x": "varbinary", "day": "date", "ts": "timestamp",
        "tz": "timestamp with time zone", "ti": "time", "a": "array", "m": "map", "o": "row", "j": "json",
        "iv": "interval day to second", "n2": "unknown",
    }  # fmt: skip
    header, row = page["ResultSet"]["Rows"]
    assert header["Data"][0] == {"VarCharValue": "b"}
    assert [cell.get("VarCharValue") for cell in row["Data"]] == [
        "true", "1", "1", "1", "1", "1.5", "1.0", "1.25", "x", "x  ", "0a ff", "2026-01-02",
        "2026-01-02 03:04:05.678", "2026-01-02 03:04:05.678 UTC", "01:02:03",
        "[1]", "{k=1}", "{p=1, q=a}", '{"a":1}', "1 00:00:00.000", None,
    ]  # fmt: skip
    decimal = next(column for column in columns if column["Name"] == "n")
    assert (decimal["Precision"], decimal["Scale"]) == (3, 2)
    assert columns[8]["CaseSensitive"] is True and columns[3]["CaseSensitive"] is False
    assert columns[0]["CatalogName"] == "hive" and columns[0]["Nullable"] == "UNKNOWN"


def test_timestamps_have_three_digits(lake, athena):
    assert athena.query("SELECT seen FROM people ORDER BY id") == [
        ["2026-01-02 03:04:05.678"], ["2026-01-02 03:04:05.000"], [None],
    ]  # fmt: skip
    assert athena.query("SELECT date_trunc('hour', timestamp '2026-01-02 03:04:05.678')") == [
        ["2026-01-02 03:00:00.000"]
    ]
    assert len(athena.query("SELECT now()")[0][0]) == len("2026-01-02 03:04:05.678 UTC")


def test_results_come_in_pages(athena):
    query = athena.run("SELECT n, CAST(n AS varchar) || ',\n\"' s FROM UNNEST(sequence(1, 2500)) t(n) ORDER BY n")
    query = query["QueryExecutionId"]
    rows = athena.rows(query)
    assert len(rows) == 2501 and rows[0] == ["n", "s"] and rows[2500] == ["2500", '2500,\n"']
    first = athena.client.get_query_results(QueryExecutionId=query, MaxResults=2)
    assert len(first["ResultSet"]["Rows"]) == 2
    second = athena.client.get_query_results(QueryExecutionId=query, MaxResults=2, NextToken=first["NextToken"])
    assert second["ResultSet"]["Rows"][0]["Data"][0]["VarCharValue"] == "2"
    with pytest.raises(ClientError) as refused:
        athena.client.get_query_results(QueryExecutionId=query, MaxResults=1001)
    assert refused.value.response["Error"]["Code"] == "InvalidRequestException"
    with pytest.raises(ClientError):
        athena.client.get_query_results(QueryExecutionId=query, NextToken="nonsense")


def test_results_of_what_did_not_succeed(athena):
    query = athena.start("SELECT 1 / 0")
    execution = athena.wait(query)
    assert execution["Status"]["State"] == "FAILED"
    assert execution["Status"]["StateChangeReason"].startswith("DIVISION_BY_ZERO: Division by zero")
    assert execution["Status"]["AthenaError"]["ErrorCategory"] == 2
    with pytest.raises(ClientError) as refused:
        athena.client.get_query_results(QueryExecutionId=query)
    assert "Final query state: FAILED" in str(refused.value)
    with pytest.raises(ClientError) as unknown:
        athena.client.get_query_execution(QueryExecutionId="ffffffff-0000-0000-0000-000000000000")
    assert unknown.value.response["Error"]["Code"] == "InvalidRequestException"


def test_a_running_query_is_stopped(athena):
    query = athena.start("SELECT count(*) FROM UNNEST(sequence(1, 10000)) a(i), UNNEST(sequence(1, 10000)) b(j), "
                         "UNNEST(sequence(1, 10000)) c(k) WHERE i * j % 7 = k")  # fmt: skip
    athena.client.stop_query_execution(QueryExecutionId=query)
    execution = athena.wait(query)
    assert execution["Status"]["State"] == "CANCELLED"
    assert "cancelled" in execution["Status"]["StateChangeReason"]
    # Stopping what is over changes nothing.
    athena.client.stop_query_execution(QueryExecutionId=query)


def test_the_same_token_is_the_same_query(athena, unique):
    token = unique("token") + "x" * 32
    first = athena.start("SELECT 1", ClientRequestToken=token)
    assert athena.start("SELECT 1", ClientRequestToken=token) == first
    with pytest.raises(ClientError) as refused:
        athena.start("SELECT 2", ClientRequestToken=token)
    assert "Idempotent parameters do not match" in str(refused.value)


def test_results_are_reused_when_asked(lake, athena, unique):
    sql = f"SELECT '{unique()}', count(*) FROM people"
    reuse = {"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 60}}
    first = athena.run(sql, ResultReuseConfiguration=reuse)
    assert first["Statistics"]["ResultReuseInformation"]["ReusedPreviousResult"] is False
    assert first["ResultReuseConfiguration"]["ResultReuseByAgeConfiguration"]["Enabled"] is True
    again = athena.run(sql, ResultReuseConfiguration=reuse)
    assert again["QueryExecutionId"] != first["QueryExecutionId"]
    assert again["Statistics"]["ResultReuseInformation"]["ReusedPreviousResult"] is True
    assert again["Statistics"]["DataScannedInBytes"] == 0
    assert athena.rows(again["QueryExecutionId"]) == athena.rows(first["QueryExecutionId"])
    unasked = athena.run(sql)
    assert unasked["Statistics"]["ResultReuseInformation"]["ReusedPreviousResult"] is False
    lake.s3.delete_object(Bucket=lake.bucket, Key=f"results/{unasked['QueryExecutionId']}.csv")
    lake.s3.delete_object(Bucket=lake.bucket, Key=f"results/{first['QueryExecutionId']}.csv")
    gone = athena.run(sql, ResultReuseConfiguration=reuse)
    assert gone["Statistics"]["ResultReuseInformation"]["ReusedPreviousResult"] is False


# --- workgroups ------------------------------------------------------------------------------------------------


def test_a_workgroup_enforces_its_settings(lake, unique):
    client, name = lake.athena.client, unique("wg")
    client.create_work_group(
        Name=name,
        Description="reports",
        Configuration={"ResultConfiguration": {"OutputLocation": f"s3://{lake.bucket}/{name}/"}},
        Tags=[{"Key": "team", "Value": "lake"}],
    )
    group = client.get_work_group(WorkGroup=name)["WorkGroup"]
    assert group["State"] == "ENABLED"
    assert group["Configuration"]["EnforceWorkGroupConfiguration"] is True
    mine = Athena(client, f"s3://{lake.bucket}/elsewhere/", lake.database, workgroup=name)
    execution = mine.run("SELECT 1")
    assert execution["ResultConfiguration"]["OutputLocation"].startswith(f"s3://{lake.bucket}/{name}/")
    client.update_work_group(WorkGroup=name, ConfigurationUpdates={"EnforceWorkGroupConfiguration": False})
    assert mine.run("SELECT 1")["ResultConfiguration"]["OutputLocation"].startswith(f"s3://{lake.bucket}/elsewhere/")
    assert any(item["Name"] == name for item in client.list_work_groups()["WorkGroups"])
    with pytest.raises(ClientError) as twice:
        client.create_work_group(Name=name)
    assert "already created" in str(twice.value)
    client.update_work_group(WorkGroup=name, State="DISABLED")
    with pytest.raises(ClientError) as disabled:
        mine.start("SELECT 1")
    assert "disabled" in str(disabled.value)
    with pytest.raises(ClientError) as filled:
        client.delete_work_group(WorkGroup=name)
    assert "not empty" in str(filled.value)
    client.delete_work_group(WorkGroup=name, RecursiveDeleteOption=True)
    with pytest.raises(ClientError) as gone:
        client.get_work_group(WorkGroup=name)
    assert "is not found" in str(gone.value)


def test_a_query_needs_a_place_for_its_output(lake):
    nowhere = Athena(lake.athena.client, None, lake.database)
    with pytest.raises(ClientError) as refused:
        nowhere.start("SELECT 1")
    assert "No output location provided" in str(refused.value)
    missing = Athena(lake.athena.client, "s3://no-such-bucket-anywhere/x/", lake.database)
    with pytest.raises(ClientError) as missed:
        missing.start("SELECT 1")
    assert "Unable to verify/create output bucket no-such-bucket-anywhere" in str(missed.value)


def test_a_query_past_its_workgroups_cutoff_is_cancelled(lake, unique):
    name = unique("cut")
    lake.athena.client.create_work_group(
        Name=name,
        Configuration={
            "ResultConfiguration": {"OutputLocation": f"s3://{lake.bucket}/{name}/"},
            "BytesScannedCutoffPerQuery": 10_000_000,
        },
    )
    table = name.replace("-", "_")
    line = json.dumps({"id": 1, "text": "x" * 1000}) + "\n"
    for part in range(6):
        lake.put(f"{table}/{part}.json", line * 4000)
    lake.athena.run(
        f"CREATE EXTERNAL TABLE {table} (id bigint, text string) "
        f"ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://{lake.bucket}/{table}/'"
    )
    limited = Athena(lake.athena.client, None, lake.database, workgroup=name)
    with pytest.raises(Failed) as cancelled:
        limited.run(f"SELECT max(text), sum(id) FROM {table}")
    assert cancelled.value.state == "CANCELLED"
    assert "Bytes scanned limit was exceeded" in cancelled.value.reason
    with pytest.raises(Failed):
        limited.run(f"CREATE TABLE {table}_copy WITH (external_location = 's3://{lake.bucket}/{table}_copy/') AS "
                    f"SELECT * FROM {table}")  # fmt: skip
    assert lake.keys(f"{table}_copy/") == []
    assert limited.query("SELECT 1") == [["1"]]


# --- errors ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql, reason",
    [
        ("SELECT nope FROM people", "COLUMN_NOT_FOUND: line 1:8: Column 'nope' cannot be resolved"),
        ("SELECT *\nFROM nope", "TABLE_NOT_FOUND: line 2:6: Table 'awsdatacatalog.athena_lake.nope' does not exist"),
        ("SELECT * FROM nodb.t", "SCHEMA_NOT_FOUND: line 1:15: Schema 'nodb' does not exist"),
        ("SELECT * FROM nocat.d.t", "CATALOG_NOT_FOUND: line 1:15: Catalog 'nocat' not found"),
        ("SELECT nofunc(1)", "FUNCTION_NOT_FOUND: line 1:8: Function 'nofunc' not registered"),
        ("SELECT name + 1 FROM people", "TYPE_MISMATCH: line 1:13: Cannot apply operator: varchar + integer"),
        ("SELECT id, count(*) FROM people", "EXPRESSION_NOT_AGGREGATE: line 1:8: 'id' must be an aggregate expression"),
        ("SELECT CAST('x' AS integer)", "INVALID_CAST_ARGUMENT: Cannot cast 'x' to INT"),
        ("SELECT 2147483647 + 1", "NUMERIC_VALUE_OUT_OF_RANGE: integer addition overflow: 2147483647 + 1"),
        ("SELECT ARRAY[1][2]", "INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: 2 > 1"),
        ("SELEC 1", "line 1:1: mismatched input 'SELEC'. Expecting: "),
        ("SELECT 'open", "line 1:8: mismatched input"),
        ("DROP TABLE nope", "FAILED: SemanticException [Error 10001]: Table not found athena_lake.nope"),
        ("SHOW CREATE TABLE nope", "Table not found"),
        ("CREATE TABLE x (a int) LOCATION 's3://b/'", "CREATE EXTERNAL TABLE"),
        ("DELETE FROM people", "NOT_SUPPORTED: Modifying Hive table rows is only supported for transactional tables"),
        ("INSERT INTO nope SELECT 1", "TABLE_NOT_FOUND"),
    ],
)
def test_errors_are_athenas(athena, sql, reason):
    assert reason in athena.error(sql)


def test_no_access_is_not_no_table(lake, tarn, unique):
    """A principal that may not see a table is told so, whatever the statement."""
    iam, name = tarn.client("iam"), unique("reader")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    iam.put_user_policy(
        UserName=name,
        PolicyName="athena",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": ["athena:*", "s3:*", "glue:GetDatabase"], "Resource": "*"},
                ],
            }
        ),
    )
    client = tarn.client("athena", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    reader = Athena(client, f"s3://{lake.bucket}/results/", lake.database)
    for sql in (
        "SELECT * FROM people",
        f"CREATE TABLE mine WITH (external_location = 's3://{lake.bucket}/mine/') AS SELECT 1 a",
        "INSERT INTO people SELECT * FROM people",
        "CREATE VIEW v AS SELECT 1 a",
        "DROP VIEW IF EXISTS v",
        "DESCRIBE people",
    ):
        reason = reader.error(sql)
        assert "is not authorized to perform: glue:GetTable" in reason, (sql, reason)
    assert lake.keys("mine/") == []


# --- parameters ------------------------------------------------------------------------------------------------


def test_execution_parameters(athena):
    assert athena.query("SELECT name FROM people WHERE id = ? OR name = ?", ["3", "'Ada'"]) == [["Ada"], [None]]
    assert "Incorrect number of parameters: expected 1 but found 0" in athena.error("SELECT name FROM people WHERE id = ?")
    assert athena.query("SELECT ? || 'b', ?", ["'a'", "DATE '2026-01-02'"]) == [["ab", "2026-01-02"]]


def test_prepared_statements(athena, unique):
    name = unique("p").replace("-", "_")
    athena.run(f"PREPARE {name} FROM SELECT name FROM people WHERE id = ?")
    assert athena.query(f"EXECUTE {name} USING 1") == [["Ada"]]
    assert athena.query(f"EXECUTE {name}", ["2"]) == [['Grace "Amazing", Hopper']]
    kept = athena.client.get_prepared_statement(StatementName=name, WorkGroup="primary")["PreparedStatement"]
    assert kept["QueryStatement"] == "SELECT name FROM people WHERE id = ?"
    athena.client.update_prepared_statement(
        StatementName=name, WorkGroup="primary", QueryStatement="SELECT ? + 1", Description="more"
    )
    assert athena.query(f"EXECUTE {name} USING 41") == [["42"]]
    listed = athena.client.list_prepared_statements(WorkGroup="primary")["PreparedStatements"]
    assert any(item["StatementName"] == name for item in listed)
    athena.run(f"DEALLOCATE PREPARE {name}")
    assert f"PreparedStatement {name} was not found" in athena.error(f"EXECUTE {name} USING 1").replace("  ", " ")
    with pytest.raises(ClientError) as gone:
        athena.client.get_prepared_statement(StatementName=name, WorkGroup="primary")
    assert gone.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_named_queries(athena, lake, unique):
    client, name = athena.client, unique("saved")
    made = client.create_named_query(Name=name, Database=lake.database, QueryString="SELECT 1", WorkGroup="primary")
    query = made["NamedQueryId"]
    assert client.get_named_query(NamedQueryId=query)["NamedQuery"]["Name"] == name
    client.update_named_query(NamedQueryId=query, Name=name, QueryString="SELECT 2")
    batch = client.batch_get_named_query(NamedQueryIds=[query])["NamedQueries"]
    assert batch[0]["QueryString"] == "SELECT 2"
    assert query in client.list_named_queries(WorkGroup="primary")["NamedQueryIds"]
    client.delete_named_query(NamedQueryId=query)
    with pytest.raises(ClientError):
        client.get_named_query(NamedQueryId=query)


# --- DDL -------------------------------------------------------------------------------------------------------


def test_show_and_describe(athena, lake, table):
    name = table()
    athena.run(
        f"CREATE EXTERNAL TABLE {name} (a int COMMENT 'first', b string) COMMENT 'a table' "
        f"PARTITIONED BY (day string) STORED AS PARQUET LOCATION 's3://{lake.bucket}/{name}/' "
        "TBLPROPERTIES ('parquet.compression'='SNAPPY')"
    )
    assert lake.database in athena.lines("SHOW DATABASES")
    assert athena.lines("SHOW DATABASES LIKE 'athena_l*'") == [lake.database]
    assert name in athena.lines("SHOW TABLES") and athena.lines(f"SHOW TABLES IN {lake.database} '{name}'") == [name]
    assert [line.strip() for line in athena.lines(f"SHOW COLUMNS IN {name}")] == ["a", "b", "day"]
    described = athena.lines(f"DESCRIBE {name}")
    assert described[0].split("\t")[0].strip() == "a" and described[0].split("\t")[1].strip() == "int"
    assert any(line.startswith("# Partition Information") for line in described)
    assert any("Location:" in line for line in athena.lines(f"DESCRIBE FORMATTED {name}"))
    shown = athena.lines(f"SHOW CREATE TABLE {name}")
    assert shown[0] == f"CREATE EXTERNAL TABLE `{name}`("
    assert "  `a` int COMMENT 'first', " in shown
    properties = dict(line.split("\t") for line in athena.lines(f"SHOW TBLPROPERTIES {name}"))
    assert properties["parquet.compression"] == "SNAPPY" and properties["EXTERNAL"] == "TRUE"
    assert athena.lines(f"SHOW TBLPROPERTIES {name}('parquet.compression')") == ["SNAPPY"]
    # What SHOW CREATE TABLE says makes the same table again.
    before = lake.glue.get_table(DatabaseName=lake.database, Name=name)["Table"]
    athena.run(f"DROP TABLE {name}")
    athena.run("\n".join(shown))
    after = lake.glue.get_table(DatabaseName=lake.database, Name=name)["Table"]
    for part in ("StorageDescriptor", "PartitionKeys", "TableType"):
        assert before[part] == after[part]


def test_alter_table(athena, lake, table):
    name = table()
    athena.run(
        f"CREATE EXTERNAL TABLE {name} (a int) PARTITIONED BY (day string) "
        f"ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' LOCATION 's3://{lake.bucket}/{name}/'"
    )
    for day in ("2026-01-01", "2026-01-02", "2026-01-03"):
        lake.put(f"{name}/day={day}/x.csv", "1\n2\n")
    assert athena.query(f"SELECT count(*) FROM {name}") == [["0"]]
    athena.run(f"ALTER TABLE {name} ADD PARTITION (day = '2026-01-01')")
    assert "AlreadyExistsException" in athena.error(f"ALTER TABLE {name} ADD PARTITION (day = '2026-01-09') PARTITION (day = '2026-01-01')")
    assert athena.lines(f"SHOW PARTITIONS {name}") == ["day=2026-01-01"]
    athena.run(f"ALTER TABLE {name} ADD IF NOT EXISTS PARTITION (day = '2026-01-01') PARTITION (day = 'other') "
               f"LOCATION 's3://{lake.bucket}/{name}/day=2026-01-02/'")  # fmt: skip
    assert athena.query(f"SELECT day, count(*) FROM {name} GROUP BY 1 ORDER BY 1") == [
        ["2026-01-01", "2"], ["other", "2"]
    ]  # fmt: skip
    assert athena.query(f"SELECT * FROM \"{name}$partitions\" ORDER BY 1") == [["2026-01-01"], ["other"]]
    athena.run(f"ALTER TABLE {name} DROP PARTITION (day = 'other')")
    repaired = athena.lines(f"MSCK REPAIR TABLE {name}")
    assert any("day=2026-01-03" in line for line in repaired)
    assert len(athena.lines(f"SHOW PARTITIONS {name}")) == 3
    execution = athena.run(f"SELECT sum(a) FROM {name} WHERE day = '2026-01-03'")
    assert execution["Statistics"]["DataScannedInBytes"] == 4
    athena.run(f"ALTER TABLE {name} ADD COLUMNS (b string)")
    assert athena.query(f"SELECT a, b FROM {name} WHERE day = '2026-01-03' ORDER BY a") == [["1", None], ["2", None]]
    athena.run(f"ALTER TABLE {name} SET TBLPROPERTIES ('note'='x')")
    assert athena.lines(f"SHOW TBLPROPERTIES {name}('note')") == ["x"]
    athena.run(f"ALTER TABLE {name} REPLACE COLUMNS (c string)")
    assert [line.strip() for line in athena.lines(f"SHOW COLUMNS IN {name}")] == ["c", "day"]
    athena.run(f"ALTER TABLE {name} SET LOCATION 's3://{lake.bucket}/elsewhere/'")
    assert lake.glue.get_table(DatabaseName=lake.database, Name=name)["Table"]["StorageDescriptor"]["Location"].startswith(
        f"s3://{lake.bucket}/elsewhere"
    )


def test_databases(athena, lake, table):
    name = table()
    athena.run(f"CREATE DATABASE {name} COMMENT 'mine' WITH DBPROPERTIES ('a'='b')")
    assert "already exists" in athena.error(f"CREATE DATABASE {name}")
    athena.run(f"CREATE DATABASE IF NOT EXISTS {name}")
    athena.run(f"CREATE EXTERNAL TABLE {name}.t (a int) LOCATION 's3://{lake.bucket}/{name}/'")
    assert "is not empty" in athena.error(f"DROP DATABASE {name}")
    athena.run(f"ALTER DATABASE {name} SET DBPROPERTIES ('c'='d')")
    assert lake.glue.get_database(Name=name)["Database"]["Parameters"]["c"] == "d"
    athena.run(f"DROP DATABASE {name} CASCADE")
    assert "Database does not exist" in athena.error(f"DROP DATABASE {name}")
    athena.run(f"DROP DATABASE IF EXISTS {name}")


def test_views(athena, lake, table):
    name = table()
    athena.run(f"CREATE VIEW {name} AS SELECT id, upper(name) AS loud FROM people WHERE id < 3")
    assert athena.query(f"SELECT loud FROM {name} WHERE id = 1") == [["ADA"]]
    assert "View already exists" in athena.error(f"CREATE VIEW {name} AS SELECT 1 a")
    athena.run(f"CREATE OR REPLACE VIEW {name} AS SELECT 7 AS seven")
    assert athena.query(f"SELECT * FROM {name}") == [["7"]]
    assert name in athena.lines("SHOW VIEWS")
    assert athena.lines(f"SHOW CREATE VIEW {name}")[0].startswith(f"CREATE VIEW {lake.database}.{name}")
    kept = lake.glue.get_table(DatabaseName=lake.database, Name=name)["Table"]
    assert kept["TableType"] == "VIRTUAL_VIEW" and kept["Parameters"]["presto_view"] == "true"
    assert "does not exist" in athena.error("CREATE VIEW w AS SELECT * FROM nope")
    athena.run(f"DROP VIEW {name}")
    assert "does not exist" in athena.error(f"DROP VIEW {name}")
    athena.run(f"DROP VIEW IF EXISTS {name}")


def test_information_schema(athena, lake):
    where = f"table_schema = '{lake.database}' AND table_name = 'people'"
    assert athena.query(f"SELECT table_catalog, table_type FROM information_schema.tables WHERE {where}") == [
        ["awsdatacatalog", "BASE TABLE"]
    ]
    columns = athena.query(
        f"SELECT column_name, data_type, ordinal_position FROM information_schema.columns WHERE {where} "
        "ORDER BY ordinal_position"
    )
    assert columns[0] == ["id", "bigint", "1"] and ["seen", "timestamp(3)", "5"] in columns
    assert ["tags", "array(varchar)", "7"] in columns
    schemas = athena.query("SELECT schema_name FROM information_schema.schemata")
    assert [lake.database] in schemas and ["information_schema"] in schemas
    assert athena.query(f"SELECT count(*) FROM awsdatacatalog.information_schema.tables WHERE table_schema LIKE 'athena_lak%'") != [["0"]]
    assert "does not exist" in athena.error("SELECT * FROM information_schema.nope")


def test_explain(athena):
    plan = athena.lines("EXPLAIN SELECT count(*) FROM people WHERE id > 1")
    assert plan and any(line.strip() for line in plan)
    assert athena.lines("EXPLAIN ANALYZE SELECT 1")
    assert "does not exist" in athena.error("EXPLAIN SELECT * FROM nope")
    assert athena.lines("EXPLAIN (TYPE VALIDATE) SELECT 1") == ["true"]


# --- writing ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["PARQUET", "JSON", "TEXTFILE"])
def test_ctas_and_insert_with_partitions(athena, lake, table, form):
    name = table()
    execution = athena.run(
        f"CREATE TABLE {name} WITH (format = '{form}', external_location = 's3://{lake.bucket}/{name}/', "
        "partitioned_by = ARRAY['city', 'year']) AS SELECT * FROM (VALUES "
        "(1, 'a', date '2026-01-01', timestamp '2026-01-02 03:04:05.678', 1.50, 'Roma', 2025), "
        "(2, NULL, NULL, NULL, NULL, 'São Paulo', 2026)) t(id, name, day, at, price, city, year)"
    )
    assert execution["StatementType"] == "DDL" and execution["SubstatementType"] == "CREATE_TABLE_AS_SELECT"
    manifest = execution["Statistics"]["DataManifestLocation"]
    files = lake.get(manifest.split("/", 3)[3]).decode().split()
    assert sorted(file.split("/", 3)[3] for file in files) == sorted(lake.keys(f"{name}/"))
    assert all(key.startswith(f"{name}/city=") for key in lake.keys(f"{name}/"))
    assert len(athena.lines(f"SHOW PARTITIONS {name}")) == 2
    inserted = athena.run(f"INSERT INTO {name} SELECT 3, 'c', NULL, NULL, 2.25, 'Roma', 2027")
    assert inserted["SubstatementType"] == "INSERT"
    assert athena.query(f"SELECT * FROM {name} ORDER BY id") == [
        ["1", "a", "2026-01-01", "2026-01-02 03:04:05.678", "1.50", "Roma", "2025"],
        ["2", None, None, None, None, "São Paulo", "2026"],
        ["3", "c", None, None, "2.25", "Roma", "2027"],
    ]  # fmt: skip
    assert athena.query(f"SELECT count(*) FROM {name} WHERE city = 'Roma' AND year > 2025") == [["1"]]
    assert "TYPE_MISMATCH: line 1:1: Insert query has mismatched column types" in athena.error(f"INSERT INTO {name} SELECT 'x'")
    assert "already exists" in athena.error(f"CREATE TABLE {name} AS SELECT 1 a")
    athena.run(f"CREATE TABLE IF NOT EXISTS {name} AS SELECT 1 a")
    athena.run(f"DROP TABLE {name}")
    assert "HIVE_PATH_ALREADY_EXISTS" in athena.error(
        f"CREATE TABLE {name} WITH (external_location = 's3://{lake.bucket}/{name}/') AS SELECT 1 a"
    )


def test_files_lie_right_below_the_place_that_they_were_written_to(athena, lake, table, unique):
    """Without a second slash, behind which clients that think in folders miss them; at a bucket's root, too, and beside
    an object that is named like the folder."""
    name, root = table(), unique("root")
    lake.s3.create_bucket(Bucket=root)
    lake.put(f"{name}/with/below", b"no folder")
    places = {
        "with": f"s3://{lake.bucket}/{name}/with/below/", "without": f"s3://{lake.bucket}/{name}/without/below",
        "root": f"s3://{root}/",
    }
    for end, place in places.items():
        athena.run(f"CREATE TABLE {name}_{end} WITH (format = 'PARQUET', external_location = '{place}') AS SELECT 1 a")
        athena.run(f"INSERT INTO {name}_{end} VALUES 2")
        assert athena.query(f"SELECT sum(a) FROM {name}_{end}") == [["3"]]
    athena.run(f"UNLOAD (SELECT 1 a) TO 's3://{lake.bucket}/{name}/unloaded/' WITH (format = 'PARQUET')")
    athena.run(f"CREATE TABLE {name}_default AS SELECT 1 a")

    def keys(bucket, prefix):
        return [found["Key"] for found in lake.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])]

    for folder in ("with/below", "without/below", "unloaded"):
        found = keys(lake.bucket, f"{name}/{folder}/")
        assert found and all(re.fullmatch(f"{name}/{folder}/[^/]+", key) for key in found), found
    assert lake.get(f"{name}/with/below") == b"no folder"
    assert len(keys(root, "")) == 2 and not any("/" in key for key in keys(root, ""))
    made = lake.glue.get_table(DatabaseName=athena.database, Name=f"{name}_default")["Table"]
    bucket, _, prefix = made["StorageDescriptor"]["Location"].removeprefix("s3://").partition("/")
    assert all(re.fullmatch(re.escape(prefix) + "[^/]+", key) for key in keys(bucket, prefix)) and keys(bucket, prefix)


def test_what_fails_leaves_nothing(athena, lake, table):
    name = table()
    place = f"external_location = 's3://{lake.bucket}/{name}/'"
    assert "DIVISION_BY_ZERO" in athena.error(
        f"CREATE TABLE {name} WITH ({place}) AS SELECT 1 / (n - 3000) a FROM UNNEST(sequence(1, 5000)) t(n)"
    )
    assert lake.keys(f"{name}/") == []
    assert "Table not found" in athena.error(f"DESCRIBE {name}")
    assert "SCHEMA_NOT_FOUND" in athena.error(f"CREATE TABLE nodb.{name} WITH ({place}) AS SELECT 1 a")
    assert lake.keys(f"{name}/") == []
    athena.run(f"CREATE TABLE {name} WITH ({place}, partitioned_by = ARRAY['p']) AS SELECT 1 a, 'x' p")
    before = lake.keys(f"{name}/")
    assert "DIVISION_BY_ZERO" in athena.error(f"INSERT INTO {name} SELECT 1 / (n - 3), 'y' FROM (VALUES 1, 3) t(n)")
    assert lake.keys(f"{name}/") == before
    assert athena.lines(f"SHOW PARTITIONS {name}") == ["p=x"]


def test_a_write_that_the_catalog_refuses_leaves_nothing(lake, tarn, table, unique):
    iam, user = tarn.client("iam"), unique("writer")
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    allowed = {"Effect": "Allow", "Action": ["athena:*", "s3:*", "glue:*"], "Resource": "*"}
    denied = {"Effect": "Deny", "Action": ["glue:BatchCreatePartition"], "Resource": "*"}
    iam.put_user_policy(
        UserName=user,
        PolicyName="most",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed, denied]}),
    )
    client = tarn.client("athena", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    writer, name = Athena(client, f"s3://{lake.bucket}/results/", lake.database), table()
    reason = writer.error(
        f"CREATE TABLE {name} WITH (external_location = 's3://{lake.bucket}/{name}/', partitioned_by = ARRAY['p']) "
        "AS SELECT 1 a, 'x' p"
    )
    assert "glue:BatchCreatePartition" in reason
    assert lake.keys(f"{name}/") == []
    assert "Table not found" in lake.athena.error(f"DESCRIBE {name}")


def test_unload(athena, lake, table):
    name = table()
    athena.run(
        f"UNLOAD (SELECT id, name FROM people WHERE id < 3) TO 's3://{lake.bucket}/{name}/' "
        "WITH (format = 'JSON', compression = 'gzip')"
    )
    rows = []
    for key in lake.keys(f"{name}/"):
        rows += [json.loads(line) for line in gzip.decompress(lake.get(key)).splitlines()]
    assert sorted(row["id"] for row in rows) == [1, 2]
    assert "HIVE_PATH_ALREADY_EXISTS" in athena.error(
        f"UNLOAD (SELECT 1 a) TO 's3://{lake.bucket}/{name}/' WITH (format = 'PARQUET')"
    )


# --- reading ---------------------------------------------------------------------------------------------------


def test_partition_projection(athena, lake, table):
    name = table()
    for region in ("eu", "us"):
        for hour in ("2026/01/01/22", "2026/01/01/23", "2026/01/02/00"):
            lake.put(f"{name}/{region}/{hour}/x.json", json.dumps({"v": 1}) + "\n")
    athena.run(
        f"CREATE EXTERNAL TABLE {name} (v int) PARTITIONED BY (region string, hour string) "
        f"ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://{lake.bucket}/{name}/' "
        "TBLPROPERTIES ('projection.enabled'='true', 'projection.region.type'='enum', "
        "'projection.region.values'='eu,us,ap', 'projection.hour.type'='date', "
        "'projection.hour.range'='2026/01/01/00,2026/01/31/23', 'projection.hour.format'='yyyy/MM/dd/HH', "
        "'projection.hour.interval'='1', 'projection.hour.interval.unit'='HOURS', "
        f"'storage.location.template'='s3://{lake.bucket}/{name}/${{region}}/${{hour}}/')"
    )
    assert athena.query(f"SELECT region, count(*) FROM {name} GROUP BY 1 ORDER BY 1") == [["eu", "3"], ["us", "3"]]
    assert athena.query(f"SELECT count(*) FROM {name} WHERE region = 'eu' AND hour >= '2026/01/01/23'") == [["2"]]
    execution = athena.run(f"SELECT sum(v) FROM {name} WHERE region = 'eu' AND hour = '2026/01/02/00'")
    assert execution["Statistics"]["DataScannedInBytes"] == len(json.dumps({"v": 1})) + 1


def test_partition_projection_of_numbers_and_injected_values(athena, lake, table):
    name = table()
    for device in ("a1", "b2"):
        for number in (5, 10, 11):
            lake.put(f"{name}/device={device}/number={number:03}/x.json", json.dumps({"v": number}) + "\n")
    athena.run(
        f"CREATE EXTERNAL TABLE {name} (v int) PARTITIONED BY (device string, number int) "
        f"ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://{lake.bucket}/{name}/' "
        "TBLPROPERTIES ('projection.enabled'='true', 'projection.device.type'='injected', "
        "'projection.number.type'='integer', 'projection.number.range'='5,100', 'projection.number.interval'='5', "
        "'projection.number.digits'='3')"
    )
    assert athena.query(f"SELECT number, v FROM {name} WHERE device = 'a1' ORDER BY 1") == [["5", "5"], ["10", "10"]]
    assert athena.query(f"SELECT sum(v) FROM {name} WHERE device IN ('a1', 'b2') AND number > 5") == [["20"]]
    assert "injected projected partition column device" in athena.error(f"SELECT count(*) FROM {name}")
    assert "is configured for partition projection" not in athena.error(f"SELECT nope FROM {name}")
    athena.run(f"ALTER TABLE {name} SET TBLPROPERTIES ('projection.number.range'='x')")
    assert "projection.number.range" in athena.error(f"SELECT * FROM {name} WHERE device = 'a1'")


def orc_bytes(rows):
    import pyarrow
    from pyarrow import orc

    out = io.BytesIO()
    schema = pyarrow.schema([("a", pyarrow.int64()), ("b", pyarrow.string())])
    orc.write_table(pyarrow.Table.from_pylist(rows, schema=schema), out, compression="zlib")
    return out.getvalue()


def avro_bytes(rows):
    import fastavro

    fields = [{"name": "a", "type": ["null", "long"]}, {"name": "b", "type": "string"}]
    out = io.BytesIO()
    fastavro.writer(out, {"type": "record", "name": "row", "fields": fields}, rows, codec="deflate")
    return out.getvalue()


@pytest.mark.parametrize("form, write", [("ORC", orc_bytes), ("AVRO", avro_bytes)])
def test_orc_and_avro(athena, lake, table, form, write):
    name = table()
    lake.put(f"{name}/1", write([{"a": number, "b": f"t{number}"} for number in range(10_000)]))
    lake.put(f"{name}/2", write([{"a": None, "b": "none"}]))
    athena.run(f"CREATE EXTERNAL TABLE {name} (a bigint, b string) STORED AS {form} LOCATION 's3://{lake.bucket}/{name}/'")
    assert athena.query(f"SELECT count(*), count(a), sum(a) FROM {name}") == [["10001", "10000", "49995000"]]
    assert athena.query(f"SELECT b FROM {name} WHERE a = 77 OR a IS NULL ORDER BY b") == [["none"], ["t77"]]
    lake.put(f"{name}/broken", b"this is neither")
    reason = athena.error(f"SELECT count(*) FROM {name}")
    assert reason.startswith("HIVE_") and "broken" in reason


def test_a_broken_file_is_told_by_name(athena, lake, table):
    name = table()
    lake.put(f"{name}/broken.parquet", b"PAR1 this is no parquet file")
    athena.run(f"CREATE EXTERNAL TABLE {name} (a int) STORED AS PARQUET LOCATION 's3://{lake.bucket}/{name}/'")
    reason = athena.error(f"SELECT * FROM {name}")
    assert reason.startswith("HIVE_") and "broken.parquet" in reason


def test_metadata_operations(athena, lake):
    client = athena.client
    assert {"CatalogName": "AwsDataCatalog", "Type": "GLUE"}.items() <= client.list_data_catalogs()["DataCatalogsSummary"][0].items()
    assert lake.database in [d["Name"] for d in client.list_databases(CatalogName="AwsDataCatalog")["DatabaseList"]]
    found = client.get_table_metadata(CatalogName="AwsDataCatalog", DatabaseName=lake.database, TableName="people")
    assert found["TableMetadata"]["Columns"][0] == {"Name": "id", "Type": "bigint"}
    listed = client.list_table_metadata(CatalogName="AwsDataCatalog", DatabaseName=lake.database, Expression="peo.*")
    assert [item["Name"] for item in listed["TableMetadataList"]] == ["people"]
    with pytest.raises(ClientError) as missing:
        client.get_table_metadata(CatalogName="AwsDataCatalog", DatabaseName=lake.database, TableName="nope")
    assert missing.value.response["Error"]["Code"] == "MetadataException"
