"""Between Glue's types and Spark's.

A choice is, in Spark, a struct with one field per type, named by it (`struct<int:int,string:string>`), of which one is
set. That is what AWS's `toDF` gives as well.
"""

from awsglue import gluetypes as G
from pyspark.sql import types as S

_ATOMIC = {
    G.BinaryType: S.BinaryType,
    G.BooleanType: S.BooleanType,
    G.ByteType: S.ByteType,
    G.DateType: S.DateType,
    G.DoubleType: S.DoubleType,
    G.FloatType: S.FloatType,
    G.IntegerType: S.IntegerType,
    G.LongType: S.LongType,
    G.NullType: S.NullType,
    G.ShortType: S.ShortType,
    G.StringType: S.StringType,
    G.TimestampType: S.TimestampType,
    G.UnknownType: S.NullType,
    G.EntityType: S.StringType,
}
_FROM_SPARK = {spark: glue for glue, spark in _ATOMIC.items() if glue not in (G.UnknownType, G.EntityType)}
_NAMES = {
    "tinyint": G.ByteType,
    "smallint": G.ShortType,
    "integer": G.IntegerType,
    "bigint": G.LongType,
    "real": G.FloatType,
    "bool": G.BooleanType,
    "varchar": G.StringType,
    "char": G.StringType,
    "void": G.NullType,
    "text": G.StringType,
    "bytes": G.BinaryType,
    "number": G.DoubleType,
    **{kind.name: kind for kind in _ATOMIC},
}


def to_spark(kind):
    """The Spark type of a Glue type."""
    if isinstance(kind, G.DecimalType):
        return S.DecimalType(kind.precision, kind.scale)
    if isinstance(kind, G.ArrayType):
        return S.ArrayType(to_spark(kind.elementType))
    if isinstance(kind, G.MapType):
        return S.MapType(to_spark(kind.keyType), to_spark(kind.valueType))
    if isinstance(kind, G.StructType):
        return S.StructType([S.StructField(field.name, to_spark(field.dataType)) for field in kind.fields])
    if isinstance(kind, G.ChoiceType):
        return S.StructType([S.StructField(choice.typeName(), to_spark(choice)) for choice in kind.choices])
    return _ATOMIC[type(kind)]()


def from_spark(kind):
    """The Glue type of a Spark type, which holds no choices; raises `ValueError` for a type that Glue has not."""
    if isinstance(kind, S.DecimalType):
        return G.DecimalType(kind.precision, kind.scale)
    if isinstance(kind, S.ArrayType):
        return G.ArrayType(from_spark(kind.elementType))
    if isinstance(kind, S.MapType):
        return G.MapType(from_spark(kind.keyType), from_spark(kind.valueType))
    if isinstance(kind, S.StructType):
        return G.StructType([G.Field(field.name, from_spark(field.dataType)) for field in kind.fields])
    if isinstance(kind, (S.VarcharType, S.CharType)):
        return G.StringType()
    if isinstance(kind, S.TimestampNTZType):
        return G.TimestampType()
    if type(kind) in _FROM_SPARK:
        return _FROM_SPARK[type(kind)]()
    raise ValueError(f"a DynamicFrame cannot hold the type {kind.simpleString()}")


def parse(text):
    """The Glue type that a mapping, a cast or the catalog names: `int`, `decimal(10,2)`, `array<struct<a:int>>`, ….

    Raises `ValueError` for what is no type.
    """
    kind, rest = _parse(text.strip())
    if rest.strip():
        raise ValueError(f"{text!r} is no type: {rest!r} is left over")
    return kind


def _parse(text):
    at = 0
    while at < len(text) and (text[at].isalnum() or text[at] == "_"):
        at += 1
    name, rest = text[:at].lower(), text[at:].lstrip()
    if name in ("decimal", "varchar", "char", "numeric"):
        numbers = []
        if rest.startswith("("):
            inside, closed, rest = rest[1:].partition(")")
            numbers = [part.strip() for part in inside.split(",")]
            if not closed or not all(part.isdigit() for part in numbers):
                raise ValueError(f"{text!r} is no type")
        if name in ("varchar", "char"):
            return G.StringType(), rest
        precision = int(numbers[0]) if numbers else 10
        scale = int(numbers[1]) if len(numbers) > 1 else (0 if numbers else 2)
        if not 1 <= precision <= 38 or scale > precision:
            raise ValueError(f"{text!r}: a decimal has 1 to 38 digits, and no more of them behind the point")
        return G.DecimalType(precision, scale), rest
    if name in ("array", "set", "map", "struct", "uniontype", "choice") and rest.startswith("<"):
        return _parse_nested(name, rest[1:], text)
    if name in _NAMES:
        return _NAMES[name](), rest
    if name == "array":
        return G.ArrayType(), rest
    if name == "struct":
        return G.StructType(), rest
    if name == "map":
        return G.MapType(), rest
    raise ValueError(f"{text!r} is no type")


def _parse_nested(name, rest, whole):
    parts = []
    while True:
        label = None
        if name == "struct":
            label, colon, rest = rest.partition(":")
            if not colon:
                raise ValueError(f"{whole!r} is no type")
        kind, rest = _parse(rest.strip())
        parts.append((label.strip().strip("`") if label is not None else None, kind))
        rest = rest.lstrip()
        if rest.startswith(","):
            rest = rest[1:]
            continue
        if not rest.startswith(">"):
            raise ValueError(f"{whole!r} is no type: a '>' is missing")
        rest = rest[1:]
        break
    kinds = [kind for _, kind in parts]
    if name == "struct":
        return G.StructType([G.Field(label, kind) for label, kind in parts]), rest
    if name == "map":
        if len(kinds) != 2:
            raise ValueError(f"{whole!r}: a map has a key and a value")
        return G.MapType(*kinds), rest
    if name in ("uniontype", "choice"):
        return G.ChoiceType(kinds), rest
    if len(kinds) != 1:
        raise ValueError(f"{whole!r}: an array has one type of element")
    return G.ArrayType(kinds[0]), rest
