"""Glue's Schema Registry with AWS's serializers for Python, and records written with it in Firehose."""

import io
import json
import uuid

import pyarrow.parquet
import pytest
from aws_schema_registry import DataAndSchema, SchemaRegistryClient, SchemaRegistryException
from aws_schema_registry.avro import AvroSchema
from aws_schema_registry.codec import encode
from aws_schema_registry.jsonschema import JsonSchema
from aws_schema_registry.serde import KafkaDeserializer, KafkaSerializer
from botocore.exceptions import ClientError
from conftest import wait_until
from firehose_house import House, allow, conversion


@pytest.fixture
def registry(tarn, unique):
    """A registry with the client of AWS's serializers over it."""
    glue, name = tarn.client("glue"), unique("registry")
    glue.create_registry(RegistryName=name)

    class Registry:
        client = SchemaRegistryClient(glue, registry_name=name, max_wait_attempts=2, wait_interval_seconds=0.1)

        def serialize(self, topic, data, schema, mode="BACKWARD"):
            return KafkaSerializer(self.client, compatibility_mode=mode).serialize(topic, DataAndSchema(data, schema))

        def deserialize(self, topic, record):
            return KafkaDeserializer(self.client).deserialize(topic, record)

        def versions(self, schema):
            listed = glue.list_schema_versions(SchemaId={"RegistryName": name, "SchemaName": schema})["Schemas"]
            return [(version["VersionNumber"], version["Status"]) for version in listed]

        def create(self, schema, form, definition, mode="BACKWARD"):
            return glue.create_schema(
                RegistryId={"RegistryName": name},
                SchemaName=schema,
                DataFormat=form,
                Compatibility=mode,
                SchemaDefinition=definition,
            )["SchemaVersionId"]

        def register(self, schema, definition):
            return glue.register_schema_version(
                SchemaId={"RegistryName": name, "SchemaName": schema}, SchemaDefinition=definition
            )

    Registry.glue, Registry.name = glue, name
    yield Registry()
    glue.delete_registry(RegistryId={"RegistryName": name})


def record_of(*fields):
    return AvroSchema({"type": "record", "name": "Order", "fields": list(fields)})


ID = {"name": "id", "type": "long"}
NAME = {"name": "name", "type": "string", "default": "?"}


def test_avro_records_evolve(registry):
    first = registry.serialize("orders", {"id": 7}, record_of(ID))
    assert first[:2] == b"\x03\x00"
    second = registry.serialize("orders", {"id": 8, "name": "x"}, record_of(ID, NAME))
    assert registry.serialize("orders", {"id": 9}, record_of(ID))[2:18] == first[2:18], "the version is found again"
    assert registry.versions("orders-value") == [(1, "AVAILABLE"), (2, "AVAILABLE")]
    assert registry.deserialize("orders", first).data == {"id": 7}
    assert registry.deserialize("orders", second).data == {"id": 8, "name": "x"}
    with pytest.raises(SchemaRegistryException):
        registry.serialize("orders", {"id": "text"}, record_of({"name": "id", "type": "string"}))
    assert registry.versions("orders-value") == [(1, "AVAILABLE"), (2, "AVAILABLE"), (3, "FAILURE")]


def test_json_records_evolve(registry):
    def schema(**properties):
        return JsonSchema(
            {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "type": "object",
                "properties": properties,
                "additionalProperties": False,
            }
        )

    first = registry.serialize("events", {"n": 1}, schema(n={"type": "integer"}))
    second = registry.serialize("events", {"n": 1.5, "t": "x"}, schema(n={"type": "number"}, t={"type": "string"}))
    assert registry.deserialize("events", first).data == {"n": 1}
    assert registry.deserialize("events", second).data == {"n": 1.5, "t": "x"}
    with pytest.raises(SchemaRegistryException):
        registry.serialize("events", {}, schema(n={"type": "boolean"}))
    assert registry.versions("events-value")[-1] == (3, "FAILURE")


PERSON = """
syntax = "proto2";
package people;
message Person {
  required string name = 1;
  optional string mail = 2;
}
"""


def test_protobuf_schemas(registry):
    first = registry.create("people", "PROTOBUF", PERSON)
    same = registry.register("people", "// Spaces do not count.\n" + PERSON.replace("  ", " "))
    assert (same["SchemaVersionId"], same["VersionNumber"]) == (first, 1)
    assert registry.register("people", PERSON.replace("}", "optional int32 age = 3; }"))["Status"] == "AVAILABLE"
    assert registry.register("people", PERSON.replace("}", "required int32 age = 3; }"))["Status"] == "FAILURE"
    found = registry.glue.get_schema_version(SchemaVersionId=first)
    assert (found["DataFormat"], found["SchemaDefinition"]) == ("PROTOBUF", PERSON)
    diff = registry.glue.get_schema_versions_diff(
        SchemaId={"RegistryName": registry.name, "SchemaName": "people"},
        FirstSchemaVersionNumber={"VersionNumber": 1},
        SecondSchemaVersionNumber={"VersionNumber": 2},
        SchemaDiffType="SYNTAX_DIFF",
    )["Diff"]
    assert [(step["op"], step["path"]) for step in json.loads(diff)] == [
        ("add", "/messages/people.Person/fields/age")
    ]
    with pytest.raises(ClientError) as refused:
        registry.create("broken", "PROTOBUF", PERSON.replace("= 2", "= 1"))
    assert refused.value.response["Error"]["Message"] == (
        "Schema definition of PROTOBUF data format is invalid: 6:19: "
        'Field number 1 has already been used in "people.Person" by field "name".'
    )
    checked = registry.glue.check_schema_version_validity(DataFormat="PROTOBUF", SchemaDefinition="message {")
    assert not checked["Valid"] and checked["Error"].startswith("1:9: ")


def test_firehose_reads_such_records(registry, tarn, unique):
    house = House(tarn, unique)
    try:
        house.iam.put_role_policy(RoleName=house.role, PolicyName="q", PolicyDocument=allow("glue:GetSchemaVersion"))
        avro = registry.serialize("orders", {"id": 1, "name": "avro"}, record_of(ID, NAME))
        text = JsonSchema({"type": "object"})
        plain = registry.serialize("texts", {"id": 2, "name": "json"}, text)
        proto = uuid.UUID(
            registry.create("p", "PROTOBUF", 'syntax = "proto3"; message P { int64 id = 1; string name = 2; }')
        )
        records = [
            avro,
            plain,
            encode(b"\x00\x08\x03\x12\x05proto", proto, compression=True),
            b'{"id": 4, "name": "bare"}',
            encode(b"{}", uuid.UUID(int=5)),
            avro[:-1],
        ]
        name = house.create(
            Prefix="rows/",
            ErrorOutputPrefix="errors/",
            size=64,
            seconds=1,
            DataFormatConversionConfiguration=conversion(house.table(("id", "bigint"), ("name", "string"))),
        )
        house.put(name, *records)
        house.wait_keys("rows/")
        found = pyarrow.parquet.read_table(io.BytesIO(house.read(house.keys("rows/")[0]))).to_pylist()
        assert [(row["id"], row["name"]) for row in found] == [(1, "avro"), (2, "json"), (3, "proto"), (4, "bare")]
        errors = wait_until(
            lambda: [json.loads(line) for key in house.keys("errors/") for line in house.read(key).splitlines()]
        )
        assert [error["lastErrorCode"] for error in errors] == [
            "DataFormatConversion.EntityNotFound",
            "DataFormatConversion.ParseError",
        ]
    finally:
        house.close()
