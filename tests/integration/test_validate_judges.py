"""Great Expectations and `locate` must count alike, whatever a table holds."""

from __future__ import annotations

import logging
import subprocess
import sys
import traceback
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.contract.codelists import Code, CodeSet, read_code_sets
from etl.contract.loading import load_contracts
from etl.contract.origins import Origin
from etl.errors import DefectError
from etl.validate import judged_frame, locating
from etl.validate.casting import cast_rows
from etl.validate.checking import check_table
from etl.validate.compiling import compile_rules
from etl.validate.judging import judge
from etl.validate.locating import locate
from etl.validate.reading import read_suites
from etl.validate.rules import Check
from etl.validate.suites import Suite
from tests.unit.validate.tables import CANARY, contract_of, landed

ROOT = Path(__file__).parents[2]

CONTRACT = contract_of(
    {
        "name": "text",
        "constraints": {
            "required": True,
            "unique": True,
            "minLength": 2,
            "maxLength": 4,
            "pattern": r"[가-힣\d①. \n]+",
            "enum": ["가나", "공영", "12", "가 나"],
        },
    },
    {
        "name": "whole",
        "type": "integer",
        "constraints": {
            "unique": True,
            "minimum": -1,
            "maximum": 999_999_999_999_999,
            "enum": [1, 2],
        },
    },
    {"name": "year", "type": "year", "constraints": {"required": True, "minimum": 2000}},
    {
        "name": "number",
        "type": "number",
        "decimals": 8,
        "constraints": {
            "unique": True,
            "minimum": "0.1",
            "maximum": "132",
            "enum": ["0.1", "36.5"],
        },
    },
    {"name": "number_2", "type": "number", "decimals": 2},
    {"name": "flag", "type": "boolean", "constraints": {"required": True, "unique": True}},
    {
        "name": "day",
        "type": "date",
        "constraints": {"unique": True, "minimum": "1900-01-01", "enum": ["2024-02-29"]},
    },
    {
        "name": "moment",
        "type": "datetime",
        "constraints": {
            "unique": True,
            "minimum": "1999-12-31 09:00",
            "maximum": "9999-01-01T00:00Z",
        },
    },
    {"name": "clock", "type": "time", "constraints": {"maximum": "18:00", "enum": ["09:00"]}},
    {"name": "month", "type": "yearmonth", "constraints": {"unique": True, "maximum": "2026-05"}},
    {"name": "region", "codelist": "regions"},
    primaryKey=["whole", "number"],
    foreignKeys=[
        {"fields": ["region"], "reference": {"resource": "test-other", "fields": ["name"]}},
        {
            "fields": ["whole", "region"],
            "reference": {"resource": "test-other", "fields": ["n", "name"]},
        },
    ],
    reference_date={"field": "day"},
    missingValues=["-"],
    rules=[
        {"compare": ["whole", "<=", "number"]},
        {"compare": ["number", "<", "year"]},
        {"compare": ["text", "=", "region"]},
        {"sum": {"of": ["whole", "number"], "total": "number_2", "within": "0.5"}},
        {"recent": {"field": "day", "within": "P2Y"}},
        {"unique": ["region", "flag"], "share": "10%"},
    ],
    expectations=["shared"],
)
CODES = {
    "regions": CodeSet(
        "regions",
        (
            Code(code="가나", label="가나", valid_to=date(2023, 12, 31), others={}),
            Code(code="강원", label="강원", valid_from=date(2024, 1, 1), others={}),
        ),
        "0" * 64,
        Origin.model_validate(
            {"title": {"ko": "시험"}, "source": "시험", "licence": "cc0", "issued": "2026-01-01"}
        ),
    )
}
REFERENCES = {
    "test-other": pl.LazyFrame(
        {"name": ["가나", "강원", None], "n": [1, None, 2]},
        schema={"name": pl.String, "n": pl.Int64},
    )
}


def _expect(kind: str, severity: str = "warning", **kwargs: object) -> dict[str, object]:
    return {"type": f"expect_{kind}", "kwargs": kwargs, "severity": severity}


SUITES = {
    "shared": Suite.model_validate(
        {
            "name": "shared",
            "expectations": [
                _expect("column_values_to_not_be_null", column="day"),
                _expect("column_values_to_be_unique", column="clock"),
                _expect(
                    "column_values_to_be_between", column="number", min_value=0.5, max_value=38
                ),
                _expect(
                    "column_value_lengths_to_be_between", column="text", min_value=1, max_value=3
                ),
                _expect("column_values_to_match_regex", column="text", regex="나"),
                _expect("column_values_to_not_match_regex", column="text", regex=r"^\d|a$"),
                _expect("column_values_to_be_in_set", column="month", value_set=["2026-01"]),
                _expect("column_values_to_not_be_in_set", column="text", value_set=["공영"]),
                _expect("column_values_to_not_be_in_set", column="clock", value_set=["23:59"]),
                _expect(
                    "compound_columns_to_be_unique",
                    column_list=["text", "flag", "day"],
                    ignore_row_if="any_value_is_missing",
                ),
            ],
        }
    )
}
RULES = compile_rules(CONTRACT, SUITES, CODES)

ODD = ["", " ", "-", "x", "１２", "null", "NaN", "\0", "24:00", "한\r\n글"]
CELLS = {
    "text": ["가나", "가 나", "공영", "12", "a", "①", "가\n나", "\u1100\u1161", "뷁뷁뷁뷁뷁", "𠮷"],
    "whole": ["1", "+1", "01", "2", "-2", "9007199254740993", "-9223372036854775808"],
    "year": ["1999", "2000", "0001", "9999"],
    "number": ["0.1", ".10", "0.09999999", "36.5", "9999999999.99999999", "-9999999999.99999999"],
    "number_2": ["1.1", "2", "36.5", "-1", "9999999999.99"],
    "flag": ["Y", "n", "TRUE", "0"],
    "day": ["2024-02-29", "2023-02-29", "0001-01-01", "9999-12-31", "1899-12-31"],
    "moment": [
        "1999-12-31T00:00:00Z",
        "1999-12-31T08:59:59.999999",
        "0001-01-02T00:00",
        "9999-12-31T14:59:59.999999Z",
        "2024-05-01 09:00",
    ],
    "clock": ["09:00", "09:00:00", "18:00:01", "23:59"],
    "month": ["2026-01", "2026-06", "0001-01", "2026-13"],
    "region": ["가나", "강원", "12", "공영"],
}


@st.composite
def tables(draw: st.DrawFn) -> pl.LazyFrame:
    rows = draw(st.integers(1, 30))
    return landed(
        **{
            name: draw(
                st.lists(st.sampled_from(cells + ODD), min_size=rows, max_size=rows), label=name
            )
            for name, cells in CELLS.items()
        }
    )


def located(typed: pl.LazyFrame) -> dict[str, int]:
    marks = locate(typed, RULES, references=REFERENCES).collect()
    return {rule.label: int(marks[rule.label].sum()) for rule in RULES}


@settings(max_examples=20, deadline=None)
@given(tables())
def test_both_judges_count_alike_for_every_rule(rows):
    typed = cast_rows(rows, CONTRACT)

    assert judge(typed, RULES, CONTRACT, REFERENCES) == located(typed)


def test_the_vocabulary_is_compared_whole_and_every_rule_can_fail():
    every = landed(**{name: (cells + ODD) * 3 for name, cells in _padded().items()})
    counts = located(cast_rows(every, CONTRACT))

    assert {type(rule.check) for rule in RULES} == set(Check.__args__)
    assert all(counts.values()), [label for label, count in counts.items() if not count]


def _padded() -> dict[str, list[str]]:
    longest = max(map(len, CELLS.values()))
    return {name: (cells * longest)[:longest] for name, cells in CELLS.items()}


def test_a_table_without_any_value_is_judged_too():
    rows = landed(**{name: ["", "-"] for name in CELLS})
    typed = cast_rows(rows, CONTRACT)

    assert judge(typed, RULES, CONTRACT, REFERENCES) == located(typed)


def test_a_judged_table_names_its_judge_and_is_told_apart_as_by_locate_alone():
    rows = landed(**{name: (cells + ODD) * 2 for name, cells in _padded().items()})

    others = {"codelists": CODES, "references": REFERENCES}
    judged = check_table(rows, CONTRACT, SUITES, gx_max_rows=10_000, **others)
    alone = check_table(rows, CONTRACT, SUITES, gx_max_rows=1, **others)

    assert (judged.judged_by, alone.judged_by) == ("great_expectations", "locate")
    assert judged.counts == alone.counts
    assert judged.issues.collect().equals(alone.issues.collect())


@pytest.mark.parametrize(
    ("function", "broken", "complaint"),
    [
        pytest.param(
            "_is_outside",
            lambda value, least, most: pl.lit(value=False),
            r"counts 2 failing rows for n: minimum, locate counts 0",
            id="a bound that nobody checks",
        ),
        pytest.param(
            "_repeated_values",
            lambda typed, fields: pl.DataFrame({"n": [7]}),
            r"counts 2 failing rows for n: unique, locate counts 1",
            id="other values are taken for repeated",
        ),
    ],
)
def test_a_rule_broken_in_locate_stops_the_run_as_a_defect(
    monkeypatch, function, broken, complaint
):
    contract = contract_of(
        {"name": "n", "type": "integer", "constraints": {"unique": True, "minimum": 5}}
    )
    monkeypatch.setattr(locating, function, broken)

    with pytest.raises(DefectError, match=complaint) as caught:
        check_table(landed(n=["4", "4", "7"]), contract, {}, gx_max_rows=10)

    assert caught.value.exit_code == 70


@pytest.mark.parametrize("kind", Check.__args__, ids=lambda kind: kind.__name__)
def test_whichever_rule_is_broken_in_locate_the_run_stops(monkeypatch, kind):
    honest = locating._fails
    monkeypatch.setattr(
        locating,
        "_fails",
        lambda rule, scales: (
            pl.lit(value=False) if isinstance(rule.check, kind) else honest(rule, scales)
        ),
    )
    rows = landed(**{name: (cells + ODD) * 3 for name, cells in _padded().items()})

    with pytest.raises(DefectError, match=r"locate counts 0"):
        check_table(rows, CONTRACT, SUITES, 10_000, codelists=CODES, references=REFERENCES)


def test_a_failing_value_is_in_no_log_and_on_no_stream(caplog, capfd):
    caplog.set_level(logging.DEBUG)
    rows = landed(**{name: [CANARY, CANARY, cells[0]] for name, cells in CELLS.items()})

    checked = check_table(
        rows, CONTRACT, SUITES, gx_max_rows=10, codelists=CODES, references=REFERENCES
    )

    assert checked.counts
    assert CANARY not in caplog.text
    assert CANARY not in "".join(capfd.readouterr())
    assert CANARY not in repr(checked.counts)


def test_a_judge_that_breaks_on_a_value_does_not_quote_it(monkeypatch, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    contract = contract_of({"name": "n", "type": "integer", "constraints": {"minimum": 5}})
    monkeypatch.setattr(judged_frame, "_coded", lambda field: pl.lit(CANARY).alias(field.name))

    with pytest.raises(DefectError, match="could not judge n: minimum") as caught:
        check_table(landed(n=["4"]), contract, {}, gx_max_rows=10)

    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert CANARY not in caplog.text
    assert CANARY not in "".join(capfd.readouterr())


def test_every_contract_of_the_repository_can_be_judged():
    suites = read_suites(ROOT / "expectations")
    contracts, _ = load_contracts(ROOT / "schemas")

    assert contracts, "no contract found: this test would prove nothing"
    for contract in contracts:
        rows = landed(**{field.name: [CANARY, ""] for field in contract.fields})
        codes = read_code_sets(ROOT / "schemas", contract.codelists)
        alone = contract.model_copy(update={"foreign_keys": ()})
        checked = check_table(rows, alone, suites, gx_max_rows=10, codelists=codes)
        assert checked.judged_by == "great_expectations"


def test_great_expectations_waits_for_the_step():
    script = (
        "import sys, etl.validate.checking, etl.validate.reporting;"
        "sys.exit(any(name in sys.modules for name in ('great_expectations', 'pandas')))"
    )

    assert subprocess.run([sys.executable, "-c", script], check=False, cwd=ROOT).returncode == 0
