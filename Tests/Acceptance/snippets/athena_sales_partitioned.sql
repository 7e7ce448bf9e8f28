CREATE EXTERNAL TABLE sales_partitioned (
  transaction_id STRING,
  amount DECIMAL(10,2),
  product_id STRING
)
PARTITIONED BY (
  year INT,
  month INT,
  day INT
)
STORED AS PARQUET
LOCATION 's3://my-bucket/sales/';

-- Add partitions
ALTER TABLE sales_partitioned ADD PARTITION (year=2024, month=1, day=15)
LOCATION 's3://my-bucket/sales/year=2024/month=1/day=15/';

-- Query only specific partition
SELECT SUM(amount)
FROM sales_partitioned
WHERE year=2024 AND month=1 AND day=15;
