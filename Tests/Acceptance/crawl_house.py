"""A small lake that crawlers look into: a bucket, a database, a role, and what a test asks of them."""

import gzip
import io
import json
import subprocess

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from conftest import BINARY, wait_until

ACCOUNT = "000000000000"


def refusal(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


class Lake:
    """A bucket, a database and a role that crawls."""

    def __init__(self, tarn, unique):
        self.tarn, self.unique = tarn, unique
        self.s3, self.glue, self.iam = tarn.client("s3"), tarn.client("glue"), tarn.client("iam")
        self.bucket = unique("lake")
        self.s3.create_bucket(Bucket=self.bucket)
        self.database = unique("db").replace("-", "_")
        self.role = self.make_role("s3:*", "glue:*")

    def again(self, tarn):
        """Speaks to the server that was started over the same data folder."""
        self.tarn = tarn
        self.s3, self.glue, self.iam = tarn.client("s3"), tarn.client("glue"), tarn.client("iam")

    def make_role(self, *actions, service="glue.amazonaws.com"):
        name = self.unique("crawler-role")
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": trust})
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        rights = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": rights})
        self.iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=policy)
        return arn

    def put(self, key, body):
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body if isinstance(body, bytes) else body.encode())

    def put_slow_files(self, count, below="many"):
        """A folder a file, and files that take long enough to look into for something to happen meanwhile."""
        body = gzip.compress(json.dumps({f"c{n}": 1 for n in range(100)}).encode())
        for number in range(count):
            self.put(f"{below}/day={number:03}/f", body)

    def create(self, prefix="", **arguments):
        name = self.unique("crawler")
        target = {"Path": f"s3://{self.bucket}/{prefix}", **arguments.pop("target", {})}
        arguments.setdefault("Targets", {"S3Targets": [target]})
        arguments.setdefault("Role", self.role)
        arguments.setdefault("DatabaseName", self.database)
        self.glue.create_crawler(Name=name, **arguments)
        return name

    def crawl(self, name, status="SUCCEEDED"):
        self.glue.start_crawler(Name=name)
        found = wait_until(lambda: self.ready(name))
        assert found["LastCrawl"]["Status"] == status, found["LastCrawl"]
        return found

    def ready(self, name):
        found = self.glue.get_crawler(Name=name)["Crawler"]
        return found if found["State"] == "READY" else None

    def ready_after_a_crawl(self, name):
        found = self.ready(name)
        return found if found and "LastCrawl" in found else None

    def tables(self):
        return {t["Name"]: t for t in self.glue.get_tables(DatabaseName=self.database)["TableList"]}

    def table(self, name):
        return self.glue.get_table(DatabaseName=self.database, Name=name)["Table"]

    def columns(self, name):
        return [(c["Name"], c["Type"]) for c in self.table(name)["StorageDescriptor"]["Columns"]]

    def partitions(self, name):
        found = self.glue.get_partitions(DatabaseName=self.database, TableName=name)["Partitions"]
        return sorted(p["Values"] for p in found)

    def all_partitions(self, name):
        pages = self.glue.get_paginator("get_partitions").paginate(DatabaseName=self.database, TableName=name)
        return [partition for page in pages for partition in page["Partitions"]]

    def query(self, sql):
        """Runs a query of Athena's to its end; gives its id and its status."""
        athena = self.tarn.client("athena")
        output = f"s3://{self.bucket}-results/"
        try:
            self.s3.create_bucket(Bucket=f"{self.bucket}-results")
        except ClientError:
            pass
        query = athena.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": self.database},
            ResultConfiguration={"OutputLocation": output},
        )["QueryExecutionId"]

        def ended():
            status = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
            return status if status["State"] not in ("QUEUED", "RUNNING") else None

        return query, wait_until(ended)

    def rows(self, sql):
        query, status = self.query(sql)
        assert status["State"] == "SUCCEEDED", status
        found = self.tarn.client("athena").get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]
        return [[cell.get("VarCharValue") for cell in row["Data"]] for row in found][1:]

    def command(self, *arguments, check=True):
        """Runs `tarn glue …` against the server; gives what it printed."""
        done = subprocess.run([str(BINARY), "glue", *arguments], env=self.tarn.environment, capture_output=True, text=True)
        if check:
            assert done.returncode == 0, done.stderr
            return done.stdout
        return done

    def tool(self, name, **query):
        """Calls what Tarn adds beside AWS's operations, signed."""
        text = "&".join(f"{key}={value}" for key, value in query.items())
        url = f"{self.tarn.endpoint}/_tarn/glue/{name}?{text}"
        request = AWSRequest(method="POST", url=url, data=b"")
        SigV4Auth(Credentials("test", "test"), "glue", "us-east-1").add_auth(request)
        return requests.post(url, headers=dict(request.headers), data=b"")


@pytest.fixture
def lake(tarn, unique):
    return Lake(tarn, unique)


def parquet(**columns):
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()
