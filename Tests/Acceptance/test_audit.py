"""The audit trail: who changed or asked what, in CloudTrail's words."""

import json
import urllib.error
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from botocore.exceptions import ClientError
from conftest import wait_until


def trail(tarn, key="test", secret="test", start=0):
    request = botocore.awsrequest.AWSRequest(method="GET", url=f"{tarn.endpoint}/_tarn/audit?from={start}")
    botocore.auth.SigV4Auth(botocore.credentials.Credentials(key, secret), "tarn", "us-east-1").add_auth(request)
    prepared = request.prepare()
    with urllib.request.urlopen(urllib.request.Request(prepared.url, headers=dict(prepared.headers))) as answer:
        return [json.loads(line) for line in answer.read().splitlines()], int(answer.headers["x-tarn-next"])


def test_management_events(fresh_tarn):
    server = fresh_tarn("--account", "111111111111:OTHER:secret")
    iam = server.client("iam")
    iam.create_user(UserName="eve")
    key = iam.create_access_key(UserName="eve")["AccessKey"]
    eve = {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
    with pytest.raises(ClientError):
        server.client("kinesis", **eve).list_streams()
    s3 = server.client("s3")
    s3.create_bucket(Bucket="trail")
    s3.put_object(Bucket="trail", Key="k", Body=b"x")
    server.client("s3", key="OTHER", secret="secret").list_buckets()

    events, following = trail(server)
    assert [event["eventName"] for event in events] == ["CreateUser", "CreateAccessKey", "ListStreams", "CreateBucket"]
    denied = events[2]
    assert denied["eventSource"] == "kinesis.amazonaws.com"
    assert denied["errorCode"] == "AccessDeniedException"
    assert denied["userIdentity"]["type"] == "IAMUser" and denied["userIdentity"]["userName"] == "eve"
    assert denied["readOnly"] and not events[0]["readOnly"]
    assert events[0]["userIdentity"]["type"] == "Root"
    assert key["SecretAccessKey"] not in json.dumps(events)
    others, _ = trail(server, "OTHER", "secret")
    assert [event["eventName"] for event in others] == ["ListBuckets"]

    for credentials in [(eve["key"], eve["secret"]), ("test", "wrong")]:
        with pytest.raises(urllib.error.HTTPError) as refused:
            trail(server, *credentials)
        assert refused.value.code == 403
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(server.endpoint + "/_tarn/audit")

    # What was written survives; what follows is appended.
    server.kill()
    server.start()
    server.client("s3").delete_object(Bucket="trail", Key="k")
    server.client("s3").delete_bucket(Bucket="trail")
    events, _ = trail(server, start=following)
    assert [event["eventName"] for event in events] == ["DeleteBucket"]


def test_last_use_of_a_key(tarn, unique):
    iam = tarn.client("iam")
    name = unique("user")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    found = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
    assert found["ServiceName"] == "N/A"
    tarn.client("sts", key=key["AccessKeyId"], secret=key["SecretAccessKey"]).get_caller_identity()

    def used():
        found = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
        return found if found["ServiceName"] != "N/A" else None

    assert wait_until(used)["ServiceName"] == "sts"
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=name)
