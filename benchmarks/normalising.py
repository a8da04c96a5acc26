"""Measure normalising beside Polars' own cast: `python -m benchmarks.normalising [CELLS]`.

Each column has 10 million cells unless told otherwise. `cast` is what Polars does with plain
text and no question asked; it reads none of the other spellings. Prints one table.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

from etl.validate.normalise.dates import read_date
from etl.validate.normalise.numbers import read_integer

CELLS, DISTINCT_DAYS, SEED = 10_000_000, 25_000, 7


def main() -> None:
    """Draw the columns, read each in both ways, and print seconds and ratios."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.normalising", description=__doc__)
    parser.add_argument("cells", nargs="?", type=int, default=CELLS, help=f"({CELLS:,})")
    table = Table("cells of", "cast", "normalised", "ratio", box=None)
    for name, cast, read in _measured(parser.parse_args().cells):
        table.add_row(name, f"{cast:.2f} s", f"{read:.2f} s", f"{read / cast:.1f}")
    Console().print(table)


def _measured(cells: int) -> Iterator[tuple[str, float, float]]:
    rng = np.random.default_rng(SEED)
    plain = pl.Series("text", rng.integers(0, 10**8, cells)).cast(pl.String)
    number, as_integer = pl.col("text").cast(pl.Int64, strict=False), read_integer(pl.col("text"))
    cast = _seconds(plain, number)
    yield "plain numbers", cast, _seconds(plain, as_integer)
    grouped = plain.str.replace_all(r"^([0-9]{2})([0-9]{3})([0-9]{3})$", "${1},${2},${3}")
    yield "numbers, most with separators", cast, _seconds(grouped, as_integer)
    first = np.datetime64("1950-01-01")
    days = pl.Series("text", first + rng.integers(0, DISTINCT_DAYS, cells)).cast(pl.Date)
    iso = days.dt.to_string("%Y-%m-%d")
    day, as_date = pl.col("text").str.to_date("%Y-%m-%d", strict=False), read_date(pl.col("text"))
    cast = _seconds(iso, day)
    yield "days as 2026-11-01", cast, _seconds(iso, as_date)
    yield "days as 2026. 11. 1.", cast, _seconds(days.dt.to_string("%Y. %-m. %-d."), as_date)
    yield "days as 20261101", cast, _seconds(days.dt.to_string("%Y%m%d"), as_date)


def _seconds(cells: pl.Series, read: pl.Expr) -> float:
    begun = time.perf_counter()
    cells.to_frame().lazy().select(read).collect(engine="streaming")
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
