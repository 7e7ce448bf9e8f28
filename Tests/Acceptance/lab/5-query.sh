aws s3 ls "s3://$BUCKET_NAME/events/raw/" \
--recursive \
--human-readable \
--summarize


aws athena create-work-group \
--name "$WORKGROUP_NAME" \
--configuration "ResultConfiguration={OutputLocation=s3://$BUCKET_NAME/$ATHENA_RESULTS_PREFIX},EnforceWorkGroupConfiguration=true,PublishCloudWatchMetricsEnabled=true,BytesScannedCutoffPerQuery=10737418240" \
--region "$AWS_REGION"


QUERY_ID="$(aws athena start-query-execution \
--work-group "$WORKGROUP_NAME" \
--query-string "SELECT count(*) AS events, date_trunc('hour', ts) AS event_hour FROM ${GLUE_DB}.${GLUE_TABLE} GROUP BY 2 ORDER BY 2" \
--query-execution-context Database="$GLUE_DB" \
--region "$AWS_REGION" \
--query QueryExecutionId \
--output text)"
aws athena get-query-execution \
--query-execution-id "$QUERY_ID" \
--query "QueryExecution.{State:Status.State,Bytes:Statistics.DataScannedInBytes,EngineMs:Statistics.EngineExecutionTimeInMillis}" \
--output table \
--region "$AWS_REGION"
