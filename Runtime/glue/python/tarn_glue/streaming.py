"""Streams: Kinesis as a streaming DataFrame, and `forEachBatch`."""

import re

from pyspark.sql import functions as F

from . import avro, registry, types

SOURCE = "tarn.glue.KinesisSource"
WINDOW = "100 seconds"
RETRIES = 3
# Glue's own name for a stream's text whose columns are found batch by batch.
INFERRED = "$json$data_infer_schema$_temporary$"


def is_stream(table):
    """Whether a table of the catalog stands for a stream."""
    return (_parameters(table).get("typeOfData") or "").lower() in ("kinesis", "kafka")


def _parameters(table):
    return {**table.parameters, **(table.storage.get("Parameters") or {}), **table.serde_parameters}


def kinesis(context, options, form, format_options):
    """A streaming DataFrame of a stream's records.

    With `inferSchema` JSON becomes columns in `forEachBatch`; with `schema` (DDL) or `avroSchema` at once. Without
    any it has Kinesis's own columns: `data` (bytes), `streamName`, `partitionKey`, `sequenceNumber`, `shardId`,
    `approximateArrivalTimestamp`. Raises `ValueError` for what is none of them, and without a stream.
    """
    arn, name = options.get("streamARN"), options.get("streamName")
    if not arn and not name:
        raise ValueError("connection_options needs streamARN or streamName")
    reader = (
        context.spark_session.readStream.format(SOURCE)
        .option("streamName", name or arn.rsplit("/", 1)[-1])
        .option("startingPosition", str(options.get("startingPosition", "latest")))
    )
    if options.get("maxFetchRecordsPerShard"):
        reader = reader.option("maxRecordsPerBatch", str(options["maxFetchRecordsPerShard"]))
    frame = reader.load()
    classification = (form or options.get("classification") or "").lower()
    if classification == "avro":
        given = options.get("avroSchema") or format_options.get("avroSchema")
        if not given:
            raise ValueError("connection_options needs avroSchema for records of Avro")
        columns = options["schema"].replace("`", "") if options.get("schema") else avro.Schema(given).columns()
        return _decoded(frame, columns, registry.Decoder(given))
    if str(options.get("inferSchema", "")).lower() == "true":
        if classification not in ("json", ""):
            raise NotImplementedError(f"A stream's {classification} is not read into columns: avro and json are.")
        return frame.select(F.col("data").cast("string").alias(INFERRED))
    if options.get("schema"):
        return _columns(frame, options["schema"].replace("`", ""), classification or "json")
    return frame


def kinesis_table(context, table, options):
    """A streaming DataFrame of a table that stands for a stream, with the table's columns."""
    given = _parameters(table)
    if (given.get("typeOfData") or "").lower() != "kinesis":
        raise NotImplementedError("Tables over Kafka are not implemented.")
    told = {name: given[name] for name in ("streamARN", "streamName") if given.get(name)}
    told |= {name: value for name, value in options.items() if name not in ("inferSchema", "classification")}
    frame = kinesis(context, told, None, {})
    reference = table.storage.get("SchemaReference")
    literal = given.get("avro.schema.literal")
    if table.columns and (reference or (table.format == "avro" and literal)):
        kind, text = registry.definition(reference) if reference else ("AVRO", literal)
        return _decoded(frame, _form(table), registry.Decoder(text if kind == "AVRO" else None))
    if str(options.get("inferSchema", "")).lower() == "true" or not table.columns:
        return frame.select(F.col("data").cast("string").alias(INFERRED))
    return _columns(frame, _form(table), table.format)


def _form(table):
    """A table's columns as Spark's DDL."""
    return ", ".join(f"`{name}` {types.to_spark(types.parse(kind)).simpleString()}" for name, kind in table.columns)


def _decoded(frame, form, decoder):
    """The columns of messages that a decoder makes JSON of."""
    text = F.udf(decoder, "string")(F.col("data"))
    return frame.select(F.from_json(text, form).alias("value")).select("value.*")


def _columns(frame, form, classification):
    if classification != "json":
        raise NotImplementedError(f"A stream's {classification} is not read into columns: avro and json are.")
    return frame.select(F.from_json(F.col("data").cast("string"), form).alias("value")).select("value.*")


def for_each_batch(frame, batch_function, options):
    """Runs a streaming query whose batches go to `batch_function(DataFrame, number)`, and waits for its end."""
    window = str(options.get("windowSize") or WINDOW)
    if not re.fullmatch(r"\s*\d+\s+[a-zA-Z]+\s*", window):
        raise ValueError(f'windowSize {window!r} is no interval, such as "100 seconds"')
    if not options.get("checkpointLocation"):
        raise ValueError("forEachBatch needs checkpointLocation")
    retries = int(options.get("batchMaxRetries", RETRIES))
    infers = INFERRED in frame.columns

    def batch(rows, number):
        if infers:
            texts = rows.select(F.col(f"`{INFERRED}`").alias("value"))
            rows = rows.sparkSession.read.json(texts.rdd.map(lambda row: row[0]))
        for attempt in range(retries + 1):
            try:
                return batch_function(rows, number)
            except Exception:
                if attempt == retries:
                    raise

    query = (
        frame.writeStream.foreachBatch(batch)
        .trigger(processingTime=window)
        .option("checkpointLocation", options["checkpointLocation"])
        .start()
    )
    query.awaitTermination()


def with_ingestion_time(frame, granularity):
    """The time of now as columns `ingest_year`, … down to the granularity."""
    levels = ["year", "month", "day", "hour", "minute"]
    if granularity not in levels[2:]:
        raise ValueError("timeGranularity is day, hour or minute")
    now = F.current_timestamp()
    parts = {
        "year": F.year(now),
        "month": F.month(now),
        "day": F.dayofmonth(now),
        "hour": F.hour(now),
        "minute": F.minute(now),
    }
    for level in levels[: levels.index(granularity) + 1]:
        frame = frame.withColumn(f"ingest_{level}", parts[level])
    return frame
