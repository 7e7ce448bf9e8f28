"""Materialized views over streams and over the lake, as they refresh by themselves in a real server."""

import json
import uuid

import psycopg
import pytest

from conftest import wait_until
from redshift_house import Cluster


def trusted_role(server, actions):
    iam = server.client("iam")
    name = f"r-{uuid.uuid4().hex[:8]}"
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "redshift.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    allow(iam, name, actions)
    return name, role


def allow(iam, role, actions):
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    iam.put_role_policy(
        RoleName=role,
        PolicyName="streams",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )


class House:
    """A server with a cluster, a stream and a role that may read it."""

    def __init__(self, fresh_tarn):
        self.server = fresh_tarn()
        self.role_name, self.role = trusted_role(
            self.server, ["kinesis:Describe*", "kinesis:List*", "kinesis:Get*"]
        )
        self.cluster = Cluster(self.server, f"c-{uuid.uuid4().hex[:8]}")
        self.server.client("redshift").modify_cluster_iam_roles(
            ClusterIdentifier=self.cluster.name, AddIamRoles=[self.role]
        )
        kinesis = self.server.client("kinesis")
        kinesis.create_stream(StreamName="clicks", ShardCount=2)
        kinesis.get_waiter("stream_exists").wait(StreamName="clicks", WaiterConfig={"Delay": 1})
        wait_until(lambda: self.try_run(f"CREATE EXTERNAL SCHEMA kds FROM KINESIS IAM_ROLE '{self.role}'"))

    def run(self, sql):
        with psycopg.connect(
            **self.cluster.login, dbname="dev", autocommit=True, sslmode="disable", client_encoding="utf8"
        ) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else None

    def try_run(self, sql):
        try:
            self.run(sql)
            return True
        except psycopg.Error:
            return False

    def put(self, numbers):
        records = [{"Data": json.dumps({"id": n}).encode(), "PartitionKey": str(n)} for n in numbers]
        answer = self.server.client("kinesis").put_records(StreamName="clicks", Records=records)
        assert answer["FailedRecordCount"] == 0


@pytest.fixture
def house(fresh_tarn):
    return House(fresh_tarn)


VIEW = """CREATE MATERIALIZED VIEW clicks AUTO REFRESH YES AS SELECT approximate_arrival_timestamp, partition_key,
shard_id, sequence_number, refresh_time, JSON_PARSE(kinesis_data) AS payload FROM kds.clicks
WHERE CAN_JSON_PARSE(kinesis_data)"""


def test_nothing_is_lost_and_nothing_comes_twice_across_kills(house):
    house.run(VIEW)
    count = 0
    for _ in range(4):
        house.put(range(count, count + 250))
        count += 250
        # In the middle of whatever the view is doing.
        house.server.kill()
        house.server.start()
        wait_until(lambda: house.try_run("SELECT 1"))
    wait_until(lambda: house.run("SELECT count(*) FROM clicks")[0][0] >= count)
    assert house.run("SELECT count(*), count(DISTINCT payload.id::int) FROM clicks") == [(count, count)]
    assert house.run("SELECT is_stale, autorefresh FROM svv_mv_info") == [("f", True)]


def test_the_roles_rights_are_asked_for_each_time(house):
    house.run(VIEW.replace("AUTO REFRESH YES", ""))
    house.put(range(10))
    allow(house.server.client("iam"), house.role_name, ["s3:GetObject"])
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        house.run("REFRESH MATERIALIZED VIEW clicks")
    assert house.run("SELECT count(*) FROM clicks") == [(0,)]
    allow(house.server.client("iam"), house.role_name, ["kinesis:*"])
    house.run("REFRESH MATERIALIZED VIEW clicks")
    assert house.run("SELECT count(*) FROM clicks") == [(10,)]


def test_a_view_over_the_lake_is_computed_anew_when_files_come(house):
    allow(house.server.client("iam"), house.role_name, ["s3:*", "glue:*"])
    bucket = f"b-{uuid.uuid4().hex[:8]}"
    s3 = house.server.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="t/one.csv", Body=b"1,a\n2,b\n")
    house.run(
        f"CREATE EXTERNAL SCHEMA lake FROM DATA CATALOG DATABASE 'lake' IAM_ROLE '{house.role}' "
        "CREATE EXTERNAL DATABASE IF NOT EXISTS"
    )
    house.run(
        "CREATE EXTERNAL TABLE lake.t (a int, b varchar(5)) ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' "
        f"STORED AS TEXTFILE LOCATION 's3://{bucket}/t/'"
    )
    house.run("CREATE MATERIALIZED VIEW v AS SELECT sum(a) AS s FROM lake.t")
    assert house.run("SELECT s FROM v") == [(3,)]
    house.run("REFRESH MATERIALIZED VIEW v")
    s3.put_object(Bucket=bucket, Key="t/two.csv", Body=b"10,c\n")
    house.run("REFRESH MATERIALIZED VIEW v")
    assert house.run("SELECT s FROM v") == [(13,)]
    assert [row[0] for row in house.run("SELECT status FROM svl_mv_refresh_status ORDER BY starttime")] == [
        "MV was already updated",
        "Refresh successfully recomputed MV from scratch",
    ]
