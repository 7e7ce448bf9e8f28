"""PostgreSQL's and Redshift's own clients at a cluster's endpoint."""

import datetime
import decimal
import pathlib
import shutil
import subprocess
import threading
import uuid

import psycopg
import psycopg2
import psycopg2.extras
import pytest
import redshift_connector
import sqlalchemy

from redshift_house import PASSWORD, USER, Cluster

JDBC = pathlib.Path("/usr/share/java/postgresql.jar")
ROW = (
    "select 1, 2::bigint, 3::smallint, 1.50::decimal(10,2), -12345678901234567890.12::decimal(38,2), "
    "'grüße'::varchar, true, date '2024-02-29', timestamp '2024-02-29 12:34:56.789', 1.5::float8, 2.5::float4, null::int, "
    "time '12:00:01', '2024-01-01 00:00:00+00'::timestamptz"
)
VALUES = (
    1,
    2,
    3,
    decimal.Decimal("1.50"),
    decimal.Decimal("-12345678901234567890.12"),
    "grüße",
    True,
    datetime.date(2024, 2, 29),
    datetime.datetime(2024, 2, 29, 12, 34, 56, 789000),
    1.5,
    2.5,
    None,
    datetime.time(12, 0, 1),
    datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc),
)
LONG = "with recursive r(n) as (select 1 union all select n + 1 from r where n < 50000000) select count(*) from r"


@pytest.fixture(scope="module")
def cluster(tarn):
    cluster = Cluster(tarn, f"clients-{uuid.uuid4().hex[:8]}")
    yield cluster
    cluster.delete()


@pytest.fixture
def table():
    return f"t_{uuid.uuid4().hex[:10]}"


def connect2(cluster, **extra):
    return psycopg2.connect(dbname="dev", **cluster.login, **extra)


def connect3(cluster, **extra):
    return psycopg.connect(dbname="dev", **cluster.login, **extra)


def connect_redshift(cluster, **extra):
    return redshift_connector.connect(database="dev", **({"ssl": False} | cluster.login | extra))


# --- psql -------------------------------------------------------------------------------------------------------


def psql(cluster, *arguments, check=True, **extra):
    address = f"host={cluster.host} port={cluster.port} user={USER} dbname=dev"
    done = subprocess.run(
        ["psql", "-X", "-v", "ON_ERROR_STOP=1", address, *arguments],
        capture_output=True,
        text=True,
        env={"PGPASSWORD": PASSWORD, "PATH": "/usr/bin:/bin", "HOME": "/tmp"} | extra,
        timeout=120,
    )
    assert not check or done.returncode == 0, done.stderr
    return done


needs_psql = pytest.mark.skipif(not shutil.which("psql"), reason="psql is not installed (postgresql-client)")


@needs_psql
def test_psql_runs_several_statements(cluster, table):
    text = f"create table {table} (a int, b varchar(10)); insert into {table} values (1, 'x'), (2, null); "
    text += f"select * from {table} order by a"
    done = psql(cluster, "-A", "-t", "-c", text)
    assert done.stdout.splitlines() == ["CREATE TABLE", "INSERT 0 2", "1|x", "2|"]


@needs_psql
def test_psql_encrypts_or_not(cluster):
    assert "SSL connection" in psql(cluster, "-c", "\\conninfo").stdout
    assert "SSL connection" not in psql(cluster, "-c", "\\conninfo", PGSSLMODE="disable").stdout


@needs_psql
def test_psql_fetches_in_portions(cluster, table):
    psql(cluster, "-c", f"create table {table} as select 1 as a union all select 2 union all select 3")
    done = psql(cluster, "-A", "-t", "-v", "FETCH_COUNT=2", "-c", f"select a from {table} order by a")
    assert done.stdout.split() == ["1", "2", "3"]


@needs_psql
def test_psql_shows_where_an_error_is(cluster):
    done = psql(cluster, "-c", "select nothing_there from (select 1 as a) as t", check=False)
    assert done.returncode != 0
    assert 'column "nothing_there" does not exist' in done.stderr


# --- psycopg 2 --------------------------------------------------------------------------------------------------


def test_psycopg2_values(cluster):
    with connect2(cluster) as connection, connection.cursor() as cursor:
        cursor.execute(ROW)
        assert cursor.fetchone() == VALUES
        assert connection.server_version == 80002


def test_psycopg2_transactions(cluster, table):
    connection = connect2(cluster)
    cursor = connection.cursor()
    cursor.execute(f"create table {table} (a int)")
    connection.commit()
    psycopg2.extras.execute_values(cursor, f"insert into {table} values %s", [(n,) for n in range(100)])
    connection.rollback()
    cursor.execute(f"select count(*) from {table}")
    assert cursor.fetchone() == (0,)
    with pytest.raises(psycopg2.errors.UndefinedColumn):
        cursor.execute("select nothing_there")
    with pytest.raises(psycopg2.errors.InFailedSqlTransaction):
        cursor.execute("select 1")
    connection.rollback()
    cursor.execute("select 1")
    assert cursor.fetchone() == (1,)
    connection.close()


def test_psycopg2_cursor_on_the_server(cluster, table):
    connection = connect2(cluster)
    with connection.cursor() as cursor:
        cursor.execute(f"create table {table} (a int)")
        psycopg2.extras.execute_values(cursor, f"insert into {table} values %s", [(n,) for n in range(25)])
    with connection.cursor("portions") as cursor:
        cursor.itersize = 10
        cursor.execute(f"select a from {table} order by a")
        assert [row[0] for row in cursor] == list(range(25))
    connection.close()


def test_psycopg2_cancels_what_runs(cluster):
    connection = connect2(cluster)
    timer = threading.Timer(0.5, connection.cancel)
    timer.start()
    with pytest.raises(psycopg2.errors.QueryCanceled), connection.cursor() as cursor:
        cursor.execute(LONG)
    timer.join()
    connection.rollback()
    with connection.cursor() as cursor:
        cursor.execute("select 1")
        assert cursor.fetchone() == (1,)
    connection.close()


def test_statement_timeout(cluster):
    connection = connect2(cluster)
    with pytest.raises(psycopg2.errors.QueryCanceled, match="statement timeout"), connection.cursor() as cursor:
        cursor.execute("set statement_timeout to 200")
        cursor.execute(LONG)
    connection.close()


# --- psycopg 3 --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("binary", [False, True])
def test_psycopg3_values(cluster, binary):
    with connect3(cluster) as connection, connection.cursor(binary=binary) as cursor:
        assert cursor.execute(ROW).fetchone() == VALUES


@pytest.mark.parametrize("form", ["%s", "%b"])
def test_psycopg3_parameters(cluster, table, form):
    with connect3(cluster) as connection:
        connection.execute(f"create table {table} (a int, b varchar(20), c decimal(10,2), d timestamp)")
        values = [
            (7, "x", decimal.Decimal("1.25"), datetime.datetime(2024, 1, 2, 3, 4, 5)),
            (None, None, None, None),
        ]
        for row in values:
            connection.execute(f"insert into {table} values ({form}, {form}, {form}, {form})", row)
        read = connection.execute(f"select * from {table} where a = {form} or a is null order by a", (7,))
        assert read.fetchall() == values


def test_psycopg3_pipeline_is_one_transaction(cluster, table):
    with connect3(cluster, autocommit=True) as connection:
        connection.execute(f"create table {table} (a int)")
        with connection.pipeline():
            for number in range(20):
                connection.execute(f"insert into {table} values (%s)", (number,))
        assert connection.execute(f"select count(*) from {table}").fetchone() == (20,)
        with pytest.raises(psycopg.Error), connection.pipeline():
            connection.execute(f"insert into {table} values (1)")
            connection.execute("select nothing_there")
        assert connection.execute(f"select count(*) from {table}").fetchone() == (20,)


# --- redshift_connector -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [0, 1, 2])
def test_redshift_connector_values(cluster, version):
    connection = connect_redshift(cluster, client_protocol_version=version)
    cursor = connection.cursor()
    cursor.execute(ROW)
    assert tuple(cursor.fetchone()) == VALUES
    cursor.execute("select %s, %s, %s", (5, "five", None))
    assert tuple(cursor.fetchone()) == (5, "five", None)
    connection.close()


def test_redshift_connector_verifies_the_certificate(cluster, tarn, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", f"{tarn.data}/tls/certificate.pem")
    connection = connect_redshift(cluster, ssl=True, sslmode="verify-ca")
    cursor = connection.cursor()
    cursor.execute("select 1")
    assert list(cursor.fetchone()) == [1]
    connection.close()


def test_redshift_connector_many_rows(cluster, table):
    connection = connect_redshift(cluster)
    cursor = connection.cursor()
    cursor.execute(f"create table {table} (a int, b varchar(10))")
    cursor.executemany(f"insert into {table} values (%s, %s)", [(n, str(n)) for n in range(50)])
    connection.commit()
    cursor.execute(f"select a, b from {table} order by a")
    assert [list(row) for row in cursor.fetchall()] == [[n, str(n)] for n in range(50)]
    connection.close()


def test_passwords_of_sha256_users(cluster, unique):
    user = unique("u").replace("-", "_")
    connection = connect_redshift(cluster)
    connection.autocommit = True
    connection.cursor().execute(f"create user {user} password 'sha256|Str0ngPassw0rd'")
    with connect_redshift(cluster, user=user, password="Str0ngPassw0rd") as other:
        cursor = other.cursor()
        cursor.execute("select current_user")
        assert cursor.fetchone()[0] == user
    with pytest.raises(redshift_connector.Error):
        connect_redshift(cluster, user=user, password="Wr0ngPassw0rd")
    connection.close()


def test_temporary_credentials(cluster):
    given = cluster.client.get_cluster_credentials(ClusterIdentifier=cluster.name, DbUser=USER, DbName="dev")
    login = cluster.login | {"user": given["DbUser"], "password": given["DbPassword"]}
    with psycopg2.connect(dbname="dev", **login) as connection, connection.cursor() as cursor:
        cursor.execute("select current_user")
        assert cursor.fetchone() == (USER,)


# --- names with capitals ----------------------------------------------------------------------------------------


def test_names_keep_their_case_where_it_is_asked_for(cluster, unique):
    name = unique("Case").replace("-", "_")
    with connect3(cluster, autocommit=True) as connection:
        connection.execute("set enable_case_sensitive_identifier to true")
        connection.execute(f'create database "{name}"')
    with psycopg.connect(dbname=name, autocommit=True, **cluster.login) as connection:
        connection.execute("set enable_case_sensitive_identifier to true")
        connection.execute('create schema "Sales"')
        connection.execute('create table "Sales"."Orders" ("Id" int, id int, primary key ("Id"))')
        connection.execute('set search_path to "Sales", public')
        connection.execute('insert into "Orders" values (1, 2)')
        for binary in (False, True):
            found = connection.execute('select "Id", id, "Id" + id as "Sum" from "Orders"', binary=binary)
            assert [column.name for column in found.description] == ["Id", "id", "Sum"]
            assert found.fetchall() == [(1, 2, 3)]
    # The connector's lists spoil the prepared statements that it keeps.
    options = {"ssl": False, "max_prepared_statements": 0}
    with redshift_connector.connect(database=name, **options, **cluster.login) as connection:
        with connection.cursor() as cursor:
            cursor.execute("set enable_case_sensitive_identifier to true")
            assert [row[2:4] for row in cursor.get_tables(name, "Sales", "Orders", [])] == [["Orders", "TABLE"]]
            assert [row[3] for row in cursor.get_columns(name, "Sales", "Orders", "%")] == ["Id", "id"]
            assert [row[3] for row in cursor.get_primary_keys(name, "Sales", "Orders")] == ["Id"]
            cursor.execute("reset enable_case_sensitive_identifier")
            with pytest.raises(redshift_connector.ProgrammingError, match="does not exist"):
                cursor.execute('select "Id" from "Sales"."Orders"')


def test_a_database_may_fold_the_case_of_its_texts(cluster, unique):
    name = unique("folding").replace("-", "_")
    with connect3(cluster, autocommit=True) as connection:
        connection.execute(f"create database {name} collate case_insensitive")
    with psycopg.connect(dbname=name, autocommit=True, **cluster.login) as connection:
        connection.execute("create table t (a varchar(10), b varchar(10) collate case_sensitive, n int)")
        connection.execute("insert into t values ('Anna', 'Anna', 1)")
        assert connection.execute("select a, a = 'ANNA', b = 'ANNA' from t").fetchall() == [("Anna", True, False)]
        with pytest.raises(psycopg.Error, match="while it has no tables"):
            connection.execute(f"alter database {name} collate case_sensitive")


# --- SQLAlchemy -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("driver", ["redshift+psycopg2", "redshift+redshift_connector"])
def test_sqlalchemy(cluster, table, driver):
    arguments = {"sslmode": "prefer"} if driver.endswith("psycopg2") else {"ssl": False}
    engine = sqlalchemy.create_engine(cluster.url(driver), connect_args=arguments)
    metadata = sqlalchemy.MetaData()
    people = sqlalchemy.Table(
        table,
        metadata,
        sqlalchemy.Column("id", sqlalchemy.Integer, primary_key=True, autoincrement=False),
        sqlalchemy.Column("name", sqlalchemy.String(20)),
        redshift_diststyle="KEY",
        redshift_distkey="id",
        redshift_sortkey="id",
    )
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(people.insert(), [{"id": 1, "name": "ada"}, {"id": 2, "name": None}])
    with engine.connect() as connection:
        rows = connection.execute(sqlalchemy.select(people).order_by(people.c.id)).fetchall()
    assert [tuple(row) for row in rows] == [(1, "ada"), (2, None)]
    inspector = sqlalchemy.inspect(engine)
    assert table in inspector.get_table_names()
    columns = inspector.get_columns(table)
    assert [column["name"] for column in columns] == ["id", "name"]
    assert [column["info"].get("encode") for column in columns] == [None, "lzo"]
    metadata.drop_all(engine)
    engine.dispose()


# --- JDBC -------------------------------------------------------------------------------------------------------

PROGRAM = """
import java.sql.*;

public class Probe {
  public static void main(String[] args) throws Exception {
    try (Connection c = DriverManager.getConnection(args[0], args[1], args[2])) {
      c.setAutoCommit(false);
      try (Statement s = c.createStatement()) {
        s.execute("create table TABLE (a int, b varchar(20), c decimal(10,2), d timestamp)");
      }
      try (PreparedStatement p = c.prepareStatement("insert into TABLE values (?, ?, ?, ?)")) {
        for (int i = 0; i < 100; i++) {
          p.setInt(1, i);
          p.setString(2, "row " + i);
          p.setBigDecimal(3, new java.math.BigDecimal(i + ".25"));
          p.setTimestamp(4, Timestamp.valueOf("2024-01-02 03:04:05"));
          p.addBatch();
        }
        p.executeBatch();
      }
      c.commit();
      try (Statement s = c.createStatement()) {
        s.setFetchSize(30);
        ResultSet r = s.executeQuery("select a, b, c, d from TABLE order by a");
        int rows = 0;
        while (r.next()) {
          if (r.getInt(1) != rows || !r.getString(2).equals("row " + rows)) throw new Exception("row " + rows);
          rows++;
        }
        System.out.println("rows " + rows);
      }
      // A statement that is run often is prepared on the server, and its results come in binary.
      try (PreparedStatement p = c.prepareStatement("select a, c, d from TABLE where a = ?")) {
        for (int i = 0; i < 20; i++) {
          p.setInt(1, i);
          ResultSet r = p.executeQuery();
          r.next();
          if (r.getInt(1) != i) throw new Exception("value " + i);
          if (i == 19) System.out.println(r.getBigDecimal(2) + " " + r.getTimestamp(3));
        }
      }
      try (Statement s = c.createStatement()) {
        s.executeQuery("select nothing_there");
      } catch (SQLException e) {
        System.out.println(e.getSQLState());
      }
      c.rollback();
      System.out.println(c.getMetaData().getDatabaseProductVersion());
    }
  }
}
"""


@pytest.mark.skipif(
    not (JDBC.exists() and shutil.which("javac")), reason="needs a JDK and Debian's libpostgresql-jdbc-java"
)
def test_jdbc(cluster, table, tmp_path):
    (tmp_path / "Probe.java").write_text(PROGRAM.replace("TABLE", table))
    subprocess.run(["javac", "Probe.java"], cwd=tmp_path, check=True, timeout=300)
    done = subprocess.run(
        [
            "java", "-cp", f"{tmp_path}:{JDBC}:/usr/share/java/scram-client.jar:/usr/share/java/scram-common.jar",
            "Probe", f"jdbc:postgresql://{cluster.host}:{cluster.port}/dev?sslmode=prefer", USER, PASSWORD,
        ],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["rows 100", "19.25 2024-01-02 03:04:05.0", "42703", "8.0.2"]


# --- awswrangler ------------------------------------------------------------------------------------------------


def test_awswrangler(cluster, table):
    import awswrangler
    import pandas

    connection = connect_redshift(cluster)
    frame = pandas.DataFrame({"id": [1, 2, 3], "name": ["a", "b", None], "amount": [1.5, 2.5, 3.5]})
    awswrangler.redshift.to_sql(frame, con=connection, table=table, schema="public", mode="overwrite")
    read = awswrangler.redshift.read_sql_query(f"select * from public.{table} order by id", con=connection)
    assert read["id"].tolist() == [1, 2, 3]
    assert read["amount"].tolist() == [1.5, 2.5, 3.5]
    assert read["name"].tolist()[:2] == ["a", "b"]
    connection.close()
