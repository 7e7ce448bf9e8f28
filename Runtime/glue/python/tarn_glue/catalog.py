"""Tables of the Data Catalog, through Glue's own API with the job's role."""

import re

from . import objects, types

FORMATS_BY_TEXT = [
    ("parquet", "parquet"),
    ("orc", "orc"),
    ("avro", "avro"),
    ("json", "json"),
    ("xml", "xml"),
    ("csv", "csv"),
    ("grok", "grokLog"),
    ("lazysimple", "csv"),
    ("regex", "regex"),
]
PARTITION_NAME = re.compile(r"[A-Za-z0-9_.=/:-]*")


class Partition:
    """One partition: its values (text) and where its files lie."""

    def __init__(self, values, location):
        self.values = tuple(values)
        self.location = location


class Table:
    """A table as GetTable tells it."""

    def __init__(self, told):
        self.told = told
        self.database = told.get("DatabaseName", "")
        self.name = told["Name"]
        self.storage = told.get("StorageDescriptor") or {}
        self.parameters = told.get("Parameters") or {}
        self.location = self.storage.get("Location") or ""
        self.keys = [(key["Name"], key.get("Type") or "string") for key in told.get("PartitionKeys") or ()]
        self.columns = [
            (column["Name"], column.get("Type") or "string") for column in self.storage.get("Columns") or ()
        ]
        serde = self.storage.get("SerdeInfo") or {}
        self.serde = serde.get("SerializationLibrary") or ""
        self.serde_parameters = serde.get("Parameters") or {}

    def column_types(self):
        """All columns with their types, the partition keys last."""
        return self.columns + self.keys

    @property
    def format(self):
        """Glue's name of the files' format, by the classification, else by the SerDe and input format."""
        classification = (
            self.parameters.get("classification") or (self.storage.get("Parameters") or {}).get("classification") or ""
        ).lower()
        if (self.parameters.get("table_type") or "").upper() == "ICEBERG":
            return "iceberg"
        for text in (classification, self.serde.lower(), (self.storage.get("InputFormat") or "").lower()):
            for mark, form in FORMATS_BY_TEXT:
                if mark in text:
                    return form
        return classification or "csv"

    @property
    def connection(self):
        """The connection of a table in a database, or None for one in S3."""
        return (self.storage.get("Parameters") or {}).get("connectionName") or self.parameters.get("connectionName")

    def csv_options(self):
        """The SerDe's parameters as Glue's options for CSV."""
        given = {**(self.storage.get("Parameters") or {}), **self.parameters, **self.serde_parameters}
        separator = (
            given.get("separatorChar")
            or given.get("field.delim")
            or given.get("delimiter")
            or ("," if "csv" in self.serde.lower() or self.parameters.get("classification") == "csv" else "\x01")
        )
        options = {"separator": separator}
        if given.get("quoteChar"):
            options["quoteChar"] = given["quoteChar"]
        if given.get("escapeChar"):
            options["escaper"] = given["escapeChar"]
        lines = given.get("skip.header.line.count", "0")
        options["skipFirst"] = str(lines).isdigit() and int(lines) > 0
        return options

    def is_hive_style(self, partitions):
        """Whether every partition's values stand in its location as `key=value`, in letters that need no escape."""
        for partition in partitions:
            tail = "/".join(f"{key}={value}" for (key, _), value in zip(self.keys, partition.values))
            if not partition.location.rstrip("/").endswith("/" + tail) or not PARTITION_NAME.fullmatch(tail):
                return False
        return True


class Catalog:
    """Reads the catalog, and writes what sinks add to it."""

    def __init__(self, region=None):
        self.region = region

    @property
    def glue(self):
        return objects.client("glue", self.region)

    def table(self, database, name, catalog_id=None):
        """A table; what GetTable refuses comes as botocore's error."""
        named = {"CatalogId": catalog_id} if catalog_id else {}
        return Table(self.glue.get_table(DatabaseName=database, Name=name, **named)["Table"])

    def partitions(self, table, expression=None, catalog_id=None):
        """All partitions, or those that an expression of Glue's (`catalogPartitionPredicate`) chooses."""
        named = {"CatalogId": catalog_id} if catalog_id else {}
        if expression:
            named["Expression"] = expression
        pages = self.glue.get_paginator("get_partitions").paginate(
            DatabaseName=table.database, TableName=table.name, **named
        )
        return [
            Partition(told["Values"], (told.get("StorageDescriptor") or {}).get("Location") or "")
            for page in pages
            for told in page["Partitions"]
        ]

    def connection(self, name, catalog_id=None):
        """A connection's properties, with its password."""
        named = {"CatalogId": catalog_id} if catalog_id else {}
        return self.glue.get_connection(Name=name, HidePassword=False, **named)["Connection"]


def pruned(spark, table, partitions, predicate):
    """The partitions for which a predicate of Spark's SQL (`push_down_predicate`) holds."""
    from pyspark.sql import functions as F

    from . import columns

    names = [name for name, _ in table.keys]
    rows = [
        (*[None if value == "__HIVE_DEFAULT_PARTITION__" else value for value in partition.values], index)
        for index, partition in enumerate(partitions)
    ]
    if not rows:
        return []
    form = ", ".join(f"{columns.quoted(name)} string" for name in names)
    frame = spark.createDataFrame(rows, f"{form}, __tarn_index int")
    frame = frame.select(
        *[columns.column(name).cast(types.to_spark(types.parse(kind))).alias(name) for name, kind in table.keys],
        "__tarn_index",
    )
    chosen = {row[0] for row in frame.filter(F.expr(predicate)).select("__tarn_index").collect()}
    return [partition for index, partition in enumerate(partitions) if index in chosen]
