"""Starts the job's JVM beside the Python that runs the script, and hands pyspark the connection.

pyspark would call `spark-submit`, which starts one JVM to find out how to start another. This one starts the driver's
JVM at once, with an archive of loaded classes (AppCDS), while Python still imports and fetches the script: a job's
overhead is the longer of the two instead of their sum.
"""

import os
import pathlib
import signal
import struct
import subprocess
import tempfile
import time

STARTUP_SECONDS_MAX = 120
# Spark 3.5's own list for Java 17 (JavaModuleOptions), which spark-submit would add.
OPENED = """java.lang java.lang.invoke java.lang.reflect java.io java.net java.nio java.util java.util.concurrent
java.util.concurrent.atomic jdk.internal.ref sun.nio.ch sun.nio.cs sun.security.action sun.util.calendar""".split()
JAVA_OPTIONS = [
    "-XX:+IgnoreUnrecognizedVMOptions",
    *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED),
    "--add-opens=java.security.jgss/sun.security.krb5=ALL-UNNAMED",
    "-Djdk.reflect.useDirectMethodHandle=false",
    "-Dfile.encoding=UTF-8",
    # A lake's job is short beside a server's life: the serial collector has no threads to start, and shares two cores
    # with Python better.
    "-XX:+UseSerialGC",
    # Without a terminal nobody looks at performance counters.
    "-XX:-UsePerfData",
]


def jars_beside(spark_home):
    """Our own jar and those that Spark's distribution has not: S3A, drivers."""
    install = pathlib.Path(spark_home).parent
    beside = sorted(str(path) for path in (install / "jars").glob("*.jar"))
    return [path for path in (str(install / "lib" / "tarn-glue.jar"), *beside) if os.path.exists(path)]


def class_path(spark_home, jars=()):
    """The jars in the order that the class archive was made with; further ones go behind them."""
    spark = sorted(str(path) for path in (pathlib.Path(spark_home) / "jars").glob("*.jar"))
    ours, *beside = jars_beside(spark_home) or [None]
    known = [path for path in (ours, *spark, *beside) if path]
    return known + [jar for jar in jars if jar not in known]


def archive(spark_home):
    """Where the class archive lies."""
    return pathlib.Path(spark_home).parent / "lib" / "tarn-glue.jsa"


def java_binary():
    home = os.environ.get("JAVA_HOME")
    return os.path.join(home, "bin", "java") if home else "java"


class Gateway:
    """A JVM that listens for this process's pyspark, and ends with it."""

    def __init__(self, spark_home, properties, folder, heap_megabytes, jars=(), options=(), environment=None):
        """Starts the JVM and returns at once.

        `properties` is Spark's configuration; it goes through a file that only this user may read. `options` are
        further options of the JVM. Errors (no Java) come as `OSError`.
        """
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gateway-", dir=folder))
        self.information = self.folder / "connection"
        file = self.folder / "spark.properties"
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.writelines(f"{_escaped(name)}={_escaped(value)}\n" for name, value in properties.items())
        # An argument file keeps the class path of 250 jars out of the machine's process list.
        arguments = self.folder / "java.arguments"
        arguments.write_text('-cp "' + ":".join(class_path(spark_home, jars)) + '"\n')
        shared = archive(spark_home)
        self.process = subprocess.Popen(
            [
                java_binary(),
                *JAVA_OPTIONS,
                *(
                    [f"-XX:SharedArchiveFile={shared}", "-Xshare:auto", "-Xlog:cds=off", "-Xlog:cds+dynamic=off"]
                    if shared.exists()
                    else []
                ),
                f"-Xmx{heap_megabytes}m",
                f"-Djava.io.tmpdir={folder}",
                *options,
                f"@{arguments}",
                "tarn.glue.Gateway",
                str(file),
            ],
            stdin=subprocess.PIPE,  # Spark's gateway ends when its input does: with this process, however that ends
            env={**os.environ, **(environment or {}), "_PYSPARK_DRIVER_CONN_INFO_PATH": str(self.information)},
            # A Ctrl-C for the script must not end the JVM before the script has handled it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        )

    def wait(self):
        """Waits for the JVM to listen and tells pyspark where, by the variables that pyspark looks at."""
        deadline = time.monotonic() + STARTUP_SECONDS_MAX
        while not self.information.exists():
            if self.process.poll() is not None:
                raise RuntimeError(
                    f"Java gateway process exited before sending its port number (status {self.process.returncode})"
                )
            if time.monotonic() > deadline:
                raise RuntimeError(f"Java gateway process did not start within {STARTUP_SECONDS_MAX} seconds")
            time.sleep(0.005)
        # The file is moved to its name when it is whole.
        with open(self.information, "rb") as told:
            (port,) = struct.unpack("!i", told.read(4))
            (length,) = struct.unpack("!i", told.read(4))
            secret = told.read(length).decode()
        os.environ["PYSPARK_GATEWAY_PORT"] = str(port)
        os.environ["PYSPARK_GATEWAY_SECRET"] = secret

    def install(self):
        """Makes pyspark's first SparkContext use this JVM, waiting for it only then."""
        import pyspark.context
        import pyspark.java_gateway

        original = pyspark.java_gateway.launch_gateway

        def launch_gateway(conf=None, popen_kwargs=None):
            self.wait()
            return original(conf, popen_kwargs)

        pyspark.context.launch_gateway = launch_gateway
        pyspark.java_gateway.launch_gateway = launch_gateway

    def close(self):
        """Ends the JVM by ending its input; waits until it is gone, so that its shutdown hooks have run."""
        import pyspark.context

        context = pyspark.context.SparkContext._active_spark_context
        if context is not None:
            context.stop()
        connection = pyspark.context.SparkContext._gateway
        if connection is not None:
            # Else objects that Python lets go of later would be told to a JVM that is gone.
            connection.shutdown()
        try:
            self.process.stdin.close()
        except OSError:
            pass
        try:
            self.process.wait(timeout=STARTUP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()


def _escaped(text):
    """A key or value in the form of java.util.Properties, whose files are Latin-1 with escapes."""
    out = []
    for character in str(text):
        if character in "\\:=#! ":
            out.append("\\" + character)
        elif 0x20 < ord(character) < 0x7F:
            out.append(character)
        else:
            units = character.encode("utf-16-be")
            out.extend(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
    return "".join(out)
