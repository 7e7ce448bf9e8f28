extension ManagedPolicies {
  static let operations: [Builtin] = [
    Builtin(
      name: "CloudWatchFullAccess", path: "/", created: "2015-02-06T18:40:00Z",
      description: """
        Provides full access to CloudWatch.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "autoscaling:Describe*", "cloudwatch:*", "logs:*", "sns:*", "iam:GetPolicy",
                "iam:GetPolicyVersion", "iam:GetRole", "oam:ListSinks"
              ],
              "Resource": "*"
            },
            {
              "Effect": "Allow",
              "Action": "iam:CreateServiceLinkedRole",
              "Resource": "arn:aws:iam::*:role/aws-service-role/events.amazonaws.com/AWSServiceRoleForCloudWatchEvents*",
              "Condition": {
                "StringLike": {
                  "iam:AWSServiceName": "events.amazonaws.com"
                }
              }
            },
            {
              "Effect": "Allow",
              "Action": ["oam:ListAttachedLinks"],
              "Resource": "arn:aws:oam:*:*:sink/*"
            }
          ]
        }
        """),
    Builtin(
      name: "CloudWatchReadOnlyAccess", path: "/", created: "2015-02-06T18:40:01Z",
      description: """
        Provides read only access to CloudWatch.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "application-autoscaling:DescribeScalingPolicies", "autoscaling:Describe*",
                "cloudwatch:BatchGet*", "cloudwatch:Describe*", "cloudwatch:GenerateQuery", "cloudwatch:Get*",
                "cloudwatch:List*", "logs:Get*", "logs:List*", "logs:StartQuery", "logs:StopQuery",
                "logs:Describe*", "logs:TestMetricFilter", "logs:FilterLogEvents", "logs:StartLiveTail",
                "logs:StopLiveTail", "oam:ListSinks", "sns:Get*", "sns:List*"
              ],
              "Resource": "*",
              "Sid": "CloudWatchReadOnlyAccessPermissions"
            },
            {
              "Effect": "Allow",
              "Action": ["oam:ListAttachedLinks"],
              "Resource": "arn:aws:oam:*:*:sink/*",
              "Sid": "OAMReadPermissions"
            }
          ]
        }
        """),
    Builtin(
      name: "CloudWatchLogsFullAccess", path: "/", created: "2015-02-06T18:40:02Z",
      description: """
        Provides full access to CloudWatch Logs
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": ["logs:*", "cloudwatch:GenerateQuery"],
              "Resource": "*"
            }
          ]
        }
        """),
    Builtin(
      name: "CloudWatchLogsReadOnlyAccess", path: "/", created: "2015-02-06T18:40:03Z",
      description: """
        Provides read only access to CloudWatch Logs
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "logs:Describe*", "logs:Get*", "logs:List*", "logs:StartQuery", "logs:StopQuery",
                "logs:TestMetricFilter", "logs:FilterLogEvents", "logs:StartLiveTail", "logs:StopLiveTail",
                "cloudwatch:GenerateQuery"
              ],
              "Resource": "*"
            }
          ]
        }
        """),
    Builtin(
      name: "AWSLambdaBasicExecutionRole", path: "/service-role/", created: "2015-04-09T15:03:43Z",
      description: """
        Provides write permissions to CloudWatch Logs.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
              "Resource": "*"
            }
          ]
        }
        """),
    Builtin(
      name: "AWSLambdaKinesisExecutionRole", path: "/service-role/", created: "2015-04-09T15:14:16Z",
      description: """
        Provides list and read access to Kinesis streams and write permissions to CloudWatch Logs.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords",
                "kinesis:GetShardIterator", "kinesis:ListShards", "kinesis:ListStreams",
                "kinesis:SubscribeToShard", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"
              ],
              "Resource": "*"
            }
          ]
        }
        """),
    Builtin(
      name: "AWSLambdaDynamoDBExecutionRole", path: "/service-role/", created: "2015-04-09T15:09:29Z",
      description: """
        Provides list and read access to DynamoDB streams and write permissions to CloudWatch Logs.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator",
                "dynamodb:ListStreams", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"
              ],
              "Resource": "*"
            }
          ]
        }
        """),
    Builtin(
      name: "AWSLambdaSQSQueueExecutionRole", path: "/service-role/", created: "2018-06-14T21:50:45Z",
      description: """
        Provides receive message, delete message, and read attribute access to SQS queues, and write \
        permissions to CloudWatch logs.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "logs:CreateLogGroup",
                "logs:CreateLogStream", "logs:PutLogEvents"
              ],
              "Resource": "*"
            }
          ]
        }
        """),
    Builtin(
      name: "AWSLambda_FullAccess", path: "/", created: "2020-11-17T21:14:04Z",
      description: """
        Grants full access to AWS Lambda service, AWS Lambda console features, and other related AWS \
        services.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "cloudformation:DescribeStacks", "cloudformation:ListStackResources", "cloudwatch:ListMetrics",
                "cloudwatch:GetMetricData", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets",
                "ec2:DescribeVpcs", "kms:ListAliases", "iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetRole",
                "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:ListRoles",
                "lambda:*", "logs:DescribeLogGroups", "states:DescribeStateMachine", "states:ListStateMachines",
                "tag:GetResources", "xray:GetTraceSummaries", "xray:BatchGetTraces"
              ],
              "Resource": "*"
            },
            {
              "Effect": "Allow",
              "Action": "iam:PassRole",
              "Resource": "*",
              "Condition": {
                "StringEquals": {
                  "iam:PassedToService": "lambda.amazonaws.com"
                }
              }
            },
            {
              "Effect": "Allow",
              "Action": ["logs:DescribeLogStreams", "logs:GetLogEvents", "logs:FilterLogEvents"],
              "Resource": "arn:aws:logs:*:*:log-group:/aws/lambda/*"
            }
          ]
        }
        """),
    Builtin(
      name: "AmazonDynamoDBFullAccess", path: "/", created: "2015-02-06T18:40:11Z",
      description: """
        Provides full access to Amazon DynamoDB via the AWS Management Console.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "dynamodb:*", "dax:*", "application-autoscaling:DeleteScalingPolicy",
                "application-autoscaling:DeregisterScalableTarget",
                "application-autoscaling:DescribeScalableTargets",
                "application-autoscaling:DescribeScalingActivities",
                "application-autoscaling:DescribeScalingPolicies", "application-autoscaling:PutScalingPolicy",
                "application-autoscaling:RegisterScalableTarget", "cloudwatch:DeleteAlarms",
                "cloudwatch:DescribeAlarmHistory", "cloudwatch:DescribeAlarms",
                "cloudwatch:DescribeAlarmsForMetric", "cloudwatch:GetMetricStatistics",
                "cloudwatch:ListMetrics", "cloudwatch:PutMetricAlarm", "cloudwatch:GetMetricData",
                "iam:GetRole", "iam:ListRoles", "kms:DescribeKey", "kms:ListAliases", "sns:CreateTopic",
                "sns:ListTopics", "sns:Subscribe", "lambda:ListFunctions", "kinesis:ListStreams",
                "kinesis:DescribeStream", "kinesis:DescribeStreamSummary"
              ],
              "Resource": "*"
            },
            {
              "Effect": "Allow",
              "Action": ["iam:PassRole"],
              "Resource": "*",
              "Condition": {
                "StringLike": {
                  "iam:PassedToService": [
                    "application-autoscaling.amazonaws.com", "application-autoscaling.amazonaws.com.cn",
                    "dax.amazonaws.com"
                  ]
                }
              }
            }
          ]
        }
        """),
    Builtin(
      name: "AmazonDynamoDBReadOnlyAccess", path: "/", created: "2015-02-06T18:40:12Z",
      description: """
        Provides read only access to Amazon DynamoDB via the AWS Management Console.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "dynamodb:BatchGetItem", "dynamodb:Describe*", "dynamodb:List*", "dynamodb:GetAbacStatus",
                "dynamodb:GetItem", "dynamodb:GetResourcePolicy", "dynamodb:Query", "dynamodb:Scan",
                "dynamodb:PartiQLSelect", "dax:Describe*", "dax:List*", "dax:GetItem", "dax:BatchGetItem",
                "dax:Query", "dax:Scan"
              ],
              "Resource": "*"
            }
          ]
        }
        """),
    Builtin(
      name: "AmazonSNSFullAccess", path: "/", created: "2015-02-06T18:41:05Z",
      description: """
        Provides full access to Amazon SNS via the AWS Management Console.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": ["sns:*"],
              "Resource": "*"
            }
          ]
        }
        """),
    Builtin(
      name: "AmazonSQSFullAccess", path: "/", created: "2015-02-06T18:41:07Z",
      description: """
        Provides full access to Amazon SQS via the AWS Management Console.
        """,
      document: """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": ["sqs:*"],
              "Resource": "*"
            }
          ]
        }
        """),
  ]
}
