glue.create_job(
    Name='sales-etl',
    Role='AWSGlueServiceRole',
    Command={
        'Name': 'glueetl',
        'ScriptLocation': 's3://bucket/scripts/etl.py'
    },
    DefaultArguments={
        '--enable-metrics': 'true',
        '--enable-continuous-cloudwatch-log': 'true',
        '--enable-job-insights': 'true',
        '--job-bookmark-option': 'job-bookmark-enable',
        '--TempDir': 's3://bucket/temp/',
        '--enable-glue-datacatalog': 'true'
    },
    MaxRetries=1,
    Timeout=120,  # minutes
    MaxCapacity=10  # DPUs
)
