"""The peer: DuckDB copies the same content from CSV to Parquet, and does nothing else.

`python -m benchmarks.bare_copy FROM TO` prints seconds and peak memory.
"""

from __future__ import annotations

import json
import sys
import time

import duckdb

from etl.ledger import memory


def main(source: str, target: str) -> None:
    """Copy every cell as text; the few ragged lines are left out, as nobody keeps them here."""
    memory.reset_peak()
    begun = time.perf_counter()
    duckdb.sql(
        f"COPY (SELECT * FROM read_csv('{source}', all_varchar = true, ignore_errors = true))"
        f" TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
    )
    seconds = time.perf_counter() - begun
    print(json.dumps({"seconds": seconds, "peak_bytes": memory.peak_bytes()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
