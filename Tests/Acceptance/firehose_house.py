"""What tests of Firehose share: roles, buckets, tables, delivery streams, and reading what was delivered."""

import json

import pytest
from botocore.exceptions import ClientError
from conftest import wait_until

ACCOUNT = "000000000000"


def trust(service="firehose.amazonaws.com"):
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
        }
    )


def allow(*actions):
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}
    )


ENOUGH = allow("s3:*", "glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions", "kinesis:*")


class House:
    """A bucket and a role on a server, and delivery streams into the bucket."""

    def __init__(self, tarn, unique):
        self.tarn, self.unique = tarn, unique
        self.s3, self.firehose, self.iam = tarn.client("s3"), tarn.client("firehose"), tarn.client("iam")
        self.kinesis, self.glue, self.cloudwatch = tarn.client("kinesis"), tarn.client("glue"), tarn.client("cloudwatch")
        self.bucket, self.role = unique("fh"), unique("role")
        self.s3.create_bucket(Bucket=self.bucket)
        self.role_arn = self.iam.create_role(RoleName=self.role, AssumeRolePolicyDocument=trust())["Role"]["Arn"]
        self.iam.put_role_policy(RoleName=self.role, PolicyName="p", PolicyDocument=ENOUGH)
        self.made = []

    def again(self):
        """New clients, after the server was started anew."""
        self.s3, self.firehose = self.tarn.client("s3"), self.tarn.client("firehose")
        self.kinesis, self.cloudwatch = self.tarn.client("kinesis"), self.tarn.client("cloudwatch")
        self.iam = self.tarn.client("iam")

    def create(self, size=1, seconds=0, source=None, **options):
        """A delivery stream into the bucket; gives its name."""
        name = self.unique("ds")
        configuration = {
            "RoleARN": self.role_arn,
            "BucketARN": f"arn:aws:s3:::{self.bucket}",
            "BufferingHints": {"SizeInMBs": size, "IntervalInSeconds": seconds},
        } | options
        origin = {"DeliveryStreamType": "DirectPut"}
        if source:
            origin = {
                "DeliveryStreamType": "KinesisStreamAsSource",
                "KinesisStreamSourceConfiguration": {"KinesisStreamARN": source, "RoleARN": self.role_arn},
            }
        self.firehose.create_delivery_stream(
            DeliveryStreamName=name, ExtendedS3DestinationConfiguration=configuration, **origin
        )
        wait_until(lambda: self.describe(name)["DeliveryStreamStatus"] == "ACTIVE")
        self.made.append(name)
        return name

    def describe(self, name):
        return self.firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]

    def put(self, name, *records):
        answer = self.firehose.put_record_batch(
            DeliveryStreamName=name,
            Records=[{"Data": record if isinstance(record, bytes) else json.dumps(record).encode()} for record in records],
        )
        assert answer["FailedPutCount"] == 0
        return answer

    def keys(self, prefix=""):
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def wait_keys(self, prefix="", count=1, seconds=90):
        return wait_until(lambda: len(found := self.keys(prefix)) >= count and found, seconds, 0.2)

    def get(self, key):
        return self.s3.get_object(Bucket=self.bucket, Key=key)

    def read(self, key):
        return self.get(key)["Body"].read()

    def table(self, *columns):
        """A Glue table of (name, type) columns; gives what a SchemaConfiguration names."""
        database, name = self.unique("db"), self.unique("t")
        self.glue.create_database(DatabaseInput={"Name": database})
        self.glue.create_table(
            DatabaseName=database,
            TableInput={
                "Name": name,
                "StorageDescriptor": {
                    "Columns": [{"Name": column, "Type": kind} for column, kind in columns],
                    "Location": f"s3://{self.bucket}/",
                },
            },
        )
        return {"DatabaseName": database, "TableName": name, "Region": "us-east-1", "RoleARN": self.role_arn}

    def close(self):
        for name in self.made:
            try:
                self.firehose.delete_delivery_stream(DeliveryStreamName=name)
            except ClientError:
                pass


def conversion(schema, deserializer=None, orc=None, **parquet):
    """A DataFormatConversionConfiguration from JSON to Parquet, or to ORC when its options are given."""
    serializer = {"ParquetSerDe": parquet} if orc is None else {"OrcSerDe": orc}
    return {
        "Enabled": True,
        "SchemaConfiguration": schema,
        "InputFormatConfiguration": {"Deserializer": deserializer or {"OpenXJsonSerDe": {}}},
        "OutputFormatConfiguration": {"Serializer": serializer},
    }


def refused(call, **options):
    """Calls and gives the code and message of the refusal."""
    with pytest.raises(ClientError) as caught:
        call(**options)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]
