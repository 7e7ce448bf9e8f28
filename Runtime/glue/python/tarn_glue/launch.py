"""Runs one attempt of a Glue job: `python -m tarn_glue.launch`, in the run's folder, with the server's variables.

The JVM starts first and comes up while the script and its libraries are fetched. The script runs as `__main__` with the
arguments that AWS gives it; how it ended goes to `result.json`. A process that is killed leaves none.
"""

import atexit
import os
import runpy
import sys
import traceback

from . import files, outcome
from .run import Run


def main():
    run = Run.current()
    if run is None:
        sys.exit("tarn_glue.launch: TARN_GLUE_RUN names no run; the server starts this program.")
    for folder in ("tmp", "script", "python"):
        (run.folder / folder).mkdir(parents=True, exist_ok=True)
    os.chdir(run.folder)
    script, error = None, None
    try:
        script = _prepare(run)
        _run_script(run, script)
    except BaseException as ended:  # SystemExit and KeyboardInterrupt end a run as well
        error = ended
    result = outcome.of(error, str(script), run.uses_spark)
    if result["state"] == "FAILED":
        _print_traceback(error, str(script))
    sys.stdout.flush()
    sys.stderr.flush()
    outcome.write(run.folder, result)
    sys.exit(0 if result["state"] == "SUCCEEDED" else 1)


def _prepare(run):
    """Starts the JVM, fetches the script and what it needs; gives the script's path."""
    if run.command not in ("glueetl", "gluestreaming", "pythonshell"):
        raise outcome.LaunchError(f"Jobs of the type {run.command} are not implemented.")
    fetcher = files.Fetcher()
    paths = files.python_paths(run)
    if run.uses_spark:
        _start_spark(run, fetcher, paths)
    script = fetcher.fetch(run.script, run.folder / "script")
    files.bring(run, fetcher)
    sys.path[:0] = paths
    return script


def _start_spark(run, fetcher, paths):
    from . import gateway, sparkconf

    extra = [str(fetcher.fetch(address, run.folder / "jars")) for address in run.list_argument("extra-jars")]
    os.environ["SPARK_HOME"] = run.spark_home
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    beyond = [path for path in paths + [os.environ.get("PYTHONPATH", "")] if path]
    properties = sparkconf.properties(run)
    local = properties["spark.master"].startswith("local")
    if extra or not local:
        # Executors of a cluster fetch what they need from the driver; a local one has it on its class path.
        ours = [] if local else gateway.jars_beside(run.spark_home)
        properties["spark.jars"] = ",".join([*ours, *run.jars, *extra])
    environment = {"PYTHONPATH": os.pathsep.join(beyond), "SPARK_LOCAL_DIRS": str(run.folder / "tmp")}
    if local:
        environment["SPARK_LOCAL_IP"] = "127.0.0.1"
    else:
        # For what lies at the same place on every machine.
        properties["spark.executorEnv.PYTHONPATH"] = environment["PYTHONPATH"]
        # The session sends executors the job's own modules, which are there once it begins.
        modules = ",".join(map(str, files.python_files(run)))
        if modules:
            properties |= {"spark.files": modules, "spark.submit.pyFiles": modules}
    java = gateway.Gateway(
        run.spark_home,
        properties,
        run.folder / "tmp",
        sparkconf.heap_megabytes(run),
        jars=[*run.jars, *extra],
        environment=environment,
    )
    if not local:
        # A cluster hears that the application is done. A local JVM ends with its input, when this process is gone.
        # Registered before the script can register anything, so that it happens last.
        atexit.register(java.close)
    java.install()


def _run_script(run, script):
    sys.argv = [str(script), *arguments(run)]
    sys.path.insert(0, str(script.parent))
    # What the script prints appears when it prints it.
    sys.stdout.reconfigure(line_buffering=True)
    runpy.run_path(str(script), run_name="__main__")


def arguments(run):
    """The script's arguments as AWS passes them: the run's identity, then the job's and the run's own."""
    own = {"--JOB_ID": f"j_{run.run_id.removeprefix('jr_')}", "--JOB_RUN_ID": run.run_id, "--JOB_NAME": run.job_name}
    if not run.uses_spark:
        own.pop("--JOB_ID")
    pairs = own | {key: value for key, value in run.arguments.items() if key not in own}
    return [part for pair in pairs.items() for part in pair]


def _print_traceback(error, script):
    """The traceback from the script's own first line on: what stands above it is this program."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename != script:
        frames = frames.tb_next
    traceback.print_exception(type(error), error, frames or error.__traceback__)


if __name__ == "__main__":
    main()
