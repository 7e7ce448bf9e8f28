aws firehose delete-delivery-stream \
--delivery-stream-name "$FIREHOSE_NAME" \
--allow-force-delete \
--region "$AWS_REGION"
aws kinesis delete-stream \
--stream-name "$STREAM_NAME" \
--enforce-consumer-deletion \
--region "$AWS_REGION"
aws glue delete-table \
--database-name "$GLUE_DB" \
--name "$GLUE_TABLE" \
--region "$AWS_REGION"
aws glue delete-table \
--database-name "$GLUE_DB" \
--name "$CURATED_TABLE" \
--region "$AWS_REGION"
aws glue delete-database \
--name "$GLUE_DB" \
--region "$AWS_REGION"
aws glue delete-schema \
--schema-id RegistryName="$REGISTRY_NAME",SchemaName="$SCHEMA_NAME" \
--region "$AWS_REGION"
aws glue delete-registry \
--registry-id RegistryName="$REGISTRY_NAME" \
--region "$AWS_REGION"
aws athena delete-work-group \
--work-group "$WORKGROUP_NAME" \
--recursive-delete-option \
--region "$AWS_REGION"
aws iam delete-role-policy \
--role-name "$ROLE_NAME" \
--policy-name dojo-firehose-inline
aws iam delete-role \
--role-name "$ROLE_NAME"
aws s3 rm "s3://$BUCKET_NAME" --recursive
aws s3api delete-bucket --bucket "$BUCKET_NAME" --region "$AWS_REGION"

