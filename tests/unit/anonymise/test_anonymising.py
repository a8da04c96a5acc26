"""The public table keeps to k, and is refused where too much had to go."""

from __future__ import annotations

import random
import traceback
from typing import Any

import polars as pl
import pytest

from etl.anonymise.anonymising import anonymise_table, anonymise_tiers
from etl.convert.writing import write_parquet
from etl.errors import DisclosureRiskError
from tests.unit.validate.tables import CANARY, contract_of

CONTRACT = contract_of(
    {"name": "name", "role": "direct-identifier"},
    {
        "name": "age",
        "type": "integer",
        "role": "quasi-identifier",
        "generalise": {"band": 10},
    },
    {"name": "ward", "role": "quasi-identifier"},
    {"name": "illness", "role": "sensitive"},
    privacy={
        "unit": "person",
        "unit_key": "none",
        "k": 2,
        "suppression": "25%",
        "l_diversity": {"illness": 1},
    },
)
OPEN = contract_of({"name": "name"})


def people(*rows: tuple[object, ...]) -> pl.LazyFrame:
    schema = {"name": pl.String, "age": pl.Int64, "ward": pl.String, "illness": pl.String}
    return pl.LazyFrame(rows, schema, orient="row")


def test_groups_are_counted_over_what_is_published_and_not_over_sensitive_values():
    table = people(
        (CANARY, 31, "북", "감기"),
        ("b", 39, "북", "골절"),
        ("c", 31, "남", "감기"),
        ("d", None, "북", "감기"),
    )

    rows = anonymise_table(table, CONTRACT).collect()

    assert rows.rows() == [("30-39", "북", "감기"), ("30-39", "북", "골절")]
    assert rows.columns == ["age", "ward", "illness"]


def test_without_a_person_nothing_is_suppressed():
    assert anonymise_table(pl.LazyFrame({"name": ["b", "a"]}), OPEN).collect().rows() == [
        ("a",),
        ("b",),
    ]


def test_suppression_at_the_limit_passes():
    table = people(*[("a", 31, "북", "감기")] * 3, ("b", 31, "남", "감기"))

    made = anonymise_tiers(table, CONTRACT)

    assert made.plans["public"].suppressed == 1
    assert made.tables["public"].collect().height == 3


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([(31, "북")] * 2 + [(31, "남")], id="above the limit"),
        pytest.param([(31, "북")], id="nobody remains"),
    ],
)
def test_much_suppression_is_refused_and_the_costliest_field_is_named(rows):
    table = people(*[(CANARY, age, ward, "감기") for age, ward in rows])

    with pytest.raises(
        DisclosureRiskError, match=r"test-yard: .*k = 2 over \(age.*Leaving"
    ) as caught:
        anonymise_tiers(table, CONTRACT)

    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_a_missing_column_is_told_without_a_value():
    with pytest.raises(pl.exceptions.ColumnNotFoundError) as caught:
        anonymise_table(pl.LazyFrame({"name": [CANARY]}), CONTRACT).collect()

    assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_same_bytes_for_shuffled_rows_and_by_either_engine(tmp_path, engine, seed):
    rows = [("n", 20 + n % 37, ("북", "남", None)[n % 3], f"병{n % 4}") for n in range(2_000)]
    shuffled = random.Random(seed).sample(rows, len(rows)) if seed else rows

    def written(some: list[tuple[object, ...]], by: Any) -> bytes:
        table = anonymise_tiers(people(*some), CONTRACT).tables["public"].collect(engine=by)
        write_parquet(table.lazy(), CONTRACT, tmp_path / "data.parquet")
        return (tmp_path / "data.parquet").read_bytes()

    assert written(shuffled, engine) == written(rows, "in-memory")
