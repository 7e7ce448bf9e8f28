aws glue create-database \
--database-input "Name=$GLUE_DB,Description=Dojo ingestion lab database" \
--region "$AWS_REGION"
cat > "$WORKDIR/glue-table.json" <<JSON
{
"Name": "$GLUE_TABLE",
"TableType": "EXTERNAL_TABLE",
"Parameters": {
"classification": "parquet",
"compressionType": "snappy"
},
"StorageDescriptor": {
"Columns": [
{ "Name": "event_id", "Type": "string" },
{ "Name": "ts", "Type": "timestamp" },
{ "Name": "tenant_id", "Type": "string" },
{ "Name": "device_id", "Type": "string" },
{ "Name": "event_type", "Type": "string" },
{ "Name": "amount", "Type": "double" }
],
"Location": "s3://$BUCKET_NAME/events/raw/",
"InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
"OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
"SerdeInfo": {
"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
}
}
}
JSON
aws glue create-table \
--database-name "$GLUE_DB" \
--table-input "file://$WORKDIR/glue-table.json" \
--region "$AWS_REGION"


cat > "$WORKDIR/event-schema.json" <<'JSON'
{
"$schema": "http://json-schema.org/draft-07/schema#",
"title": "DojoEvent",
"type": "object",
"required": [
"event_id",
"ts",
"tenant_id",
"device_id",
"event_type",
"amount"
],
"properties": {
"event_id": { "type": "string" },
"ts": { "type": "string" },
"tenant_id": { "type": "string" },
"device_id": { "type": "string" },
"event_type": { "type": "string" },
"amount": { "type": "number" }
},
"additionalProperties": false
}
JSON
aws glue create-registry \
--registry-name "$REGISTRY_NAME" \
--description "Dojo ingestion event schemas" \
--region "$AWS_REGION"
aws glue create-schema \
--registry-id RegistryName="$REGISTRY_NAME" \
--schema-name "$SCHEMA_NAME" \
--data-format JSON \
--compatibility BACKWARD \
--schema-definition "file://$WORKDIR/event-schema.json" \
--region "$AWS_REGION"
