"""Jobs on a standalone cluster of Spark: the same script, by configuration alone."""

import contextlib
import os
import re
import subprocess

import pytest
from glue_house import SPARK, House, needs_spark, wait_for

pytestmark = needs_spark
WORKERS = 2

SCRIPT = """
import os, sys, time
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.transforms import Map
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from helper import doubled

options = getResolvedOptions(sys.argv, ["JOB_NAME", "bucket", "out"])
glue = GlueContext(SparkContext.getOrCreate())
job = Job(glue)
job.init(options["JOB_NAME"], options)
frame = glue.create_dynamic_frame.from_options(
    "s3", {"paths": [f"s3://{options['bucket']}/in/"]}, format="json", transformation_ctx="read")

def place(record):
    # Long enough that no worker takes all tasks before the other has begun.
    time.sleep(0.01)
    return {"id": record["id"], "twice": doubled(record["id"]), "folder": os.getcwd()}

glue.write_dynamic_frame.from_options(
    frame=Map.apply(frame=frame.repartition(8), f=place), connection_type="s3",
    connection_options={"path": f"s3://{options['bucket']}/{options['out']}/"}, format="parquet")
print(glue.spark_session.sparkContext.master)
job.commit()
"""


def start(folder, kind, *arguments):
    """A master or a worker, and the file it writes its log to."""
    folder.mkdir(parents=True)
    log = folder / "log"
    environment = os.environ | {
        "SPARK_HOME": str(SPARK / "pyspark"), "SPARK_LOCAL_DIRS": str(folder), "SPARK_LOG_DIR": str(folder),
        "SPARK_NO_DAEMONIZE": "1", "SPARK_DAEMON_MEMORY": "256m",
    }
    command = [str(SPARK / "pyspark/bin/spark-class"), f"org.apache.spark.deploy.{kind}", "--host", "127.0.0.1"]
    with open(log, "wb") as out:
        process = subprocess.Popen(
            [*command, "--port", "0", "--webui-port", "0", *arguments], env=environment, cwd=folder, stdout=out,
            stderr=subprocess.STDOUT)
    return process, log


@contextlib.contextmanager
def cluster(folder):
    """A master and two workers with a core each; gives the master's address and the workers' folders."""
    processes = []
    try:
        master, log = start(folder / "master", "master.Master")
        processes.append(master)
        found = wait_for(
            lambda: master.poll() is not None or re.search(r"Starting Spark master at (spark://\S+)", log.read_text()),
            "the master")
        assert found is not True, log.read_text()
        address = found.group(1)
        workers = [folder / f"worker{number}" for number in range(WORKERS)]
        for place in workers:
            worker, _ = start(
                place, "worker.Worker", "--cores", "1", "--memory", "1g", "--work-dir", str(place / "work"), address)
            processes.append(worker)
        wait_for(lambda: log.read_text().count("Registering worker") == WORKERS, "the workers")
        yield address, workers
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait(timeout=60)


@pytest.fixture
def house(fresh_tarn):
    return House(fresh_tarn(), "cluster")


def test_a_job_runs_on_a_cluster_by_configuration_alone(house, tmp_path, monkeypatch):
    house.s3.put_object(Bucket=house.bucket, Key="lib/helper.py", Body=b"def doubled(x):\n    return 2 * x\n")
    rows = "".join(f'{{"id": {number}}}\n' for number in range(400))
    house.s3.put_object(Bucket=house.bucket, Key="in/1.json", Body=rows.encode())
    job = house.job(
        "spread", SCRIPT, "glueetl",
        DefaultArguments={"--bucket": house.bucket, "--extra-py-files": f"s3://{house.bucket}/lib/helper.py"})

    def run(out, **arguments):
        ended = house.run(job, Arguments={"--out": out, **arguments})
        assert ended["JobRunState"] == "SUCCEEDED", ended.get("ErrorMessage")
        written = house.rows(f"{out}/")
        assert sorted((row["id"], row["twice"]) for row in written) == [(id, 2 * id) for id in range(400)]
        told = house.s3.list_objects_v2(Bucket=house.bucket, Prefix=f"{out}/")["Contents"]
        # Several files, and all of them made visible by one commit.
        assert len(told) > 1 and len({item["LastModified"] for item in told}) == 1
        assert not any("_temporary" in item["Key"] for item in told)
        return {row["folder"] for row in written}

    alone = run("alone")
    with cluster(tmp_path / "spark") as (address, workers):
        spread = run("by-argument", **{"--conf": f"spark.master={address}"})
        assert all(any(folder.startswith(str(place)) for folder in spread) for place in workers), spread
        assert not spread & alone
        # The server's own setting, for all jobs.
        house.tarn.stop()
        monkeypatch.setenv("TARN_SPARK_MASTER", address)
        house.tarn.start()
        spread = run("by-setting")
        assert all(any(folder.startswith(str(place)) for folder in spread) for place in workers), spread
