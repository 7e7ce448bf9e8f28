"""Databases over JDBC, and Redshift by way of S3, as AWS's own connector does."""

import json
import os
import re
import uuid

from . import objects

DRIVERS = {
    "postgresql": "org.postgresql.Driver",
    "mysql": "com.mysql.cj.jdbc.Driver",
    "oracle": "oracle.jdbc.OracleDriver",
    "sqlserver": "com.microsoft.sqlserver.jdbc.SQLServerDriver",
    "mariadb": "org.mariadb.jdbc.Driver",
    "redshift": "org.postgresql.Driver",
}
TYPES = frozenset(DRIVERS)
IDENTIFIER = re.compile(r'[A-Za-z_][A-Za-z0-9_$]*|"[^"]+"')


class Database:
    """Where a database is and who one is there."""

    def __init__(self, url, user, password, table=None, kind=None):
        self.kind = kind or _kind(url)
        # Redshift speaks PostgreSQL's protocol, whose driver is there.
        self.url = re.sub(r"^jdbc:redshift:(iam:)?//", "jdbc:postgresql://", url)
        self.user, self.password, self.table = user, password, table

    def options(self):
        given = {"url": self.url, "driver": DRIVERS.get(self.kind)}
        return {
            name: value
            for name, value in {**given, "user": self.user, "password": self.password}.items()
            if value is not None
        }


def _kind(url):
    match = re.match(r"jdbc:(?:iam:)?(\w+):", url)
    return match.group(1) if match else ""


def database_of(options, catalog=None, kind=None, catalog_id=None):
    """The database of connection options: `url`, `user`, `password`, or those of a connection of the catalog.

    Raises `ValueError` when it is not told where the database is.
    """
    name = options.get("connectionName") if str(options.get("useConnectionProperties", "")).lower() == "true" else None
    name = name or options.get("catalog_connection")
    table = options.get("dbtable") or options.get("query")
    if name:
        properties = catalog.connection(name, catalog_id)["ConnectionProperties"]
        url = properties.get("JDBC_CONNECTION_URL")
        if not url:
            raise ValueError(f"The connection {name} has no JDBC_CONNECTION_URL.")
        user, password = properties.get("USERNAME"), properties.get("PASSWORD")
        if properties.get("SECRET_ID"):
            user, password = _secret(properties["SECRET_ID"])
        if options.get("database"):
            url = _with_database(url, options["database"])
        return Database(url, user, password, table, kind)
    if not options.get("url"):
        raise ValueError("connection_options needs url, or connectionName with useConnectionProperties")
    user, password = options.get("user"), options.get("password")
    if options.get("secretId"):
        user, password = _secret(options["secretId"])
    return Database(options["url"], user, password, table, kind)


def _secret(name):
    told = json.loads(objects.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"])
    return told.get("username") or told.get("user"), told.get("password")


def _with_database(url, database):
    """The address with another database at its end: jdbc:kind://host:port/DATABASE?options."""
    match = re.match(r"(jdbc:[^/]*//[^/?]+)(/[^?]*)?(\?.*)?$", url)
    return f"{match.group(1)}/{database}{match.group(3) or ''}" if match else url


def _checked_keys(keys):
    for key in keys:
        if not IDENTIFIER.fullmatch(key):
            raise ValueError(f"{key!r} is no column for a bookmark")
    return keys


# --- reading -----------------------------------------------------------------------------------------------------


def read(context, database, options, transformation_ctx):
    """The DataFrame of a table; with bookmark keys only the rows after those that earlier runs read."""
    if not database.table:
        raise ValueError("connection_options needs dbtable")
    reader = context.spark_session.read.format("jdbc").options(**database.options())
    for name in ("fetchsize", "customSchema", "sessionInitStatement"):
        if options.get(name):
            reader = reader.option(name, options[name])
    source = options.get("sampleQuery") or (options.get("query") if "query" in options else None)
    relation = f"({source}) tarn_source" if source else database.table
    keys = options.get("jobBookmarkKeys") or []
    keys = _checked_keys([part.strip() for part in keys.split(",")] if isinstance(keys, str) else list(keys))
    if keys and context.bookmarks.is_enabled and transformation_ctx:
        relation = _new_rows(context, reader, relation, keys, options, transformation_ctx)
    if options.get("hashfield") or options.get("hashpartitions"):
        return _in_partitions(reader, relation, options)
    return reader.option("dbtable", relation).load()


def _new_rows(context, reader, relation, keys, options, transformation_ctx):
    """The rows beyond the bookmark, up to what is there now: the end is asked for first, and the rows read up to it."""
    descending = str(options.get("jobBookmarkKeysSortOrder", "asc")).lower() == "desc"
    state = context.bookmarks.state(transformation_ctx) or {}
    last = state.get("last") if state.get("type") == "jdbc" and state.get("keys") == keys else None
    order = ", ".join(f"{key} {'ASC' if descending else 'DESC'}" for key in keys)
    present = " AND ".join(f"{key} IS NOT NULL" for key in keys)
    inner = f"(SELECT {', '.join(keys)} FROM {relation} WHERE {present} ORDER BY {order} LIMIT 1) tarn_end"
    end = reader.option("dbtable", inner).load().collect()
    if not end:
        return f"(SELECT * FROM {relation} WHERE 1 = 0) tarn_new"
    end = [str(value) for value in end[0]]
    context.bookmarks.remember(transformation_ctx, {"type": "jdbc", "keys": keys, "last": end})
    conditions = [_beyond(keys, end, descending, after=False)]
    if last:
        conditions.append(_beyond(keys, last, descending, after=True))
    return f"(SELECT * FROM {relation} WHERE {' AND '.join(conditions)}) tarn_new"


def _beyond(keys, values, descending, after):
    """Rows after these keys (or: up to and with them), in the keys' order."""
    sign = ("<" if descending else ">") if after else (">" if descending else "<")
    parts = []
    for index, key in enumerate(keys):
        equal = [f"{keys[at]} = {_literal(values[at])}" for at in range(index)]
        parts.append("(" + " AND ".join([*equal, f"{key} {sign} {_literal(values[index])}"]) + ")")
    if not after:
        parts.append("(" + " AND ".join(f"{key} = {_literal(value)}" for key, value in zip(keys, values)) + ")")
    return "(" + " OR ".join(parts) + ")"


def _literal(value):
    text = str(value)
    return text if re.fullmatch(r"-?\d+(\.\d+)?", text) else "'" + text.replace("'", "''") + "'"


def _in_partitions(reader, relation, options):
    """Several queries at once, told apart by a column's remainder (`hashfield`, `hashpartitions`)."""
    field = options.get("hashfield")
    count = int(options.get("hashpartitions") or 7)
    if not field or not IDENTIFIER.fullmatch(field):
        raise ValueError("hashpartitions needs hashfield, a column")
    tables = [
        reader.option(
            "dbtable",
            f"(SELECT * FROM {relation} WHERE MOD(ABS({field}), {count}) = {index}"
            + (f" OR {field} IS NULL" if index == 0 else "")
            + ") tarn_part",
        ).load()
        for index in range(count)
    ]
    whole = tables[0]
    for part in tables[1:]:
        whole = whole.unionAll(part)
    return whole


# --- writing -----------------------------------------------------------------------------------------------------


def write(frame, database, options):
    """Adds the rows to a table in one transaction (one partition is one transaction of Spark's)."""
    if not database.table:
        raise ValueError("connection_options needs dbtable")
    writer = frame.coalesce(1).write.format("jdbc").options(**database.options()).option("dbtable", database.table)
    for name in ("batchsize", "truncate"):
        if options.get(name):
            writer = writer.option(name, options[name])
    writer.mode(options.get("mode", "append")).save()


def write_redshift(context, frame, database, options, temporary):
    """Files to `temporary`, then COPY, with the statements of `preactions` and `postactions`, as one transaction."""
    if not database.table:
        raise ValueError("connection_options needs dbtable")
    folder = f"{temporary.rstrip('/')}/{uuid.uuid4()}/"
    frame.write.mode("append").option("tarn.glue.dropEmpty", "true").option(
        "mapreduce.fileoutputcommitter.marksuccessfuljobs", "false"
    ).parquet(folder)
    written = objects.listed(folder)
    try:
        statements = _statements(options.get("preactions"))
        statements.append(f"CREATE TABLE IF NOT EXISTS {database.table} ({_columns(frame)})")
        if written:
            statements.append(f"COPY {database.table} FROM '{folder}' {_authorization(options)} FORMAT AS PARQUET")
        statements += _statements(options.get("postactions"))
        execute(context, database, statements)
    finally:
        objects.delete(written)


def _statements(text):
    return [part.strip() for part in re.split(r";(?=(?:[^']*'[^']*')*[^']*$)", text or "") if part.strip()]


def _authorization(options):
    role = options.get("aws_iam_role") or options.get("aws_iam_user")
    if role:
        return f"IAM_ROLE '{role}'"
    token = os.environ.get("AWS_SESSION_TOKEN")
    text = (
        f"ACCESS_KEY_ID '{os.environ.get('AWS_ACCESS_KEY_ID', '')}' "
        f"SECRET_ACCESS_KEY '{os.environ.get('AWS_SECRET_ACCESS_KEY', '')}'"
    )
    return text + (f" SESSION_TOKEN '{token}'" if token else "")


_REDSHIFT = {
    "string": "VARCHAR(65535)",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "smallint": "SMALLINT",
    "tinyint": "SMALLINT",
    "double": "DOUBLE PRECISION",
    "float": "REAL",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamp_ntz": "TIMESTAMP",
}


def _columns(frame):
    parts = []
    for field in frame.schema.fields:
        kind = field.dataType.simpleString()
        mapped = _REDSHIFT.get(kind) or (kind.upper() if kind.startswith("decimal") else None)
        if mapped is None:
            raise ValueError(f"Redshift has no type for {field.name}: {kind}")
        parts.append('"' + field.name.replace('"', '""') + f'" {mapped}')
    return ", ".join(parts)


def execute(context, database, statements):
    """Runs statements as one transaction on a connection of the driver's JVM."""
    jvm = context._jvm
    properties = jvm.java.util.Properties()
    for name, value in (("user", database.user), ("password", database.password)):
        if value is not None:
            properties.setProperty(name, value)
    jvm.java.lang.Class.forName(
        DRIVERS.get(database.kind, DRIVERS["postgresql"]),
        True,
        jvm.java.lang.Thread.currentThread().getContextClassLoader(),
    )
    connection = jvm.java.sql.DriverManager.getConnection(database.url, properties)
    try:
        connection.setAutoCommit(False)
        statement = connection.createStatement()
        for text in statements:
            statement.execute(text)
        connection.commit()
    finally:
        # What was not committed is undone.
        connection.close()
