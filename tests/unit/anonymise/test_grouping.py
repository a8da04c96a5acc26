"""No group below the minimum remains, nulls being values, whatever the order of rows."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.anonymise.grouping import (
    ROWS,
    Mapped,
    count_combinations,
    keep_safe_groups,
    keys_of,
    label_combinations,
    place_columns,
    publish_rows,
    repeat_rows,
    sort_by_values,
)
from tests.unit.validate.tables import CANARY

WARDS = st.lists(st.tuples(st.sampled_from([None, "북", "남", ""]), st.sampled_from([None, 1, 2])))


def keep_large_groups(table: pl.LazyFrame, names: list[str], minimum: int) -> pl.LazyFrame:
    counted = table.group_by(pl.all()).len(ROWS)
    return repeat_rows(keep_safe_groups(counted, names, minimum))


def permits(ward: list[str | None], age: list[int | None] | None = None) -> pl.LazyFrame:
    columns = {"ward": pl.Series(ward, dtype=pl.String)}
    return pl.LazyFrame(columns | ({} if age is None else {"age": pl.Series(age, dtype=pl.Int64)}))


@pytest.mark.parametrize(
    ("ward", "kept"),
    [
        pytest.param(["north"] * 3, 3, id="group at the minimum is kept"),
        pytest.param(["north"] * 2, 0, id="group below the minimum goes"),
        pytest.param([None] * 3, 3, id="missing values are a group"),
        pytest.param([None] * 2, 0, id="a small one of missing values goes too"),
        pytest.param(["north"] * 3 + [None], 3, id="a lone missing value is not pooled"),
        pytest.param(["*", None, "*"], 0, id="a star is not a missing value"),
        pytest.param([], 0, id="an empty table stays empty"),
    ],
)
def test_only_groups_of_the_minimum_size_remain(ward, kept):
    assert keep_large_groups(permits(ward), ["ward"], minimum=3).collect().height == kept


@given(rows=WARDS, minimum=st.integers(2, 5))
def test_exactly_the_rows_of_large_groups_remain(rows, minimum):
    table = permits([ward for ward, _ in rows], [age for _, age in rows])

    kept = keep_large_groups(table, ["ward", "age"], minimum).collect().rows()

    sizes = Counter(rows)
    assert Counter(kept) == Counter(row for row in rows if sizes[row] >= minimum)


def test_a_key_space_beyond_32_bits_hides_no_group():
    digits = {f"q{n}": [f"{row >> n & 1}" * 40 for row in range(64)] for n in range(6)}
    table = pl.LazyFrame(digits | {"q6": range(64)})

    assert keep_large_groups(table, [*digits, "q6"], minimum=2).collect().height == 0
    assert keep_large_groups(table, list(digits)[:5], minimum=2).collect().height == 64


@pytest.mark.parametrize("name", ["주민등록번호(외국인등록번호)", "a b", 'say "at"', "__row", "at"])
def test_odd_names_of_columns_change_nothing(name):
    table = pl.LazyFrame({name: ["x", "x", None]})

    assert keep_large_groups(table, [name], minimum=2).collect()[name].to_list() == ["x", "x"]


@given(rows=WARDS, seed=st.integers(0, 9))
def test_the_order_tells_nothing_about_the_source(rows, seed):
    shuffled = random.Random(seed).sample(rows, len(rows))

    def ordered(some):
        return sort_by_values(permits([w for w, _ in some], [a for _, a in some])).collect().rows()

    assert ordered(rows) == ordered(shuffled)
    assert Counter(ordered(rows)) == Counter(rows)


@pytest.mark.parametrize(
    ("listed", "met"),
    [
        pytest.param(["a", "b"], ["a", CANARY], id="a text that is on no list"),
        pytest.param([1, 5], [1, 9], id="a number above all"),
        pytest.param([1, 5], [0, 1], id="a number below all"),
        pytest.param([1, 5], [1, None], id="a missing value that was none of them"),
        pytest.param([Decimal("1.5")], [Decimal("1.6")], id="a decimal"),
    ],
)
def test_a_value_that_was_not_counted_stops_everything_and_is_not_quoted(listed, met):
    values = pl.Series("ward", listed)
    mapped = Mapped("ward", values, pl.int_range(len(listed), dtype=pl.UInt32, eager=True), values)
    table = pl.LazyFrame([pl.Series("ward", met, dtype=values.dtype)])

    with pytest.raises(pl.exceptions.PolarsError) as caught:
        count_combinations(table, place_columns([mapped])).collect(engine="streaming")

    assert CANARY not in str(caught.value)


@given(
    columns=st.lists(
        st.lists(st.sampled_from([None, -3, 0, 2**40, 7]), min_size=4, max_size=4),
        min_size=1, max_size=6,
    ),
    kind=st.sampled_from([pl.Int64, pl.String, pl.Float64]),
)  # fmt: skip
def test_packed_numbers_tell_combinations_apart_as_columns_do(columns, kind):
    table = pl.DataFrame([pl.Series(f"q{i}", c).cast(kind) for i, c in enumerate(columns)])
    values = [table[name].unique().sort() for name in table.columns]
    mapped = [
        Mapped(v.name, v, pl.int_range(len(v), dtype=pl.UInt32, eager=True), v) for v in values
    ]
    places = place_columns(mapped)

    counted = count_combinations(table.lazy(), places)

    published = publish_rows(label_combinations(counted, places, table.columns)).collect()
    assert published.rows() == table.sort(table.columns, nulls_last=False).rows()


def test_more_columns_than_a_key_holds_take_another():
    values = pl.int_range(1 << 16, eager=True).alias("q")
    numbers = values.cast(pl.UInt32)
    mapped = [Mapped(f"q{i}", values, numbers, values) for i in range(9)]

    places = place_columns(mapped)

    assert [place.shift for place in places] == [0, 16, 32] * 3
    assert len(keys_of(places)) == 3
