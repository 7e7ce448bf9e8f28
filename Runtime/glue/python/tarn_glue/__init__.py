"""What runs a Glue job's script: one process per attempt, started by the server.

`launch` is the entrance; `awsglue` beside this package is what scripts import. Neither needs the server to be imported:
without the variables that the server sets (`run.Run.current()` is None) scripts run under plain Spark.
"""
