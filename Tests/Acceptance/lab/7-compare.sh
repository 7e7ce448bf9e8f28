export EVENT_HOUR="2026-05-19 12:00:00.000"
PARTITIONED_QUERY_ID="$(aws athena start-query-execution \
--work-group "$WORKGROUP_NAME" \
--query-string "SELECT count(*) AS events, event_hour FROM ${GLUE_DB}.${CURATED_TABLE} WHERE event_hour = TIMESTAMP '${EVENT_HOUR}' GROUP BY 2 ORDER BY 2" \
--query-execution-context Database="$GLUE_DB" \
--region "$AWS_REGION" \
--query QueryExecutionId \
--output text)"
aws athena get-query-execution \
--query-execution-id "$PARTITIONED_QUERY_ID" \
--query "QueryExecution.{State:Status.State,Bytes:Statistics.DataScannedInBytes,EngineMs:Statistics.EngineExecutionTimeInMillis}" \
--output table \
--region "$AWS_REGION"
