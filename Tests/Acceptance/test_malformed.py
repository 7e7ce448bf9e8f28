"""Nonsense ends a request, never the process."""

import http.client
import json
import socket
import urllib.parse

import pytest

JSON = {"content-type": "application/x-amz-json-1.1"}
TARGETS = [
    "Kinesis_20131202.PutRecords",
    "Firehose_20150804.PutRecordBatch",
    "AWSGlue.CreateTable",
    "AmazonAthena.StartQueryExecution",
]
AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=" + "0" * 64
)


def raw(tarn, data):
    """Sends bytes as they are and gives what comes back."""
    address = urllib.parse.urlsplit(tarn.endpoint)
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


def signed(tarn, service, target, body):
    """A request with a right signature and a body of our choice."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    request = AWSRequest("POST", tarn.endpoint + "/", data=body, headers=JSON | {"x-amz-target": target})
    SigV4Auth(Credentials("test", "test"), service, "us-east-1").add_auth(request)
    address = urllib.parse.urlsplit(tarn.endpoint)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=120)
    connection.request("POST", "/", body, dict(request.headers))
    answer = connection.getresponse()
    return answer.status, answer.read()


def alive(tarn):
    assert tarn.process.poll() is None, "the server died"
    assert tarn.client("sts").get_caller_identity()["Account"] == "000000000000"


BODIES = {
    "empty": b"",
    "half an object": b'{"StreamName": "x", "Records": [',
    "brackets": b"[" * 10_000_000,
    "objects": b'{"a":' * 1_000_000,
    "wrong types": b'{"StreamName": 7, "Records": "x", "DatabaseName": [], "QueryString": {}, "TableInput": 3}',
    "not UTF-8": b'{"StreamName": "\xff\xfe\xfd"}',
    "lone surrogate": b'{"StreamName": "\\ud800", "DeliveryStreamName": "\\udfff"}',
    "huge number": b'{"Limit": ' + b"9" * 100_000 + b"}",
    "not base64": b'{"StreamName":"x","DeliveryStreamName":"x","Records":[{"Data":"***","PartitionKey":"p"}]}',
    "null": b"null",
    "trailing": b"{} {}",
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", BODIES)
def test_bodies(tarn, target, name):
    service = {"Kinesis": "kinesis", "Firehos": "firehose", "AWSGlue": "glue", "AmazonA": "athena"}[target[:7]]
    status, body = signed(tarn, service, target, BODIES[name])
    assert 400 <= status < 500, (status, body[:300])
    assert "__type" in json.loads(body)
    alive(tarn)


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET " + b"/" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PUT /bucket/key HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nshort",
        b"PUT /bucket/key HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"PUT /bucket/key HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n",
        b"GET /%zz/%00?%&=&&list-type=2&prefix=%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /b?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=999999999999999999999 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nAction",
    ],
)
def test_raw_bytes(tarn, data):
    raw(tarn, data)
    alive(tarn)


@pytest.mark.parametrize(
    "chunks",
    [
        b"10;chunk-signature=" + b"0" * 64 + b"\r\n0123456789abcdef\r\n0;chunk-signature=" + b"0" * 64 + b"\r\n\r\n",
        b"ffffffffffffffff;chunk-signature=00\r\n",
        b"zz\r\n",
        b"5\r\nab",
        b"5;" + b"x" * 100_000,
        b"",
    ],
)
def test_chunk_framing(tarn, unique, chunks):
    bucket = unique("chunks")
    tarn.client("s3").create_bucket(Bucket=bucket)
    head = (
        f"PUT /{bucket}/key HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(chunks)}\r\n"
        "x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD\r\nx-amz-date: 20260101T000000Z\r\n"
        "x-amz-decoded-content-length: 16\r\n"
        f"Authorization: {AUTHORIZATION.format(service='s3')}\r\n\r\n"
    )
    answer = raw(tarn, head.encode() + chunks)
    assert b" 200 " not in answer.split(b"\r\n")[0]
    assert "Contents" not in tarn.client("s3").list_objects_v2(Bucket=bucket)
    alive(tarn)
