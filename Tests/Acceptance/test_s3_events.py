"""Events of buckets to functions: what they say, who may take them, and what becomes of them when the server dies."""

import json
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from conftest import wait_until
from test_lambda import ACCOUNT, House, refused

ALL = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]


class Events:
    """A bucket, and a function that notes the events it gets in another one."""

    def __init__(self, house, versioned=False, permitted=True, **options):
        self.house = house
        self.bucket, self.notes = house.unique("b"), house.unique("notes")
        for name in (self.bucket, self.notes):
            house.s3.create_bucket(Bucket=name)
        if versioned:
            house.s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        house.allow("s3:*")
        source = f"""
import boto3, json, uuid
s3 = boto3.client("s3")
def handler(event, context):
    s3.put_object(Bucket={self.notes!r}, Key=uuid.uuid4().hex, Body=json.dumps(event).encode())
"""
        self.function = house.make(source, Timeout=30, MemorySize=512, **options)
        self.arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{self.function}"
        if permitted:
            self.permit()

    def permit(self):
        self.house.lam.add_permission(
            FunctionName=self.function, StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com",
            SourceArn=f"arn:aws:s3:::{self.bucket}", SourceAccount=ACCOUNT)

    def listen(self, events=ALL, **rules):
        self.house.s3.put_bucket_notification_configuration(
            Bucket=self.bucket, NotificationConfiguration={"LambdaFunctionConfigurations": [self.rule(events, **rules)]})

    def rule(self, events=ALL, name=None, **rules):
        rule = {"LambdaFunctionArn": self.arn, "Events": events}
        if name:
            rule["Id"] = name
        if rules:
            rule["Filter"] = {"Key": {"FilterRules": [{"Name": key, "Value": value} for key, value in rules.items()]}}
        return rule

    def again(self, tarn):
        self.house.tarn = tarn
        self.house.again()
        self.house.s3 = tarn.client("s3")

    def seen(self):
        """The records that have come, in their order."""
        found = []
        for page in self.house.s3.get_paginator("list_objects_v2").paginate(Bucket=self.notes):
            for item in page.get("Contents", []):
                body = self.house.s3.get_object(Bucket=self.notes, Key=item["Key"])["Body"].read()
                found += json.loads(body)["Records"]
        return sorted(found, key=lambda record: record["s3"]["object"]["sequencer"])

    def names(self):
        return [(record["eventName"], record["s3"]["object"]["key"]) for record in self.seen()]


@pytest.fixture
def house(tarn, unique):
    return House(tarn, unique)


def test_what_events_say(house):
    events = Events(house)
    events.listen(name="all")
    s3 = house.s3
    put = s3.put_object(Bucket=events.bucket, Key="in/a b+c é.txt", Body=b"four")
    request = put["ResponseMetadata"]
    s3.copy_object(Bucket=events.bucket, Key="copied", CopySource={"Bucket": events.bucket, "Key": "in/a b+c é.txt"})
    upload = s3.create_multipart_upload(Bucket=events.bucket, Key="parts")["UploadId"]
    part = s3.upload_part(Bucket=events.bucket, Key="parts", UploadId=upload, PartNumber=1, Body=b"x" * 10)
    whole = s3.complete_multipart_upload(
        Bucket=events.bucket, Key="parts", UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    s3.delete_object(Bucket=events.bucket, Key="copied")
    s3.delete_object(Bucket=events.bucket, Key="never was there")
    s3.delete_objects(Bucket=events.bucket, Delete={"Objects": [{"Key": "parts"}]})
    wait_until(lambda: len(events.seen()) >= 5)
    quoted = urllib.parse.quote_plus("in/a b+c é.txt", safe="/")
    assert events.names() == [
        ("ObjectCreated:Put", quoted), ("ObjectCreated:Copy", "copied"), ("ObjectCreated:CompleteMultipartUpload", "parts"),
        ("ObjectRemoved:Delete", "copied"), ("ObjectRemoved:Delete", "parts")]
    record, _, made, gone, _ = events.seen()
    assert (record["eventVersion"], record["eventSource"], record["awsRegion"]) == ("2.1", "aws:s3", "us-east-1")
    assert record["eventTime"].endswith("Z") and record["userIdentity"]["principalId"].startswith("AWS:")
    assert record["requestParameters"]["sourceIPAddress"] == "127.0.0.1"
    assert record["responseElements"] == {
        "x-amz-request-id": request["HTTPHeaders"]["x-amz-request-id"], "x-amz-id-2": request["HTTPHeaders"]["x-amz-id-2"]}
    assert (record["s3"]["s3SchemaVersion"], record["s3"]["configurationId"]) == ("1.0", "all")
    bucket = record["s3"]["bucket"]
    assert (bucket["name"], bucket["arn"]) == (events.bucket, f"arn:aws:s3:::{events.bucket}") and bucket["ownerIdentity"]["principalId"]
    thing = record["s3"]["object"]
    assert (thing["size"], thing["eTag"], "versionId" in thing) == (4, put["ETag"].strip('"'), False)
    assert (made["s3"]["object"]["size"], made["s3"]["object"]["eTag"]) == (10, whole["ETag"].strip('"'))
    assert "size" not in gone["s3"]["object"] and "eTag" not in gone["s3"]["object"]


def test_versions_and_markers(house):
    events = Events(house, versioned=True)
    events.listen(["s3:ObjectRemoved:*", "s3:ObjectTagging:*", "s3:ObjectCreated:Put"])
    first = house.s3.put_object(Bucket=events.bucket, Key="k", Body=b"1")["VersionId"]
    house.s3.put_object_tagging(Bucket=events.bucket, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    marker = house.s3.delete_object(Bucket=events.bucket, Key="k")["VersionId"]
    house.s3.delete_object(Bucket=events.bucket, Key="k", VersionId=marker)
    house.s3.delete_object(Bucket=events.bucket, Key="k", VersionId=first)
    wait_until(lambda: len(events.seen()) >= 5)
    told = {(record["eventName"], record["s3"]["object"]["versionId"]) for record in events.seen()}
    assert told == {
        ("ObjectCreated:Put", first), ("ObjectTagging:Put", first), ("ObjectRemoved:DeleteMarkerCreated", marker),
        ("ObjectRemoved:Delete", marker), ("ObjectRemoved:Delete", first)}


def test_filters_and_what_is_kept(house):
    events = Events(house)
    rules = [
        events.rule(["s3:ObjectCreated:Put"], name="csv", prefix="in/", suffix=".csv"),
        events.rule(["s3:ObjectCreated:Put"], name="json", Prefix="in/", Suffix=".json"),
        events.rule(["s3:ObjectRemoved:Delete"])]
    house.s3.put_bucket_notification_configuration(
        Bucket=events.bucket, NotificationConfiguration={"LambdaFunctionConfigurations": rules})
    kept = house.s3.get_bucket_notification_configuration(Bucket=events.bucket)["LambdaFunctionConfigurations"]
    assert [rule["Id"] for rule in kept[:2]] == ["csv", "json"] and kept[2]["Id"]
    assert kept[0]["Filter"]["Key"]["FilterRules"] == [{"Name": "Prefix", "Value": "in/"}, {"Name": "Suffix", "Value": ".csv"}]
    assert "Filter" not in kept[2] and kept[2]["Events"] == ["s3:ObjectRemoved:Delete"]
    for key in ("in/a.csv", "in/b.json", "in/c.txt", "out/a.csv", "a.csv"):
        house.s3.put_object(Bucket=events.bucket, Key=key, Body=b"x")
    house.s3.delete_object(Bucket=events.bucket, Key="a.csv")
    wait_until(lambda: len(events.seen()) >= 3)
    assert [(record["s3"]["configurationId"], record["s3"]["object"]["key"]) for record in events.seen()][:2] == [
        ("csv", "in/a.csv"), ("json", "in/b.json")]
    assert events.names()[2:] == [("ObjectRemoved:Delete", "a.csv")]
    # An empty configuration ends it.
    house.s3.put_bucket_notification_configuration(Bucket=events.bucket, NotificationConfiguration={})
    empty = house.s3.get_bucket_notification_configuration(Bucket=events.bucket)
    assert "LambdaFunctionConfigurations" not in empty
    house.s3.put_object(Bucket=events.bucket, Key="in/late.csv", Body=b"x")
    house.lam.invoke(FunctionName=events.function, Payload=json.dumps({"Records": []}))
    assert len(events.seen()) == 3


def test_refusals_change_nothing(house):
    events = Events(house)
    events.listen(name="first")
    before = house.s3.get_bucket_notification_configuration(Bucket=events.bucket)["LambdaFunctionConfigurations"]

    def no(*rules, **other):
        configuration = {"LambdaFunctionConfigurations": list(rules)} | other
        with pytest.raises(ClientError) as caught:
            house.s3.put_bucket_notification_configuration(Bucket=events.bucket, NotificationConfiguration=configuration)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"], error.get("ArgumentValue")

    unable = "Unable to validate the following destination configurations"
    base = events.arn.rsplit(":", 1)[0]
    assert no({"LambdaFunctionArn": f"{base}:nobody", "Events": ALL}) == ("InvalidArgument", unable, "The destination Lambda does not exist")
    other = Events(house, permitted=False)
    assert no(other.rule()) == ("InvalidArgument", unable, f"Not authorized to invoke function [{other.arn}]")
    house.lam.add_permission(
        FunctionName=other.function, StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com",
        SourceArn="arn:aws:s3:::another-bucket")
    assert no(other.rule())[1:] == (unable, f"Not authorized to invoke function [{other.arn}]")
    far = events.arn.replace("us-east-1", "eu-west-1")
    assert no({"LambdaFunctionArn": far, "Events": ALL})[1] == unable

    overlap = "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type."
    assert no(events.rule(), events.rule(["s3:ObjectCreated:Put"]))[:2] == ("InvalidArgument", overlap)
    assert no(events.rule(prefix="a"), events.rule(prefix="ab", suffix=".x"))[1] == overlap
    assert no(events.rule(suffix="c"), events.rule(suffix="bc"))[1] == overlap
    assert no(events.rule(name="same", prefix="a"), events.rule(name="same", prefix="b"))[:2] == (
        "InvalidArgument", "Same ID used for multiple configurations. IDs must be unique")
    assert no(events.rule(["s3:ObjectPainted:*"]))[1:] == ("The event is not supported for notifications", "s3:ObjectPainted:*")
    assert no(events.rule(middle="x"))[1] == "filter rule name must be either prefix or suffix"
    assert no(events.rule(prefix="x", Prefix="y"))[1] == "Cannot specify more than one prefix rule in a filter."
    assert no(events.rule(prefix="x" * 1025))[1] == "Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation"
    assert no(events.rule(name="x" * 256))[0] == "InvalidArgument"
    assert no({"LambdaFunctionArn": "nonsense", "Events": ALL})[1] == "The ARN could not be parsed"
    assert no({"LambdaFunctionArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:x:1", "Events": ALL})[1] == unable
    assert no(*[events.rule(prefix=f"{number:03}/") for number in range(101)])[0] == "InvalidRequest"

    assert no(QueueConfigurations=[{"QueueArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:q", "Events": ALL}]) == (
        "InvalidArgument", unable, "The destination queue does not exist")
    assert no(TopicConfigurations=[{"TopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:t", "Events": ALL}])[2] == "The destination topic does not exist"
    assert no(EventBridgeConfiguration={})[0] == "NotImplemented"
    with pytest.raises(ClientError) as caught:
        house.s3.put_bucket_notification_configuration(
            Bucket=events.bucket, SkipDestinationValidation=True,
            NotificationConfiguration={"QueueConfigurations": [{"QueueArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:q", "Events": ALL}]})
    assert caught.value.response["Error"]["Code"] == "NotImplemented"
    assert house.s3.get_bucket_notification_configuration(Bucket=events.bucket)["LambdaFunctionConfigurations"] == before
    assert refused(house.s3.get_bucket_notification_configuration, Bucket="nobody-has-this")[0] == "NoSuchBucket"


def test_rights(house, tarn):
    events = Events(house)
    name = house.unique("user")
    house.iam.create_user(UserName=name)
    key = house.iam.create_access_key(UserName=name)["AccessKey"]
    s3 = tarn.client("s3", key["AccessKeyId"], key["SecretAccessKey"])
    assert refused(s3.get_bucket_notification_configuration, Bucket=events.bucket)[0] == "AccessDenied"
    assert refused(s3.put_bucket_notification_configuration, Bucket=events.bucket, NotificationConfiguration={})[0] == "AccessDenied"


def test_acknowledged_changes_have_their_events_after_a_kill(fresh_tarn, unique):
    tarn = fresh_tarn()
    events = Events(House(tarn, unique))
    events.listen()
    wanted = {f"{number:02}" for number in range(40)}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: events.house.s3.put_object(Bucket=events.bucket, Key=key, Body=b"x"), sorted(wanted)))
    tarn.kill()
    tarn.start()
    events.again(tarn)
    wait_until(lambda: {key for _, key in events.names()} == wanted, seconds=120, every=0.5)


def test_events_wait_for_the_function_to_let_s3_in(fresh_tarn, unique):
    tarn = fresh_tarn()
    events = Events(House(tarn, unique))
    events.listen()
    events.house.lam.remove_permission(FunctionName=events.function, StatementId="s3")
    events.house.s3.put_object(Bucket=events.bucket, Key="early", Body=b"x")
    wait_until(lambda: "S3's events are not taken" in tarn.log_text())
    tarn.kill()
    tarn.start()
    events.again(tarn)
    events.permit()
    wait_until(lambda: events.names() == [("ObjectCreated:Put", "early")])


def test_a_function_that_fails_for_ever_slows_nobody(house):
    events = Events(house)
    slow = house.make("import time\ndef handler(e, c):\n    time.sleep(20)\n    raise ValueError(e)", Timeout=60)
    house.lam.put_function_concurrency(FunctionName=slow, ReservedConcurrentExecutions=1)
    house.lam.put_function_event_invoke_config(FunctionName=slow, MaximumRetryAttempts=0, MaximumEventAgeInSeconds=60)
    house.lam.add_permission(FunctionName=slow, StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com")
    arn = events.arn.replace(events.function, slow)
    house.s3.put_bucket_notification_configuration(Bucket=events.bucket, NotificationConfiguration={
        "LambdaFunctionConfigurations": [
            {"LambdaFunctionArn": arn, "Events": ALL, "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "slow/"}]}}},
            events.rule(prefix="quick/")]})
    began = time.monotonic()
    for number in range(100):
        house.s3.put_object(Bucket=events.bucket, Key=f"slow/{number}", Body=b"x")
    taken = time.monotonic() - began
    house.s3.put_object(Bucket=events.bucket, Key="quick/1", Body=b"x")
    wait_until(lambda: events.names() == [("ObjectCreated:Put", "quick/1")])
    assert taken < 15
    house.lam.delete_function(FunctionName=slow)
