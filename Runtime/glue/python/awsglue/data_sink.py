"""Where frames go: files in S3 (and their table in the catalog), a database, Redshift."""

from pyspark.sql import DataFrame
from tarn_glue import jdbc, sinks
from tarn_glue.run import Run

from awsglue.dynamicframe import DynamicFrame, DynamicFrameCollection

UPDATE_BEHAVIORS = ("UPDATE_IN_DATABASE", "LOG")


class DataSink:
    """What `GlueContext.getSink` gives. `setFormat`, `setCatalogInfo`, then `writeFrame` or `write`."""

    def __init__(self, glue_context, connection_type, options, format=None, transformation_ctx=""):
        if connection_type not in ("s3", "file", "jdbc", "custom.jdbc") and connection_type not in jdbc.TYPES:
            raise NotImplementedError(
                f"The connection type {connection_type!r} is not implemented for writing: s3, "
                f"{', '.join(sorted(jdbc.TYPES))} and custom.jdbc are."
            )
        self._context = glue_context
        self._type = connection_type
        self._options = options
        self._format, self._format_options = format, {}
        self._catalog = None
        self.name = transformation_ctx

    def setFormat(self, format, **options):
        self._format, self._format_options = format, options
        return self

    def setAccumulableSize(self, size):
        """Taken, and without a meaning here."""

    def setCatalogInfo(self, catalogDatabase, catalogTableName, catalogId=None):
        """The table that a sink with `enableUpdateCatalog` keeps in step."""
        self._catalog = (catalogDatabase, catalogTableName, catalogId)
        return self

    def writeFrame(self, dynamic_frame, info=""):
        return self.write(dynamic_frame)

    def write(self, dynamic_frame_or_dfc, info=""):
        """Writes a frame, a DataFrame, or each frame of a collection into a folder (or table) of its name."""
        if isinstance(dynamic_frame_or_dfc, DynamicFrameCollection):
            return DynamicFrameCollection(
                {name: self._below(name)._write(frame) for name, frame in dynamic_frame_or_dfc.items()}, self._context
            )
        if isinstance(dynamic_frame_or_dfc, DataFrame):
            return self._write(DynamicFrame.fromDF(dynamic_frame_or_dfc, self._context, self.name))
        return self._write(dynamic_frame_or_dfc)

    def _below(self, name):
        options = dict(self._options)
        if "path" in options:
            options["path"] = f"{options['path'].rstrip('/')}/{name}/"
        if "dbtable" in options:
            options["dbtable"] = f"{options['dbtable']}_{name}"
        below = DataSink(self._context, self._type, options, self._format, self.name)
        below._format_options = self._format_options
        return below

    def _write(self, frame):
        rows, schema = frame._resolved()
        if self._type in ("s3", "file"):
            self._write_files(rows, schema)
        else:
            self._write_database(rows)
        return frame

    def _write_files(self, rows, schema):
        path = self._options.get("path")
        if not path:
            raise ValueError("connection_options needs path for the connection type s3")
        if not self._format:
            raise ValueError("A sink in S3 needs a format")
        keys = self._options.get("partitionKeys") or []
        keys = [keys] if isinstance(keys, str) else list(keys)
        updates = str(self._options.get("enableUpdateCatalog", "")).lower() == "true"
        behavior = self._options.get("updateBehavior") or UPDATE_BEHAVIORS[0]
        if updates:
            if self._catalog is None:
                raise ValueError("enableUpdateCatalog needs setCatalogInfo(catalogDatabase, catalogTableName)")
            if behavior not in UPDATE_BEHAVIORS:
                raise ValueError(f"updateBehavior is {' or '.join(UPDATE_BEHAVIORS)}, not {behavior!r}")
        sinks.write_s3(rows, schema, path, self._format, self._format_options, keys, self._options.get("compression"))
        if updates and schema.fields:
            database, table, catalog_id = self._catalog
            sinks.update_catalog(
                self._context,
                database,
                table,
                path,
                self._format,
                schema,
                keys,
                behavior,
                sinks.partitions_of(path, keys) if keys else [],
                catalog_id,
            )

    def _write_database(self, rows):
        kind = None if self._type in ("jdbc", "custom.jdbc") else self._type
        found = jdbc.database_of(self._options, self._context.catalog, kind, self._options.get("catalogId"))
        run = Run.current()
        temporary = (
            self._options.get("redshiftTmpDir")
            or self._options.get("tempdir")
            or (run.argument("TempDir") if run else None)
        )
        if found.kind == "redshift" and temporary:
            jdbc.write_redshift(self._context, rows, found, self._options, temporary)
        else:
            jdbc.write(rows, found, self._options)
