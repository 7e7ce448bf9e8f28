"""Nonsense at a cluster's endpoint ends a statement or a connection, never the process."""

import os
import random
import socket
import struct
import uuid

import psycopg2
import pytest

from redshift_house import USER, Cluster

IDLE = 100


@pytest.fixture(scope="module")
def cluster(tarn):
    cluster = Cluster(tarn, f"hostile-{uuid.uuid4().hex[:8]}")
    yield cluster
    cluster.delete()


@pytest.fixture(autouse=True)
def still_there(cluster, tarn):
    yield
    assert tarn.process.poll() is None
    with psycopg2.connect(dbname="dev", **cluster.login) as connection, connection.cursor() as cursor:
        cursor.execute("select 1")
        assert cursor.fetchone() == (1,)


def say(cluster, data, seconds=2):
    """Sends bytes and gives what came back before the connection ended or nothing more came."""
    with socket.create_connection((cluster.host, cluster.port), timeout=seconds) as client:
        client.sendall(data)
        answer = b""
        try:
            while part := client.recv(65536):
                answer += part
        except OSError:
            pass
        return answer


def startup(**parameters):
    body = struct.pack("!I", 3 << 16)
    body += b"".join(f"{name}\0{value}\0".encode() for name, value in parameters.items()) + b"\0"
    return struct.pack("!I", len(body) + 4) + body


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        struct.pack("!I", 2**31 - 1),
        struct.pack("!i", -1) + b"\0" * 100,
        struct.pack("!II", 8, 2 << 16),
        struct.pack("!I", 10_001) + b"x" * 10_001,
        startup(database="dev"),
        startup(user=USER, options="-q"),
        startup(user=USER, replication="database"),
    ],
)
def test_garbage_before_the_login(cluster, data):
    assert say(cluster, data).startswith(b"E")


def test_half_messages(cluster):
    for length in (0, 1, 3, 7):
        say(cluster, startup(user=USER)[:length], seconds=0.05)


def test_nonsense_instead_of_tls(cluster):
    assert say(cluster, struct.pack("!II", 8, 80877103))[:1] == b"S"
    assert b"unencrypted data" in say(cluster, struct.pack("!II", 8, 80877103) + startup(user=USER))


def test_messages_before_the_password(cluster):
    query = b"Q" + struct.pack("!I", 13) + b"select 1\0"
    answer = say(cluster, startup(user=USER, database="dev") + query)
    assert b"C08P01" in answer


def test_random_bytes(cluster):
    source = random.Random(1)
    for _ in range(200):
        say(cluster, source.randbytes(source.randrange(200)), seconds=0.05)


@pytest.mark.parametrize(
    "changed, code",
    [({"password": "wrong"}, "password authentication failed"), ({"user": "nobody"}, "password authentication failed")],
)
def test_wrong_logins(cluster, changed, code):
    with pytest.raises(psycopg2.OperationalError, match=code):
        psycopg2.connect(dbname="dev", **(cluster.login | changed))


def test_a_database_that_is_none(cluster):
    with pytest.raises(psycopg2.OperationalError, match='database "none" does not exist'):
        psycopg2.connect(dbname="none", **cluster.login)


def test_statements_that_are_too_long(cluster):
    with psycopg2.connect(dbname="dev", **cluster.login) as connection, connection.cursor() as cursor:
        with pytest.raises(psycopg2.Error, match="Statement is too large"):
            cursor.execute("select '" + "x" * (16 << 20) + "'")
        connection.rollback()
        cursor.execute("select 1")


def test_statements_that_are_nonsense(cluster):
    source = random.Random(2)
    words = "select from where ( ) , * 'x' \" $1 $$ -- /* group by join on 1 a b :: = < begin ; create table".split()
    with psycopg2.connect(dbname="dev", **cluster.login) as connection:
        connection.autocommit = True
        for _ in range(300):
            with connection.cursor() as cursor:
                try:
                    cursor.execute(" ".join(source.choices(words, k=source.randrange(1, 20))))
                except psycopg2.Error:
                    pass
            assert connection.closed == 0
            connection.cursor().execute("rollback")


def resident_mib(process):
    with open(f"/proc/{process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs /proc")
def test_idle_connections_cost_little(cluster, tarn):
    def connect():
        return psycopg2.connect(dbname="dev", **cluster.login)

    connect().close()
    before = resident_mib(tarn.process)
    connections = [connect() for _ in range(IDLE)]
    cost = resident_mib(tarn.process) - before
    for connection in connections:
        connection.close()
    assert cost < 50, f"{IDLE} connections cost {cost:.1f} MiB"


def test_thousands_that_say_nothing(cluster):
    sockets = []
    for _ in range(2_500):
        try:
            sockets.append(socket.create_connection((cluster.host, cluster.port), timeout=10))
        except OSError:
            break
    for client in sockets:
        client.close()


def test_a_client_that_goes_in_the_middle(cluster):
    for _ in range(5):
        connection = psycopg2.connect(dbname="dev", async_=0, **cluster.login)
        descriptor = socket.socket(fileno=os.dup(connection.fileno()))
        query = b"with recursive r(n) as (select 1 union all select n + 1 from r where n < 5000000) select n from r\0"
        if not connection.info.ssl_in_use:
            descriptor.sendall(b"Q" + struct.pack("!I", len(query) + 4) + query)
        descriptor.shutdown(socket.SHUT_RDWR)
        descriptor.close()
