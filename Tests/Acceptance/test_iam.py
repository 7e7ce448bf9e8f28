"""IAM and STS through boto3 and the AWS CLI: who may do what, and in which words they are told that they may not."""

import json

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "000000000000"


@pytest.fixture
def iam(tarn):
    return tarn.client("iam")


@pytest.fixture
def sts(tarn):
    return tarn.client("sts")


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource} | more


def trust(**principal):
    return document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})


def refusal(call, *arguments, **options):
    with pytest.raises(ClientError) as refused:
        call(*arguments, **options)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"], refused.value.response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.fixture
def user(iam, unique):
    """Makes users with a key and an inline policy; takes them away afterwards."""
    made = []

    def make(*statements):
        name = unique("user")
        iam.create_user(UserName=name)
        made.append(name)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return name, {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}

    yield make
    for name in made:
        for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
            iam.delete_user_policy(UserName=name, PolicyName=policy)
        iam.delete_user(UserName=name)


def test_caller_identity(tarn, sts, user):
    assert sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
    assert sts.get_caller_identity()["UserId"] == ACCOUNT
    name, credentials = user()
    identity = tarn.client("sts", **credentials).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/{name}"
    assert identity["UserId"].startswith("AIDA")


def test_only_known_keys(tarn, user, iam):
    assert refusal(tarn.client("sts", key="nobody").get_caller_identity)[0] == "InvalidClientTokenId"
    assert refusal(tarn.client("sts", secret="wrong").get_caller_identity)[0] == "SignatureDoesNotMatch"
    name, credentials = user()
    client = tarn.client("sts", **credentials)
    client.get_caller_identity()
    iam.update_access_key(UserName=name, AccessKeyId=credentials["key"], Status="Inactive")
    assert refusal(client.get_caller_identity)[0] == "InvalidClientTokenId"
    iam.update_access_key(UserName=name, AccessKeyId=credentials["key"], Status="Active")
    client.get_caller_identity()


def test_denials_name_everything(tarn, user, unique):
    name, credentials = user(allow("kinesis:ListStreams"))
    kinesis = tarn.client("kinesis", **credentials)
    kinesis.list_streams()
    stream = unique("stream")
    arn = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/{stream}"
    code, message, status = refusal(kinesis.create_stream, StreamName=stream, ShardCount=1)
    assert (code, status) == ("AccessDeniedException", 400)
    assert message == (
        f"User: arn:aws:iam::{ACCOUNT}:user/{name} is not authorized to perform: kinesis:CreateStream on resource: "
        f"{arn} because no identity-based policy allows the kinesis:CreateStream action"
    )
    s3 = tarn.client("s3", **credentials)
    bucket = unique("bucket")
    tarn.client("s3").create_bucket(Bucket=bucket)
    code, message, status = refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"x")
    assert (code, status) == ("AccessDenied", 403)
    assert message == (
        f"User: arn:aws:iam::{ACCOUNT}:user/{name} is not authorized to perform: s3:PutObject on resource: "
        f'"arn:aws:s3:::{bucket}/k" because no identity-based policy allows the s3:PutObject action'
    )
    tarn.client("s3").delete_bucket(Bucket=bucket)


def test_explicit_deny_and_change_at_once(tarn, iam, user):
    name, credentials = user(allow("kinesis:*"))
    kinesis = tarn.client("kinesis", **credentials)
    kinesis.list_streams()
    iam.put_user_policy(
        UserName=name,
        PolicyName="no",
        PolicyDocument=document({"Effect": "Deny", "Action": "kinesis:List*", "Resource": "*"}),
    )
    assert refusal(kinesis.list_streams)[1].endswith("with an explicit deny in an identity-based policy")
    iam.delete_user_policy(UserName=name, PolicyName="no")
    kinesis.list_streams()


def test_groups_boundaries_and_managed_policies(tarn, iam, user, unique):
    name, credentials = user()
    kinesis = tarn.client("kinesis", **credentials)
    group = unique("group")
    iam.create_group(GroupName=group)
    iam.attach_group_policy(GroupName=group, PolicyArn="arn:aws:iam::aws:policy/AmazonKinesisReadOnlyAccess")
    iam.add_user_to_group(GroupName=group, UserName=name)
    kinesis.list_streams()
    iam.put_user_permissions_boundary(
        UserName=name, PermissionsBoundary="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    )
    assert "no permissions boundary allows" in refusal(kinesis.list_streams)[1]
    iam.delete_user_permissions_boundary(UserName=name)
    kinesis.list_streams()
    assert refusal(iam.delete_group, GroupName=group)[0] == "DeleteConflict"
    iam.remove_user_from_group(GroupName=group, UserName=name)
    iam.detach_group_policy(GroupName=group, PolicyArn="arn:aws:iam::aws:policy/AmazonKinesisReadOnlyAccess")
    iam.delete_group(GroupName=group)


def test_assumed_roles(tarn, iam, sts, user, unique):
    role = unique("role")
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust(AWS=ACCOUNT))["Role"]["Arn"]
    iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=document(allow("kinesis:*")))
    _, stranger = user()
    code, message, status = refusal(
        tarn.client("sts", **stranger).assume_role, RoleArn=arn, RoleSessionName="session"
    )
    assert (code, status) == ("AccessDenied", 403)
    assert message.endswith(f"is not authorized to perform: sts:AssumeRole on resource: {arn}")
    _, friend = user(allow("sts:AssumeRole", arn))
    assumed = tarn.client("sts", **friend).assume_role(RoleArn=arn, RoleSessionName="session")
    given = assumed["Credentials"]
    credentials = {"key": given["AccessKeyId"], "secret": given["SecretAccessKey"], "token": given["SessionToken"]}
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/session"
    assert assumed["AssumedRoleUser"]["Arn"] == session
    assert tarn.client("sts", **credentials).get_caller_identity()["Arn"] == session
    tarn.client("kinesis", **credentials).list_streams()
    assert session in refusal(tarn.client("s3", **credentials).list_buckets)[1]
    assert refusal(tarn.client("sts", **(credentials | {"token": "wrong"})).get_caller_identity)[0] in (
        "InvalidClientTokenId",
        "InvalidToken",
    )
    assert refusal(tarn.client("sts", **(credentials | {"token": None})).get_caller_identity)[0] == (
        "InvalidClientTokenId"
    )
    narrowed = sts.assume_role(
        RoleArn=arn, RoleSessionName="narrow", Policy=document(allow("kinesis:PutRecord")), DurationSeconds=900
    )["Credentials"]
    kinesis = tarn.client(
        "kinesis",
        key=narrowed["AccessKeyId"],
        secret=narrowed["SecretAccessKey"],
        token=narrowed["SessionToken"],
    )
    assert "no session policy allows" in refusal(kinesis.list_streams)[1]
    assert refusal(sts.assume_role, RoleArn=arn, RoleSessionName="long", DurationSeconds=7200)[:2] == (
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    )
    # A deleted role takes its sessions' rights along.
    iam.delete_role_policy(RoleName=role, PolicyName="p")
    iam.delete_role(RoleName=role)
    assert refusal(tarn.client("kinesis", **credentials).list_streams)[0] == "AccessDeniedException"


def test_sessions_and_users_survive_a_kill(fresh_tarn):
    server = fresh_tarn()
    iam = server.client("iam")
    arn = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust(AWS=ACCOUNT))["Role"]["Arn"]
    iam.attach_role_policy(RoleName="r", PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    given = server.client("sts").assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]
    server.kill()
    server.start()
    credentials = {"key": given["AccessKeyId"], "secret": given["SecretAccessKey"], "token": given["SessionToken"]}
    client = server.client("iam", **credentials)
    assert client.get_role(RoleName="r")["Role"]["Arn"] == arn
    assert refusal(client.create_user, UserName="u")[0] == "AccessDenied"


def test_the_lab_role_and_its_clean_up(iam, unique):
    role = unique("role")
    policy = document(allow(["s3:PutObject", "s3:GetObject"], ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]))
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust(Service="firehose.amazonaws.com"))
    iam.put_role_policy(RoleName=role, PolicyName="inline", PolicyDocument=policy)
    found = iam.get_role(RoleName=role)["Role"]
    assert found["AssumeRolePolicyDocument"] == json.loads(trust(Service="firehose.amazonaws.com"))
    assert found["MaxSessionDuration"] == 3600
    assert iam.get_role_policy(RoleName=role, PolicyName="inline")["PolicyDocument"] == json.loads(policy)
    assert refusal(iam.delete_role, RoleName=role) == (
        "DeleteConflict",
        "Cannot delete entity, must delete policies first.",
        409,
    )
    iam.delete_role_policy(RoleName=role, PolicyName="inline")
    iam.delete_role(RoleName=role)
    assert refusal(iam.get_role, RoleName=role) == (
        "NoSuchEntity",
        f"The role with name {role} cannot be found.",
        404,
    )


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("not json", "Syntax errors in policy."),
        (document({"Effect": "Allow", "Action": "s3:Get*"}), "Policy statement must contain resources."),
        (
            document(allow("GetObject")),
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (document(allow("s3:Get*", "bucket")), 'Resource bucket must be in ARN format or "*".'),
        (document(allow("s3:Get*", Principal="*")), "Policy document should not specify a principal."),
    ],
)
def test_malformed_policies(iam, unique, policy, message):
    name = unique("policy")
    assert refusal(iam.create_policy, PolicyName=name, PolicyDocument=policy) == (
        "MalformedPolicyDocument",
        message,
        400,
    )
    assert refusal(iam.get_policy, PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/{name}")[0] == "NoSuchEntity"


def test_policy_versions(iam, unique):
    arn = iam.create_policy(PolicyName=unique("policy"), PolicyDocument=document(allow("s3:*")))["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(allow("s3:Get*")), SetAsDefault=True)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v2"
    version = iam.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]
    assert version["Document"] == json.loads(document(allow("s3:Get*"))) and version["IsDefaultVersion"]
    assert [v["VersionId"] for v in iam.list_policy_versions(PolicyArn=arn)["Versions"]] == ["v2", "v1"]
    assert refusal(iam.delete_policy, PolicyArn=arn)[0] == "DeleteConflict"
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    iam.delete_policy(PolicyArn=arn)


def test_pages(iam, unique):
    path = f"/{unique('path')}/"
    names = sorted(unique("u") for _ in range(5))
    for name in names:
        iam.create_user(Path=path, UserName=name)
    pages = list(iam.get_paginator("list_users").paginate(PathPrefix=path, PaginationConfig={"PageSize": 2}))
    assert [len(page["Users"]) for page in pages] == [2, 2, 1]
    assert [user["UserName"] for page in pages for user in page["Users"]] == names
    for name in names:
        iam.delete_user(UserName=name)


def test_simulator(tarn, iam, user):
    name, credentials = user(allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}/*"))
    results = iam.simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:user/{name}",
        ActionNames=["s3:GetObject", "s3:PutObject"],
        ResourceArns=[f"arn:aws:s3:::b/{name}/1"],
    )["EvaluationResults"]
    assert [(r["EvalActionName"], r["EvalDecision"]) for r in results] == [
        ("s3:GetObject", "allowed"),
        ("s3:PutObject", "implicitDeny"),
    ]
    assert results[0]["MatchedStatements"][0]["SourcePolicyId"] == f"user_{name}_p"
    results = iam.simulate_custom_policy(
        PolicyInputList=[document(allow("s3:*"), {"Effect": "Deny", "Action": "s3:Put*", "Resource": "*"})],
        ActionNames=["s3:PutObject"],
        ContextEntries=[
            {"ContextKeyName": "aws:SourceIp", "ContextKeyValues": ["10.0.0.1"], "ContextKeyType": "ip"}
        ],
    )["EvaluationResults"]
    assert results[0]["EvalDecision"] == "explicitDeny"
    assert len(results[0]["MatchedStatements"]) == 2


def test_tags_profiles_and_summary(iam, unique):
    role = unique("role")
    iam.create_role(
        RoleName=role,
        AssumeRolePolicyDocument=trust(Service="ec2.amazonaws.com"),
        Tags=[{"Key": "team", "Value": "data"}],
        Description="made by a test",
        MaxSessionDuration=7200,
    )
    iam.tag_role(RoleName=role, Tags=[{"Key": "Stage", "Value": "x"}])
    assert {t["Key"] for t in iam.list_role_tags(RoleName=role)["Tags"]} == {"team", "Stage"}
    iam.untag_role(RoleName=role, TagKeys=["stage"])
    assert iam.get_role(RoleName=role)["Role"]["Tags"] == [{"Key": "team", "Value": "data"}]
    profile = unique("profile")
    iam.create_instance_profile(InstanceProfileName=profile)
    iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=role)
    found = iam.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"]
    assert [p["InstanceProfileName"] for p in found] == [profile] and found[0]["Roles"][0]["RoleName"] == role
    assert refusal(iam.delete_role, RoleName=role)[0] == "DeleteConflict"
    pages = iam.get_paginator("get_account_authorization_details").paginate(Filter=["Role"])
    assert role in [detail["RoleName"] for page in pages for detail in page["RoleDetailList"]]
    assert iam.get_account_summary()["SummaryMap"]["Roles"] >= 1
    iam.remove_role_from_instance_profile(InstanceProfileName=profile, RoleName=role)
    iam.delete_instance_profile(InstanceProfileName=profile)
    iam.delete_role(RoleName=role)


def test_cli(tarn):
    assert tarn.cli("sts", "get-caller-identity", "--query", "Account", "--output", "text").strip() == ACCOUNT
    policies = tarn.cli(
        "iam", "list-policies", "--scope", "AWS", "--query", "Policies[].PolicyName", "--output", "text"
    )
    assert "AdministratorAccess" in policies.split()
