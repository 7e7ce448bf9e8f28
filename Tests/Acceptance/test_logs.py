"""CloudWatch Logs through boto3 and the AWS CLI: events, searches, what services write, filters, crashes."""

import datetime
import gzip
import json
import subprocess
import time

import pytest
from botocore.exceptions import ClientError
from conftest import wait_until
from test_lambda import PYTHON, bundle

ACCOUNT = "000000000000"


@pytest.fixture
def logs(tarn):
    return tarn.client("logs")


@pytest.fixture
def group(logs, unique):
    name = f"/test/{unique('group')}"
    logs.create_log_group(logGroupName=name, tags={"team": "lake"})
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    yield name
    logs.delete_log_group(logGroupName=name)


def now():
    return int(time.time() * 1000)


def put(logs, group, messages, stream="s", at=None):
    return logs.put_log_events(
        logGroupName=group,
        logStreamName=stream,
        logEvents=[{"timestamp": (at or now()) + place, "message": text} for place, text in enumerate(messages)],
    )


def code(call, **arguments):
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return refused.value.response["Error"]["Code"]


def messages(logs, group, **options):
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, **options)
    return [event["message"] for page in pages for event in page["events"]]


def make_role(tarn, unique, service, *actions):
    iam, name = tarn.client("iam"), unique("role")
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    arn = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    if actions:
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        iam.put_role_policy(
            RoleName=name, PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        )
    return arn


def test_groups_and_streams(logs, group):
    [described] = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert described["arn"] == f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{group}:*"
    assert described["logGroupArn"] == described["arn"][:-2] and "retentionInDays" not in described
    assert (described["storedBytes"], described["metricFilterCount"], described["logGroupClass"]) == (0, 0, "STANDARD")
    logs.put_retention_policy(logGroupName=group, retentionInDays=7)
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["retentionInDays"] == 7
    assert code(logs.put_retention_policy, logGroupName=group, retentionInDays=8) == "InvalidParameterException"
    assert logs.list_tags_for_resource(resourceArn=described["logGroupArn"])["tags"] == {"team": "lake"}
    logs.tag_resource(resourceArn=described["logGroupArn"], tags={"stage": "test"})
    logs.untag_resource(resourceArn=described["logGroupArn"], tagKeys=["team"])
    assert logs.list_tags_log_group(logGroupName=group)["tags"] == {"stage": "test"}
    assert group in [one["logGroupName"] for one in logs.list_log_groups(logGroupNamePattern=group[:20])["logGroups"]]
    assert code(logs.create_log_group, logGroupName=group) == "ResourceAlreadyExistsException"
    assert code(logs.create_log_stream, logGroupName=group, logStreamName="s") == "ResourceAlreadyExistsException"
    assert code(logs.create_log_stream, logGroupName=group, logStreamName="a:b") == "InvalidParameterException"
    assert code(logs.create_log_group, logGroupName="what is this") == "InvalidParameterException"
    assert code(logs.describe_log_streams, logGroupName="/none") == "ResourceNotFoundException"
    assert code(logs.start_query, logGroupName=group, startTime=0, endTime=1, queryString="fields @message") == "NotImplemented"
    for name in ("t", "u"):
        logs.create_log_stream(logGroupName=group, logStreamName=name)
    pages = logs.get_paginator("describe_log_streams").paginate(logGroupName=group, PaginationConfig={"PageSize": 1})
    assert [stream["logStreamName"] for page in pages for stream in page["logStreams"]] == ["s", "t", "u"]


def test_events_there_and_back(logs, group):
    at = now()
    answer = put(logs, group, ["first", "größer", '{"a": 1}'], at=at)
    assert "nextSequenceToken" in answer and "rejectedLogEventsInfo" not in answer
    put(logs, group, ["earlier"], at=at - 60_000)
    got = logs.get_log_events(logGroupName=group, logStreamName="s", startFromHead=True)
    assert [event["message"] for event in got["events"]] == ["earlier", "first", "größer", '{"a": 1}']
    assert got["events"][1]["timestamp"] == at and got["events"][1]["ingestionTime"] >= at
    more = logs.get_log_events(logGroupName=group, logStreamName="s", nextToken=got["nextForwardToken"])
    assert more["events"] == [] and more["nextForwardToken"] == got["nextForwardToken"]
    last = logs.get_log_events(logGroupName=group, logStreamName="s", limit=2)
    assert [event["message"] for event in last["events"]] == ["größer", '{"a": 1}']
    before = logs.get_log_events(logGroupName=group, logStreamName="s", limit=5, nextToken=last["nextBackwardToken"])
    assert [event["message"] for event in before["events"]] == ["earlier", "first"]
    by_arn = logs.get_log_events(
        logGroupIdentifier=f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{group}", logStreamName="s", limit=1
    )
    assert len(by_arn["events"]) == 1
    [stream] = logs.describe_log_streams(logGroupName=group)["logStreams"]
    assert (stream["firstEventTimestamp"], stream["lastEventTimestamp"]) == (at - 60_000, at + 2)


def test_limits(logs, group):
    at = now()
    day = 86_400_000
    rejected = put(logs, group, ["old"], at=at - 15 * day)["rejectedLogEventsInfo"]
    assert rejected == {"tooOldLogEventEndIndex": 1}
    rejected = logs.put_log_events(
        logGroupName=group,
        logStreamName="s",
        logEvents=[{"timestamp": at, "message": "in"}, {"timestamp": at + 3 * 3_600_000, "message": "out"}],
    )["rejectedLogEventsInfo"]
    assert rejected == {"tooNewLogEventStartIndex": 1}
    events = [{"timestamp": at, "message": "b"}, {"timestamp": at - 1, "message": "a"}]
    assert code(logs.put_log_events, logGroupName=group, logStreamName="s", logEvents=events) == "InvalidParameterException"
    events = [{"timestamp": at, "message": "x" * 600_000}] * 2
    assert code(logs.put_log_events, logGroupName=group, logStreamName="s", logEvents=events) == "InvalidParameterException"
    put(logs, group, [f"n{place:05}" for place in range(10_000)], at=at)
    events = [{"timestamp": at, "message": "x"}] * 10_001
    assert code(logs.put_log_events, logGroupName=group, logStreamName="s", logEvents=events) == "InvalidParameterException"
    assert len(messages(logs, group)) == 10_001
    assert len(messages(logs, group, PaginationConfig={"PageSize": 999})) == 10_001
    assert messages(logs, group, filterPattern="n09999") == ["n09999"]


def test_patterns(logs, group):
    logs.create_log_stream(logGroupName=group, logStreamName="t")
    at = now()
    put(logs, group, ["ERROR one", "INFO two", '{"level": "ERROR", "ms": 512}', '1.2.3.4 "GET /a" 404 10'], at=at)
    put(logs, group, ["ERROR three"], stream="t", at=at + 10)
    assert messages(logs, group, filterPattern="ERROR -one") == ['{"level": "ERROR", "ms": 512}', "ERROR three"]
    assert messages(logs, group, filterPattern="?one ?two") == ["ERROR one", "INFO two"]
    assert messages(logs, group, filterPattern='{ $.level = "ERR*" && $.ms >= 500 }') == ['{"level": "ERROR", "ms": 512}']
    assert messages(logs, group, filterPattern="[ip, request, status=4*, bytes]") == ['1.2.3.4 "GET /a" 404 10']
    assert messages(logs, group, filterPattern="%t[hw]%") == ["INFO two", "ERROR three"]
    assert messages(logs, group, logStreamNames=["t"]) == ["ERROR three"]
    assert messages(logs, group, logStreamNamePrefix="s", startTime=at + 1, endTime=at + 1) == ["INFO two"]
    assert code(logs.filter_log_events, logGroupName=group, filterPattern="{ $.a = ") == "InvalidParameterException"
    tried = logs.test_metric_filter(filterPattern="{ $.ms > 1 }", logEventMessages=["x", '{"ms": 2}'])["matches"]
    assert [(one["eventNumber"], one["extractedValues"]) for one in tried] == [(2, {"$.ms": "2"})]


def test_metric_filter(tarn, logs, group, unique):
    namespace = unique("App")
    transformation = {"metricName": "errors", "metricNamespace": namespace, "metricValue": "1", "unit": "Count"}
    logs.put_metric_filter(
        logGroupName=group, filterName="f", filterPattern="ERROR", metricTransformations=[transformation]
    )
    [shown] = logs.describe_metric_filters(logGroupName=group)["metricFilters"]
    assert shown["metricTransformations"] == [transformation] and shown["filterPattern"] == "ERROR"
    put(logs, group, ["ERROR a", "fine", "ERROR b"])
    cloudwatch = tarn.client("cloudwatch")

    def total():
        moment = datetime.datetime.now(datetime.timezone.utc)
        points = cloudwatch.get_metric_statistics(
            Namespace=namespace, MetricName="errors", Period=3600, Statistics=["Sum"],
            StartTime=moment - datetime.timedelta(hours=2), EndTime=moment + datetime.timedelta(minutes=1),
        )["Datapoints"]
        return sum(point["Sum"] for point in points)

    assert wait_until(total, seconds=20) == 2
    logs.delete_metric_filter(logGroupName=group, filterName="f")
    assert logs.describe_metric_filters(logGroupName=group)["metricFilters"] == []


def test_subscription_to_kinesis(tarn, logs, group, unique):
    kinesis, stream = tarn.client("kinesis"), unique("stream")
    kinesis.create_stream(StreamName=stream, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})
    arn = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/{stream}"
    put(logs, group, ["ERROR before"])
    poor = make_role(tarn, unique, "logs.amazonaws.com")
    subscription = {"logGroupName": group, "filterName": "sub", "filterPattern": "ERROR", "destinationArn": arn}
    assert code(logs.put_subscription_filter, **subscription, roleArn=poor) == "InvalidParameterException"
    role = make_role(tarn, unique, "logs.amazonaws.com", "kinesis:PutRecord")
    logs.put_subscription_filter(**subscription, roleArn=role)
    put(logs, group, ["ERROR after", "INFO after"])
    iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON")
    records, place = [], iterator["ShardIterator"]

    def read():
        nonlocal place
        answer = kinesis.get_records(ShardIterator=place)
        place = answer["NextShardIterator"]
        records.extend(json.loads(gzip.decompress(record["Data"])) for record in answer["Records"])
        return [record for record in records if record["messageType"] == "DATA_MESSAGE"]

    [message] = wait_until(read, seconds=20, every=0.3)
    assert records[0]["messageType"] == "CONTROL_MESSAGE"
    assert (message["logGroup"], message["logStream"], message["subscriptionFilters"]) == (group, "s", ["sub"])
    assert [event["message"] for event in message["logEvents"]] == ["ERROR after"]
    logs.delete_subscription_filter(logGroupName=group, filterName="sub")
    kinesis.delete_stream(StreamName=stream)


def test_functions_write_and_are_called(tarn, logs, group, unique):
    lam, name = tarn.client("lambda", read_timeout=60), unique("fn")
    role = make_role(
        tarn, unique, "lambda.amazonaws.com", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"
    )
    source = (
        "import base64, gzip, json\n"
        "def handler(event, context):\n"
        "    if 'awslogs' in event:\n"
        "        event = json.loads(gzip.decompress(base64.b64decode(event['awslogs']['data'])))\n"
        "        event = [one['message'] for one in event['logEvents']]\n"
        "    print('saw', json.dumps(event))\n"
    )
    lam.create_function(
        FunctionName=name, Runtime=PYTHON, Role=role, Handler="app.handler", Code={"ZipFile": bundle(app_py=source)}
    )
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}"
    lam.invoke(FunctionName=name, Payload=json.dumps({"x": 1}))
    own = f"/aws/lambda/{name}"

    def lines():
        try:
            found = messages(logs, own)
        except ClientError:
            return None
        return found if any(line.startswith("REPORT") for line in found) else None

    found = wait_until(lines, seconds=20)
    assert found[0].startswith("START RequestId: ") and found[0].endswith("Version: $LATEST\n")
    assert 'saw {"x": 1}\n' in found
    [stream] = logs.describe_log_streams(logGroupName=own)["logStreams"]
    assert "[$LATEST]" in stream["logStreamName"]

    subscription = {"logGroupName": group, "filterName": "call", "filterPattern": "", "destinationArn": arn}
    assert code(logs.put_subscription_filter, **subscription) == "InvalidParameterException"
    lam.add_permission(
        FunctionName=name, StatementId="logs", Action="lambda:InvokeFunction", Principal="logs.amazonaws.com",
        SourceArn=f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{group}:*",
    )
    logs.put_subscription_filter(**subscription)
    put(logs, group, ["tell the function"])
    wait_until(lambda: 'saw ["tell the function"]\n' in messages(logs, own), seconds=30, every=0.3)
    logs.delete_subscription_filter(logGroupName=group, filterName="call")
    lam.delete_function(FunctionName=name)
    logs.delete_log_group(logGroupName=own)


def test_a_function_without_rights_has_no_log(tarn, logs, unique):
    lam, name = tarn.client("lambda", read_timeout=60), unique("fn")
    lam.create_function(
        FunctionName=name, Runtime=PYTHON, Role=make_role(tarn, unique, "lambda.amazonaws.com"), Handler="app.handler",
        Code={"ZipFile": bundle(app_py="def handler(event, context): print('x')")},
    )
    lam.invoke(FunctionName=name)
    rich = make_role(tarn, unique, "lambda.amazonaws.com", "logs:*")
    lam.create_function(
        FunctionName=name + "-rich", Runtime=PYTHON, Role=rich, Handler="app.handler",
        Code={"ZipFile": bundle(app_py="def handler(event, context): print('x')")},
    )
    lam.invoke(FunctionName=name + "-rich")

    def there():
        return logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"]

    # The later one's lines are written after the earlier one's were refused.
    assert [one["logGroupName"] for one in wait_until(there, seconds=20)] == [f"/aws/lambda/{name}-rich"]


def test_rights(tarn, logs, group, unique):
    iam, name = tarn.client("iam"), unique("user")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    client = tarn.client("logs", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    assert code(client.filter_log_events, logGroupName=group) == "AccessDeniedException"
    statement = {
        "Effect": "Allow",
        "Action": ["logs:FilterLogEvents", "logs:PutLogEvents"],
        "Resource": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{group}:*",
    }
    iam.put_user_policy(
        UserName=name, PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    put(client, group, ["mine"])
    assert messages(client, group) == ["mine"]
    assert code(client.describe_log_groups) == "AccessDeniedException"
    assert code(client.delete_log_group, logGroupName=group) == "AccessDeniedException"


def test_what_was_acknowledged_survives_a_kill(fresh_tarn):
    server = fresh_tarn()
    logs = server.client("logs")
    logs.create_log_group(logGroupName="g")
    logs.put_retention_policy(logGroupName="g", retentionInDays=30)
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    for batch in range(20):
        put(logs, "g", [f"{batch}-{place}" for place in range(50)])
    server.kill()
    server.start()
    logs = server.client("logs")
    assert len(messages(logs, "g")) == 1000
    [group] = logs.describe_log_groups()["logGroups"]
    assert group["retentionInDays"] == 30 and group["storedBytes"] > 1000 * 26
    put(logs, "g", ["after"])
    assert messages(logs, "g", filterPattern="after") == ["after"]


def test_following_as_the_cli_does(logs, group):
    """What `aws logs tail --follow` asks, again and again: from the last event's time on, events once each."""
    start, seen, told = now() - 60_000, set(), []

    def ask():
        nonlocal start
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, interleaved=True, startTime=start)
        for page in pages:
            for event in page["events"]:
                if event["eventId"] not in seen:
                    seen.add(event["eventId"])
                    told.append(event["message"])
                start = max(start, event["timestamp"])
        return told

    put(logs, group, ["before"])
    assert ask() == ["before"]
    logs.create_log_stream(logGroupName=group, logStreamName="t")
    put(logs, group, ["and then"], stream="t")
    assert ask() == ["before", "and then"]
    assert ask() == ["before", "and then"]


def test_cli(tarn, logs, group):
    put(logs, group, ["before"])
    found = json.loads(tarn.cli("logs", "filter-log-events", "--log-group-name", group, "--output", "json"))
    assert [event["message"] for event in found["events"]] == ["before"]
    tarn.cli("logs", "put-retention-policy", "--log-group-name", group, "--retention-in-days", "3")
    shown = json.loads(tarn.cli("logs", "describe-log-groups", "--log-group-name-prefix", group, "--output", "json"))
    assert shown["logGroups"][0]["retentionInDays"] == 3


def test_cli_tail(tarn, logs, group):
    version = tarn.cli("--version", check=False)
    if "aws-cli/1" in version.stdout + version.stderr:
        pytest.skip("`aws logs tail` is in version 2 of the AWS CLI")
    put(logs, group, ["before"])
    follow = subprocess.Popen(
        ["aws", "logs", "tail", group, "--follow", "--since", "5m", "--format", "short"],
        env=tarn.environment | {"PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, text=True,
    )
    try:
        assert "before" in follow.stdout.readline()
        put(logs, group, ["and then"])
        assert "and then" in follow.stdout.readline()
    finally:
        follow.kill()
        follow.wait()


def test_nonsense_is_answered(logs, group):
    for arguments in (
        {"nextToken": "f/x/s"}, {"nextToken": "zzz"}, {"startTime": 9_223_372_036_854_775_807},
        {"endTime": 0, "startTime": 9_223_372_036_854_775_807},
    ):
        try:
            logs.get_log_events(logGroupName=group, logStreamName="s", **arguments)
        except ClientError as error:
            assert error.response["Error"]["Code"] == "InvalidParameterException"
    assert logs.filter_log_events(logGroupName=group, endTime=9_223_372_036_854_775_807)["events"] == []
    events = [{"timestamp": 9_223_372_036_854_775_807, "message": "x"}]
    answer = logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)
    assert answer["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 0}
    for pattern in ("(" * 1000, "{" * 1000, "[" * 1000, "%" + "a*" * 500 + "%", '"' * 999, "{ $" + "[*]" * 300 + " = 1 }"):
        try:
            logs.filter_log_events(logGroupName=group, filterPattern=pattern)
        except ClientError as error:
            assert error.response["Error"]["Code"] == "InvalidParameterException"
