"""Ends the server in the middle of COPY, MERGE and VACUUM: what was committed is there, and nothing else."""

import json
import random
import threading
import time
import uuid

import pytest

from conftest import SLOW, wait_until

ROUNDS = 20 if SLOW else 2
ROWS = 300_000


class Warehouse:
    """A cluster that is asked through the Data API."""

    def __init__(self, tarn):
        self.tarn = tarn
        self.name = f"c-{uuid.uuid4().hex[:8]}"
        self.bucket = f"b-{uuid.uuid4().hex[:8]}"
        iam, s3 = tarn.client("iam"), tarn.client("s3")
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "redshift.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        role = f"r-{uuid.uuid4().hex[:8]}"
        self.role = iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        iam.put_role_policy(
            RoleName=role,
            PolicyName="lake",
            PolicyDocument=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": ["s3:*", "glue:*"], "Resource": "*"}],
                }
            ),
        )
        s3.create_bucket(Bucket=self.bucket)
        lines = "".join(f"{i}|value {i}\n" for i in range(ROWS))
        s3.put_object(Bucket=self.bucket, Key="in/rows.txt", Body=lines.encode())
        self.open()
        self.redshift.create_cluster(
            ClusterIdentifier=self.name,
            NodeType="ra3.large",
            MasterUsername="awsuser",
            MasterUserPassword="Secret123",
            DBName="dev",
            IamRoles=[self.role],
        )
        self.wait()

    def open(self):
        self.redshift, self.data = self.tarn.client("redshift"), self.tarn.client("redshift-data")

    def wait(self):
        wait_until(
            lambda: self.redshift.describe_clusters(ClusterIdentifier=self.name)["Clusters"][0]["ClusterStatus"]
            == "available"
        )

    def start(self, sql):
        return self.data.execute_statement(ClusterIdentifier=self.name, Database="dev", DbUser="awsuser", Sql=sql)["Id"]

    def run(self, sql):
        statement = self.start(sql)
        done = wait_until(lambda: self._ended(statement))
        assert done["Status"] == "FINISHED", done.get("Error")
        if not done.get("HasResultSet"):
            return None
        records = self.data.get_statement_result(Id=statement)["Records"]
        return [[next(iter(field.values())) for field in record] for record in records]

    def _ended(self, statement):
        found = self.data.describe_statement(Id=statement)
        return found if found["Status"] in ("FINISHED", "FAILED", "ABORTED") else None

    def dies_in(self, sql, after):
        """Starts a statement and ends the server some time later."""
        threading.Thread(target=self._try, args=(sql,), daemon=True).start()
        time.sleep(after)
        self.tarn.kill()
        self.tarn.start()
        self.open()
        self.wait()

    def _try(self, sql):
        try:
            self.start(sql)
        except Exception:  # the server has gone, as it should
            pass


@pytest.fixture
def warehouse(fresh_tarn):
    return Warehouse(fresh_tarn())


def test_a_crash_leaves_the_last_committed_state(warehouse):
    warehouse.run("CREATE TABLE t (id INTEGER, v VARCHAR(40)) SORTKEY (id)")
    copy = f"COPY t FROM 's3://{warehouse.bucket}/in/' IAM_ROLE '{warehouse.role}'"
    warehouse.run(copy)
    count, total = warehouse.run("SELECT count(*), sum(id) FROM t")[0]
    assert count == ROWS
    merge = (
        "MERGE INTO t USING (SELECT id + 10 AS id, v FROM t) s ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET v = 'changed' WHEN NOT MATCHED THEN INSERT VALUES (s.id, 'new')"
    )
    for _ in range(ROUNDS):
        for sql, allowed in [
            (copy, lambda now, before: now[0] in (before[0], before[0] + ROWS)),
            (merge, lambda now, before: now[2] in (before[2], before[2] + 10)),
            ("VACUUM SORT ONLY t", lambda now, before: now == before),
        ]:
            look = "SELECT count(*), sum(id), count(DISTINCT id), min(v), max(v) FROM t"
            before = warehouse.run(look)[0]
            warehouse.dies_in(sql, random.random())
            now = warehouse.run(look)[0]
            assert allowed(now, before), f"{sql}: {before} became {now}"
            warehouse.run("DELETE FROM t WHERE id >= 0")
            warehouse.run(copy)


def test_a_crash_leaves_a_whole_external_table_or_none(warehouse):
    glue, s3 = warehouse.tarn.client("glue"), warehouse.tarn.client("s3")
    lake = f"lake_{uuid.uuid4().hex[:8]}"
    glue.create_database(DatabaseInput={"Name": lake})
    warehouse.run(f"CREATE EXTERNAL SCHEMA lake FROM DATA CATALOG DATABASE '{lake}' IAM_ROLE '{warehouse.role}'")
    warehouse.run("CREATE TABLE t (id INTEGER, v VARCHAR(40))")
    warehouse.run(f"COPY t FROM 's3://{warehouse.bucket}/in/' IAM_ROLE '{warehouse.role}'")
    for turn in range(3 * ROUNDS):
        create = (
            f"CREATE EXTERNAL TABLE lake.copied PARTITIONED BY (part) STORED AS PARQUET "
            f"LOCATION 's3://{warehouse.bucket}/out{turn}/' AS SELECT id, v, id % 7 AS part FROM t"
        )
        warehouse.dies_in(create, random.random())
        glue, s3 = warehouse.tarn.client("glue"), warehouse.tarn.client("s3")
        files = s3.list_objects_v2(Bucket=warehouse.bucket, Prefix=f"out{turn}/").get("Contents", [])
        if any(table["Name"] == "copied" for table in glue.get_tables(DatabaseName=lake)["TableList"]):
            assert files
        else:
            assert not files, "files of a table that the catalog does not know"
            warehouse.run(create)
        partitions = glue.get_partitions(DatabaseName=lake, TableName="copied")["Partitions"]
        assert sorted(partition["Values"] for partition in partitions) == [[str(part)] for part in range(7)]
        assert warehouse.run("SELECT count(*), sum(id) FROM lake.copied")[0] == [ROWS, ROWS * (ROWS - 1) // 2]
        warehouse.run("DROP TABLE lake.copied")
