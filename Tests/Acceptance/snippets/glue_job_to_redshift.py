from awsglue.context import GlueContext
from pyspark.context import SparkContext

sc = SparkContext()
glueContext = GlueContext(sc)

# Assume dyf is your transformed DynamicFrame
glueContext.write_dynamic_frame.from_jdbc_conf(
    frame=dyf,
    catalog_connection="my-redshift-conn",
    connection_options={"dbtable": "public.my_table"},
    redshift_tmp_dir="s3://my-temp-dir/"
)
