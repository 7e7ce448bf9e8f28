"""AWS Glue's Python library for scripts, written anew from AWS's documentation, over plain Spark.

Names, arguments and behaviour are AWS's. Nothing is imported here: a Python shell job that wants
`awsglue.utils.getResolvedOptions` needs no Spark.
"""
