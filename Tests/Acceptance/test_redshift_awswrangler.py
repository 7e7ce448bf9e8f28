"""awswrangler.redshift: rows by INSERT and by COPY, upserts, UNLOAD."""

import json
import threading
import uuid

import awswrangler
import boto3
import pandas
import pytest
import redshift_connector

from redshift_house import Cluster

ROLE = "arn:aws:iam::000000000000:role/wrangler"


@pytest.fixture(scope="module")
def cluster(tarn):
    cluster = Cluster(tarn, f"wrangler-{uuid.uuid4().hex[:8]}")
    iam = tarn.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "redshift.amazonaws.com"}, "Action": "sts:AssumeRole"}
    lake = {"Effect": "Allow", "Action": ["s3:*", "glue:*"], "Resource": "*"}
    iam.create_role(
        RoleName="wrangler", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust})
    )
    policy = json.dumps({"Version": "2012-10-17", "Statement": lake})
    iam.put_role_policy(RoleName="wrangler", PolicyName="lake", PolicyDocument=policy)
    cluster.client.modify_cluster_iam_roles(ClusterIdentifier=cluster.name, AddIamRoles=[ROLE])
    yield cluster
    cluster.delete()


@pytest.fixture
def connection(cluster):
    with redshift_connector.connect(database="dev", ssl=False, timeout=120, **cluster.login) as connection:
        yield connection


@pytest.fixture
def session(tarn, monkeypatch):
    monkeypatch.setattr(awswrangler.config, "s3_endpoint_url", tarn.endpoint)
    monkeypatch.setattr(awswrangler.config, "redshift_endpoint_url", tarn.endpoint)
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")


@pytest.fixture
def folder(tarn, unique):
    bucket = unique("wrangler")
    tarn.client("s3").create_bucket(Bucket=bucket)
    return f"s3://{bucket}/stage/"


@pytest.fixture
def table():
    return f"t_{uuid.uuid4().hex[:10]}"


FRAME = pandas.DataFrame({"id": [1, 2, 3], "name": ["a", "b", None], "amount": [1.5, 2.5, 3.5]})


def read(connection, table):
    rows = awswrangler.redshift.read_sql_query(f"select id, name, amount from public.{table} order by id", connection)
    return [tuple(None if pandas.isna(value) else value for value in row) for row in rows.to_numpy().tolist()]


def test_to_sql_modes(connection, table):
    def write(frame, **options):
        awswrangler.redshift.to_sql(frame, connection, table, "public", **options)

    write(FRAME, mode="overwrite", diststyle="KEY", distkey="id", sortkey=["id"])
    write(FRAME.assign(id=[4, 5, 6]), mode="append", use_column_names=True, chunksize=2)
    assert [row[0] for row in read(connection, table)] == [1, 2, 3, 4, 5, 6]
    write(FRAME.assign(name="new"), mode="upsert", primary_keys=["id"])
    assert [(row[0], row[1]) for row in read(connection, table)][:3] == [(1, "new"), (2, "new"), (3, "new")]
    assert len(read(connection, table)) == 6
    write(FRAME, mode="overwrite", overwrite_method="truncate")
    assert read(connection, table) == [(1, "a", 1.5), (2, "b", 2.5), (3, None, 3.5)]


def test_copy_and_unload(connection, session, folder, table):
    awswrangler.redshift.copy(
        FRAME, folder, connection, table, "public", iam_role=ROLE, mode="overwrite", boto3_session=session
    )
    assert read(connection, table) == [(1, "a", 1.5), (2, "b", 2.5), (3, None, 3.5)]
    awswrangler.redshift.copy(
        FRAME.assign(name="up"), folder + "two/", connection, table, "public", iam_role=ROLE, mode="upsert",
        primary_keys=["id"], boto3_session=session,
    )  # fmt: skip
    assert [row[1] for row in read(connection, table)] == ["up", "up", "up"]
    connection.commit()
    unloaded = awswrangler.redshift.unload(
        f"select * from public.{table}", folder + "out/", connection, iam_role=ROLE, boto3_session=session
    )
    assert sorted(unloaded["id"].tolist()) == [1, 2, 3]


def test_a_table_that_another_session_holds(cluster, connection, table):
    """Waits for the other transaction, and then goes on: it must not wait for ever."""
    awswrangler.redshift.to_sql(FRAME, connection, table, "public", mode="overwrite")
    with redshift_connector.connect(database="dev", ssl=False, **cluster.login) as other:
        other.cursor().execute(f"insert into public.{table} values (9, 'x', 9)")
        timer = threading.Timer(1, other.commit)
        timer.start()
        awswrangler.redshift.to_sql(FRAME, connection, table, "public", mode="overwrite")
        timer.join()
    assert len(read(connection, table)) == 3
