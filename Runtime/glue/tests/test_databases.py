"""Databases over JDBC: Redshift's endpoint, with COPY and without."""

import uuid

import boto3
import pytest
from tarn_glue import jdbc
from tarn_glue.bookmarks import Bookmarks

PASSWORD = "Passw0rd1"


@pytest.fixture(scope="module")
def warehouse(endpoint):
    """Connection options of a cluster of the module's own."""
    client = boto3.client("redshift")
    name = f"glue-{uuid.uuid4().hex[:8]}"
    client.create_cluster(
        ClusterIdentifier=name,
        NodeType="ra3.xlplus",
        ClusterType="single-node",
        DBName="dev",
        MasterUsername="awsuser",
        MasterUserPassword=PASSWORD,
    )
    client.get_waiter("cluster_available").wait(ClusterIdentifier=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    told = client.describe_clusters(ClusterIdentifier=name)["Clusters"][0]["Endpoint"]
    yield {"url": f"jdbc:redshift://{told['Address']}:{told['Port']}/dev", "user": "awsuser", "password": PASSWORD}
    client.delete_cluster(ClusterIdentifier=name, SkipFinalClusterSnapshot=True)


def read(context, options, table, ctx="", **more):
    return context.create_dynamic_frame.from_options(
        "redshift", {**options, "dbtable": table, **more}, transformation_ctx=ctx
    )


def test_redshift_is_loaded_by_copy(glue_context, records, rows, warehouse, bucket, keys):
    frame = records([{"id": 1, "name": "Ann"}, {"id": 2, "name": "B'o"}])
    options = {**warehouse, "dbtable": "public.people", "redshiftTmpDir": f"s3://{bucket}/tmp/"}
    glue_context.write_dynamic_frame.from_options(frame, "redshift", options)
    found = rows(read(glue_context, warehouse, "public.people"))
    assert sorted((row["id"], row["name"]) for row in found) == [(1, "Ann"), (2, "B'o")]
    glue_context.write_dynamic_frame.from_options(
        records([{"id": 3, "name": "Cy"}]),
        "redshift",
        {
            **options,
            "preactions": "delete from public.people where name = 'B''o; x'; delete from public.people where id = 1",
            "postactions": "update public.people set name = 'last' where id = 3",
        },
    )
    found = rows(read(glue_context, warehouse, "public.people"))
    assert sorted((row["id"], row["name"]) for row in found) == [(2, "B'o"), (3, "last")]
    with pytest.raises(Exception, match="nowhere"):
        glue_context.write_dynamic_frame.from_options(
            records([{"id": 4, "name": "Di"}]), "redshift", {**options, "postactions": "delete from nowhere"}
        )
    assert read(glue_context, warehouse, "public.people").count() == 2, "all of it or nothing"
    assert keys(bucket, "tmp/") == []


def test_rows_without_a_temporary_folder(glue_context, records, rows, warehouse):
    glue_context.write_dynamic_frame.from_options(
        records([{"id": 1}, {"id": 2}]), "postgresql", {**warehouse, "dbtable": "plain"}
    )
    assert sorted(row["id"] for row in rows(read(glue_context, warehouse, "plain"))) == [1, 2]
    parts = read(glue_context, warehouse, "plain", hashfield="id", hashpartitions="3")
    assert sorted(row["id"] for row in rows(parts)) == [1, 2]


def test_rows_beyond_the_bookmark(glue_context, records, rows, warehouse):
    def write(*ids):
        glue_context.write_dynamic_frame.from_options(
            records([{"id": number} for number in ids]), "postgresql", {**warehouse, "dbtable": "marked"}
        )

    def run(states):
        glue_context.bookmarks = Bookmarks("job-bookmark-enable", states)
        found = rows(read(glue_context, warehouse, "marked", "ctx", jobBookmarkKeys=["id"]))
        return sorted(row["id"] for row in found), {**states, **glue_context.bookmarks.new}

    try:
        write(1, 2)
        first, states = run({})
        assert first == [1, 2]
        assert run(states)[0] == []
        write(3)
        assert run(states)[0] == [3]
    finally:
        glue_context.bookmarks = Bookmarks()


def test_bookmark_conditions_are_lexicographic():
    assert jdbc._beyond(["a", "b"], ["1", "x'y"], False, after=True) == "((a > 1) OR (a = 1 AND b > 'x''y'))"
    assert jdbc._beyond(["a"], ["5"], True, after=False) == "((a > 5) OR (a = 5))"


def test_addresses():
    assert jdbc.Database("jdbc:redshift://h:5439/dev", "u", "p").url == "jdbc:postgresql://h:5439/dev"
    assert jdbc._with_database("jdbc:postgresql://h:1/dev?ssl=true", "other") == "jdbc:postgresql://h:1/other?ssl=true"
    with pytest.raises(ValueError, match="url"):
        jdbc.database_of({})


def test_a_connection_of_the_catalog(glue_context, records, rows, warehouse, bucket, glue):
    name = f"redshift-{uuid.uuid4().hex[:8]}"
    glue.create_connection(
        ConnectionInput={
            "Name": name,
            "ConnectionType": "JDBC",
            "ConnectionProperties": {
                "JDBC_CONNECTION_URL": warehouse["url"],
                "USERNAME": warehouse["user"],
                "PASSWORD": warehouse["password"],
            },
        }
    )
    glue_context.write_dynamic_frame.from_jdbc_conf(
        frame=records([{"id": 1, "name": "Ann"}]),
        catalog_connection=name,
        connection_options={"dbtable": "public.connected"},
        redshift_tmp_dir=f"s3://{bucket}/tmp/",
    )
    found = glue_context.create_dynamic_frame.from_options(
        "redshift", {"useConnectionProperties": "true", "connectionName": name, "dbtable": "public.connected"}
    )
    assert rows(found) == [{"id": 1, "name": "Ann"}]
    told = glue_context.extract_jdbc_conf(name)
    assert (told["user"], told["vendor"], told["fullUrl"]) == ("awsuser", "redshift", warehouse["url"])
