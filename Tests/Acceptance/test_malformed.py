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


def raw(tarn, data, seconds=60):
    """Sends bytes as they are and gives what comes back."""
    address = urllib.parse.urlsplit(tarn.endpoint)
    with socket.create_connection((address.hostname, address.port), timeout=seconds) as connection:
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


PUT = "PUT /{bucket}/key HTTP/1.1\r\nHost: x\r\nAuthorization: AWS test:x\r\n"


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: -1",
        "Content-Length: -9223372036854775809",
        "Content-Length: 99999999999999999999999999",
        "Content-Length: 9223372036854775807",
        "Content-Length: 1e3",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked, gzip",
        "Transfer-Encoding: nonsense",
        "Expect: 100-continue\r\nContent-Length: 5",
        "Expect: 100-continue",
        "Expect: 200-ok\r\nContent-Length: 5",
        "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\nContent-Length: 5",
        "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\nx-amz-decoded-content-length: -5\r\nContent-Length: 5",
        "x-amz-decoded-content-length: 99999999999999999999\r\nContent-Length: 5",
        "x-amz-date: 00000000T000000Z\r\nContent-Length: 5",
        "x-amz-copy-source: %\r\nContent-Length: 0",
        "Range: bytes=99999999999999999999-\r\nContent-Length: 0",
        "no colon here",
        ": no name",
        "Null: \0",
    ],
)
@pytest.mark.parametrize("body", ["", "hello", "5\r\nhello\r\n0\r\n\r\n", "-1\r\n", "ffffffffffffffff1\r\nx", "\r\n\r\n"])
def test_heads(tarn, head, body):
    raw(tarn, (PUT.format(bucket="b") + head + "\r\n\r\n" + body).encode())
    alive(tarn)


@pytest.mark.parametrize(
    "text",
    [
        "GET /?AWSAccessKeyId=test&Signature=x&Expires=-9223372036854775808 HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /?AWSAccessKeyId=test&Signature=x&Expires=9223372036854775807 HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET /b/k HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET http://other/x HTTP/1.1\r\nHost: x\r\n\r\n",
        "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        "BREW /b/k HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /b/k HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAA\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_request_lines(tarn, text):
    raw(tarn, text.encode("latin-1"))
    alive(tarn)


def test_ten_megabytes_of_header(tarn):
    for head in [
        b"GET / HTTP/1.1\r\nHost: x\r\nLong: " + b"x" * 10_000_000,
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"Many: x\r\n" * 1_000_000,
        b"GET /" + b"x" * 10_000_000 + b" HTTP/1.1\r\nHost: x",
    ]:
        # The server has stopped listening long before the end.
        try:
            answer = raw(tarn, head + b"\r\n\r\n", seconds=2)
        except OSError:
            continue
        assert answer.startswith(b"HTTP/1.1 4")
    alive(tarn)


def test_pipelined_requests(tarn):
    one = b"GET /_tarn/health HTTP/1.1\r\nHost: x\r\n\r\n"
    assert raw(tarn, one * 50).count(b'"status":"ok"') == 50
    # A request that asks for a go-ahead while others are answered.
    asking = b"PUT /b/k HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi"
    raw(tarn, (one + asking) * 20)
    alive(tarn)


def resident_mib(tarn):
    status = open(f"/proc/{tarn.process.pid}/status").read()
    return int(status.split("VmRSS:")[1].split()[0]) // 1024


def test_half_requests_cost_little(tarn, unique):
    """Connections that say half of something: all are held, and the server goes on answering others."""
    bucket = unique("half")
    tarn.client("s3").create_bucket(Bucket=bucket)
    url = tarn.client("s3", signature_version="s3v4").generate_presigned_url("put_object", {"Bucket": bucket, "Key": "k"})
    target = url.split("/", 3)[3].encode()
    host = url.split("/")[2].encode()
    halves = [
        b"GE",
        b"GET / HTTP/1.1\r\nHost: x\r\nA:",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nhalf",
        b"PUT /" + target + b" HTTP/1.1\r\nHost: " + host + b"\r\nContent-Length: 5000000\r\n\r\n" + b"x" * 1000,
        b"PUT /" + target + b" HTTP/1.1\r\nHost: " + host + b"\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf",
    ]
    before = resident_mib(tarn)
    address = urllib.parse.urlsplit(tarn.endpoint)
    held = []
    for number in range(500):
        connection = socket.create_connection((address.hostname, address.port), timeout=60)
        connection.sendall(halves[number % len(halves)])
        held.append(connection)
    alive(tarn)
    assert resident_mib(tarn) - before < 200
    for connection in held:
        connection.close()
    alive(tarn)
    # An upload that broke off is no object.
    assert "Contents" not in tarn.client("s3").list_objects_v2(Bucket=bucket)
