export CURATED_TABLE="events_by_hour"
CTAS_QUERY="CREATE TABLE ${GLUE_DB}.${CURATED_TABLE}
WITH (
format = 'PARQUET',
parquet_compression = 'SNAPPY',
partitioned_by = ARRAY['event_hour'],
external_location = 's3://${BUCKET_NAME}/events/curated/events_by_hour/'
) AS
SELECT
event_id,
ts,
tenant_id,
device_id,
event_type,
amount,
date_trunc('hour', ts) AS event_hour
FROM ${GLUE_DB}.${GLUE_TABLE}"
CTAS_ID="$(aws athena start-query-execution \
--work-group "$WORKGROUP_NAME" \
--query-string "$CTAS_QUERY" \
--query-execution-context Database="$GLUE_DB" \
--region "$AWS_REGION" \
--query QueryExecutionId \
--output text)"
aws athena get-query-execution \
--query-execution-id "$CTAS_ID" \
--query "QueryExecution.{State:Status.State,Bytes:Statistics.DataScannedInBytes}" \
--output table \
--region "$AWS_REGION"


