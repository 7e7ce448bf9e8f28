"""What scripts use besides frames: their arguments."""

import argparse
import sys


class GlueArgumentError(Exception):
    """An argument that a script asks for was not given, or not well formed."""


class GlueArgumentParser(argparse.ArgumentParser):
    """Raises where argparse would end the process."""

    def error(self, message):
        raise GlueArgumentError(message)


# AWS keeps these for itself: a script may ask for none of them, and gets them with every answer.
BOOKMARK_OPTION = "--job-bookmark-option"
BOOKMARK_OPTIONS = ("job-bookmark-enable", "job-bookmark-pause", "job-bookmark-disable")
RESERVED = (
    "job-bookmark-option",
    "job-bookmark-from",
    "job-bookmark-to",
    "JOB_ID",
    "JOB_RUN_ID",
    "SECURITY_CONFIGURATION",
    "encryption-type",
    "enable-data-lineage",
)
# Known to every answer, but a script may ask for them as well.
TEMPORARY = ("RedshiftTempDir", "TempDir")


def getResolvedOptions(args, options):
    """The values of a script's arguments.

    `args` is `sys.argv`, `options` are names without the dashes, all of which must be given. The answer is a dictionary
    by name (with `_` for `-`, as argparse names them), which holds the job's own arguments as well: `JOB_ID`,
    `JOB_RUN_ID`, `TempDir`, `job_bookmark_option`, … .

    Raises `GlueArgumentError` for a missing argument and `RuntimeError` for a reserved name.
    """
    reserved = [name for name in options if name in RESERVED or name.replace("_", "-") in RESERVED]
    if reserved:
        raise RuntimeError(f"Using reserved arguments {reserved}")
    parser = GlueArgumentParser()
    parser.add_argument(BOOKMARK_OPTION, choices=BOOKMARK_OPTIONS, required=False)
    for name in RESERVED[1:]:
        parser.add_argument(f"--{name}", required=False)
    for name in TEMPORARY:
        if name not in options:
            parser.add_argument(f"--{name}", required=False)
    for name in options:
        parser.add_argument(f"--{name}", required=True)
    parsed, _ = parser.parse_known_args(args[1:])
    resolved = {name: value for name, value in vars(parsed).items() if value is not None or name in _always()}
    # A job without a bookmark argument has none.
    resolved["job_bookmark_option"] = resolved.get("job_bookmark_option") or "job-bookmark-disable"
    if resolved.get("RedshiftTempDir") is None:
        resolved["RedshiftTempDir"] = resolved.get("TempDir") or ""
    if resolved.get("TempDir") is None:
        resolved["TempDir"] = resolved["RedshiftTempDir"]
    return resolved


def _always():
    return ("job_bookmark_from", "job_bookmark_to", "JOB_ID", "JOB_RUN_ID", "SECURITY_CONFIGURATION", "encryption_type")


def makeOptions(sc, py_obj):
    """Options as Java sees them; kept for scripts that were written against older libraries."""
    return py_obj


def callsite():
    """Where the script is: `file, function, line` of the first frame outside this library."""
    frame = sys._getframe(1)
    while frame is not None and "awsglue" in frame.f_code.co_filename:
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else ""
