from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime, time
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import ContractError, DefectError, SourceFormatError
from etl.validate.casting import MAY_CHANGE, cast_rows, readable
from tests.unit.validate.tables import CANARY, contract_of, landed

FAULT = object()


def cast_one(text: str, **field: object) -> object:
    contract = contract_of({"name": "cell", **field})
    row = cast_rows(landed(cell=[text]), contract).collect().to_dicts()[0]
    return FAULT if row[readable("cell")] is False else row["cell"]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        pytest.param("integer", "1200", 1200, id="digits"),
        pytest.param("integer", " -7\u3000", -7, id="outer blanks go, an ideographic one too"),
        pytest.param("integer", "+007", 7, id="sign and leading zeros"),
        pytest.param("integer", "9223372036854775807", 2**63 - 1, id="the largest"),
        pytest.param("integer", "9223372036854775808", FAULT, id="one more than fits"),
        pytest.param("integer", "000000120", 120, id="nine digits with zeros in front"),
        pytest.param("integer", "01012345678", FAULT, id="a telephone number"),
        pytest.param("integer", "0504033123456", FAULT, id="a number of a person born in 2005"),
        pytest.param("integer", "1,200", 1200, id="thousands separators"),
        pytest.param("integer", "12,00", FAULT, id="separators in the wrong place"),
        pytest.param("integer", "1.0", FAULT, id="a point"),
        pytest.param("integer", "１２", 12, id="full-width digits"),
        pytest.param("integer", "3.09E+11", FAULT, id="damaged by a spreadsheet"),
        pytest.param("integer", "1 2", FAULT, id="inner blank"),
        pytest.param("year", "2026", 2026, id="four digits"),
        pytest.param("year", "0000", FAULT, id="no year zero"),
        pytest.param("year", "26", FAULT, id="two digits"),
        pytest.param("year", "+026", FAULT, id="sign in a year"),
        pytest.param("boolean", "Y", True, id="Y"),
        pytest.param("boolean", "false", False, id="false"),
        pytest.param("boolean", "TRUE", True, id="as workbooks write it"),
        pytest.param("boolean", "0", False, id="zero"),
        pytest.param("boolean", "유", True, id="held or not"),
        pytest.param("boolean", "O", FAULT, id="a letter that is taken for zero"),
        pytest.param("date", "2024-02-29", date(2024, 2, 29), id="leap day"),
        pytest.param("date", "2023-02-29", FAULT, id="no leap day"),
        pytest.param("date", "0001-01-01", date(1, 1, 1), id="first day"),
        pytest.param("date", "9999-12-31", date(9999, 12, 31), id="last day"),
        pytest.param("date", "0000-12-31", FAULT, id="before the first day"),
        pytest.param("date", "2024-2-9", date(2024, 2, 9), id="one digit"),
        pytest.param("date", "20240209", date(2024, 2, 9), id="no hyphens"),
        pytest.param("date", "4357-02-09", FAULT, id="a year of another era"),
        pytest.param("time", "23:59", time(23, 59), id="hours and minutes"),
        pytest.param("time", "09:00:30", time(9, 0, 30), id="seconds"),
        pytest.param("time", "24:00", FAULT, id="24:00 is no time of day"),
        pytest.param("time", "9:00", time(9), id="hour of one digit"),
        pytest.param("time", "09:00:60", FAULT, id="leap second"),
        pytest.param("yearmonth", "2026-11", "2026-11", id="month"),
        pytest.param("yearmonth", "2026-13", FAULT, id="no month thirteen"),
        pytest.param("yearmonth", "0000-01", FAULT, id="no month of year zero"),
        pytest.param("string", " 서울\u00a0", "서울", id="text loses outer blanks"),
        pytest.param("string", "\u1109\u1165\u110b\u116e\u11af", "서울", id="jamo are composed"),
        pytest.param("string", "가\r\n나\r다", "가\n나\n다", id="line breaks become LF"),
        pytest.param("string", "a\0b", FAULT, id="NUL"),
        pytest.param("string", "3.09E+11", FAULT, id="an identifier damaged by a spreadsheet"),
        pytest.param("string", "Nov-23", FAULT, id="text that a spreadsheet took for a month"),
        pytest.param("string", "#N/A", FAULT, id="a formula that failed"),
        pytest.param("integer", "1\0", FAULT, id="NUL in a number"),
        pytest.param("string", "", None, id="nothing"),
        pytest.param("string", " \u3000\t", None, id="blanks alone are nothing"),
        pytest.param("integer", "", None, id="no number"),
    ],
)
def test_text_is_read_strictly_as_its_type(kind, text, value):
    read = cast_one(text, type=kind)

    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("decimals", "text", "value"),
    [
        pytest.param(8, "36.31089095", "36.31089095", id="all decimals used"),
        pytest.param(8, "126.767372", "126.76737200", id="fewer decimals"),
        pytest.param(8, "36.310890951", None, id="one more would be rounded"),
        pytest.param(8, "36.3108909500", "36.31089095", id="more zeros change nothing"),
        pytest.param(8, "-.5", "-0.50000000", id="no digit before the point"),
        pytest.param(8, "5.", None, id="no digit after the point"),
        pytest.param(8, "9999999999.99999999", "9999999999.99999999", id="18 digits"),
        pytest.param(8, "10000000000", None, id="19 digits with the declared decimals"),
        pytest.param(0, "999999999999999999", "999999999999999999", id="18 digits, no decimals"),
        pytest.param(0, "7.00", "7", id="a whole number written with decimals"),
        pytest.param(0, "7.5", None, id="a half where none are declared"),
        pytest.param(2, "1e3", None, id="an exponent"),
        pytest.param(2, "1,000.00", "1000.00", id="thousands separators"),
        pytest.param(2, "NaN", None, id="not a number"),
        pytest.param(0, "01012345678", None, id="a telephone number"),
        pytest.param(2, "9" * 60, None, id="far too large"),
    ],
)
def test_a_number_is_never_rounded(decimals, text, value):
    read = cast_one(text, type="number", decimals=decimals)

    assert read == (FAULT if value is None else Decimal(value))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2026-11-01 09:00", datetime(2026, 11, 1, tzinfo=UTC), id="Seoul by default"),
        pytest.param("2026-11-01T09:00:00Z", datetime(2026, 11, 1, 9, tzinfo=UTC), id="UTC"),
        pytest.param(
            "2026-11-01T09:00:00.5-05:30",
            datetime(2026, 11, 1, 14, 30, 0, 500_000, tzinfo=UTC),
            id="offset and fraction",
        ),
        pytest.param("2026-11-01", FAULT, id="a day alone"),
        pytest.param("2026-02-30 09:00", FAULT, id="a day that does not exist"),
        pytest.param(
            "2026-11-01 24:00", datetime(2026, 11, 1, 15, tzinfo=UTC), id="the end of the day"
        ),
        pytest.param("2026-11-01 09:00:00.1234567", FAULT, id="finer than microseconds"),
        pytest.param("2026-11-01T09:00+09", FAULT, id="offset without minutes"),
        pytest.param("1987-05-10 02:30", FAULT, id="an hour that summer time skipped"),
        pytest.param("1987-10-11 02:30", FAULT, id="an hour that came twice"),
        pytest.param("9999-12-31T23:00-09:00", FAULT, id="past the last year in UTC"),
        pytest.param("0001-01-01T00:00+09:00", FAULT, id="before the first year in UTC"),
    ],
)
def test_a_moment_is_kept_in_utc_or_refused(text, moment):
    assert cast_one(text, type="datetime") == moment


def test_missing_values_of_contract_and_field_mean_nothing():
    contract = contract_of(
        {"name": "charge", "type": "integer", "missingValues": ["없음"]},
        {"name": "name"},
        missingValues=["-", " 해당 없음 "],
    )

    typed = cast_rows(
        landed(charge=["없음", " - ", "해당 없음", ""], name=["없음", "-", "해당 없음", ""]),
        contract,
    ).collect()

    assert typed["charge"].to_list() == [None] * 4
    assert typed["name"].to_list() == ["없음", None, None, None]
    assert typed[readable("charge")].to_list() == [None] * 4


def test_a_missing_value_with_its_reason_means_nothing_too():
    contract = contract_of(
        {
            "name": "ozone",
            "type": "number",
            "decimals": 3,
            "missingValues": [{"value": "교정중", "reason": "not-measured"}],
        }
    )

    typed = cast_rows(landed(ozone=["0.014", "교정중"]), contract).collect()

    assert typed["ozone"].to_list() == [Decimal("0.014"), None]
    assert typed[readable("ozone")].to_list() == [True, None]


def test_a_text_that_means_zero_is_zero_where_the_table_says_missing():
    contract = contract_of(
        {"name": "lamps", "type": "integer", "zero_values": ["-"]},
        {"name": "length", "type": "integer"},
        missingValues=["-"],
    )

    typed = cast_rows(landed(lamps=["-", "5"], length=["-", "5"]), contract).collect()

    assert typed["lamps"].to_list() == [0, 5]
    assert typed["length"].to_list() == [None, 5]


@pytest.mark.parametrize(
    ("keys", "text", "value"),
    [
        pytest.param({"type": "integer", "negative": ["△"]}, "△1,234", -1234, id="negative"),
        pytest.param(
            {"type": "boolean", "trueValues": ["O"], "falseValues": ["X"]}, "X", False, id="words"
        ),
        pytest.param({"type": "date", "pivot": 30}, "89.06.30", date(1989, 6, 30), id="pivot"),
        pytest.param(
            {"type": "date", "format": "datetime"}, "2019-12-07 09:30", date(2019, 12, 7), id="day"
        ),
        pytest.param({"type": "year", "format": "date"}, "2010.12.", 2010, id="year of a date"),
        pytest.param(
            {"type": "yearmonth", "format": "date"}, "2010.12.5", "2010-12", id="month of a date"
        ),
        pytest.param({"format": "partial-date"}, "2010.12.", "2010-12", id="as precise as written"),
        pytest.param({"format": "partial-date"}, "작년", FAULT, id="no date of any precision"),
        pytest.param({"type": "time", "format": "closing-time"}, "24:00", time(0), id="closing"),
    ],
)
def test_a_contract_declares_how_values_are_written(keys, text, value):
    assert cast_one(text, **keys) == value


WON = {"name": "amount", "type": "integer", "unit": "원"}


@pytest.mark.parametrize(
    ("field", "units", "value"),
    [
        pytest.param(WON, {}, 12, id="nothing is known but what is published"),
        pytest.param(WON, {"amount": "원"}, 12, id="the file states the same unit"),
        pytest.param(WON, {"amount": "백만원"}, 12_000_000, id="the file states millions"),
        pytest.param(WON | {"source_unit": "천원"}, {}, 12_000, id="declared"),
        pytest.param(WON | {"source_unit": "천원"}, {"amount": "천 원"}, 12_000, id="both agree"),
        pytest.param({"name": "amount", "type": "integer"}, {"amount": "km"}, 12, id="no unit"),
        pytest.param({"name": "amount"}, {"amount": "천원"}, "12", id="text has no unit"),
    ],
)
def test_amounts_are_published_in_the_unit_of_the_contract(field, units, value):
    typed = cast_rows(landed(amount=["12"]), contract_of(field), units).collect()

    assert typed["amount"].item() == value


@pytest.mark.parametrize(
    ("field", "unit", "error"),
    [
        pytest.param(WON, "달러", SourceFormatError, id="another currency"),
        pytest.param(WON | {"unit": "천원"}, "원", SourceFormatError, id="would shrink"),
        pytest.param(WON | {"source_unit": "천원"}, "백만원", SourceFormatError, id="two units"),
        pytest.param({"name": "amount", "type": "integer"}, "천원", ContractError, id="no unit"),
    ],
)  # fmt: skip
def test_a_unit_that_contradicts_the_contract_is_refused(field, unit, error):
    with pytest.raises(error, match=r"amount: the file .*Nothing was validated") as caught:
        cast_rows(landed(amount=[CANARY]), contract_of(field), {"amount": unit})

    assert CANARY not in str(caught.value)


def test_landed_columns_that_are_not_the_contracts_are_a_defect():
    with pytest.raises(DefectError, match="lack text columns for name"):
        cast_rows(landed(other=["1"]), contract_of({"name": "name"}))


def test_the_characters_that_skip_normalising_never_need_it():
    every = pl.Series([chr(code) for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF])

    safe = every.filter(~every.str.contains(MAY_CHANGE)).to_list()

    assert len(safe) > 30_000, "nothing would be skipped: this test would prove nothing"
    assert all(unicodedata.normalize("NFC", character) == character for character in safe)
    assert all(unicodedata.combining(character) == 0 for character in safe)
    composing = {chr(code) for code in range(0x1161, 0x1176)} | {
        chr(code) for code in range(0x11A8, 0x11C3)
    }
    assert composing.isdisjoint(safe)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12))
def test_text_comes_out_composed_whatever_it_holds(text):
    read = cast_one(text)

    assert read is None or unicodedata.is_normalized("NFC", str(read))
    assert read != ""


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_whole_number_survives(number):
    assert cast_one(str(number), type="integer") == number


@given(st.decimals(min_value=-(10**10) + 1, max_value=10**10 - 1, places=8))
def test_every_decimal_survives(number):
    assert cast_one(f"{number:f}", type="number", decimals=8) == number
