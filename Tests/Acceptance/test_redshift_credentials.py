"""Passwords open the endpoints of clusters and workgroups: the admin's, and temporary ones, with redshift_connector."""

import json

import pytest
import redshift_connector

from conftest import wait_until

PASSWORD = "SecurePassword123"


@pytest.fixture(autouse=True)
def certificate(tarn, monkeypatch):
    """The connector checks certificates: it is told to believe the one that the server made for itself."""
    monkeypatch.setenv("SSL_CERT_FILE", f"{tarn.data}/tls/certificate.pem")


@pytest.fixture(scope="module")
def cluster(tarn):
    redshift = tarn.client("redshift")
    redshift.create_cluster(
        ClusterIdentifier="credentials",
        NodeType="ra3.xlplus",
        MasterUsername="admin",
        MasterUserPassword=PASSWORD,
        DBName="analytics",
    )
    redshift.get_waiter("cluster_available").wait(ClusterIdentifier="credentials", WaiterConfig={"Delay": 1})
    yield redshift
    redshift.delete_cluster(ClusterIdentifier="credentials", SkipFinalClusterSnapshot=True)


def connect(endpoint, user, password, database="analytics"):
    return redshift_connector.connect(
        host=endpoint["Address"], port=endpoint["Port"], database=database, user=user, password=password
    )


def endpoint(redshift):
    return redshift.describe_clusters(ClusterIdentifier="credentials")["Clusters"][0]["Endpoint"]


def who(connection):
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return cursor.fetchone()[0]


def test_the_admin(cluster):
    assert who(connect(endpoint(cluster), "admin", PASSWORD)) == "admin"
    with pytest.raises(redshift_connector.Error):
        connect(endpoint(cluster), "admin", PASSWORD + "x")


def test_the_admin_gets_a_new_password(cluster):
    changed = "AnotherPassword456"
    cluster.modify_cluster(ClusterIdentifier="credentials", MasterUserPassword=changed)
    cluster.get_waiter("cluster_available").wait(ClusterIdentifier="credentials", WaiterConfig={"Delay": 1})
    assert who(connect(endpoint(cluster), "admin", changed)) == "admin"
    with pytest.raises(redshift_connector.Error):
        connect(endpoint(cluster), "admin", PASSWORD)
    cluster.modify_cluster(ClusterIdentifier="credentials", MasterUserPassword=PASSWORD)
    cluster.get_waiter("cluster_available").wait(ClusterIdentifier="credentials", WaiterConfig={"Delay": 1})


def test_a_temporary_password_for_a_user_that_it_makes(cluster):
    made = cluster.get_cluster_credentials(ClusterIdentifier="credentials", DbUser="loader", AutoCreate=True)
    assert who(connect(endpoint(cluster), made["DbUser"], made["DbPassword"])) == "loader"
    # Now that the user is there, he may be named without being made; another may not.
    again = cluster.get_cluster_credentials(ClusterIdentifier="credentials", DbUser="loader", DbName="analytics")
    assert who(connect(endpoint(cluster), again["DbUser"], again["DbPassword"])) == "loader"
    nobody = cluster.get_cluster_credentials(ClusterIdentifier="credentials", DbUser="nobody")
    with pytest.raises(redshift_connector.Error):
        connect(endpoint(cluster), nobody["DbUser"], nobody["DbPassword"])
    elsewhere = cluster.get_cluster_credentials(ClusterIdentifier="credentials", DbUser="loader", DbName="dev")
    with pytest.raises(redshift_connector.Error):
        connect(endpoint(cluster), elsewhere["DbUser"], elsewhere["DbPassword"])


def test_a_caller_logs_in_as_himself(tarn, cluster):
    iam = tarn.client("iam")
    iam.create_user(UserName="analyst")
    statement = {"Effect": "Allow", "Action": "redshift:GetClusterCredentialsWithIAM", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam.put_user_policy(UserName="analyst", PolicyName="login", PolicyDocument=policy)
    key = iam.create_access_key(UserName="analyst")["AccessKey"]
    theirs = tarn.client("redshift", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    made = theirs.get_cluster_credentials_with_iam(ClusterIdentifier="credentials", DbName="analytics")
    assert made["DbUser"] == "IAM:analyst"
    assert who(connect(endpoint(cluster), made["DbUser"], made["DbPassword"])).lower() == "iam:analyst"


def test_the_connector_fetches_credentials_itself(tarn, cluster):
    connection = redshift_connector.connect(
        iam=True,
        cluster_identifier="credentials",
        db_user="fetched",
        auto_create=True,
        database="analytics",
        region="us-east-1",
        access_key_id="test",
        secret_access_key="test",
        endpoint_url=tarn.endpoint,
    )
    assert who(connection) == "fetched"


def test_a_workgroup(tarn):
    serverless = tarn.client("redshift-serverless")
    serverless.create_namespace(namespaceName="credentials", adminUsername="admin", adminUserPassword=PASSWORD)
    serverless.create_workgroup(workgroupName="credentials", namespaceName="credentials")

    def available():
        found = serverless.get_workgroup(workgroupName="credentials")["workgroup"]
        return found["endpoint"] if found["status"] == "AVAILABLE" else None

    found = wait_until(available)
    place = {"Address": found["address"], "Port": found["port"]}
    assert who(connect(place, "admin", PASSWORD, "dev")) == "admin"
    made = serverless.get_credentials(workgroupName="credentials", dbName="dev")
    assert who(connect(place, made["dbUser"], made["dbPassword"], "dev")).lower() == "iam:rootidentity"
    changed = "AnotherPassword456"
    serverless.update_namespace(namespaceName="credentials", adminUsername="admin", adminUserPassword=changed)
    wait_until(lambda: serverless.get_namespace(namespaceName="credentials")["namespace"]["status"] == "AVAILABLE")
    assert who(connect(place, "admin", changed, "dev")) == "admin"


def test_a_snapshot_brings_its_data_along(cluster, unique):
    with connect(endpoint(cluster), "admin", PASSWORD) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept (n INT)")
        cursor.execute("INSERT INTO kept VALUES (1), (2)")
        connection.commit()
        name = unique("snapshot")
        cluster.create_cluster_snapshot(SnapshotIdentifier=name, ClusterIdentifier="credentials")
        cluster.get_waiter("snapshot_available").wait(SnapshotIdentifier=name, WaiterConfig={"Delay": 1})
        cursor.execute("INSERT INTO kept VALUES (3)")
        connection.commit()
    restored = unique("restored")
    cluster.restore_from_cluster_snapshot(ClusterIdentifier=restored, SnapshotIdentifier=name)
    cluster.get_waiter("cluster_restored").wait(ClusterIdentifier=restored, WaiterConfig={"Delay": 1})
    cluster.get_waiter("cluster_available").wait(ClusterIdentifier=restored, WaiterConfig={"Delay": 1})
    place = cluster.describe_clusters(ClusterIdentifier=restored)["Clusters"][0]["Endpoint"]
    with connect(place, "admin", PASSWORD) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT sum(n) FROM kept")
        assert cursor.fetchone()[0] == 3
    cluster.delete_cluster(ClusterIdentifier=restored, SkipFinalClusterSnapshot=True)
