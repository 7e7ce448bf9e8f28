def lambda_handler(event, context):
    import json
    import base64
    from datetime import datetime

    output = []

    for record in event['records']:
        payload = json.loads(base64.b64decode(record['data']))

        # Enrich with additional fields
        payload['processed_at'] = datetime.utcnow().isoformat()
        payload['user_agent_parsed'] = parse_user_agent(payload.get('user_agent', ''))

        # Transform and encode
        output_record = {
            'recordId': record['recordId'],
            'result': 'Ok',
            'data': base64.b64encode(json.dumps(payload).encode('utf-8')).decode('utf-8')
        }
        output.append(output_record)

    return {'records': output}
