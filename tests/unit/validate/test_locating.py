from __future__ import annotations

import polars as pl
import pytest

from etl.validate.casting import cast_rows
from etl.validate.compiling import compile_rules
from etl.validate.locating import locate
from etl.validate.suites import Suite
from tests.unit.validate.tables import contract_of, landed


def failing_rows(contract, rows, label, suites=None) -> list[int]:
    rules = compile_rules(contract, suites or {})
    marks = locate(cast_rows(rows, contract), rules).collect()
    assert marks[label].null_count() == 0
    return marks.filter(pl.col(label))["_row"].to_list()


@pytest.mark.parametrize(
    ("field", "rule", "cells", "failing"),
    [
        pytest.param({}, "required", ["가", "", " "], [3, 4], id="blank cells are missing"),
        pytest.param(
            {"type": "integer"}, "required", ["x", "", "1"], [3], id="an unreadable cell is there"
        ),
        pytest.param(
            {"type": "integer"}, "type", ["x", "", "1"], [2], id="an empty cell is no fault"
        ),
        pytest.param(
            {"constraints": {"unique": True}},
            "unique",
            ["가", "나", " 가", "", "", "다"],
            [2, 4],
            id="every member of a repeated value, nulls aside",
        ),
        pytest.param(
            {"type": "integer", "constraints": {"unique": True}},
            "unique",
            ["1", "01", "x", "x"],
            [2, 3],
            id="values collide, not spellings; the unreadable collide with nobody",
        ),
        pytest.param(
            {"type": "integer", "constraints": {"minimum": 0}},
            "minimum",
            ["-1", "0", "", "x"],
            [2],
            id="a bound belongs to the range",
        ),
        pytest.param(
            {"type": "number", "decimals": 2, "constraints": {"maximum": "0.1"}},
            "maximum",
            ["0.1", "0.11", "0.10"],
            [3],
            id="decimals are compared exactly",
        ),
        pytest.param(
            {"type": "date", "constraints": {"minimum": "2000-01-01"}},
            "minimum",
            ["1999-12-31", "2000-01-01", "0001-01-01"],
            [2, 4],
            id="days",
        ),
        pytest.param(
            {"type": "datetime", "constraints": {"minimum": "2000-01-01 00:00"}},
            "minimum",
            ["1999-12-31T15:00:00Z", "1999-12-31T14:59:59Z"],
            [3],
            id="moments, in the contract's zone",
        ),
        pytest.param(
            {"type": "time", "constraints": {"maximum": "18:00"}},
            "maximum",
            ["18:00", "18:00:01"],
            [3],
            id="times",
        ),
        pytest.param(
            {"type": "yearmonth", "constraints": {"maximum": "2026-05"}},
            "maximum",
            ["2026-05", "2026-06"],
            [3],
            id="months",
        ),
        pytest.param(
            {"constraints": {"maxLength": 2}}, "maxLength", ["가나", "가나다"], [3], id="characters"
        ),
        pytest.param(
            {"constraints": {"minLength": 2}}, "minLength", ["가", "가나", ""], [2], id="too short"
        ),
        pytest.param(
            {"constraints": {"pattern": "[가-힣]+"}},
            "pattern",
            ["가나", "가a", "", "㉮"],
            [3, 5],
            id="the whole text must fit",
        ),
        pytest.param(
            {"constraints": {"enum": ["공영", "민영"]}},
            "enum",
            ["공영", " 민영", "공영민영", ""],
            [4],
            id="one of a list",
        ),
        pytest.param(
            {"type": "number", "decimals": 1, "constraints": {"enum": ["1.5", "2"]}},
            "enum",
            ["1.50", "2.0", "2.5"],
            [4],
            id="decimals of a list",
        ),
        pytest.param(
            {"type": "date", "constraints": {"enum": ["2026-11-01"]}},
            "enum",
            ["2026-11-01", "2026-11-02"],
            [3],
            id="days of a list",
        ),
    ],
)
def test_exactly_the_failing_rows_are_marked(field, rule, cells, failing):
    limits = {"required": True} | field.get("constraints", {})
    contract = contract_of({"name": "cell"} | field | {"constraints": limits})

    assert failing_rows(contract, landed(cell=cells), f"cell: {rule}") == failing


def test_all_members_of_a_repeated_key_fail_and_a_missing_part_repeats_nothing():
    contract = contract_of({"name": "a"}, {"name": "b", "type": "integer"}, primaryKey=["a", "b"])
    rows = landed(a=["가", "가", "가", "나", "", ""], b=["1", "1", "2", "1", "1", "1"])

    assert failing_rows(contract, rows, "a, b: primaryKey") == [2, 3]
    assert failing_rows(contract, rows, "a: required") == [6, 7]


@pytest.mark.parametrize(
    ("kind", "kwargs", "rule", "failing"),
    [
        pytest.param("to_not_match_regex", {"regex": "나$"}, "notPattern", [3], id="unwanted form"),
        pytest.param(
            "to_not_be_in_set", {"value_set": ["다"]}, "notEnum", [4], id="unwanted value"
        ),
        pytest.param(
            "to_match_regex", {"regex": "나"}, "pattern", [2, 4], id="anywhere in the text"
        ),
    ],
)
def test_shared_suites_may_also_say_what_is_unwanted(kind, kwargs, rule, failing):
    contract = contract_of({"name": "cell"}, expectations=["shared"])
    expectation = {"type": f"expect_column_values_{kind}", "kwargs": {"column": "cell"} | kwargs}
    suite = Suite.model_validate({"name": "shared", "expectations": [expectation]})
    rows = landed(cell=["가", "가나", "다", ""])

    assert failing_rows(contract, rows, f"cell: shared.{rule}", {"shared": suite}) == failing
