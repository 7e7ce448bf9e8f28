from awsglue.dynamicframe import DynamicFrame

def validate_data(dynamic_frame):
    df = dynamic_frame.toDF()

    # Check for nulls in critical columns
    null_counts = df.select(
        [F.sum(F.col(c).isNull().cast('int')).alias(c) for c in df.columns]
    ).collect()[0].asDict()

    for col, null_count in null_counts.items():
        if col in ['customer_id', 'amount', 'transaction_date'] and null_count > 0:
            raise ValueError(f"Critical column {col} has {null_count} null values")

    # Check for duplicates
    total_count = df.count()
    distinct_count = df.select('transaction_id').distinct().count()
    if total_count != distinct_count:
        raise ValueError(f"Found {total_count - distinct_count} duplicate transactions")

    return dynamic_frame

## Use in ETL job
cleaned_data = validate_data(raw_data)
