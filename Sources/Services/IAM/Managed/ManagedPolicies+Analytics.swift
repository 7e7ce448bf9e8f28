extension ManagedPolicies {
  static let analytics: [Builtin] = [
    Builtin(
      name: "AmazonS3FullAccess", path: "/", created: "2015-02-06T18:40:58Z",
      description: """
        Provides full access to all buckets via the AWS Management Console.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": ["s3:*", "s3-object-lambda:*"],
              "Resource": "*"
            }
          ]
        }
        """),
    Builtin(
      name: "AmazonS3ReadOnlyAccess", path: "/", created: "2015-02-06T18:40:59Z",
      description: """
        Provides read only access to all buckets via the AWS Management Console.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "s3:Get*", "s3:List*", "s3:Describe*", "s3-object-lambda:Get*", "s3-object-lambda:List*"
              ],
              "Resource": "*"
            }
          ]
        }
        """),
    Builtin(
      name: "AmazonKinesisFullAccess", path: "/", created: "2015-02-06T18:40:29Z",
      description: """
        Provides full access to all streams via the AWS Management Console.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": "kinesis:*",
              "Resource": "*"
            }
          ]
        }
        """),
    Builtin(
      name: "AmazonKinesisReadOnlyAccess", path: "/", created: "2015-02-06T18:40:30Z",
      description: """
        Provides read only access to all streams via the AWS Management Console.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": ["kinesis:Get*", "kinesis:List*", "kinesis:Describe*"],
              "Resource": "*"
            }
          ]
        }
        """),
    Builtin(
      name: "AmazonKinesisFirehoseFullAccess", path: "/", created: "2015-10-07T18:45:26Z",
      description: """
        Provides full access to all Amazon Kinesis Firehose Delivery Streams.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": ["firehose:*"],
              "Resource": "*"
            }
          ]
        }
        """),
    Builtin(
      name: "AmazonKinesisFirehoseReadOnlyAccess", path: "/", created: "2015-10-07T18:43:39Z",
      description: """
        Provides read only access to all Amazon Kinesis Firehose Delivery Streams.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": ["firehose:Describe*", "firehose:List*"],
              "Resource": "*"
            }
          ]
        }
        """),
    Builtin(
      name: "AmazonAthenaFullAccess", path: "/", created: "2016-11-30T16:46:01Z",
      description: """
        Provide full access to Amazon Athena and scoped access to the dependencies needed to enable \
        querying, writing results, and data management.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": ["athena:*"],
              "Resource": ["*"],
              "Sid": "BaseAthenaPermissions"
            },
            {
              "Effect": "Allow",
              "Action": [
                "glue:CreateDatabase", "glue:DeleteDatabase", "glue:GetCatalog", "glue:GetCatalogs",
                "glue:GetDatabase", "glue:GetDatabases", "glue:UpdateDatabase", "glue:CreateTable",
                "glue:DeleteTable", "glue:BatchDeleteTable", "glue:UpdateTable", "glue:GetTable",
                "glue:GetTables", "glue:BatchCreatePartition", "glue:CreatePartition", "glue:DeletePartition",
                "glue:BatchDeletePartition", "glue:UpdatePartition", "glue:GetPartition", "glue:GetPartitions",
                "glue:BatchGetPartition", "glue:StartColumnStatisticsTaskRun",
                "glue:GetColumnStatisticsTaskRun", "glue:GetColumnStatisticsTaskRuns"
              ],
              "Resource": ["*"],
              "Sid": "BaseGluePermissions"
            },
            {
              "Effect": "Allow",
              "Action": [
                "s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket", "s3:ListBucketMultipartUploads",
                "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload", "s3:CreateBucket", "s3:PutObject",
                "s3:PutBucketPublicAccessBlock"
              ],
              "Resource": ["arn:aws:s3:::aws-athena-query-results-*"],
              "Sid": "BaseQueryResultsPermissions"
            },
            {
              "Effect": "Allow",
              "Action": ["s3:GetObject", "s3:ListBucket"],
              "Resource": ["arn:aws:s3:::athena-examples*"],
              "Sid": "BaseAthenaExamplesPermissions"
            },
            {
              "Effect": "Allow",
              "Action": ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListAllMyBuckets"],
              "Resource": ["*"],
              "Sid": "BaseS3BucketPermissions"
            },
            {
              "Effect": "Allow",
              "Action": ["sns:ListTopics", "sns:GetTopicAttributes"],
              "Resource": ["*"],
              "Sid": "BaseSNSPermissions"
            },
            {
              "Effect": "Allow",
              "Action": [
                "cloudwatch:PutMetricAlarm", "cloudwatch:DescribeAlarms", "cloudwatch:DeleteAlarms",
                "cloudwatch:GetMetricData"
              ],
              "Resource": ["*"],
              "Sid": "BaseCloudWatchPermissions"
            },
            {
              "Effect": "Allow",
              "Action": ["lakeformation:GetDataAccess"],
              "Resource": ["*"],
              "Sid": "BaseLakeFormationPermissions"
            },
            {
              "Effect": "Allow",
              "Action": [
                "datazone:ListDomains", "datazone:ListProjects", "datazone:ListAccountEnvironments"
              ],
              "Resource": ["*"],
              "Sid": "BaseDataZonePermissions"
            },
            {
              "Effect": "Allow",
              "Action": ["pricing:GetProducts"],
              "Resource": ["*"],
              "Sid": "BasePricingPermissions"
            }
          ]
        }
        """),
    Builtin(
      name: "AWSQuicksightAthenaAccess", path: "/service-role/", created: "2016-12-09T02:31:03Z",
      description: """
        Quicksight access to Athena API and S3 buckets used for Athena query results
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "athena:BatchGetQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults",
                "athena:GetQueryResultsStream", "athena:ListQueryExecutions", "athena:StartQueryExecution",
                "athena:StopQueryExecution", "athena:ListWorkGroups", "athena:ListEngineVersions",
                "athena:GetWorkGroup", "athena:GetDataCatalog", "athena:GetDatabase", "athena:GetTableMetadata",
                "athena:ListDataCatalogs", "athena:ListDatabases", "athena:ListTableMetadata"
              ],
              "Resource": ["*"]
            },
            {
              "Effect": "Allow",
              "Action": [
                "glue:CreateDatabase", "glue:DeleteDatabase", "glue:GetCatalog", "glue:GetCatalogs",
                "glue:GetDatabase", "glue:GetDatabases", "glue:UpdateDatabase", "glue:CreateTable",
                "glue:DeleteTable", "glue:BatchDeleteTable", "glue:UpdateTable", "glue:GetTable",
                "glue:GetTables", "glue:BatchCreatePartition", "glue:CreatePartition", "glue:DeletePartition",
                "glue:BatchDeletePartition", "glue:UpdatePartition", "glue:GetPartition", "glue:GetPartitions",
                "glue:BatchGetPartition"
              ],
              "Resource": ["*"]
            },
            {
              "Effect": "Allow",
              "Action": [
                "s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket", "s3:ListBucketMultipartUploads",
                "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload", "s3:CreateBucket", "s3:PutObject",
                "s3:PutBucketPublicAccessBlock"
              ],
              "Resource": ["arn:aws:s3:::aws-athena-query-results-*"]
            },
            {
              "Effect": "Allow",
              "Action": ["lakeformation:GetDataAccess"],
              "Resource": ["*"]
            }
          ]
        }
        """),
    Builtin(
      name: "AWSGlueConsoleFullAccess", path: "/", created: "2017-08-14T13:37:39Z",
      description: """
        Provides full access to AWS Glue via the AWS Management Console
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "glue:*", "redshift:DescribeClusters", "redshift:DescribeClusterSubnetGroups", "iam:ListRoles",
                "iam:ListUsers", "iam:ListGroups", "iam:ListRolePolicies", "iam:GetRole", "iam:GetRolePolicy",
                "iam:ListAttachedRolePolicies", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets",
                "ec2:DescribeVpcs", "ec2:DescribeVpcEndpoints", "ec2:DescribeRouteTables",
                "ec2:DescribeVpcAttribute", "ec2:DescribeKeyPairs", "ec2:DescribeInstances",
                "ec2:DescribeImages", "rds:DescribeDBInstances", "rds:DescribeDBClusters",
                "rds:DescribeDBSubnetGroups", "s3:ListAllMyBuckets", "s3:ListBucket", "s3:GetBucketAcl",
                "s3:GetBucketLocation", "cloudformation:ListStacks", "cloudformation:DescribeStacks",
                "cloudformation:GetTemplateSummary", "dynamodb:ListTables", "kms:ListAliases",
                "kms:DescribeKey", "cloudwatch:GetMetricData", "cloudwatch:ListDashboards",
                "databrew:ListRecipes", "databrew:ListRecipeVersions", "databrew:DescribeRecipe"
              ],
              "Resource": ["*"],
              "Sid": "BaseAppPermissions"
            },
            {
              "Effect": "Allow",
              "Action": ["s3:GetObject", "s3:PutObject"],
              "Resource": [
                "arn:aws:s3:::aws-glue-*/*", "arn:aws:s3:::*/*aws-glue-*/*", "arn:aws:s3:::aws-glue-*"
              ]
            },
            {
              "Effect": "Allow",
              "Action": ["tag:GetResources"],
              "Resource": ["*"]
            },
            {
              "Effect": "Allow",
              "Action": ["s3:CreateBucket", "s3:PutBucketPublicAccessBlock"],
              "Resource": ["arn:aws:s3:::aws-glue-*"]
            },
            {
              "Effect": "Allow",
              "Action": ["logs:GetLogEvents"],
              "Resource": ["arn:aws:logs:*:*:/aws-glue/*"]
            },
            {
              "Effect": "Allow",
              "Action": ["cloudformation:CreateStack", "cloudformation:DeleteStack"],
              "Resource": "arn:aws:cloudformation:*:*:stack/aws-glue*/*"
            },
            {
              "Effect": "Allow",
              "Action": ["iam:PassRole"],
              "Resource": "arn:aws:iam::*:role/AWSGlueServiceRole*",
              "Condition": {
                "StringLike": {
                  "iam:PassedToService": ["glue.amazonaws.com"]
                }
              }
            },
            {
              "Effect": "Allow",
              "Action": ["iam:PassRole"],
              "Resource": "arn:aws:iam::*:role/AWSGlueServiceNotebookRole*",
              "Condition": {
                "StringLike": {
                  "iam:PassedToService": ["ec2.amazonaws.com"]
                }
              }
            },
            {
              "Effect": "Allow",
              "Action": ["iam:PassRole"],
              "Resource": ["arn:aws:iam::*:role/service-role/AWSGlueServiceRole*"],
              "Condition": {
                "StringLike": {
                  "iam:PassedToService": ["glue.amazonaws.com"]
                }
              }
            }
          ]
        }
        """),
    Builtin(
      name: "AWSGlueServiceRole", path: "/service-role/", created: "2017-08-14T13:37:21Z",
      description: """
        Policy for AWS Glue service role which allows access to related services including EC2, S3, and \
        Cloudwatch Logs
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "glue:*", "s3:GetBucketLocation", "s3:ListBucket", "s3:ListAllMyBuckets", "s3:GetBucketAcl",
                "ec2:DescribeVpcEndpoints", "ec2:DescribeRouteTables", "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets", "ec2:DescribeVpcAttribute", "iam:ListRolePolicies", "iam:GetRole",
                "iam:GetRolePolicy", "cloudwatch:PutMetricData"
              ],
              "Resource": ["*"]
            },
            {
              "Effect": "Allow",
              "Action": ["s3:CreateBucket"],
              "Resource": ["arn:aws:s3:::aws-glue-*"]
            },
            {
              "Effect": "Allow",
              "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
              "Resource": ["arn:aws:s3:::aws-glue-*/*", "arn:aws:s3:::*/*aws-glue-*/*"]
            },
            {
              "Effect": "Allow",
              "Action": ["s3:GetObject"],
              "Resource": ["arn:aws:s3:::crawler-public*", "arn:aws:s3:::aws-glue-*"]
            },
            {
              "Effect": "Allow",
              "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
              "Resource": ["arn:aws:logs:*:*:*:/aws-glue/*"]
            },
            {
              "Effect": "Allow",
              "Action": ["ec2:CreateTags", "ec2:DeleteTags"],
              "Resource": [
                "arn:aws:ec2:*:*:network-interface/*", "arn:aws:ec2:*:*:security-group/*",
                "arn:aws:ec2:*:*:instance/*"
              ],
              "Condition": {
                "ForAllValues:StringEquals": {
                  "aws:TagKeys": ["aws-glue-service-resource"]
                }
              }
            }
          ]
        }
        """),
    Builtin(
      name: "AWSGlueSchemaRegistryFullAccess", path: "/", created: "2020-11-20T00:19:54Z",
      description: """
        Provides full access to the AWS Glue Schema Registry Service
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "glue:CreateRegistry", "glue:UpdateRegistry", "glue:DeleteRegistry", "glue:GetRegistry",
                "glue:ListRegistries", "glue:CreateSchema", "glue:UpdateSchema", "glue:DeleteSchema",
                "glue:GetSchema", "glue:ListSchemas", "glue:RegisterSchemaVersion", "glue:DeleteSchemaVersions",
                "glue:GetSchemaByDefinition", "glue:GetSchemaVersion", "glue:GetSchemaVersionsDiff",
                "glue:ListSchemaVersions", "glue:CheckSchemaVersionValidity", "glue:PutSchemaVersionMetadata",
                "glue:RemoveSchemaVersionMetadata", "glue:QuerySchemaVersionMetadata"
              ],
              "Resource": ["*"],
              "Sid": "AWSGlueSchemaRegistryFullAccess"
            },
            {
              "Effect": "Allow",
              "Action": ["glue:GetTags", "glue:TagResource", "glue:UnTagResource"],
              "Resource": ["arn:aws:glue:*:*:schema/*", "arn:aws:glue:*:*:registry/*"],
              "Sid": "AWSGlueSchemaRegistryTagsFullAccess"
            }
          ]
        }
        """),
    Builtin(
      name: "AWSGlueSchemaRegistryReadonlyAccess", path: "/", created: "2020-11-20T00:20:24Z",
      description: """
        Provides readonly access to the AWS Glue Schema Registry Service
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "glue:GetRegistry", "glue:ListRegistries", "glue:GetSchema", "glue:ListSchemas",
                "glue:GetSchemaByDefinition", "glue:GetSchemaVersion", "glue:ListSchemaVersions",
                "glue:GetSchemaVersionsDiff", "glue:CheckSchemaVersionValidity",
                "glue:QuerySchemaVersionMetadata", "glue:GetTags"
              ],
              "Resource": ["*"],
              "Sid": "AWSGlueSchemaRegistryReadonlyAccess"
            }
          ]
        }
        """),
    Builtin(
      name: "AmazonRedshiftFullAccess", path: "/", created: "2015-02-06T18:40:50Z",
      description: """
        Provides full access to Amazon Redshift via the AWS Management Console.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "redshift:*", "redshift-serverless:*", "ec2:DescribeAccountAttributes", "ec2:DescribeAddresses",
                "ec2:DescribeAvailabilityZones", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets",
                "ec2:DescribeVpcs", "ec2:DescribeInternetGateways", "sns:CreateTopic", "sns:Get*", "sns:List*",
                "cloudwatch:Describe*", "cloudwatch:Get*", "cloudwatch:List*", "cloudwatch:PutMetricAlarm",
                "cloudwatch:EnableAlarmActions", "cloudwatch:DisableAlarmActions", "tag:GetResources",
                "tag:UntagResources", "tag:GetTagValues", "tag:GetTagKeys", "tag:TagResources"
              ],
              "Resource": "*"
            },
            {
              "Effect": "Allow",
              "Action": "iam:CreateServiceLinkedRole",
              "Resource": "arn:aws:iam::*:role/aws-service-role/redshift.amazonaws.com/AWSServiceRoleForRedshift",
              "Condition": {
                "StringLike": {
                  "iam:AWSServiceName": "redshift.amazonaws.com"
                }
              }
            },
            {
              "Effect": "Allow",
              "Action": [
                "redshift-data:ExecuteStatement", "redshift-data:CancelStatement",
                "redshift-data:ListStatements", "redshift-data:GetStatementResult",
                "redshift-data:DescribeStatement", "redshift-data:ListDatabases", "redshift-data:ListSchemas",
                "redshift-data:ListTables", "redshift-data:DescribeTable"
              ],
              "Resource": "*",
              "Sid": "DataAPIPermissions"
            }
          ]
        }
        """),
    Builtin(
      name: "AWSLakeFormationDataAdmin", path: "/", created: "2019-08-08T17:33:44Z",
      description: """
        Grants administrative access to AWS Lake Formation and related services, such as AWS Glue, to manage \
        data lakes
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "lakeformation:*", "cloudtrail:DescribeTrails", "cloudtrail:LookupEvents", "glue:CreateCatalog",
                "glue:UpdateCatalog", "glue:DeleteCatalog", "glue:GetCatalog", "glue:GetCatalogs",
                "glue:GetDatabase", "glue:GetDatabases", "glue:CreateDatabase", "glue:UpdateDatabase",
                "glue:DeleteDatabase", "glue:GetConnections", "glue:SearchTables", "glue:GetTable",
                "glue:CreateTable", "glue:UpdateTable", "glue:DeleteTable", "glue:GetTableVersions",
                "glue:GetPartitions", "glue:GetTables", "glue:ListWorkflows", "glue:BatchGetWorkflows",
                "glue:DeleteWorkflow", "glue:GetWorkflowRuns", "glue:StartWorkflowRun", "glue:GetWorkflow",
                "s3:ListBucket", "s3:GetBucketLocation", "s3:ListAllMyBuckets", "s3:GetBucketAcl",
                "iam:ListUsers", "iam:ListRoles", "iam:GetRole", "iam:GetRolePolicy"
              ],
              "Resource": "*",
              "Sid": "AWSLakeFormationDataAdminAllow"
            },
            {
              "Sid": "AWSLakeFormationDataAdminDeny",
              "Effect": "Deny",
              "Action": ["lakeformation:PutDataLakeSettings"],
              "Resource": "*"
            }
          ]
        }
        """),
  ]
}
