from __future__ import annotations

from etl.validate.checking import check_table
from etl.validate.normalise.missing import count_missing
from tests.unit.validate.tables import contract_of, landed

CONTRACT = contract_of(
    {
        "name": "ozone",
        "type": "number",
        "decimals": 3,
        "missingValues": [
            "-",
            {"value": "교정중", "reason": "not-measured"},
            {"value": "동작불량", "reason": "not-measured"},
            {"value": "비공개", "reason": "withheld"},
        ],
    },
    {"name": "station"},
)
ROWS = landed(
    ozone=["0.014", "교정중", " 동작불량 ", "-", "", "교정중"],
    station=["가", "나", "다", "라", "마", "교정중"],
)


def test_missing_cells_are_counted_by_the_reason_that_they_give():
    assert count_missing(ROWS, CONTRACT) == {"ozone": {"not-measured": 3, "withheld": 0}}


def test_a_contract_without_reasons_has_nothing_to_count():
    assert count_missing(ROWS, contract_of({"name": "ozone"}, {"name": "station"})) == {}


def test_the_reasons_stand_among_the_figures_on_quality():
    quality = check_table(ROWS, CONTRACT, {}, gx_max_rows=0).quality

    assert quality.as_json()["missing"] == {"ozone": {"not-measured": 3, "withheld": 0}}
    assert [(field.field, field.filled) for field in quality.fields] == [
        ("ozone", 1),
        ("station", 6),
    ]
