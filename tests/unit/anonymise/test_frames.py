"""Any frame can be anonymised, without a contract."""

from __future__ import annotations

from collections import Counter

import polars as pl
import pytest

from etl.anonymise.frames import anonymise_frame
from etl.errors import ContractError, DisclosureRiskError
from tests.unit.validate.tables import CANARY

PEOPLE = pl.LazyFrame({
    "age": [31, 33, 38, None, None, None, 52],
    "illness": ["감기", "골절", "감기", "감기", "골절", "골절", "감기"],
    "name": [CANARY] * 7,
})  # fmt: skip
DECADE = pl.when(pl.col("age").is_not_null()).then(pl.format("{}", pl.col("age") // 10))


def test_only_named_columns_leave_and_missing_values_are_a_group():
    found = anonymise_frame(
        PEOPLE, {"age": [DECADE]}, k=3, suppression=0.2, sensitive={"illness": 2}
    )

    assert found.table.collect_schema().names() == ["age", "illness"]
    assert Counter(found.table.collect()["age"]) == {"3": 3, None: 3}
    assert (found.levels, found.suppressed, found.is_optimal) == ({"age": 1}, 1, True)


def test_what_cannot_be_done_is_refused_without_a_value():
    with pytest.raises(DisclosureRiskError, match="No levels of \\(age\\)") as caught:
        anonymise_frame(PEOPLE, {"age": [DECADE]}, k=3, sensitive={"name": 2})

    assert CANARY not in str(caught.value)


def test_levels_that_are_not_nested_are_refused():
    with pytest.raises(ContractError, match="fall apart"):
        anonymise_frame(PEOPLE, {"age": [DECADE, pl.col("age") % 2]}, k=2)
