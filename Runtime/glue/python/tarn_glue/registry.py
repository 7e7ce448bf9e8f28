"""Messages written with Glue's Schema Registry: the header of AWS's serializers, and what follows it."""

import json
import uuid
import zlib

from . import avro, objects

# The byte that such a message begins with, a byte for the compression, and the id of the schema's version.
HEADER_VERSION = 3
HEADER_BYTES = 18
UNCOMPRESSED, ZLIB = 0, 5
PAYLOAD_BYTES_MAX = 10 * 1024 * 1024

# Readers of versions met by this process: a version never changes.
_readers = {}


def definition(told, region=None):
    """The format and text of the version that a table's SchemaReference names, the latest if it names none."""
    glue = objects.client("glue", region)
    if told.get("SchemaVersionId"):
        found = glue.get_schema_version(SchemaVersionId=told["SchemaVersionId"])
    else:
        number = told.get("SchemaVersionNumber")
        found = glue.get_schema_version(
            SchemaId=told["SchemaId"],
            SchemaVersionNumber={"VersionNumber": number} if number else {"LatestVersion": True},
        )
    return found["DataFormat"], found["SchemaDefinition"]


class Decoder:
    """Makes JSON text of messages, on whichever machine it runs: with the registry's header by the version that it
    names, without it by the Avro schema that is given, or as they are."""

    def __init__(self, avro_schema=None, region=None):
        self.avro_schema, self.region = avro_schema, region

    def __call__(self, data):
        if data is None:
            return None
        data = bytes(data)
        if data[:1] == bytes([HEADER_VERSION]) and data[1:2] in (b"\x00", b"\x05") and len(data) >= HEADER_BYTES:
            return self._registered(data)
        if self.avro_schema is None:
            return data.decode("utf-8", "replace")
        return json.dumps(self._bare().read(data))

    def _bare(self):
        key = ("AVRO", self.avro_schema)
        if key not in _readers:
            _readers[key] = avro.Schema(self.avro_schema)
        return _readers[key]

    def _registered(self, data):
        payload = data[HEADER_BYTES:]
        if data[1] == ZLIB:
            payload = _inflated(payload)
        reader = self._version(str(uuid.UUID(bytes=data[2:HEADER_BYTES])))
        return json.dumps(reader.read(payload)) if reader else payload.decode("utf-8", "replace")

    def _version(self, name):
        """The version's Avro schema; None for JSON, which needs none."""
        if name not in _readers:
            form, text = definition({"SchemaVersionId": name}, self.region)
            if form not in ("AVRO", "JSON"):
                raise NotImplementedError(f"Messages of {form} are not read from streams: AVRO and JSON are.")
            _readers[name] = avro.Schema(text) if form == "AVRO" else None
        return _readers[name]


def _inflated(payload):
    stream = zlib.decompressobj()
    try:
        data = stream.decompress(payload, PAYLOAD_BYTES_MAX)
    except zlib.error as error:
        raise ValueError(f"A message's payload is no zlib stream: {error}") from error
    if stream.unconsumed_tail or not stream.eof:
        raise ValueError(f"A message's payload is cut off, or larger than {PAYLOAD_BYTES_MAX} bytes")
    return data
