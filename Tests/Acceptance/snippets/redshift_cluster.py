import boto3
# Create Redshift cluster
redshift = boto3.client('redshift')
cluster = redshift.create_cluster(
    ClusterIdentifier='analytics-cluster',
    NodeType='dc2.large',
    NumberOfNodes=3,
    MasterUsername='admin',
    MasterUserPassword='SecurePassword123',
    DBName='analytics',
    ClusterSubnetGroupName='private-subnet',
    VpcSecurityGroupIds=['sg-12345678'],
    EnhancedVpcRouting=True,
    MaintenanceTrackName='current',
    Tags=[
        {'Key': 'Environment', 'Value': 'production'}
    ]
)
