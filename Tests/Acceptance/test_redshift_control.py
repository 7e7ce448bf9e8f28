"""Redshift's control plane, provisioned and serverless, as boto3 sees it."""

import json
import socket

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "000000000000"
PASSWORD = "SecurePassword123"


@pytest.fixture
def redshift(tarn):
    return tarn.client("redshift")


@pytest.fixture
def serverless(tarn):
    return tarn.client("redshift-serverless")


def refusal(call, *arguments, **options):
    with pytest.raises(ClientError) as caught:
        call(*arguments, **options)
    return caught.value.response["Error"]["Code"]


def wait(client, name, **options):
    client.get_waiter(name).wait(**options, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def create(redshift, name, **options):
    settings = {
        "NodeType": "ra3.xlplus",
        "MasterUsername": "admin",
        "MasterUserPassword": PASSWORD,
    } | options
    return redshift.create_cluster(ClusterIdentifier=name, **settings)["Cluster"]


def describe(redshift, name):
    [cluster] = redshift.describe_clusters(ClusterIdentifier=name)["Clusters"]
    return cluster


@pytest.fixture
def cluster(redshift, unique):
    """A cluster that is available."""
    name = unique("cluster")
    create(redshift, name)
    wait(redshift, "cluster_available", ClusterIdentifier=name)
    yield name
    try:
        redshift.delete_cluster(ClusterIdentifier=name, SkipFinalClusterSnapshot=True)
    except ClientError:
        pass  # the test has deleted it


def answers(endpoint):
    """Whether somebody listens there who speaks PostgreSQL: to the question for TLS he says yes or no."""
    try:
        with socket.create_connection((endpoint["Address"], endpoint["Port"]), timeout=10) as connection:
            connection.sendall(bytes([0, 0, 0, 8, 4, 210, 22, 47]))
            return connection.recv(1) in (b"S", b"N")
    except (ConnectionRefusedError, TimeoutError):
        return False


def test_a_cluster_is_made_and_can_be_reached(redshift, unique):
    name = unique("cluster")
    made = create(redshift, name, DBName="analytics", Tags=[{"Key": "team", "Value": "data"}])
    assert made["ClusterStatus"] == "creating"
    assert made["ClusterNamespaceArn"].startswith(f"arn:aws:redshift:us-east-1:{ACCOUNT}:namespace:")
    wait(redshift, "cluster_available", ClusterIdentifier=name)
    found = describe(redshift, name)
    assert (found["ClusterStatus"], found["ClusterAvailabilityStatus"]) == ("available", "Available")
    assert (found["DBName"], found["MasterUsername"], found["NumberOfNodes"]) == ("analytics", "admin", 1)
    assert found["Tags"] == [{"Key": "team", "Value": "data"}]
    assert [group["ParameterApplyStatus"] for group in found["ClusterParameterGroups"]] == ["in-sync"]
    assert "MasterUserPassword" not in found["PendingModifiedValues"]
    assert answers(found["Endpoint"])
    redshift.delete_cluster(ClusterIdentifier=name, SkipFinalClusterSnapshot=True)
    wait(redshift, "cluster_deleted", ClusterIdentifier=name)
    assert not answers(found["Endpoint"])
    assert refusal(redshift.describe_clusters, ClusterIdentifier=name) == "ClusterNotFound"


def test_clusters_have_ports_of_their_own(redshift, cluster, unique):
    second = unique("cluster")
    create(redshift, second)
    wait(redshift, "cluster_available", ClusterIdentifier=second)
    ports = {describe(redshift, name)["Endpoint"]["Port"] for name in (cluster, second)}
    assert len(ports) == 2
    redshift.delete_cluster(ClusterIdentifier=second, SkipFinalClusterSnapshot=True)


@pytest.mark.parametrize(
    "options, code",
    [
        ({"NodeType": "ds2.huge"}, "InvalidParameterValue"),
        ({"MasterUserPassword": "short1A"}, "InvalidParameterValue"),
        ({"MasterUserPassword": "nouppercase1"}, "InvalidParameterValue"),
        ({"MasterUserPassword": "Has/a/slash1"}, "InvalidParameterValue"),
        ({"MasterUsername": "Admin"}, "InvalidParameterValue"),
        ({"MasterUsername": "select"}, "InvalidParameterValue"),
        ({"DBName": "Upper"}, "InvalidParameterValue"),
        ({"Port": 80}, "InvalidParameterValue"),
        ({"ClusterType": "multi-node"}, "InvalidParameterCombination"),
        ({"ClusterType": "single-node", "NumberOfNodes": 2}, "InvalidParameterCombination"),
        ({"NumberOfNodes": 200}, "NumberOfNodesPerClusterLimitExceeded"),
        ({"ClusterParameterGroupName": "none-such"}, "ClusterParameterGroupNotFound"),
        ({"ClusterSubnetGroupName": "none-such"}, "ClusterSubnetGroupNotFoundFault"),
        ({"AutomatedSnapshotRetentionPeriod": 36}, "InvalidRetentionPeriodFault"),
        ({"MaintenanceTrackName": "sideways"}, "InvalidClusterTrack"),
        ({"ManageMasterPassword": True}, "InvalidParameterCombination"),
    ],
)
def test_what_a_cluster_may_not_be(redshift, unique, options, code):
    name = unique("cluster")
    assert refusal(create, redshift, name, **options) == code
    assert refusal(redshift.describe_clusters, ClusterIdentifier=name) == "ClusterNotFound"


@pytest.mark.parametrize("name", ["1st", "ends-", "two--hyphens", "under_score", "c" * 64])
def test_what_a_cluster_may_not_be_called(redshift, name):
    assert refusal(create, redshift, name) == "InvalidParameterValue"


def test_a_name_is_taken_once(redshift, cluster):
    assert refusal(create, redshift, cluster) == "ClusterAlreadyExists"


def test_pause_resume_and_reboot(redshift, cluster):
    endpoint = describe(redshift, cluster)["Endpoint"]
    assert redshift.pause_cluster(ClusterIdentifier=cluster)["Cluster"]["ClusterStatus"] == "pausing"

    def status(wanted):
        for _ in range(200):
            found = describe(redshift, cluster)
            if found["ClusterStatus"] == wanted:
                return found
        raise AssertionError(found["ClusterStatus"])

    assert status("paused")["ClusterAvailabilityStatus"] == "Paused"
    assert not answers(endpoint)
    assert refusal(redshift.reboot_cluster, ClusterIdentifier=cluster) == "InvalidClusterState"
    assert redshift.resume_cluster(ClusterIdentifier=cluster)["Cluster"]["ClusterStatus"] == "resuming"
    wait(redshift, "cluster_available", ClusterIdentifier=cluster)
    assert describe(redshift, cluster)["Endpoint"] == endpoint
    assert answers(endpoint)
    assert refusal(redshift.resume_cluster, ClusterIdentifier=cluster) == "InvalidClusterState"
    assert redshift.reboot_cluster(ClusterIdentifier=cluster)["Cluster"]["ClusterStatus"] == "rebooting"
    wait(redshift, "cluster_available", ClusterIdentifier=cluster)
    assert answers(endpoint)


def test_modify(redshift, cluster):
    changed = redshift.modify_cluster(
        ClusterIdentifier=cluster,
        NumberOfNodes=2,
        ClusterType="multi-node",
        PreferredMaintenanceWindow="Sun:03:00-Sun:04:00",
    )["Cluster"]
    assert changed["ClusterStatus"] == "resizing"
    wait(redshift, "cluster_available", ClusterIdentifier=cluster)
    found = describe(redshift, cluster)
    assert (found["NumberOfNodes"], found["PreferredMaintenanceWindow"]) == (2, "sun:03:00-sun:04:00")
    assert [node["NodeRole"] for node in found["ClusterNodes"]] == ["LEADER", "COMPUTE-0", "COMPUTE-1"]
    assert refusal(redshift.modify_cluster, ClusterIdentifier=cluster, MasterUserPassword="weak") == (
        "InvalidParameterValue"
    )
    renamed = redshift.modify_cluster(ClusterIdentifier=cluster, NewClusterIdentifier=f"{cluster}-new")["Cluster"]
    assert renamed["ClusterIdentifier"] == f"{cluster}-new"
    assert refusal(redshift.describe_clusters, ClusterIdentifier=cluster) == "ClusterNotFound"
    redshift.modify_cluster(ClusterIdentifier=f"{cluster}-new", NewClusterIdentifier=cluster)


def test_parameter_groups(redshift, cluster, unique):
    name = unique("group")
    redshift.create_cluster_parameter_group(
        ParameterGroupName=name, ParameterGroupFamily="redshift-1.0", Description="ours"
    )
    redshift.modify_cluster_parameter_group(
        ParameterGroupName=name,
        Parameters=[{"ParameterName": "statement_timeout", "ParameterValue": "60000"}],
    )
    mine = redshift.describe_cluster_parameters(ParameterGroupName=name, Source="user")["Parameters"]
    assert [(p["ParameterName"], p["ParameterValue"]) for p in mine] == [("statement_timeout", "60000")]
    names = {
        p["ParameterName"]
        for p in redshift.describe_default_cluster_parameters(ParameterGroupFamily="redshift-1.0")[
            "DefaultClusterParameters"
        ]["Parameters"]
    }
    assert {"wlm_json_configuration", "search_path", "require_ssl", "datestyle"} <= names
    for bad in ({"ParameterName": "nonsense", "ParameterValue": "1"},
                {"ParameterName": "statement_timeout", "ParameterValue": "soon"}):
        assert refusal(
            redshift.modify_cluster_parameter_group, ParameterGroupName=name, Parameters=[bad]
        ) == "InvalidParameterValue"

    redshift.modify_cluster(ClusterIdentifier=cluster, ClusterParameterGroupName=name)
    [group] = describe(redshift, cluster)["ClusterParameterGroups"]
    assert group == {"ParameterGroupName": name, "ParameterApplyStatus": "pending-reboot"}
    assert refusal(redshift.delete_cluster_parameter_group, ParameterGroupName=name) == (
        "InvalidClusterParameterGroupState"
    )
    redshift.reboot_cluster(ClusterIdentifier=cluster)
    wait(redshift, "cluster_available", ClusterIdentifier=cluster)
    [group] = describe(redshift, cluster)["ClusterParameterGroups"]
    assert group["ParameterApplyStatus"] == "in-sync"
    redshift.modify_cluster(ClusterIdentifier=cluster, ClusterParameterGroupName="default.redshift-1.0")
    redshift.delete_cluster_parameter_group(ParameterGroupName=name)
    assert refusal(redshift.describe_cluster_parameter_groups, ParameterGroupName=name) == (
        "ClusterParameterGroupNotFound"
    )


def test_subnet_groups_and_tags(redshift, unique):
    name = unique("subnets")
    made = redshift.create_cluster_subnet_group(
        ClusterSubnetGroupName=name, Description="private", SubnetIds=["subnet-1", "subnet-2"]
    )["ClusterSubnetGroup"]
    assert [subnet["SubnetIdentifier"] for subnet in made["Subnets"]] == ["subnet-1", "subnet-2"]
    arn = f"arn:aws:redshift:us-east-1:{ACCOUNT}:subnetgroup:{name}"
    redshift.create_tags(ResourceName=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    redshift.delete_tags(ResourceName=arn, TagKeys=["a"])
    tagged = redshift.describe_tags(ResourceName=arn)["TaggedResources"]
    assert [(entry["Tag"], entry["ResourceType"]) for entry in tagged] == [
        ({"Key": "b", "Value": "2"}, "subnetgroup")
    ]
    assert refusal(redshift.create_tags, ResourceName=arn + "x", Tags=[{"Key": "a"}]) == "ResourceNotFoundFault"
    redshift.delete_cluster_subnet_group(ClusterSubnetGroupName=name)
    assert refusal(redshift.describe_cluster_subnet_groups, ClusterSubnetGroupName=name) == (
        "ClusterSubnetGroupNotFoundFault"
    )


def test_roles_of_a_cluster(redshift, cluster):
    roles = [f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("loader", "unloader")]
    changed = redshift.modify_cluster_iam_roles(
        ClusterIdentifier=cluster, AddIamRoles=roles, DefaultIamRoleArn=roles[0]
    )["Cluster"]
    assert [role["IamRoleArn"] for role in changed["IamRoles"]] == roles
    assert changed["DefaultIamRoleArn"] == roles[0]
    changed = redshift.modify_cluster_iam_roles(ClusterIdentifier=cluster, RemoveIamRoles=roles[:1])["Cluster"]
    assert [role["IamRoleArn"] for role in changed["IamRoles"]] == roles[1:]
    assert "DefaultIamRoleArn" not in changed
    assert refusal(redshift.modify_cluster_iam_roles, ClusterIdentifier=cluster, AddIamRoles=["nonsense"]) == (
        "InvalidParameterValue"
    )


def test_snapshots(redshift, cluster, unique):
    name = unique("snapshot")
    made = redshift.create_cluster_snapshot(SnapshotIdentifier=name, ClusterIdentifier=cluster)["Snapshot"]
    assert (made["Status"], made["SnapshotType"]) == ("creating", "manual")
    wait(redshift, "snapshot_available", SnapshotIdentifier=name)
    assert refusal(
        redshift.create_cluster_snapshot, SnapshotIdentifier=name, ClusterIdentifier=cluster
    ) == "ClusterSnapshotAlreadyExists"
    restored = unique("restored")
    made = redshift.restore_from_cluster_snapshot(ClusterIdentifier=restored, SnapshotIdentifier=name)["Cluster"]
    assert (made["ClusterStatus"], made["RestoreStatus"]["Status"]) == ("creating", "restoring")
    wait(redshift, "cluster_restored", ClusterIdentifier=restored)
    wait(redshift, "cluster_available", ClusterIdentifier=restored)
    final = unique("final")
    redshift.delete_cluster(ClusterIdentifier=restored, FinalClusterSnapshotIdentifier=final)
    wait(redshift, "cluster_deleted", ClusterIdentifier=restored)
    [snapshot] = redshift.describe_cluster_snapshots(SnapshotIdentifier=final)["Snapshots"]
    assert (snapshot["Status"], snapshot["ClusterIdentifier"]) == ("available", restored)
    for identifier in (name, final):
        assert redshift.delete_cluster_snapshot(SnapshotIdentifier=identifier)["Snapshot"]["Status"] == "deleted"
    assert refusal(redshift.describe_cluster_snapshots, SnapshotIdentifier=name) == "ClusterSnapshotNotFound"


def test_a_cluster_goes_only_when_told_how(redshift, cluster):
    assert refusal(redshift.delete_cluster, ClusterIdentifier=cluster) == "InvalidParameterCombination"
    assert refusal(
        redshift.delete_cluster,
        ClusterIdentifier=cluster,
        SkipFinalClusterSnapshot=True,
        FinalClusterSnapshotIdentifier="last",
    ) == "InvalidParameterCombination"
    assert describe(redshift, cluster)["ClusterStatus"] == "available"


def test_temporary_credentials(redshift, cluster):
    made = redshift.get_cluster_credentials(ClusterIdentifier=cluster, DbUser="alice", DurationSeconds=900)
    assert made["DbUser"] == "IAM:alice"
    again = redshift.get_cluster_credentials(ClusterIdentifier=cluster, DbUser="alice")
    assert again["DbPassword"] == made["DbPassword"]
    assert redshift.get_cluster_credentials(ClusterIdentifier=cluster, DbUser="bob", AutoCreate=True)["DbUser"] == (
        "IAMA:bob"
    )
    assert refusal(
        redshift.get_cluster_credentials, ClusterIdentifier=cluster, DbUser="alice", DurationSeconds=60
    ) == "InvalidParameterValue"
    with_iam = redshift.get_cluster_credentials_with_iam(ClusterIdentifier=cluster)
    assert with_iam["DbUser"].startswith("IAM:")
    assert with_iam["NextRefreshTime"] < with_iam["Expiration"]


def test_rights_are_asked_for(tarn, redshift, cluster, unique):
    iam = tarn.client("iam")
    user = unique("user")
    iam.create_user(UserName=user)
    statement = {
        "Effect": "Allow",
        "Action": ["redshift:DescribeClusters", "redshift:GetClusterCredentials"],
        "Resource": ["*"],
    }
    denied = {
        "Effect": "Deny",
        "Action": "redshift:GetClusterCredentials",
        "Resource": f"arn:aws:redshift:us-east-1:{ACCOUNT}:dbuser:{cluster}/admin",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement, denied]}
    iam.put_user_policy(UserName=user, PolicyName="look", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=user)["AccessKey"]
    theirs = tarn.client("redshift", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    assert describe(theirs, cluster)["ClusterIdentifier"] == cluster
    assert theirs.get_cluster_credentials(ClusterIdentifier=cluster, DbUser="alice")["DbUser"] == "IAM:alice"
    for call, options in [
        (theirs.get_cluster_credentials, {"ClusterIdentifier": cluster, "DbUser": "admin"}),
        (theirs.get_cluster_credentials, {"ClusterIdentifier": cluster, "DbUser": "alice", "AutoCreate": True}),
        (theirs.pause_cluster, {"ClusterIdentifier": cluster}),
        (theirs.delete_cluster, {"ClusterIdentifier": cluster, "SkipFinalClusterSnapshot": True}),
    ]:
        assert refusal(call, **options) == "AccessDenied"


def test_events_tell_what_happened(redshift, cluster):
    events = redshift.describe_events(SourceType="cluster", SourceIdentifier=cluster)["Events"]
    assert [event["EventId"] for event in events] == ["REDSHIFT-EVENT-2000", "REDSHIFT-EVENT-2001"]


def test_a_restart_finds_clusters_where_they_were(fresh_tarn):
    tarn = fresh_tarn()
    redshift = tarn.client("redshift")
    create(redshift, "kept")
    wait(redshift, "cluster_available", ClusterIdentifier="kept")
    before = describe(redshift, "kept")
    create(redshift, "begun", NumberOfNodes=2)
    tarn.kill()
    tarn.start()
    redshift = tarn.client("redshift")
    after = describe(redshift, "kept")
    assert after == before
    assert answers(after["Endpoint"])
    wait(redshift, "cluster_available", ClusterIdentifier="begun")
    assert answers(describe(redshift, "begun")["Endpoint"])


# Serverless


@pytest.fixture
def workgroup(serverless, unique):
    name = unique("analytics")
    serverless.create_namespace(
        namespaceName=name, adminUsername="admin", adminUserPassword=PASSWORD, tags=[{"key": "a", "value": "1"}]
    )
    serverless.create_workgroup(workgroupName=name, namespaceName=name, baseCapacity=32)
    available(serverless, name)
    yield name


def available(serverless, name):
    for _ in range(500):
        found = serverless.get_workgroup(workgroupName=name)["workgroup"]
        if found["status"] == "AVAILABLE":
            return found
    raise AssertionError(found["status"])


def gone(call, code="ResourceNotFoundException", **options):
    for _ in range(500):
        try:
            call(**options)
        except ClientError as error:
            assert error.response["Error"]["Code"] == code
            return
    raise AssertionError("it is still there")


def test_a_namespace_and_its_workgroup(serverless, workgroup):
    namespace = serverless.get_namespace(namespaceName=workgroup)["namespace"]
    assert (namespace["dbName"], namespace["adminUsername"], namespace["status"]) == ("dev", "admin", "AVAILABLE")
    found = available(serverless, workgroup)
    endpoint = {"Address": found["endpoint"]["address"], "Port": found["endpoint"]["port"]}
    assert answers(endpoint)
    assert serverless.list_tags_for_resource(resourceArn=namespace["namespaceArn"])["tags"] == [
        {"key": "a", "value": "1"}
    ]
    assert refusal(serverless.create_namespace, namespaceName=workgroup) == "ConflictException"
    assert refusal(serverless.create_workgroup, workgroupName="another", namespaceName=workgroup) == (
        "ConflictException"
    )
    assert refusal(serverless.delete_namespace, namespaceName=workgroup) == "ConflictException"
    made = serverless.get_credentials(workgroupName=workgroup)
    assert made["dbUser"].startswith("IAM:") and made["dbPassword"]
    serverless.delete_workgroup(workgroupName=workgroup)
    gone(serverless.get_workgroup, workgroupName=workgroup)
    assert not answers(endpoint)
    serverless.delete_namespace(namespaceName=workgroup)
    gone(serverless.get_namespace, namespaceName=workgroup)


@pytest.mark.parametrize(
    "options",
    [{"namespaceName": "UPPER"}, {"namespaceName": "under_score"},
     {"namespaceName": "fine", "adminUsername": "admin", "adminUserPassword": "weak"},
     {"namespaceName": "fine", "adminUsername": "admin"},
     {"namespaceName": "fine", "dbName": "Upper"}],
)
def test_what_a_namespace_may_not_be(serverless, options):
    assert refusal(serverless.create_namespace, **options) == "ValidationException"


def test_serverless_snapshots(serverless, workgroup, unique):
    name = unique("snapshot")
    made = serverless.create_snapshot(namespaceName=workgroup, snapshotName=name, retentionPeriod=7)["snapshot"]
    assert made["status"] == "CREATING"
    for _ in range(500):
        found = serverless.get_snapshot(snapshotName=name)["snapshot"]
        if found["status"] == "AVAILABLE":
            break
    assert (found["status"], found["snapshotRemainingDays"]) == ("AVAILABLE", 6)
    serverless.restore_from_snapshot(namespaceName=workgroup, workgroupName=workgroup, snapshotName=name)
    available(serverless, workgroup)
    for _ in range(500):
        if serverless.get_namespace(namespaceName=workgroup)["namespace"]["status"] == "AVAILABLE":
            break
    assert serverless.delete_snapshot(snapshotName=name)["snapshot"]["status"] == "DELETED"
    gone(serverless.get_snapshot, snapshotName=name)


def test_usage_limits(serverless, workgroup):
    arn = available(serverless, workgroup)["workgroupArn"]
    made = serverless.create_usage_limit(resourceArn=arn, usageType="serverless-compute", amount=60)["usageLimit"]
    assert (made["period"], made["breachAction"]) == ("monthly", "log")
    identifier = made["usageLimitId"]
    serverless.update_usage_limit(usageLimitId=identifier, amount=10)
    assert serverless.list_usage_limits(resourceArn=arn)["usageLimits"][0]["amount"] == 10
    serverless.delete_usage_limit(usageLimitId=identifier)
    gone(serverless.get_usage_limit, "ValidationException", usageLimitId=identifier)
