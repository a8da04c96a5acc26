"""The certificate tells figures of quality, and hides what would give away a count of people."""

from __future__ import annotations

from datetime import date

import pytest

from etl.certify.quality import tell_quality
from etl.validate.checking import check_table
from tests.unit.validate.tables import CANARY, contract_of, landed

DAY = date(2026, 11, 25)
FIELDS = [
    {"name": "name", "role": "direct-identifier"},
    {"name": "area", "type": "integer", "constraints": {"minimum": 0}},
]
THINGS = contract_of(*FIELDS)
PEOPLE = contract_of(
    FIELDS[0],
    FIELDS[1] | {"role": "quasi-identifier", "generalise": {"band": 5}},
    privacy={"unit": "person", "unit_key": "none", "k": 3, "suppression": "2%"},
)


def figures_of(contract, areas: list[str]):
    rows = landed(name=[CANARY] * len(areas), area=areas)
    return check_table(rows, contract, {}, gx_max_rows=0).quality.as_json()


def test_rates_counts_and_age_are_told_of_published_fields_alone():
    told = tell_quality(THINGS, figures_of(THINGS, ["1", "-1", "x", ""]), "2026-11-01", DAY)

    assert (told["rows"], told["completeness"], told["uniqueness"]) == (4, 0.875, 1)
    # asked: 4 names and 3 areas for their type, 2 areas for the minimum; one of each fails
    assert told["error_rate"] == pytest.approx(2 / 9, abs=1e-6)
    assert told["rules"] == [
        {"fields": ("area",), "rule": "type", "severity": "critical", "asked": 3, "errors": 1},
        {"fields": ("area",), "rule": "minimum", "severity": "critical", "asked": 2, "errors": 1},
    ]
    assert told["fields"] == [{"field": "area", "filled": 3, "read": 2}]
    assert told["timeliness"] == {"age_days": 24, "due": "2026-12-01", "is_timely": True}


@pytest.mark.parametrize(
    ("areas", "hidden"),
    [
        pytest.param(["1"] * 9, set(), id="nothing is wrong"),
        pytest.param(["-1"] * 3 + ["1"] * 6, set(), id="as many as k are wrong"),
        pytest.param(["-1"] * 2 + ["1"] * 7, {"error_rate"}, id="fewer than k are wrong"),
        pytest.param([""] * 2 + ["1"] * 7, {"completeness"}, id="fewer than k are missing"),
    ],
)
def test_of_people_no_rate_gives_away_a_small_count(areas, hidden):
    told = tell_quality(PEOPLE, figures_of(PEOPLE, areas), "", DAY)

    assert {name for name, value in told.items() if value is None} == hidden | {"timeliness"}
    assert not told.keys() & {"rows", "rules", "fields"}


@pytest.mark.parametrize(
    ("stated", "is_timely"),
    [
        pytest.param("2026-10-18", True, id="a month and the days of grace"),
        pytest.param("2026-10-17", False, id="a day later"),
        pytest.param("9999-12-31", True, id="the end of the calendar"),
    ],
)
def test_data_are_timely_until_the_next_are_overdue(stated, is_timely):
    told = tell_quality(THINGS, figures_of(THINGS, ["1"]), stated, DAY)

    assert told["timeliness"]["is_timely"] is is_timely
