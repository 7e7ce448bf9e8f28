"""Reads files of a format into (DataFrame, Glue schema, errors).

`paths` are files or folders (folders are read with all below). With `located`, the frame has one column more, last:
the file's address, by the name `PATH`.
"""

import json

from awsglue import gluetypes as G
from pyspark.sql import functions as F
from pyspark.sql import types as S

from . import columns, functional, grok, records, together, types

PATH = "__tarn_path"
NO_ERRORS = None
# Paths are what was listed: all below a folder, and no sign of a key is a pattern.
AS_LISTED = {"recursiveFileLookup": "true", "__globPaths__": "false"}


class UnsupportedFormat(NotImplementedError):
    """A format that this library does not read or write."""


def read(spark, form, paths, options, located=False):
    """Reads `paths` as `form`; `options` are Glue's format options. Raises `UnsupportedFormat`."""
    readers = {
        "json": read_json,
        "csv": read_csv,
        "parquet": read_columnar,
        "glueparquet": read_columnar,
        "orc": read_columnar,
        "avro": read_columnar,
        "xml": read_xml,
        "grokLog": read_grok,
    }
    if form not in readers:
        raise UnsupportedFormat(
            f"The format {form!r} is not supported for reading;"
            " csv, json, parquet, orc, avro, grokLog, and with spark-xml's jar xml are."
        )
    return readers[form](spark, "parquet" if form == "glueparquet" else form, paths, options or {}, located)


def flag(options, name, default=False):
    """A format option that is true or false, given as either, or as text."""
    value = options.get(name, default)
    return value if isinstance(value, bool) else str(value).strip().lower() == "true"


def _located(frame, located):
    return frame.select("*", F.col("_metadata.file_path").alias(PATH)) if located else frame


def _schema_of(frame, located):
    fields = frame.schema.fields[:-1] if located else frame.schema.fields
    return types.from_spark(S.StructType(fields))


# --- Parquet, ORC, Avro ------------------------------------------------------------------------------------------


def read_columnar(spark, form, paths, options, located):
    def plain(some, merge):
        reader = spark.read.format(form).options(**AS_LISTED).option("mergeSchema", str(merge).lower())
        return _located(reader.load(some), located)

    try:
        frame = plain(paths, merge=True)
        return frame, _schema_of(frame, located), NO_ERRORS
    except Exception as error:
        if "merg" not in str(error).lower():
            raise
    return _read_differing(plain, paths, located)


def _read_differing(plain, paths, located):
    """Files whose columns have types that do not merge: each kind is read by itself, and they meet in choices."""
    from . import objects

    files = [objects.address(item) for path in paths for item in objects.listed(path)]
    groups = {}
    for file in files:
        groups.setdefault(plain([file], merge=False).schema.json(), []).append(file)
    whole = None
    for same in groups.values():
        frame = plain(same, merge=False)
        part = frame, types.from_spark(frame.schema)
        whole = part if whole is None else together.union(whole, part)
    frame, schema = whole
    if located:
        rest = [field for field in schema.fields if field.name != PATH]
        frame = frame.select(*[columns.column(field.name) for field in rest], columns.column(PATH))
        schema = G.StructType(rest)
    return frame, schema, NO_ERRORS


def read_xml(spark, form, paths, options, located):
    """XML, which Spark 3.5 reads with a jar that the job brings (`--extra-jars`)."""
    reader = spark.read.format("com.databricks.spark.xml")
    for name, value in options.items():
        reader = reader.option(name, str(value))
    try:
        frame = _located(reader.options(**AS_LISTED).load(paths), located)
    except Exception as error:
        if "Failed to find data source" in str(error) or "DATA_SOURCE_NOT_FOUND" in str(error):
            raise UnsupportedFormat("The format 'xml' needs the jar spark-xml_2.12 in --extra-jars.") from None
        raise
    return frame, _schema_of(frame, located), NO_ERRORS


# --- CSV ---------------------------------------------------------------------------------------------------------


def csv_options(options):
    """Glue's options for CSV as Spark's."""
    quote = options.get("quoteChar", '"')
    chosen = {
        "sep": options.get("separator", ","),
        "quote": "" if str(quote) == "-1" else quote,
        "escape": options.get("escaper") or ('"' if str(quote) != "-1" else "\\"),
        "multiLine": str(flag(options, "multiLine") or flag(options, "multiline")).lower(),
        "encoding": options.get("encoding", "UTF-8"),
    }
    return chosen


def read_csv(spark, form, paths, options, located, names=None):
    """Text fields; an empty one is empty text. Columns are `names`, the header's, or `col0`, `col1`, …."""
    header = flag(options, "withHeader")
    reader = spark.read.format("csv").options(**AS_LISTED)
    for name, value in csv_options(options).items():
        reader = reader.option(name, value)
    reader = reader.option("header", str(header or flag(options, "skipFirst")).lower())
    if names is not None:
        reader = reader.schema(S.StructType([S.StructField(name, S.StringType()) for name in names]))
    elif header:
        # A file with other columns, or in another order, is told instead of being read into the wrong ones.
        reader = reader.option("enforceSchema", "false")
    frame = reader.load(paths)
    if names is None and not header:
        frame = frame.toDF(*[f"col{index}" for index in range(len(frame.columns))])
    frame = _located(frame, located)
    text = [field.name for field in frame.schema.fields if field.name != PATH]
    frame = frame.select(
        *[F.coalesce(columns.column(name), F.lit("")).alias(name) for name in text],
        *([columns.column(PATH)] if located else []),
    )
    return frame, G.StructType([G.Field(name, G.StringType()) for name in text]), NO_ERRORS


# --- JSON --------------------------------------------------------------------------------------------------------


def read_json(spark, form, paths, options, located):
    """Records as they describe themselves. Files without choices, whose lines are records, are read by Spark itself;
    its types come from a scan of all records first."""
    multiline = flag(options, "multiLine") or flag(options, "multiline")
    path = options.get("jsonPath")
    text = _located(
        spark.read.options(**AS_LISTED).option("wholetext", str(multiline).lower()).format("text").load(paths),
        located,
    )
    picker = _json_path(path) if path else None
    lines = text.rdd

    def look(rows):
        found, simple = records.Scan(), picker is None and not multiline
        for row in rows:
            for is_record, value, plain in _json_records(row[0], picker):
                if is_record:
                    found.add(value)
                simple = simple and plain
        return [(found.schema, simple)]

    schema, simple = G.StructType(), True
    for part, part_simple in lines.mapPartitions(look).collect():
        schema, simple = records.merge(schema, part), simple and part_simple
    if simple and not records.holds_choice(schema) and not _has_null(schema) and _names_differ(schema):
        reader = spark.read.options(**AS_LISTED).schema(types.to_spark(schema))
        return _located(reader.json(paths), located), schema, NO_ERRORS

    def convert(rows):
        for row in rows:
            for is_record, value, _ in _json_records(row[0], picker):
                if is_record:
                    yield records.to_spark(value, schema) + ((row[1],) if located else ())

    def fail(rows):
        for row in rows:
            for is_record, value, _ in _json_records(row[0], picker):
                if not is_record:
                    yield (value,)

    return _converted(spark, lines, schema, convert, fail, located)


def _has_null(schema):
    return isinstance(schema, (G.NullType, G.UnknownType)) or any(_has_null(kind) for _, kind in schema.branches())


def _names_differ(schema):
    """Whether no two fields differ by case alone, which Spark would confuse."""
    if isinstance(schema, G.StructType):
        names = [field.name.lower() for field in schema.fields]
        if len(set(names)) != len(names):
            return False
    return all(_names_differ(kind) for _, kind in schema.branches())


def _converted(spark, lines, schema, convert, fail, located):
    """A frame of what `convert` makes of the lines of each partition, and beside it the records that `fail` tells."""
    form = types.to_spark(schema)
    if located:
        form = form.add(PATH, S.StringType())
    frame = spark.createDataFrame(lines.mapPartitions(convert), form, verifySchema=False)
    return (
        frame,
        schema,
        lambda: spark.createDataFrame(lines.mapPartitions(fail), functional.ERROR_FORM, verifySchema=False),
    )


_DECODER = json.JSONDecoder()


def _json_records(text, picker):
    """(is a record, the record or an error, is an object by itself on its line) for each record in a text."""
    at, length, first = 0, len(text), True
    if text.startswith("\ufeff"):
        at = 1
    while True:
        while at < length and text[at] in " \t\r\n,":
            at += 1
        if at >= length:
            return
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            yield False, (f"Unable to parse JSON: {error}", "", text[:4096]), False
            return
        found = picker(value) if picker else [value]
        for item in found:
            for record in item if isinstance(item, list) else [item]:
                if isinstance(record, dict):
                    plain = first and not isinstance(item, list) and not text[at:].strip()
                    yield True, record, plain
                else:
                    yield False, (f"A record is an object, not {json.dumps(record)[:80]}", "", text[:4096]), False
        first = False


def _json_path(path):
    """A picker of the parts that a simple JsonPath means: `$`, `.name`, `['name']`, `[*]`, `[0]`."""
    steps, rest = [], path.strip().removeprefix("$")
    while rest:
        if rest.startswith("[*]") or rest.startswith(".*"):
            steps.append(None)
            rest = rest[3:] if rest.startswith("[") else rest[2:]
        elif rest.startswith("["):
            inside, closed, rest = rest[1:].partition("]")
            if not closed:
                raise ValueError(f"{path!r} is no JsonPath")
            inside = inside.strip()
            steps.append(int(inside) if inside.isdigit() else inside.strip("'\""))
        elif rest.startswith(".") and len(rest) > 1 and rest[1] != ".":
            end = min([at for at in (rest.find(".", 1), rest.find("[", 1)) if at > 0] or [len(rest)])
            steps.append(rest[1:end])
            rest = rest[end:]
        else:
            raise ValueError(f"{path!r} is no JsonPath of the simple form that is supported")

    def pick(value):
        values = [value]
        for step in steps:
            values = [inner for outer in values for inner in _step(outer, step)]
        return values

    return pick


def _step(value, step):
    if step is None:
        return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    if isinstance(step, int):
        return [value[step]] if isinstance(value, list) and step < len(value) else []
    return [value[step]] if isinstance(value, dict) and step in value else []


# --- log lines ---------------------------------------------------------------------------------------------------


def read_grok(spark, form, paths, options, located):
    """Lines by a grok pattern (`logFormat`, `customPatterns`, `MISSING`); one that does not match is an error record."""
    if not options.get("logFormat"):
        raise ValueError("The format 'grokLog' needs the format option logFormat.")
    if str(options.get("LineCount", 1)) != "1":
        raise UnsupportedFormat("The format 'grokLog' reads records of one line: LineCount is 1.")
    given = options["logFormat"], options.get("customPatterns"), options.get("MISSING", "-")
    schema = grok.Grok(*given).schema
    lines = _located(spark.read.options(**AS_LISTED).format("text").load(paths), located).rdd

    def looked(rows):
        reader = grok.Grok(*given)
        for row in rows:
            if not row[0].strip():
                continue
            try:
                found, error = reader.read(row[0]), "The line does not match the pattern."
            except ValueError as wrong:
                found, error = None, str(wrong)
            yield row, found, error

    def convert(rows):
        for row, found, _ in looked(rows):
            if found is not None:
                yield tuple(found.values()) + ((row[1],) if located else ())

    def fail(rows):
        for row, found, error in looked(rows):
            if found is None:
                yield ((error, "", row[0][:4096]),)

    return _converted(spark, lines, schema, convert, fail, located)
