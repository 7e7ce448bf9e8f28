ROLE_ARN="arn:aws:iam::$ACCOUNT_ID:role/$ROLE_NAME"
STREAM_ARN="arn:aws:kinesis:$AWS_REGION:$ACCOUNT_ID:stream/$STREAM_NAME"
cat > "$WORKDIR/firehose-stream.json" <<JSON
{
"DeliveryStreamName": "$FIREHOSE_NAME",
"DeliveryStreamType": "KinesisStreamAsSource",
"KinesisStreamSourceConfiguration": {
"KinesisStreamARN": "$STREAM_ARN",
"RoleARN": "$ROLE_ARN"
},
"ExtendedS3DestinationConfiguration": {
"RoleARN": "$ROLE_ARN",
"BucketARN": "arn:aws:s3:::$BUCKET_NAME",
"Prefix": "events/raw/",
"ErrorOutputPrefix": "events/errors/!{firehose:error-output-type}/",
"BufferingHints": {
"SizeInMBs": 128,
"IntervalInSeconds": 300
},
"CompressionFormat": "UNCOMPRESSED",
"DataFormatConversionConfiguration": {
"Enabled": true,
"InputFormatConfiguration": {
"Deserializer": {
"OpenXJsonSerDe": {}
}
},
"OutputFormatConfiguration": {
"Serializer": {
"ParquetSerDe": {
"Compression": "SNAPPY"
}
}
},
"SchemaConfiguration": {
"RoleARN": "$ROLE_ARN",
"DatabaseName": "$GLUE_DB",
"TableName": "$GLUE_TABLE",
"Region": "$AWS_REGION",
"VersionId": "LATEST"
}
}
}
}
JSON
aws firehose create-delivery-stream \
--cli-input-json "file://$WORKDIR/firehose-stream.json" \
--region "$AWS_REGION"


aws firehose describe-delivery-stream \
--delivery-stream-name "$FIREHOSE_NAME" \
--query "DeliveryStreamDescription.DeliveryStreamStatus" \
--output text \
--region "$AWS_REGION"
