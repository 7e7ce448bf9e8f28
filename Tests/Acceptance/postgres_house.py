"""What tests of crawlers ask of databases: a real PostgreSQL with a shop in it, and a server that only pretends."""

import socket
import struct
import threading

import postgres as databases
import pytest

USER = "reporter"
PASSWORD = "s3cret pass"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Shop:
    """The database `shop` of a server, and the role `reporter` that logs in with a password."""

    def __init__(self, server):
        server.execute("CREATE DATABASE shop")
        server.execute(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'")
        self.port = server.port
        self.server = databases.Postgres(server.port)
        self.server.database = "shop"

    def sql(self, text):
        self.server.execute(text)

    @property
    def url(self):
        return self.server.jdbc


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
    if databases.program("initdb") is None:
        pytest.skip("needs Debian's postgresql")
    with databases.postgres() as server:
        yield Shop(server)
