"""Crawlers that look into databases, with a real PostgreSQL."""

import json
import socket
import time

import pytest
from botocore.exceptions import ClientError

from conftest import wait_until
from crawl_house import lake
from postgres_house import PASSWORD, USER, FakePostgres, free_port, postgres

ADVICE = "Check that your connection definition references your JDBC database with correct URL syntax, username, and password."


class Shop:
    """Schemas of one test in the server, a connection to it, and a lake that takes what is found."""

    def __init__(self, lake, postgres, unique):
        self.lake, self.postgres, self.unique = lake, postgres, unique
        self.schema = unique("sales").replace("-", "_")
        self.sql(f"CREATE SCHEMA {self.schema}")
        self.connection = self.connect(postgres.url)

    def sql(self, text):
        self.postgres.sql(text)
        self.postgres.sql(
            f"GRANT USAGE ON SCHEMA {self.schema} TO {USER}; GRANT SELECT ON ALL TABLES IN SCHEMA {self.schema} TO {USER}"
        )

    def connect(self, url, user=USER, password=PASSWORD, **properties):
        name = self.unique("shop")
        properties |= {"JDBC_CONNECTION_URL": url, "USERNAME": user, "PASSWORD": password}
        self.lake.glue.create_connection(
            ConnectionInput={"Name": name, "ConnectionType": "JDBC", "ConnectionProperties": properties}
        )
        return name

    def create(self, path, connection=None, exclusions=(), **arguments):
        target = {"ConnectionName": connection or self.connection, "Path": path, "Exclusions": list(exclusions)}
        return self.lake.create(Targets={"JdbcTargets": [target]}, **arguments)

    def crawl(self, path, **arguments):
        name = self.create(path, **arguments)
        self.lake.crawl(name)
        return name

    def failure(self, connection, path=None):
        name = self.create(path or f"shop/{self.schema}/%", connection)
        return self.lake.crawl(name, status="FAILED")["LastCrawl"]["ErrorMessage"]


@pytest.fixture
def shop(lake, postgres, unique):
    return Shop(lake, postgres, unique)


def test_a_database_is_crawled(shop):
    shop.sql(
        f"""CREATE DOMAIN {shop.schema}.cents AS numeric(12,2);
        CREATE TYPE {shop.schema}.mood AS ENUM ('good', 'bad');
        CREATE TABLE {shop.schema}."Orders" (
            id bigint PRIMARY KEY, small smallint, number integer, price numeric(10,2), free numeric,
            ratio double precision, half real, paid boolean, note varchar(20), letter char(1), body text, day date,
            at timestamp(3), zoned timestamptz, clock time, raw bytea, mark uuid, doc jsonb, tags text[],
            grid integer[][], total {shop.schema}.cents, feeling {shop.schema}.mood, "Mixed Case" text);
        CREATE VIEW {shop.schema}.paid_orders AS SELECT id, price FROM {shop.schema}."Orders" WHERE paid;
        CREATE TABLE {shop.schema}.events (day date, what text) PARTITION BY RANGE (day);
        CREATE TABLE {shop.schema}.events_2026 PARTITION OF {shop.schema}.events
            FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"""
    )
    name = shop.crawl(f"shop/{shop.schema}/%", TablePrefix="Pg_")
    prefix = f"pg_shop_{shop.schema}_"
    tables = shop.lake.tables()
    assert set(tables) == {prefix + "orders", prefix + "paid_orders", prefix + "events"}
    assert shop.lake.columns(prefix + "orders") == [
        ("id", "bigint"),
        ("small", "smallint"),
        ("number", "int"),
        ("price", "decimal(10,2)"),
        ("free", "decimal(38,18)"),
        ("ratio", "double"),
        ("half", "float"),
        ("paid", "boolean"),
        ("note", "string"),
        ("letter", "string"),
        ("body", "string"),
        ("day", "date"),
        ("at", "timestamp"),
        ("zoned", "timestamp"),
        ("clock", "string"),
        ("raw", "binary"),
        ("mark", "string"),
        ("doc", "string"),
        ("tags", "array<string>"),
        ("grid", "array<int>"),
        ("total", "decimal(12,2)"),
        ("feeling", "string"),
        ("mixed case", "string"),
    ]
    orders = tables[prefix + "orders"]
    expected = {
        "classification": "postgresql",
        "compressionType": "none",
        "connectionName": shop.connection,
        "typeOfData": "table",
        "UPDATED_BY_CRAWLER": name,
    }
    assert expected.items() <= orders["Parameters"].items()
    assert orders["StorageDescriptor"]["Location"] == f"shop.{shop.schema}.Orders"
    assert orders["TableType"] == "EXTERNAL_TABLE" and orders["PartitionKeys"] == []
    assert tables[prefix + "paid_orders"]["Parameters"]["typeOfData"] == "view"
    [target] = shop.lake.glue.get_crawler(Name=name)["Crawler"]["Targets"]["JdbcTargets"]
    assert target == {"ConnectionName": shop.connection, "Path": f"shop/{shop.schema}/%", "Exclusions": []}


def test_include_paths_and_exclusions(shop):
    """AWS's own example: `HR*`, `Market_*` and `**_Table`."""
    names = ("hr_us", "hr_fr", "employees_table", "finance", "market_us_table")
    shop.sql("; ".join(f"CREATE TABLE {shop.schema}.{name} (id int)" for name in names))

    def found(path, *exclusions):
        shop.lake.database = shop.unique("db").replace("-", "_")
        shop.crawl(path, exclusions=exclusions)
        return {name.removeprefix(f"shop_{shop.schema}_") for name in shop.lake.tables()}

    every = f"shop/{shop.schema}/%"
    assert found(every) == set(names)
    assert found(every, "hr*") == {"employees_table", "finance", "market_us_table"}
    assert found(every, "market_*", "**_table") == {"hr_us", "hr_fr", "finance"}
    assert found(f"shop/{shop.schema}/hr_%") == {"hr_us", "hr_fr"}
    assert found(f"shop/{shop.schema}/finance") == {"finance"}
    assert found(f"shop/{shop.schema[:-1]}%", f"{shop.schema}/hr*") == {"employees_table", "finance", "market_us_table"}


def test_changes_are_brought_in_line(shop):
    lake = shop.lake
    shop.sql(f"CREATE TABLE {shop.schema}.orders (id int, price int); CREATE TABLE {shop.schema}.old (id int)")
    policy = {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "DELETE_FROM_DATABASE"}
    name = shop.crawl(f"shop/{shop.schema}/%", SchemaChangePolicy=policy)
    orders, old = f"shop_{shop.schema}_orders", f"shop_{shop.schema}_old"
    version = lake.table(orders)["VersionId"]
    lake.crawl(name)
    assert lake.table(orders)["VersionId"] == version
    shop.sql(
        f"ALTER TABLE {shop.schema}.orders ALTER price TYPE text, ADD placed date; DROP TABLE {shop.schema}.old"
    )
    plan = {t["table"]: t for t in lake.tool("crawl-plan", crawler=name).json()["tables"]}
    assert plan[orders]["action"] == "UPDATE" and plan[old]["action"] == "DELETE"
    assert plan[orders]["columns"]["changed"] == [{"name": "price", "from": "int", "to": "string"}]
    assert lake.table(orders)["VersionId"] == version
    lake.crawl(name)
    assert set(lake.tables()) == {orders}
    assert lake.columns(orders) == [("id", "int"), ("price", "string"), ("placed", "date")]
    lake.tool("restore-table", database=lake.database, table=orders, version=version)
    assert lake.columns(orders) == [("id", "int"), ("price", "int")]


def test_what_the_user_may_not_read_is_not_found(shop, postgres):
    shop.sql(f"CREATE TABLE {shop.schema}.open (id int)")
    postgres.sql(f"CREATE TABLE {shop.schema}.closed (id int)")
    shop.crawl(f"shop/{shop.schema}/%")
    assert set(shop.lake.tables()) == {f"shop_{shop.schema}_open"}


def test_athena_refuses_a_table_of_a_database(shop):
    shop.sql(f"CREATE TABLE {shop.schema}.orders (id int)")
    shop.crawl(f"shop/{shop.schema}/%")
    _, status = shop.lake.query(f"SELECT * FROM shop_{shop.schema}_orders")
    assert status["State"] == "FAILED" and status["StateChangeReason"]


# Connections that do not do


def test_a_failed_connection_fails_the_crawl_and_changes_nothing(shop, postgres):
    shop.sql(f"CREATE TABLE {shop.schema}.orders (id int)")
    name = shop.crawl(f"shop/{shop.schema}/%")
    lake, closed = shop.lake, free_port()
    wrong = shop.failure(shop.connect(postgres.url, password="wrong"))
    assert wrong.startswith(f'{ADVICE} FATAL:  password authentication failed for user "{USER}"'), wrong
    nobody = shop.failure(shop.connect(f"jdbc:postgresql://127.0.0.1:{closed}/shop"))
    assert nobody.startswith(ADVICE) and "Connection refused" in nobody
    missing = shop.failure(shop.connect(postgres.url.replace("/shop", "/nowhere")), f"nowhere/{shop.schema}/%")
    assert 'database "nowhere" does not exist' in missing
    plain = shop.failure(shop.connect(postgres.url, JDBC_ENFORCE_SSL="true"))
    assert "SSL" in plain
    other = shop.failure(shop.connection, f"elsewhere/{shop.schema}/%")
    assert "elsewhere" in other
    mysql = shop.failure(shop.connect("jdbc:mysql://127.0.0.1:3306/shop"))
    assert "NotImplemented" in mysql
    # A path is no host: it would be a socket of this machine's.
    local = shop.failure(shop.connect("jdbc:postgresql:///var/run/shop"))
    assert local.startswith(ADVICE)
    # The policy deletes what is gone; a server that does not answer is not one without tables.
    policy = {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "DELETE_FROM_DATABASE"}
    lake.glue.update_crawler(Name=name, SchemaChangePolicy=policy)
    properties = {"JDBC_CONNECTION_URL": f"jdbc:postgresql://127.0.0.1:{closed}/shop", "USERNAME": USER, "PASSWORD": "x"}
    lake.glue.update_connection(
        Name=shop.connection,
        ConnectionInput={"Name": shop.connection, "ConnectionType": "JDBC", "ConnectionProperties": properties},
    )
    lake.crawl(name, status="FAILED")
    assert set(lake.tables()) == {f"shop_{shop.schema}_orders"}


def test_names_are_never_taken_for_statements_or_settings(shop, postgres):
    shop.sql(f'CREATE TABLE {shop.schema}."o\'; DROP TABLE x; --" (id int, "c\'\\" int)')
    shop.crawl(f"shop/{shop.schema}/o'; DROP TABLE x; --")
    [table] = shop.lake.tables().values()
    assert [c["Name"] for c in table["StorageDescriptor"]["Columns"]] == ["id", "c'\\"]
    odd = shop.connect("jdbc:postgresql://127.0.0.1:%d/host=elsewhere%%20user=owner" % postgres.port)
    assert 'database "host=elsewhere user=owner" does not exist' in shop.failure(odd, "host=elsewhere user=owner")
    socket_like = shop.connect("jdbc:postgresql://@hidden:1/shop")
    assert shop.failure(socket_like).startswith(ADVICE)


def test_a_server_that_never_answers_holds_nothing(shop):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        connection = shop.connect(f"jdbc:postgresql://127.0.0.1:{silent.getsockname()[1]}/shop")
        name = shop.create("shop/%", connection)
        shop.lake.glue.start_crawler(Name=name)
        peer, _ = silent.accept()
        began = time.monotonic()
        shop.lake.glue.stop_crawler(Name=name)
        found = wait_until(lambda: shop.lake.ready(name))
        assert found["LastCrawl"]["Status"] == "CANCELLED" and time.monotonic() - began < 5
        peer.close()
        message = shop.lake.crawl(name, status="FAILED")["LastCrawl"]["ErrorMessage"]
        assert message.startswith(ADVICE) and "timeout expired" in message


@pytest.mark.parametrize(
    "rows",
    [
        [b"{"],
        [b"null", b"[]"],
        [b"\xff\xfe[1]"],
        [b"[" * 200_000],
        [b'["s", "t", "r", [["c", 5]], "more"]'],
        [b'["", "t", "r", null]'],
        [b'["s", "%s", "r", null]' % (b"n" * 10_000)],
        [b'["s", "t", "r", "' + b"x" * (5 << 20) + b'"]'],
        [b"x" * (1 << 20)] * 100,
    ],
    ids=["cut", "empty", "no text", "deep", "too many", "no name", "long name", "long line", "too much"],
)
def test_nonsense_of_a_server_fails_the_crawl_alone(shop, rows):
    server = FakePostgres(*rows)
    message = shop.failure(shop.connect(server.url))
    assert message.startswith(ADVICE), message
    server.close()


def test_odd_types_of_a_server_become_something(shop):
    columns = [["a", "numeric(5,-9223372036854775808)"], ["b", "numeric(99999999999999999999)"], ["c", "[]" * 5000]]
    columns += [["d", ""], ["e", "numeric("], ["f", ")("], ["A", "integer"], ["", "integer"], [5, "integer"], "x", ["g", "date"]]
    server = FakePostgres(json.dumps(["s", "t", "r", columns]).encode())
    shop.crawl("shop/%", connection=shop.connect(server.url))
    server.close()
    assert shop.lake.columns("shop_s_t") == [
        ("a", "decimal(38,18)"),
        ("b", "decimal(38,18)"),
        ("c", "array<string>"),
        ("d", "string"),
        ("e", "decimal(38,18)"),
        ("f", "string"),
        ("g", "date"),
    ]


def test_what_is_refused(shop):
    lake = shop.lake
    for target, code in (
        ({"Path": "shop/%"}, "InvalidInputException"),
        ({"ConnectionName": shop.connection, "Path": ""}, "InvalidInputException"),
        ({"ConnectionName": shop.connection, "Path": "%/public/%"}, "InvalidInputException"),
        ({"ConnectionName": shop.connection, "Path": "a/b/c/d"}, "InvalidInputException"),
        ({"ConnectionName": "nobody", "Path": "shop/%"}, "EntityNotFoundException"),
    ):
        with pytest.raises(ClientError) as caught:
            lake.create(Targets={"JdbcTargets": [target]})
        assert caught.value.response["Error"]["Code"] == code, target
    with pytest.raises(ClientError) as caught:
        shop.create("shop/%", RecrawlPolicy={"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"},
                    SchemaChangePolicy={"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"})
    assert caught.value.response["Error"]["Code"] == "InvalidInputException"


def test_the_role_must_be_allowed_the_connection(shop):
    shop.sql(f"CREATE TABLE {shop.schema}.orders (id int)")
    role = shop.lake.make_role("glue:GetDatabase", "glue:CreateDatabase", "glue:GetTable*", "glue:CreateTable")
    name = shop.create(f"shop/{shop.schema}/%", Role=role)
    message = shop.lake.crawl(name, status="FAILED")["LastCrawl"]["ErrorMessage"]
    assert "glue:GetConnection" in message
