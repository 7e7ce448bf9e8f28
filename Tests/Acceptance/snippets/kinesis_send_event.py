import boto3
import json
import time

kinesis = boto3.client('kinesis', region_name='us-east-1')

def send_event(stream_name, data, partition_key):
    response = kinesis.put_record(
        StreamName=stream_name,
        Data=json.dumps(data),
        PartitionKey=partition_key
    )
    return response['SequenceNumber']

## Send clickstream data
event_data = {
    'user_id': 'user-12345',
    'action': 'page_view',
    'page': '/products/widget-pro',
    'timestamp': int(time.time())
}

seq_num = send_event(
    stream_name='clickstream',
    data=event_data,
    partition_key=event_data['user_id']
)
print(f"Sent record: {seq_num}")
