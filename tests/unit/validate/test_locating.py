from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from etl.contract.codelists import read_code_set
from etl.validate.casting import cast_rows
from etl.validate.compiling import compile_rules
from etl.validate.locating import locate
from etl.validate.suites import Suite
from tests.unit.validate.tables import contract_of, landed

SCHEMAS = Path(__file__).parents[3] / "schemas"


def failing_rows(contract, rows, label, suites=None, **others) -> list[int]:
    rules = compile_rules(contract, suites or {}, others.get("codelists"))
    references = others.get("references")
    marks = locate(cast_rows(rows, contract), rules, references=references).collect()
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


INTEGERS = [{"name": name, "type": "integer"} for name in ("a", "b", "c")]


@pytest.mark.parametrize(
    ("fields", "rule", "label", "cells", "failing"),
    [
        pytest.param(
            [{"name": "a", "type": "date"}, {"name": "b", "type": "date"}],
            {"compare": ["a", "<=", "b"]},
            "a, b: compare",
            {
                "a": ["2026-01-02", "2026-01-01", "", "x"],
                "b": ["2026-01-01", "2026-01-01", "2026-01-01", "2026-01-01"],
            },
            [2],
            id="an end before its beginning; nothing is said of half a pair",
        ),
        pytest.param(
            INTEGERS,
            {"compare": ["a", "<", "b"]},
            "a, b: compare",
            {"a": ["1", "1", "2"], "b": ["2", "1", "1"], "c": ["", "", ""]},
            [3, 4],
            id="equal is not less",
        ),
        pytest.param(
            [{"name": "a", "type": "integer"}, {"name": "b", "type": "number", "decimals": 3}],
            {"compare": ["a", "=", "b"]},
            "a, b: compare",
            {"a": ["1", "9223372036854775807"], "b": ["1.001", "1"]},
            [2, 3],
            id="numbers of different types, exactly",
        ),
        pytest.param(
            INTEGERS,
            {"sum": {"of": ["a", "b"], "total": "c"}},
            "a, b, c: sum",
            {"a": ["1", "1", "", "9223372036854775807"], "b": ["2", "2", "2", "1"],
             "c": ["3", "4", "5", "-9223372036854775808"]},
            [3, 5],
            id="parts and their total; no wrapping around",
        ),
        pytest.param(
            [{"name": name, "type": "number", "decimals": 1} for name in ("a", "b", "c")],
            {"sum": {"of": ["a", "b"], "total": "c", "within": "0.1"}},
            "a, b, c: sum",
            {"a": ["1.0"] * 4, "b": ["2.0"] * 4, "c": ["3.1", "2.9", "3.2", "2.8"]},
            [4, 5],
            id="a slack to both sides",
        ),
        pytest.param(
            INTEGERS,
            {"unique": ["a", "b"]},
            "a, b: unique",
            {"a": ["1", "1", "1", ""], "b": ["2", "2", "3", ""], "c": ["", "", "", ""]},
            [2, 3],
            id="values together",
        ),
        pytest.param(
            [{"name": "a", "type": "date"}],
            {"recent": {"field": "a", "within": "P1M"}},
            "a: recent",
            {"a": ["2024-03-31", "2024-02-29", "2024-02-28", "", "0001-01-01"]},
            [4, 6],
            id="behind the latest day by the calendar",
        ),
    ],
)  # fmt: skip
def test_a_demand_on_rows_marks_exactly_those_that_break_it(fields, rule, label, cells, failing):
    contract = contract_of(*fields, rules=[rule])

    assert failing_rows(contract, landed(**cells), label) == failing


def test_a_code_is_judged_by_the_day_of_its_row():
    contract = contract_of(
        {"name": "region", "codelist": {"name": "sido", "by": "label"}},
        {"name": "day", "type": "date"},
        reference_date={"field": "day"},
    )
    regions = ["강원도", "강원도", "강원특별자치도", "강원특별자치도", "강원도", "강원", ""]
    days = ["2023-06-10", "2023-06-11", "2023-06-10", "2023-06-11", "", "2023-06-11", "2023-06-11"]

    codelists = {"sido": read_code_set(SCHEMAS, "sido")}
    rows = landed(region=regions, day=days)
    failing = failing_rows(contract, rows, "region: codelist", codelists=codelists)

    assert failing == [3, 4, 7]


def test_a_code_is_judged_at_any_time_where_rows_have_no_day():
    contract = contract_of({"name": "region", "codelist": "sido"})
    codelists = {"sido": read_code_set(SCHEMAS, "sido")}
    rows = landed(region=["42", "51", "99", ""])

    assert failing_rows(contract, rows, "region: codelist", codelists=codelists) == [4]


@pytest.mark.parametrize(
    ("fields", "failing"),
    [
        pytest.param(["a"], [4], id="one field"),
        pytest.param(["a", "b"], [3, 4], id="two fields stand together in one row"),
    ],
)
def test_a_key_that_is_not_in_the_other_dataset_fails(fields, failing):
    other = pl.LazyFrame({"x": ["가", "나", None], "y": [1, 2, 3]})
    target = {"resource": "test-other", "fields": ["x", "y"][: len(fields)]}
    contract = contract_of(
        {"name": "a"},
        {"name": "b", "type": "integer"},
        foreignKeys=[{"fields": fields, "reference": target}],
    )
    rows = landed(a=["가", "가", "다", "", "나"], b=["1", "2", "1", "3", "2"])
    label = f"{', '.join(fields)}: foreignKey"

    assert failing_rows(contract, rows, label, references={"test-other": other}) == failing


def test_a_row_found_twice_in_the_other_dataset_stays_one_row():
    other = pl.LazyFrame({"x": ["가", "가", "가"]})
    target = {"resource": "test-other", "fields": ["x"]}
    contract = contract_of({"name": "a"}, foreignKeys=[{"fields": ["a"], "reference": target}])
    rules = compile_rules(contract, {})

    typed = cast_rows(landed(a=["가", "나"]), contract)
    marks = locate(typed, rules, references={"test-other": other}).collect()

    assert marks["_row"].to_list() == [2, 3]
