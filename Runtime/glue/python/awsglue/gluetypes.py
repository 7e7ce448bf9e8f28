"""Types of self-describing records: Spark's, and the choice between several."""


class DataType:
    """A type; `properties` are kept and not looked at."""

    name = "unknown"

    def __init__(self, properties=None):
        self.properties = dict(properties or {})

    @classmethod
    def typeName(cls):
        return cls.name

    def jsonValue(self):
        return {"dataType": self.typeName(), "properties": self.properties}

    def __eq__(self, other):
        return type(self) is type(other) and self._key() == other._key()

    def __hash__(self):
        return hash((type(self), self._key()))

    def _key(self):
        return ()

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(map(repr, self._key()))})"

    def branches(self):
        """What a tree of the type shows below it: (name, type) pairs."""
        return []


class AtomicType(DataType):
    """A type without parts."""


def _atomic(class_name, name):
    return type(class_name, (AtomicType,), {"name": name, "__doc__": f"`{name}`.", "__module__": __name__})


BinaryType = _atomic("BinaryType", "binary")
BooleanType = _atomic("BooleanType", "boolean")
ByteType = _atomic("ByteType", "byte")
DateType = _atomic("DateType", "date")
DoubleType = _atomic("DoubleType", "double")
FloatType = _atomic("FloatType", "float")
IntegerType = _atomic("IntegerType", "int")
LongType = _atomic("LongType", "long")
NullType = _atomic("NullType", "null")
ShortType = _atomic("ShortType", "short")
StringType = _atomic("StringType", "string")
TimestampType = _atomic("TimestampType", "timestamp")
UnknownType = _atomic("UnknownType", "unknown")


class DecimalType(AtomicType):
    """A decimal; AWS's `decimal` without numbers is `decimal(10,2)`."""

    name = "decimal"

    def __init__(self, precision=10, scale=2, properties=None):
        super().__init__(properties)
        self.precision = precision
        self.scale = scale

    def jsonValue(self):
        return {**super().jsonValue(), "precision": self.precision, "scale": self.scale}

    def _key(self):
        return (self.precision, self.scale)


class ArrayType(DataType):
    """An array of elements of one type (which may be a choice)."""

    name = "array"

    def __init__(self, elementType=None, properties=None):
        super().__init__(properties)
        self.elementType = elementType or UnknownType()

    def jsonValue(self):
        return {**super().jsonValue(), "elementType": self.elementType.jsonValue()}

    def _key(self):
        return (self.elementType,)

    def branches(self):
        return [("element", self.elementType)]


class SetType(ArrayType):
    """A set; shown, and treated as an array."""

    name = "set"


class MapType(DataType):
    """A map; keys are strings unless a DataFrame says otherwise."""

    name = "map"

    def __init__(self, keyType=None, valueType=None, properties=None):
        super().__init__(properties)
        # AWS's own constructor takes the value's type alone.
        if valueType is None and keyType is not None:
            keyType, valueType = StringType(), keyType
        self.keyType = keyType or StringType()
        self.valueType = valueType or UnknownType()

    def jsonValue(self):
        return {**super().jsonValue(), "keyType": self.keyType.jsonValue(), "valueType": self.valueType.jsonValue()}

    def _key(self):
        return (self.keyType, self.valueType)

    def branches(self):
        return [("keyType", self.keyType), ("valueType", self.valueType)]


class Field:
    """A named part of a struct."""

    def __init__(self, name, dataType, properties=None):
        self.name = name
        self.dataType = dataType
        self.properties = dict(properties or {})

    def jsonValue(self):
        return {"name": self.name, "container": self.dataType.jsonValue(), "properties": self.properties}

    def __eq__(self, other):
        return isinstance(other, Field) and (self.name, self.dataType) == (other.name, other.dataType)

    def __hash__(self):
        return hash((self.name, self.dataType))

    def __repr__(self):
        return f"Field({self.name}, {self.dataType!r})"


class StructType(DataType):
    """Named fields in their order of appearance."""

    name = "struct"

    def __init__(self, fields=None, properties=None):
        super().__init__(properties)
        self.fields = list(fields or [])

    @property
    def field_map(self):
        return {field.name: field for field in self.fields}

    def add(self, field):
        self.fields.append(field)
        return self

    def jsonValue(self):
        return {**super().jsonValue(), "fields": [field.jsonValue() for field in self.fields]}

    def _key(self):
        return tuple(self.fields)

    def __iter__(self):
        return iter(self.fields)

    def branches(self):
        return [(field.name, field.dataType) for field in self.fields]


class EntityType(DataType):
    """Kept for scripts that name it."""

    name = "entity"


class ChoiceType(DataType):
    """Values of several types in one place; each value has one of them. The order is that of the types' names."""

    name = "choice"

    def __init__(self, choices=None, properties=None):
        super().__init__(properties)
        unique = {}
        for choice in choices or []:
            unique.setdefault(choice.typeName(), choice)
        self.choices = [unique[name] for name in sorted(unique)]

    @property
    def choice_map(self):
        return {choice.typeName(): choice for choice in self.choices}

    def jsonValue(self):
        return {**super().jsonValue(), "choices": [choice.jsonValue() for choice in self.choices]}

    def _key(self):
        return tuple(self.choices)

    def branches(self):
        return [(None, choice) for choice in self.choices]


_ATOMIC_BY_NAME = {
    kind.name: kind
    for kind in (
        BinaryType,
        BooleanType,
        ByteType,
        DateType,
        DoubleType,
        FloatType,
        IntegerType,
        LongType,
        NullType,
        ShortType,
        StringType,
        TimestampType,
        UnknownType,
    )
}


def deserialize(value):
    """The type that `jsonValue()` described; raises `ValueError` for another form."""
    name = value.get("dataType") if isinstance(value, dict) else value
    if name in _ATOMIC_BY_NAME:
        return _ATOMIC_BY_NAME[name]()
    if name == "decimal":
        return DecimalType(value.get("precision", 10), value.get("scale", 2))
    if name in ("array", "set"):
        return (ArrayType if name == "array" else SetType)(deserialize(value["elementType"]))
    if name == "map":
        return MapType(deserialize(value.get("keyType", "string")), deserialize(value["valueType"]))
    if name == "choice":
        return ChoiceType([deserialize(choice) for choice in value["choices"]])
    if name == "struct":
        return StructType([Field(field["name"], deserialize(field["container"])) for field in value["fields"]])
    raise ValueError(f"{name!r} is no type of Glue's")


def tree_string(schema):
    """The schema as `printSchema` shows it."""
    lines = ["root"]

    def show(branches, depth):
        for name, kind in branches:
            lines.append("|    " * depth + "|-- " + (f"{name}: {kind.typeName()}" if name else kind.typeName()))
            show(kind.branches(), depth + 1)

    show(schema.branches(), 0)
    return "\n".join(lines) + "\n"
