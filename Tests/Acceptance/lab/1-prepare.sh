export AWS_REGION="${AWS_REGION:-us-east-1}"
export ACCOUNT_ID="$(aws sts get-caller-identity --query Account --output text)"
export STREAM_NAME="dojo-events"
export FIREHOSE_NAME="dojo-events-to-s3"
export BUCKET_NAME="dojo-data-ingestion-${ACCOUNT_ID}-${AWS_REGION}"
export GLUE_DB="dojo_ingestion"
export GLUE_TABLE="events_parquet"
export REGISTRY_NAME="dojo-event-registry"
export SCHEMA_NAME="dojo-event-json"
export ROLE_NAME="dojo-firehose-role"
export WORKGROUP_NAME="dojo-ingestion"
export ATHENA_RESULTS_PREFIX="athena-results/"
aws kinesis create-stream \
--stream-name "$STREAM_NAME" \
--stream-mode-details StreamMode=ON_DEMAND \
--region "$AWS_REGION"
aws kinesis wait stream-exists \
--stream-name "$STREAM_NAME" \
--region "$AWS_REGION"
if [ "$AWS_REGION" = "us-east-1" ]; then
aws s3api create-bucket \
--bucket "$BUCKET_NAME" \
--region "$AWS_REGION"
else
aws s3api create-bucket \
--bucket "$BUCKET_NAME" \
--region "$AWS_REGION" \
--create-bucket-configuration LocationConstraint="$AWS_REGION"
fi


WORKDIR="$(mktemp -d)"
cat > "$WORKDIR/firehose-trust-policy.json" <<'JSON'
{
"Version": "2012-10-17",
"Statement": [
{
"Effect": "Allow",
"Principal": {
"Service": "firehose.amazonaws.com"
},
"Action": "sts:AssumeRole"
}
]
}
JSON
aws iam create-role \
--role-name "$ROLE_NAME" \
--assume-role-policy-document "file://$WORKDIR/firehose-trust-policy.json"
cat > "$WORKDIR/firehose-policy.json" <<JSON
{
"Version": "2012-10-17",
"Statement": [
{
"Effect": "Allow",
"Action": [
"s3:AbortMultipartUpload",
"s3:GetBucketLocation",
"s3:GetObject",
"s3:ListBucket",
"s3:ListBucketMultipartUploads",
"s3:PutObject"
],
"Resource": [
"arn:aws:s3:::$BUCKET_NAME",
"arn:aws:s3:::$BUCKET_NAME/*"
]
},
{
"Effect": "Allow",
"Action": [
"kinesis:DescribeStream",
"kinesis:DescribeStreamSummary",
"kinesis:GetRecords",
"kinesis:GetShardIterator",
"kinesis:ListShards"
],
"Resource": "arn:aws:kinesis:$AWS_REGION:$ACCOUNT_ID:stream/$STREAM_NAME"
},
{
"Effect": "Allow",
"Action": [
"glue:GetDatabase",
"glue:GetTable",
"glue:GetTableVersion",
"glue:GetTableVersions"
],
"Resource": [
"arn:aws:glue:$AWS_REGION:$ACCOUNT_ID:catalog",
"arn:aws:glue:$AWS_REGION:$ACCOUNT_ID:database/$GLUE_DB",
"arn:aws:glue:$AWS_REGION:$ACCOUNT_ID:table/$GLUE_DB/$GLUE_TABLE"
]
},
{
"Effect": "Allow",
"Action": [
"logs:PutLogEvents"
],
"Resource": "*"
}
]
}
JSON
aws iam put-role-policy \
--role-name "$ROLE_NAME" \
--policy-name dojo-firehose-inline \
--policy-document "file://$WORKDIR/firehose-policy.json"
