"""AWS Lambda through boto3: functions, versions, aliases, invocations, limits, asynchronous events, Kinesis."""

import base64
import io
import json
import os
import pathlib
import re
import shutil
import sys
import time
import zipfile
import hashlib

import pytest
from botocore.exceptions import ClientError
from conftest import wait_until

ACCOUNT = "000000000000"
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"


def bundle(modes=None, **files):
    """A deployment package: `app_py="…"` is the file app.py."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(re.sub(r"_(py|js|mjs|txt)$", r".\1", name))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = (modes or {}).get(name, 0o644) << 16
            archive.writestr(info, text)
    return out.getvalue()


def refused(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


class House:
    def __init__(self, tarn, unique):
        self.tarn, self.unique = tarn, unique
        self.lam, self.iam, self.s3 = tarn.client("lambda", read_timeout=60), tarn.client("iam"), tarn.client("s3")
        self.role = unique("role")
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        self.role_arn = self.iam.create_role(
            RoleName=self.role, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        )["Role"]["Arn"]

    def again(self):
        self.lam, self.iam = self.tarn.client("lambda", read_timeout=60), self.tarn.client("iam")

    def allow(self, *actions):
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        self.iam.put_role_policy(
            RoleName=self.role, PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        )

    def make(self, source, name=None, handler="app.handler", runtime=PYTHON, **options):
        name = name or self.unique("fn")
        self.lam.create_function(
            FunctionName=name, Runtime=runtime, Role=self.role_arn, Handler=handler,
            Code={"ZipFile": source if isinstance(source, bytes) else bundle(app_py=source)}, **options,
        )
        return name

    def call(self, name, event=None, **options):
        answer = self.lam.invoke(FunctionName=name, Payload=json.dumps(event if event is not None else {}), **options)
        text = answer["Payload"].read()
        return answer, json.loads(text) if text else None

    def tail(self, name, event=None):
        answer, value = self.call(name, event, LogType="Tail")
        return value, base64.b64decode(answer["LogResult"]).decode(), answer


@pytest.fixture
def house(tarn, unique):
    return House(tarn, unique)


ECHO = """
def handler(event, context):
    print("saw", event)
    return {"event": event, "id": context.aws_request_id, "arn": context.invoked_function_arn,
            "version": context.function_version, "memory": context.memory_limit_in_mb,
            "left": context.get_remaining_time_in_millis(), "group": context.log_group_name,
            "stream": context.log_stream_name, "name": context.function_name}
"""


def test_life_of_a_function(house):
    package = bundle(app_py=ECHO)
    name = house.unique("fn")
    made = house.lam.create_function(
        FunctionName=name, Runtime=PYTHON, Role=house.role_arn, Handler="app.handler", Code={"ZipFile": package},
        Description="d", Timeout=5, MemorySize=256, Environment={"Variables": {"LEVEL": "1"}}, Tags={"team": "lake"},
    )
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}"
    assert (made["FunctionArn"], made["Version"], made["State"]) == (arn, "$LATEST", "Active")
    assert made["CodeSha256"] == base64.b64encode(hashlib.sha256(package).digest()).decode()
    assert (made["CodeSize"], made["Timeout"], made["MemorySize"]) == (len(package), 5, 256)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", made["LastModified"])
    got = house.lam.get_function(FunctionName=arn)
    assert got["Configuration"]["Environment"] == {"Variables": {"LEVEL": "1"}}
    assert got["Tags"] == {"team": "lake"} and house.lam.list_tags(Resource=arn)["Tags"] == {"team": "lake"}
    pages = house.lam.get_paginator("list_functions").paginate()
    assert name in [one["FunctionName"] for page in pages for one in page["Functions"]]

    answer, value = house.call(name, {"x": "é"})
    assert (answer["StatusCode"], answer["ExecutedVersion"], "FunctionError" in answer) == (200, "$LATEST", False)
    assert value["event"] == {"x": "é"} and value["id"] == answer["ResponseMetadata"]["RequestId"]
    assert (value["arn"], value["version"], value["memory"], value["name"]) == (arn, "$LATEST", "256", name)
    assert 3000 < value["left"] <= 5000 and value["group"] == f"/aws/lambda/{name}" and "[$LATEST]" in value["stream"]

    house.lam.update_function_code(FunctionName=name, ZipFile=bundle(app_py="def handler(e, c): return 'second'"))
    assert house.call(name)[1] == "second"
    house.lam.update_function_configuration(FunctionName=name, Timeout=9, Environment={"Variables": {}})
    assert house.lam.get_function_configuration(FunctionName=name)["Timeout"] == 9
    assert refused(house.lam.update_function_configuration, FunctionName=name, RevisionId="x", Timeout=1)[0] == "PreconditionFailedException"
    assert house.lam.get_function_configuration(FunctionName=name)["Timeout"] == 9
    house.lam.delete_function(FunctionName=name)
    assert refused(house.lam.get_function, FunctionName=name) == ("ResourceNotFoundException", f"Function not found: {arn}")
    assert refused(house.lam.invoke, FunctionName=name)[0] == "ResourceNotFoundException"


def test_refusals(house):
    name = house.make(ECHO)
    good = {"Runtime": PYTHON, "Role": house.role_arn, "Handler": "app.handler", "Code": {"ZipFile": bundle(app_py=ECHO)}}

    def create(**changes):
        return refused(house.lam.create_function, **{"FunctionName": house.unique("no")} | good | changes)

    assert create(FunctionName=name)[0] == "ResourceConflictException"
    assert create(Role=f"arn:aws:iam::{ACCOUNT}:role/nobody") == (
        "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda.")
    assert create(Code={"ZipFile": b"not a zip"})[0] == "InvalidParameterValueException"
    assert create(Environment={"Variables": {"AWS_REGION": "x"}})[0] == "InvalidParameterValueException"
    assert create(Environment={"Variables": {"LEVEL": "x" * 5000}})[0] == "InvalidParameterValueException"
    assert create(Timeout=901)[0] == "ValidationException"
    assert create(Runtime="java21")[0] == "NotImplemented"
    assert create(Layers=[f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:x:1"])[0] == "InvalidParameterValueException"
    assert create(Code={"S3Bucket": "there-is-no-such-bucket-here", "S3Key": "k"})[0] == "InvalidParameterValueException"
    evil = io.BytesIO()
    with zipfile.ZipFile(evil, "w") as archive:
        archive.writestr("../../evil.py", "x")
    assert create(Code={"ZipFile": evil.getvalue()})[0] == "InvalidParameterValueException"
    assert refused(house.lam.invoke, FunctionName=name, Payload=b"{nope")[0] == "InvalidRequestContentException"
    assert refused(house.lam.invoke, FunctionName=name, Payload=b'"' + b"x" * (6 << 20) + b'"')[0] == "RequestTooLargeException"
    assert house.lam.invoke(FunctionName=name, InvocationType="DryRun")["StatusCode"] == 204


def test_errors_and_log(house):
    name = house.make(
        """
import sys
def handler(event, context):
    print("before", file=sys.stderr)
    if event.get("exit"): sys.exit(3)
    if event.get("kill"): import os; os.kill(os.getpid(), 11)
    if event.get("large"): return "x" * (7 << 20)
    raise KeyError("gone")
"""
    )
    value, log, answer = house.tail(name)
    assert answer["FunctionError"] == "Unhandled" and value["errorType"] == "KeyError"
    assert value["errorMessage"] == "'gone'" and 'raise KeyError("gone")' in value["stackTrace"][-1]
    request = answer["ResponseMetadata"]["RequestId"]
    lines = log.splitlines()
    assert lines[0] == f"START RequestId: {request} Version: $LATEST" and "before" in lines
    assert f"END RequestId: {request}" in lines
    assert re.search(r"REPORT RequestId: .*\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\t", log)
    answer, value = house.call(name, {"exit": 1})
    assert answer["FunctionError"] == "Unhandled" and value["errorType"] == "Runtime.ExitError" and "exit status 3" in value["errorMessage"]
    assert "signal: segmentation fault" in house.call(name, {"kill": 1})[1]["errorMessage"]
    assert house.call(name, {"large": 1})[1]["errorType"] == "Function.ResponseSizeTooLarge"
    broken = house.make("import nowhere_to_be_found")
    answer, value = house.call(broken)
    assert (answer["FunctionError"], value["errorType"]) == ("Unhandled", "Runtime.ImportModuleError")


def test_a_loop_ends_at_its_timeout_and_takes_its_children_with_it(house, tmp_path):
    mark = tmp_path / "child"
    name = house.make(
        f"""
import subprocess
def handler(event, context):
    child = subprocess.Popen(["/bin/sleep", "300"])
    open({str(mark)!r}, "w").write(str(child.pid))
    while True: pass
""",
        Timeout=1,
    )
    began = time.monotonic()
    value, log, answer = house.tail(name)
    assert 0.9 < time.monotonic() - began < 8
    assert answer["FunctionError"] == "Unhandled" and value["errorMessage"].endswith("Task timed out after 1.00 seconds")
    assert "Task timed out after 1.00 seconds" in log
    child = int(mark.read_text())

    def gone():
        status = pathlib.Path(f"/proc/{child}/stat")
        return not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] == "Z"

    wait_until(gone, 10)


def test_memory_is_watched(house):
    name = house.make("def handler(e, c):\n    held = bytearray(400 << 20)\n    held[::4096] = b'x' * len(held[::4096])\n    import time; time.sleep(5)\n    return 1", Timeout=10)
    answer, value = house.call(name)
    assert answer["FunctionError"] == "Unhandled" and value["errorType"] == "Runtime.OutOfMemory"
    roomy = house.make("def handler(e, c):\n    held = bytearray(200 << 20)\n    held[::4096] = b'x' * len(held[::4096])\n    return len(held)", MemorySize=512)
    assert house.call(roomy)[1] == 200 << 20


def test_warm_processes_are_used_again_and_one_works_on_one_event(house):
    name = house.make("import os, time\ncount = 0\ndef handler(e, c):\n    global count\n    count += 1\n    time.sleep(e.get('s', 0))\n    return [os.getpid(), count]")
    first = house.call(name)[1]
    assert [house.call(name)[1] for _ in range(3)] == [[first[0], 2], [first[0], 3], [first[0], 4]]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(3) as pool:
        pids = {value[1][0] for value in pool.map(lambda _: house.call(name, {"s": 1}), range(3))}
    assert len(pids) == 3


def test_versions_and_aliases(house):
    name = house.make("def handler(e, c): return ['one', c.function_version, c.invoked_function_arn]")
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}"
    assert house.lam.publish_version(FunctionName=name)["Version"] == "1"
    assert house.lam.publish_version(FunctionName=name)["Version"] == "1"
    house.lam.update_function_code(FunctionName=name, ZipFile=bundle(app_py="def handler(e, c): return ['two', c.function_version]"))
    assert house.lam.publish_version(FunctionName=name, Description="v2")["FunctionArn"] == f"{arn}:2"
    assert [one["Version"] for one in house.lam.list_versions_by_function(FunctionName=name)["Versions"]] == ["$LATEST", "1", "2"]
    house.lam.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    assert house.call(name, Qualifier="live")[1] == ["one", "1", f"{arn}:live"]
    assert house.call(f"{name}:2")[1] == ["two", "2"]
    house.lam.update_alias(FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
    seen = {house.call(name, Qualifier="live")[0]["ExecutedVersion"] for _ in range(40)}
    assert seen == {"1", "2"}
    assert refused(house.lam.create_alias, FunctionName=name, Name="live", FunctionVersion="1")[0] == "ResourceConflictException"
    assert refused(house.lam.create_alias, FunctionName=name, Name="x", FunctionVersion="9")[0] == "ResourceNotFoundException"
    assert refused(house.lam.delete_function, FunctionName=name, Qualifier="1")[0] == "ResourceConflictException"
    house.lam.delete_alias(FunctionName=name, Name="live")
    house.lam.delete_function(FunctionName=name, Qualifier="1")
    assert refused(house.lam.invoke, FunctionName=name, Qualifier="1")[0] == "ResourceNotFoundException"


def test_the_role_s_rights(house):
    bucket = house.unique("b")
    house.s3.create_bucket(Bucket=bucket)
    name = house.make(
        "import boto3\ndef handler(e, c):\n    boto3.client('s3').put_object(Bucket=e['b'], Key='k', Body=b'from a function')\n    return boto3.client('sts').get_caller_identity()['Arn']",
        Timeout=30, MemorySize=512,
    )
    answer, value = house.call(name, {"b": bucket})
    assert answer.get("FunctionError") == "Unhandled" and "AccessDenied" in value["errorMessage"]
    house.allow("s3:PutObject")
    answer, value = house.call(name, {"b": bucket})
    assert value == f"arn:aws:sts::{ACCOUNT}:assumed-role/{house.role}/{name}"
    assert house.s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"from a function"


def test_code_from_s3_needs_the_caller_s_rights(house):
    bucket = house.unique("code")
    house.s3.create_bucket(Bucket=bucket)
    house.s3.put_object(Bucket=bucket, Key="f.zip", Body=bundle(app_py="def handler(e, c): return 'from s3'"))
    name = house.unique("fn")
    house.lam.create_function(
        FunctionName=name, Runtime=PYTHON, Role=house.role_arn, Handler="app.handler", Code={"S3Bucket": bucket, "S3Key": "f.zip"})
    assert house.call(name)[1] == "from s3"
    user = house.unique("u")
    house.iam.create_user(UserName=user)
    statement = {"Effect": "Allow", "Action": ["lambda:*", "iam:PassRole"], "Resource": "*"}
    house.iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    key = house.iam.create_access_key(UserName=user)["AccessKey"]
    theirs = house.tarn.client("lambda", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    assert refused(
        theirs.create_function, FunctionName=house.unique("fn"), Runtime=PYTHON, Role=house.role_arn, Handler="app.handler",
        Code={"S3Bucket": bucket, "S3Key": "f.zip"})[0] == "AccessDeniedException"


def test_permissions(house):
    name = house.make(ECHO)
    house.lam.add_permission(
        FunctionName=name, StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com", SourceArn="arn:aws:s3:::b", SourceAccount=ACCOUNT)
    assert refused(house.lam.add_permission, FunctionName=name, StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com")[0] == "ResourceConflictException"
    [statement] = json.loads(house.lam.get_policy(FunctionName=name)["Policy"])["Statement"]
    assert statement["Principal"] == {"Service": "s3.amazonaws.com"} and statement["Condition"]["ArnLike"] == {"AWS:SourceArn": "arn:aws:s3:::b"}
    user = house.unique("u")
    arn = house.iam.create_user(UserName=user)["User"]["Arn"]
    key = house.iam.create_access_key(UserName=user)["AccessKey"]
    theirs = house.tarn.client("lambda", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    assert refused(theirs.invoke, FunctionName=name)[0] == "AccessDeniedException"
    house.lam.add_permission(FunctionName=name, StatementId="user", Action="lambda:InvokeFunction", Principal=arn)
    assert theirs.invoke(FunctionName=name)["StatusCode"] == 200
    house.lam.remove_permission(FunctionName=name, StatementId="user")
    assert refused(theirs.invoke, FunctionName=name)[0] == "AccessDeniedException"


def test_reserved_concurrency(house):
    name = house.make(ECHO)
    house.lam.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    assert refused(house.lam.invoke, FunctionName=name)[0] == "TooManyRequestsException"
    assert house.lam.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 0
    house.lam.delete_function_concurrency(FunctionName=name)
    assert house.call(name)[0]["StatusCode"] == 200
    assert refused(house.lam.put_function_concurrency, FunctionName=name, ReservedConcurrentExecutions=5000)[0] == "InvalidParameterValueException"


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")
def test_node(house):
    node = os.popen("node --version").read().strip().lstrip("v").split(".")[0]
    source = "exports.handler = async (event, context) => { console.log('hi'); if (event.boom) throw new TypeError('boom'); return {id: context.awsRequestId}; };"
    name = house.make(bundle(index_js=source), handler="index.handler", runtime=f"nodejs{node}.x", Timeout=10)
    value, log, answer = house.tail(name)
    assert value == {"id": answer["ResponseMetadata"]["RequestId"]} and "\tINFO\thi" in log
    answer, value = house.call(name, {"boom": 1})
    assert answer["FunctionError"] == "Unhandled" and (value["errorType"], value["errorMessage"]) == ("TypeError", "boom")
    assert value["trace"][0] == "TypeError: boom"
    missing = house.make(bundle(index_js=source), handler="index.handler", runtime="nodejs12.x")
    code, message = refused(house.lam.invoke, FunctionName=missing)
    assert code == "InvalidRuntimeException" and "nodejs12.x is not installed" in message


def test_a_runtime_of_one_s_own(house):
    bootstrap = """#!/bin/sh
while true; do
  headers=$(mktemp)
  event=$(curl -sS -LD "$headers" "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next")
  id=$(grep -i Lambda-Runtime-Aws-Request-Id "$headers" | tr -d '[:space:]' | cut -d: -f2)
  curl -sS -o /dev/null "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/wrong/response" -d '"not mine"'
  curl -sS -o /dev/null "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$id/response" -d "[$event]"
done
"""
    name = house.make(bundle(modes={"bootstrap": 0o755}, bootstrap=bootstrap), handler="x", runtime="provided.al2023", Timeout=10)
    assert house.call(name, {"a": 1})[1] == [{"a": 1}] and house.call(name, 2)[1] == [2]
    without = house.make(bundle(readme_txt="x"), handler="x", runtime="provided.al2023")
    assert house.call(without)[1]["errorType"] == "Runtime.InvalidEntrypoint"


def test_functions_outlive_a_kill_and_their_processes_do_not(fresh_tarn, unique):
    tarn = fresh_tarn()
    house = House(tarn, unique)
    name = house.make("import os\ndef handler(e, c): return os.getpid()")
    process = house.call(name)[1]
    tarn.kill()
    wait_until(lambda: not pathlib.Path(f"/proc/{process}").exists() or "\nState:\tZ" in pathlib.Path(f"/proc/{process}/status").read_text(), 10)
    tarn.start()
    house.again()
    assert house.call(name)[1] != process


def test_metrics(house):
    name = house.make("def handler(e, c): return 1 / e['n']")
    house.call(name, {"n": 1})
    house.call(name, {"n": 0})
    cloudwatch = house.tarn.client("cloudwatch")

    def total(metric):
        now = time.time()
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/Lambda", MetricName=metric, Dimensions=[{"Name": "FunctionName", "Value": name}],
            StartTime=now - 600, EndTime=now + 600, Period=3600, Statistics=["Sum"])["Datapoints"]
        return sum(point["Sum"] for point in points)

    wait_until(lambda: total("Invocations") == 2 and total("Errors") == 1 and total("Duration") > 0)


def test_asynchronous_events_and_destinations(house):
    bucket = house.unique("b")
    house.s3.create_bucket(Bucket=bucket)
    house.allow("s3:PutObject", "lambda:InvokeFunction")
    keep = "import boto3, json\ndef handler(e, c): boto3.client('s3').put_object(Bucket=%r, Key=e['requestContext']['condition'], Body=json.dumps(e).encode())" % bucket
    sink = house.make(keep, Timeout=30, MemorySize=512)
    name = house.make("def handler(e, c): return {'half': 10 / e['n']}")
    sink_arn = house.lam.get_function_configuration(FunctionName=sink)["FunctionArn"]
    config = house.lam.put_function_event_invoke_config(
        FunctionName=name, MaximumRetryAttempts=0, MaximumEventAgeInSeconds=60,
        DestinationConfig={"OnSuccess": {"Destination": sink_arn}, "OnFailure": {"Destination": sink_arn}})
    assert (config["MaximumRetryAttempts"], config["FunctionArn"].rsplit(":", 1)[1]) == (0, "$LATEST")
    assert house.lam.get_function_event_invoke_config(FunctionName=name)["MaximumEventAgeInSeconds"] == 60
    for n in (2, 0):
        answer, value = house.call(name, {"n": n}, InvocationType="Event")
        assert (answer["StatusCode"], value) == (202, None)

    def kept(key):
        try:
            return json.loads(house.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        except ClientError:
            return None

    success = wait_until(lambda: kept("Success"))
    assert (success["requestPayload"], success["responsePayload"]) == ({"n": 2}, {"half": 5.0})
    failure = wait_until(lambda: kept("RetriesExhausted"))
    assert failure["responseContext"]["functionError"] == "Unhandled" and failure["requestContext"]["approximateInvokeCount"] == 1
    assert failure["responsePayload"]["errorType"] == "ZeroDivisionError"
    assert refused(
        house.lam.put_function_event_invoke_config, FunctionName=name,
        DestinationConfig={"OnFailure": {"Destination": f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"}})[0] == "NotImplemented"


def test_an_accepted_event_survives_a_kill(fresh_tarn, unique):
    tarn = fresh_tarn()
    house = House(tarn, unique)
    bucket = unique("b")
    house.s3.create_bucket(Bucket=bucket)
    house.allow("s3:PutObject")
    name = house.make(
        "import boto3, time\ndef handler(e, c):\n    time.sleep(1)\n    boto3.client('s3').put_object(Bucket=%r, Key=e['k'], Body=b'')" % bucket,
        Timeout=30, MemorySize=512)
    for index in range(3):
        house.call(name, {"k": str(index)}, InvocationType="Event")
    tarn.kill()
    tarn.start()
    s3 = tarn.client("s3")
    wait_until(lambda: {item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])} == {"0", "1", "2"})


class Stream:
    """A stream of one shard, and a bucket that functions note batches in."""

    def __init__(self, house):
        self.house, self.kinesis = house, house.tarn.client("kinesis")
        self.name, self.bucket = house.unique("s"), house.unique("seen")
        self.kinesis.create_stream(StreamName=self.name, ShardCount=1)
        wait_until(lambda: self.kinesis.describe_stream_summary(StreamName=self.name)["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE")
        self.arn = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/{self.name}"
        house.s3.create_bucket(Bucket=self.bucket)
        house.allow("s3:PutObject", "kinesis:*")

    def put(self, *values):
        for value in values:
            self.kinesis.put_record(StreamName=self.name, PartitionKey="k", Data=str(value).encode())

    def function(self, body="pass"):
        source = f"""
import base64, json, time, boto3
s3 = boto3.client("s3")
def handler(event, context):
    values = [base64.b64decode(r["kinesis"]["data"]).decode() for r in event["Records"]]
    s3.put_object(Bucket={self.bucket!r}, Key="%.6f" % time.time(), Body=json.dumps([values, event["Records"][0]]).encode())
    {body}
"""
        return self.house.make(source, Timeout=30, MemorySize=512)

    def batches(self):
        found = []
        for item in self.house.s3.list_objects_v2(Bucket=self.bucket).get("Contents", []):
            found.append(json.loads(self.house.s3.get_object(Bucket=self.bucket, Key=item["Key"])["Body"].read()))
        return found

    def seen(self):
        return [value for values, _ in self.batches() for value in values]


def test_records_of_a_stream(house):
    stream = Stream(house)
    stream.put(1, 2)
    name = stream.function()
    mapping = house.lam.create_event_source_mapping(
        FunctionName=name, EventSourceArn=stream.arn, StartingPosition="TRIM_HORIZON", BatchSize=10)
    assert wait_until(lambda: stream.seen()) == ["1", "2"]
    stream.put(3)
    wait_until(lambda: stream.seen() == ["1", "2", "3"])
    record = stream.batches()[0][1]
    assert record["eventSourceARN"] == stream.arn and record["eventID"].startswith("shardId-000000000000:")
    assert (record["kinesis"]["partitionKey"], record["eventSource"], record["awsRegion"]) == ("k", "aws:kinesis", "us-east-1")
    assert refused(
        house.lam.create_event_source_mapping, FunctionName=name, EventSourceArn=stream.arn, StartingPosition="LATEST")[0] == "ResourceConflictException"
    house.lam.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    assert house.lam.get_event_source_mapping(UUID=mapping["UUID"])["State"] == "Disabled"
    stream.put(4)
    house.lam.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    wait_until(lambda: stream.seen() == ["1", "2", "3", "4"])
    wait_until(lambda: house.lam.get_event_source_mapping(UUID=mapping["UUID"])["LastProcessingResult"] == "OK")
    house.lam.delete_event_source_mapping(UUID=mapping["UUID"])
    assert refused(house.lam.get_event_source_mapping, UUID=mapping["UUID"])[0] == "ResourceNotFoundException"


def test_latest_begins_behind_what_is_there(house):
    stream = Stream(house)
    stream.put("old")
    name = stream.function()
    house.lam.create_event_source_mapping(FunctionName=name, EventSourceArn=stream.arn, StartingPosition="LATEST")
    stream.put("new")
    wait_until(lambda: stream.seen())
    assert stream.seen() == ["new"]


def test_a_bad_record_is_found_by_halves(house):
    stream = Stream(house)
    stream.put(*range(4), "bad", *range(4, 8))
    name = stream.function('if "bad" in values: raise ValueError("bad")')
    house.lam.create_event_source_mapping(
        FunctionName=name, EventSourceArn=stream.arn, StartingPosition="TRIM_HORIZON", BatchSize=100,
        BisectBatchOnFunctionError=True, MaximumRetryAttempts=0)
    good = lambda: [v for values, _ in stream.batches() if "bad" not in values for v in values]
    wait_until(lambda: sorted(good()) == [str(n) for n in range(8)])
    assert good() == [str(n) for n in range(8)]
    assert ["bad"] in [values for values, _ in stream.batches()]


def test_partial_failures_come_again_from_the_first(house):
    stream = Stream(house)
    stream.put(*range(5))
    name = stream.function(
        'if len(values) == 5: return {"batchItemFailures": [{"itemIdentifier": event["Records"][3]["kinesis"]["sequenceNumber"]}]}')
    house.lam.create_event_source_mapping(
        FunctionName=name, EventSourceArn=stream.arn, StartingPosition="TRIM_HORIZON", BatchSize=5,
        FunctionResponseTypes=["ReportBatchItemFailures"], MaximumRetryAttempts=3)
    wait_until(lambda: [values for values, _ in stream.batches()] == [["0", "1", "2", "3", "4"], ["3", "4"]])


def test_checkpoints_survive_a_kill(fresh_tarn, unique):
    tarn = fresh_tarn()
    house = House(tarn, unique)
    stream = Stream(house)
    stream.put(1, 2, 3)
    name = stream.function()
    mapping = house.lam.create_event_source_mapping(FunctionName=name, EventSourceArn=stream.arn, StartingPosition="TRIM_HORIZON")
    wait_until(lambda: stream.seen() == ["1", "2", "3"])
    wait_until(lambda: house.lam.get_event_source_mapping(UUID=mapping["UUID"])["LastProcessingResult"] == "OK")
    stream.put(4)
    wait_until(lambda: stream.seen()[-1:] == ["4"])
    tarn.kill()
    tarn.start()
    house.again()
    stream.house.s3, stream.kinesis = tarn.client("s3"), tarn.client("kinesis")
    stream.put(5)
    wait_until(lambda: stream.seen()[-1:] == ["5"])
    assert stream.seen()[:3] == ["1", "2", "3"] and stream.seen().count("1") == 1


def test_output_without_end_is_bounded_and_keeps_nobody(house):
    name = house.make("def handler(e, c):\n    while True: print('x' * 1000)", Timeout=1)
    began = time.monotonic()
    value, log, answer = house.tail(name)
    assert time.monotonic() - began < 10 and value["errorMessage"].endswith("Task timed out after 1.00 seconds")
    assert len(log) <= 4096 and "REPORT RequestId" in log


def test_a_server_that_stops_waits_for_no_function(fresh_tarn, unique, tmp_path):
    tarn = fresh_tarn()
    house = House(tarn, unique)
    mark = tmp_path / "begun"
    name = house.make(f"import time\ndef handler(e, c):\n    open({str(mark)!r}, 'w').close()\n    time.sleep(120)", Timeout=300)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(house.call, name)
        wait_until(mark.exists)
        began = time.monotonic()
        assert tarn.stop() == 0
        assert time.monotonic() - began < 20
        assert answer.result()[1]["errorType"] == "Runtime.ExitError"
