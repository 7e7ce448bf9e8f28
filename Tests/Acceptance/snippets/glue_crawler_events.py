import boto3

glue = boto3.client('glue')

glue.create_crawler(
    Name='events-crawler',
    Role='arn:aws:iam::123456789:role/glue-crawler-role',
    DatabaseName='raw',
    Targets={
        'S3Targets': [
            {
                'Path': 's3://data-lake/raw/events/',
                'Exclusions': ['**/*.tmp']
            }
        ]
    },
    Schedule='cron(0 2 * * ? *)',
    SchemaChangePolicy={
        'UpdateBehavior': 'LOG',
        'DeleteBehavior': 'LOG'
    }
)
# Run crawler
glue.start_crawler(Name='events-crawler')
