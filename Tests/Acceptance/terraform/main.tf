terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}

variable "endpoint" { type = string }

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  s3_use_path_style           = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = false
  skip_credentials_validation = false
  endpoints {
    athena     = var.endpoint
    cloudwatch = var.endpoint
    firehose   = var.endpoint
    glue       = var.endpoint
    iam        = var.endpoint
    kinesis    = var.endpoint
    logs       = var.endpoint
    s3         = var.endpoint
    sts        = var.endpoint
  }
}

data "aws_caller_identity" "current" {}

resource "aws_s3_bucket" "lake" {
  bucket        = "terraform-lake"
  force_destroy = true
  tags          = { team = "data" }
}

resource "aws_s3_bucket_versioning" "lake" {
  bucket = aws_s3_bucket.lake.id
  versioning_configuration { status = "Enabled" }
}

resource "aws_kinesis_stream" "events" {
  name             = "terraform-events"
  shard_count      = 2
  retention_period = 48
  tags             = { team = "data" }
}

resource "aws_glue_catalog_database" "lake" {
  name        = "terraform_lake"
  description = "made by terraform"
}

resource "aws_glue_catalog_table" "events" {
  name          = "events"
  database_name = aws_glue_catalog_database.lake.name
  table_type    = "EXTERNAL_TABLE"
  parameters = {
    classification = "parquet"
    EXTERNAL       = "TRUE"
  }
  partition_keys {
    name = "day"
    type = "string"
  }
  storage_descriptor {
    location      = "s3://${aws_s3_bucket.lake.bucket}/events/"
    input_format  = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
    ser_de_info {
      serialization_library = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    }
    columns {
      name = "id"
      type = "string"
    }
    columns {
      name = "amount"
      type = "double"
    }
  }
}

resource "aws_iam_role" "delivery" {
  name = "terraform-delivery"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "firehose.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "delivery" {
  name = "delivery"
  role = aws_iam_role.delivery.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["s3:*"], Resource = [aws_s3_bucket.lake.arn, "${aws_s3_bucket.lake.arn}/*"] },
      { Effect = "Allow", Action = ["kinesis:*"], Resource = [aws_kinesis_stream.events.arn] },
      { Effect = "Allow", Action = ["glue:Get*"], Resource = ["*"] },
    ]
  })
}

resource "aws_iam_role" "crawler" {
  name = "terraform-crawler"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "glue.amazonaws.com" } }]
  })
}

resource "aws_glue_classifier" "pipes" {
  name = "terraform-pipes"
  csv_classifier {
    contains_header = "PRESENT"
    delimiter       = "|"
    quote_symbol    = "'"
  }
}

resource "aws_glue_data_quality_ruleset" "events" {
  name        = "terraform-events"
  description = "made by terraform"
  ruleset     = "Rules = [ RowCount > 0, IsComplete \"id\" ]"
  target_table {
    database_name = aws_glue_catalog_database.lake.name
    table_name    = aws_glue_catalog_table.events.name
  }
  tags = { team = "lake" }
}

resource "aws_glue_crawler" "events" {
  name          = "terraform-events"
  database_name = aws_glue_catalog_database.lake.name
  role          = aws_iam_role.crawler.arn
  classifiers   = [aws_glue_classifier.pipes.name]
  schedule      = "cron(0 2 * * ? *)"
  table_prefix  = "raw_"
  configuration = jsonencode({ Version = 1.0, Grouping = { TableGroupingPolicy = "CombineCompatibleSchemas" } })
  s3_target {
    path       = "s3://${aws_s3_bucket.lake.bucket}/raw"
    exclusions = ["**.tmp"]
  }
  schema_change_policy {
    delete_behavior = "LOG"
    update_behavior = "UPDATE_IN_DATABASE"
  }
  tags = { team = "lake" }
}

resource "aws_kinesis_firehose_delivery_stream" "events" {
  name        = "terraform-delivery"
  destination = "extended_s3"

  kinesis_source_configuration {
    kinesis_stream_arn = aws_kinesis_stream.events.arn
    role_arn           = aws_iam_role.delivery.arn
  }

  extended_s3_configuration {
    role_arn            = aws_iam_role.delivery.arn
    bucket_arn          = aws_s3_bucket.lake.arn
    prefix              = "events/day=!{timestamp:yyyy-MM-dd}/"
    error_output_prefix = "errors/!{firehose:error-output-type}/"
    buffering_size      = 64
    buffering_interval  = 60

    data_format_conversion_configuration {
      input_format_configuration {
        deserializer {
          open_x_json_ser_de {}
        }
      }
      output_format_configuration {
        serializer {
          parquet_ser_de {}
        }
      }
      schema_configuration {
        database_name = aws_glue_catalog_database.lake.name
        role_arn      = aws_iam_role.delivery.arn
        table_name    = aws_glue_catalog_table.events.name
      }
    }
  }
  depends_on = [aws_iam_role_policy.delivery]
}

resource "aws_kinesis_firehose_delivery_stream" "partitioned" {
  name        = "terraform-partitioned"
  destination = "extended_s3"

  extended_s3_configuration {
    role_arn            = aws_iam_role.delivery.arn
    bucket_arn          = aws_s3_bucket.lake.arn
    prefix              = "by/customer=!{partitionKeyFromQuery:customer}/kind=!{partitionKeyFromLambda:kind}/"
    error_output_prefix = "errors/!{firehose:error-output-type}/"
    buffering_size      = 64
    buffering_interval  = 60

    dynamic_partitioning_configuration {
      enabled        = true
      retry_duration = 120
    }
    cloudwatch_logging_options {
      enabled         = true
      log_group_name  = aws_cloudwatch_log_group.delivery.name
      log_stream_name = aws_cloudwatch_log_stream.delivery.name
    }
    processing_configuration {
      enabled = true
      processors {
        type = "RecordDeAggregation"
        parameters {
          parameter_name  = "SubRecordType"
          parameter_value = "JSON"
        }
      }
      processors {
        type = "Lambda"
        parameters {
          parameter_name  = "LambdaArn"
          parameter_value = "arn:aws:lambda:us-east-1:${data.aws_caller_identity.current.account_id}:function:transform:$LATEST"
        }
        parameters {
          parameter_name  = "BufferSizeInMBs"
          parameter_value = "2"
        }
      }
      processors {
        type = "MetadataExtraction"
        parameters {
          parameter_name  = "JsonParsingEngine"
          parameter_value = "JQ-1.6"
        }
        parameters {
          parameter_name  = "MetadataExtractionQuery"
          parameter_value = "{customer:.customer_id}"
        }
      }
      processors {
        type = "AppendDelimiterToRecord"
      }
    }
    s3_backup_mode = "Enabled"
    s3_backup_configuration {
      role_arn   = aws_iam_role.delivery.arn
      bucket_arn = aws_s3_bucket.lake.arn
      prefix     = "raw/"
    }
  }
  depends_on = [aws_iam_role_policy.delivery]
}

resource "aws_cloudwatch_log_group" "delivery" {
  name              = "/terraform/delivery"
  retention_in_days = 14
  tags              = { team = "data" }
}

resource "aws_cloudwatch_log_stream" "delivery" {
  name           = "DestinationDelivery"
  log_group_name = aws_cloudwatch_log_group.delivery.name
}

resource "aws_cloudwatch_log_metric_filter" "errors" {
  name           = "errors"
  pattern        = "{ $.errorCode = \"S3.*\" }"
  log_group_name = aws_cloudwatch_log_group.delivery.name
  metric_transformation {
    name          = "DeliveryErrors"
    namespace     = "Terraform"
    value         = "1"
    default_value = "0"
  }
}

resource "aws_athena_workgroup" "lake" {
  name          = "terraform-lake"
  force_destroy = true
  configuration {
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true
    bytes_scanned_cutoff_per_query     = 10737418240
    result_configuration {
      output_location = "s3://${aws_s3_bucket.lake.bucket}/results/"
    }
  }
}

resource "aws_glue_security_configuration" "keys" {
  name = "terraform-keys"

  encryption_configuration {
    cloudwatch_encryption {
      cloudwatch_encryption_mode = "DISABLED"
    }
    job_bookmarks_encryption {
      job_bookmarks_encryption_mode = "DISABLED"
    }
    s3_encryption {
      s3_encryption_mode = "SSE-S3"
    }
  }
}

resource "aws_glue_connection" "postgres" {
  name = "terraform-postgres"
  connection_properties = {
    JDBC_CONNECTION_URL = "jdbc:postgresql://db.localhost:5432/orders"
    USERNAME            = "reader"
    PASSWORD            = "secret"
  }
}

resource "aws_glue_job" "clean" {
  name                   = "terraform-clean"
  role_arn               = aws_iam_role.crawler.arn
  glue_version           = "5.0"
  worker_type            = "G.1X"
  number_of_workers      = 2
  max_retries            = 1
  timeout                = 60
  connections            = [aws_glue_connection.postgres.name]
  security_configuration = aws_glue_security_configuration.keys.id
  default_arguments = {
    "--job-bookmark-option" = "job-bookmark-enable"
    "--TempDir"             = "s3://terraform-lake/temp/"
  }
  tags = { Team = "data" }

  command {
    script_location = "s3://terraform-lake/scripts/clean.py"
    python_version  = "3"
  }
  execution_property {
    max_concurrent_runs = 2
  }
}

resource "aws_glue_job" "tell" {
  name         = "terraform-tell"
  role_arn     = aws_iam_role.crawler.arn
  max_capacity = 0.0625

  command {
    name            = "pythonshell"
    script_location = "s3://terraform-lake/scripts/tell.py"
    python_version  = "3.9"
  }
}

resource "aws_glue_workflow" "nightly" {
  name                   = "terraform-nightly"
  description            = "Cleans, then tells"
  default_run_properties = { target = "lake" }
  max_concurrent_runs    = 1
}

resource "aws_glue_trigger" "night" {
  name          = "terraform-night"
  type          = "SCHEDULED"
  schedule      = "cron(15 3 * * ? *)"
  workflow_name = aws_glue_workflow.nightly.name

  actions {
    job_name = aws_glue_job.clean.name
    arguments = {
      "--day" = "yesterday"
    }
  }
}

resource "aws_glue_trigger" "after" {
  name          = "terraform-after"
  type          = "CONDITIONAL"
  workflow_name = aws_glue_workflow.nightly.name

  predicate {
    logical = "ANY"
    conditions {
      job_name = aws_glue_job.clean.name
      state    = "SUCCEEDED"
    }
    conditions {
      job_name = aws_glue_job.clean.name
      state    = "FAILED"
    }
  }
  actions {
    job_name = aws_glue_job.tell.name
  }
}

resource "aws_glue_trigger" "by_hand" {
  name = "terraform-by-hand"
  type = "ON_DEMAND"

  actions {
    crawler_name = aws_glue_crawler.events.name
  }
  actions {
    job_name = aws_glue_job.tell.name
  }
}
