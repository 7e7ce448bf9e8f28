"""Sources in S3 and the catalog: what there is, what is new to this run, and its rows."""

from awsglue import gluetypes as G
from pyspark.sql import functions as F

from . import bookmarks, catalog, columns, formats, objects, records, together, types
from .columns import Part

# Glue's own options of S3 sources; `groupFiles` and `groupSize` need nothing here: Spark packs small files into tasks.
RECURSE, EXCLUSIONS, BAND = "recurse", "exclusions", "maxBand"


class Selection:
    """The objects of a source and which of them this run reads."""

    def __init__(self, everything, new, folders):
        self.everything = everything
        self.new = new
        self.folders = folders

    @property
    def paths(self):
        """What Spark is to read: whole folders where every object counts, else the objects one by one. A listing of
        Spark's own could hold objects that came since, which a bookmark would let the next run read again."""
        return self.folders if self.folders is not None else [objects.address(item) for item in self.new]


def select(context, paths, options, transformation_ctx, recursive):
    """Lists the paths and takes out what earlier runs of the job have read."""
    exclusions = objects.exclusions_of(options.get(EXCLUSIONS))
    everything = [item for path in paths for item in objects.listed(path, recursive, exclusions)]
    everything = list(dict.fromkeys(everything))
    marks = context.bookmarks
    if not (marks.is_enabled and transformation_ctx):
        whole = recursive and not exclusions and bool(everything) and not any(map(objects.has_glob, paths))
        return Selection(everything, everything, list(paths) if whole else None)
    done = bookmarks.S3Progress.of_state(marks.state(transformation_ctx))
    new = [item for item in everything if not done.was_read(item)]
    upper = marks.upper(transformation_ctx)
    if upper:
        until = bookmarks.S3Progress.of_state(upper)
        new = [item for item in new if until.was_read(item)]
    band = int(options.get(BAND) or bookmarks.BAND_SECONDS)
    marks.remember(transformation_ctx, done.after(everything, band).state())
    return Selection(everything, new, None)


def paths_of(options):
    """A source's `paths` (or `path`); raises `ValueError` without one."""
    paths = options.get("paths") or options.get("path")
    if not paths:
        raise ValueError("connection_options needs paths for the connection type s3")
    return [paths] if isinstance(paths, str) else list(paths)


def from_s3(context, options, form, format_options, transformation_ctx):
    """(DataFrame, schema, errors) of an S3 source; without anything new no rows, with the columns of what was there."""
    recursive = formats.flag(options, RECURSE)
    selection = select(context, paths_of(options), options, transformation_ctx, recursive)
    spark = context.spark_session
    if selection.new:
        return formats.read(spark, form, selection.paths, format_options)
    if not selection.everything:
        return _empty(spark, G.StructType()), G.StructType(), None
    newest = max(selection.everything, key=lambda item: item.modified)
    _, schema, _ = formats.read(spark, form, [objects.address(newest)], format_options)
    return _empty(spark, schema), schema, None


def _empty(spark, schema):
    return spark.createDataFrame([], types.to_spark(schema))


def from_catalog(context, table, predicate, partition_predicate, options, transformation_ctx, catalog_id):
    """(DataFrame, schema, errors) of a table of the catalog in S3, the partition keys last."""
    spark = context.spark_session
    if table.format in ("iceberg", "regex"):
        raise formats.UnsupportedFormat(f"Tables of the format {table.format} cannot be read as a DynamicFrame here.")
    if not table.keys:
        selection = select(context, [table.location], options, transformation_ctx, recursive=True)
        return _rows(spark, table, selection.paths if selection.new else None, [], located=False)
    partitions = context.catalog.partitions(table, partition_predicate, catalog_id)
    if predicate:
        partitions = catalog.pruned(spark, table, partitions, predicate)
    selection = select(
        context, [partition.location for partition in partitions], options, transformation_ctx, recursive=True
    )
    if not selection.new:
        return _rows(spark, table, None, partitions, located=False)
    if selection.folders is not None:
        # A partition whose folder is empty has no folder for Spark to look into.
        full = {objects.address(item).rsplit("/", 1)[0] for item in selection.new}
        partitions = [
            partition
            for partition in partitions
            if any((name + "/").startswith(partition.location.rstrip("/") + "/") for name in full)
        ]
        paths = [partition.location for partition in partitions]
    else:
        paths = selection.paths
    if table.is_hive_style(partitions):
        return _rows(spark, table, paths, partitions, located=True)
    return _partition_by_partition(spark, table, paths, partitions)


def _rows(spark, table, paths, partitions, located):
    """A table's rows out of files; partition values come from the files' addresses when `located`."""
    if paths is None:
        schema = _declared(table)
        return _empty(spark, schema), schema, None
    frame, schema, errors = _read(spark, table, paths, located)
    parts = columns.parts_of(schema)
    if located:
        address = columns.column(formats.PATH)
        for name, kind in table.keys:
            text = F.regexp_extract(address, f"/{_escaped(name)}=([^/]*)/", 1)
            parts.append(_key_part(name, kind, text))
    frame, schema = _typed(frame, parts, table)
    return frame, schema, errors


def _partition_by_partition(spark, table, paths, partitions):
    """Partitions whose locations do not tell their values: each is read by itself."""
    whole, all_errors = None, []
    for partition in partitions:
        location = partition.location.rstrip("/")
        inside = [path for path in paths if path.rstrip("/") == location or path.startswith(location + "/")]
        if not inside:
            continue
        frame, schema, errors = _read(spark, table, inside, located=False)
        parts = columns.parts_of(schema) + [
            _key_part(name, kind, F.lit(value)) for (name, kind), value in zip(table.keys, partition.values)
        ]
        part = _typed(frame, parts, table)
        whole = part if whole is None else together.union(whole, part)
        all_errors += [errors] if errors else []
    if whole is None:
        return _rows(spark, table, None, partitions, located=False)

    def failed():
        frames = [errors() for errors in all_errors]
        found = frames[0]
        for frame in frames[1:]:
            found = found.unionByName(frame)
        return found

    return (*whole, failed if all_errors else None)


def _escaped(name):
    return "".join(sign if sign.isalnum() or sign == "_" else "\\" + sign for sign in name)


def _key_part(name, kind, text):
    wanted = types.parse(kind)
    value = F.when(text != "__HIVE_DEFAULT_PARTITION__", text)
    return Part(name, columns.cast(value, G.StringType(), wanted), wanted)


def _declared(table):
    return G.StructType([G.Field(name, types.parse(kind)) for name, kind in table.column_types()])


def _read(spark, table, paths, located):
    form = table.format
    if form == "csv":
        names = [name for name, _ in table.columns]
        return formats.read_csv(spark, "csv", paths, table.csv_options(), located, names=names)
    options = {}
    if form == "xml":
        options = table.serde_parameters
    elif form == "grokLog":
        given = table.serde_parameters
        options = {"logFormat": given.get("input.format"), "customPatterns": given.get("input.grokCustomPatterns")}
    return formats.read(spark, form, paths, options, located)


def _typed(frame, parts, table):
    """The parts with the catalog's types, as far as the data agrees.

    A number widens. Text becomes what the catalog says where it can be read so; where some of it cannot, the column is
    a choice of both, as AWS shows (`choice: long, string`). A column that no file has is null.
    """
    declared = [(name, types.parse(kind)) for name, kind in table.columns]
    by_name = {part.name.lower(): index for index, part in enumerate(parts)}
    doubtful = {}
    keys = {name.lower() for name, _ in table.keys}
    first_key = next((index for index, part in enumerate(parts) if part.name.lower() in keys), len(parts))
    missing = []
    for name, wanted in declared:
        index = by_name.get(name.lower())
        if index is None:
            missing.append(Part(name, F.lit(None).cast(types.to_spark(wanted)), wanted))
            continue
        part = parts[index]
        if part.kind == wanted:
            continue
        if _widens(part.kind, wanted):
            parts[index] = Part(part.name, columns.cast(part.column, part.kind, wanted), wanted)
        elif isinstance(part.kind, G.StringType) and isinstance(wanted, G.AtomicType):
            doubtful[index] = wanted
    if doubtful:
        _settle_text(frame, parts, doubtful)
    parts = parts[:first_key] + missing + parts[first_key:]
    return columns.select(frame, parts)


_WIDER = [G.ByteType, G.ShortType, G.IntegerType, G.LongType]


def _widens(kind, wanted):
    if isinstance(kind, (G.NullType, G.UnknownType)):
        return True
    if type(kind) in _WIDER and type(wanted) in _WIDER:
        return _WIDER.index(type(kind)) < _WIDER.index(type(wanted))
    if type(kind) in _WIDER:
        return isinstance(wanted, (G.DoubleType, G.FloatType, G.DecimalType))
    if isinstance(kind, G.FloatType):
        return isinstance(wanted, G.DoubleType)
    if isinstance(kind, G.ArrayType) and isinstance(wanted, G.ArrayType):
        return kind == wanted or kind.elementType == wanted.elementType or _widens(kind.elementType, wanted.elementType)
    if isinstance(kind, G.StructType) and isinstance(wanted, G.StructType):
        known = wanted.field_map
        return all(
            field.name in known
            and (field.dataType == known[field.name].dataType or _widens(field.dataType, known[field.name].dataType))
            for field in kind.fields
        )
    if isinstance(kind, G.StructType) and isinstance(wanted, G.MapType):
        return all(
            field.dataType == wanted.valueType or _widens(field.dataType, wanted.valueType) for field in kind.fields
        )
    return False


def _settle_text(frame, parts, doubtful):
    """Turns text columns into the types that are wanted of them, looking at all values once."""
    read = {index: _from_text(parts[index].column, wanted) for index, wanted in doubtful.items()}
    checks = []
    for index, value in read.items():
        text = parts[index].column
        bad = text.isNotNull() & (F.trim(text) != "") & value.isNull()
        checks += [F.max(bad).alias(f"bad{index}"), F.max(value.isNotNull()).alias(f"good{index}")]
    found = frame.agg(*checks).collect()[0]
    for index, wanted in doubtful.items():
        part, value = parts[index], read[index]
        if not found[f"bad{index}"]:
            parts[index] = Part(part.name, value, wanted)
        elif found[f"good{index}"]:
            choice = records.merge(wanted, G.StringType())
            options = {wanted.typeName(): value, "string": F.when(value.isNull(), part.column)}
            built = F.when(
                part.column.isNotNull() & (F.trim(part.column) != ""),
                F.struct(*[options[kind.typeName()].alias(kind.typeName()) for kind in choice.choices]),
            )
            parts[index] = Part(part.name, built, choice)
        # Else nothing could be read so: it stays text.


def _from_text(text, wanted):
    value = columns.cast(F.trim(text), G.StringType(), wanted)
    if type(wanted) in _WIDER:
        # Spark would cut 1.5 down to 1.
        return F.when(F.trim(text).rlike(r"^[+-]?\d+$"), value)
    return value
