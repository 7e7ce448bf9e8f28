-- β GOOD: Partitioned by date
CREATE EXTERNAL TABLE logs (
  timestamp STRING,
  message STRING,
  level STRING
)
PARTITIONED BY (year INT, month INT, day INT)
LOCATION 's3://bucket/logs/';
-- Query scans only relevant partitions
