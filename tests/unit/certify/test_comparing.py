"""Two published tables are compared by counts alone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from etl.certify.comparing import ColumnChange, compare_tables
from etl.certify.measuring import verifier


@pytest.fixture
def compare(tmp_path):
    def compare_two(after: dict, before: dict, key=("id",), *, counts_distinct=True):
        for name, table in (("after", after), ("before", before)):
            pl.DataFrame(table).write_parquet(tmp_path / name)
        with verifier(tmp_path) as connection:
            return compare_tables(
                connection, tmp_path / "after", tmp_path / "before", "20261101-1", key,
                counts_distinct=counts_distinct,
            )  # fmt: skip

    return compare_two


def test_rows_keys_nulls_distinct_values_and_values_outside_are_counted(compare):
    before = {"id": ["가", "나", "다"], "n": [1, 5, None], "day": [date(2026, 1, 1)] * 3}
    after = {"id": ["나", "라"], "n": [None, 6], "day": [date(2025, 12, 31), date(2026, 1, 1)]}

    found = compare(after, before)

    assert (found.rows, found.rows_before, found.removed_keys) == (2, 3, 2)
    assert found.columns == (
        ColumnChange(name="id", nulls=0, nulls_before=0, distinct=2, distinct_before=3, outside=0),
        ColumnChange(name="n", nulls=1, nulls_before=1, distinct=1, distinct_before=2, outside=1),
        ColumnChange(name="day", nulls=0, nulls_before=0, distinct=2, distinct_before=1, outside=1),
    )


@pytest.mark.parametrize(
    ("after", "before", "outside"),
    [
        pytest.param({"n": [9]}, {"m": [1]}, 0, id="a new column has no range"),
        pytest.param({"n": [Decimal("9.5")]}, {"n": [1]}, 0, id="nor has one of another type"),
        pytest.param({"n": ["힣"]}, {"n": ["가"]}, 0, id="nor has text"),
        pytest.param({"n": [9]}, {"n": pl.Series([], dtype=pl.Int64)}, 0, id="nor an empty table"),
        pytest.param({"n": [0, 9]}, {"n": [1, 8]}, 2, id="below and above"),
    ],
)
def test_only_ordered_values_of_the_same_type_lie_outside(compare, after, before, outside):
    assert compare(after, before, key=()).columns[0].outside == outside


def test_a_key_that_is_not_in_both_tables_is_not_compared(compare):
    assert compare({"id": [1]}, {"old": [1]}).removed_keys is None
    assert compare({"id": [1]}, {"id": [1]}, key=()).removed_keys is None


def test_a_missing_part_of_a_key_is_a_value_too(compare):
    before = {"id": [1, None], "part": ["가", "나"]}

    assert (
        compare({"id": [1, None], "part": ["가", "나"]}, before, ("id", "part")).removed_keys == 0
    )
    assert compare({"id": [1], "part": ["가"]}, before, ("id", "part")).removed_keys == 1


def test_different_values_are_counted_only_where_somebody_asks(compare):
    [column] = compare({"id": [1, None]}, {"id": [1]}, counts_distinct=False).columns

    assert (column.distinct, column.distinct_before) == (None, None)
    assert (column.nulls, column.nulls_before) == (1, 0)
