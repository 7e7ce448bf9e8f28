"""A script's own functions over records: map, flatMap, filter, unbox.

A record for which a function raises becomes an error record; the others go on.
"""

import csv
import json
import traceback

from awsglue import gluetypes as G
from pyspark import StorageLevel
from pyspark.sql import functions as F

from . import columns, records, types

ERROR_FORM = "error struct<msg:string,stackTrace:string,dynamicRecord:string>"
_MARK = "__tarn_filter"


def _error(error, record):
    text = json.dumps(record, default=str, ensure_ascii=False)
    return ((f"{type(error).__name__}: {error}", "".join(traceback.format_exception(error)), text),)


def mapped(frame, f, name, limits, flatten=False, partitions=False, indexed=False):
    """The frame of what `f` gives. Its schema is found by looking at all results, which are kept for it."""
    from awsglue.dynamicframe import DynamicFrame

    made = {}

    def results():
        if "results" not in made:
            source, schema = frame._resolved()

            def run(index, rows):
                given = (records.from_spark(row, schema) for row in rows)
                if partitions:
                    return _of_partition(f, given, index if indexed else None)
                return _of_records(f, given, flatten)

            # Kept: the records are looked at twice, and `f` need not give the same a second time.
            made["results"] = source.rdd.mapPartitionsWithIndex(run).persist(StorageLevel.MEMORY_AND_DISK)
            made["schema"] = schema
        return made["results"]

    def load():
        found = (
            results()
            .mapPartitions(lambda items: [records.scan(value for is_record, value in items if is_record)])
            .collect()
        )
        kind = G.StructType()
        for part in found:
            kind = records.merge(kind, part)
        kind = records.settle(kind, made["schema"])
        rows = results().filter(lambda item: item[0]).map(lambda item: records.to_spark(item[1], kind))
        return frame.glue_ctx.spark_session.createDataFrame(rows, types.to_spark(kind), verifySchema=False), kind

    def errors():
        rows = results().filter(lambda item: not item[0]).map(lambda item: item[1])
        return frame.glue_ctx.spark_session.createDataFrame(rows, ERROR_FORM, verifySchema=False)

    return DynamicFrame(
        None, frame.glue_ctx, name or frame.name, _load=load, _errors=errors, _parents=(frame,), _limits=limits
    )


def _of_records(f, given, flatten):
    for record in given:
        try:
            result = f(record)
            outcomes = list(result) if flatten else [result]
            for outcome in outcomes:
                if not isinstance(outcome, dict):
                    raise TypeError(f"the function gave a {type(outcome).__name__}, not a record")
                records.infer(outcome)
        except Exception as error:
            yield (False, _error(error, record))
            continue
        for outcome in outcomes:
            yield (True, outcome)


def _of_partition(f, given, index):
    # A function of a whole partition has no single record to blame: what it raises fails the job.
    for outcome in f(given) if index is None else f(index, given):
        yield (True, outcome)


def filtered(frame, f, name, limits):
    """The frame's records for which `f` is true. Rows stay where they are: only the verdict comes from Python."""
    from awsglue.dynamicframe import DynamicFrame

    made = {}

    def marked():
        if "marked" not in made:
            source, schema = frame._resolved()

            def judge(row):
                record = records.from_spark(row, schema)
                try:
                    return (bool(f(record)), None, None)
                except Exception as error:
                    return (False, f"{type(error).__name__}: {error}", "".join(traceback.format_exception(error)))

            # Not deterministic for Spark's sake: it must not ask twice for one row.
            verdict = F.udf(judge, "keep boolean, msg string, stackTrace string").asNondeterministic()
            record = F.struct(*[columns.column(field.name) for field in schema.fields])
            made["marked"] = source.withColumn(_MARK, verdict(record))
            made["schema"] = schema
        return made["marked"]

    def load():
        return marked().filter(columns.column(_MARK).getField("keep")).drop(_MARK), made["schema"]

    def errors():
        record = F.to_json(F.struct(*[columns.column(field.name) for field in frame._resolved()[1].fields]))
        mark = columns.column(_MARK)
        return (
            marked()
            .filter(mark.getField("msg").isNotNull())
            .select(
                F.struct(
                    mark.getField("msg").alias("msg"),
                    mark.getField("stackTrace").alias("stackTrace"),
                    record.alias("dynamicRecord"),
                ).alias("error")
            )
        )

    return DynamicFrame(
        None, frame.glue_ctx, name or frame.name, _load=load, _errors=errors, _parents=(frame,), _limits=limits
    )


def unboxed(frame, path, form, options, name, limits):
    """The frame with a text field read as JSON or CSV."""
    if form not in ("json", "csv"):
        raise NotImplementedError(f"Unbox reads json and csv, not {form!r}")
    names = columns.path_of(path)
    separator = options.get("separator", ",")

    def read(text):
        if not isinstance(text, str):
            return text
        if form == "json":
            return json.loads(text)
        values = next(csv.reader([text], delimiter=separator), [])
        return {f"col{index}": value for index, value in enumerate(values)}

    def unbox(record):
        return _changed(record, names, read)

    return mapped(frame, unbox, name, limits)


def _changed(record, names, change):
    """A record with the value at a path replaced; without the path, as it is."""
    if names[0] not in record:
        return record
    value = record[names[0]]
    if len(names) > 1:
        new = _changed(value, names[1:], change) if isinstance(value, dict) else value
    else:
        new = change(value)
    return {**record, names[0]: new}


def without_dynamodb_types(record):
    """An item of DynamoDB's export without its type names."""
    item = record.get("Item") if set(record) == {"Item"} else record
    return {name: _dynamodb_value(value) for name, value in (item or {}).items()}


def _dynamodb_value(value):
    if not isinstance(value, dict):
        return value
    given = {kind: inner for kind, inner in value.items() if inner is not None}
    if len(given) != 1:
        return value
    ((kind, inner),) = given.items()
    if kind == "M":
        return {name: _dynamodb_value(part) for name, part in inner.items() if part is not None}
    if kind == "L":
        return [_dynamodb_value(part) for part in inner]
    if kind == "NULL":
        return None
    if kind in ("S", "N", "B", "BOOL", "SS", "NS", "BS"):
        return inner
    return value
