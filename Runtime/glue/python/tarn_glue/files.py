"""Brings a run's script, libraries and files out of S3 into its folder, with the rights of the job's role."""

import os
import pathlib
import shlex
import subprocess
import sys

from .outcome import LaunchError

LAST_LINES_OF_PIP = 5


def split(address):
    """The bucket and key of `s3://bucket/key` (also s3a, s3n); raises `LaunchError` when it is no such address."""
    scheme, _, rest = address.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme not in ("s3", "s3a", "s3n") or not bucket or not key:
        raise LaunchError(f"{address} is not an address of an object in S3")
    return bucket, key


def name(address):
    """The last part of an address, which is the file's name here."""
    return address.rstrip("/").rsplit("/", 1)[-1]


class Fetcher:
    """Downloads objects. The client is made when it is first needed: importing boto3 takes a while."""

    def __init__(self):
        self._client = None

    @property
    def client(self):
        if self._client is None:
            import botocore.session

            # botocore by itself: boto3's resources take as long to import as the rest.
            self._client = botocore.session.get_session().create_client(
                "s3", region_name=os.environ.get("AWS_REGION"), config=_path_style()
            )
        return self._client

    def fetch(self, address, folder):
        """Downloads one object into `folder` and gives its path; raises `LaunchError` with S3's own message."""
        import botocore.exceptions

        bucket, key = split(address)
        target = pathlib.Path(folder) / name(address)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            body = self.client.get_object(Bucket=bucket, Key=key)["Body"]
            with open(target, "wb") as out:
                for chunk in body.iter_chunks(1 << 20):
                    out.write(chunk)
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
            raise LaunchError(f"{address} could not be read: {error}") from None
        return target


def _path_style():
    from botocore.config import Config

    return Config(s3={"addressing_style": "path"}, retries={"max_attempts": 3})


def python_files(run):
    """Where the files of `--extra-py-files` will lie."""
    return [run.folder / "python" / name(address) for address in run.list_argument("extra-py-files")]


def python_paths(run):
    """Where a run's own modules will lie; known before anything is fetched, so that workers can be told at once."""
    given = python_files(run)
    archives = [str(path) for path in given if path.suffix != ".py"]
    modules = [str(run.folder / "modules")] if run.argument("additional-python-modules") else []
    return [*([str(run.folder / "python")] if given else []), *archives, *modules]


def bring(run, fetcher):
    """Fetches what the run's arguments name, besides its script and jars."""
    for address in run.list_argument("extra-py-files"):
        fetcher.fetch(address, run.folder / "python")
    for address in run.list_argument("extra-files"):
        fetcher.fetch(address, run.folder)
    modules = run.list_argument("additional-python-modules")
    if modules:
        _install(
            run,
            [str(fetcher.fetch(module, run.folder / "wheels")) if "://" in module else module for module in modules],
        )


def _install(run, modules):
    options = shlex.split(run.argument("python-modules-installer-option") or "")
    command = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--no-input",
        "install",
        "-q",
        "--no-cache-dir",
        "--target",
        str(run.folder / "modules"),
        *options,
        *modules,
    ]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode != 0:
        print(done.stdout, file=sys.stderr)
        last = " ".join(done.stdout.strip().splitlines()[-LAST_LINES_OF_PIP:])
        raise LaunchError(f"Python Module Installer failed: {last}")
