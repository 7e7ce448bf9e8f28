"""How a run ended, in AWS's words: `result.json` for the server."""

import json
import os
import re
import traceback

MESSAGE_CHARACTERS_MAX = 2000
# Categories of Glue's job observability (`glue.error.CATEGORY`), by the exception's class and then by its text.
CATEGORIES_BY_CLASS = {
    "GlueArgumentError": "INVALID_ARGUMENT_ERROR",
    "IllegalArgumentException": "INVALID_ARGUMENT_ERROR",
    "ImportError": "IMPORT_ERROR",
    "ModuleNotFoundError": "IMPORT_ERROR",
    "SyntaxError": "SYNTAX_ERROR",
    "IndentationError": "SYNTAX_ERROR",
    "TabError": "SYNTAX_ERROR",
    "AnalysisException": "QUERY_ERROR",
    "ParseException": "QUERY_ERROR",
    "SystemExit": "SYSTEM_EXIT_ERROR",
    "MemoryError": "OUT_OF_MEMORY_ERROR",
    "LaunchError": "LAUNCH_ERROR",
}
CATEGORIES_BY_TEXT = [
    ("AccessDenied", "PERMISSION_ERROR"),
    ("java.lang.OutOfMemoryError", "OUT_OF_MEMORY_ERROR"),
    ("No space left on device", "DISK_NO_SPACE_ERROR"),
    ("NoSuchBucket", "RESOURCE_NOT_FOUND_ERROR"),
    ("NoSuchKey", "RESOURCE_NOT_FOUND_ERROR"),
    ("EntityNotFoundException", "RESOURCE_NOT_FOUND_ERROR"),
    ("AlreadyExistsException", "RESOURCES_ALREADY_EXISTS_ERROR"),
    ("ThrottlingException", "THROTTLING_ERROR"),
    ("SlowDown", "THROTTLING_ERROR"),
    ("Connection refused", "CONNECTION_ERROR"),
    ("UnsupportedOperationException", "UNSUPPORTED_OPERATION_ERROR"),
]


class LaunchError(Exception):
    """What a run needs could not be brought: its script, its libraries."""


def category(error):
    """AWS's category of an exception."""
    if isinstance(error, NotImplementedError):
        return "UNSUPPORTED_OPERATION_ERROR"
    named = CATEGORIES_BY_CLASS.get(type(error).__name__)
    if named:
        return named
    text = str(error)
    return next((found for mark, found in CATEGORIES_BY_TEXT if mark in text), "UNCLASSIFIED_ERROR")


def last_line(error):
    """`NameError: name 'x' is not defined`: the exception as Python's traceback ends with it, on one line."""
    if isinstance(error, SystemExit):
        return f"SystemExit: {error.code}"
    text = str(error).strip()
    if isinstance(error, SyntaxError):
        text = f"{error.msg} ({os.path.basename(error.filename or '?')}, line {error.lineno})"
    match = re.search(r"An error occurred while calling \S+?\.\n?:? ?(.+)", text)
    if match and type(error).__name__ == "Py4JJavaError":
        # Java's own message stands behind py4j's sentence, before a stack of calls; a task's failure quotes Python.
        inner = [line for line in text.splitlines() if re.match(r"^[A-Za-z_.]+(Error|Exception|Exit): ", line.strip())]
        text = " ".join(text.splitlines()[:2]) + (f" {inner[-1].strip()}" if inner else "")
    else:
        text = " ".join(line.strip() for line in text.splitlines() if line.strip())
    text = text[:MESSAGE_CHARACTERS_MAX]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def failed_line(error, script):
    """The line of the script where the exception passed through last, or None."""
    if isinstance(error, SyntaxError) and error.filename == script:
        return error.lineno
    lines = [number for frame, number in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == script]
    return lines[-1] if lines else None


def of(error, script, uses_spark):
    """The result of a script that ended with `error` (None: it ran to its end)."""
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return {"state": "SUCCEEDED"}
    line = failed_line(error, script)
    message = last_line(error)
    if uses_spark:
        parts = [f"Error Category: {category(error)}"]
        if line is not None:
            parts.append(f"Failed Line Number: {line}")
        message = "; ".join(parts + [message])
    result = {"state": "FAILED", "error": message, "category": category(error)}
    if line is not None:
        result["line"] = line
    return result


def write(folder, result):
    """Puts the result where the server looks for it, whole or not at all."""
    path = os.path.join(folder, "result.json")
    with open(path + ".new", "w") as out:
        json.dump(result, out)
        out.flush()
        os.fsync(out.fileno())
    os.replace(path + ".new", path)
