extension ManagedPolicies {
  static let general: [Builtin] = [
    Builtin(
      name: "AdministratorAccess", path: "/", created: "2015-02-06T18:39:46Z",
      description: """
        Provides full access to AWS services and resources.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": "*",
              "Resource": "*"
            }
          ]
        }
        """),
    Builtin(
      name: "PowerUserAccess", path: "/", created: "2015-02-06T18:39:47Z",
      description: """
        Provides full access to AWS services and resources, but does not allow management of Users and \
        groups.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "NotAction": ["iam:*", "organizations:*", "account:*"],
              "Resource": "*"
            },
            {
              "Effect": "Allow",
              "Action": [
                "account:GetAccountInformation", "account:GetPrimaryEmail", "account:ListRegions",
                "iam:CreateServiceLinkedRole", "iam:DeleteServiceLinkedRole", "iam:ListRoles",
                "organizations:DescribeEffectivePolicy", "organizations:DescribeOrganization"
              ],
              "Resource": "*"
            }
          ]
        }
        """),
    Builtin(
      name: "ReadOnlyAccess", path: "/", created: "2015-02-06T18:39:48Z",
      description: """
        Provides read-only access to AWS services and resources.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "athena:Batch*", "athena:Get*", "athena:List*", "cloudwatch:BatchGet*", "cloudwatch:Describe*",
                "cloudwatch:GenerateQuery*", "cloudwatch:Get*", "cloudwatch:List*", "dynamodb:BatchGet*",
                "dynamodb:Describe*", "dynamodb:Get*", "dynamodb:List*", "dynamodb:PartiQLSelect*",
                "dynamodb:Query*", "dynamodb:Scan*", "firehose:Describe*", "firehose:List*", "glue:BatchGet*",
                "glue:CheckSchemaVersionValidity*", "glue:Get*", "glue:List*",
                "glue:QuerySchemaVersionMetadata*", "glue:SearchTables*", "iam:Generate*", "iam:Get*",
                "iam:List*", "iam:Simulate*", "kinesis:Describe*", "kinesis:Get*", "kinesis:List*",
                "kms:Describe*", "kms:Get*", "kms:List*", "lakeformation:DescribeLakeFormation*",
                "lakeformation:DescribeResource*", "lakeformation:DescribeTransaction*", "lakeformation:Get*",
                "lakeformation:List*", "lakeformation:SearchDatabasesByLFTags*",
                "lakeformation:SearchTablesByLFTags*", "lambda:Get*", "lambda:List*", "logs:Describe*",
                "logs:FilterLogEvents*", "logs:Get*", "logs:ListTagsLogGroup*", "logs:StartLiveTail*",
                "logs:StartQuery*", "logs:StopQuery*", "logs:TestMetricFilter*", "redshift:Describe*",
                "redshift:GetReservedNodeExchangeOfferings*", "redshift:List*", "redshift:View*",
                "redshift-data:Describe*", "redshift-data:List*", "redshift-data:GetStatementResult*",
                "redshift-serverless:Get*", "redshift-serverless:List*", "s3:DescribeJob*", "s3:Get*",
                "s3:List*", "sns:Check*", "sns:Get*", "sns:List*", "sqs:Get*", "sqs:List*", "sqs:Receive*",
                "states:Describe*", "states:Get*", "states:List*", "sts:GetAccessKeyInfo*",
                "sts:GetCallerIdentity*", "sts:GetSessionToken*", "tag:Describe*", "tag:Get*"
              ],
              "Resource": "*"
            }
          ]
        }
        """),
    Builtin(
      name: "IAMFullAccess", path: "/", created: "2015-02-06T18:40:38Z",
      description: """
        Provides full access to IAM via the AWS Management Console.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "iam:*", "organizations:DescribeAccount", "organizations:DescribeOrganization",
                "organizations:DescribeOrganizationalUnit", "organizations:DescribePolicy",
                "organizations:ListChildren", "organizations:ListParents",
                "organizations:ListPoliciesForTarget", "organizations:ListRoots", "organizations:ListPolicies",
                "organizations:ListTargetsForPolicy"
              ],
              "Resource": "*"
            }
          ]
        }
        """),
    Builtin(
      name: "IAMReadOnlyAccess", path: "/", created: "2015-02-06T18:40:39Z",
      description: """
        Provides read only access to IAM via the AWS Management Console.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "iam:GenerateCredentialReport", "iam:GenerateServiceLastAccessedDetails", "iam:Get*",
                "iam:List*", "iam:SimulateCustomPolicy", "iam:SimulatePrincipalPolicy"
              ],
              "Resource": "*"
            }
          ]
        }
        """),
    Builtin(
      name: "IAMUserChangePassword", path: "/", created: "2016-11-15T00:25:16Z",
      description: """
        Provides the ability for an IAM user to change their own password.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": ["iam:ChangePassword"],
              "Resource": ["arn:aws:iam::*:user/${aws:username}"]
            },
            {
              "Effect": "Allow",
              "Action": ["iam:GetAccountPasswordPolicy"],
              "Resource": "*"
            }
          ]
        }
        """),
    Builtin(
      name: "SecurityAudit", path: "/", created: "2015-02-06T18:41:01Z",
      description: """
        The security audit template grants access to read security configuration metadata.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "athena:GetWorkGroup", "athena:List*", "cloudwatch:Describe*", "cloudwatch:GetDashboard",
                "cloudwatch:ListDashboards", "cloudwatch:ListTagsForResource", "firehose:Describe*",
                "firehose:List*", "glue:GetCrawlers", "glue:GetDatabases",
                "glue:GetDataCatalogEncryptionSettings", "glue:GetDevEndpoints", "glue:GetJobs",
                "glue:GetResourcePolicy", "glue:GetSecurityConfiguration", "glue:GetSecurityConfigurations",
                "iam:GenerateCredentialReport", "iam:GenerateServiceLastAccessedDetails", "iam:Get*",
                "iam:List*", "iam:SimulateCustomPolicy", "iam:SimulatePrincipalPolicy",
                "kinesis:DescribeLimits", "kinesis:DescribeStream*", "kinesis:List*",
                "s3:GetAccelerateConfiguration", "s3:GetAccountPublicAccessBlock", "s3:GetBucket*",
                "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration",
                "s3:GetReplicationConfiguration", "s3:ListAllMyBuckets", "sts:GetAccessKeyInfo"
              ],
              "Resource": "*"
            }
          ]
        }
        """),
    Builtin(
      name: "ViewOnlyAccess", path: "/job-function/", created: "2016-11-10T17:20:15Z",
      description: """
        This policy grants permissions to view resources and basic metadata across all AWS services.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "athena:List*", "cloudwatch:Describe*", "cloudwatch:Get*", "cloudwatch:List*", "dynamodb:List*",
                "firehose:List*", "firehose:Describe*", "glue:GetDatabases", "glue:GetTables", "glue:List*",
                "iam:List*", "iam:GetAccountSummary", "iam:GetLoginProfile", "kinesis:List*",
                "kinesis:DescribeStream*", "lambda:List*", "logs:Describe*", "redshift:DescribeClusters",
                "s3:ListAllMyBuckets", "s3:ListBucket"
              ],
              "Resource": "*"
            }
          ]
        }
        """),
    Builtin(
      name: "DatabaseAdministrator", path: "/job-function/", created: "2016-11-10T17:25:43Z",
      description: """
        Grants full access permissions to AWS services and actions required to set up and configure AWS \
        database services.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "cloudwatch:DeleteAlarms", "cloudwatch:Describe*", "cloudwatch:DisableAlarmActions",
                "cloudwatch:EnableAlarmActions", "cloudwatch:Get*", "cloudwatch:List*",
                "cloudwatch:PutMetricAlarm", "dynamodb:*", "iam:ListRoles", "iam:GetRole",
                "kinesis:ListStreams", "lambda:CreateEventSourceMapping", "lambda:List*",
                "logs:DescribeLogGroups", "logs:DescribeLogStreams", "logs:FilterLogEvents",
                "logs:GetLogEvents", "rds:*", "redshift:*", "s3:CreateBucket", "sns:CreateTopic", "sns:List*",
                "sns:SetTopicAttributes", "sns:Subscribe"
              ],
              "Resource": "*"
            }
          ]
        }
        """),
  ]
}
