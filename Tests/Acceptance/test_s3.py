"""S3 through boto3: objects, listings, versions, uploads and settings as AWS documents them."""

import base64
import hashlib
import http.client
import io
import json
import socket
import urllib.request
import zlib

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore import UNSIGNED
from botocore.exceptions import ClientError
from conftest import wait_until

MIB = 1 << 20


@pytest.fixture
def s3(tarn):
    return tarn.client("s3", s3={"addressing_style": "path"})


@pytest.fixture
def bucket(s3, unique):
    name = unique("bucket")
    s3.create_bucket(Bucket=name)
    return name


def refusal(call, **arguments):
    """The code, status and error members that `call` answers with."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]


# --- objects ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["a", "a/b", "sp ace+plus", "ünï/ço?de&=#%25", "a//b/", "../x", "'\"<>", "\u2028z"])
def test_round_trip_of_keys(s3, bucket, key):
    put = s3.put_object(Bucket=bucket, Key=key, Body=b"hello", Metadata={"Colour": "blue"}, ContentType="text/plain")
    assert put["ETag"] == '"5d41402abc4b2a76b9719d911017c592"'
    assert put["ServerSideEncryption"] == "AES256"
    got = s3.get_object(Bucket=bucket, Key=key)
    assert got["Body"].read() == b"hello"
    assert got["Metadata"] == {"colour": "blue"}
    assert got["ContentType"] == "text/plain"
    assert got["AcceptRanges"] == "bytes"
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    assert [entry["Key"] for entry in s3.list_objects(Bucket=bucket)["Contents"]] == [key]
    copied = s3.copy_object(Bucket=bucket, Key="copy of it", CopySource={"Bucket": bucket, "Key": key})
    assert copied["CopyObjectResult"]["ETag"] == put["ETag"]
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}]})
    assert refusal(s3.get_object, Bucket=bucket, Key=key)[:2] == ("NoSuchKey", 404)


def test_large_body_streams_both_ways(s3, bucket):
    body = hashlib.shake_256(b"seed").digest(20 * MIB)
    s3.put_object(Bucket=bucket, Key="large", Body=io.BytesIO(body))
    assert s3.get_object(Bucket=bucket, Key="large")["Body"].read() == body
    assert s3.head_object(Bucket=bucket, Key="large")["ContentLength"] == len(body)


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_checksums(s3, bucket, algorithm):
    if algorithm in ("CRC32C", "CRC64NVME"):
        pytest.importorskip("awscrt")
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"123456789", ChecksumAlgorithm=algorithm)
    name = f"Checksum{algorithm}"
    assert put[name]
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head[name] == put[name]
    assert head["ChecksumType"] == "FULL_OBJECT"
    attributes = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["Checksum", "ObjectSize", "ETag"])
    assert attributes["Checksum"][name] == put[name]
    assert attributes["ObjectSize"] == 9
    # The client compares what it reads.
    assert s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")["Body"].read() == b"123456789"


def test_wrong_digests_are_refused(s3, bucket):
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"x", ContentMD5=wrong)[:2] == ("BadDigest", 400)
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"x", ContentMD5="eA==")[:2] == ("InvalidDigest", 400)
    crc = base64.b64encode(zlib.crc32(b"other").to_bytes(4)).decode()
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"x", ChecksumCRC32=crc)[:2] == ("BadDigest", 400)
    assert refusal(s3.head_object, Bucket=bucket, Key="k")[:2] == ("404", 404)


def test_ranges_and_parts(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    for given, expected in [("bytes=2-4", b"234"), ("bytes=7-", b"789"), ("bytes=-2", b"89"), ("bytes=5-100", b"56789")]:
        got = s3.get_object(Bucket=bucket, Key="k", Range=given)
        assert got["Body"].read() == expected
        assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert got["ContentRange"].endswith("/10")
    code, status, error = refusal(s3.get_object, Bucket=bucket, Key="k", Range="bytes=10-")
    assert (code, status) == ("InvalidRange", 416)
    assert error["ActualObjectSize"] == "10" and error["RangeRequested"] == "bytes=10-"
    assert s3.get_object(Bucket=bucket, Key="k", PartNumber=1)["Body"].read() == b"0123456789"
    assert refusal(s3.get_object, Bucket=bucket, Key="k", PartNumber=2)[:2] == ("InvalidPartNumber", 416)


def test_conditions(s3, bucket):
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    etag, modified = put["ETag"], s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    assert refusal(s3.get_object, Bucket=bucket, Key="k", IfNoneMatch=etag)[:2] == ("304", 304)
    assert refusal(s3.get_object, Bucket=bucket, Key="k", IfModifiedSince=modified)[:2] == ("304", 304)
    assert refusal(s3.get_object, Bucket=bucket, Key="k", IfMatch='"x"')[:2] == ("PreconditionFailed", 412)
    assert s3.get_object(Bucket=bucket, Key="k", IfMatch=etag, IfUnmodifiedSince="2000-01-01")["Body"].read() == b"x"
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"y", IfNoneMatch="*")[0] == "PreconditionFailed"
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"y", IfMatch='"x"')[0] == "PreconditionFailed"
    assert refusal(s3.put_object, Bucket=bucket, Key="no", Body=b"y", IfMatch=etag)[0] == "NoSuchKey"
    s3.put_object(Bucket=bucket, Key="k", Body=b"y", IfMatch=etag)
    s3.put_object(Bucket=bucket, Key="new", Body=b"y", IfNoneMatch="*")


def test_limits_of_keys_metadata_and_tags(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k" * 1024, Body=b"")
    assert refusal(s3.put_object, Bucket=bucket, Key="k" * 1025, Body=b"")[:2] == ("KeyTooLongError", 400)
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"", Metadata={"a": "x" * 2048})[0] == "MetadataTooLarge"
    tags = [{"Key": f"k{index}", "Value": "v"} for index in range(11)]
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Tagging="a=1&b=x%20y")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [
        {"Key": "a", "Value": "1"}, {"Key": "b", "Value": "x y"},
    ]
    assert refusal(s3.put_object_tagging, Bucket=bucket, Key="k", Tagging={"TagSet": tags})[0] == "BadRequest"
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": tags[:10]})
    assert s3.head_object(Bucket=bucket, Key="k")["TagCount"] == 10
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []


def test_errors_name_what_is_missing(s3, bucket):
    code, status, error = refusal(s3.get_object, Bucket=bucket, Key="no")
    assert (code, status, error["Key"]) == ("NoSuchKey", 404, "no")
    assert error["Message"] == "The specified key does not exist."
    code, status, error = refusal(s3.list_objects_v2, Bucket="no-such-bucket-here")
    assert (code, status, error["BucketName"]) == ("NoSuchBucket", 404, "no-such-bucket-here")


def test_storage_classes(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass="STANDARD_IA")
    assert s3.head_object(Bucket=bucket, Key="k")["StorageClass"] == "STANDARD_IA"
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["StorageClass"] == "STANDARD_IA"
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"x", StorageClass="COLD")[0] == "InvalidStorageClass"


# --- signatures ------------------------------------------------------------------------------------------------------


def test_presigned_urls(s3, bucket):
    url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "a b"})
    # Such a signature covers the type of the content, and urllib names one unless it is given another.
    put = urllib.request.Request(url, data=b"signed", method="PUT", headers={"Content-Type": ""})
    with urllib.request.urlopen(put) as response:
        assert response.status == 200
    url = s3.generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": "a b", "ResponseContentType": "text/csv"})
    with urllib.request.urlopen(url) as response:
        assert response.read() == b"signed"
        assert response.headers["Content-Type"] == "text/csv"


def test_virtual_host_style(tarn, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    connection = http.client.HTTPConnection("127.0.0.1", tarn.port)
    signed = tarn.client("s3", s3={"addressing_style": "virtual"}).generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": "k"})
    host, path = signed.removeprefix("http://").split("/", 1)
    if host.startswith(bucket):
        connection.request("GET", "/" + path, headers={"Host": host})
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b"x")


def test_anonymous_callers_are_refused(tarn, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    anonymous = tarn.client("s3", signature_version=UNSIGNED)
    assert refusal(anonymous.get_object, Bucket=bucket, Key="k")[:2] == ("AccessDenied", 403)
    assert refusal(anonymous.list_objects_v2, Bucket=bucket)[:2] == ("AccessDenied", 403)


# --- listings --------------------------------------------------------------------------------------------------------


def test_listings(s3, bucket):
    keys = ["a", "b/1", "b/2", "b/c/3", "d e", "f"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    page = s3.list_objects_v2(Bucket=bucket, Delimiter="/", MaxKeys=2)
    assert [entry["Key"] for entry in page["Contents"]] == ["a"]
    assert page["CommonPrefixes"] == [{"Prefix": "b/"}]
    assert page["IsTruncated"] and page["KeyCount"] == 2
    rest = s3.list_objects_v2(
        Bucket=bucket, Delimiter="/", ContinuationToken=page["NextContinuationToken"])
    assert [entry["Key"] for entry in rest["Contents"]] == ["d e", "f"]
    assert "CommonPrefixes" not in rest and not rest["IsTruncated"]
    seen = [
        entry["Key"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 2})
        for entry in page["Contents"]
    ]
    assert seen == keys
    seen = [
        entry["Key"]
        for page in s3.get_paginator("list_objects").paginate(Bucket=bucket, PaginationConfig={"PageSize": 2})
        for entry in page["Contents"]
    ]
    assert seen == keys
    page = s3.list_objects(Bucket=bucket, Delimiter="/", MaxKeys=2)
    assert page["NextMarker"] == "b/"
    assert [entry["Key"] for entry in s3.list_objects(Bucket=bucket, Prefix="b/", Delimiter="/")["Contents"]] == ["b/1", "b/2"]
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket, StartAfter="b/c/3")["Contents"]] == ["d e", "f"]
    owned = s3.list_objects_v2(Bucket=bucket, FetchOwner=True)["Contents"][0]
    assert owned["Owner"]["ID"] == s3.list_buckets()["Owner"]["ID"]
    assert refusal(s3.list_objects_v2, Bucket=bucket, ContinuationToken="?")[0] == "InvalidArgument"


# --- versions --------------------------------------------------------------------------------------------------------


def test_versions(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"before")
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket=bucket, Key="k", Body=b"2")["VersionId"]
    marker = s3.delete_object(Bucket=bucket, Key="k")
    assert marker["DeleteMarker"] is True
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket=bucket, Key="k")
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amz-delete-marker"] == "true"
    assert headers["x-amz-version-id"] == marker["VersionId"]
    assert s3.get_object(Bucket=bucket, Key="k", VersionId=first)["Body"].read() == b"1"
    assert s3.get_object(Bucket=bucket, Key="k", VersionId="null")["Body"].read() == b"before"
    assert refusal(s3.get_object, Bucket=bucket, Key="k", VersionId=marker["VersionId"])[:2] == ("MethodNotAllowed", 405)
    listed = s3.list_object_versions(Bucket=bucket)
    assert [entry["VersionId"] for entry in listed["Versions"]] == [second, first, "null"]
    assert [entry["IsLatest"] for entry in listed["DeleteMarkers"]] == [True]
    s3.delete_object(Bucket=bucket, Key="k", VersionId=marker["VersionId"])
    assert s3.get_object(Bucket=bucket, Key="k")["VersionId"] == second
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=bucket, Key="k", Body=b"null again")
    assert [entry["VersionId"] for entry in s3.list_object_versions(Bucket=bucket)["Versions"]] == ["null", second, first]
    assert refusal(s3.delete_bucket, Bucket=bucket)[:2] == ("BucketNotEmpty", 409)
    boto = boto3.resource(
        "s3", endpoint_url=s3.meta.endpoint_url, region_name="us-east-1", aws_access_key_id="test",
        aws_secret_access_key="test")
    boto.Bucket(bucket).object_versions.delete()
    s3.delete_bucket(Bucket=bucket)


# --- multipart -------------------------------------------------------------------------------------------------------


def test_managed_transfer(s3, bucket):
    body = hashlib.shake_256(b"other").digest(18 * MIB + 5)
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
    s3.upload_fileobj(io.BytesIO(body), bucket, "k", Config=config, ExtraArgs={"ContentType": "text/plain"})
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head["ETag"].endswith('-4"')
    assert head["ContentType"] == "text/plain"
    target = io.BytesIO()
    s3.download_fileobj(bucket, "k", target, Config=config)
    assert target.getvalue() == body
    part = s3.get_object(Bucket=bucket, Key="k", PartNumber=2)
    assert part["PartsCount"] == 4
    assert part["Body"].read() == body[5 * MIB : 10 * MIB]
    s3.copy({"Bucket": bucket, "Key": "k"}, bucket, "copy", Config=config)
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == body


def test_multipart_by_hand(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    arguments = {"Bucket": bucket, "Key": "k", "UploadId": upload}
    body = b"x" * (5 * MIB)
    parts = [
        {"PartNumber": number, "ETag": s3.upload_part(PartNumber=number, Body=text, **arguments)["ETag"]}
        for number, text in [(1, body), (2, b"end"), (3, b"unused")]
    ]
    assert [part["Size"] for part in s3.list_parts(**arguments)["Parts"]] == [5 * MIB, 3, 6]
    assert s3.list_multipart_uploads(Bucket=bucket)["Uploads"][0]["UploadId"] == upload
    complete = s3.complete_multipart_upload
    assert refusal(complete, MultipartUpload={"Parts": parts[1::-1]}, **arguments)[0] == "InvalidPartOrder"
    assert refusal(complete, MultipartUpload={"Parts": parts[1:]}, **arguments)[0] == "EntityTooSmall"
    wrong = [parts[0] | {"ETag": '"00000000000000000000000000000000"'}]
    assert refusal(complete, MultipartUpload={"Parts": wrong}, **arguments)[0] == "InvalidPart"
    done = complete(MultipartUpload={"Parts": parts[:2]}, **arguments)
    md5s = hashlib.md5(body).digest() + hashlib.md5(b"end").digest()
    assert done["ETag"] == f'"{hashlib.md5(md5s).hexdigest()}-2"'
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body + b"end"
    again = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=again)
    assert refusal(s3.list_parts, Bucket=bucket, Key="k", UploadId=again)[:2] == ("NoSuchUpload", 404)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_composite_checksum(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="SHA256")["UploadId"]
    bodies = [b"a" * (5 * MIB), b"b"]
    parts = []
    for number, body in enumerate(bodies, 1):
        done = s3.upload_part(
            Bucket=bucket, Key="k", UploadId=upload, PartNumber=number, Body=body, ChecksumAlgorithm="SHA256")
        parts.append({"PartNumber": number, "ETag": done["ETag"], "ChecksumSHA256": done["ChecksumSHA256"]})
    done = s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": parts})
    whole = hashlib.sha256(b"".join(hashlib.sha256(body).digest() for body in bodies)).digest()
    assert done["ChecksumSHA256"] == base64.b64encode(whole).decode() + "-2"
    assert done["ChecksumType"] == "COMPOSITE"


# --- buckets ---------------------------------------------------------------------------------------------------------


def test_bucket_rules(tarn, s3, bucket, unique):
    s3.create_bucket(Bucket=bucket)
    europe = tarn.client("s3", region="eu-west-1")
    name = unique("europe")
    assert refusal(europe.create_bucket, Bucket=name)[0] == "IllegalLocationConstraintException"
    constraint = {"LocationConstraint": "eu-west-1"}
    europe.create_bucket(Bucket=name, CreateBucketConfiguration=constraint)
    code = refusal(europe.create_bucket, Bucket=name, CreateBucketConfiguration=constraint)[:2]
    assert code == ("BucketAlreadyOwnedByYou", 409)
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-west-1"
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None
    assert s3.head_bucket(Bucket=name)["BucketRegion"] == "eu-west-1"
    assert refusal(s3.create_bucket, Bucket="Bad_Name")[0] == "InvalidBucketName"
    first = {"LocationConstraint": "us-east-1"}
    code = refusal(s3.create_bucket, Bucket=unique(), CreateBucketConfiguration=first)[0]
    assert code == "InvalidLocationConstraint"
    assert name in [entry["Name"] for entry in s3.list_buckets()["Buckets"]]
    assert refusal(s3.head_bucket, Bucket="no-such-bucket-here")[:2] == ("404", 404)


def test_settings(s3, bucket):
    assert refusal(s3.get_bucket_tagging, Bucket=bucket)[0] == "NoSuchTagSet"
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "team", "Value": "data"}]})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "team", "Value": "data"}]
    s3.delete_bucket_tagging(Bucket=bucket)

    assert refusal(s3.get_bucket_cors, Bucket=bucket)[0] == "NoSuchCORSConfiguration"
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://*.example.com"], "AllowedHeaders": ["*"]}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == [rule]

    rules = [
        {
            "ID": "old",
            "Status": "Enabled",
            "Filter": {"And": {"Prefix": "logs/", "Tags": [{"Key": "a", "Value": "b"}]}},
            "Expiration": {"Days": 30},
            "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}],
        }
    ]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == rules
    s3.put_object(Bucket=bucket, Key="logs/x", Body=b"", Tagging="a=b")
    assert 'rule-id="old"' in s3.head_object(Bucket=bucket, Key="logs/x")["Expiration"]

    encryption = {
        "Rules": [
            {
                "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "some-key"},
                "BucketKeyEnabled": True,
            }
        ]
    }
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=encryption)
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"] == encryption
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"")
    assert put["ServerSideEncryption"] == "aws:kms" and put["SSEKMSKeyId"].endswith("key/some-key")

    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert all(block.values())
    public = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject",'
        f'"Resource":"arn:aws:s3:::{bucket}/*"}}]}}'
    )
    assert refusal(s3.put_bucket_policy, Bucket=bucket, Policy=public)[:2] == ("AccessDenied", 403)
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=public)
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == public
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is True
    with urllib.request.urlopen(f"{s3.meta.endpoint_url}/{bucket}/k") as response:
        assert response.status == 200
    s3.delete_bucket_policy(Bucket=bucket)
    assert refusal(s3.get_bucket_policy, Bucket=bucket)[0] == "NoSuchBucketPolicy"


def test_preflight(tarn, s3, bucket):
    def preflight(origin):
        connection = http.client.HTTPConnection("127.0.0.1", tarn.port)
        headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        connection.request("OPTIONS", f"/{bucket}/k", headers=headers)
        return connection.getresponse()

    assert preflight("https://a.example.com").status == 403
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://*.example.com"], "MaxAgeSeconds": 10}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    allowed = preflight("https://a.example.com")
    assert allowed.status == 200
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://a.example.com"
    assert allowed.headers["Access-Control-Max-Age"] == "10"
    assert preflight("https://elsewhere.org").status == 403


def test_what_is_not_configured(s3, bucket):
    for call, code in [
        (s3.get_bucket_website, "NoSuchWebsiteConfiguration"),
        (s3.get_bucket_replication, "ReplicationConfigurationNotFoundError"),
        (s3.get_object_lock_configuration, "ObjectLockConfigurationNotFoundError"),
        (s3.get_bucket_lifecycle_configuration, "NoSuchLifecycleConfiguration"),
    ]:
        assert refusal(call, Bucket=bucket)[:2] == (code, 404)
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)
    assert "Status" not in s3.get_bucket_accelerate_configuration(Bucket=bucket)
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    assert s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"] == [
        {"ObjectOwnership": "BucketOwnerEnforced"}
    ]
    grants = s3.get_bucket_acl(Bucket=bucket)["Grants"]
    assert [grant["Permission"] for grant in grants] == ["FULL_CONTROL"]
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"", ACL="public-read")[:2] == (
        "AccessControlListNotSupported", 400,
    )


# --- durability ------------------------------------------------------------------------------------------------------


def test_objects_survive_a_kill(fresh_tarn):
    tarn = fresh_tarn()
    s3 = tarn.client("s3")
    s3.create_bucket(Bucket="kept")
    bodies = {f"k{index}": hashlib.shake_256(bytes([index])).digest(1 << index) for index in range(22)}
    for key, body in bodies.items():
        s3.put_object(Bucket="kept", Key=key, Body=body)
    s3.copy_object(Bucket="kept", Key="copy", CopySource="kept/k20")
    s3.delete_object(Bucket="kept", Key="k20")
    tarn.kill()
    tarn.start()
    s3 = tarn.client("s3")
    assert s3.get_object(Bucket="kept", Key="copy")["Body"].read() == bodies.pop("k20")
    for key, body in bodies.items():
        assert s3.get_object(Bucket="kept", Key=key)["Body"].read() == body
    tarn.stop()


def test_what_a_broken_upload_leaves_is_freed(fresh_tarn):
    server = fresh_tarn()
    s3 = server.client("s3", signature_version="s3v4", s3={"addressing_style": "path"})
    s3.create_bucket(Bucket="orphans")
    s3.put_object(Bucket="orphans", Key="kept", Body=b"x" * MIB)
    url = s3.generate_presigned_url("put_object", Params={"Bucket": "orphans", "Key": "lost"})
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.putrequest("PUT", "/" + url.split("/", 3)[3])
    connection.putheader("Content-Length", str(20 * MIB))
    connection.endheaders()
    connection.send(b"y" * (10 * MIB))

    def blobs():
        return len(list((server.data / "blobs").glob("*/*.blob")))

    wait_until(lambda: blobs() == 2)
    server.kill()
    server.start()
    assert blobs() == 2
    assert wait_until(lambda: blobs() == 1)
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket="orphans")["Contents"]] == ["kept"]
    assert s3.get_object(Bucket="orphans", Key="kept")["Body"].read() == b"x" * MIB


def test_a_part_shows_its_own_checksum(s3, bucket):
    upload = s3.create_multipart_upload(
        Bucket=bucket, Key="k", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")["UploadId"]
    bodies = [b"a" * (5 * MIB), b"b"]
    parts = []
    for number, body in enumerate(bodies, 1):
        done = s3.upload_part(
            Bucket=bucket, Key="k", UploadId=upload, PartNumber=number, Body=body, ChecksumAlgorithm="CRC32")
        parts.append({"PartNumber": number, "ETag": done["ETag"], "ChecksumCRC32": done["ChecksumCRC32"]})
    s3.complete_multipart_upload(
        Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": parts}, ChecksumType="FULL_OBJECT")
    for number, body in enumerate(bodies, 1):
        # The client compares what it reads.
        got = s3.get_object(Bucket=bucket, Key="k", PartNumber=number, ChecksumMode="ENABLED")
        assert got["Body"].read() == body
        assert got["ChecksumCRC32"] == parts[number - 1]["ChecksumCRC32"]
    whole = zlib.crc32(b"".join(bodies)).to_bytes(4, "big")
    assert s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")["ChecksumCRC32"] == (
        base64.b64encode(whole).decode())


def test_go_ahead(tarn, s3, bucket):
    """A refused upload is refused before its body; one that is let in gets its go-ahead."""
    url = tarn.client("s3", signature_version="s3v4").generate_presigned_url(
        "put_object", Params={"Bucket": bucket, "Key": "k"})
    for target, expected in [("/" + url.split("/", 3)[3], b"HTTP/1.1 100"), (f"/{bucket}/k", b"HTTP/1.1 403")]:
        with socket.create_connection(("127.0.0.1", tarn.port), timeout=60) as connection:
            host = url.split("/")[2]
            connection.sendall(
                f"PUT {target} HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n".encode())
            answer = connection.recv(65536)
            assert answer.startswith(expected)
            if expected.endswith(b"403"):
                assert b"connection: close" in answer.lower()
                continue
            connection.sendall(b"hi")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"hi"


def test_policies_that_cannot_be_understood_are_refused(s3, bucket):
    statement = {
        "Effect": "Deny", "Principal": {"AWS": "000000000000"}, "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{bucket}", "Condition": {"StringSounds": {"aws:username": "x"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    assert refusal(s3.put_bucket_policy, Bucket=bucket, Policy=policy)[:2] == ("MalformedPolicy", 400)
    assert refusal(s3.get_bucket_policy, Bucket=bucket)[0] == "NoSuchBucketPolicy"


def test_canned_lists(tarn, s3, bucket):
    """Lists act where they are switched on, and a policy's denial is stronger."""
    anonymous = tarn.client("s3", signature_version=UNSIGNED, s3={"addressing_style": "path"})
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="open", Body=b"x", ACL="public-read")
    s3.put_object(Bucket=bucket, Key="closed", Body=b"x")
    assert anonymous.get_object(Bucket=bucket, Key="open")["Body"].read() == b"x"
    assert refusal(anonymous.get_object, Bucket=bucket, Key="closed")[:2] == ("AccessDenied", 403)
    assert refusal(anonymous.list_objects_v2, Bucket=bucket)[0] == "AccessDenied"
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    assert anonymous.list_objects_v2(Bucket=bucket)["KeyCount"] == 2
    assert refusal(anonymous.put_object, Bucket=bucket, Key="new", Body=b"y")[0] == "AccessDenied"
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read-write")
    anonymous.put_object(Bucket=bucket, Key="new", Body=b"y")
    anonymous.delete_object(Bucket=bucket, Key="new")
    statement = {
        "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/open",
    }
    s3.put_bucket_policy(
        Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert refusal(anonymous.get_object, Bucket=bucket, Key="open")[0] == "AccessDenied"
    s3.delete_bucket_policy(Bucket=bucket)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"IgnorePublicAcls": True})
    assert refusal(anonymous.get_object, Bucket=bucket, Key="open")[0] == "AccessDenied"
    assert refusal(anonymous.list_objects_v2, Bucket=bucket)[0] == "AccessDenied"
