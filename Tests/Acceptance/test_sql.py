"""Tests/SQL through Athena's front door: every record of every file, or the first few of each in the fast suite."""

import pytest

from athena_client import Athena
from conftest import ROOT, SLOW

FILES = sorted((ROOT / "Tests" / "SQL" / "trino").glob("*.slt"))
FAST_RECORDS = 8
AT_ONCE = 40


def records(path):
    """(line number, whether it fails, SQL, expected lines) of each record."""
    found, block, start = [], [], 0
    for number, line in enumerate([*path.read_text().split("\n"), ""], 1):
        if line.startswith("#"):
            continue
        if line:
            start = start if block else number
            block.append(line)
            continue
        if block:
            head, *rest = block
            assert head in ("query", "query error"), f"{path.name}:{start}: {head}"
            cut = rest.index("----")
            found.append((start, head == "query error", "\n".join(rest[:cut]), rest[cut + 1 :]))
        block = []
    return found


def shown(row):
    return "\t".join("NULL" if cell is None else cell or "(empty)" for cell in row)


@pytest.fixture(scope="module")
def athena(tarn):
    tarn.client("s3").create_bucket(Bucket="sql-results")
    return Athena(tarn.client("athena"), "s3://sql-results/")


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_file(athena, path):
    all_records = records(path)
    chosen = all_records if SLOW else all_records[:FAST_RECORDS]
    wrong = []
    for first in range(0, len(chosen), AT_ONCE):
        batch = chosen[first : first + AT_ONCE]
        started = []
        for _, _, sql, _ in batch:
            try:
                started.append(athena.start(sql))
            except athena.client.exceptions.InvalidRequestException as refused:
                started.append(refused)
        for (line, fails, sql, expected), query in zip(batch, started):
            if isinstance(query, str):
                status = athena.wait(query)["Status"]
                reason = status.get("StateChangeReason")
                actual = [shown(row) for row in athena.rows(query)[1:]] if status["State"] == "SUCCEEDED" else None
            else:
                actual, reason = None, query.response["Error"]["Message"]
            if fails:
                right = actual is None and "\n".join(expected) in reason
            else:
                right = actual == expected
            if not right:
                wrong.append(f"{path.name}:{line}\n  {sql}\n  wants {expected}\n  gave  {str(actual if reason is None else reason)[:1000]}")
    assert not wrong, f"{len(wrong)} of {len(chosen)}\n" + "\n".join(wrong)
