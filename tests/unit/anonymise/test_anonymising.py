"""The public table keeps to k, and is refused where too much had to go."""

from __future__ import annotations

import traceback

import polars as pl
import pytest

from etl.anonymise.anonymising import anonymise_table, require_suppression
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
    privacy={"unit": "person", "unit_key": "none", "k": 2, "suppression": "25%"},
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


@pytest.mark.parametrize(
    ("accepted", "remaining"),
    [
        pytest.param(4, 3, id="suppression at the limit passes"),
        pytest.param(4, 4, id="nothing suppressed passes"),
    ],
)
def test_little_suppression_passes(accepted, remaining):
    require_suppression(CONTRACT, accepted, remaining)


@pytest.mark.parametrize(
    ("accepted", "remaining"),
    [
        pytest.param(100, 74, id="above the limit"),
        pytest.param(1, 0, id="nobody remains"),
        pytest.param(0, 0, id="nobody was there"),
    ],
)
def test_much_suppression_is_refused(accepted, remaining):
    with pytest.raises(DisclosureRiskError, match=r"test-yard: .*below k = 2 over \(age, ward\)"):
        require_suppression(CONTRACT, accepted, remaining)


def test_without_a_limit_nothing_is_asked():
    require_suppression(OPEN, accepted=0, published=0)


def test_a_missing_column_is_told_without_a_value():
    with pytest.raises(pl.exceptions.ColumnNotFoundError) as caught:
        anonymise_table(pl.LazyFrame({"name": [CANARY]}), CONTRACT).collect()

    assert CANARY not in "".join(traceback.format_exception(caught.value))
