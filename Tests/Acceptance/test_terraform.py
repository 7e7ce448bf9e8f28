"""Terraform's AWS provider (5.x): apply, a second plan without changes, destroy."""

import os
import pathlib
import shutil
import socket
import subprocess

import pytest
from test_lambda import PYTHON, bundle

# Where an operator keeps providers that were fetched beforehand: nothing is downloaded while tests run.
MIRROR = pathlib.Path(os.environ.get("TARN_TERRAFORM_MIRROR", "/opt/tf-plugins"))
PROVIDER = MIRROR / "registry.terraform.io" / "hashicorp" / "aws"

pytestmark = pytest.mark.skipif(
    not (shutil.which("terraform") and PROVIDER.is_dir()),
    reason="needs terraform and a folder of its AWS provider (TARN_TERRAFORM_MIRROR)",
)


@pytest.fixture
def terraform(request, fresh_tarn, tmp_path):
    tarn = fresh_tarn()
    folder = tmp_path / "terraform"
    shutil.copytree(pathlib.Path(__file__).parent / getattr(request, "param", "terraform"), folder)
    settings = tmp_path / "terraform.rc"
    settings.write_text(
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{MIRROR}"\n  }}\n}}\n'
        "disable_checkpoint = true\n"
    )
    environment = tarn.environment | {
        "TF_CLI_CONFIG_FILE": str(settings),
        "TF_VAR_endpoint": tarn.endpoint,
        "TF_IN_AUTOMATION": "1",
    }

    def run(*arguments, codes=(0,)):
        done = subprocess.run(
            ["terraform", *arguments], cwd=folder, env=environment, capture_output=True, text=True
        )
        assert done.returncode in codes, f"terraform {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done

    run("init", "-input=false", "-no-color")
    return tarn, run


def test_apply_second_plan_destroy(terraform):
    tarn, run = terraform
    run("apply", "-auto-approve", "-input=false", "-no-color")
    assert tarn.client("kinesis").describe_stream_summary(StreamName="terraform-events")[
        "StreamDescriptionSummary"
    ]["OpenShardCount"] == 2

    # With -detailed-exitcode, 0 means that nothing would change and 2 that something would.
    second = run("plan", "-detailed-exitcode", "-input=false", "-no-color", codes=(0, 2))
    assert second.returncode == 0, second.stdout

    run("destroy", "-auto-approve", "-input=false", "-no-color")
    assert tarn.client("s3").list_buckets()["Buckets"] == []


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("terraform", ["terraform_redshift"], indirect=True)
def test_redshift(terraform):
    tarn, run = terraform
    port = f"-var=port={free_port()}"
    run("apply", "-auto-approve", "-input=false", "-no-color", port)
    [cluster] = tarn.client("redshift").describe_clusters(ClusterIdentifier="terraform-warehouse")["Clusters"]
    assert cluster["ClusterStatus"] == "available"
    tables = tarn.client("redshift-data").list_tables(
        ClusterIdentifier="terraform-warehouse", Database="analytics", DbUser="admin", SchemaPattern="public"
    )["Tables"]
    assert [table["name"] for table in tables] == ["events"]

    second = run("plan", "-detailed-exitcode", "-input=false", "-no-color", port, codes=(0, 2))
    assert second.returncode == 0, second.stdout

    # What can be changed is changed where it stands, with what is in it.
    changed = (port, "-var=encrypted=false")
    run("apply", "-auto-approve", "-input=false", "-no-color", *changed)
    [cluster] = tarn.client("redshift").describe_clusters(ClusterIdentifier="terraform-warehouse")["Clusters"]
    assert not cluster["Encrypted"]
    assert tarn.client("redshift-data").list_tables(
        ClusterIdentifier="terraform-warehouse", Database="analytics", DbUser="admin", SchemaPattern="public"
    )["Tables"]
    third = run("plan", "-detailed-exitcode", "-input=false", "-no-color", *changed, codes=(0, 2))
    assert third.returncode == 0, third.stdout

    run("destroy", "-auto-approve", "-input=false", "-no-color", *changed)
    assert tarn.client("redshift").describe_clusters()["Clusters"] == []
    assert tarn.client("redshift-serverless").list_namespaces()["namespaces"] == []


@pytest.mark.parametrize("terraform", ["terraform_lambda"], indirect=True)
def test_functions(terraform, tmp_path):
    tarn, run = terraform
    archive = tmp_path / "app.zip"
    archive.write_bytes(bundle(app_py="def handler(event, context): return event"))
    given = ("-input=false", "-no-color", f"-var=archive={archive}", f"-var=runtime={PYTHON}")
    run("apply", "-auto-approve", *given)
    rules = tarn.client("s3").get_bucket_notification_configuration(Bucket="terraform-events")["LambdaFunctionConfigurations"]
    assert sorted(rule["Events"][0] for rule in rules) == ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]
    [mapping] = tarn.client("lambda").list_event_source_mappings(FunctionName="terraform-events")["EventSourceMappings"]
    assert mapping["FilterCriteria"]["Filters"] and mapping["DestinationConfig"]["OnFailure"]["Destination"] == "arn:aws:s3:::terraform-failures"

    second = run("plan", "-detailed-exitcode", *given, codes=(0, 2))
    assert second.returncode == 0, second.stdout

    run("destroy", "-auto-approve", *given)
    assert tarn.client("lambda").list_functions()["Functions"] == []
    assert tarn.client("lambda").list_layers()["Layers"] == []
