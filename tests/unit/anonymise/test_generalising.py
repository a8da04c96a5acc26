"""A quasi-identifier leaves as coarse as declared, and nothing else leaves at all."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.anonymise.generalising import generalise, generalised_value
from etl.contract.fields import Field
from tests.unit.validate.tables import CANARY, contract_of

PERSON = {"unit": "person", "unit_key": "none", "k": 2, "suppression": "2%"}


def field_of(kind: str, **way: object) -> Field:
    return Field.model_validate(
        {
            "name": "at",
            "title": {"ko": "값"},
            "type": kind,
            "role": "quasi-identifier",
            "generalise": way or None,
        }
    )


def published(field: Field, values: list[object], timezone: str = "Asia/Seoul") -> list[object]:
    dtypes = {"datetime": pl.Datetime("us", "UTC"), "date": pl.Date(), "string": pl.String()}
    table = pl.DataFrame({"at": pl.Series(values, dtype=dtypes.get(field.type, pl.Int64()))})
    return table.select(generalised_value(field, timezone))["at"].to_list()


@pytest.mark.parametrize(
    ("way", "values", "bands"),
    [
        pytest.param({"band": 5}, [0, 4, 5, 37], ["0-4", "0-4", "5-9", "35-39"], id="bands of 5"),
        pytest.param({"band": 1}, [37, -1], ["37", "-1"], id="a band of one is the number"),
        pytest.param({"band": 10}, [-1, -10, -11], ["-10--1", "-10--1", "-20--11"], id="below 0"),
        pytest.param({"band": 5, "top": 80}, [79, 80, 110], ["75-79", ">=80", ">=80"], id="top"),
        pytest.param({"band": 5, "bottom": 20}, [19, 20], ["<20", "20-24"], id="bottom"),
        pytest.param(
            {"band": 10, "bottom": 0, "top": 90}, [-5, 0, 95], ["<0", "0-9", ">=90"], id="both"
        ),
        pytest.param({"band": 5, "top": 80}, [None], [None], id="a missing value stays missing"),
        pytest.param({"all": True}, [1, None], ["*", "*"], id="nothing remains, of nothing too"),
        pytest.param({}, [1, None], [1, None], id="no generalisation"),
    ],
)
def test_bands(way, values, bands):
    assert published(field_of("integer", **way), values) == bands


@given(
    value=st.integers(-(2**40), 2**40),
    width=st.integers(1, 1000),
)
def test_a_value_lies_in_its_band_and_bands_do_not_overlap(value, width):
    [band] = published(field_of("integer", band=width), [value])

    low, high = map(int, re.fullmatch(r"(-?\d+)-(-?\d+)", band).groups()) if width > 1 else (
        int(band), int(band),
    )  # fmt: skip
    assert low <= value <= high
    assert high - low == width - 1
    assert low % width == 0


@pytest.mark.parametrize(
    ("part", "value", "text"),
    [
        pytest.param("year", date(2026, 12, 31), 2026, id="year"),
        pytest.param("quarter", date(2026, 3, 31), "2026-Q1", id="end of a quarter"),
        pytest.param("quarter", date(2026, 4, 1), "2026-Q2", id="begin of a quarter"),
        pytest.param("month", date(2026, 1, 1), "2026-01", id="month"),
        pytest.param("month", date(1, 1, 1), "0001-01", id="the first month there is"),
        pytest.param("year", None, None, id="no year"),
        pytest.param("quarter", None, None, id="no quarter"),
        pytest.param("month", None, None, id="no month"),
    ],
)
def test_parts_of_dates(part, value, text):
    assert published(field_of("date", date_part=part), [value]) == [text]


@pytest.mark.parametrize(
    ("part", "in_seoul", "in_utc"),
    [
        pytest.param("year", 2027, 2026, id="year"),
        pytest.param("quarter", "2027-Q1", "2026-Q4", id="quarter"),
        pytest.param("month", "2027-01", "2026-12", id="month"),
    ],
)
def test_a_moment_has_its_day_in_the_zone_of_the_dataset(part, in_seoul, in_utc):
    new_year = datetime(2026, 12, 31, 15, 30, tzinfo=UTC)
    field = field_of("datetime", date_part=part)

    assert published(field, [new_year], "Asia/Seoul") == [in_seoul]
    assert published(field, [new_year], "UTC") == [in_utc]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("서울특별시 강남구 역삼동", "서울특별시 강남구", id="leading words"),
        pytest.param("서울특별시", "서울특별시", id="fewer words than kept"),
        pytest.param("서울특별시\u3000강남구\n역삼동", "서울특별시 강남구", id="any blank parts"),
        pytest.param(None, None, id="no place"),
    ],
)
def test_words(value, text):
    assert published(field_of("string", words=2), [value]) == [text]


def test_only_declared_columns_leave_in_their_order():
    contract = contract_of(
        {"name": "sex", "role": "sensitive"},
        {"name": "name", "role": "direct-identifier"},
        {"name": "ward", "role": "quasi-identifier"},
        privacy=PERSON,
    )
    table = pl.LazyFrame(
        {"_row": [2], "ward": ["북"], "name": [CANARY], "index": [0], "sex": ["여"]}
    )

    out = generalise(table, contract).collect()

    assert out.columns == ["sex", "ward"]
    assert CANARY not in str(out.rows())
