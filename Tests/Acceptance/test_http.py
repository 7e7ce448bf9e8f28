"""Connections as clients use them: kept, closed, half closed, read slowly, left in the middle."""

import http.client
import os
import socket
import urllib.parse

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def connect(tarn):
    address = urllib.parse.urlsplit(tarn.endpoint)
    return socket.create_connection((address.hostname, address.port), timeout=60)


def read_all(connection):
    answer = b""
    while part := connection.recv(65536):
        answer += part
    return answer


def head_of(connection):
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        assert byte, f"the connection ended after {answer!r}"
        answer += byte
    return answer


def signed(tarn, method, path, body=b"", secret="test", **headers):
    request = AWSRequest(method, tarn.endpoint + path, data=body, headers=headers)
    S3SigV4Auth(Credentials("test", secret), "s3", "us-east-1").add_auth(request)
    host = urllib.parse.urlsplit(tarn.endpoint).netloc
    fields = {"Host": host, "Content-Length": str(len(body))} | dict(request.headers)
    text = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return text.encode() + b"\r\n"


@pytest.fixture
def bucket(tarn, unique):
    name = unique("http")
    tarn.client("s3").create_bucket(Bucket=name)
    return name


def test_connections_are_kept(tarn, bucket):
    connection = connect(tarn)
    ports = set()
    for number in range(50):
        body = os.urandom(number * 3000)  # handed over whole, and as it comes
        connection.sendall(signed(tarn, "PUT", f"/{bucket}/k{number}", body) + body)
        assert head_of(connection).startswith(b"HTTP/1.1 200 OK")
        ports.add(connection.getsockname())
        assert tarn.client("s3").get_object(Bucket=bucket, Key=f"k{number}")["Body"].read() == body
    assert len(ports) == 1


def test_heads_have_no_body(tarn, bucket):
    tarn.client("s3").put_object(Bucket=bucket, Key="k", Body=b"x" * 1000)
    connection = connect(tarn)
    for _ in range(3):
        connection.sendall(signed(tarn, "HEAD", f"/{bucket}/k"))
        head = head_of(connection).lower()
        assert head.startswith(b"http/1.1 200") and b"content-length: 1000\r\n" in head
    connection.sendall(signed(tarn, "DELETE", f"/{bucket}/k"))
    assert head_of(connection).startswith(b"HTTP/1.1 204 No Content\r\n")
    connection.sendall(signed(tarn, "GET", f"/{bucket}/k", **{"Connection": "close"}))
    answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 404 Not Found\r\n") and b"connection: close\r\n" in answer.lower()


def test_old_clients(tarn):
    connection = connect(tarn)
    connection.sendall(b"GET /_tarn/health HTTP/1.0\r\n\r\n")
    answer = read_all(connection)
    assert b'"status":"ok"' in answer and b"transfer-encoding" not in answer.lower()


def test_absolute_targets(tarn):
    connection = connect(tarn)
    connection.sendall(f"GET {tarn.endpoint}/_tarn/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert b'"status":"ok"' in read_all(connection)


def test_go_ahead(tarn, bucket):
    body = os.urandom(300_000)
    connection = connect(tarn)
    connection.sendall(signed(tarn, "PUT", f"/{bucket}/k", body, Expect="100-continue"))
    assert head_of(connection) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(body)
    assert head_of(connection).startswith(b"HTTP/1.1 200 OK")
    # One that is refused is spared its body, and the connection ends.
    connection.sendall(signed(tarn, "PUT", f"/{bucket}/k", body, secret="wrong", Expect="100-continue"))
    answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 403 Forbidden") and b"SignatureDoesNotMatch" in answer


def test_a_refusal_before_the_body_has_come(tarn, bucket):
    body = os.urandom(20_000_000)
    connection = connect(tarn)
    connection.sendall(signed(tarn, "PUT", f"/{bucket}/k", body, secret="wrong") + body)
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    assert answer.status == 403 and b"SignatureDoesNotMatch" in answer.read()
    # The connection is of use still.
    connection.sendall(b"GET /_tarn/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b'"status":"ok"' in read_all(connection)


def test_header_values_cannot_end_their_line(tarn, bucket):
    s3 = tarn.client("s3", signature_version="s3v4")
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    url = s3.generate_presigned_url(
        "get_object", {"Bucket": bucket, "Key": "k", "ResponseContentDisposition": "a\r\nx-evil: 1"}
    )
    connection = connect(tarn)
    target = url.split("/", 3)[3]
    host = url.split("/")[2]
    connection.sendall(f"GET /{target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert b"\r\nx-evil" not in read_all(connection)


def resident_mib(tarn):
    status = open(f"/proc/{tarn.process.pid}/status").read()
    return int(status.split("VmRSS:")[1].split()[0]) // 1024


def test_slow_readers_hold_no_object(tarn, bucket):
    size = 64 << 20
    tarn.client("s3").put_object(Bucket=bucket, Key="large", Body=b"z" * size)
    before = resident_mib(tarn)
    held = [connect(tarn) for _ in range(20)]
    for connection in held:
        connection.sendall(signed(tarn, "GET", f"/{bucket}/large"))
        head_of(connection)
    assert resident_mib(tarn) - before < 100, "twenty objects of 64 MiB are on their way"
    # Half of them go, the others get all of it.
    for connection in held[::2]:
        connection.close()
    for connection in held[1::6]:
        left = size
        while left:
            part = connection.recv(1 << 20)
            assert part, f"{left} bytes are missing"
            left -= len(part)
    for connection in held:
        connection.close()
    assert tarn.client("s3").head_object(Bucket=bucket, Key="large")["ContentLength"] == size


def test_uploads_that_break_off(tarn, bucket):
    for length in (1000, 1_000_000):
        connection = connect(tarn)
        body = os.urandom(length)
        connection.sendall(signed(tarn, "PUT", f"/{bucket}/broken", body) + body[: length // 2])
        connection.shutdown(socket.SHUT_WR)
        assert b"HTTP/1.1 200" not in read_all(connection)
    assert "Contents" not in tarn.client("s3").list_objects_v2(Bucket=bucket)
