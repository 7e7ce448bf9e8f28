"""Modules that jobs bring along: from an index of the house, as wheels and archives in S3."""

import functools
import http.server
import io
import threading
import zipfile

import pytest
from glue_house import house, needs_spark  # noqa: F401

pytestmark = needs_spark


def wheel(name, version, source):
    """A wheel of one module."""
    packed = io.BytesIO()
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{name}.py", source)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return f"{name}-{version}-py3-none-any.whl", packed.getvalue()


@pytest.fixture
def index(tmp_path):
    """A package index (PEP 503) with two versions of `shared_rules`."""
    folder = tmp_path / "simple" / "shared-rules"
    folder.mkdir(parents=True)
    for version in ("1.0", "2.0"):
        name, body = wheel("shared_rules", version, f"VERSION = {version!r}\n")
        (folder / name).write_bytes(body)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=tmp_path))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/simple"
    server.shutdown()
    server.server_close()


def test_modules_of_an_index_and_of_s3(house, index):
    put = functools.partial(house.s3.put_object, Bucket=house.bucket)
    name, body = wheel("own_rules", "0.1", "NAME = 'own'\n")
    put(Key=f"lib/{name}", Body=body)
    put(Key="lib/helper.py", Body=b"def helped():\n    return 'helped'\n")
    job = house.job(
        "modules",
        "import shared_rules, own_rules, helper\n"
        "assert (shared_rules.VERSION, own_rules.NAME, helper.helped()) == ('1.0', 'own', 'helped')\n",
        DefaultArguments={
            "--additional-python-modules": f"shared_rules==1.0,s3://{house.bucket}/lib/{name}",
            "--python-modules-installer-option": f"--index-url {index}",
            "--extra-py-files": f"s3://{house.bucket}/lib/helper.py",
        },
    )
    ended = house.run(job)
    assert ended["JobRunState"] == "SUCCEEDED", ended
    # What the index has not is told, and the script does not run.
    ended = house.run(job, Arguments={"--additional-python-modules": "shared_rules==3.0"})
    assert ended["JobRunState"] == "FAILED", ended
    assert "Python Module Installer failed" in ended["ErrorMessage"] and "shared_rules==3.0" in ended["ErrorMessage"]


def test_modules_of_a_list_in_s3(house, index):
    house.s3.put_object(Bucket=house.bucket, Key="lib/requirements.txt", Body=b"shared_rules>=1.5\n")
    ended = house.run(house.job(
        "listed", "import shared_rules\nassert shared_rules.VERSION == '2.0'\n",
        DefaultArguments={
            "--additional-python-modules": f"s3://{house.bucket}/lib/requirements.txt",
            "--python-modules-installer-option": f"--index-url {index} -r",
        },
    ))
    assert ended["JobRunState"] == "SUCCEEDED", ended
