"""What clients ask of the catalog: Redshift's drivers, SQLAlchemy, psql, PostgreSQL's JDBC driver."""

import pathlib
import shutil
import subprocess
import uuid

import psycopg
import pytest
import redshift_connector
import sqlalchemy

from redshift_house import PASSWORD, USER, Cluster

JDBC = pathlib.Path("/usr/share/java/postgresql.jar")


@pytest.fixture(scope="module")
def cluster(tarn):
    cluster = Cluster(tarn, f"metadata-{uuid.uuid4().hex[:8]}")
    with connect(cluster) as connection:
        for statement in SETUP:
            connection.execute(statement)
    yield cluster
    cluster.delete()


SETUP = [
    "create schema shop",
    "create table shop.customer (id int primary key, name varchar(40) not null, unique (name)) sortkey (id)",
    "create table shop.sale (id bigint identity(1, 1), customer int references shop.customer (id), "
    "amount decimal(10, 2) default 0, at timestamp, primary key (id, customer)) distkey (customer)",
    "create view shop.totals as select customer, sum(amount) as total from shop.sale group by customer",
    "create view shop.late as select id from shop.sale with no schema binding",
    "create materialized view shop.kept as select customer from shop.sale",
    "create function shop.twice (int) returns int stable as $$ select $1 * 2 $$ language sql",
    "create procedure shop.note (a in int, b out varchar(20)) as $$ begin b := 'x'; end; $$ language plpgsql",
    "create user reader password 'Readers1pw'",
    "create role clerks",
    "grant usage on schema shop to reader",
    "grant select on shop.customer to reader",
    "grant update (amount) on shop.sale to role clerks",
    "comment on table shop.customer is 'who buys'",
    "comment on column shop.customer.name is 'in full'",
]


def connect(cluster, **login):
    return psycopg.connect(dbname="dev", autocommit=True, **(cluster.login | login))


@pytest.fixture
def ask(cluster):
    """Calls one of the driver's questions, and gives some columns of the answer.

    Each on a connection of its own: the driver mixes up what it prepared where two of them say the same to the server.
    """

    def ask(columns, question, *arguments):
        with redshift_connector.connect(database="dev", ssl=False, **cluster.login) as connection:
            cursor = connection.cursor()
            rows = getattr(cursor, question)(*arguments)
            names = [column[0] for column in cursor.description]
            return [tuple(row[names.index(column)] for column in columns.split()) for row in rows]

    return ask


# --- Redshift's drivers -----------------------------------------------------------------------------------------


def test_lists(ask):
    assert ask("TABLE_CAT", "get_catalogs") == [("dev",)]
    assert ask("TABLE_SCHEM TABLE_CATALOG", "get_schemas", "dev", "sh%") == [("shop", "dev")]
    assert ask("TABLE_NAME TABLE_TYPE REMARKS", "get_tables", "dev", "shop", None, []) == [
        ("customer", "TABLE", "who buys"),
        ("kept", "VIEW", None),
        ("late", "VIEW", None),
        ("sale", "TABLE", None),
        ("totals", "VIEW", None),
    ]
    assert ask("COLUMN_NAME TYPE_NAME IS_NULLABLE", "get_columns", "dev", "shop", "sale", None) == [
        ("id", "int8", "NO"),
        ("customer", "int4", "NO"),
        ("amount", "numeric", "YES"),
        ("at", "timestamp", "YES"),
    ]


def test_keys(ask):
    keys = ask("COLUMN_NAME KEY_SEQ PK_NAME", "get_primary_keys", "dev", "shop", "sale")
    assert keys == [("id", 1, "sale_pkey"), ("customer", 2, "sale_pkey")]
    wanted = "PKTABLE_NAME PKCOLUMN_NAME FKTABLE_NAME FKCOLUMN_NAME FK_NAME PK_NAME"
    foreign = [("customer", "id", "sale", "customer", "sale_customer_fkey", "customer_pkey")]
    assert ask(wanted, "get_imported_keys", "dev", "shop", "sale") == foreign
    assert ask(wanted, "get_exported_keys", "dev", "shop", "customer") == foreign


def test_routines(ask):
    procedures = ask("PROCEDURE_NAME SPECIFIC_NAME", "get_procedures", "dev", "shop", "no%")
    assert procedures == [("note", "note(integer)")]
    arguments = ask("COLUMN_NAME TYPE_NAME", "get_procedure_columns", "dev", "shop", "note", None)
    assert arguments == [("a", "int4"), ("b", "varchar")]
    assert ask("FUNCTION_NAME", "get_functions", "dev", "shop", "%") == [("twice",)]


def test_rights(ask):
    rights = ask("GRANTEE PRIVILEGE IS_GRANTABLE", "get_table_privileges", "dev", "shop", "customer")
    assert rights == [("reader", "SELECT", "NO")]
    rights = ask("COLUMN_NAME GRANTEE PRIVILEGE", "get_column_privileges", "dev", "shop", "sale", "am%")
    assert rights == [("amount", "clerks", "UPDATE")]


def test_show_knows_what_a_user_may_see(cluster):
    with connect(cluster, user="reader", password="Readers1pw") as connection:
        rows = connection.execute("show tables from schema dev.shop").fetchall()
        assert [row[2] for row in rows] == ["customer"]
        assert connection.execute("show tables from schema dev.nowhere").fetchall() == []
        assert connection.execute("show columns from table shop.sale").fetchall() == []
        rows = connection.execute("show grants for reader").fetchall()
        assert {(row[1], row[2], row[4]) for row in rows} == {("shop", None, "USAGE"), ("shop", "customer", "SELECT")}
    with connect(cluster) as connection:
        rows = connection.execute("show columns from table dev.shop.customer like 'n_me' limit 5").fetchall()
        assert [(row[3], row[6], row[7], row[8], row[11]) for row in rows] == [
            ("name", "NO", "character varying", 40, "in full")
        ]
        [[text]] = connection.execute("show procedure shop.note(int)").fetchall()
        assert "language plpgsql" in text.lower()


# --- functions --------------------------------------------------------------------------------------------------


def test_privilege_functions(cluster):
    with connect(cluster) as connection:
        row = connection.execute(
            "select has_table_privilege('reader', 'shop.customer', 'select'), "
            "has_table_privilege('reader', 'shop.sale', 'select'), has_schema_privilege('reader', 'shop', 'usage'), "
            "has_schema_privilege('reader', 'shop', 'create'), has_database_privilege('reader', 'dev', 'create'), "
            "has_table_privilege('shop.sale', 'delete')"
        ).fetchone()
        assert row == (True, False, True, False, False, True)
        with pytest.raises(psycopg.errors.InvalidParameterValue, match="unrecognized privilege type"):
            connection.execute("select has_table_privilege('shop.sale', 'fly')")


def test_current_setting(cluster):
    with connect(cluster) as connection:
        connection.execute("set query_group to 'night'")
        assert connection.execute("select current_setting('query_group')").fetchone() == ("night",)
        with pytest.raises(psycopg.Error, match="unrecognized configuration parameter"):
            connection.execute("select current_setting('no_such')")


@pytest.mark.parametrize("form", ["%s", "%b", "%t"])
def test_arrays_as_parameters(cluster, form):
    with connect(cluster) as connection:
        names = connection.execute(
            f"select relname from pg_class where relname = any({form}) order by 1", (["sale", "customer"],)
        )
        assert names.fetchall() == [("customer",), ("sale",)]
        oids = connection.execute(f"select typname from pg_type where oid = any({form}) order by 1", ([16, 23],))
        assert oids.fetchall() == [("bool",), ("int4",)]


def test_constraints_name_their_columns(cluster):
    with connect(cluster) as connection:
        rows = connection.execute(
            "select conname, conkey, pg_get_constraintdef(oid) from pg_constraint where conname like 'sale%' order by 1"
        ).fetchall()
        assert rows == [
            ("sale_customer_fkey", [2], "FOREIGN KEY (customer) REFERENCES shop.customer(id)"),
            ("sale_pkey", [1, 2], "PRIMARY KEY (id, customer)"),
        ]


def test_columns_that_are_not_there(cluster):
    with connect(cluster) as connection, pytest.raises(psycopg.errors.UndefinedColumn, match="nothing"):
        connection.execute("update shop.sale set nothing = 1")


@pytest.mark.parametrize("name", ["bytea", "oid", "int[]", "interval", "bit varying", "regclass", "record"])
def test_types_that_columns_cannot_have(cluster, name):
    with connect(cluster) as connection, pytest.raises(psycopg.Error, match='Column "t1.a" has unsupported type'):
        connection.execute(f"create temporary table t1 (a {name})")


@pytest.mark.parametrize("text", ["Jun 1,2008  09:59:59", "2008-06-01 09:59:59", "06-01-2008 09:59:59"])
def test_forms_of_timestamps(cluster, text):
    with connect(cluster) as connection:
        assert str(connection.execute(f"select timestamp '{text}'").fetchone()[0]) == "2008-06-01 09:59:59"
        zoned = connection.execute(f"select '{text} EST'::timestamptz = '2008-06-01 14:59:59+00'::timestamptz")
        assert zoned.fetchone() == (True,)


# --- SQLAlchemy -------------------------------------------------------------------------------------------------


def test_sqlalchemy_constraints(cluster):
    engine = sqlalchemy.create_engine(cluster.url("redshift+psycopg2"), connect_args={"sslmode": "prefer"})
    inspector = sqlalchemy.inspect(engine)
    assert inspector.get_pk_constraint("sale", schema="shop")["constrained_columns"] == ["id", "customer"]
    [foreign] = inspector.get_foreign_keys("sale", schema="shop")
    assert foreign["constrained_columns"] == ["customer"]
    assert (foreign["referred_schema"], foreign["referred_table"], foreign["referred_columns"]) == (
        "shop", "customer", ["id"],
    )  # fmt: skip
    unique = inspector.get_unique_constraints("customer", schema="shop")
    assert [found["column_names"] for found in unique] == [["name"]]
    assert set(inspector.get_view_names(schema="shop")) >= {"totals", "late"}
    assert "sum(amount)" in inspector.get_view_definition("totals", schema="shop").lower()
    table = sqlalchemy.Table("sale", sqlalchemy.MetaData(), schema="shop", autoload_with=engine)
    assert [column.name for column in table.primary_key] == ["id", "customer"]
    engine.dispose()


# --- psql -------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not shutil.which("psql"), reason="psql is not installed (postgresql-client)")
@pytest.mark.parametrize(
    "command, words",
    [
        ("\\d shop.sale", ["customer", "numeric(10,2)"]),
        ("\\d shop.totals", ["total"]),
        ("\\d", []),
        ("\\dt shop.*", ["customer", "sale"]),
        ("\\dv shop.*", ["totals", "late"]),
        ("\\dn", ["shop", "public"]),
        ("\\dn+", ["shop"]),
        ("\\df shop.*", ["twice"]),
        ("\\du", ["awsuser", "reader"]),
        ("\\l", ["dev"]),
        ("\\dp shop.customer", ["reader=r"]),
        ("\\dT", []),
    ],
)
def test_psql_describes(cluster, command, words):
    done = subprocess.run(
        ["psql", "-X", "-v", "ON_ERROR_STOP=1", f"host={cluster.host} port={cluster.port} user={USER} dbname=dev",
         "-c", command],
        capture_output=True, text=True, timeout=120,
        env={"PGPASSWORD": PASSWORD, "PATH": "/usr/bin:/bin", "HOME": "/tmp"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for word in words:
        assert word in done.stdout, done.stdout


# --- JDBC -------------------------------------------------------------------------------------------------------

PROGRAM = """
import java.sql.*;

public class Catalog {
  static void show(String title, ResultSet r, String... columns) throws Exception {
    StringBuilder line = new StringBuilder(title);
    while (r.next()) {
      line.append(" |");
      for (String column : columns) line.append(" ").append(r.getString(column));
    }
    System.out.println(line);
  }

  public static void main(String[] a) throws Exception {
    try (Connection c = DriverManager.getConnection(a[0], a[1], a[2])) {
      DatabaseMetaData m = c.getMetaData();
      show("tables", m.getTables(null, "shop", "%", new String[] {"TABLE", "VIEW"}), "TABLE_NAME", "TABLE_TYPE");
      show("columns", m.getColumns(null, "shop", "sale", "%"), "COLUMN_NAME", "TYPE_NAME", "COLUMN_SIZE", "NULLABLE");
      show("schemas", m.getSchemas(null, "sh%"), "TABLE_SCHEM");
      show("catalogs", m.getCatalogs(), "TABLE_CAT");
      show("functions", m.getFunctions(null, "shop", "%"), "FUNCTION_NAME");
      show("privileges", m.getTablePrivileges(null, "shop", "customer"), "GRANTEE", "PRIVILEGE");
      show("types", m.getTableTypes(), "TABLE_TYPE");
    }
  }
}
"""


@pytest.mark.skipif(
    not (JDBC.exists() and shutil.which("javac")), reason="needs a JDK and Debian's libpostgresql-jdbc-java"
)
def test_jdbc_metadata(cluster, tmp_path):
    (tmp_path / "Catalog.java").write_text(PROGRAM)
    subprocess.run(["javac", "Catalog.java"], cwd=tmp_path, check=True, timeout=300)
    classes = f"{tmp_path}:{JDBC}:/usr/share/java/scram-client.jar:/usr/share/java/scram-common.jar"
    url = f"jdbc:postgresql://{cluster.host}:{cluster.port}/dev?sslmode=prefer"
    done = subprocess.run(
        ["java", "-cp", classes, "Catalog", url, USER, PASSWORD], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr + done.stdout
    lines = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert "customer TABLE" in lines["tables"] and "totals VIEW" in lines["tables"]
    assert lines["columns"].startswith("| id int8 19 0 | customer int4 10 0 | amount numeric 10 1")
    assert lines["schemas"] == "| shop"
    assert "dev" in lines["catalogs"]
