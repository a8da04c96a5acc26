from __future__ import annotations

import re

import polars as pl
import pytest

from etl.validate.casting import cast_rows, readable
from etl.validate.checking import check_table
from etl.validate.fault_messages import explain
from etl.validate.faults import REASONS, find_reasons
from tests.unit.validate.tables import contract_of, landed


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        pytest.param("string", "3.09E+11", "excel_damaged", id="an identifier"),
        pytest.param("string", "Nov-23", "excel_damaged", id="an English month"),
        pytest.param("string", "#N/A", "spreadsheet_error", id="a formula"),
        pytest.param("string", "a\0", None, id="NUL"),
        pytest.param("integer", "3.09E+11", "excel_damaged", id="a number of six digits left"),
        pytest.param("integer", "△5", "negative_mark", id="a triangle"),
        pytest.param("integer", "(1,234)", "negative_mark", id="parentheses"),
        pytest.param("integer", "01012345678", "leading_zero", id="a telephone number"),
        pytest.param("integer", "12,00", "grouping", id="commas"),
        pytest.param("integer", "1.5", "decimals", id="a half"),
        pytest.param("integer", "1,200원", "unit_in_cell", id="a unit"),
        pytest.param("integer", "많음", None, id="a word"),
        pytest.param("number", "1.234", "decimals", id="too many places"),
        pytest.param("number", "12.5 km", "unit_in_cell", id="a unit after a blank"),
        pytest.param("number", "02-123-4567", None, id="no number at all"),
        pytest.param("date", "1996.1", "excel_damaged", id="a damaged October"),
        pytest.param("date", "18991230", "excel_damaged", id="a zero as a day"),
        pytest.param("date", "23.Dec", "excel_damaged", id="an English month after a number"),
        pytest.param("date", "1997", "precision", id="a year alone"),
        pytest.param("date", "2010.12.", "precision", id="a month alone"),
        pytest.param("date", "2010-12-05 09:30", "precision", id="a time too"),
        pytest.param("date", "89.06.30", "two_digit_year", id="two digits"),
        pytest.param("date", "2015-09-31", "impossible_date", id="no such day"),
        pytest.param("date", "89.02.30", "impossible_date", id="no such day of two digits"),
        pytest.param("date", "4290-05-01", "other_era", id="단기"),
        pytest.param("date", "민국 112년 5월 1일", "other_era", id="민국"),
        pytest.param("date", "2019,01-03", None, id="nobody knows"),
        pytest.param("yearmonth", "2010.12.5", "precision", id="a day in months"),
        pytest.param("year", "2010.12", "precision", id="a month in years"),
        pytest.param("datetime", "2010.12.5", "precision", id="a day without time"),
        pytest.param("time", "24:00", "end_of_day", id="24:00"),
        pytest.param("time", "25:00", None, id="no time"),
        pytest.param("boolean", "몰라", None, id="no answer"),
    ],
)
def test_a_reason_is_given_where_it_is_known(kind, text, reason):
    decimals = {"decimals": 2} if kind == "number" else {}
    contract = contract_of({"name": "cell", "type": kind, **decimals})

    typed = cast_rows(landed(cell=[text]), contract).collect()

    assert typed[readable("cell")].item() is False, "it is read: the case would prove nothing"
    assert find_reasons(pl.Series([text]), contract.fields[0]).item() == reason


@pytest.mark.parametrize(
    ("keys", "text", "reason"),
    [
        pytest.param({"format": "partial-date"}, "작년", "no_date", id="no date"),
        pytest.param({"format": "partial-date"}, "89.06", "two_digit_year", id="two digits"),
        pytest.param({"format": "partial-date"}, "1996.1", "excel_damaged", id="damaged"),
        pytest.param({"format": "phone"}, "02", "no_phone", id="no telephone number"),
        pytest.param({"separators": "+,"}, ",", "not_listed", id="no value"),
    ],
)
def test_text_with_a_form_has_reasons_of_its_own(keys, text, reason):
    contract = contract_of({"name": "cell", **keys})

    typed = cast_rows(landed(cell=[text]), contract).collect()

    assert typed[readable("cell")].item() is False, "it is read: the case would prove nothing"
    assert find_reasons(pl.Series([text]), contract.fields[0]).item() == reason


def test_reasons_stand_beside_failures_of_type_alone():
    contract = contract_of(
        {"name": "opened", "type": "date", "constraints": {"minimum": "2000-01-01"}},
        {"name": "seats", "type": "integer"},
    )
    rows = landed(opened=["1997", " 1999-01-01", "2015-09-31"], seats=["12,00", "5", "많음"])

    issues = check_table(rows, contract, {}, gx_max_rows=0).issues.collect()

    assert issues.select("_row", "field", "rule", "reason").rows() == [
        (2, "opened", "type", "precision"),
        (2, "seats", "type", "grouping"),
        (3, "opened", "minimum", None),
        (4, "opened", "type", "impossible_date"),
        (4, "seats", "type", None),
    ]


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("kind", ["string", "integer", "number", "year", "yearmonth", "date"])
def test_every_reason_has_a_fault_and_a_remedy_in_both_languages(reason, kind):
    korean, english = (explain(reason, kind, 2, language) for language in ("ko", "en"))

    assert all("{" not in text for text in (*korean, *english))
    assert not re.search("[A-Za-z]", "".join(korean))
    assert re.search("[가-힣]", korean[0])
    assert not re.search("[가-힣]", "".join(english))
