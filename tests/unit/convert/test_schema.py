"""Published types and the data dictionary follow from the contract alone."""

from __future__ import annotations

import polars as pl
import pytest

from etl.contract.generalisation import Generalisation
from etl.convert.schema import (
    DICTIONARY_COLUMNS,
    dictionary_rows,
    published_dtype,
    spell_generalisation,
)
from etl.digest import Column, published_columns
from tests.unit.validate.tables import contract_of

PERSON = {"unit": "person", "unit_key": "none", "k": 2, "suppression": "2%"}


@pytest.mark.parametrize(
    ("field", "dtype"),
    [
        pytest.param({"type": "string"}, pl.String(), id="codes are text, zeros stay"),
        pytest.param({"type": "yearmonth"}, pl.String(), id="months are text"),
        pytest.param({"type": "integer"}, pl.Int64(), id="integers"),
        pytest.param({"type": "year"}, pl.Int64(), id="years"),
        pytest.param({"type": "number", "decimals": 2}, pl.Decimal(18, 2), id="never a float"),
        pytest.param({"type": "number", "decimals": 0}, pl.Decimal(18, 0), id="no decimals"),
        pytest.param({"type": "boolean"}, pl.Boolean(), id="truth"),
        pytest.param({"type": "date"}, pl.Date(), id="days"),
        pytest.param({"type": "datetime"}, pl.Datetime("us", "UTC"), id="moments are in UTC"),
        pytest.param({"type": "time"}, pl.Time(), id="clock"),
        pytest.param(
            {"type": "integer", "role": "quasi-identifier", "generalise": {"band": 5}},
            pl.String(),
            id="a band is text",
        ),
        pytest.param(
            {"type": "date", "role": "quasi-identifier", "generalise": {"date_part": "year"}},
            pl.Int64(),
            id="the year of a day is a number",
        ),
        pytest.param(
            {
                "type": "number",
                "decimals": 2,
                "role": "quasi-identifier",
                "generalise": {"all": True},
            },
            pl.String(),
            id="of a number of which nothing remains there is text",
        ),
    ],
)
def test_published_types(field, dtype):
    is_personal = "generalise" in field
    contract = contract_of({"name": "a"} | field, **({"privacy": PERSON} if is_personal else {}))

    assert published_dtype(contract.fields[0]) == dtype


@pytest.mark.parametrize(
    ("way", "phrase"),
    [
        pytest.param(None, "", id="none"),
        pytest.param(
            Generalisation(band=5, bottom=20, top=80), "band 5, bottom 20, top 80", id="bands"
        ),
        pytest.param(Generalisation(band=5, bottom=0), "band 5, bottom 0", id="a bottom of zero"),
        pytest.param(Generalisation(date_part="year"), "date_part year", id="part of a date"),
        pytest.param(Generalisation(words=1), "words 1", id="words"),
        pytest.param(Generalisation(all=True), "all", id="all"),
    ],
)
def test_generalisations_are_told_in_a_phrase(way, phrase):
    assert spell_generalisation(way) == phrase


def test_the_dictionary_describes_what_is_published_and_no_more():
    contract = contract_of(
        {"name": "name", "role": "direct-identifier", "title": {"ko": "성명"}},
        {
            "name": "phone",
            "title": {"ko": "전화", "en": "Phone"},
            "description": {"ko": "대표 번호"},
            "constraints": {"enum": ["a", "b"]},
            "declared_personal": [{"kind": "mobile-number", "reason": {"ko": "업무용"}}],
        },
        {"name": "fee", "type": "number", "decimals": 2, "unit": "원"},
    )

    phone, fee = dictionary_rows(contract)

    assert tuple(phone) == DICTIONARY_COLUMNS
    assert phone == {
        "name": "phone",
        "title_ko": "전화",
        "title_en": "Phone",
        "description_ko": "대표 번호",
        "description_en": "",
        "type": "string",
        "decimals": "",
        "unit": "",
        "generalisation": "",
        "values": "a | b",
        "personal_data_reason": "mobile-number: 업무용",
    }
    assert (fee["name"], fee["decimals"], fee["unit"]) == ("fee", "2", "원")


def test_values_that_generalisation_hides_are_not_listed():
    contract = contract_of(
        {
            "name": "ward",
            "role": "quasi-identifier",
            "constraints": {"enum": ["북", "남"]},
            "generalise": {"all": True},
        },
        privacy=PERSON,
    )

    assert dictionary_rows(contract)[0]["values"] == ""


def test_a_number_of_which_nothing_remains_has_no_decimals():
    contract = contract_of(
        {
            "name": "income",
            "type": "number",
            "decimals": 2,
            "role": "quasi-identifier",
            "generalise": {"all": True},
        },
        privacy=PERSON,
    )

    assert dictionary_rows(contract)[0]["decimals"] == ""
    assert published_columns(contract) == (Column("income", "string", None),)
