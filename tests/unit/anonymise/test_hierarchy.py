"""A hierarchy is used once it is proven, and a fault is told without a value."""

from __future__ import annotations

import polars as pl
import pytest

from etl.anonymise.anonymising import anonymise_tiers
from etl.anonymise.hierarchy import compile_hierarchy
from etl.contract.hierarchies import CodeList, read_code_list
from etl.errors import ContractError
from tests.unit.validate.tables import CANARY, contract_of


@pytest.mark.parametrize(
    ("levels", "why"),
    [
        pytest.param([[], []], "no value", id="empty"),
        pytest.param([["a", "b"], ["*"]], "not total", id="a level is shorter"),
        pytest.param([["a", "a"], ["*", "*"]], "1 values stand in it twice", id="repeated leaf"),
        pytest.param([["a", "b"], ["x", "y"]], "ends in 2 values", id="two roots"),
        pytest.param(
            [["a", "b", "c"], ["x", "x", "y"], ["p", "q", "q"], ["*"] * 3],
            "1 values of level 1 fall apart",
            id="not nested",
        ),
    ],
)
def test_an_unproven_hierarchy_is_refused(levels, why):
    with pytest.raises(ContractError, match=why):
        compile_hierarchy("ward", levels)


def people(**hierarchy: object):
    return contract_of(
        {"name": "age", "type": "integer", "role": "quasi-identifier", "hierarchy": hierarchy},
        privacy={"unit": "person", "unit_key": "none", "k": 2, "suppression": "0%"},
    )


def test_bands_that_are_not_nested_are_refused():
    contract = people(steps=[{"band": 10}, {"band": 15}], floor=0)

    with pytest.raises(ContractError, match="fall apart"):
        anonymise_tiers(pl.LazyFrame({"age": list(range(60))}), contract)


def test_a_new_category_blocks_and_is_not_quoted():
    contract = contract_of(
        {"name": "job", "role": "quasi-identifier",
         "hierarchy": {"steps": [{"table": "jobs", "column": "group"}], "floor": 1}},
        privacy={"unit": "person", "unit_key": "none", "k": 2, "suppression": "0%"},
    )  # fmt: skip
    jobs = CodeList("jobs", {"job": ("cook", "nurse"), "group": ("food", "care")}, "0" * 64)
    table = pl.LazyFrame({"job": ["cook", "cook", CANARY]})

    with pytest.raises(ContractError, match="1 values have no place") as caught:
        anonymise_tiers(table, contract, {"jobs": jobs})

    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("job,group\ncook\n", "other cells", id="ragged"),
        pytest.param("job,group\ncook,\n", "empty", id="gap"),
        pytest.param("job,group\ncook,a\ncook,b\n", "twice", id="repeated"),
        pytest.param("", "missing, empty", id="empty file"),
    ],
)
def test_a_code_list_with_a_fault_is_refused(tmp_path, text, why):
    file = tmp_path / "jobs.csv"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ContractError, match=why):
        read_code_list(file)


def test_a_missing_value_is_a_value_of_its_own_up_to_the_root():
    contract = people(steps=[{"band": 10}], floor=0)
    table = pl.LazyFrame({"age": [31, 32, 39, None, None]})

    made = anonymise_tiers(table, contract)

    assert made.plans["public"].levels == {"age": 1}
    assert made.tables["public"].collect()["age"].to_list() == [None, None, *["30-39"] * 3]
