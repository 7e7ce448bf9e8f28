import json
import base64

def lambda_handler(event, context):
    for record in event['Records']:
        # Kinesis data is base64 encoded
        payload = base64.b64decode(record['kinesis']['data'])
        data = json.loads(payload)
        print(f"Processing: {data}")

        # Business logic here
        if data['action'] == 'purchase':
            process_purchase(data)
        elif data['action'] == 'page_view':
            track_page_view(data)

    return {'statusCode': 200, 'body': 'Processed successfully'}
