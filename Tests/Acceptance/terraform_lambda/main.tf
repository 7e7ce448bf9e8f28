terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}

variable "endpoint" { type = string }
variable "archive" { type = string }
variable "runtime" { type = string }

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
    iam     = var.endpoint
    kinesis = var.endpoint
    lambda  = var.endpoint
    s3      = var.endpoint
    sts     = var.endpoint
  }
}

resource "aws_s3_bucket" "events" {
  bucket        = "terraform-events"
  force_destroy = true
}

resource "aws_s3_bucket" "failures" {
  bucket        = "terraform-failures"
  force_destroy = true
}

resource "aws_kinesis_stream" "events" {
  name        = "terraform-events"
  shard_count = 1
}

resource "aws_iam_role" "function" {
  name = "terraform-function"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "function" {
  name = "function"
  role = aws_iam_role.function.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["kinesis:*", "s3:*"], Resource = ["*"] }]
  })
}

resource "aws_lambda_layer_version" "shared" {
  layer_name          = "terraform-shared"
  filename            = var.archive
  source_code_hash    = filebase64sha256(var.archive)
  compatible_runtimes = [var.runtime]
  description         = "made by terraform"
  license_info        = "MIT"
}

resource "aws_lambda_function" "events" {
  function_name    = "terraform-events"
  filename         = var.archive
  source_code_hash = filebase64sha256(var.archive)
  role             = aws_iam_role.function.arn
  handler          = "app.handler"
  runtime          = var.runtime
  layers           = [aws_lambda_layer_version.shared.arn]
}

resource "aws_lambda_permission" "bucket" {
  statement_id   = "bucket"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.events.function_name
  principal      = "s3.amazonaws.com"
  source_arn     = aws_s3_bucket.events.arn
  source_account = "000000000000"
}

resource "aws_s3_bucket_notification" "events" {
  bucket = aws_s3_bucket.events.id
  lambda_function {
    lambda_function_arn = aws_lambda_function.events.arn
    events              = ["s3:ObjectCreated:*"]
    filter_prefix       = "in/"
    filter_suffix       = ".json"
  }
  lambda_function {
    lambda_function_arn = aws_lambda_function.events.arn
    events              = ["s3:ObjectRemoved:*"]
  }
  depends_on = [aws_lambda_permission.bucket]
}

resource "aws_lambda_event_source_mapping" "events" {
  event_source_arn                   = aws_kinesis_stream.events.arn
  function_name                      = aws_lambda_function.events.arn
  starting_position                  = "LATEST"
  batch_size                         = 50
  maximum_batching_window_in_seconds = 1
  maximum_retry_attempts             = 2
  maximum_record_age_in_seconds      = 3600
  bisect_batch_on_function_error     = true
  parallelization_factor             = 2
  function_response_types            = ["ReportBatchItemFailures"]
  tags                               = { team = "data" }
  filter_criteria {
    filter {
      pattern = jsonencode({ data = { kind = ["a"] } })
    }
  }
  destination_config {
    on_failure { destination_arn = aws_s3_bucket.failures.arn }
  }
  depends_on = [aws_iam_role_policy.function]
}

resource "aws_lambda_function_event_invoke_config" "events" {
  function_name          = aws_lambda_function.events.function_name
  maximum_retry_attempts = 1
  destination_config {
    on_failure { destination = aws_s3_bucket.failures.arn }
  }
}
