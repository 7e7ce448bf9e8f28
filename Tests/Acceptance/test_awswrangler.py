"""awswrangler reads and writes a partitioned dataset through Athena and Glue."""

import pytest

wr = pytest.importorskip("awswrangler")
pd = pytest.importorskip("pandas")

import boto3  # noqa: E402


@pytest.fixture
def session(tarn, unique):
    wr.config.s3_endpoint_url = tarn.endpoint
    wr.config.athena_endpoint_url = tarn.endpoint
    wr.config.glue_endpoint_url = tarn.endpoint
    wr.config.sts_endpoint_url = tarn.endpoint
    session = boto3.Session("test", "test", region_name="us-east-1")
    bucket = unique("wrangler")
    database = unique("wr").replace("-", "_")
    tarn.client("s3").create_bucket(Bucket=bucket)
    wr.catalog.create_database(database, boto3_session=session)
    return session, bucket, database


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "id": [1, 2, 3, 4],
            "name": ["a", "b", None, "d,\"e\""],
            "amount": [1.5, -2.0, 3.25, None],
            "seen": pd.to_datetime(["2026-01-01 10:00:00", "2026-01-02 11:30:00", None, "2026-01-04 00:00:00"]),
            "day": ["2026-01-01", "2026-01-02", "2026-01-02", "2026-01-04"],
        }
    )


@pytest.mark.parametrize("ctas", [True, False])
def test_partitioned_dataset(session, frame, ctas):
    session, bucket, database = session
    wr.s3.to_parquet(
        frame,
        path=f"s3://{bucket}/events/",
        dataset=True,
        partition_cols=["day"],
        database=database,
        table="events",
        boto3_session=session,
    )
    back = wr.athena.read_sql_query(
        "SELECT id, name, amount, seen, day FROM events WHERE day >= '2026-01-02' ORDER BY id",
        database=database,
        ctas_approach=ctas,
        s3_output=f"s3://{bucket}/results/",
        boto3_session=session,
    )
    assert back["id"].tolist() == [2, 3, 4]
    assert back["name"].tolist()[2] == 'd,"e"'
    assert back["name"].isna().tolist() == [False, True, False]
    assert back["amount"].isna().tolist() == [False, False, True]
    assert str(back["seen"][0]) == "2026-01-02 11:30:00"
    assert back["day"].tolist() == ["2026-01-02", "2026-01-02", "2026-01-04"]


def test_append_and_overwrite_partitions(session, frame):
    session, bucket, database = session
    common = dict(
        path=f"s3://{bucket}/events/",
        dataset=True,
        partition_cols=["day"],
        database=database,
        table="events",
        boto3_session=session,
    )
    wr.s3.to_parquet(frame, **common)
    wr.s3.to_parquet(frame, mode="append", **common)
    wr.s3.to_parquet(frame[frame["day"] == "2026-01-04"], mode="overwrite_partitions", **common)
    counts = wr.athena.read_sql_query(
        "SELECT day, count(*) AS n FROM events GROUP BY day ORDER BY day",
        database=database,
        ctas_approach=False,
        s3_output=f"s3://{bucket}/results/",
        boto3_session=session,
    )
    assert counts.to_dict("list") == {"day": ["2026-01-01", "2026-01-02", "2026-01-04"], "n": [2, 4, 1]}
    partitions = wr.catalog.get_partitions(database=database, table="events", boto3_session=session)
    assert sorted(values[0] for values in partitions.values()) == ["2026-01-01", "2026-01-02", "2026-01-04"]
