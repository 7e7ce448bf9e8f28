"""Relationalize and unnest: nested records as flat tables."""

from awsglue import gluetypes as G
from pyspark.sql import functions as F

from . import columns
from .columns import Part

ID, INDEX, VALUE = "id", "index", "val"


def flatten(parts, prefix=""):
    """Structs (and choices' structs) become columns named by their path, with dots."""
    flat = []
    for part in parts:
        name = prefix + part.name
        if isinstance(part.kind, G.StructType):
            flat.extend(flatten(columns.fields_of(part), name + "."))
        elif isinstance(part.kind, G.ChoiceType):
            # As AWS does: a choice's types become columns beside each other, a struct among them its fields.
            for choice in part.kind.choices:
                below = Part(choice.typeName(), part.column.getField(choice.typeName()), choice)
                flat.extend(flatten([below], name + "."))
        else:
            flat.append(Part(name, part.column, part.kind))
    return flat


def relationalize(frame, schema, root):
    """A list of (table name, frame, schema): the root, and one table for each array and map below it.

    In the place of an array stands a key, which the array's table has as `id`, with the element's `index`.
    Keys are given out once: the rows are kept where they are computed (a local checkpoint), because a second
    computation of the same rows, in another order, would give other keys and break every join between the tables.
    """
    tables = []
    _take(frame, columns.parts_of(schema), root, root, tables)
    return tables


def _take(frame, parts, name, root, tables):
    """Adds the table of these parts, then those of its arrays; `name` is the table's."""
    flat = flatten(parts)
    nested = [part for part in flat if isinstance(part.kind, (G.ArrayType, G.MapType))]
    if not nested:
        tables.append((name, *columns.select(frame, flat)))
        return
    keyed = frame.select(
        *[part.column.alias(part.name) for part in flat], F.monotonically_increasing_id().alias(_KEY)
    ).localCheckpoint(eager=True)
    key = columns.column(_KEY)
    shown = []
    for part in flat:
        at = columns.column(part.name)
        if part in nested:
            # A record without the array has no key; one whose array is empty has a key that joins with nothing.
            shown.append(Part(part.name, F.when(at.isNotNull(), key + 1), G.LongType()))
        else:
            shown.append(Part(part.name, at, part.kind))
    tables.append((name, *columns.select(keyed, shown)))
    for part in nested:
        _take_nested(keyed, part, root, tables)


_KEY = "__tarn_relationalize_key"


def _take_nested(keyed, part, root, tables):
    array = columns.column(part.name)
    # A flat column's name is its path from the root, so this is the table's, however deep it lies.
    table = f"{root}_{part.name}"
    base = part.name
    key = (columns.column(_KEY) + 1).alias(ID)
    if isinstance(part.kind, G.MapType):
        exploded = keyed.select(key, F.posexplode(F.map_entries(array)).alias(INDEX, VALUE))
        value = F.col(VALUE)
        below = [
            Part(f"{base}.key", value.getField("key"), part.kind.keyType),
            Part(f"{base}.{VALUE}", value.getField("value"), part.kind.valueType),
        ]
    else:
        exploded = keyed.select(key, F.posexplode(array).alias(INDEX, VALUE))
        below = [Part(f"{base}.{VALUE}", F.col(VALUE), part.kind.elementType)]
    parts = [Part(ID, F.col(ID), G.LongType()), Part(INDEX, F.col(INDEX), G.IntegerType()), *below]
    _take(exploded, parts, table, root, tables)


def unnest(parts, prefix=""):
    """Structs become columns named by their path; arrays, maps and choices stay what they are."""
    found = []
    for part in parts:
        name = prefix + part.name
        if isinstance(part.kind, G.StructType) and part.kind.fields:
            found.extend(unnest(columns.fields_of(part), name + "."))
        else:
            found.append(Part(name, part.column, part.kind))
    return found
