from __future__ import annotations

import pytest
from pydantic import ValidationError

from etl.contract.spelling import MissingValue
from etl.contract.units import power_between
from tests.unit.validate.tables import contract_of


def field(**keys):
    return contract_of({"name": "cell", **keys}).fields[0]


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        pytest.param({"negative": ["△"]}, "negative needs type integer or number", id="a mark"),
        pytest.param({"negative": ["!"], "type": "integer"}, "△", id="an unknown mark"),
        pytest.param({"zero_values": ["-"]}, "zero_values needs type", id="zero in text"),
        pytest.param(
            {"type": "integer", "zero_values": ["-"], "missingValues": ["-"]},
            "zero_values and in missingValues",
            id="zero and nothing at once",
        ),
        pytest.param({"trueValues": ["O"], "falseValues": ["X"]}, "trueValues needs", id="words"),
        pytest.param({"type": "boolean", "trueValues": ["O"]}, "belong together", id="half"),
        pytest.param(
            {"type": "boolean", "trueValues": ["O"], "falseValues": ["o"]},
            "trueValues and in falseValues",
            id="yes and no at once",
        ),
        pytest.param({"pivot": 30}, "pivot needs a type of dates", id="a pivot without dates"),
        pytest.param({"type": "date", "pivot": 100}, "less than or equal", id="a pivot of three"),
        pytest.param({"type": "date", "format": "date"}, "format: date needs", id="same as type"),
        pytest.param({"separators": "+", "type": "integer"}, "separators needs type", id="several"),
        pytest.param({"separators": "가"}, "pattern", id="a letter as separator"),
        pytest.param({"format": "phone", "separators": "+"}, "name one", id="two readings"),
        pytest.param({"format": "address", "codelist": "sido"}, "name one", id="two lists"),
        pytest.param({"format": "closing-time"}, "closing-time needs type time", id="no time"),
        pytest.param({"format": "iso"}, "Input should be", id="an unknown format"),
        pytest.param({"source_unit": "천원", "unit": "원"}, "source_unit needs type", id="text"),
        pytest.param({"type": "integer", "source_unit": "천원"}, "needs unit", id="no unit"),
        pytest.param(
            {"type": "integer", "source_unit": "원", "unit": "천원"}, "exactly", id="would shrink"
        ),
        pytest.param(
            {"type": "integer", "source_unit": "km", "unit": "m"}, "exactly", id="a measure"
        ),
        pytest.param(
            {"type": "number", "decimals": 10, "source_unit": "조원", "unit": "원"},
            "more than 18 digits",
            id="too many digits",
        ),
        pytest.param(
            {"missingValues": [{"value": "-", "reason": "forgotten"}]}, "reason", id="a reason"
        ),
    ],
)  # fmt: skip
def test_a_key_that_would_do_nothing_is_refused(keys, complaint):
    with pytest.raises(ValidationError, match=complaint):
        field(**keys)


def test_a_missing_value_may_say_why_it_is_missing():
    ozone = field(missingValues=["-", {"value": "교정중", "reason": "not-measured"}])

    assert ozone.missing_values == ("-", MissingValue(value="교정중", reason="not-measured"))
    assert ozone.missing_texts == ("-", "교정중")


@pytest.mark.parametrize(
    ("source", "unit", "power"),
    [
        ("천원", "원", 3),
        ("만원", "원", 4),
        ("백만원", "원", 6),
        ("억원", "원", 8),
        ("조원", "백만원", 6),
        ("천 명", "명", 3),
        ("백만원", "천원", 3),
        ("원", "원", 0),
        ("㎡", "m2", 0),
        ("대", "면", 0),
        ("원", "천원", None),
        ("천원", "달러", None),
        ("m", "km", None),
        ("천대", "면", None),
    ],
)
def test_units_differ_by_a_power_of_ten_or_are_not_converted(source, unit, power):
    assert power_between(source, unit) == power
