"""Scripts of public tutorials, as they are pasted."""

import pytest
from test_jobs import HEAD

EVENTS = """
import sys
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from awsglue.context import GlueContext
from awsglue.job import Job

args = getResolvedOptions(sys.argv, ['JOB_NAME'])
sc = SparkContext()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args['JOB_NAME'], args)

# Read from Glue Data Catalog
datasource = glueContext.create_dynamic_frame.from_catalog(
    database="{database}",
    table_name="events",
    transformation_ctx="datasource0"
)

# Transform
transformed = ApplyMapping.apply(
    frame=datasource,
    mappings=[
        ("user_id", "string", "user_id", "string"),
        ("event_type", "string", "event_type", "string"),
        ("timestamp", "string", "timestamp", "timestamp"),
        ("properties", "map<string,string>", "properties", "map<string,string>")
    ],
    transformation_ctx="transformed"
)

# Write to S3
datasink = glueContext.write_dynamic_frame.from_options(
    frame=transformed,
    connection_type="s3",
    connection_options={{
        "path": "s3://{bucket}/processed/events/",
        "partitionBy": ["year", "month", "day"]
    }},
    format="parquet",
    transformation_ctx="datasink"
)

job.commit()
"""

# This one commits a job that was never begun, and has no arguments.
SALES = """
import sys
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from awsglue.context import GlueContext
from awsglue.job import Job

sc = SparkContext()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)

## Read from Data Catalog
datasource0 = glueContext.create_dynamic_frame.from_catalog(
    database="{database}",
    table_name="raw_sales"
)

## Transform data
applymapping1 = ApplyMapping.apply(
    frame=datasource0,
    mappings=[
        ("customer_id", "string", "customer_id", "int"),
        ("amount", "string", "amount", "decimal"),
        ("date", "string", "sale_date", "date")
    ]
)

## Write to S3 in Parquet format
datasink4 = glueContext.write_dynamic_frame.from_options(
    frame=applymapping1,
    connection_type="s3",
    connection_options={{"path": "s3://{bucket}/processed/"}},
    format="parquet"
)

job.commit()
"""

USERS = """
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame

sc = SparkContext()
glueContext = GlueContext(sc)
spark = glueContext.spark_session

# Step 1: Read from Glue Catalog (data inferred by crawler)
dyf = glueContext.create_dynamic_frame.from_catalog(
    database="{database}",
    table_name="raw_users"
)

# Step 2: Transform - Filter out users under age 18
df = dyf.toDF().filter("age >= 18")
dyf_clean = DynamicFrame.fromDF(df, glueContext, "dyf_clean")

# Step 4: Write back to S3 (cleaned zone)
output_path = "s3://{bucket}/cleaned/users/"
glueContext.write_dynamic_frame.from_options(
    frame=dyf_clean,
    connection_type="s3",
    connection_options={{"path": output_path}},
    format="parquet"
)
"""


@pytest.fixture
def table(glue, s3, bucket, database):
    """Makes a table of one file: `table("events", "json", columns, text)`."""

    def make(name, form, columns, text):
        serde = {
            "json": "org.openx.data.jsonserde.JsonSerDe",
            "csv": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
        }[form]
        parameters = {"classification": form} | ({"skip.header.line.count": "1"} if form == "csv" else {})
        s3.put_object(Bucket=bucket, Key=f"{name}/data.{form}", Body=text.encode())
        glue.create_table(
            DatabaseName=database,
            TableInput={
                "Name": name,
                "Parameters": parameters,
                "StorageDescriptor": {
                    "Location": f"s3://{bucket}/{name}/",
                    "Columns": [{"Name": n, "Type": t} for n, t in columns.items()],
                    "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
                    "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                    "SerdeInfo": {"SerializationLibrary": serde, "Parameters": {"field.delim": ","}},
                },
            },
        )

    return make


def result(glue_context, bucket, path):
    return glue_context.spark_session.read.parquet(f"s3://{bucket}/{path}")


def test_the_events_job(jobs, table, database, bucket, glue_context):
    table(
        "events",
        "json",
        {"user_id": "string", "event_type": "string", "timestamp": "string", "properties": "map<string,string>"},
        '{"user_id": "u1", "event_type": "click", "timestamp": "2026-03-27T10:11:12Z", "properties": {"a": "b"}}\n'
        '{"user_id": "u2", "event_type": "view", "timestamp": "2026-03-27 10:11:13", "properties": {"c": "d"}}\n',
    )
    done = jobs.run(EVENTS.format(database=database, bucket=bucket))
    assert done.state == "SUCCEEDED", done.stderr
    frame = result(glue_context, bucket, "processed/events/")
    assert [kind for _, kind in frame.dtypes] == ["string", "string", "timestamp", "map<string,string>"]
    found = {row.user_id: (str(row.timestamp), row.properties) for row in frame.collect()}
    assert found == {"u1": ("2026-03-27 10:11:12", {"a": "b"}), "u2": ("2026-03-27 10:11:13", {"c": "d"})}


def test_the_sales_job(jobs, table, database, bucket, glue_context):
    table(
        "raw_sales",
        "csv",
        {"customer_id": "string", "amount": "string", "date": "string"},
        "customer_id,amount,date\n7,19.99,2024-05-06\n8,x,2024-05-07\n",
    )
    done = jobs.run(SALES.format(database=database, bucket=bucket), **{"arguments": {}})
    assert done.state == "SUCCEEDED", done.stderr
    rows = result(glue_context, bucket, "processed/").orderBy("customer_id").collect()
    assert [(row.customer_id, str(row.amount), str(row.sale_date)) for row in rows] == [
        (7, "19.99", "2024-05-06"),
        (8, "None", "2024-05-07"),
    ]


def test_the_users_job(jobs, table, database, bucket, glue_context):
    table("raw_users", "csv", {"name": "string", "age": "bigint"}, "name,age\nAnn,30\nBo,17\n")
    done = jobs.run(USERS.format(database=database, bucket=bucket))
    assert done.state == "SUCCEEDED", done.stderr
    assert [tuple(row) for row in result(glue_context, bucket, "cleaned/users/").collect()] == [("Ann", 30)]


def test_validation_before_use(jobs, bucket):
    done = jobs.run(
        HEAD
        + """
from awsglue.dynamicframe import DynamicFrame
from pyspark.sql import functions as F
def validate_data(dynamic_frame):
    df = dynamic_frame.toDF()
    null_counts = df.select(
        [F.sum(F.col(c).isNull().cast('int')).alias(c) for c in df.columns]
    ).collect()[0].asDict()
    for col, null_count in null_counts.items():
        if col in ['customer_id', 'amount', 'transaction_date'] and null_count > 0:
            raise ValueError(f"Critical column {col} has {null_count} null values")
    return dynamic_frame
raw_data = DynamicFrame.fromDF(spark.createDataFrame([(1, None)], "customer_id int, amount int"), glueContext, "raw")
cleaned_data = validate_data(raw_data)
"""
    )
    assert done.state == "FAILED"
    assert done.result["error"].endswith("ValueError: Critical column amount has 1 null values")
    assert done.result["error"].startswith("Error Category: UNCLASSIFIED_ERROR; Failed Line Number: ")
