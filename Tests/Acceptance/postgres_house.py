"""A PostgreSQL server of Debian's, started for the tests and ended with them; no service of the system is touched."""

import os
import pathlib
import pwd
import shutil
import socket
import struct
import subprocess
import tempfile
import threading

import pytest
from conftest import wait_until

USER = "reporter"
PASSWORD = "s3cret pass"


def programs():
    """The newest version's folder; `None` where Debian's `postgresql` is not installed."""
    found = [p for p in pathlib.Path("/usr/lib/postgresql").glob("*/bin") if (p / "postgres").exists()]
    return max(found, key=lambda p: int(p.parent.name), default=None)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Postgres:
    """A server with a database `shop`, and the role `reporter` that logs in with a password."""

    def __init__(self):
        self.bin = programs()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tarn-postgres-"))
        self.port = free_port()
        # PostgreSQL refuses to run as root.
        self.user = {}
        if os.getuid() == 0:
            account = pwd.getpwnam("postgres")
            self.user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        secret = self.folder / "password"
        secret.write_text("owner")
        secret.chmod(0o644)
        self.data = self.folder / "data"
        self.run("initdb", "-D", self.data, "-U", "owner", "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8")
        self.process = subprocess.Popen(
            [self.bin / "postgres", "-D", self.data, "-p", str(self.port), "-c", "listen_addresses=127.0.0.1"]
            + ["-c", "unix_socket_directories=", "-c", "fsync=off"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **self.user,
        )
        wait_until(lambda: self.process.poll() is not None or self.answers())
        self.sql("CREATE DATABASE shop", database="postgres")
        self.sql(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'")

    def run(self, program, *arguments):
        subprocess.run([self.bin / program, *arguments], check=True, capture_output=True, cwd="/", **self.user)

    def answers(self):
        ready = [self.bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ready, check=False).returncode == 0

    def sql(self, text, database="shop"):
        login = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": "owner", "PGPASSWORD": "owner"}
        command = [self.bin / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", text]
        done = subprocess.run(command, env=os.environ | login, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    @property
    def url(self):
        return f"jdbc:postgresql://127.0.0.1:{self.port}/shop"

    def stop(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class FakePostgres:
    """Speaks as much of PostgreSQL's protocol as psql needs, and answers its question with rows of a test's choice."""

    def __init__(self, *rows):
        self.rows = rows
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"jdbc:postgresql://127.0.0.1:{self.listener.getsockname()[1]}/shop"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            try:
                with peer, peer.makefile("rwb") as stream:
                    self.talk(stream)
            except (OSError, struct.error):
                pass

    def talk(self, stream):
        while True:
            size, code = struct.unpack("!ii", stream.read(8))
            stream.read(size - 8)
            if code not in (80877103, 80877104):  # asks for TLS or GSSAPI
                break
            stream.write(b"N")
            stream.flush()
        self.send(stream, (b"R", struct.pack("!i", 0)), (b"Z", b"I"))
        while kind := stream.read(1):
            text = stream.read(struct.unpack("!i", stream.read(4))[0] - 4)
            if kind != b"Q":
                return
            if text.startswith(b"SET"):
                self.send(stream, (b"C", b"SET\0"), (b"C", b"SET\0"), (b"Z", b"I"))
                continue
            column = struct.pack("!h", 1) + b"x\0" + struct.pack("!ihihih", 0, 0, 25, -1, -1, 0)
            rows = [(b"D", struct.pack("!hi", 1, len(row)) + row) for row in self.rows]
            self.send(stream, (b"T", column), *rows, (b"C", b"SELECT 1\0"), (b"Z", b"I"))

    @staticmethod
    def send(stream, *messages):
        for kind, body in messages:
            stream.write(kind + struct.pack("!i", len(body) + 4) + body)
        stream.flush()

    def close(self):
        self.listener.close()


@pytest.fixture(scope="session")
def postgres():
    if programs() is None:
        pytest.skip("needs Debian's postgresql")
    server = Postgres()
    yield server
    server.stop()
