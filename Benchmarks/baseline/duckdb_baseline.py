"""DuckDB by itself, as the measure for what runs in Tarn: a statement a line in, its milliseconds a line out.

Each input line is a JSON string with SQL; each output line is a JSON object with `milliseconds` and `rows`, or with
`error`. Results are fetched whole, as the client of a query would.
"""

import json
import sys
import time

import duckdb

connection = duckdb.connect()
connection.execute(f"SET threads = {int(sys.argv[1])}")
for line in sys.stdin:
    began = time.perf_counter()
    try:
        rows = len(connection.execute(json.loads(line)).fetchall())
        answer = {"milliseconds": (time.perf_counter() - began) * 1000, "rows": rows}
    except duckdb.Error as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
