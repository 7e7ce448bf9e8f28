"""Nonsense, and sense in absurd sizes: each statement ends, none ends the server, and memory stays bounded."""

import pathlib
import random

import pytest

from athena_client import Athena
from conftest import SLOW

# The engine may hold a quarter of the machine's memory by default; what parsing and binding hold must be far less.
MEMORY_GROWTH_MIB_MAX = 600


def resident_mib(tarn):
    status = pathlib.Path(f"/proc/{tarn.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1]) / 1024


@pytest.fixture(scope="module")
def athena(tarn):
    tarn.client("s3").create_bucket(Bucket="nonsense-results")
    athena = Athena(tarn.client("athena"), "s3://nonsense-results/")
    athena.run("SELECT 1")
    return athena


def nested(opening, inner, closing, depth):
    return opening * depth + inner + closing * depth


RANDOM = random.Random(20261121)
GARBAGE = "".join(chr(RANDOM.randrange(32, 0x2FF)) for _ in range(120_000))
TOKENS = "SELECT FROM WHERE ( ) , . * + - 'a' \"b\" 1 1e9 CASE WHEN THEN END AS JOIN ON [ ] -> ? NULL OVER".split()

STATEMENTS = {
    "parentheses": "SELECT " + nested("(", "1", ")", 10_000),
    "open parentheses": "SELECT " + "(" * 100_000,
    "subqueries": "SELECT * FROM " + nested("(SELECT * FROM ", "(VALUES 1)", ")", 8_000),
    "functions": "SELECT " + nested("abs(", "1", ")", 10_000),
    "arrays": "SELECT " + nested("ARRAY[", "1", "]", 10_000),
    "casts": "SELECT " + nested("CAST(", "1", " AS integer)", 8_000),
    "a type": "SELECT CAST(NULL AS " + nested("array(", "integer", ")", 10_000) + ")",
    "nots": "SELECT " + "NOT " * 50_000 + "true",
    "minuses": "SELECT " + "- " * 100_000 + "1",
    "cases": "SELECT " + nested("CASE WHEN true THEN ", "1", " END", 5_000),
    "a long sum": "SELECT " + " + ".join(["1"] * 60_000),
    "a long conjunction": "SELECT 1 WHERE " + " AND ".join(["1 = 1"] * 25_000),
    "a long alternation": "SELECT x FROM (VALUES 1) t(x) WHERE " + " OR ".join(f"x = {n}" for n in range(6_000)),
    "a long concatenation": "SELECT " + " || ".join(["'a'"] * 30_000),
    "a giant IN": f"SELECT 1 WHERE 5 IN ({','.join(map(str, range(40_000)))})",
    "many columns": "SELECT " + ",".join(["1"] * 15_000),
    "many unions": " UNION ALL ".join(["SELECT 1"] * 15_000),
    "many joins": "SELECT count(*) FROM (VALUES 1) t0(x)" + "".join(f", (VALUES 1) t{n}(x)" for n in range(1, 5_000)),
    "many WITHs": "WITH " + ", ".join(f"a{n} AS (SELECT 1 x)" for n in range(8_000)) + " SELECT 1",
    "chained WITHs": "WITH a0 AS (SELECT 1 x)"
    + "".join(f", a{n} AS (SELECT p.x FROM a{n - 1} p, a{n - 1} q)" for n in range(1, 60))
    + " SELECT count(*) FROM a59",
    "nested WITHs": nested("WITH a AS (", "SELECT 1", ") SELECT * FROM a", 5_000),
    "a cube": "SELECT count(*) FROM (VALUES 1) t(x) GROUP BY CUBE (" + ",".join(["x"] * 40) + ")",
    "many rollups": "SELECT count(*) FROM (VALUES 1) t(x) GROUP BY " + ",".join(["ROLLUP (x)"] * 40),
    "lambdas": "SELECT " + nested("transform(ARRAY[1], x -> cardinality(", "ARRAY[1]", "))", 3_000),
    "dots": "SELECT " + ".".join(["a"] * 60_000),
    "an unterminated string": "SELECT '" + "a" * 200_000,
    "an unterminated name": 'SELECT "' + "a" * 200_000,
    "an unterminated comment": "SELECT /* " + "a" * 200_000,
    "a long string": "SELECT length('" + "é" * 100_000 + "')",
    "a long number": "SELECT " + "9" * 200_000,
    "a long decimal": "SELECT 1." + "9" * 200_000,
    "a huge exponent": "SELECT 1e999999999",
    "a huge limit": "SELECT 1 LIMIT 99999999999999999999999",
    "a huge offset": "SELECT 1 OFFSET 9223372036854775807",
    "ties past the end": "SELECT x FROM (VALUES 1) t(x) ORDER BY x OFFSET 9223372036854775807 FETCH FIRST 9223372036854775807 ROWS WITH TIES",
    "a huge sequence": "SELECT sequence(1, 9223372036854775807)",
    "a huge repeat": "SELECT repeat(1, 9223372036854775807)",
    "a huge pad": "SELECT length(lpad('x', 2000000000, 'y'))",
    "huge dates": "SELECT date_add('year', 9223372036854775807, date '2026-01-01')",
    "a huge interval": "SELECT date '2026-01-01' + interval '999999999999' year",
    "a year past all": "SELECT date '999999-12-31' + interval '1' day, from_unixtime(1e300)",
    "a huge row count": "SELECT ntile(9223372036854775807) OVER (ORDER BY 1)",
    "endless recursion": "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
    "doubling recursion": "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT a.n FROM t a, t b, t c) SELECT count(*) FROM t",
    "nested recursion": "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n FROM (WITH RECURSIVE u(m) AS "
    "(SELECT 1 UNION ALL SELECT m FROM u) SELECT m n FROM u)) SELECT * FROM t",
    "a catastrophic pattern": "SELECT regexp_like('" + "a" * 5_000 + "!', '(a+)+$')",
    "a broken pattern": "SELECT regexp_like('a', '(((((')",
    "a huge pattern": "SELECT regexp_like('a', 'a{1000}{1000}{1000}')",
    "a deep document": "SELECT json_parse('" + nested("[", "", "]", 60_000) + "')",
    "a format": "SELECT format('%2147483647d', 1)",
    "a bad format": "SELECT format('%999999999999$s %q %', 1)",
    "garbage": GARBAGE,
    "zero bytes": "SELECT 'a\0b', \0",
    "only comments": "-- nothing\n/* at all */",
    "only semicolons": ";;;;",
    "nothing": " ",
    "surrogates": "SELECT U&'\\D800\\DC00', U&'\\+10FFFF', U&'\\+FFFFFF'",
    "DDL columns": "CREATE EXTERNAL TABLE t (" + ", ".join(f"c{n} int" for n in range(15_000)) + ") LOCATION 's3://b/'",
    "a DDL type": "CREATE EXTERNAL TABLE t (c " + nested("array<", "int", ">", 10_000) + ") LOCATION 's3://b/'",
    "an unterminated DDL": "CREATE EXTERNAL TABLE t (a int) TBLPROPERTIES ('a'='" + "x" * 100_000,
    "partitions": "ALTER TABLE t ADD " + " ".join(f"PARTITION (a='{n}')" for n in range(8_000)),
    "nested EXPLAINs": "EXPLAIN " * 20_000 + "SELECT 1",
    "nested PREPAREs": "PREPARE a FROM " * 10_000 + "SELECT 1",
}
if SLOW:
    # Bound until the binder's budget is spent, which takes a debug build a minute.
    STATEMENTS["lambdas that double"] = "SELECT " + nested("reduce(ARRAY[1], 0, (s, x) -> ", "s + x", ", s -> s)", 30)


@pytest.mark.parametrize("name", STATEMENTS)
def test_nonsense_ends(athena, tarn, name):
    before = resident_mib(tarn)
    try:
        query = athena.start(STATEMENTS[name])
    except athena.client.exceptions.InvalidRequestException as refused:
        assert refused.response["Error"]["Message"]
    else:
        status = athena.wait(query, seconds=300)["Status"]
        if status["State"] == "FAILED":
            reason = status["StateChangeReason"]
            assert reason and "Traceback" not in reason and len(reason) < 20_000
            # An error that nobody foresaw is our own mistake.
            assert not reason.startswith("GENERIC_INTERNAL_ERROR: INTERNAL"), reason[:500]
    assert tarn.process.poll() is None
    assert resident_mib(tarn) - before < MEMORY_GROWTH_MIB_MAX
    assert athena.query("SELECT 42") == [["42"]]


def test_token_soup(athena, tarn):
    for _ in range(300):
        text = " ".join(RANDOM.choice(TOKENS) for _ in range(RANDOM.randrange(1, 30)))
        try:
            athena.wait(athena.start("SELECT " + text))
        except athena.client.exceptions.InvalidRequestException:
            pass
    assert tarn.process.poll() is None
    assert athena.query("SELECT 42") == [["42"]]


def test_too_long_a_statement(athena):
    with pytest.raises(athena.client.exceptions.InvalidRequestException):
        athena.start("SELECT '" + "x" * 1_000_000 + "'")


def test_more_queries_than_may_wait(athena, tarn):
    """A crowd is told to come back; those that were taken all end."""
    taken, refused = [], 0
    for _ in range(300):
        try:
            taken.append(athena.start("SELECT count(*) FROM UNNEST(sequence(1, 10000)) a(x), UNNEST(sequence(1, 50)) b(y)"))
        except athena.client.exceptions.TooManyRequestsException:
            refused += 1
    for query in taken:
        assert athena.wait(query)["Status"]["State"] == "SUCCEEDED"
    assert athena.query("SELECT 42") == [["42"]]
