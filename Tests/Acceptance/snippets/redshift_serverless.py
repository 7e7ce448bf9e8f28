import boto3
# Create Redshift serverless namespace
redshift_serverless = boto3.client('redshift-serverless')
namespace = redshift_serverless.create_namespace(
    namespaceName='analytics',
    adminUsername='admin',
    adminUserPassword='SecurePassword123',
    iamRoles=['arn:aws:iam::123456789012:role/redshift-role'],
    tags=[
        {'key': 'Environment', 'value': 'production'}
    ]
)
# Create workgroup
workgroup = redshift_serverless.create_workgroup(
    workgroupName='analytics-wg',
    namespaceName='analytics',
    baseCapacity=32, # RPU
    enhancedVpcRouting=True
)
