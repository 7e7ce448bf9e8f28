"""Several frames as one, and one as several: joins, merges, unions, rows apart."""

from awsglue import gluetypes as G
from pyspark.sql import functions as F

from . import columns, records, types
from .columns import Part


def _key(schema, path):
    found = columns.find(schema, path)
    if found is None:
        raise ValueError(f"there is no field {'.'.join(path)}")
    if isinstance(found.kind, (G.ChoiceType, G.StructType, G.ArrayType, G.MapType)):
        return columns.cast(found.column, found.kind, G.StringType())
    return found.column


def join(left, right, paths_left, paths_right):
    (first, first_schema), (second, second_schema) = left, right
    keys = [f"__tarn_key{index}" for index in range(len(paths_left))]
    first = first.select("*", *[_key(first_schema, path).alias(key) for path, key in zip(paths_left, keys)])
    second = second.select("*", *[_key(second_schema, path).alias(key) for path, key in zip(paths_right, keys)])
    renamed_keys = [f"__tarn_right{key}" for key in keys]
    renamed = second.select(
        *[
            columns.column(field.name).alias(f"__tarn_right_{index}")
            for index, field in enumerate(second_schema.fields)
        ],
        *[columns.column(key).alias(new) for key, new in zip(keys, renamed_keys)],
    )
    condition = None
    for key, other in zip(keys, renamed_keys):
        equal = columns.column(key) == columns.column(other)
        condition = equal if condition is None else condition & equal
    joined = first.join(renamed, condition)
    taken = set(first_schema.field_map)
    parts = columns.parts_of(first_schema)
    for index, field in enumerate(second_schema.fields):
        name = field.name
        while name in taken:
            name = "." + name
        taken.add(name)
        parts.append(Part(name, columns.column(f"__tarn_right_{index}"), field.dataType))
    return columns.select(joined, parts)


_COMPARISONS = {
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    "=": lambda a, b: a == b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
}


def split_rows(frame, schema, comparisons, matching):
    condition = F.lit(True)
    for path, tests in comparisons.items():
        found = columns.find(schema, columns.path_of(path))
        if found is None:
            raise ValueError(f"there is no field {path}")
        for sign, value in tests.items():
            if sign not in _COMPARISONS:
                raise ValueError(f"{sign!r} is no comparison: {', '.join(_COMPARISONS)}")
            condition = condition & _COMPARISONS[sign](found.column, F.lit(value))
    condition = F.coalesce(condition, F.lit(False))
    return frame.filter(condition if matching else ~condition)


def merge_frames(source, stage, keys):
    (old, old_schema), (new, new_schema) = source, stage
    names = [f"__tarn_key{index}" for index in range(len(keys))]
    staged = new.select(
        *[_key(new_schema, path).alias(f"__tarn_stage{name}") for path, name in zip(keys, names)]
    ).distinct()
    kept = old.select("*", *[_key(old_schema, path).alias(name) for path, name in zip(keys, names)])
    condition = None
    for name in names:
        equal = columns.column(name).eqNullSafe(columns.column(f"__tarn_stage{name}"))
        condition = equal if condition is None else condition & equal
    kept = kept.join(staged, condition, "left_anti").drop(*names)
    return union((kept, old_schema), stage)


def union(left, right):
    (first, first_schema), (second, second_schema) = left, right
    merged = records.merge(first_schema, second_schema)
    return widened(first, first_schema, merged).unionAll(widened(second, second_schema, merged)), merged


def widened(frame, schema, target):
    """A frame in the form of a schema that holds its own."""
    known = {part.name: part for part in columns.parts_of(schema)}
    return frame.select(
        *[
            (
                widen(known[field.name].column, known[field.name].kind, field.dataType)
                if field.name in known
                else F.lit(None).cast(types.to_spark(field.dataType))
            ).alias(field.name)
            for field in target.fields
        ]
    )


def widen(column, kind, target):
    """A value in a wider type: fields more, or one of a choice."""
    if kind == target:
        return column
    wanted = types.to_spark(target)
    if isinstance(kind, (G.NullType, G.UnknownType)):
        return F.lit(None).cast(wanted)
    if isinstance(target, G.ChoiceType):
        given = (
            {choice.typeName(): (column.getField(choice.typeName()), choice) for choice in kind.choices}
            if isinstance(kind, G.ChoiceType)
            else {kind.typeName(): (column, kind)}
        )
        return F.when(
            column.isNotNull(),
            F.struct(
                *[
                    (
                        widen(*given[choice.typeName()], choice)
                        if choice.typeName() in given
                        else F.lit(None).cast(types.to_spark(choice))
                    ).alias(choice.typeName())
                    for choice in target.choices
                ]
            ),
        )
    if isinstance(kind, G.StructType):
        known = kind.field_map
        return F.when(
            column.isNotNull(),
            F.struct(
                *[
                    (
                        widen(column.getField(field.name), known[field.name].dataType, field.dataType)
                        if field.name in known
                        else F.lit(None).cast(types.to_spark(field.dataType))
                    ).alias(field.name)
                    for field in target.fields
                ]
            ),
        )
    if isinstance(kind, G.ArrayType):
        return F.transform(column, lambda value: widen(value, kind.elementType, target.elementType))
    if isinstance(kind, G.MapType):
        return F.transform_values(column, lambda _, value: widen(value, kind.valueType, target.valueType))
    return column.cast(wanted)
