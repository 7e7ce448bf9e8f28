"""Avro's binary encoding of single values, as messages of streams hold them."""

import base64
import datetime
import json
import struct

PRIMITIVES = {"null", "boolean", "int", "long", "float", "double", "bytes", "string"}
VALUES_MAX = 1_000_000
EPOCH = datetime.datetime(1970, 1, 1)


class Schema:
    """A writer's schema: reads what it wrote, and says which columns that has."""

    def __init__(self, definition):
        self.named = {}
        self.root = self._prepared(json.loads(definition), "")

    def _prepared(self, schema, space):
        """The schema with full names for its named types, which are kept aside."""
        if isinstance(schema, list):
            return [self._prepared(branch, space) for branch in schema]
        if isinstance(schema, str):
            if schema in PRIMITIVES:
                return {"type": schema}
            full = schema if "." in schema or not space else f"{space}.{schema}"
            return {"type": "named", "name": full if full in self.named else schema}
        kind = schema.get("type")
        if not isinstance(kind, str):
            return self._prepared(kind, space)
        if kind == "array":
            return {"type": kind, "items": self._prepared(schema["items"], space)}
        if kind == "map":
            return {"type": kind, "values": self._prepared(schema["values"], space)}
        if kind in ("record", "error", "enum", "fixed"):
            return self._declared(schema, kind, space)
        if kind in PRIMITIVES:
            return {name: schema[name] for name in ("type", "logicalType", "precision", "scale") if name in schema}
        return self._prepared(kind, space)

    def _declared(self, schema, kind, space):
        name, space = schema["name"], schema.get("namespace", space)
        if "." in name:
            space = name.rpartition(".")[0]
        full = name if "." in name or not space else f"{space}.{name}"
        made = self.named[full] = dict(schema, type=kind)
        if kind in ("record", "error"):
            made["type"] = "record"
            made["fields"] = [
                {"name": field["name"], "type": self._prepared(field["type"], space)} for field in schema["fields"]
            ]
        return {"type": "named", "name": full}

    def read(self, data):
        """The value as what `json` writes: bytes as base64, moments and decimals as text. Raises `ValueError`."""
        reader = _Reader(self.named, data)
        try:
            value = reader.value(self.root)
        except (IndexError, KeyError, struct.error, RecursionError, OverflowError, UnicodeDecodeError) as error:
            raise ValueError(f"A record was not written with its Avro schema: {error!r}") from error
        if reader.place != len(data):
            raise ValueError("A record was not written with its Avro schema: bytes follow its value")
        return value

    def columns(self):
        """The fields of the root record as Spark's DDL. Raises `ValueError` for a schema of anything else."""
        root = self.named.get(self.root["name"]) if isinstance(self.root, dict) and "name" in self.root else None
        if not root or root["type"] != "record":
            raise ValueError("The Avro schema of a stream is a record's")
        return ", ".join(f"`{field['name']}` {self._ddl(field['type'], ())}" for field in root["fields"])

    def _ddl(self, schema, open_names):
        if isinstance(schema, list):
            branches = [branch for branch in schema if branch != {"type": "null"}]
            return self._ddl(branches[0], open_names) if len(branches) == 1 else "string"
        kind, logical = schema["type"], schema.get("logicalType")
        if kind == "named":
            named = self.named[schema["name"]]
            if schema["name"] in open_names:
                raise ValueError(f"{schema['name']} holds itself, which Spark's types cannot")
            if named["type"] == "record":
                inner = (*open_names, schema["name"])
                fields = [f"`{field['name']}`: {self._ddl(field['type'], inner)}" for field in named["fields"]]
                return f"struct<{', '.join(fields)}>"
            if named["type"] == "fixed":
                return _decimal_ddl(named) or "binary"
            return "string"
        if kind == "array":
            return f"array<{self._ddl(schema['items'], open_names)}>"
        if kind == "map":
            return f"map<string, {self._ddl(schema['values'], open_names)}>"
        if logical == "date" and kind == "int":
            return "date"
        if logical in _Reader.MOMENTS and kind == "long":
            return "timestamp"
        if kind == "bytes":
            return _decimal_ddl(schema) or "binary"
        return {"long": "bigint", "null": "string"}.get(kind, kind)


def _decimal_ddl(schema):
    if schema.get("logicalType") != "decimal" or not 0 < schema.get("precision", 0) <= 38:
        return None
    return f"decimal({schema['precision']}, {schema.get('scale', 0)})"


class _Reader:
    MOMENTS = {
        "timestamp-millis": 1000,
        "timestamp-micros": 1,
        "local-timestamp-millis": 1000,
        "local-timestamp-micros": 1,
    }

    def __init__(self, named, data):
        self.named, self.data, self.place, self.left = named, data, 0, VALUES_MAX

    def value(self, schema):
        self.left -= 1
        if self.left < 0:
            raise ValueError("A record has too many values")
        if isinstance(schema, list):
            return self.value(schema[self.index(len(schema))])
        return getattr(self, "_" + schema["type"])(schema)

    def take(self, count):
        if count < 0 or self.place + count > len(self.data):
            raise IndexError("the record ends too early")
        self.place += count
        return self.data[self.place - count : self.place]

    def number(self):
        result = shift = 0
        while True:
            byte = self.take(1)[0]
            result |= (byte & 0x7F) << shift
            if byte < 0x80:
                return (result >> 1) ^ -(result & 1)
            shift += 7
            if shift > 63:
                raise IndexError("a number has too many bytes")

    def index(self, count):
        found = self.number()
        if not 0 <= found < count:
            raise IndexError(f"there is no branch {found}")
        return found

    def blocks(self):
        while count := self.number():
            if count < 0:
                count = -count
                self.number()
            yield from range(count)

    def _null(self, schema):
        return None

    def _boolean(self, schema):
        return self.take(1) != b"\0"

    def _int(self, schema):
        number = self.number()
        if schema.get("logicalType") == "date":
            return (EPOCH + datetime.timedelta(days=number)).date().isoformat()
        return number

    def _long(self, schema):
        number = self.number()
        micros = self.MOMENTS.get(schema.get("logicalType"))
        if micros:
            return (EPOCH + datetime.timedelta(microseconds=number * micros)).isoformat(" ", "microseconds")
        return number

    def _float(self, schema):
        return struct.unpack("<f", self.take(4))[0]

    def _double(self, schema):
        return struct.unpack("<d", self.take(8))[0]

    def _bytes(self, schema):
        return self.binary(schema, self.take(self.number()))

    def _string(self, schema):
        return self.take(self.number()).decode()

    def _array(self, schema):
        return [self.value(schema["items"]) for _ in self.blocks()]

    def _map(self, schema):
        return {self._string(None): self.value(schema["values"]) for _ in self.blocks()}

    def _named(self, schema):
        named = self.named[schema["name"]]
        if named["type"] == "record":
            return {field["name"]: self.value(field["type"]) for field in named["fields"]}
        if named["type"] == "fixed":
            return self.binary(named, self.take(named["size"]))
        return named["symbols"][self.index(len(named["symbols"]))]

    def binary(self, schema, data):
        if _decimal_ddl(schema) is None:
            return base64.b64encode(data).decode()
        number, scale = int.from_bytes(data, "big", signed=True), schema.get("scale", 0)
        digits = str(abs(number)).rjust(scale + 1, "0")
        sign = "-" if number < 0 else ""
        return f"{sign}{digits[: len(digits) - scale]}.{digits[len(digits) - scale :]}" if scale else f"{sign}{digits}"
