import boto3
import pandas as pd

athena = boto3.client('athena')

def query_athena(sql, database='analytics'):
    """Execute query and return results as DataFrame"""
    response = athena.start_query_execution(
        QueryString=sql,
        QueryExecutionContext={'Database': database},
        ResultConfiguration={
            'OutputLocation': 's3://athena-results/'
        }
    )
    query_execution_id = response['QueryExecutionId']

    # Wait for completion
    while True:
        status = athena.get_query_execution(QueryExecutionId=query_execution_id)
        state = status['QueryExecution']['Status']['State']
        if state in ['SUCCEEDED', 'FAILED', 'CANCELLED']:
            break

    if state == 'SUCCEEDED':
        result = athena.get_query_results(QueryExecutionId=query_execution_id)
        # Process results
        return result
    else:
        raise Exception(f"Query failed: {status['QueryExecution']['Status']['StateChangeReason']}")
