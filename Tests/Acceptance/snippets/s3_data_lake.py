import boto3

s3 = boto3.client('s3')

# Create data lake bucket structure
buckets = [
    'data-lake-raw',
    'data-lake-processed',
    'data-lake-archive',
    'data-lake-analytics'
]

for bucket in buckets:
    s3.create_bucket(Bucket=bucket)

# Configure lifecycle rules
s3.put_bucket_lifecycle_configuration(
    Bucket='data-lake-raw',
    LifecycleConfiguration={
        'Rules': [
            {
                'ID': 'Raw data lifecycle',
                'Status': 'Enabled',
                'Filter': {'Prefix': ''},
                'Transitions': [
                    {'Days': 30, 'StorageClass': 'STANDARD_IA'},
                    {'Days': 90, 'StorageClass': 'GLACIER'},
                    {'Days': 365, 'StorageClass': 'DEEP_ARCHIVE'}
                ]
            }
        ]
    }
)
