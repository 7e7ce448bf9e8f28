"""Writes frames to S3, and what was written into the catalog."""

from awsglue import gluetypes as G

from . import columns, formats, objects, types

# Options that our commit protocol reads out of a write's own options.
DROP_EMPTY = "tarn.glue.dropEmpty"
SUCCESS_MARK = "mapreduce.fileoutputcommitter.marksuccessfuljobs"
PARTITIONS_AT_ONCE_MAX = 100

_HADOOP = "org.apache.hadoop"
STORAGE = {
    "parquet": (
        f"{_HADOOP}.hive.ql.io.parquet.MapredParquetInputFormat",
        f"{_HADOOP}.hive.ql.io.parquet.MapredParquetOutputFormat",
        f"{_HADOOP}.hive.ql.io.parquet.serde.ParquetHiveSerDe",
        {"serialization.format": "1"},
    ),
    "orc": (
        f"{_HADOOP}.hive.ql.io.orc.OrcInputFormat",
        f"{_HADOOP}.hive.ql.io.orc.OrcOutputFormat",
        f"{_HADOOP}.hive.ql.io.orc.OrcSerde",
        {"serialization.format": "1"},
    ),
    "json": (
        f"{_HADOOP}.mapred.TextInputFormat",
        f"{_HADOOP}.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "org.openx.data.jsonserde.JsonSerDe",
        {},
    ),
    "csv": (
        f"{_HADOOP}.mapred.TextInputFormat",
        f"{_HADOOP}.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        f"{_HADOOP}.hive.serde2.OpenCSVSerde",
        {"separatorChar": ",", "quoteChar": '"'},
    ),
    "avro": (
        f"{_HADOOP}.hive.ql.io.avro.AvroContainerInputFormat",
        f"{_HADOOP}.hive.ql.io.avro.AvroContainerOutputFormat",
        f"{_HADOOP}.hive.serde2.avro.AvroSerDe",
        {},
    ),
}


def write_s3(
    frame,
    schema,
    path,
    form,
    format_options,
    partition_keys=(),
    compression=None,
    mode="append",
    drop_empty=True,
    extra=None,
):
    """Writes a frame's files below `path`, all of them or none.

    Without rows nothing is written. Choices are written as structs; columns that no record has a value for are left
    out where the format has no type for them. Raises `ValueError` for partition keys that are no columns.
    """
    form = "parquet" if form == "glueparquet" else form
    if form not in ("parquet", "orc", "json", "csv", "avro", "xml"):
        raise formats.UnsupportedFormat(f"The format {form!r} is not supported for writing.")
    names = {field.name for field in schema.fields}
    for key in partition_keys:
        if key not in names:
            raise ValueError(f"Partition column {key} not found in the frame's schema: {', '.join(sorted(names))}")
    if not schema.fields:
        return
    frame, schema = _writable(frame, schema, form)
    if not schema.fields:
        return
    writer = frame.write.format("com.databricks.spark.xml" if form == "xml" else form).mode(mode)
    for name, value in _options(form, format_options, compression).items():
        writer = writer.option(name, value)
    for name, value in (extra or {}).items():
        writer = writer.option(name, value)
    writer = writer.option(SUCCESS_MARK, "false").option(DROP_EMPTY, str(drop_empty).lower())
    if partition_keys:
        writer = writer.partitionBy(*partition_keys)
    writer.save(path)


def _writable(frame, schema, form):
    """Without null-typed places, and for CSV with text in the place of nested values."""
    from . import resolve

    frame, schema = resolve.rewritten(
        frame, schema, lambda path, part: [] if isinstance(part.kind, (G.NullType, G.UnknownType)) else None
    )
    if form == "csv":
        parts = [
            columns.Part(part.name, columns.cast(part.column, part.kind, G.StringType()), G.StringType())
            if isinstance(part.kind, (G.StructType, G.ArrayType, G.MapType, G.ChoiceType, G.BinaryType))
            else part
            for part in columns.parts_of(schema)
        ]
        frame, schema = columns.select(frame, parts)
    return frame, schema


def _options(form, given, compression):
    given = given or {}
    compression = given.get("compression") or compression
    options = {}
    if compression:
        options["compression"] = {"none": "uncompressed" if form in ("parquet", "avro") else "none"}.get(
            str(compression).lower(), str(compression).lower()
        )
    if form == "csv":
        quote = given.get("quoteChar", '"')
        options |= {
            "sep": given.get("separator", ","),
            "header": str(formats.flag(given, "writeHeader", True)).lower(),
            "quote": "\u0000" if str(quote) == "-1" else quote,
            "emptyValue": "",
            "escape": given.get("escaper") or ('"' if str(quote) != "-1" else "\\"),
        }
    if form == "xml":
        options |= {name: str(value) for name, value in given.items()}
    return options


# --- the catalog -------------------------------------------------------------------------------------------------


def catalog_type(kind):
    """A type as the catalog spells it (Hive's)."""
    return types.to_spark(kind).simpleString()


def columns_of(schema, without=()):
    return [
        {"Name": field.name.lower(), "Type": catalog_type(field.dataType)}
        for field in schema.fields
        if field.name not in without and not isinstance(field.dataType, (G.NullType, G.UnknownType))
    ]


def storage(form, location, schema, partition_keys):
    """The StorageDescriptor of a table whose files a sink writes."""
    form = "parquet" if form == "glueparquet" else form
    reads, writes, serde, parameters = STORAGE[form]
    return {
        "Columns": columns_of(schema, partition_keys),
        "Location": location,
        "InputFormat": reads,
        "OutputFormat": writes,
        "Compressed": False,
        "SerdeInfo": {"SerializationLibrary": serde, "Parameters": dict(parameters)},
        "Parameters": {"classification": form},
    }


def update_catalog(
    context, database, name, path, form, schema, partition_keys, behavior, new_partitions, catalog_id=None
):
    """What `enableUpdateCatalog` promises: the table is there, has the frame's new columns (`UPDATE_IN_DATABASE`), and
    knows every partition that was written."""
    glue = context.catalog.glue
    named = {"CatalogId": catalog_id} if catalog_id else {}
    location = path if path.endswith("/") else path + "/"
    described = storage(form, location, schema, partition_keys)
    keys = [{"Name": key.lower(), "Type": catalog_type(schema.field_map[key].dataType)} for key in partition_keys]
    form = "parquet" if form == "glueparquet" else form
    try:
        table = context.catalog.table(database, name, catalog_id)
    except glue.exceptions.EntityNotFoundException:
        given = (
            {"classification": form, "useGlueParquetWriter": "true"} if form == "parquet" else {"classification": form}
        )
        if form == "csv":
            given["skip.header.line.count"] = "1"
        glue.create_table(
            DatabaseName=database,
            TableInput={
                "Name": name,
                "StorageDescriptor": described,
                "PartitionKeys": keys,
                "TableType": "EXTERNAL_TABLE",
                "Parameters": given,
            },
            **named,
        )
        table = context.catalog.table(database, name, catalog_id)
    else:
        if behavior == "UPDATE_IN_DATABASE":
            _add_columns(glue, table, described, named)
    if keys:
        _add_partitions(context, table, new_partitions, named)


_KEPT = (
    "Name",
    "Description",
    "Owner",
    "LastAccessTime",
    "LastAnalyzedTime",
    "Retention",
    "StorageDescriptor",
    "PartitionKeys",
    "ViewOriginalText",
    "ViewExpandedText",
    "TableType",
    "Parameters",
    "TargetTable",
)


def _add_columns(glue, table, described, named):
    """New columns at the end, and the new types of old ones."""
    wanted = {column["Name"]: column["Type"] for column in described["Columns"]}
    merged = [
        {**column, "Type": wanted.get(column["Name"].lower(), column.get("Type"))}
        for column in table.storage.get("Columns") or ()
    ]
    known = {column["Name"].lower() for column in merged}
    merged += [column for column in described["Columns"] if column["Name"] not in known]
    if merged == (table.storage.get("Columns") or []):
        return
    updated = {key: value for key, value in table.told.items() if key in _KEPT}
    updated["StorageDescriptor"] = {**table.storage, "Columns": merged}
    glue.update_table(DatabaseName=table.database, TableInput=updated, **named)


def _add_partitions(context, table, partitions, named):
    """Adds the partitions that the catalog does not have yet."""
    known = {partition.values for partition in context.catalog.partitions(table)}
    missing = [(values, location) for values, location in partitions if tuple(values) not in known]
    for start in range(0, len(missing), PARTITIONS_AT_ONCE_MAX):
        told = context.catalog.glue.batch_create_partition(
            DatabaseName=table.database,
            TableName=table.name,
            PartitionInputList=[
                {"Values": list(values), "StorageDescriptor": {**table.storage, "Location": location}}
                for values, location in missing[start : start + PARTITIONS_AT_ONCE_MAX]
            ],
            **named,
        )
        errors = [
            error
            for error in told.get("Errors", ())
            if error["ErrorDetail"].get("ErrorCode") != "AlreadyExistsException"
        ]
        if errors:
            detail = errors[0]["ErrorDetail"]
            raise RuntimeError(
                f"Partition {errors[0].get('PartitionValues')}: {detail.get('ErrorCode')} {detail.get('ErrorMessage')}"
            )


def partitions_of(path, keys):
    """The partitions (values, location) whose files lie below a path, as Hive names them."""
    from urllib.parse import unquote

    root = path.rstrip("/") + "/"
    _, prefix = objects.split(root)
    found = {}
    for item in objects.listed(root):
        folders = item.key[len(prefix) :].split("/")[:-1]
        pairs = [folder.partition("=") for folder in folders[: len(keys)]]
        if len(pairs) == len(keys) and all(name == key for (name, _, _), key in zip(pairs, keys)):
            found[tuple(unquote(value) for _, _, value in pairs)] = root + "/".join(folders[: len(keys)]) + "/"
    return list(found.items())
