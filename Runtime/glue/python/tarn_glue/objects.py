"""Objects of S3 sources: listing, exclusions, deletion."""

import collections
import functools
import json
import os
import re

Item = collections.namedtuple("Item", "bucket key size modified etag")
DELETED_AT_ONCE_MAX = 1000


def address(item):
    return f"s3://{item.bucket}/{item.key}"


@functools.cache
def client(service, region=None):
    """A client of the job's own credentials, against the endpoint that the environment names."""
    import botocore.session
    from botocore.config import Config

    options = {"s3": {"addressing_style": "path"}} if service == "s3" else {}
    return botocore.session.get_session().create_client(
        service,
        region_name=region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"),
        config=Config(retries={"max_attempts": 5, "mode": "standard"}, **options),
    )


def split(path):
    """Bucket and key (or prefix) of a path; raises `ValueError` when it is none in S3."""
    match = re.fullmatch(r"s3[an]?://([^/]+)/?(.*)", path, re.DOTALL)
    if not match:
        raise ValueError(f"{path} is no path in S3")
    return match.group(1), match.group(2)


GLOB_SIGNS = re.compile(r"[*?\[{]")


def has_glob(path):
    """Whether a path means several: `s3://bucket/logs/2024-*/`."""
    return GLOB_SIGNS.search(path) is not None


def listed(path, recursive=True, exclusions=()):
    """The objects that a source's path means, in the order of their keys.

    A path is an object, a folder, or a glob of either. Folders' markers, empty objects, and what Hadoop hides (a name
    or a folder below the path that begins with `_` or `.`) are left out.
    """
    bucket, prefix = split(path)
    patterns = [glob_expression(pattern) for pattern in exclusions]
    if prefix and not prefix.endswith("/"):
        whole = [item for item in _pages(bucket, prefix, "/") if item.key == prefix and item.size]
        if whole:
            return [item for item in whole if not _excluded(item, prefix, patterns)]
    wanted = None
    if has_glob(prefix):
        below = "/.*" if recursive else "/[^/]*"
        wanted = re.compile(f"(?:{glob_expression(prefix.rstrip('/')).pattern})(?:{below})?", re.DOTALL)
        prefix = prefix[: GLOB_SIGNS.search(prefix).start()].rpartition("/")[0]
        prefix += "/" if prefix else ""
    elif prefix and not prefix.endswith("/"):
        prefix += "/"
    found = []
    for item in _pages(bucket, prefix, None if recursive or wanted else "/"):
        below = item.key[len(prefix) :]
        hidden = any(part.startswith(("_", ".")) for part in below.split("/"))
        if not item.size or not below or hidden or _excluded(item, prefix, patterns):
            continue
        if wanted is None or wanted.fullmatch(item.key):
            found.append(item)
    return found


def _pages(bucket, prefix, delimiter):
    options = {"Bucket": bucket, "Prefix": prefix} | ({"Delimiter": delimiter} if delimiter else {})
    for page in client("s3").get_paginator("list_objects_v2").paginate(**options):
        for told in page.get("Contents", ()):
            yield Item(
                bucket,
                told["Key"],
                told["Size"],
                int(told["LastModified"].timestamp() * 1000),
                told.get("ETag", "").strip('"'),
            )


def exclusions_of(option):
    """The patterns of a source's `exclusions`: a JSON list, or a list."""
    if not option:
        return []
    patterns = json.loads(option) if isinstance(option, str) else list(option)
    if not isinstance(patterns, list) or not all(isinstance(pattern, str) for pattern in patterns):
        raise ValueError("exclusions is a JSON list of glob patterns")
    return patterns


def _excluded(item, prefix, patterns):
    names = (address(item), item.key, item.key[len(prefix) :] or item.key)
    return any(pattern.fullmatch(name) for pattern in patterns for name in names)


def glob_expression(pattern):
    """A glob as Glue takes it: `*` within a folder, `**` across folders, `?`, `[…]`, `{a,b}`, `\\` before a sign."""
    out, at, depth = "", 0, 0
    while at < len(pattern):
        sign = pattern[at]
        if pattern.startswith("**", at):
            out += ".*"
            at += 1
        elif sign == "*":
            out += "[^/]*"
        elif sign == "?":
            out += "[^/]"
        elif sign == "[":
            end = pattern.find("]", at + 1)
            if end < 0:
                out += re.escape(sign)
            else:
                inside = pattern[at + 1 : end].replace("\\", "\\\\").replace("!", "^", 1)
                out += f"[{inside}]"
                at = end
        elif sign == "{":
            out += "(?:"
            depth += 1
        elif sign == "}" and depth:
            out += ")"
            depth -= 1
        elif sign == "," and depth:
            out += "|"
        elif sign == "\\" and at + 1 < len(pattern):
            at += 1
            out += re.escape(pattern[at])
        else:
            out += re.escape(sign)
        at += 1
    return re.compile(out + ")" * depth, re.DOTALL)


def delete(items):
    """Deletes objects; raises when S3 refuses one."""
    by_bucket = collections.defaultdict(list)
    for item in items:
        by_bucket[item.bucket].append({"Key": item.key})
    for bucket, keys in by_bucket.items():
        for start in range(0, len(keys), DELETED_AT_ONCE_MAX):
            told = client("s3").delete_objects(
                Bucket=bucket, Delete={"Objects": keys[start : start + DELETED_AT_ONCE_MAX], "Quiet": True}
            )
            for error in told.get("Errors", ()):
                raise PermissionError(f"s3://{bucket}/{error.get('Key')}: {error.get('Code')} {error.get('Message')}")
