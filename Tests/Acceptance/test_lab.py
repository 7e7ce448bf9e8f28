"""The tutorial's lab, pasted as it is written, with AWS_ENDPOINT_URL as the only addition.

`lab/` holds its commands (the producer with the indentation that Python needs). A person waits five minutes for
Firehose's buffer; so does this test.
"""

import json
import pathlib
import re
import subprocess
import sys

import pytest

from conftest import wait_until

LAB = pathlib.Path(__file__).parent / "lab"
DELIVERY_SECONDS_MAX = 420


class Shell:
    """One bash that keeps its variables from task to task, as a person's terminal does."""

    def __init__(self, folder, environment):
        venv = folder / ".venv" / "bin"
        venv.mkdir(parents=True)
        (venv / "python").symlink_to(sys.executable)
        self.folder = folder
        self.environment = environment
        self.state = folder / "state"
        self.state.touch()

    def paste(self, task):
        script = f"""
            source {self.state}
            set -e -o pipefail
            source {LAB / task}
            set +e
            declare -p $(compgen -v | grep -E '^(AWS_REGION|ACCOUNT_ID|[A-Z_]*_(NAME|DB|TABLE|PREFIX|ARN|QUERY|ID)|EVENT_HOUR|WORKDIR)$') > {self.state}.new
            mv {self.state}.new {self.state}
        """
        done = subprocess.run(
            ["bash", "-c", script], cwd=self.folder, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{task}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def value(self, name):
        return subprocess.run(
            ["bash", "-c", f"source {self.state}; printf %s \"${name}\""], capture_output=True, text=True
        ).stdout


def test_lab_as_pasted(fresh_tarn, tmp_path):
    tarn = fresh_tarn()
    folder = tmp_path / "home"
    folder.mkdir()
    environment = tarn.environment
    environment.pop("AWS_REGION")
    shell = Shell(folder, environment)
    athena, s3 = tarn.client("athena"), tarn.client("s3")

    shell.paste("1-prepare.sh")
    shell.paste("2-catalog.sh")
    assert "ACTIVE" in shell.paste("3-deliver.sh") or wait_until(
        lambda: tarn.client("firehose").describe_delivery_stream(DeliveryStreamName="dojo-events-to-s3")[
            "DeliveryStreamDescription"
        ]["DeliveryStreamStatus"]
        == "ACTIVE"
    )
    assert "sent 50000 events" in shell.paste("4-produce.sh")

    # A restart in the middle: nothing acknowledged may be lost.
    assert tarn.stop() == 0
    tarn.start()
    athena, s3 = tarn.client("athena"), tarn.client("s3")

    bucket = shell.value("BUCKET_NAME")
    wait_until(
        lambda: s3.list_objects_v2(Bucket=bucket, Prefix="events/raw/").get("KeyCount"), DELIVERY_SECONDS_MAX, 1
    )

    def execution(identifier):
        return athena.get_query_execution(QueryExecutionId=identifier)["QueryExecution"]

    def finished(identifier):
        wait_until(lambda: execution(identifier)["Status"]["State"] not in ("QUEUED", "RUNNING"))
        found = execution(identifier)
        assert found["Status"]["State"] == "SUCCEEDED", found["Status"]
        return found

    def rows(identifier):
        found = athena.get_query_results(QueryExecutionId=identifier)["ResultSet"]["Rows"]
        return [[cell.get("VarCharValue") for cell in row["Data"]] for row in found]

    first = shell.paste("5-query.sh")
    finished(shell.value("QUERY_ID"))
    assert re.search(r"State", first)
    total = sum(int(row[0]) for row in rows(shell.value("QUERY_ID"))[1:])
    assert total == 50_000
    hour = rows(shell.value("QUERY_ID"))[1]
    assert not s3.list_objects_v2(Bucket=bucket, Prefix="events/errors/").get("KeyCount")
    whole = finished(shell.value("QUERY_ID"))["Statistics"]["DataScannedInBytes"]
    assert whole > 0

    shell.paste("6-partition.sh")
    finished(shell.value("CTAS_ID"))

    state = shell.state.read_text() + f"\nexport EVENT_HOUR={json.dumps(hour[1])}\n"
    shell.state.write_text(state)
    compare = (LAB / "7-compare.sh").read_text().splitlines()
    assert compare[0].startswith("export EVENT_HOUR=")
    (folder / "7-compare.sh").write_text("\n".join(compare[1:]))
    shell.paste(folder / "7-compare.sh")
    pruned = finished(shell.value("PARTITIONED_QUERY_ID"))
    assert rows(shell.value("PARTITIONED_QUERY_ID"))[1:] == [hour]
    assert pruned["Statistics"]["DataScannedInBytes"] < whole

    shell.paste("8-clean-up.sh")
    assert s3.list_buckets()["Buckets"] == []
    wait_until(lambda: tarn.client("kinesis").list_streams()["StreamNames"] == [])
    with pytest.raises(athena.exceptions.InvalidRequestException):
        athena.get_work_group(WorkGroup="dojo-ingestion")
