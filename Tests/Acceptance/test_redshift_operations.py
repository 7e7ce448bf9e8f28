"""What operators of a cluster rely on: queues, rules, history, other people's sessions, audit files, snapshots."""

import gzip
import json
import threading
import time

import psycopg2
import pytest
from botocore.exceptions import ClientError

from redshift_house import PASSWORD, USER, Cluster

ACCOUNT = "000000000000"


def connect(cluster, **options):
    connection = psycopg2.connect(dbname="dev", **(cluster.login | options))
    connection.autocommit = True
    return connection


def rows(connection, sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else None


def eventually(question, wanted, seconds=30):
    """Asks until the answer is the wanted one."""
    end = time.monotonic() + seconds
    while True:
        answer = question()
        if answer == wanted or time.monotonic() > end:
            assert answer == wanted
            return
        time.sleep(0.05)


def configure(cluster, group, **parameters):
    """Gives the cluster a parameter group with these values, and reboots it."""
    client = cluster.client
    client.create_cluster_parameter_group(
        ParameterGroupName=group, ParameterGroupFamily="redshift-1.0", Description="queues"
    )
    client.modify_cluster_parameter_group(
        ParameterGroupName=group,
        Parameters=[{"ParameterName": name, "ParameterValue": value} for name, value in parameters.items()],
    )
    client.modify_cluster(ClusterIdentifier=cluster.name, ClusterParameterGroupName=group)
    client.reboot_cluster(ClusterIdentifier=cluster.name)
    client.get_waiter("cluster_available").wait(
        ClusterIdentifier=cluster.name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


@pytest.fixture(scope="module")
def cluster(tarn):
    cluster = Cluster(tarn, "operated")
    configure(
        cluster,
        "operated",
        enable_user_activity_logging="true",
        wlm_json_configuration=json.dumps(
            [
                {
                    "query_group": ["small*"],
                    "query_group_wild_card": 1,
                    "query_concurrency": 1,
                    "rules": [
                        {
                            "rule_name": "too_long",
                            "predicate": [{"metric_name": "query_execution_time", "operator": ">", "value": 1}],
                            "action": "abort",
                        }
                    ],
                },
                {"query_group": ["brief"], "query_concurrency": 2, "max_execution_time": 500},
                {"query_concurrency": 5},
            ]
        ),
    )
    admin = connect(cluster)
    rows(admin, "create table many (n int)")
    rows(admin, "insert into many values (1), (2)")
    for _ in range(9):
        rows(admin, "insert into many select n from many")
    admin.close()
    yield cluster
    cluster.delete()


# A thousand million rows: nothing that ends by itself while a test waits.
ENDLESS = "select count(*) from many a, many b, many c, many d where a.n + b.n + c.n + d.n > 100"


def test_a_rule_ends_a_query(cluster):
    session = connect(cluster)
    rows(session, "set query_group to 'small_reports'")
    with pytest.raises(psycopg2.errors.QueryCanceled, match='abort action of Query Monitoring Rule "too_long"'):
        rows(session, ENDLESS)
    # The session goes on.
    [(action, service_class)] = rows(session, "select trim(action), service_class from stl_wlm_rule_action")
    assert (action, service_class) == ("abort", 6)


def test_a_queue_has_a_time_limit(cluster):
    session = connect(cluster)
    rows(session, "set query_group to 'brief'")
    with pytest.raises(psycopg2.errors.QueryCanceled):
        rows(session, "create table endless as " + ENDLESS.replace("count(*)", "count(*) as c"))
    rows(session, "reset query_group")
    assert rows(session, "select count(*) from many") == [(1024,)]


def test_a_wrong_configuration_changes_nothing(cluster):
    for wrong in ("{", '[{"query_concurrency": 51}]', '[{"rules": [{"rule_name": "a", "predicate": [{"metric_name": '
                  '"nonsense", "operator": ">", "value": 1}], "action": "log"}]}]'):
        with pytest.raises(ClientError) as caught:
            cluster.client.modify_cluster_parameter_group(
                ParameterGroupName="operated",
                Parameters=[{"ParameterName": "wlm_json_configuration", "ParameterValue": wrong}],
            )
        assert caught.value.response["Error"]["Code"] == "InvalidParameterValue"


def test_another_session_is_cancelled_and_terminated(cluster):
    admin, victim = connect(cluster), connect(cluster)
    [(pid,)] = rows(victim, "select pg_backend_pid()")
    for function, error in (
        ("pg_cancel_backend", psycopg2.errors.QueryCanceled),
        ("pg_terminate_backend", psycopg2.OperationalError),
    ):
        caught = []

        def run():
            try:
                rows(victim, ENDLESS)
            except psycopg2.Error as failure:
                caught.append(failure)

        thread = threading.Thread(target=run)
        thread.start()
        eventually(lambda: rows(admin, f"select count(*) from stv_inflight where pid = {pid}"), [(1,)])
        eventually(lambda: rows(admin, f"select {function}({pid})") and not thread.is_alive(), True)
        thread.join()
        assert isinstance(caught[0], error)
    # An idle session ends at once.
    idle = connect(cluster)
    [(pid,)] = rows(idle, "select pg_backend_pid()")
    assert rows(admin, f"select pg_terminate_backend({pid})") == [(1,)]
    with pytest.raises(psycopg2.OperationalError):
        rows(idle, "select 1")


def test_the_data_api_tells_pid_and_query(cluster, tarn):
    data = tarn.client("redshift-data")
    made = data.execute_statement(
        ClusterIdentifier=cluster.name, Database="dev", DbUser=USER, Sql="select /* traced */ count(*) from many"
    )
    eventually(lambda: data.describe_statement(Id=made["Id"])["Status"], "FINISHED")
    told = data.describe_statement(Id=made["Id"])
    admin = connect(cluster)
    found = rows(
        admin, "select pid, query from stl_query where querytxt like '%traced%' and querytxt not like '%stl%'"
    )
    assert found == [(told["RedshiftPid"], told["RedshiftQueryId"])]


def test_the_history_survives_a_kill(fresh_tarn):
    server = fresh_tarn()
    cluster = Cluster(server, "kept")
    session = connect(cluster)
    rows(session, "create table t (a int)")
    rows(session, "insert into t values (42)")
    question = "select count(*) from stl_query where querytxt = 'insert into t values (42)'"
    assert rows(session, question) == [(1,)]
    time.sleep(1.5)  # what happened is written half a second later
    server.kill()
    server.start()
    again = connect(cluster)
    assert rows(again, question) == [(1,)]
    assert rows(again, "select count(*) from stl_ddltext where text like 'create table t%'") == [(1,)]


POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "redshift.amazonaws.com"},
            "Action": ["s3:PutObject", "s3:GetBucketAcl"],
            "Resource": ["arn:aws:s3:::BUCKET", "arn:aws:s3:::BUCKET/*"],
        }
    ],
}


def test_the_audit_is_delivered(cluster, tarn, unique):
    s3, bucket = tarn.client("s3"), unique("audit")
    client = cluster.client
    with pytest.raises(ClientError) as caught:
        client.enable_logging(ClusterIdentifier=cluster.name, BucketName=bucket)
    assert caught.value.response["Error"]["Code"] == "BucketNotFoundFault"
    s3.create_bucket(Bucket=bucket)
    with pytest.raises(ClientError) as caught:
        client.enable_logging(ClusterIdentifier=cluster.name, BucketName=bucket)
    assert caught.value.response["Error"]["Code"] == "InsufficientS3BucketPolicyFault"
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(POLICY).replace("BUCKET", bucket))
    told = client.enable_logging(ClusterIdentifier=cluster.name, BucketName=bucket, S3KeyPrefix="logs/")
    assert (told["LoggingEnabled"], told["BucketName"], told["S3KeyPrefix"]) == (True, bucket, "logs/")
    assert client.describe_logging_status(ClusterIdentifier=cluster.name)["LoggingEnabled"]

    session = connect(cluster)
    rows(session, "create user audited password 'Secret123'")
    rows(session, "select count(*)\nfrom many where n = 77")
    rows(session, "drop user audited")
    session.close()
    time.sleep(1)
    assert client.disable_logging(ClusterIdentifier=cluster.name)["LoggingEnabled"] is False

    files = {}
    for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]:
        key = entry["Key"]
        assert key.startswith(f"logs/AWSLogs/{ACCOUNT}/redshift/us-east-1/20")
        name = key.rsplit("/", 1)[1]
        account, service, region, kind = name.split("_operated_")[0].split("_") + [name.split("_")[4]]
        assert (account, service, region) == (ACCOUNT, "redshift", "us-east-1")
        text = gzip.decompress(s3.get_object(Bucket=bucket, Key=key)["Body"].read()).decode()
        files[kind] = files.get(kind, "") + text
    assert set(files) == {"connectionlog", "userlog", "useractivitylog"}
    events = [line.split("|") for line in files["connectionlog"].splitlines()]
    assert {event[0].strip() for event in events} >= {"authenticated", "initiating session", "disconnecting session"}
    assert {event[6].strip() for event in events} == {USER}
    assert [line.split("|")[1:4] for line in files["userlog"].splitlines()] == [
        ["audited", "", "create"],
        ["audited", "", "drop"],
    ]
    assert "]' LOG: select count(*)\nfrom many where n = 77\n" in files["useractivitylog"]
    assert "Secret123" not in files["useractivitylog"]


def test_logging_to_cloudwatch_is_refused(cluster):
    with pytest.raises(ClientError) as caught:
        cluster.client.enable_logging(ClusterIdentifier=cluster.name, LogDestinationType="cloudwatch")
    assert caught.value.response["Error"]["Code"] == "UnsupportedOperation"


def test_logins_are_noted_with_their_address(cluster):
    session = connect(cluster, application_name="operations")
    found = rows(
        session,
        "select trim(remotehost), trim(username) from stl_connection_log "
        "where application_name = 'operations' and event = 'authenticated' order by recordtime desc limit 1",
    )
    assert found == [("127.0.0.1", USER)]


def test_system_roles_can_be_granted(cluster):
    admin = connect(cluster)
    rows(admin, f"create user watcher password '{PASSWORD}'")
    try:
        rows(admin, "grant role sys:monitor to watcher")
        watcher = connect(cluster, user="watcher")
        [(seen,)] = rows(watcher, "select count(distinct userid) from svl_qlog")
        assert seen >= 1
        watcher.close()
    finally:
        rows(admin, "revoke role sys:monitor from watcher")
        rows(admin, "drop user watcher")
