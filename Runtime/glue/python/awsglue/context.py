"""GlueContext: where a script's frames come from and go to."""

import functools
import pathlib
import tempfile
import time
import zipfile

from pyspark.sql import SparkSession, SQLContext
from tarn_glue import catalog, jdbc, lifecycle, records, sources, streaming, types
from tarn_glue.bookmarks import Bookmarks
from tarn_glue.run import Run

from awsglue import gluetypes as G
from awsglue import readwrite
from awsglue.data_sink import DataSink
from awsglue.data_source import DataSource
from awsglue.dynamicframe import DynamicFrame


def register(sc):
    """Kept for scripts that were written against older libraries; there is nothing to register."""


class GlueContext(SQLContext):
    """The entrance of a script, over a SparkContext."""

    Spark_SQL_Formats = {"parquet", "orc"}

    def __init__(self, sparkContext, **options):
        """`minPartitions` and `targetPartitions` are taken and not looked at: Spark splits sources by size."""
        super().__init__(sparkContext, SparkSession.builder.getOrCreate())
        self.spark_session = self.sparkSession
        self.catalog = catalog.Catalog()
        self.bookmarks = Bookmarks()
        self._send_library()
        self.create_dynamic_frame = readwrite.DynamicFrameReader(self)
        self.create_data_frame = readwrite.DataFrameReader(self)
        self.write_dynamic_frame = readwrite.DynamicFrameWriter(self)
        self.write_data_frame = readwrite.DataFrameWriter(self)

    def _send_library(self):
        """Gives a cluster's workers this library, whose functions run there. Local ones have it."""
        if self._sc.master.startswith("local"):
            return
        run = Run.current()
        folder = tempfile.mkdtemp(prefix="library-", dir=run.folder / "tmp" if run else None)
        root = pathlib.Path(__file__).resolve().parents[1]
        with zipfile.ZipFile(f"{folder}/tarn_glue_library.zip", "w") as packed:
            for package in ("awsglue", "awsgluedq", "tarn_glue"):
                for path in sorted((root / package).rglob("*.py")):
                    packed.write(path, path.relative_to(root))
        self._sc.addPyFile(packed.filename)

    # --- sources -----------------------------------------------------------------------------------------------

    def create_dynamic_frame_from_rdd(self, data, name, schema=None, sample_ratio=None, transformation_ctx=""):
        """A frame of an RDD of rows, tuples or dictionaries. Dictionaries may differ in their types."""
        if schema is None and isinstance(data.take(1)[0] if not data.isEmpty() else None, dict):
            kind = G.StructType()
            for part in data.mapPartitions(lambda rows: [records.scan(rows)]).collect():
                kind = records.merge(kind, part)
            frame = self.spark_session.createDataFrame(
                data.map(lambda row: records.to_spark(row, kind)), types.to_spark(kind), verifySchema=False
            )
            return DynamicFrame(frame, self, name, _schema=kind)
        return DynamicFrame.fromDF(self.spark_session.createDataFrame(data, schema, sample_ratio), self, name)

    def create_dynamic_frame_from_options(
        self,
        connection_type,
        connection_options=None,
        format=None,
        format_options=None,
        transformation_ctx="",
        push_down_predicate="",
        **kwargs,
    ):
        """A frame of a source: `s3` or `file`, a database's type over JDBC, `custom.jdbc`.

        Raises `NotImplementedError` for other connection types.
        """
        options = dict(connection_options or {})
        if connection_type in ("s3", "file"):
            if not format:
                raise ValueError("An S3 source needs a format")
            return self._frame(
                lambda: sources.from_s3(self, options, format, format_options or {}, transformation_ctx),
                transformation_ctx,
            )
        if connection_type in ("kinesis", "kafka"):
            raise ValueError(f"{connection_type} is a stream: use create_data_frame and forEachBatch")
        return self._frame(
            functools.partial(self._of_database, self._database(connection_type, options), options, transformation_ctx),
            transformation_ctx,
        )

    def create_dynamic_frame_from_catalog(
        self,
        database,
        table_name,
        redshift_tmp_dir="",
        transformation_ctx="",
        push_down_predicate="",
        additional_options=None,
        catalog_id=None,
        **kwargs,
    ):
        """A frame of a table of the catalog. `push_down_predicate` is Spark's SQL over the partition keys;
        `additional_options` may hold `catalogPartitionPredicate`, in Glue's own words."""
        options = dict(additional_options or {})
        table = self.catalog.table(database, table_name, catalog_id)
        if table.connection:
            options = {
                "connectionName": table.connection,
                "useConnectionProperties": "true",
                "dbtable": table.location.split(".", 1)[-1],
                **options,
            }
            return self._frame(
                functools.partial(
                    self._of_database, jdbc.database_of(options, self.catalog), options, transformation_ctx
                ),
                transformation_ctx,
            )
        predicate = push_down_predicate or kwargs.get("pushDownPredicate", "")
        return self._frame(
            lambda: sources.from_catalog(
                self,
                table,
                predicate,
                options.get("catalogPartitionPredicate"),
                options,
                transformation_ctx,
                catalog_id,
            ),
            transformation_ctx or table_name,
        )

    def create_data_frame_from_options(
        self,
        connection_type,
        connection_options=None,
        format=None,
        format_options=None,
        transformation_ctx="",
        push_down_predicate="",
        **kwargs,
    ):
        """A DataFrame of a source; of `kinesis` a streaming one, for `forEachBatch`."""
        if connection_type == "kinesis":
            return streaming.kinesis(self, dict(connection_options or {}), format, format_options or {})
        return self.create_dynamic_frame_from_options(
            connection_type,
            connection_options,
            format,
            format_options,
            transformation_ctx,
            push_down_predicate,
            **kwargs,
        ).toDF()

    def create_data_frame_from_catalog(
        self,
        database,
        table_name,
        redshift_tmp_dir="",
        transformation_ctx="",
        push_down_predicate="",
        additional_options=None,
        catalog_id=None,
        **kwargs,
    ):
        """A DataFrame of a table of the catalog; of a table over a stream a streaming one."""
        table = self.catalog.table(database, table_name, catalog_id)
        if streaming.is_stream(table):
            return streaming.kinesis_table(self, table, dict(additional_options or {}))
        return self.create_dynamic_frame_from_catalog(
            database,
            table_name,
            redshift_tmp_dir,
            transformation_ctx,
            push_down_predicate,
            additional_options,
            catalog_id,
            **kwargs,
        ).toDF()

    get_catalog_source_data_frame = create_data_frame_from_catalog

    def create_sample_dynamic_frame_from_options(
        self,
        connection_type,
        connection_options=None,
        num=None,
        sample_options=None,
        format=None,
        format_options=None,
        transformation_ctx="",
        push_down_predicate="",
        **kwargs,
    ):
        """The first `num` records, as a list of one frame's rows."""
        frame = self.create_dynamic_frame_from_options(
            connection_type, connection_options, format, format_options, transformation_ctx, push_down_predicate
        )
        return frame._derive(lambda rows, schema: (rows.limit(int(num or 1000)), schema))

    def create_sample_dynamic_frame_from_catalog(
        self,
        database,
        table_name,
        num=None,
        sample_options=None,
        redshift_tmp_dir="",
        transformation_ctx="",
        push_down_predicate="",
        additional_options=None,
        catalog_id=None,
        **kwargs,
    ):
        frame = self.create_dynamic_frame_from_catalog(
            database,
            table_name,
            redshift_tmp_dir,
            transformation_ctx,
            push_down_predicate,
            additional_options,
            catalog_id,
        )
        return frame._derive(lambda rows, schema: (rows.limit(int(num or 1000)), schema))

    def getSource(self, connection_type, transformation_ctx="", push_down_predicate="", **options):
        """A source whose format is told afterwards: `.setFormat("json")`, `.getFrame()`."""
        return DataSource(self, connection_type, options, transformation_ctx, push_down_predicate)

    get_source = getSource

    def _frame(self, read, name):
        """A frame of what `read` gives. It is asked at once: what is new to a job is what is there at this moment."""
        frame, schema, errors = read()
        return DynamicFrame(frame, self, name, _schema=schema, _errors=errors)

    def _database(self, connection_type, options):
        kind = {"custom.jdbc": None, "jdbc": None}.get(connection_type, connection_type)
        if kind is not None and kind not in jdbc.TYPES:
            raise NotImplementedError(
                f"The connection type {connection_type!r} is not implemented: s3, "
                f"{', '.join(sorted(jdbc.TYPES))}, custom.jdbc, and kinesis for streams are."
            )
        return jdbc.database_of(options, self.catalog, kind)

    def _of_database(self, database, options, transformation_ctx):
        return jdbc.read(self, database, options, transformation_ctx), None, None

    # --- sinks -------------------------------------------------------------------------------------------------

    def getSink(self, connection_type, format=None, transformation_ctx="", **options):
        """A sink: `setFormat`, `setCatalogInfo`, `writeFrame`."""
        return DataSink(self, connection_type, options, format, transformation_ctx)

    get_sink = getSink

    def write_dynamic_frame_from_options(
        self, frame, connection_type, connection_options=None, format=None, format_options=None, transformation_ctx=""
    ):
        """Writes a frame, or each frame of a collection into a folder (or table) of its name. Gives it back."""
        sink = DataSink(self, connection_type, dict(connection_options or {}), format, transformation_ctx)
        sink.setFormat(format, **dict(format_options or {}))
        return sink.write(frame)

    def write_from_options(
        self,
        frame_or_dfc,
        connection_type,
        connection_options=None,
        format=None,
        format_options=None,
        transformation_ctx="",
        **kwargs,
    ):
        return self.write_dynamic_frame_from_options(
            frame_or_dfc, connection_type, connection_options, format, format_options, transformation_ctx
        )

    def write_dynamic_frame_from_catalog(
        self,
        frame,
        database,
        table_name,
        redshift_tmp_dir="",
        transformation_ctx="",
        additional_options=None,
        catalog_id=None,
    ):
        """Adds a frame's records to a table of the catalog: where and how the table says. New partitions are added to
        the catalog where `additional_options` has `enableUpdateCatalog` and `partitionKeys`."""
        options = dict(additional_options or {})
        table = self.catalog.table(database, table_name, catalog_id)
        if table.connection:
            target = {
                "connectionName": table.connection,
                "useConnectionProperties": "true",
                "dbtable": table.location.split(".", 1)[-1],
                "redshiftTmpDir": redshift_tmp_dir,
                **options,
            }
            found = jdbc.database_of(target, self.catalog)
            return DataSink(self, found.kind or "jdbc", target, None, transformation_ctx).write(frame)
        form = table.format
        keys = options.get("partitionKeys") or [name for name, _ in table.keys]
        sink = DataSink(
            self,
            "s3",
            {
                "path": table.location,
                "partitionKeys": keys,
                **{
                    name: options[name]
                    for name in ("enableUpdateCatalog", "updateBehavior", "compression")
                    if name in options
                },
            },
            form,
            transformation_ctx,
        )
        given = table.csv_options() if form == "csv" else {}
        if form == "csv":
            given["writeHeader"] = given.pop("skipFirst", False)
        sink.setFormat(form, **given)
        sink.setCatalogInfo(database, table_name, catalog_id)
        return sink.write(frame)

    def write_dynamic_frame_from_jdbc_conf(
        self,
        frame,
        catalog_connection,
        connection_options=None,
        redshift_tmp_dir="",
        transformation_ctx="",
        catalog_id=None,
    ):
        """Writes to a database of the catalog's connection, through S3 to Redshift. Gives the frame back."""
        options = {
            **(connection_options or {}),
            "catalog_connection": catalog_connection,
            "redshiftTmpDir": redshift_tmp_dir,
            "catalogId": catalog_id,
        }
        return DataSink(self, "jdbc", options, None, transformation_ctx).write(frame)

    write_from_jdbc_conf = write_dynamic_frame_from_jdbc_conf

    def write_data_frame_from_catalog(
        self,
        frame,
        database,
        table_name,
        redshift_tmp_dir="",
        transformation_ctx="",
        additional_options=None,
        catalog_id=None,
    ):
        return self.write_data_frame.from_catalog(
            frame, database, table_name, redshift_tmp_dir, transformation_ctx, additional_options, catalog_id
        )

    # --- streams -----------------------------------------------------------------------------------------------

    def forEachBatch(self, frame, batch_function, options=None):
        """Calls `batch_function(DataFrame, batch number)` for every window of a stream, until the run is stopped.

        `options`: `windowSize` (`"100 seconds"`), `checkpointLocation`, `batchMaxRetries`.
        """
        streaming.for_each_batch(frame, batch_function, dict(options or {}))

    def add_ingestion_time_columns(self, frame, timeGranularity=""):
        """`ingest_year` … down to the granularity: day, hour or minute."""
        return streaming.with_ingestion_time(frame, timeGranularity)

    # --- the rest ----------------------------------------------------------------------------------------------

    def extract_jdbc_conf(self, connection_name, catalog_id=None):
        """A connection's `user`, `password`, `vendor`, `url` and `fullUrl`."""
        found = jdbc.database_of({"catalog_connection": connection_name}, self.catalog, catalog_id=catalog_id)
        properties = self.catalog.connection(connection_name, catalog_id)["ConnectionProperties"]
        url = properties["JDBC_CONNECTION_URL"]
        return {
            "user": found.user,
            "password": found.password,
            "vendor": found.kind,
            "fullUrl": url,
            "url": "/".join(url.split("/")[:3]),
            "enforceSSL": properties.get("JDBC_ENFORCE_SSL", "false"),
            "customJDBCCert": "",
            "skipCustomJDBCCertValidation": "false",
            "customJDBCCertString": "",
        }

    def purge_table(self, database, table_name, options=None, transformation_ctx="", catalog_id=None):
        """Deletes a table's files that are older than `retentionPeriod` hours (168 without one)."""
        lifecycle.purge_table(self, database, table_name, dict(options or {}), catalog_id)

    def purge_s3_path(self, s3_path, options=None, transformation_ctx=""):
        """Deletes the files below a path that are older than `retentionPeriod` hours (168 without one)."""
        lifecycle.purge(s3_path, dict(options or {}))

    def transition_table(
        self, database, table_name, transition_to, options=None, transformation_ctx="", catalog_id=None
    ):
        """Gives a table's older files another storage class."""
        table = self.catalog.table(database, table_name, catalog_id)
        lifecycle.transition(table.location, transition_to, dict(options or {}))

    def transition_s3_path(self, s3_path, transition_to, options=None, transformation_ctx=""):
        """Gives older files below a path another storage class."""
        lifecycle.transition(s3_path, transition_to, dict(options or {}))

    def get_logger(self):
        """A logger whose lines come in the job's log: `info`, `warn`, `error`."""
        return self._jvm.org.apache.logging.log4j.LogManager.getLogger("GlueLogger")

    getLogger = get_logger

    def currentTimeMillis(self):
        return int(time.time() * 1000)

    def getRunId(self):
        run = Run.current()
        return run.run_id if run else ""

    def start_transaction(self, read_only=False):
        raise NotImplementedError("Lake Formation's transactions are not implemented (AWS has ended governed tables).")

    commit_transaction = cancel_transaction = start_transaction
