CREATE EXTERNAL TABLE IF NOT EXISTS cloudfront_logs (
  date_time STRING,
  edge_location STRING,
  bytes_sent BIGINT,
  request_ip STRING,
  method STRING,
  host STRING,
  uri STRING,
  status INT,
  user_agent STRING
)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe'
WITH SERDEPROPERTIES (
  'input.regex' = '^(?!#)([^ ]+)\\s+([^ ]+)\\s+([^ ]+)\\s+([^ ]+)\\s+([^ ]+)\\s+([^ ]+)\\s+([^ ]+)\\s+([^ ]+)\\s+(.+)$'
)
LOCATION 's3://my-bucket/cloudfront-logs/'
TBLPROPERTIES ('skip.header.line.count'='2');
