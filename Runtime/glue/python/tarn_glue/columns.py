"""Rewrites of nested columns: a tree of Glue types beside the Spark columns that hold it.

Every rewrite takes and gives `Part`s (name, column, type), so that a place may become none, one or several.
"""

import collections

from awsglue import gluetypes as G
from pyspark.sql import functions as F

from . import types

Part = collections.namedtuple("Part", "name column kind")


def quoted(name):
    """A name for `F.col`, whatever characters it has."""
    return "`" + name.replace("`", "``") + "`"


def column(name):
    return F.col(quoted(name))


def parts_of(schema):
    """The top-level parts of a frame with this schema."""
    return [Part(field.name, column(field.name), field.dataType) for field in schema.fields]


def fields_of(part):
    """The parts below a struct."""
    return [Part(field.name, part.column.getField(field.name), field.dataType) for field in part.kind.fields]


def struct_of(parts, unless_null=None):
    """A struct of parts; null where `unless_null` is."""
    built = F.struct(*[part.column.alias(part.name) for part in parts]) if parts else F.struct()
    if unless_null is not None:
        built = F.when(unless_null.isNotNull(), built)
    return built, G.StructType([G.Field(part.name, part.kind) for part in parts])


def select(frame, parts):
    """The frame of these parts, and its schema. A frame without columns keeps its rows."""
    chosen = frame.select(*[part.column.alias(part.name) for part in parts])
    return chosen, G.StructType([G.Field(part.name, part.kind) for part in parts])


def rewrite(part, visit, path=()):
    """Rewrites a part and all below it, from below.

    `visit(path, part)` gives a list of parts in the place of one, or None to leave it. Paths are tuples of names; the
    elements of an array are named `[]`.
    """
    here = path + (part.name,)
    part = _rewrite_below(part, visit, here)
    replaced = visit(here, part)
    return [part] if replaced is None else replaced


def _rewrite_below(part, visit, path):
    kind = part.kind
    if isinstance(kind, G.StructType):
        below = [new for old in fields_of(part) for new in rewrite(old, visit, path)]
        if [(new.name, new.kind) for new in below] == [(field.name, field.dataType) for field in kind.fields]:
            return part
        built, new_kind = struct_of(below, part.column)
        return Part(part.name, built, new_kind)
    if isinstance(kind, G.ArrayType):
        changed = []

        def element(value):
            new = rewrite(Part("[]", value, kind.elementType), visit, path)
            if len(new) == 1:
                changed.append(new[0].kind)
                return new[0].column
            # A choice that became columns has no place for them in an array but a struct.
            built, new_kind = struct_of([Part(_without_brackets(n.name), n.column, n.kind) for n in new], value)
            changed.append(new_kind)
            return built

        if not _has_depth(kind.elementType):
            return part
        built = F.transform(part.column, element)
        if changed[-1] == kind.elementType:
            return part
        return Part(part.name, built, G.ArrayType(changed[-1]))
    return part


def _without_brackets(name):
    return name.removeprefix("[]").lstrip("_") or "element"


def _has_depth(kind):
    return isinstance(kind, (G.StructType, G.ArrayType, G.ChoiceType, G.NullType))


def cast(part_column, kind, target):
    """A column of type `kind` as `target`; what cannot be read as one is null. Choices give the value they hold."""
    if kind == target:
        return part_column
    if isinstance(kind, G.ChoiceType):
        options = [cast(part_column.getField(choice.typeName()), choice, target) for choice in kind.choices]
        return F.coalesce(*options) if options else F.lit(None).cast(types.to_spark(target))
    wanted = types.to_spark(target)
    if isinstance(target, G.StringType) and isinstance(kind, (G.StructType, G.ArrayType, G.MapType)):
        return F.to_json(part_column)
    if isinstance(target, G.BinaryType) and isinstance(kind, (G.StructType, G.ArrayType, G.MapType)):
        return F.to_json(part_column).cast(wanted)
    if isinstance(kind, G.StructType) and isinstance(target, G.StructType):
        known = kind.field_map
        built, _ = struct_of(
            [
                Part(
                    field.name,
                    cast(part_column.getField(field.name), known[field.name].dataType, field.dataType)
                    if field.name in known
                    else F.lit(None).cast(types.to_spark(field.dataType)),
                    field.dataType,
                )
                for field in target.fields
            ],
            part_column,
        )
        return built
    if isinstance(kind, G.StructType) and isinstance(target, G.MapType) and kind.fields:
        pairs = [
            piece
            for field in kind.fields
            for piece in (F.lit(field.name), cast(part_column.getField(field.name), field.dataType, target.valueType))
        ]
        return F.when(part_column.isNotNull(), F.map_filter(F.create_map(*pairs), lambda _, v: v.isNotNull()))
    if isinstance(kind, G.ArrayType) and isinstance(target, G.ArrayType):
        return F.transform(part_column, lambda value: cast(value, kind.elementType, target.elementType))
    if isinstance(kind, G.StringType) and isinstance(target, (G.StructType, G.ArrayType, G.MapType)):
        return F.from_json(part_column, wanted)
    if _is_nested(kind) or _is_nested(target):
        if isinstance(kind, G.MapType) and isinstance(target, G.MapType):
            return part_column.cast(wanted)
        return F.lit(None).cast(wanted)
    if not _castable(kind, target):
        return F.lit(None).cast(wanted)
    if isinstance(kind, G.TimestampType) and isinstance(target, (G.IntegerType, G.ShortType, G.ByteType)):
        return part_column.cast("long").cast(wanted)
    return part_column.cast(wanted)


def _is_nested(kind):
    return isinstance(kind, (G.StructType, G.ArrayType, G.MapType))


_NUMBERS = (G.ByteType, G.ShortType, G.IntegerType, G.LongType, G.FloatType, G.DoubleType, G.DecimalType)


def _castable(kind, target):
    """Casts that Spark's analyzer refuses have no value in AWS either."""
    if isinstance(kind, G.NullType) or isinstance(target, G.StringType):
        return True
    if isinstance(kind, G.StringType):
        return True
    if isinstance(kind, G.BinaryType) or isinstance(target, G.BinaryType):
        return isinstance(kind, _NUMBERS[:4]) and isinstance(target, G.BinaryType)
    if isinstance(kind, G.DateType):
        return isinstance(target, G.TimestampType)
    if isinstance(target, G.DateType):
        return isinstance(kind, G.TimestampType)
    return True


def path_of(text):
    """The names of a path: parts at dots, names with dots in backticks, `[]` for an array's elements."""
    names, at, current = [], 0, ""
    quoted_part = False
    while at < len(text):
        character = text[at]
        if character == "`":
            quoted_part = not quoted_part
        elif character == "." and not quoted_part:
            names.append(current)
            current = ""
        elif text.startswith("[]", at) and not quoted_part:
            names.append(current)
            current = "[]"
            at += 1
        else:
            current += character
        at += 1
    names.append(current)
    return tuple(name for name in names if name != "")


def find(schema, path):
    """The part at a path of names, or None. A name with dots may be written without backticks when it is one field's.

    Inside a choice the struct among its types is meant.
    """
    if len(path) > 1 and ".".join(path) in schema.field_map:
        path = (".".join(path),)
    parts = parts_of(schema)
    found = None
    for name in path:
        found = next((part for part in parts if part.name == name), None)
        if found is None:
            return None
        kind = found.kind
        if isinstance(kind, G.ChoiceType) and "struct" in kind.choice_map:
            inner = Part(found.name, found.column.getField("struct"), kind.choice_map["struct"])
            parts = fields_of(inner)
        elif isinstance(kind, G.StructType):
            parts = fields_of(found)
        else:
            parts = []
    return found
