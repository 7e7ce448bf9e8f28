"""A small stand-in for the server's control endpoint: what a run may ask, over a real S3."""

import http.server
import json
import threading

TOKEN = "token-of-the-run"


class ControlEndpoint:
    """Keeps a job's bookmark and carries out commits with boto3; everything that was asked is in `asked`."""

    def __init__(self, s3):
        self.s3 = s3
        self.asked = []
        self.bookmark = ""
        self.version = 0
        self.option = "job-bookmark-enable"
        self.until = None  # a state: where a paused run is to stop
        self.refuse_commits = None  # (status, body) that commits get
        self.results = {}
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                length = int(self.headers.get("content-length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                path = self.path.rsplit("/", 1)[-1]
                if self.headers.get("x-tarn-run-token") != TOKEN:
                    return self.reply(401, {"message": "no such run"})
                endpoint.asked.append((self.command, path, body))
                self.reply(*endpoint.answer(self.command, path, body))

            def reply(self, status, body):
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_PUT = do_POST = answer

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/_tarn/glue/runs/jr_1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def calls(self, path):
        return [body for _, asked, body in self.asked if asked == path]

    def answer(self, method, path, body):
        if (method, path) == ("GET", "bookmark"):
            told = {"JobBookmark": self.bookmark, "Version": self.version, "Run": 1, "Attempt": 0}
            return 200, told | {"Option": self.option} | ({"To": self.until} if self.until else {})
        if (method, path) == ("PUT", "bookmark"):
            return self.move_bookmark(body)
        if (method, path) == ("PUT", "reading"):
            return 200, {}
        if (method, path) == ("POST", "commit"):
            return self.commit(body)
        if (method, path) == ("POST", "data-quality"):
            return 200, self.results
        if (method, path) == ("POST", "progress"):
            return 200, {}
        return 404, {"message": "no such call"}

    def move_bookmark(self, body):
        if body["Version"] != self.version:
            return 409, {"message": "the bookmark was moved"}
        self.bookmark, self.version = body["JobBookmark"], self.version + 1
        return 200, {"Version": self.version}

    def commit(self, body):
        if self.refuse_commits:
            return self.refuse_commits
        sources = {move["from"] for move in body["moves"]}
        for prefix in body["deletePrefixes"]:
            bucket, key = split(prefix)
            for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key):
                for item in page.get("Contents", ()):
                    if f"s3://{bucket}/{item['Key']}" not in sources:
                        self.s3.delete_object(Bucket=bucket, Key=item["Key"])
        for address in body["deletes"]:
            bucket, key = split(address)
            self.s3.delete_object(Bucket=bucket, Key=key)
        for move in body["moves"]:
            bucket, key = split(move["from"])
            to_bucket, to_key = split(move["to"])
            self.s3.copy_object(Bucket=to_bucket, Key=to_key, CopySource={"Bucket": bucket, "Key": key})
            self.s3.delete_object(Bucket=bucket, Key=key)
        return 200, {}


def split(address):
    bucket, _, key = address.removeprefix("s3://").partition("/")
    return bucket, key
