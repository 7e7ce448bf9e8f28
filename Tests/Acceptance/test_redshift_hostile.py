"""Nonsense at a cluster's endpoint ends a statement or a connection, never the process."""

import hashlib
import os
import random
import socket
import struct
import uuid

import psycopg2
import pytest

from redshift_house import PASSWORD, USER, Cluster

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


# --- messages that are nearly right -------------------------------------------------------------------------------


def message(kind, body=b""):
    return kind + struct.pack("!i", len(body) + 4) + body


def text(*words):
    return b"".join(word + b"\0" for word in words)


def log_in(cluster):
    """A connection that is ready for statements."""
    client = socket.create_connection((cluster.host, cluster.port), timeout=10)
    client.sendall(startup(user=USER, database="dev", client_protocol_version=random.choice("012")))
    head = client.recv(4096)
    assert head[:1] == b"R" and head[8] == 5, head
    inner = hashlib.md5((PASSWORD + USER).encode()).hexdigest()
    digest = hashlib.md5(inner.encode() + head[9:13]).hexdigest()
    client.sendall(message(b"p", text(b"md5" + digest.encode())))
    answer = b""
    while not answer.endswith(b"Z\0\0\0\5I"):
        part = client.recv(65536)
        assert part, answer
        answer += part
    return client


QUERIES = [
    b"select 1", b"select $1::int, $2::varchar", b"begin", b"commit", b"rollback", b"select generate_series(1, 50)",
    b"select * from pg_class where oid = any($1)", b"create temp table if not exists f (a int)", b"", b";",
    b"insert into f values ($1)", b"declare c cursor for select 1", b"fetch 5 from c", b"show tables from schema $1.$2",
    b"select \xff", b"copy f from stdin", b"set search_path to $1", b"select 1; select 2",
]  # fmt: skip
NAMES = [b"", b"", b"s", b"p", b"x" * 300]


def sensible(source):
    """A message as the protocol has it, over names that may be there or not."""
    name = lambda: source.choice(NAMES)  # noqa: E731
    kinds = {
        "parse": lambda: message(
            b"P",
            text(name(), source.choice(QUERIES))
            + struct.pack("!h", count := source.randrange(3))
            + b"".join(struct.pack("!I", source.choice([0, 23, 25, 1043, 1007, 1700, 6551])) for _ in range(count)),
        ),
        "bind": lambda: message(b"B", text(name(), name()) + bind(source)),
        "describe": lambda: message(b"D", source.choice([b"S", b"P"]) + text(name())),
        "execute": lambda: message(b"E", text(name()) + struct.pack("!i", source.choice([0, 1, 7, -1, 2**31 - 1]))),
        "close": lambda: message(b"C", source.choice([b"S", b"P"]) + text(name())),
        "sync": lambda: message(b"S"),
        "flush": lambda: message(b"H"),
        "query": lambda: message(b"Q", text(source.choice(QUERIES))),
        "copy data": lambda: message(source.choice([b"d", b"c", b"f"]), source.randbytes(source.randrange(9)) + b"\0"),
        "function": lambda: message(b"F", source.randbytes(source.randrange(20))),
        "password": lambda: message(b"p", text(b"md5")),
    }
    return source.choice(list(kinds.values()))()


def bind(source):
    formats = [source.randrange(2) for _ in range(source.randrange(3))]
    values = [source.choice([None, b"", b"7", b"{1,2}", source.randbytes(source.randrange(24))]) for _ in range(2)]
    values = values[: source.randrange(3)]
    body = struct.pack(f"!h{len(formats)}h", len(formats), *formats) + struct.pack("!h", len(values))
    for value in values:
        body += struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value
    return body + struct.pack("!hh", 1, source.randrange(3))


def broken(source, data):
    """The message with some of its bytes wrong, gone or doubled; its length may lie."""
    data = bytearray(data)
    for _ in range(source.randrange(1, 4)):
        at = source.randrange(len(data))
        match source.randrange(5):
            case 0:
                data[at] = source.randrange(256)
            case 1:
                del data[at : at + source.randrange(1, 5)]
            case 2:
                data[at:at] = source.randbytes(source.randrange(1, 9))
            case 3:
                data[1:5] = struct.pack("!i", source.choice([-1, 0, 3, 4, 5, 2**31 - 1, source.randrange(100)]))
            case 4:
                data[at : at + 2] = struct.pack("!h", source.choice([-1, 32767, -32768]))
        if not data:
            return b"S\0\0\0\4"
    return bytes(data)


@pytest.mark.parametrize("seed", range(6))
def test_messages_that_are_nearly_right(cluster, tarn, seed):
    source = random.Random(seed)
    for _ in range(25):
        with log_in(cluster) as client:
            client.settimeout(0.1)
            messages = [sensible(source) for _ in range(source.randrange(1, 25))]
            messages = [broken(source, data) if source.random() < 0.15 else data for data in messages]
            try:
                client.sendall(b"".join(messages) + message(b"S"))
                while client.recv(65536):
                    pass
            except OSError:
                pass
        assert tarn.process.poll() is None, f"seed {seed}: {messages}"


def test_well_formed_sequences_are_answered(cluster):
    """After any sequence of whole messages the connection ends with ReadyForQuery at Sync, or with an error."""
    source = random.Random(77)
    for _ in range(60):
        with log_in(cluster) as client:
            client.settimeout(20)
            messages = [sensible(source) for _ in range(source.randrange(1, 12))]
            client.sendall(b"".join(messages) + message(b"S") + message(b"X"))
            answer = b""
            while part := client.recv(65536):
                answer += part
            assert b"Z\0\0\0\5" in answer or b"SFATAL" in answer, messages
