"""Self-describing records in Python: their types, found by looking, and their form in Spark.

A record is a dictionary. This is where choices come from: a scan merges the types of all records, and values of one
place that have different types make a choice. (Spark's own inference would make them strings.)
"""

import datetime
import decimal

from awsglue import gluetypes as G

INT_MAX = 2**31
LONG_MAX = 2**63
DECIMAL_DIGITS_MAX = 38


def infer(value):
    """The Glue type of one value."""
    kind = type(value)
    if value is None:
        return G.NullType()
    if kind is bool:
        return G.BooleanType()
    if kind is int:
        return _integer(value)
    if kind is float:
        return G.DoubleType()
    if kind is str:
        return G.StringType()
    if isinstance(value, MapValue):
        key, element = G.StringType() if not value else G.NullType(), G.NullType()
        for name, item in value.items():
            key, element = merge(key, infer(name)), merge(element, infer(item))
        return G.MapType(key, element)
    if isinstance(value, dict):
        return G.StructType([G.Field(str(name), infer(item)) for name, item in value.items()])
    if isinstance(value, (list, tuple, set, frozenset)) and not hasattr(value, "__fields__"):
        element = G.NullType()
        for item in value:
            element = merge(element, infer(item))
        return G.ArrayType(element)
    if isinstance(value, decimal.Decimal):
        return _decimal(value)
    if isinstance(value, datetime.datetime):
        return G.TimestampType()
    if isinstance(value, datetime.date):
        return G.DateType()
    if isinstance(value, (bytes, bytearray)):
        return G.BinaryType()
    if hasattr(value, "asDict"):
        return infer(value.asDict())
    if hasattr(value, "item"):  # a scalar of numpy's
        return infer(value.item())
    raise TypeError(f"a record cannot hold a {kind.__name__}")


def _integer(value):
    if -INT_MAX <= value < INT_MAX:
        return G.IntegerType()
    if -LONG_MAX <= value < LONG_MAX:
        return G.LongType()
    return G.DecimalType(DECIMAL_DIGITS_MAX, 0) if abs(value) < 10**DECIMAL_DIGITS_MAX else G.DoubleType()


def _decimal(value):
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):  # NaN, infinity
        return G.DoubleType()
    scale = max(0, -exponent)
    precision = max(len(digits) + max(0, exponent), scale, 1)
    if precision > DECIMAL_DIGITS_MAX:
        return G.DoubleType()
    return G.DecimalType(precision, scale)


def merge(left, right):
    """The type that holds both: nothing gives way to something, structs merge by field, all else becomes a choice."""
    if left == right or isinstance(right, (G.NullType, G.UnknownType)):
        return left
    if isinstance(left, (G.NullType, G.UnknownType)):
        return right
    if isinstance(left, G.ChoiceType) or isinstance(right, G.ChoiceType):
        found = {}
        for choice in _choices(left) + _choices(right):
            name = choice.typeName()
            found[name] = merge(found[name], choice) if name in found else choice
        return G.ChoiceType(list(found.values()))
    if type(left) is type(right):
        return _merge_alike(left, right)
    return G.ChoiceType([left, right])


def _choices(kind):
    return kind.choices if isinstance(kind, G.ChoiceType) else [kind]


def _merge_alike(left, right):
    if isinstance(left, G.StructType):
        fields = {field.name: field.dataType for field in left.fields}
        for field in right.fields:
            fields[field.name] = merge(fields[field.name], field.dataType) if field.name in fields else field.dataType
        return G.StructType([G.Field(name, kind) for name, kind in fields.items()])
    if isinstance(left, G.ArrayType):
        return G.ArrayType(merge(left.elementType, right.elementType))
    if isinstance(left, G.MapType):
        return G.MapType(merge(left.keyType, right.keyType), merge(left.valueType, right.valueType))
    if isinstance(left, G.DecimalType):
        scale = max(left.scale, right.scale)
        whole = max(left.precision - left.scale, right.precision - right.scale)
        return G.DecimalType(min(DECIMAL_DIGITS_MAX, whole + scale), min(scale, DECIMAL_DIGITS_MAX))
    return left


class MapValue(dict):
    """A map's value in a record: a dictionary that stays a map when a script hands it back."""


class Scan:
    """Merges the types of many records; remembers the forms of flat ones, which repeat."""

    FORMS_MAX = 10_000

    def __init__(self):
        self.schema = G.StructType()
        self._seen = set()

    def add(self, record):
        form = tuple([(name, type(value)) for name, value in record.items()])
        # The form alone says the type, except for what has parts or a size.
        plain = all(kind in _FLAT and (kind is not int or -INT_MAX <= record[name] < INT_MAX) for name, kind in form)
        if plain and form in self._seen:
            return
        self.schema = merge(self.schema, infer(record))
        if plain and len(self._seen) < self.FORMS_MAX:
            self._seen.add(form)


_FLAT = frozenset((str, int, float, bool, type(None)))


def scan(records):
    """The merged type of an iterator's records."""
    found = Scan()
    for record in records:
        found.add(record)
    return found.schema


def to_spark(value, kind):
    """A value in the form that Spark takes for the type: tuples for structs, one set field for choices."""
    if value is None:
        return None
    if isinstance(kind, G.StructType):
        record = value.asDict() if hasattr(value, "asDict") else value
        return tuple(to_spark(record.get(field.name), field.dataType) for field in kind.fields)
    if isinstance(kind, G.ChoiceType):
        name = _chosen(value, kind)
        return tuple(to_spark(value, choice) if choice.typeName() == name else None for choice in kind.choices)
    if isinstance(kind, G.ArrayType):
        return [to_spark(item, kind.elementType) for item in value]
    if isinstance(kind, G.MapType):
        return {to_spark(key, kind.keyType): to_spark(item, kind.valueType) for key, item in value.items()}
    if hasattr(value, "item") and not isinstance(value, (bytes, bytearray)):
        value = value.item()
    if isinstance(kind, (G.DoubleType, G.FloatType)):
        return float(value)
    if isinstance(kind, G.DecimalType) and isinstance(value, int):
        return decimal.Decimal(value)
    return value


def _chosen(value, kind):
    name = infer(value).typeName()
    return (
        name
        if name in kind.choice_map
        else next(
            (wider for wider in ("long", "decimal", "double") if name in ("int", "long") and wider in kind.choice_map),
            name,
        )
    )


def from_spark(value, kind):
    """A Spark value as scripts see records: dictionaries for structs, the one value of a choice."""
    if value is None:
        return None
    if isinstance(kind, G.StructType):
        return {field.name: from_spark(item, field.dataType) for field, item in zip(kind.fields, value)}
    if isinstance(kind, G.ChoiceType):
        for choice, item in zip(kind.choices, value):
            if item is not None:
                return from_spark(item, choice)
        return None
    if isinstance(kind, G.ArrayType):
        return [from_spark(item, kind.elementType) for item in value]
    if isinstance(kind, G.MapType):
        return MapValue((key, from_spark(item, kind.valueType)) for key, item in value.items())
    return value


def holds_choice(kind):
    """Whether a choice stands anywhere in a type."""
    return isinstance(kind, G.ChoiceType) or any(holds_choice(branch) for _, branch in kind.branches())


def holds_records(kind):
    """Whether a value of the type looks different to Python than to Spark."""
    return isinstance(kind, (G.StructType, G.ChoiceType)) or any(holds_records(branch) for _, branch in kind.branches())


def settle(kind, hint):
    """Widens what a script handed back to what it was given: Python's integer says nothing of `long` or `short`."""
    if isinstance(kind, G.StructType) and isinstance(hint, G.StructType):
        known = hint.field_map
        return G.StructType(
            [
                G.Field(
                    field.name,
                    settle(field.dataType, known[field.name].dataType) if field.name in known else field.dataType,
                )
                for field in kind.fields
            ]
        )
    if isinstance(kind, G.ArrayType) and isinstance(hint, G.ArrayType):
        return G.ArrayType(settle(kind.elementType, hint.elementType))
    if isinstance(kind, G.MapType) and isinstance(hint, G.MapType):
        return G.MapType(
            kind.keyType if not isinstance(kind.keyType, G.NullType) else hint.keyType,
            settle(kind.valueType, hint.valueType),
        )
    if isinstance(kind, G.NullType):
        return hint
    if isinstance(kind, G.DoubleType) and isinstance(hint, G.FloatType):
        return hint
    if isinstance(kind, G.IntegerType) and isinstance(hint, (G.LongType, G.ShortType, G.ByteType)):
        return hint if isinstance(hint, G.LongType) else kind
    if isinstance(kind, G.DecimalType) and isinstance(hint, G.DecimalType):
        return merge(kind, hint)
    return kind
