"""CloudWatch's metrics through boto3 and the AWS CLI: what users put, and what the services measure of themselves."""

import datetime

import pytest
from botocore.exceptions import ClientError
from conftest import wait_until


@pytest.fixture
def cloudwatch(tarn):
    return tarn.client("cloudwatch")


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def span(**before):
    return {"StartTime": now() - datetime.timedelta(**before), "EndTime": now() + datetime.timedelta(minutes=1)}


def code(call, *arguments, **options):
    with pytest.raises(ClientError) as refused:
        call(*arguments, **options)
    return refused.value.response["Error"]["Code"]


def test_put_and_ask(cloudwatch, unique):
    namespace = unique("App")
    dimensions = [{"Name": "host", "Value": "a"}]
    cloudwatch.put_metric_data(
        Namespace=namespace,
        MetricData=[
            {"MetricName": "latency", "Dimensions": dimensions, "Value": 10, "Unit": "Milliseconds"},
            {"MetricName": "latency", "Dimensions": dimensions, "Values": [20, 30], "Counts": [2, 1], "Unit": "Milliseconds"},
        ],
    )
    points = cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName="latency",
        Dimensions=dimensions,
        Period=3600,
        Statistics=["Sum", "Average", "Minimum", "Maximum", "SampleCount"],
        **span(hours=1),
    )["Datapoints"]
    assert sum(point["Sum"] for point in points) == 80
    assert sum(point["SampleCount"] for point in points) == 4
    assert {point["Unit"] for point in points} == {"Milliseconds"}
    extended = cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName="latency",
        Dimensions=dimensions,
        Period=3600,
        ExtendedStatistics=["p99"],
        **span(hours=1),
    )["Datapoints"]
    assert abs(max(point["ExtendedStatistics"]["p99"] for point in extended) - 30) < 0.5
    listed = cloudwatch.list_metrics(Namespace=namespace)["Metrics"]
    assert listed == [{"Namespace": namespace, "MetricName": "latency", "Dimensions": dimensions}]


def test_metric_math(cloudwatch, unique):
    namespace = unique("App")
    at = now() - datetime.timedelta(minutes=5)
    cloudwatch.put_metric_data(
        Namespace=namespace,
        MetricData=[{"MetricName": name, "Value": value, "Timestamp": at} for name, value in [("hits", 90), ("all", 100)]],
    )

    def stat(name):
        metric = {"Namespace": namespace, "MetricName": name}
        return {
            "Id": name,
            "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"},
            "ReturnData": False,
        }

    results = cloudwatch.get_metric_data(
        MetricDataQueries=[stat("hits"), stat("all"), {"Id": "rate", "Expression": "100 * hits / all", "Label": "hit rate"}],
        **span(hours=1),
    )["MetricDataResults"]
    assert [(r["Id"], r["Label"], r["Values"], r["StatusCode"]) for r in results] == [
        ("rate", "hit rate", [90.0], "Complete")
    ]
    assert (
        code(
            cloudwatch.get_metric_data,
            MetricDataQueries=[{"Id": "e", "Expression": "NOSUCH(e)"}],
            **span(hours=1),
        )
        == "ValidationError"
    )


def test_refusals(cloudwatch, unique):
    put = cloudwatch.put_metric_data
    assert code(put, Namespace="AWS/S3", MetricData=[{"MetricName": "m", "Value": 1}]) == "InvalidParameterValue"
    assert code(put, Namespace=unique(), MetricData=[{"MetricName": "m"}]) == "MissingParameter"
    assert (
        code(
            cloudwatch.get_metric_statistics,
            Namespace="n",
            MetricName="m",
            Period=60,
            Statistics=["Sum"],
            **span(days=2),
        )
        == "InvalidParameterCombination"
    )


def test_put_survives_a_kill(fresh_tarn):
    server = fresh_tarn()
    server.client("cloudwatch").put_metric_data(Namespace="App", MetricData=[{"MetricName": "m", "Value": 7}])
    server.kill()
    server.start()
    points = server.client("cloudwatch").get_metric_statistics(
        Namespace="App", MetricName="m", Period=3600, Statistics=["Sum"], **span(hours=1)
    )["Datapoints"]
    assert sum(point["Sum"] for point in points) == 7


def test_services_measure_themselves(tarn, cloudwatch, unique):
    kinesis = tarn.client("kinesis")
    stream = unique("stream")
    kinesis.create_stream(StreamName=stream, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})
    kinesis.put_records(StreamName=stream, Records=[{"Data": b"x" * 100, "PartitionKey": str(i)} for i in range(10)])

    def total():
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/Kinesis",
            MetricName="IncomingRecords",
            Dimensions=[{"Name": "StreamName", "Value": stream}],
            Period=3600,
            Statistics=["Sum"],
            **span(hours=1),
        )["Datapoints"]
        return sum(point["Sum"] for point in points)

    assert wait_until(total, seconds=20) == 10
    kinesis.delete_stream(StreamName=stream)


def test_rights(tarn, cloudwatch, unique):
    iam = tarn.client("iam")
    name = unique("user")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    client = tarn.client("cloudwatch", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    assert code(client.list_metrics) in ("AccessDenied", "AccessDeniedException")
    iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess")
    client.list_metrics(Namespace="none")
    iam.detach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess")
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=name)


def test_cli(tarn, unique):
    namespace = unique("App")
    tarn.cli("cloudwatch", "put-metric-data", "--namespace", namespace, "--metric-name", "m", "--value", "1")
    listed = tarn.cli(
        "cloudwatch", "list-metrics", "--namespace", namespace, "--query", "Metrics[].MetricName", "--output", "text"
    )
    assert listed.strip() == "m"
