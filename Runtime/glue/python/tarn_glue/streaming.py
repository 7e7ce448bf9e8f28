"""Streams: Kinesis as a streaming DataFrame, and `forEachBatch`."""

import re

WINDOW = "100 seconds"


def is_stream(table):
    """Whether a table of the catalog stands for a stream."""
    parameters = {**table.parameters, **(table.storage.get("Parameters") or {})}
    return (parameters.get("typeOfData") or "").lower() in ("kinesis", "kafka")


def kinesis(context, options, form, format_options):
    raise NotImplementedError("Streams are not implemented yet.")


def kinesis_table(context, table, options):
    raise NotImplementedError("Streams are not implemented yet.")


def for_each_batch(frame, batch_function, options):
    """Runs a streaming query whose batches go to `batch_function`, and waits for its end."""
    window = options.get("windowSize", WINDOW)
    if not re.fullmatch(r"\s*\d+\s+\w+\s*", window):
        raise ValueError(f"windowSize {window!r} is no interval, such as \"100 seconds\"")
    if not options.get("checkpointLocation"):
        raise ValueError("forEachBatch needs checkpointLocation")
    query = frame.writeStream.foreachBatch(batch_function).trigger(processingTime=window).option(
        "checkpointLocation", options["checkpointLocation"]).start()
    query.awaitTermination()


def with_ingestion_time(frame, granularity):
    from pyspark.sql import functions as F

    levels = ["year", "month", "day", "hour", "minute"]
    if granularity not in ("day", "hour", "minute"):
        raise ValueError("timeGranularity is day, hour or minute")
    now = F.current_timestamp()
    parts = {"year": F.year(now), "month": F.month(now), "day": F.dayofmonth(now), "hour": F.hour(now),
             "minute": F.minute(now)}
    for level in levels[:levels.index(granularity) + 1]:
        frame = frame.withColumn(f"ingest_{level}", parts[level])
    return frame
