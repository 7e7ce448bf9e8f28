"""A real server for real clients.

`tarn` is one server for the whole run, on a port of its own; tests keep apart by names of their own.
`fresh_tarn` starts servers that a test may stop, kill and start again over the same data folder.
"""

import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import time
import uuid

import boto3
import pytest
from botocore.config import Config

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("TARN_BINARY", ROOT / ".build" / os.environ.get("TARN_CONFIGURATION", "release") / "tarn"))
SLOW = os.environ.get("TARN_SLOW") == "1"
READY_SECONDS_MAX = 60


class Tarn:
    """A running server and the clients that speak to it."""

    def __init__(self, data, *arguments, port=0):
        self.data = data
        self.arguments = arguments
        self.port = port
        self.process = None
        self.start()

    def start(self):
        command = [str(BINARY), "serve", "--data", str(self.data), "--port", str(self.port), *self.arguments]
        self.log = open(f"{self.data}.log", "ab")
        # Lambda's functions run on this interpreter, which has boto3.
        path = f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self.log, text=True,
            # Where Glue's jobs find Spark, wherever the program under test lies.
            env=os.environ | {"PATH": path, "TARN_ROOT": str(ROOT)},
        )
        self.endpoint = self._ready_line()["endpoint"]
        self.port = int(self.endpoint.rsplit(":", 1)[1])
        return self

    def _ready_line(self):
        readable, _, _ = select.select([self.process.stdout], [], [], READY_SECONDS_MAX)
        line = self.process.stdout.readline() if readable else ""
        if not line.startswith("ready "):
            self.process.kill()
            raise RuntimeError(f"the server did not start: {line!r}\n{self.log_text()[-4000:]}")
        return json.loads(line.removeprefix("ready "))

    def log_text(self):
        return pathlib.Path(f"{self.data}.log").read_text(errors="replace")

    def stop(self):
        """Stops gracefully, as a service manager would."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)
        return self.process.returncode

    def kill(self):
        """Ends the process at once, as a power cut would."""
        self.process.kill()
        self.process.wait()

    @property
    def environment(self):
        return os.environ | {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}",
        }

    def client(self, service, key="test", secret="test", token=None, region="us-east-1", **config):
        options = {"retries": {"max_attempts": 0}, "parameter_validation": True} | config
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=region,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(**options),
        )

    def cli(self, *arguments, check=True):
        """Runs the AWS CLI and gives what it printed."""
        done = subprocess.run(["aws", *arguments], env=self.environment, capture_output=True, text=True)
        if check and done.returncode != 0:
            raise AssertionError(f"aws {' '.join(arguments)}: {done.stderr}")
        return done.stdout if check else done


@pytest.fixture(scope="session")
def tarn(tmp_path_factory):
    server = Tarn(tmp_path_factory.mktemp("tarn") / "data")
    yield server
    alive = server.process.poll() is None
    server.stop()
    assert alive, f"the server died during the tests:\n{server.log_text()[-4000:]}"


@pytest.fixture
def fresh_tarn(tmp_path):
    """Call it to start a server over a data folder of the test's own: `fresh_tarn("--option", …)`."""
    started = []

    def start(*arguments, data="data"):
        server = Tarn(tmp_path / data, *arguments)
        started.append(server)
        return server

    yield start
    for server in started:
        if server.process.poll() is None:
            server.kill()


@pytest.fixture
def unique():
    """A name that no other test uses: lower case, fit for buckets, streams and tables."""
    return lambda prefix="t": f"{prefix}-{uuid.uuid4().hex[:12]}"


def wait_until(condition, seconds=60, every=0.05):
    """Asks `condition` until it gives something true, and gives that; for what happens on the server's own time."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(every)


def pytest_collection_modifyitems(items):
    """Marks what `known_failures.txt` lists, so that a run tells new failures from known ones."""
    lines = (pathlib.Path(__file__).parent / "known_failures.txt").read_text().splitlines()
    known = dict(line.split("  # ") for line in lines if line and not line.startswith("#"))
    for item in items:
        name = f"{item.path.name}::{item.originalname}"
        if name in known:
            item.add_marker(pytest.mark.xfail(reason=known[name], strict=False))
