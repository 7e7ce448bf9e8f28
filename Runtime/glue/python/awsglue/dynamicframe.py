"""DynamicFrame: records that describe themselves, over a Spark DataFrame.

A frame is computed when something needs it. It then is a DataFrame and a tree of Glue types beside it, in which a place
may be a choice between types (a struct with one field per type in Spark, `tarn_glue.types`).
"""

import json

from tarn_glue import columns, flat, functional, records, resolve, together, types

from awsglue import gluetypes as G

SHOWN_ROWS = 20


class ResolveOption:
    """How `toDF` treats a choice: action `Project` or `Cast` to a type, or `KeepAsStruct`."""

    def __init__(self, path, action, target=None):
        self.path = path
        self.action = action
        self.target = target


class DynamicFrame:
    """A distributed collection of records. Made by readers, by `fromDF` and by transforms of other frames."""

    def __init__(self, jdf, glue_ctx, name="", _schema=None, _load=None, _errors=None, _parents=(), _limits=(0, 0)):
        """`jdf` is a DataFrame; readers and transforms give `_load`, which makes (DataFrame, schema) when asked."""
        self.glue_ctx = glue_ctx
        self.name = name or ""
        self._frame = jdf
        self._glue_schema = _schema
        self._load = _load
        self._stage_errors = _errors  # a function that gives a DataFrame of errors, or None
        self._parents = tuple(_parents)
        self._limits = _limits
        self._checked = not any(_limits)

    # --- making and unmaking -----------------------------------------------------------------------------------

    @classmethod
    def fromDF(cls, dataframe, glue_ctx, name=""):
        """A frame of a DataFrame's rows."""
        return cls(dataframe, glue_ctx, name, _schema=None)

    def toDF(self, options=None):
        """The DataFrame. A choice becomes a struct with a field for each of its types, unless an option resolves it."""
        frame, schema = self._resolved()
        for option in options or []:
            frame, schema = resolve.with_option(frame, schema, option)
        return frame

    def _resolved(self):
        """The DataFrame and its Glue schema; computes them the first time."""
        if self._frame is None:
            self._frame, self._glue_schema = self._load()
            self._load = None
        if self._glue_schema is None:
            self._glue_schema = types.from_spark(self._frame.schema)
        if not self._checked:
            self._checked = True
            self.assertErrorThreshold()
        return self._frame, self._glue_schema

    def _derive(self, make, name=None, errors=None, limits=(0, 0), parents=None):
        """The frame that `make(DataFrame, schema)` gives, made when it is needed; errors stay with their frames."""
        return DynamicFrame(
            None,
            self.glue_ctx,
            name if name is not None else self.name,
            _load=lambda: make(*self._resolved()),
            _errors=errors,
            _parents=(self,) if parents is None else parents,
            _limits=limits,
        )

    # --- looking -----------------------------------------------------------------------------------------------

    def schema(self):
        """The schema, as `awsglue.gluetypes.StructType`."""
        return self._resolved()[1]

    def printSchema(self):
        print(G.tree_string(self.schema()), end="")

    def show(self, num_rows=SHOWN_ROWS):
        """Prints rows as JSON, one a line; of a choice, the value that it has."""
        frame, schema = self._resolved()
        for row in frame.limit(num_rows).collect():
            print(json.dumps(records.from_spark(row, schema), default=str, ensure_ascii=False))

    def count(self):
        return self._resolved()[0].count()

    def getNumPartitions(self):
        return self._resolved()[0].rdd.getNumPartitions()

    def __len__(self):
        return self.count()

    # --- partitions --------------------------------------------------------------------------------------------

    def repartition(self, num_partitions, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        return self._derive(
            lambda frame, schema: (frame.repartition(num_partitions), schema),
            transformation_ctx or None,
            limits=(stageThreshold, totalThreshold),
        )

    def coalesce(
        self, num_partitions, shuffle=False, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0
    ):
        return self._derive(
            lambda frame, schema: ((frame.repartition if shuffle else frame.coalesce)(num_partitions), schema),
            transformation_ctx or None,
            limits=(stageThreshold, totalThreshold),
        )

    # --- records -----------------------------------------------------------------------------------------------

    def map(self, f, preservesPartitioning=False, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        """`f` of every record (a dictionary). A record for which `f` raises becomes an error of this frame."""
        return functional.mapped(self, f, transformation_ctx, (stageThreshold, totalThreshold), flatten=False)

    def mapPartitions(
        self, f, preservesPartitioning=True, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0
    ):
        """`f` of the iterator of each partition's records; it gives an iterator of records."""
        return functional.mapped(self, f, transformation_ctx, (stageThreshold, totalThreshold), partitions=True)

    def mapPartitionsWithIndex(
        self, f, preservesPartitioning=False, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0
    ):
        """As `mapPartitions`; `f` is told the partition's number first."""
        return functional.mapped(
            self, f, transformation_ctx, (stageThreshold, totalThreshold), partitions=True, indexed=True
        )

    def flatMap(
        self, f, preservesPartitioning=False, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0
    ):
        """All records that `f` of a record gives."""
        return functional.mapped(self, f, transformation_ctx, (stageThreshold, totalThreshold), flatten=True)

    def filter(self, f, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        """The records for which `f` is true. A record for which `f` raises becomes an error of this frame."""
        return functional.filtered(self, f, transformation_ctx, (stageThreshold, totalThreshold))

    # --- fields ------------------------------------------------------------------------------------------------

    def apply_mapping(
        self, mappings, case_sensitive=False, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0
    ):
        """Picks, renames and casts: (source path, source type, target path, target type), or (source, target).

        A value that cannot be read as the target's type is null; a source that no record has gives no field.
        """
        wanted = resolve.mappings_of(mappings)
        return self._derive(
            lambda frame, schema: resolve.apply_mapping(frame, schema, wanted, case_sensitive),
            transformation_ctx or None,
            limits=(stageThreshold, totalThreshold),
        )

    applyMapping = apply_mapping

    def resolveChoice(
        self,
        specs=None,
        choice="",
        database=None,
        table_name=None,
        transformation_ctx="",
        info="",
        stageThreshold=0,
        totalThreshold=0,
        catalog_id=None,
    ):
        """Resolves choices: all by `choice`, or places by `specs`, a list of (path, action).

        Actions are `cast:TYPE`, `project:TYPE`, `make_cols` and `make_struct`; `choice` may also be `match_catalog`,
        which takes the types of a table of the catalog. Raises `ValueError` for others and for both at once.
        """
        action = resolve.choice_action(specs, choice, database, table_name)
        context = self.glue_ctx

        def make(frame, schema):
            if action == "match_catalog":
                return resolve.match_catalog(frame, schema, context.catalog.table(database, table_name, catalog_id))
            return resolve.resolve(frame, schema, specs, action)

        return self._derive(make, transformation_ctx or None, limits=(stageThreshold, totalThreshold))

    def drop_fields(self, paths, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        gone = [columns.path_of(path) for path in paths]

        def make(frame, schema):
            dropped = {
                path if len(path) == 1 or ".".join(path) not in schema.field_map else (".".join(path),) for path in gone
            }
            return resolve.rewritten(frame, schema, lambda path, part: [] if path in dropped else None)

        return self._derive(make, transformation_ctx or None, limits=(stageThreshold, totalThreshold))

    def select_fields(self, paths, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        wanted = [columns.path_of(path) for path in paths]
        return self._derive(
            lambda frame, schema: resolve.select_fields(frame, schema, wanted),
            transformation_ctx or None,
            limits=(stageThreshold, totalThreshold),
        )

    def rename_field(self, oldName, newName, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        return self._derive(
            lambda frame, schema: resolve.rename_field(
                frame, schema, columns.path_of(oldName), columns.path_of(newName)
            ),
            transformation_ctx or None,
            limits=(stageThreshold, totalThreshold),
        )

    def drop_null_fields(self, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        """Without the fields whose type is null: those that no record has a value for."""
        return self._derive(
            lambda frame, schema: resolve.rewritten(
                frame, schema, lambda path, part: [] if isinstance(part.kind, (G.NullType, G.UnknownType)) else None
            ),
            transformation_ctx or None,
            limits=(stageThreshold, totalThreshold),
        )

    def unnest(self, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        """Structs' fields as columns of their own, named by their path."""
        return self._derive(
            lambda frame, schema: columns.select(frame, flat.unnest(columns.parts_of(schema))),
            transformation_ctx or None,
            limits=(stageThreshold, totalThreshold),
        )

    def unnest_ddb_json(self, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        """Takes DynamoDB's type names (`{"S": …}`) out of an export's records."""
        return functional.mapped(
            self, functional.without_dynamodb_types, transformation_ctx, (stageThreshold, totalThreshold), flatten=False
        )

    def unbox(self, path, format, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0, **options):
        """Reads a string field as `json` or `csv`; what cannot be read is an error of this frame."""
        return functional.unboxed(
            self,
            path,
            format,
            options.pop("options", None) or options,
            transformation_ctx,
            (stageThreshold, totalThreshold),
        )

    # --- several frames ----------------------------------------------------------------------------------------

    def relationalize(
        self,
        root_table_name,
        staging_path=None,
        options=None,
        transformation_ctx="",
        info="",
        stageThreshold=0,
        totalThreshold=0,
    ):
        """Flat tables of nested records, as a `DynamicFrameCollection` by name (`tarn_glue.flat.relationalize`)."""
        frame, schema = self._resolved()
        tables = flat.relationalize(frame, schema, root_table_name)
        return DynamicFrameCollection(
            {
                name: DynamicFrame(table, self.glue_ctx, name, _schema=kind, _parents=(self,))
                for name, table, kind in tables
            },
            self.glue_ctx,
        )

    def join(self, paths1, paths2, frame2, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        """Records of both frames whose fields at the paths are equal. A name that both have gets a dot before it for
        the second frame's."""
        pairs = [columns.path_of(path) for path in _listed(paths1)], [columns.path_of(path) for path in _listed(paths2)]
        if len(pairs[0]) != len(pairs[1]) or not pairs[0]:
            raise ValueError("a join compares as many fields of one frame as of the other")
        return self._derive(
            lambda frame, schema: together.join((frame, schema), frame2._resolved(), *pairs),
            transformation_ctx or None,
            limits=(stageThreshold, totalThreshold),
            parents=(self, frame2),
        )

    def split_fields(self, paths, name1, name2, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        """Two frames: the fields at the paths, and the others."""
        limits = {"stageThreshold": stageThreshold, "totalThreshold": totalThreshold}
        return DynamicFrameCollection(
            {name1: self.select_fields(paths, name1, **limits), name2: self.drop_fields(paths, name2, **limits)},
            self.glue_ctx,
        )

    def split_rows(
        self, comparison_dict, name1, name2, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0
    ):
        """Two frames: the records that satisfy `{path: {">": 1, …}}`, and the others."""

        def half(matching, name):
            return self._derive(
                lambda frame, schema: (together.split_rows(frame, schema, comparison_dict, matching), schema),
                name,
                limits=(stageThreshold, totalThreshold),
            )

        return DynamicFrameCollection({name1: half(True, name1), name2: half(False, name2)}, self.glue_ctx)

    def mergeDynamicFrame(
        self,
        stage_dynamic_frame,
        primary_keys,
        transformation_ctx="",
        options=None,
        info="",
        stageThreshold=0,
        totalThreshold=0,
    ):
        """This frame's records whose key is not in the other frame, and all of the other frame's."""
        keys = [columns.path_of(key) for key in _listed(primary_keys)]
        return self._derive(
            lambda frame, schema: together.merge_frames((frame, schema), stage_dynamic_frame._resolved(), keys),
            transformation_ctx or None,
            limits=(stageThreshold, totalThreshold),
            parents=(self, stage_dynamic_frame),
        )

    def union(self, other_frame, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        """The records of both frames. A field with different types becomes a choice."""
        return self._derive(
            lambda frame, schema: together.union((frame, schema), other_frame._resolved()),
            transformation_ctx or None,
            limits=(stageThreshold, totalThreshold),
            parents=(self, other_frame),
        )

    def spigot(self, path, options=None, transformation_ctx="", info="", stageThreshold=0, totalThreshold=0):
        """Writes a sample of the records to `path` as JSON (`topk` records, each with the probability `prob`) and
        gives all of them on."""
        chosen = dict(options or {})
        frame, _ = self._resolved()
        sample = frame.sample(float(chosen["prob"])) if chosen.get("prob") is not None else frame
        if chosen.get("topk") is not None:
            sample = sample.limit(int(chosen["topk"]))
        sample.write.mode("append").json(path)
        return self._derive(
            lambda same, schema: (same, schema), transformation_ctx or None, limits=(stageThreshold, totalThreshold)
        )

    # --- errors ------------------------------------------------------------------------------------------------

    def errorsAsDynamicFrame(self):
        """The errors of this frame and of those that it was made of: `error` with `msg`, `stackTrace` and the record
        as JSON in `dynamicRecord`."""
        frames = self._error_frames()
        context = self.glue_ctx

        def make():
            found = [frame for frame in frames if frame is not None]
            whole = found[0] if found else context.spark_session.createDataFrame([], functional.ERROR_FORM)
            for frame in found[1:]:
                whole = whole.unionByName(frame)
            return whole, None

        return DynamicFrame(None, context, "errors", _load=make)

    def _error_frames(self):
        self._materialize()
        found = [self._stage_errors()] if self._stage_errors else []
        for parent in self._parents:
            found.extend(parent._error_frames())
        return found

    def _materialize(self):
        """Makes the frame, so that its errors are known, without looking at its limits again."""
        checked, self._checked = self._checked, True
        try:
            self._resolved()
        finally:
            self._checked = checked

    def stageErrorsCount(self):
        """The errors of this frame's own transformation."""
        self._materialize()
        return self._stage_errors().count() if self._stage_errors else 0

    def errorsCount(self):
        """The errors of this frame and of those that it was made of."""
        return sum(frame.count() for frame in self._error_frames())

    def assertErrorThreshold(self):
        """Raises when there are more errors than the frame's limits allow (0: any number)."""
        stage_max, total_max = self._limits
        if stage_max and self.stageErrorsCount() > stage_max:
            raise ErrorThresholdExceeded(
                f"{self.name or 'frame'}: {self.stageErrorsCount()} error records, {stage_max} allowed in this stage"
            )
        if total_max and self.errorsCount() > total_max:
            raise ErrorThresholdExceeded(
                f"{self.name or 'frame'}: {self.errorsCount()} error records, {total_max} allowed in all"
            )

    # --- writing -----------------------------------------------------------------------------------------------

    def write(self, connection_type, connection_options=None, format=None, format_options=None, accumulator_size=0):
        """Writes the frame, as `GlueContext.write_dynamic_frame.from_options`."""
        return self.glue_ctx.write_dynamic_frame_from_options(
            self, connection_type, connection_options or {}, format, format_options or {}
        )


class ErrorThresholdExceeded(Exception):
    """More records failed than a transformation allows."""


def _listed(paths):
    return [paths] if isinstance(paths, str) else list(paths)


from awsglue.collection import DynamicFrameCollection  # noqa: E402  it knows frames, as they know it
from awsglue.readwrite import DynamicFrameReader, DynamicFrameWriter  # noqa: E402,F401  scripts import them from here
