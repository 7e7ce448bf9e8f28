import boto3
client = boto3.client('glue')
client.create_crawler(
    Name='my-crawler',
    Role='AWSGlueServiceRole',
    DatabaseName='my_database',
    Targets={"S3Targets": [{"Path": "s3://my-bucket/raw-data/"}]},
    TablePrefix='raw_',
    SchemaChangePolicy={'UpdateBehavior': 'UPDATE_IN_DATABASE', 'DeleteBehavior': 'DEPRECATE_IN_DATABASE'}
)
