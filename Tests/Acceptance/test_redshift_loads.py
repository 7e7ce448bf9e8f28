"""COPY, UNLOAD and Spectrum over files that other programs write, with the rights of roles and keys."""

import bz2
import datetime
import decimal
import io
import json
import random

import fastavro
import psycopg
import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet
import pytest

from redshift_house import Cluster


class House:
    """A cluster, a bucket, and roles that may use it."""

    def __init__(self, tarn):
        self.tarn = tarn
        self.s3, self.iam, self.glue = tarn.client("s3"), tarn.client("iam"), tarn.client("glue")
        self.s3.create_bucket(Bucket="loads")
        trust = {"Service": "redshift.amazonaws.com"}
        self.role = self.make_role("loads-lake", trust, ["s3:*", "glue:*"])
        self.other = self.make_role("loads-other", trust, ["s3:*", "glue:*"])
        self.first = self.make_role("loads-first", trust, ["sts:AssumeRole"])
        self.second = self.make_role("loads-second", {"AWS": self.first}, ["s3:*"])
        self.cluster = Cluster(tarn, "loads")
        self.cluster.client.modify_cluster_iam_roles(
            ClusterIdentifier="loads", AddIamRoles=[self.role, self.other, self.first]
        )
        self.connection = psycopg.connect(**self.cluster.login, dbname="dev", autocommit=True)

    def make_role(self, name, who, actions):
        trust = {"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"}
        rights = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        role = self.iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        )
        self.iam.put_role_policy(
            RoleName=name,
            PolicyName="all",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [rights]}),
        )
        return role["Role"]["Arn"]

    def put(self, key, body):
        self.s3.put_object(Bucket="loads", Key=key, Body=body)

    def keys(self, prefix):
        return [o["Key"] for o in self.s3.list_objects_v2(Bucket="loads", Prefix=prefix).get("Contents", [])]

    def body(self, key):
        return self.s3.get_object(Bucket="loads", Key=key)["Body"].read()

    def run(self, sql):
        cursor = self.connection.execute(sql)
        return cursor.fetchall() if cursor.description else None

    def fails(self, sql, text):
        with pytest.raises(psycopg.Error) as failure:
            self.run(sql)
        assert text in str(failure.value)


@pytest.fixture(scope="module")
def house(tarn):
    house = House(tarn)
    yield house
    house.connection.close()
    house.cluster.delete()


ROWS = 20_000


def rows():
    day = datetime.date(2026, 1, 1)
    return [
        {
            "id": i,
            "name": None if i % 7 == 0 else f"name {i % 100}",
            "price": decimal.Decimal(i * 37 - 100_000) / 100,
            "day": day + datetime.timedelta(days=i % 400),
            "at": datetime.datetime(1969, 12, 31, 23, 59, 59, 500_000) + datetime.timedelta(seconds=i * 3_607),
            "ratio": i / 3,
            "good": i % 3 == 0,
            "tags": [f"t{k}" for k in range(i % 4)],
            "about": {"k": i % 5, "v": None if i % 2 else f"v{i}"},
        }
        for i in range(ROWS)
    ]


TABLE = """
    (id BIGINT, name VARCHAR(20), price DECIMAL(12,2), day DATE, at TIMESTAMP, ratio FLOAT8, good BOOLEAN, tags SUPER,
     about SUPER)
"""
SUMS = """
    SELECT count(*), sum(id), count(name), sum(price), min(day), max(day), min(at), max(at), round(sum(ratio)),
           sum(CASE WHEN good THEN 1 ELSE 0 END), sum(about.k::INT), count(tags[1])
    FROM {}
"""


def expected():
    data = rows()
    return (
        ROWS,
        sum(r["id"] for r in data),
        sum(r["name"] is not None for r in data),
        sum(r["price"] for r in data),
        min(r["day"] for r in data),
        max(r["day"] for r in data),
        min(r["at"] for r in data),
        max(r["at"] for r in data),
        round(sum(r["ratio"] for r in data)),
        sum(r["good"] for r in data),
        sum(r["about"]["k"] for r in data),
        sum(len(r["tags"]) > 1 for r in data),
    )


def arrow():
    return pa.Table.from_pylist(
        rows(),
        pa.schema(
            [
                ("id", pa.int64()),
                ("name", pa.string()),
                ("price", pa.decimal128(12, 2)),
                ("day", pa.date32()),
                ("at", pa.timestamp("us")),
                ("ratio", pa.float64()),
                ("good", pa.bool_()),
                ("tags", pa.list_(pa.string())),
                ("about", pa.struct([("k", pa.int32()), ("v", pa.string())])),
            ]
        ),
    )


@pytest.mark.parametrize("codec", ["uncompressed", "zlib", "snappy", "lz4", "zstd"])
def test_orc_is_copied(house, codec):
    file = io.BytesIO()
    pyarrow.orc.write_table(
        arrow(), file, compression=codec, stripe_size=200_000, dictionary_key_size_threshold=0.5, batch_size=5_000
    )
    house.put(f"orc/{codec}", file.getvalue())
    house.run(f"CREATE TABLE orc_{codec} {TABLE}")
    house.run(f"COPY orc_{codec} FROM 's3://loads/orc/{codec}' IAM_ROLE '{house.role}' FORMAT AS ORC")
    assert house.run(SUMS.format(f"orc_{codec}")) == [expected()]


AVRO = {
    "type": "record",
    "name": "Row",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "name", "type": ["null", "string"]},
        {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "at", "type": {"type": "long", "logicalType": "local-timestamp-micros"}},
        {"name": "ratio", "type": "double"},
        {"name": "good", "type": "boolean"},
        {"name": "tags", "type": {"type": "array", "items": "string"}},
        {
            "name": "about",
            "type": {
                "type": "record",
                "name": "About",
                "fields": [{"name": "k", "type": "int"}, {"name": "v", "type": ["null", "string"]}],
            },
        },
    ],
}


@pytest.mark.parametrize("codec", ["null", "deflate", "snappy", "zstandard", "bzip2"])
def test_avro_is_copied(house, codec):
    file = io.BytesIO()
    try:
        fastavro.writer(file, AVRO, rows(), codec=codec)
    except ValueError as missing:
        pytest.skip(str(missing))
    house.put(f"avro/{codec}", file.getvalue())
    house.run(f"CREATE TABLE avro_{codec} {TABLE}")
    house.run(f"COPY avro_{codec} FROM 's3://loads/avro/{codec}' IAM_ROLE '{house.role}' FORMAT AS AVRO 'auto'")
    assert house.run(SUMS.format(f"avro_{codec}")) == [expected()]


@pytest.mark.parametrize("kind", ["orc", "avro"])
def test_damaged_files_load_nothing(house, kind):
    file = io.BytesIO()
    if kind == "orc":
        pyarrow.orc.write_table(arrow().slice(0, 2_000), file, compression="zstd")
    else:
        fastavro.writer(file, AVRO, rows()[:2_000], codec="deflate")
    whole = file.getvalue()
    house.run(f"CREATE TABLE damaged_{kind} {TABLE}")
    chance = random.Random(7)
    loaded = 0
    for turn in range(30):
        bytes_ = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            bytes_[chance.randrange(len(bytes_))] = chance.randrange(256)
        house.put(f"damaged/{kind}", bytes(bytes_[: chance.choice([len(bytes_), len(bytes_) // 2])]))
        try:
            house.run(f"COPY damaged_{kind} FROM 's3://loads/damaged/{kind}' IAM_ROLE '{house.role}' FORMAT {kind}")
            loaded += 2_000
        except psycopg.Error:
            pass
        assert house.run(f"SELECT count(*) FROM damaged_{kind}") == [(loaded,)], turn


def test_keys_and_chained_roles(house):
    house.put("keys/a.txt", b"1|x\n")
    house.run("CREATE TABLE keyed (a INT, b VARCHAR(5))")
    user = house.iam.create_user(UserName="loader")["User"]
    key = house.iam.create_access_key(UserName=user["UserName"])["AccessKey"]
    given = f"ACCESS_KEY_ID '{key['AccessKeyId']}' SECRET_ACCESS_KEY '{key['SecretAccessKey']}'"
    house.fails(f"COPY keyed FROM 's3://loads/keys/' {given}", "AccessDenied")
    rights = {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject"], "Resource": "*"}
    house.iam.put_user_policy(
        UserName="loader",
        PolicyName="read",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [rights]}),
    )
    house.run(f"COPY keyed FROM 's3://loads/keys/' {given}")
    old = f"aws_access_key_id={key['AccessKeyId']};aws_secret_access_key={key['SecretAccessKey']}"
    house.run(f"COPY keyed FROM 's3://loads/keys/' CREDENTIALS '{old}'")
    house.fails(f"UNLOAD ('SELECT 1') TO 's3://loads/no/' {given}", "Access")
    house.fails(f"COPY keyed FROM 's3://loads/keys/' CREDENTIALS '{old}x'", "SignatureDoesNotMatch")
    house.fails(
        "COPY keyed FROM 's3://loads/keys/' ACCESS_KEY_ID 'AKIANOBODY' SECRET_ACCESS_KEY 'x'", "InvalidAccessKeyId"
    )
    texts = house.run("SELECT querytxt FROM stl_query WHERE querytxt ILIKE '%access_key%'")
    assert texts and not any(key["SecretAccessKey"] in text for (text,) in texts)
    house.run(f"COPY keyed FROM 's3://loads/keys/' IAM_ROLE '{house.first},{house.second}'")
    house.fails(f"COPY keyed FROM 's3://loads/keys/' IAM_ROLE '{house.first}'", "AccessDenied")
    house.fails(
        f"COPY keyed FROM 's3://loads/keys/' IAM_ROLE '{house.role},{house.second}'", "is not authorized to assume"
    )
    assert house.run("SELECT count(*) FROM keyed") == [(3,)]


def test_unload_cleans_compresses_and_encrypts(house):
    house.run("CREATE TABLE words (a INT, b VARCHAR(20))")
    house.run("INSERT INTO words VALUES (1, 'a|b'), (2, 'c'), (3, NULL)")
    house.put("out/old", b"old")
    unload = "UNLOAD ('SELECT * FROM words') TO 's3://loads/out/' IAM_ROLE '" + house.role + "' "
    house.fails(unload, "is not empty")
    house.run(unload + "CLEANPATH BZIP2 ESCAPE MANIFEST VERBOSE KMS_KEY_ID 'abcd' ENCRYPTED")
    assert house.keys("out/") == ["out/0000_part_00.bz2", "out/0001_part_00.bz2", "out/manifest"]
    lines = b"".join(bz2.decompress(house.body(key)) for key in house.keys("out/0"))
    assert sorted(lines.splitlines()) == [b"1|a\\|b", b"2|c", b"3|\\N"]
    head = house.s3.head_object(Bucket="loads", Key="out/0000_part_00.bz2")
    assert head["ServerSideEncryption"] == "aws:kms" and head["SSEKMSKeyId"].endswith("abcd")
    manifest = json.loads(house.body("out/manifest"))
    assert [e["meta"]["content_length"] for e in manifest["entries"]] == [
        len(house.body(key)) for key in house.keys("out/0")
    ]


@pytest.mark.parametrize("form, ending", [("CSV", ""), ("PARQUET", ".parquet")])
def test_unload_limits_the_files_of_partitions(house, form, ending):
    name = f"wide_{form.lower()}"
    house.run(f"CREATE TABLE {name} (part INT, n INT, v VARCHAR(1000))")
    house.run(f"INSERT INTO {name} SELECT n % 2, n, repeat('x', 1000) FROM generate_series(1, 12000) AS g(n)")
    house.run(
        f"UNLOAD ('SELECT * FROM {name}') TO 's3://loads/{name}/' IAM_ROLE '{house.role}' FORMAT AS {form} "
        "PARTITION BY (part) MAXFILESIZE 5 MB"
    )
    keys = house.keys(f"{name}/")
    assert {key.split("/")[1] for key in keys} == {"part=0", "part=1"}
    assert len(keys) >= 4 and all(key.endswith(ending) and "unload" not in key for key in keys)
    assert all(len(house.body(key)) <= 5 << 20 for key in keys)
    house.run(f"CREATE TABLE back_{name} (n INT, v VARCHAR(1000))")
    house.run(f"COPY back_{name} FROM 's3://loads/{name}/' IAM_ROLE '{house.role}' FORMAT AS {form}")
    assert house.run(f"SELECT count(*), sum(n) FROM back_{name}") == [(12000, 12000 * 12001 // 2)]


def external(house, schema, role):
    house.run(
        f"CREATE EXTERNAL SCHEMA {schema} FROM DATA CATALOG DATABASE '{schema}' IAM_ROLE '{role}' "
        "CREATE EXTERNAL DATABASE IF NOT EXISTS"
    )


def test_orc_and_avro_are_external_tables(house):
    external(house, "files", house.role)
    orc, avro = io.BytesIO(), io.BytesIO()
    pyarrow.orc.write_table(arrow().slice(0, 3_000).drop_columns(["name"]), orc, compression="snappy")
    fastavro.writer(avro, AVRO, rows()[:3_000], codec="null")
    house.put("files/orc/a.orc", orc.getvalue())
    house.put("files/avro/a.avro", avro.getvalue())
    for kind in ["orc", "avro"]:
        house.run(
            f"CREATE EXTERNAL TABLE files.{kind} (price DECIMAL(12,2), id BIGINT, name VARCHAR(20), missing INT) "
            f"STORED AS {kind} LOCATION 's3://loads/files/{kind}/'"
        )
        names = 0 if kind == "orc" else sum(r["name"] is not None for r in rows()[:3_000])
        assert house.run(f"SELECT count(*), sum(id), count(name), count(missing) FROM files.{kind}") == [
            (3_000, sum(range(3_000)), names, 0)
        ]
    # Only the streams of one column are read.
    house.run("SELECT sum(id) FROM files.orc")
    (read,) = house.run(
        "SELECT s3_scanned_bytes FROM svl_s3query_summary WHERE external_table_name ILIKE '%orc%' ORDER BY query DESC"
    )[0]
    assert 0 < read < len(orc.getvalue()) / 2


def test_create_external_table_as_and_insert(house):
    external(house, "written", house.role)
    house.run("CREATE TABLE sales (id INT, amount DECIMAL(8,2), region VARCHAR(10), sold DATE)")
    house.run("INSERT INTO sales VALUES (1, 1.5, 'north', '2026-01-01'), (2, 2.5, 'south', '2026-01-02')")
    house.run(
        "CREATE EXTERNAL TABLE written.sales PARTITIONED BY (region) STORED AS PARQUET "
        "LOCATION 's3://loads/written/sales/' AS SELECT * FROM sales"
    )
    assert house.run("SELECT id, amount, sold, region FROM written.sales ORDER BY id") == [
        (1, decimal.Decimal("1.50"), datetime.date(2026, 1, 1), "north"),
        (2, decimal.Decimal("2.50"), datetime.date(2026, 1, 2), "south"),
    ]
    (key,) = house.keys("written/sales/region=north/")
    assert pyarrow.parquet.read_table(io.BytesIO(house.body(key))).column_names == ["id", "amount", "sold"]
    house.run("INSERT INTO written.sales SELECT id + 10, amount, sold, 'east' FROM sales")
    house.run("INSERT INTO written.sales VALUES (30, 9.99, '2026-02-03', 'north')")
    assert house.run("SELECT region, count(*), sum(id) FROM written.sales GROUP BY 1 ORDER BY 1") == [
        ("east", 2, 23),
        ("north", 2, 31),
        ("south", 1, 2),
    ]
    parts = house.glue.get_partitions(DatabaseName="written", TableName="sales")["Partitions"]
    assert sorted(p["Values"][0] for p in parts) == ["east", "north", "south"]
    house.fails("INSERT INTO written.sales SELECT id FROM sales", "fewer expressions")
    house.fails(
        "CREATE EXTERNAL TABLE written.again STORED AS PARQUET LOCATION 's3://loads/written/sales/' AS SELECT 1 AS a",
        "is not empty",
    )
    house.run(
        "CREATE EXTERNAL TABLE written.words ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' STORED AS TEXTFILE "
        "LOCATION 's3://loads/written/words/' AS SELECT id, region FROM sales"
    )
    assert house.run("SELECT * FROM written.words ORDER BY 1") == [(1, "north"), (2, "south")]


def test_partitions_are_left_out_before_files_are_listed(house):
    external(house, "parts", house.role)
    for year in [2024, 2025, 2026]:
        table = pa.table({"id": [year * 10 + i for i in range(3)]})
        file = io.BytesIO()
        pyarrow.parquet.write_table(table, file)
        house.put(f"parts/y={year}/a.parquet", file.getvalue())
    house.put("parts/y=2023/a.parquet", b"this is no Parquet")
    house.run(
        "CREATE EXTERNAL TABLE parts.t (id INT) PARTITIONED BY (y INT, k VARCHAR(5)) STORED AS PARQUET "
        "LOCATION 's3://loads/parts/'"
    )
    for year in [2023, 2024, 2025, 2026]:
        house.run(f"ALTER TABLE parts.t ADD PARTITION (y={year}, k='a') LOCATION 's3://loads/parts/y={year}/'")
    assert house.run("SELECT count(*) FROM parts.t WHERE y > 2023") == [(9,)]
    assert house.run("SELECT sum(id) FROM parts.t p WHERE p.y BETWEEN '2024' AND '2025' AND p.k = 'a'") == [
        (20240 + 20241 + 20242 + 20250 + 20251 + 20252,)
    ]
    assert house.run("SELECT count(*) FROM parts.t WHERE y IN (2024, 2026) AND NOT k = 'b'") == [(6,)]
    house.fails("SELECT count(id) FROM parts.t", "arquet")
    assert house.run("SELECT count(*) FROM parts.t WHERE y = 1999") == [(0,)]
    # What one part of the statement leaves out another may need.
    assert house.run(
        "SELECT (SELECT count(*) FROM parts.t WHERE y = 2024), (SELECT count(*) FROM parts.t WHERE y = 2026)"
    ) == [(3, 3)]
    paths = house.run('SELECT DISTINCT "$path", "$size" FROM parts.t WHERE y >= 2025 ORDER BY 1')
    assert [path for path, _ in paths] == [f"s3://loads/parts/y={y}/a.parquet" for y in [2025, 2026]]
    assert all(size == len(house.body(path.removeprefix("s3://loads/"))) for path, size in paths)
    assert house.run('SELECT * FROM parts.t WHERE y = 2024 AND "$size" > 0 ORDER BY id')[0] == (20240, 2024, "a")


def test_tables_of_several_roles_are_joined(house):
    external(house, "one", house.role)
    external(house, "two", house.other)
    for schema in ["one", "two"]:
        house.put(f"{schema}/a.txt", b"1\n2\n")
        house.run(
            f"CREATE EXTERNAL TABLE {schema}.t (id INT) STORED AS TEXTFILE LOCATION 's3://loads/{schema}/'"
        )
    assert house.run("SELECT count(*) FROM one.t a JOIN two.t b ON a.id = b.id") == [(2,)]
    house.iam.put_role_policy(
        RoleName="loads-other",
        PolicyName="no",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::loads/two/*"}],
            }
        ),
    )
    house.fails("SELECT count(*) FROM one.t a JOIN two.t b ON a.id = b.id", "enied")
    assert house.run("SELECT count(*) FROM one.t") == [(2,)]
