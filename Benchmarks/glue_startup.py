"""What a Glue job costs beside plain spark-submit, on the same machine in the same run.

usage: .deps/spark/venv/bin/python Benchmarks/glue_startup.py [ROUNDS]

A server is started, and the same small script (read JSON, aggregate, write Parquet to S3) is run in turn by Spark's own
spark-submit and by `tarn_glue.launch`; then one that uses dynamic frames, which plain Spark has not. Seconds of the
whole process, the best and the middle of the rounds. The limit is one second above spark-submit.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
SPARK = pathlib.Path(os.environ.get("TARN_SPARK", ROOT / ".deps/spark"))
BINARY = os.environ.get("TARN_BINARY", str(ROOT / ".build/release/tarn"))
LIBRARY = ROOT / "Runtime/glue/python"
OVERHEAD_SECONDS_MAX = 1.0
BUCKET = "bench-startup"
PLAIN = f"""
from pyspark.context import SparkContext
from pyspark.sql import SparkSession
spark = SparkSession(SparkContext())
frame = spark.read.json("s3://{BUCKET}/in/")
frame.groupBy("kind").count().write.mode("overwrite").parquet("s3://{BUCKET}/out/")
"""
DYNAMIC = f"""
from awsglue.context import GlueContext
from awsglue.transforms import ApplyMapping
from pyspark.context import SparkContext
context = GlueContext(SparkContext())
frame = context.create_dynamic_frame.from_options("s3", {{"paths": ["s3://{BUCKET}/in/"]}}, "json")
frame = ApplyMapping.apply(frame, [("kind", "string", "kind", "string"), ("n", "int", "n", "long")])
context.write_dynamic_frame.from_options(frame, "s3", {{"path": "s3://{BUCKET}/out2/"}}, "parquet")
"""

sys.path.insert(0, str(LIBRARY))


def serve():
    process = subprocess.Popen(
        [BINARY, "serve", "--ephemeral", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    line = process.stdout.readline()
    if not line.startswith("ready "):
        sys.exit(f"the server did not start: {line!r}")
    return process, json.loads(line.removeprefix("ready "))["endpoint"]


def timed(command, environment, folder):
    began = time.monotonic()
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - began
    if done.returncode != 0:
        sys.exit(done.stderr[-4000:])
    return seconds


def spark_submit(folder, environment, endpoint):
    from tarn_glue import sparkconf

    script = folder / "plain.py"
    script.write_text(PLAIN)
    command = [
        str(SPARK / "pyspark/bin/spark-submit"),
        "--master",
        "local[2]",
        "--driver-memory",
        "1433m",
        "--jars",
        ",".join(str(jar) for jar in sorted((SPARK / "jars").glob("*.jar"))),
        "--conf",
        "spark.ui.enabled=false",
    ]
    for name, value in sparkconf.s3_properties(endpoint, "us-east-1", folder).items():
        command += ["--conf", f"{name}={value}"]
    return timed(
        [*command, str(script)],
        {**environment, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable},
        folder,
    )


def glue_job(folder, environment, script, client):
    client.put_object(Bucket=BUCKET, Key="script.py", Body=script.encode())
    run = {
        "command": "glueetl",
        "jobName": "bench",
        "runId": "jr_1",
        "script": f"s3://{BUCKET}/script.py",
        "arguments": {},
        "cores": 2,
        "memoryMegabytes": 2048,
        "sparkHome": str(SPARK / "pyspark"),
        "jars": [],
        "sparkMaster": "local[2]",
        "region": "us-east-1",
    }
    (folder / "run.json").write_text(json.dumps(run))
    return timed(
        [sys.executable, "-m", "tarn_glue.launch"],
        {
            **environment,
            "TARN_GLUE_DIR": str(folder),
            "TARN_GLUE_RUN": str(folder / "run.json"),
            "PYTHONPATH": str(LIBRARY),
        },
        folder,
    )


def main():
    import boto3
    from botocore.config import Config

    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    process, endpoint = serve()
    try:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "LANG": "C.UTF-8",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": endpoint,
        }
        os.environ |= environment
        client = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
        client.create_bucket(Bucket=BUCKET)
        client.put_object(
            Bucket=BUCKET,
            Key="in/a.json",
            Body="".join(json.dumps({"kind": "abc"[n % 3], "n": n}) + "\n" for n in range(1000)).encode(),
        )
        seconds = {"spark-submit": [], "glue job": [], "glue job with dynamic frames": []}
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as folder:
                place = pathlib.Path(folder)
                seconds["spark-submit"].append(spark_submit(place, environment, endpoint))
                seconds["glue job"].append(glue_job(place, environment, PLAIN, client))
                seconds["glue job with dynamic frames"].append(glue_job(place, environment, DYNAMIC, client))
        for name, found in seconds.items():
            print(f"{name:30} best {min(found):5.2f} s   middle {statistics.median(found):5.2f} s")
        overhead = statistics.median(seconds["glue job"]) - statistics.median(seconds["spark-submit"])
        print(f"{'overhead':30} {overhead:+.2f} s (at most {OVERHEAD_SECONDS_MAX:+.2f} s)")
        return 0 if overhead <= OVERHEAD_SECONDS_MAX else 1
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
