"""The readers and writers behind `create_dynamic_frame`, `create_data_frame`, `write_dynamic_frame` and
`write_data_frame` of a GlueContext."""


class _Reader:
    """What both readers take: they differ in the frames that they make."""

    _kind = ""

    def __init__(self, glue_context):
        self._glue_context = glue_context

    def _make(self, source):
        return getattr(self._glue_context, f"create_{self._kind}_from_{source}")

    def from_options(
        self,
        connection_type,
        connection_options=None,
        format=None,
        format_options=None,
        transformation_ctx="",
        push_down_predicate="",
        **kwargs,
    ):
        return self._make("options")(
            connection_type,
            connection_options or {},
            format,
            format_options or {},
            transformation_ctx,
            push_down_predicate,
            **kwargs,
        )

    def from_catalog(
        self,
        database=None,
        table_name=None,
        redshift_tmp_dir="",
        transformation_ctx="",
        push_down_predicate="",
        additional_options=None,
        catalog_id=None,
        **kwargs,
    ):
        return self._make("catalog")(
            _name(database, kwargs, "name_space"),
            table_name,
            redshift_tmp_dir,
            transformation_ctx,
            push_down_predicate,
            additional_options or {},
            catalog_id,
            **kwargs,
        )


class DynamicFrameReader(_Reader):
    """Makes DynamicFrames of sources."""

    _kind = "dynamic_frame"

    def from_rdd(self, data, name, schema=None, sampleRatio=None):
        return self._make("rdd")(data, name, schema, sampleRatio)


class DataFrameReader(_Reader):
    """Makes DataFrames of sources."""

    _kind = "data_frame"


class DynamicFrameWriter:
    """Writes frames, or every frame of a collection."""

    def __init__(self, glue_context):
        self._glue_context = glue_context

    def from_options(
        self, frame, connection_type, connection_options=None, format=None, format_options=None, transformation_ctx=""
    ):
        return self._glue_context.write_dynamic_frame_from_options(
            frame, connection_type, connection_options or {}, format, format_options or {}, transformation_ctx
        )

    def from_catalog(
        self,
        frame,
        database=None,
        table_name=None,
        redshift_tmp_dir="",
        transformation_ctx="",
        additional_options=None,
        catalog_id=None,
        **kwargs,
    ):
        return self._glue_context.write_dynamic_frame_from_catalog(
            frame,
            _name(database, kwargs, "name_space"),
            table_name,
            redshift_tmp_dir,
            transformation_ctx,
            additional_options or {},
            catalog_id,
        )

    def from_jdbc_conf(
        self,
        frame,
        catalog_connection,
        connection_options=None,
        redshift_tmp_dir="",
        transformation_ctx="",
        catalog_id=None,
    ):
        return self._glue_context.write_dynamic_frame_from_jdbc_conf(
            frame, catalog_connection, connection_options or {}, redshift_tmp_dir, transformation_ctx, catalog_id
        )


class DataFrameWriter(DynamicFrameWriter):
    """Writes DataFrames, as sinks take them as well."""


def _name(database, others, old_name):
    """`name_space` is what older scripts call a database."""
    found = database if database is not None else others.pop(old_name, None)
    if found is None:
        raise ValueError("database is not told")
    return found
