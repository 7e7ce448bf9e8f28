"""The run that this process is: what the server wrote about it."""

import dataclasses
import functools
import json
import os
import pathlib


@dataclasses.dataclass(frozen=True)
class Run:
    """One attempt of a job's run, as the server describes it in the file that `TARN_GLUE_RUN` names."""

    command: str
    """`glueetl`, `gluestreaming`, `pythonshell` or `glueray`."""
    job_name: str
    run_id: str
    attempt: int
    script: str
    """The script's address, `s3://bucket/key`."""
    glue_version: str
    arguments: dict
    """The job's default arguments under the run's own; keys begin with `--`."""
    cores: int
    memory_megabytes: int
    spark_home: str
    jars: tuple
    spark_master: str
    region: str
    account: str
    folder: pathlib.Path
    """The only folder that the process may write to."""

    @classmethod
    def read(cls, path, folder):
        """Reads the description; raises `ValueError` when it is none."""
        told = json.loads(pathlib.Path(path).read_text())
        arguments = told.get("arguments") or {}
        return cls(
            command=told.get("command", "glueetl"),
            job_name=told["jobName"],
            run_id=told["runId"],
            attempt=int(told.get("attempt", 0)),
            script=told["script"],
            glue_version=str(told.get("glueVersion") or "5.0"),
            arguments={str(key): "" if value is None else str(value) for key, value in arguments.items()},
            cores=max(1, int(told.get("cores", 2))),
            memory_megabytes=max(512, int(told.get("memoryMegabytes", 2048))),
            spark_home=told.get("sparkHome") or os.environ.get("SPARK_HOME", ""),
            jars=tuple(told.get("jars") or ()),
            spark_master=told.get("sparkMaster") or "",
            region=told.get("region") or os.environ.get("AWS_REGION", "us-east-1"),
            account=told.get("catalogId") or told.get("account") or "",
            folder=pathlib.Path(folder).resolve(),
        )

    @staticmethod
    @functools.lru_cache(maxsize=1)
    def current():
        """This process's run, or None where no server started it (a plain spark-submit, a notebook)."""
        path = os.environ.get("TARN_GLUE_RUN")
        return Run.read(path, os.environ.get("TARN_GLUE_DIR", ".")) if path else None

    def argument(self, name, default=None):
        """A job argument by its name without the dashes."""
        return self.arguments.get(f"--{name}", default)

    def switch(self, name):
        """A job argument that turns something on: given as `true`, or without a value, as AWS takes it."""
        value = self.arguments.get(f"--{name}")
        return value is not None and value.strip().lower() in ("", "true")

    def list_argument(self, name):
        """The comma-separated values of an argument, without blanks and empty ones."""
        return [part.strip() for part in (self.argument(name) or "").split(",") if part.strip()]

    @property
    def uses_spark(self):
        return self.command in ("glueetl", "gluestreaming")
