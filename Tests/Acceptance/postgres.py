"""A PostgreSQL of a test's own, where the machine has one."""

import contextlib
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

START_SECONDS_MAX = 60


def program(name):
    """Where one of PostgreSQL's programs lies; None where there is none. Debian keeps them off the PATH."""
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    return found[-1] if found else shutil.which(name)


class Postgres:
    """A running server: where it is reached, and how one logs in."""

    user, password, database = "postgres", "Passw0rd1", "postgres"
    host = "127.0.0.1"

    def __init__(self, port):
        self.port = port

    @property
    def jdbc(self):
        return f"jdbc:postgresql://{self.host}:{self.port}/{self.database}"

    def connect(self):
        """A connection of psycopg's that commits each statement."""
        import psycopg

        return psycopg.connect(
            host=self.host, port=self.port, user=self.user, password=self.password, dbname=self.database,
            autocommit=True,
        )

    def execute(self, text, *values):
        """Runs a statement and gives its rows, where it has any."""
        with self.connect() as connection:
            cursor = connection.execute(text, values or None)
            return cursor.fetchall() if cursor.description else []


@contextlib.contextmanager
def postgres():
    """Starts a server on a free port over a folder of its own, and ends it afterwards.

    PostgreSQL refuses to run as root: it runs as Debian's user `postgres` then.
    """
    account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    owner = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    folder = tempfile.mkdtemp(prefix="tarn-postgres-")
    process = None
    try:
        if account:
            os.chown(folder, account.pw_uid, account.pw_gid)
        secret = os.path.join(folder, "secret")
        with open(secret, "w") as out:
            out.write(Postgres.password)
        os.chmod(secret, 0o644)
        data = os.path.join(folder, "data")
        subprocess.run(
            [program("initdb"), "-D", data, "-U", Postgres.user, "-A", "scram-sha-256", f"--pwfile={secret}",
             "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"],
            check=True, capture_output=True, cwd=folder, **owner,
        )
        with socket.socket() as free:
            free.bind((Postgres.host, 0))
            port = free.getsockname()[1]
        log = open(os.path.join(folder, "log"), "wb")
        process = subprocess.Popen(
            [program("postgres"), "-D", data, "-p", str(port), "-h", Postgres.host, "-k", folder, "-F"],
            stdout=log, stderr=log, cwd=folder, **owner,
        )
        server = Postgres(port)
        _wait(server, process, log.name)
        yield server
    finally:
        if process and process.poll() is None:
            # A fast shutdown: the usual one would wait for who is still connected.
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=START_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(server, process, log):
    import psycopg

    deadline = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            return server.execute("SELECT 1")
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{open(log).read()[-4000:]}") from None
            time.sleep(0.05)
