terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}

variable "endpoint" {
  type = string
}

variable "port" {
  type = number
}

variable "encrypted" {
  type    = bool
  default = true
}

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = false

  endpoints {
    iam                = var.endpoint
    redshift           = var.endpoint
    redshiftdata       = var.endpoint
    redshiftserverless = var.endpoint
    sts                = var.endpoint
  }
}

resource "aws_iam_role" "loader" {
  name = "redshift-loader"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "redshift.amazonaws.com" }
    }]
  })
}

resource "aws_redshift_subnet_group" "private" {
  name       = "terraform-private"
  subnet_ids = ["subnet-0a1b2c3d", "subnet-1a2b3c4d"]
  tags       = { Environment = "test" }
}

resource "aws_redshift_parameter_group" "strict" {
  name   = "terraform-strict"
  family = "redshift-1.0"

  parameter {
    name  = "enable_user_activity_logging"
    value = "true"
  }
  parameter {
    name  = "query_group"
    value = "reports"
  }
}

resource "aws_redshift_cluster" "warehouse" {
  cluster_identifier           = "terraform-warehouse"
  database_name                = "analytics"
  master_username              = "admin"
  master_password              = "SecurePassword123"
  node_type                    = "dc2.large"
  number_of_nodes              = 2
  port                         = var.port
  encrypted                    = var.encrypted
  cluster_subnet_group_name    = aws_redshift_subnet_group.private.name
  cluster_parameter_group_name = aws_redshift_parameter_group.strict.name
  iam_roles                    = [aws_iam_role.loader.arn]
  default_iam_role_arn         = aws_iam_role.loader.arn
  skip_final_snapshot          = true
  tags                         = { Environment = "test" }
}

resource "aws_redshiftserverless_namespace" "analytics" {
  namespace_name      = "terraform-analytics"
  admin_username      = "admin"
  admin_user_password = "SecurePassword123"
  iam_roles           = [aws_iam_role.loader.arn]
  tags                = { Environment = "test" }
}

resource "aws_redshiftserverless_workgroup" "analytics" {
  workgroup_name = "terraform-analytics-wg"
  namespace_name = aws_redshiftserverless_namespace.analytics.namespace_name
  base_capacity  = 32
  tags           = { Environment = "test" }
}

resource "aws_redshiftserverless_usage_limit" "compute" {
  resource_arn = aws_redshiftserverless_workgroup.analytics.arn
  usage_type   = "serverless-compute"
  amount       = 60
}

resource "aws_redshiftserverless_endpoint_access" "private" {
  endpoint_name          = "terraform-private"
  workgroup_name         = aws_redshiftserverless_workgroup.analytics.workgroup_name
  subnet_ids             = ["subnet-0a1b2c3d"]
  vpc_security_group_ids = ["sg-0a1b2c3d"]
}

resource "aws_redshiftserverless_custom_domain_association" "warehouse" {
  workgroup_name                = aws_redshiftserverless_workgroup.analytics.workgroup_name
  custom_domain_name            = "warehouse.localhost"
  custom_domain_certificate_arn = "arn:aws:acm:us-east-1:000000000000:certificate/0a1b2c3d-0000-0000-0000-000000000000"
}

resource "aws_redshiftserverless_snapshot" "before" {
  namespace_name = aws_redshiftserverless_workgroup.analytics.namespace_name
  snapshot_name  = "terraform-before"
}

resource "aws_redshiftserverless_resource_policy" "shared" {
  resource_arn = aws_redshiftserverless_snapshot.before.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = ["111122223333"] }
      Action    = ["redshift-serverless:RestoreFromSnapshot"]
    }]
  })
}

resource "aws_redshiftdata_statement" "table" {
  cluster_identifier = aws_redshift_cluster.warehouse.cluster_identifier
  database           = aws_redshift_cluster.warehouse.database_name
  db_user            = aws_redshift_cluster.warehouse.master_username
  sql                = "CREATE TABLE events (id INT, name VARCHAR(20))"
}

output "warehouse" {
  value = aws_redshift_cluster.warehouse.endpoint
}
