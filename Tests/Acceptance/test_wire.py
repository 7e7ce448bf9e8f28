"""Signatures, protocols and forms of errors, as real clients make and read them."""

import base64
import datetime
import gzip
import hashlib
import hmac
import json
import urllib.error
import urllib.parse
import urllib.request
import zlib

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from botocore.exceptions import ClientError

CREDENTIALS = botocore.credentials.Credentials("test", "test")


def send(method, url, headers=(), body=None):
    request = urllib.request.Request(url, data=body, method=method, headers=dict(headers))
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def signed(method, url, service, headers=None, body=b"", signer=botocore.auth.SigV4Auth, region="us-east-1"):
    request = botocore.awsrequest.AWSRequest(method=method, url=url, data=body, headers=headers or {})
    signer(CREDENTIALS, service, region).add_auth(request)
    return send(method, request.prepare().url, request.prepare().headers.items(), body or None)


@pytest.fixture
def bucket(tarn, unique):
    name = unique("wire")
    tarn.client("s3").create_bucket(Bucket=name)
    return name


@pytest.mark.parametrize("version", [None, "s3v4"])
def test_presigned_urls(tarn, bucket, version):
    client = tarn.client("s3", **({"signature_version": version} if version else {}))
    key = "a b/ü+c&d=e"
    put = client.generate_presigned_url("put_object", {"Bucket": bucket, "Key": key})
    # urllib adds a type to whatever it sends, and an old presigned URL covers the type.
    status, _, text = send("PUT", put, {"Content-Type": ""}, b"hello")
    assert status == 200, text
    get = client.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key})
    assert send("GET", get)[2] == b"hello"
    assert send("DELETE", get)[0] == 403
    assert send("GET", get.replace(bucket, "other"))[0] == 403
    gone = client.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key}, ExpiresIn=-10)
    status, _, text = send("GET", gone)
    assert status in (400, 403) and (b"Request has expired" in text or b"non-negative" in text)


@pytest.mark.parametrize(
    "service, operation, code",
    [
        ("s3", "list_buckets", "SignatureDoesNotMatch"),
        ("kinesis", "list_streams", "InvalidSignatureException"),
        ("glue", "get_databases", "InvalidSignatureException"),
        ("athena", "list_work_groups", "InvalidSignatureException"),
        ("iam", "list_users", "SignatureDoesNotMatch"),
        ("sts", "get_caller_identity", "SignatureDoesNotMatch"),
    ],
)
def test_a_wrong_secret(tarn, service, operation, code):
    with pytest.raises(ClientError) as error:
        getattr(tarn.client(service, secret="wrong"), operation)()
    assert error.value.response["Error"]["Code"] == code
    assert error.value.response["ResponseMetadata"]["RequestId"]


@pytest.mark.parametrize(
    "service, operation, code",
    [
        ("s3", "list_buckets", "InvalidAccessKeyId"),
        ("kinesis", "list_streams", "UnrecognizedClientException"),
        ("iam", "list_users", "InvalidClientTokenId"),
    ],
)
def test_an_unknown_key(tarn, service, operation, code):
    with pytest.raises(ClientError) as error:
        getattr(tarn.client(service, key="AKIANOBODY"), operation)()
    assert error.value.response["Error"]["Code"] == code


def sigv4_headers(method, path, payload_hash, extra, when, secret="test"):
    """A signature by hand, at a moment of our own."""
    date = when.strftime("%Y%m%dT%H%M%SZ")
    headers = {"x-amz-date": date, "x-amz-content-sha256": payload_hash} | extra
    names = ";".join(sorted(headers))
    canonical = "\n".join(
        [method, path, "", *(f"{name}:{headers[name]}" for name in sorted(headers)), "", names, payload_hash]
    )
    scope = f"{date[:8]}/us-east-1/s3/aws4_request"
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    text = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential=test/{scope},SignedHeaders={names},Signature={signature}"
    return headers, key, scope, date, signature


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def test_a_clock_that_is_off(tarn, bucket):
    host = tarn.endpoint.removeprefix("http://")
    empty = hashlib.sha256(b"").hexdigest()
    for minutes, status in [(0, 200), (-14, 200), (-16, 403), (16, 403)]:
        when = now() + datetime.timedelta(minutes=minutes)
        headers, *_ = sigv4_headers("GET", f"/{bucket}", empty, {"host": host}, when)
        found, _, text = send("GET", f"{tarn.endpoint}/{bucket}", headers)
        assert found == status, text
        assert (b"RequestTimeTooSkewed" in text) == (status == 403)


def chunks(parts, key, scope, date, seed, trailer=None, spoil=None):
    """An aws-chunked body with signatures, and a signed trailer if one is given."""
    body, previous = b"", seed
    for number, part in enumerate([*parts, b""]):
        text = "\n".join(
            ["AWS4-HMAC-SHA256-PAYLOAD", date, scope, previous, hashlib.sha256(b"").hexdigest(), hashlib.sha256(part).hexdigest()]
        )
        previous = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        shown = "0" * 64 if spoil == number else previous
        body += f"{len(part):x};chunk-signature={shown}\r\n".encode() + part
        if part or trailer is None:
            body += b"\r\n"
    if trailer is not None:
        name, value = trailer
        text = "\n".join(
            ["AWS4-HMAC-SHA256-TRAILER", date, scope, previous, hashlib.sha256(f"{name}:{value}\n".encode()).hexdigest()]
        )
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        body += f"{name}:{value}\r\nx-amz-trailer-signature:{signature}\r\n\r\n".encode()
    return body


@pytest.mark.parametrize("with_trailer", [False, True])
@pytest.mark.parametrize("spoil", [None, 0, 1, 2, "checksum"])
def test_signed_chunks(tarn, bucket, with_trailer, spoil):
    if spoil == "checksum" and not with_trailer:
        pytest.skip("no trailer, no checksum")
    parts = [b"a" * 65536, b"b" * 1000]
    payload = b"".join(parts)
    crc = zlib.crc32(payload) ^ (1 if spoil == "checksum" else 0)
    trailer = ("x-amz-checksum-crc32", base64.b64encode(crc.to_bytes(4, "big")).decode()) if with_trailer else None
    kind = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if with_trailer else "")
    extra = {
        "host": tarn.endpoint.removeprefix("http://"),
        "content-encoding": "aws-chunked",
        "x-amz-decoded-content-length": str(len(payload)),
    }
    if with_trailer:
        extra["x-amz-trailer"] = "x-amz-checksum-crc32"
    path = f"/{bucket}/chunked"
    headers, key, scope, date, seed = sigv4_headers("PUT", path, kind, extra, now())
    body = chunks(parts, key, scope, date, seed, trailer, spoil if isinstance(spoil, int) else None)
    status, _, text = send("PUT", tarn.endpoint + path, headers, body)
    client = tarn.client("s3")
    if spoil is None:
        assert status == 200, text
        assert client.get_object(Bucket=bucket, Key="chunked")["Body"].read() == payload
    else:
        assert status in (400, 403), text
        assert (b"BadDigest" if spoil == "checksum" else b"SignatureDoesNotMatch") in text
        assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_checksums_of_the_sdk(tarn, bucket, algorithm):
    client = tarn.client("s3")
    client.put_object(Bucket=bucket, Key="k", Body=b"hello" * 1000, ChecksumAlgorithm=algorithm)
    found = client.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert found["Body"].read() == b"hello" * 1000
    assert found[f"Checksum{algorithm}"]


def test_a_body_that_is_not_the_signed_one(tarn, bucket):
    host = tarn.endpoint.removeprefix("http://")
    headers, *_ = sigv4_headers("PUT", f"/{bucket}/k", hashlib.sha256(b"one").hexdigest(), {"host": host}, now())
    status, _, text = send("PUT", f"{tarn.endpoint}/{bucket}/k", headers, b"two")
    assert status == 400 and b"XAmzContentSHA256Mismatch" in text
    assert tarn.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_constraints_in_the_services_words(tarn):
    client = tarn.client("kinesis", parameter_validation=False)
    with pytest.raises(ClientError) as error:
        client.describe_stream_summary(StreamName="a b")
    assert error.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": "1 validation error detected: Value 'a b' at 'streamName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
    }
    with pytest.raises(ClientError) as error:
        tarn.client("iam", parameter_validation=False).create_user(UserName="a b")
    assert error.value.response["Error"]["Code"] == "ValidationError"


@pytest.mark.parametrize("target", ["Kinesis_20131202.MakeCoffee", "Kinesis_20131202.", "Kinesis_20131202"])
def test_unknown_operations(tarn, target):
    headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
    status, _, text = signed("POST", tarn.endpoint + "/", "kinesis", headers, b"{}")
    assert status == 400 and json.loads(text)["__type"] == "UnknownOperationException"


def test_compressed_metrics(tarn, unique):
    namespace = unique("wire")
    datum = {"MetricName": "m", "Value": 1.0, "Dimensions": [{"Name": f"n{i}", "Value": "v" * 200} for i in range(10)]}
    # More than ten kilobytes, which botocore sends in gzip.
    tarn.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=[datum] * 20)
    body = gzip.compress(b"Action=ListMetrics&Version=2010-08-01&Namespace=" + namespace.encode())
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "gzip"}
    status, _, text = signed("POST", tarn.endpoint + "/", "monitoring", headers, body)
    assert status == 200, text
