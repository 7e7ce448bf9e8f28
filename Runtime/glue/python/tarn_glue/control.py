"""The server's control endpoint of this run: bookmarks, progress and data quality. Spark's driver sends the commits."""

import json
import os
import urllib.error
import urllib.request

TIMEOUT_SECONDS = 600
PROGRESS_TIMEOUT_SECONDS = 2


class ControlError(Exception):
    """The server refused: `status` is HTTP's, `code` and `message` are what it said."""

    def __init__(self, status, code, message):
        super().__init__(message or f"the server answered {status}")
        self.status = status
        self.code = code


class Control:
    """Calls of one run. Nothing is tried twice: what was cut off may have happened."""

    def __init__(self, address, token):
        self.address = address.rstrip("/")
        self.token = token

    @classmethod
    def current(cls):
        """The endpoint of this process's run, or None under plain Spark."""
        address = os.environ.get("TARN_GLUE_CONTROL")
        return cls(address, os.environ.get("TARN_GLUE_TOKEN", "")) if address else None

    def call(self, method, path, body=None, timeout=TIMEOUT_SECONDS):
        """Sends a question and gives its answer; raises `ControlError` on a refusal, `OSError` without an answer."""
        request = urllib.request.Request(
            self.address + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"x-tarn-run-token": self.token, "content-type": "application/json"},
        )
        # No proxy stands between a process and its own machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=timeout) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise _refusal(error) from None
        return json.loads(text) if text.strip() else {}

    def bookmark(self):
        return self.call("GET", "/bookmark")

    def put_bookmark(self, state, version):
        return self.call("PUT", "/bookmark", {"JobBookmark": state, "Version": version})

    def reading(self):
        """Tells that the run has read what its bookmark does not cover: what it publishes from here on is taken back
        should the run end before the bookmark moves."""
        return self.call("PUT", "/reading", {})

    def progress(self, **what):
        """Tells how far the run is. What cannot be told is lost: progress must never fail a job."""
        try:
            self.call("POST", "/progress", what, timeout=PROGRESS_TIMEOUT_SECONDS)
        except (ControlError, OSError):
            pass

    def data_quality(self, **question):
        return self.call("POST", "/data-quality", question)


def _refusal(error):
    text = error.read().decode(errors="replace")
    try:
        told = json.loads(text)
    except ValueError:
        told = {}
    if not isinstance(told, dict):
        told = {}
    code = told.get("__type") or told.get("code") or told.get("Code") or ""
    message = told.get("message") or told.get("Message") or text or error.reason
    return ControlError(error.code, code, message)
