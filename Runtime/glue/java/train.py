"""Makes the archive of loaded classes (AppCDS): runs what jobs run, in a JVM that writes down what it loaded.

usage: train.py SPARK_FOLDER (`.deps/spark`)
"""

import os
import pathlib
import sys
import tempfile

from tarn_glue import gateway
from tarn_glue.sparkconf import CATALOG_EXTENSION, COMMIT_PROTOCOL, s3_properties

home = pathlib.Path(sys.argv[1]).resolve() / "pyspark"
os.environ["SPARK_HOME"] = str(home)
os.environ["PYSPARK_PYTHON"] = sys.executable
target = gateway.archive(home)

with tempfile.TemporaryDirectory() as folder:
    os.environ |= {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "training",
        "AWS_SECRET_ACCESS_KEY": "training",
        "AWS_REGION": "us-east-1",
    }
    # Nothing listens there: S3A's classes are loaded by a call that fails.
    properties = s3_properties("http://127.0.0.1:9", "us-east-1") | {
        "spark.master": "local[1]",
        "spark.app.name": "training",
        "spark.ui.enabled": "false",
        "spark.sql.warehouse.dir": f"{folder}/warehouse",
        "spark.hadoop.fs.s3a.attempts.maximum": "1",
        "spark.hadoop.fs.s3a.retry.limit": "1",
        "spark.sql.extensions": CATALOG_EXTENSION,
        "spark.sql.sources.commitProtocolClass": COMMIT_PROTOCOL,
    }
    target.unlink(missing_ok=True)
    java = gateway.Gateway(home, properties, folder, 1024, options=[f"-XX:ArchiveClassesAtExit={target}"])
    java.install()
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as F

    spark = SparkSession.builder.getOrCreate()
    frame = spark.createDataFrame([(1, "a", 1.5), (2, "b", 2.5)], "id int, name string, price double")
    frame = frame.withColumn("day", F.current_date()).withColumn("at", F.current_timestamp())
    for form in ("parquet", "json", "csv", "orc", "avro"):
        path = f"{folder}/{form}"
        frame.write.format(form).option("header", "true").partitionBy("name").save(path)
        again = spark.read.format(form).option("header", "true").load(path)
        again.createOrReplaceTempView("again")
        spark.sql("select name, count(*) as n, sum(id) from again group by name order by n desc").collect()
        again.join(frame.select("name"), "name").filter("id > 1").limit(2).toPandas()
    spark.sparkContext.parallelize([1, 2, 3]).map(lambda value: value + 1).sum()
    frame.rdd.map(lambda row: row.asDict()).collect()
    for attempt in (lambda: spark.read.json("s3://training/nothing/"), lambda: spark.table("training.nothing")):
        try:
            attempt()
        except Exception as error:  # whatever it says: the classes are loaded
            print("as expected:", str(error)[:200])
    spark.stop()
    java.close()

if not target.exists():
    sys.exit("the JVM wrote no archive")
