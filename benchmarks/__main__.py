"""Measure what the platform costs: `python -m benchmarks [--rows N]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import child
from benchmarks.measuring import (
    Line,
    measure_anonymising,
    measure_beside_peers,
    measure_parsing,
    measure_pollution,
    measure_reading,
    measure_texts,
    measure_validating,
    measure_whole_way,
    measure_workbooks,
)

ROWS, PEOPLE, PEERS, JUDGED = 1_000_000, 1_000_000, 100_000, 2_000_000
CONTRACTS, DAGS = 1_000, 300
MEGABYTES = [50, 200]
COLUMNS = ("count", "seconds", "per second", "peak memory", "ratio")
CAPTION = """\
Ratios: to the bare copy; to Polars; to calamine; to Great Expectations; to three seconds; to all
DAGs. Steps are read from the ledger; here they share one process, in Airflow each has its own."""
NARROWEST = 100


def main() -> int:
    """Run every measurement and print one table; ratios hold within this run only."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help=f"rows about people ({ROWS:,})")
    parser.add_argument("--people", type=int, default=PEOPLE, help=f"in the register ({PEOPLE:,})")
    parser.add_argument("--judged", type=int, default=JUDGED, help=f"by two judges ({JUDGED:,})")
    parser.add_argument("--peers", type=int, default=PEERS, help=f"beside anjana ({PEERS:,})")
    parser.add_argument("--contracts", type=int, default=CONTRACTS, help=f"({CONTRACTS:,})")
    parser.add_argument("--dags", type=int, default=DAGS, help=f"contracts with DAGs ({DAGS})")
    parser.add_argument(
        "--megabytes", type=int, nargs="+", default=MEGABYTES, help=f"of text to read {MEGABYTES}"
    )
    given = parser.parse_args()
    progress = Console(stderr=True)
    table = Table(box=None, caption=CAPTION, caption_justify="left")
    table.add_column("measured", no_wrap=True)
    for column in COLUMNS:
        table.add_column(column, justify="right")
    with tempfile.TemporaryDirectory(prefix="madang-bench-") as folder:
        try:
            for line in _measure(Path(folder), given, progress):
                table.add_row(*_cells(line))
        except child.FailedError as error:
            print(error, file=sys.stderr)
            return 70
    Console(width=max(NARROWEST, Console().width)).print(table)
    return 0


def _measure(folder: Path, given: argparse.Namespace, progress: Console) -> Iterator[Line]:
    progress.print(f"the whole way of {given.rows:,} rows …", style="dim")
    yield from measure_whole_way(folder, given.rows)
    progress.print(f"reading text of {given.megabytes} MB …", style="dim")
    yield from measure_texts(folder, given.megabytes)
    progress.print("reading a workbook …", style="dim")
    yield from measure_workbooks(folder)
    progress.print(f"anonymising {given.people:,} people …", style="dim")
    yield from measure_anonymising(folder, given.people)
    progress.print(f"judging {given.judged:,} rows twice …", style="dim")
    yield from measure_validating(folder, given.judged)
    progress.print(f"anonymising {given.peers:,} people beside anjana, pycanon …", style="dim")
    yield from measure_beside_peers(folder, given.peers)
    progress.print(f"reading {given.contracts:,} contracts …", style="dim")
    yield from measure_reading(folder, given.contracts)
    progress.print(f"parsing DAGs of {given.dags:,} contracts …", style="dim")
    yield from measure_parsing(folder, given.dags)
    progress.print("reading polluted files …", style="dim")
    yield from measure_pollution()


def _cells(line: Line) -> tuple[str, ...]:
    return (
        line.what,
        f"{line.count:,}",
        f"{line.seconds:.2f}",
        f"{line.count / line.seconds:,.0f}" if line.seconds else "",
        f"{line.peak_bytes / 1e6:,.0f} MB" if line.peak_bytes else "",
        line.ratio,
    )


if __name__ == "__main__":
    sys.exit(main())
