
COPY page_views
FROM 's3://data-lake/processed/page_views/'
CREDENTIALS 'aws_iam_role=arn:aws:iam::123456789012:role/redshift-role'
FORMAT AS PARQUET
timeformat 'auto';
