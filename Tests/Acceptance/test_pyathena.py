"""PyAthena queries through its cursors, as a program or SQLAlchemy would."""

import datetime
import decimal

import pytest

pyathena = pytest.importorskip("pyathena")


@pytest.fixture
def connect(tarn, unique):
    bucket = unique("pyathena")
    tarn.client("s3").create_bucket(Bucket=bucket)

    def connect(**options):
        return pyathena.connect(
            s3_staging_dir=f"s3://{bucket}/results/",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            endpoint_url=tarn.endpoint,
            poll_interval=0.05,
            **options,
        )

    return connect


def test_types(connect):
    cursor = connect().cursor()
    cursor.execute(
        "SELECT 1, BIGINT '5000000000', 1.5e0, DECIMAL '12.50', 'text', true, DATE '2026-01-02', "
        "TIMESTAMP '2026-01-02 03:04:05.678', CAST(NULL AS varchar)"
    )
    assert cursor.fetchone() == (
        1,
        5_000_000_000,
        1.5,
        decimal.Decimal("12.50"),
        "text",
        True,
        datetime.date(2026, 1, 2),
        datetime.datetime(2026, 1, 2, 3, 4, 5, 678000),
        None,
    )
    assert [column[0] for column in cursor.description] == [f"_col{i}" for i in range(9)]


def test_pages_of_rows(connect):
    cursor = connect().cursor()
    cursor.execute("SELECT n FROM UNNEST(sequence(1, 2500)) AS t(n) ORDER BY n")
    assert [row[0] for row in cursor.fetchall()] == list(range(1, 2501))


def test_parameters(connect):
    cursor = connect().cursor()
    cursor.execute("SELECT %(a)s || %(b)s", {"a": "it's", "b": "!"})
    assert cursor.fetchall() == [("it's!",)]


def test_an_error_carries_athenas_reason(connect):
    cursor = connect().cursor()
    with pytest.raises(pyathena.error.OperationalError, match=r"line 1:8: Column 'nothing' cannot be resolved"):
        cursor.execute("SELECT nothing")
