"""What a user would pick instead, each as a process of its own.

    python benchmarks/peers.py simdjson|duckdb|polars|recompress FILE OUT

`simdjson` only parses. `duckdb` and `polars` write what they infer of the lines as Parquet with zstd, and map nothing;
both have two threads. `recompress` lets DuckDB write a Parquet file anew with zstd. The first version's way is in
`yardstick.py`, the crate otlp2records in `otlp2records/`.
"""

from __future__ import annotations

import os
import sys

THREADS = 2


def simdjson(path: str, _out: str) -> None:
    import simdjson

    parser = simdjson.Parser()
    with open(path, "rb") as file:
        for line in file:
            parser.parse(line)


def duckdb_copy(source: str, out: str) -> None:
    import duckdb

    with duckdb.connect(config={"threads": THREADS}) as connection:
        connection.execute("SET preserve_insertion_order = true")
        connection.execute(f"COPY (SELECT * FROM {source}) TO '{out}' (FORMAT parquet, COMPRESSION zstd)")


def duckdb(path: str, out: str) -> None:
    duckdb_copy(f"read_json('{path}', format = 'newline_delimited')", out)


def recompress(path: str, out: str) -> None:
    duckdb_copy(f"read_parquet('{path}')", out)


def polars(path: str, out: str) -> None:
    os.environ["POLARS_MAX_THREADS"] = str(THREADS)
    import polars

    polars.scan_ndjson(path, infer_schema_length=1000).sink_parquet(out, compression="zstd")


PEERS = {"simdjson": simdjson, "duckdb": duckdb, "polars": polars, "recompress": recompress}

if __name__ == "__main__":
    PEERS[sys.argv[1]](*sys.argv[2:])
