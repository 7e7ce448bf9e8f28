"""Ends the server in the middle of a load, starts it again, and looks at what is left.

Every acknowledged record, object and table must be there and intact; nothing half-made may be seen.
"""

import concurrent.futures
import hashlib
import os
import random
import threading


from conftest import SLOW

ROUNDS = 100 if SLOW else 3
SEED = int(os.environ.get("TARN_SEED", random.randrange(1 << 32)))
PART = 5 << 20


class Load:
    """Writers that note what the server has acknowledged."""

    def __init__(self, tarn, number, chance):
        self.tarn = tarn
        self.number = number
        self.chance = chance
        self.stopped = threading.Event()
        self.records = {}
        self.objects = {}
        self.tables = set()

    def until_it_dies(self, work):
        count = 0
        while not self.stopped.is_set():
            count += 1
            try:
                work(count)
            except Exception:  # the server has gone, as it should
                return

    def put_records(self, count):
        data = [f"{self.number}-{count}-{i}-{'x' * self.chance.randrange(800)}".encode() for i in range(50)]
        kinesis = self.clients["kinesis"]
        answer = kinesis.put_records(
            StreamName="crash", Records=[{"Data": item, "PartitionKey": str(hash(item))} for item in data]
        )
        for item, result in zip(data, answer["Records"]):
            if "SequenceNumber" in result:
                self.records[result["ShardId"], result["SequenceNumber"]] = item

    def put_object(self, count):
        key = f"{self.number}/small-{count}"
        body = os.urandom(self.chance.randrange(1, 200_000))
        self.clients["s3"].put_object(Bucket="crash", Key=key, Body=body)
        self.objects[key] = hashlib.sha256(body).digest()

    def put_multipart(self, count):
        s3 = self.clients["multipart"]
        key = f"{self.number}/large-{count}"
        upload = s3.create_multipart_upload(Bucket="crash", Key=key)["UploadId"]
        whole = hashlib.sha256()
        parts = []
        for number in (1, 2):
            body = os.urandom(PART if number == 1 else 1000)
            whole.update(body)
            tag = s3.upload_part(Bucket="crash", Key=key, UploadId=upload, PartNumber=number, Body=body)["ETag"]
            parts.append({"PartNumber": number, "ETag": tag})
        s3.complete_multipart_upload(Bucket="crash", Key=key, UploadId=upload, MultipartUpload={"Parts": parts})
        self.objects[key] = whole.digest()

    def create_table(self, count):
        name = f"t{self.number}_{count}"
        self.clients["glue"].create_table(
            DatabaseName="crash",
            TableInput={"Name": name, "StorageDescriptor": {"Columns": [{"Name": "a", "Type": "int"}]}},
        )
        self.tables.add(name)

    def run_and_kill(self, seconds):
        self.clients = {name: self.tarn.client(name) for name in ("kinesis", "s3", "glue")}
        self.clients["multipart"] = self.tarn.client("s3")
        works = [self.put_records, self.put_object, self.put_multipart, self.create_table]
        with concurrent.futures.ThreadPoolExecutor(len(works)) as pool:
            running = [pool.submit(self.until_it_dies, work) for work in works]
            self.stopped.wait(seconds)
            self.tarn.kill()
            concurrent.futures.wait(running)


def read_stream(tarn):
    kinesis = tarn.client("kinesis")
    found = {}
    for shard in kinesis.list_shards(StreamName="crash")["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName="crash", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while True:
            answer = kinesis.get_records(ShardIterator=iterator, Limit=10_000)
            for record in answer["Records"]:
                found[shard["ShardId"], record["SequenceNumber"]] = record["Data"]
            if not answer["Records"] and answer["MillisBehindLatest"] == 0:
                break
            iterator = answer["NextShardIterator"]
    return found


def test_kill_in_the_middle(fresh_tarn):
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    tarn = fresh_tarn("--lift-shard-limits")
    tarn.client("kinesis").create_stream(StreamName="crash", ShardCount=4)
    tarn.client("kinesis").get_waiter("stream_exists").wait(
        StreamName="crash", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    tarn.client("s3").create_bucket(Bucket="crash")
    tarn.client("glue").create_database(DatabaseInput={"Name": "crash"})
    records, objects, tables = {}, {}, set()

    for number in range(ROUNDS):
        load = Load(tarn, number, chance)
        load.run_and_kill(chance.uniform(0.3, 2.0))
        tarn.start()
        records |= load.records
        objects |= load.objects
        tables |= load.tables
        assert load.records and load.objects and load.tables, "the load wrote nothing"

        found = read_stream(tarn)
        assert {key: found.get(key) for key in load.records} == load.records

        s3 = tarn.client("s3")
        for key, digest in load.objects.items():
            assert hashlib.sha256(s3.get_object(Bucket="crash", Key=key)["Body"].read()).digest() == digest
        # Whatever else is listed was whole when the server died between commit and answer: it must read well.
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket="crash", Prefix=f"{number}/"):
            for item in page.get("Contents", []):
                assert len(s3.get_object(Bucket="crash", Key=item["Key"])["Body"].read()) == item["Size"]

        glue = tarn.client("glue")
        listed = {
            table["Name"]
            for page in glue.get_paginator("get_tables").paginate(DatabaseName="crash")
            for table in page["TableList"]
        }
        assert tables <= listed

    # What earlier rounds wrote has survived the later crashes too.
    found = read_stream(tarn)
    assert {key: found.get(key) for key in records} == records
    s3 = tarn.client("s3")
    for key in chance.sample(sorted(objects), min(50, len(objects))):
        assert hashlib.sha256(s3.get_object(Bucket="crash", Key=key)["Body"].read()).digest() == objects[key]
