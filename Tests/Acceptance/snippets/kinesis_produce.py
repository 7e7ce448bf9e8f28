import boto3
import json

kinesis = boto3.client('kinesis')

def produce_to_kinesis(stream_name, data):
    """Produce a single record to Kinesis"""
    kinesis.put_record(
        StreamName=stream_name,
        Data=json.dumps(data),
        PartitionKey=data.get('id', 'default')
    )

def produce_batch(stream_name, records):
    """Produce multiple records"""
    kinesis.put_records(
        StreamName=stream_name,
        Records=[
            {
                'Data': json.dumps(r['data']),
                'PartitionKey': r.get('partition_key', 'default')
            }
            for r in records
        ]
    )
