-- β BAD: No partitioning
CREATE EXTERNAL TABLE logs (
  timestamp STRING,
  message STRING,
  level STRING
)
LOCATION 's3://bucket/logs/';
-- Every query scans ALL data!
