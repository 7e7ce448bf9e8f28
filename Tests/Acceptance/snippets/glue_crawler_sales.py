import boto3
glue = boto3.client('glue')
response = glue.create_crawler(
    Name='s3-sales-crawler',
    Role='AWSGlueServiceRole-CrawlerAccess',
    DatabaseName='sales_db',
    Targets={
        'S3Targets': [
            {
                'Path': 's3://my-bucket/sales-data/'
            }
        ]
    },
    SchemaChangePolicy={
        'UpdateBehavior': 'UPDATE_IN_DATABASE',
        'DeleteBehavior': 'LOG'
    }
)
