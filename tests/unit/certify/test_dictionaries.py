"""A value that no cell has any more is found in the dictionary of any column."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from etl.certify.dictionaries import count_unused_entries

TWO_RUNS, ONE_RUN = bytes([1, 16, 0, 16, 1]), bytes([1, 16, 0, 16, 0])
PAIRS = [
    pytest.param(pa.int64(), [1, 777], id="whole numbers"),
    pytest.param(pa.date32(), [date(2020, 1, 1), date(1999, 12, 31)], id="days"),
    pytest.param(
        pa.timestamp("us", "UTC"),
        [datetime(2020, 1, 1, tzinfo=UTC), datetime(1999, 1, 1, tzinfo=UTC)], id="moments",
    ),
    pytest.param(pa.time64("us"), [time(1, 2), time(3, 4)], id="times"),
    pytest.param(pa.string(), ["가", "홍길동"], id="text"),
]  # fmt: skip


def write(folder: Path, kind: pa.DataType, values: list[object], compression: str) -> Path:
    cells = pa.array([values[0]] * 8 + [values[1]] * 8, kind)
    table = pa.table([cells], schema=pa.schema([pa.field("q", kind, nullable=False)]))
    pq.write_table(table, folder / "q.parquet", compression=compression, write_statistics=False)
    return folder / "q.parquet"


@pytest.mark.parametrize("compression", ["none", "zstd", "snappy"])
@pytest.mark.parametrize(("kind", "values"), PAIRS)
def test_entries_that_cells_use_are_none(tmp_path, kind, values, compression):
    assert count_unused_entries(write(tmp_path, kind, values, compression)) == 0


@pytest.mark.parametrize(("kind", "values"), PAIRS)
def test_an_entry_that_no_cell_uses_is_counted(tmp_path, kind, values):
    file = write(tmp_path, kind, values, "none")
    content = file.read_bytes()
    assert content.count(TWO_RUNS) == 1, "the page is laid out otherwise: this would prove nothing"
    file.write_bytes(content.replace(TWO_RUNS, ONE_RUN))
    assert pq.read_table(file)["q"].unique().to_pylist() == values[:1]

    assert count_unused_entries(file) == 1


def test_what_we_write_has_no_such_entry(tmp_path):
    rows = 70_000
    table = pl.DataFrame({
        "whole": [n % 5 for n in range(rows)],
        "day": pl.Series([n % 3 for n in range(rows)]).cast(pl.Date),
        "amount": pl.Series([Decimal(n % 7) / 4 for n in range(rows)], dtype=pl.Decimal(18, 2)),
        "is": [n % 2 == 0 for n in range(rows)],
        "text": [None if n % 11 == 0 else str(n % 13) for n in range(rows)],
        "long": [n if n % 9 else None for n in range(rows)],
    })  # fmt: skip
    table.lazy().sink_parquet(tmp_path / "t.parquet", compression="zstd", row_group_size=32_768)

    assert count_unused_entries(tmp_path / "t.parquet") == 0
