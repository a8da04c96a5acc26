from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from etl.errors import DefectError, QualityGateError, SourceFormatError
from etl.validate.checking import Checked, Count, check_table, require_quality
from etl.validate.suites import Suite
from tests.unit.validate.tables import CANARY, contract_of, landed

PARKS = contract_of(
    {"name": "park_id", "constraints": {"required": True}},
    {"name": "area", "type": "integer"},
    {"name": "surveyed", "type": "date"},
    primaryKey=["park_id"],
    reference_date={"field": "surveyed"},
    expectations=["shared"],
    thresholds={"quarantine": "50%"},
)
SUITES = {
    "shared": Suite.model_validate(
        {
            "name": "shared",
            "expectations": [
                {
                    "type": "expect_column_values_to_be_between",
                    "kwargs": {"column": "area", "min_value": 1},
                    "severity": "warning",
                }
            ],
        }
    )
}
ROWS = landed(
    park_id=["가", "나", "나", "다", "라"],
    area=["10", "20", "30", CANARY, "0"],
    surveyed=["2026-01-01", "2026-02-01", "", "2026-09-01", "2026-03-01"],
)


def check(rows: pl.LazyFrame = ROWS) -> Checked:
    return check_table(rows, PARKS, SUITES, gx_max_rows=0)


def test_good_rows_come_out_typed_and_bad_ones_whole():
    checked = check()

    assert checked.accepted.collect().rows() == [
        (2, "가", 10, date(2026, 1, 1)),
        (6, "라", 0, date(2026, 3, 1)),
    ]
    assert checked.quarantined.collect().rows() == [
        (3, "나", "20", "2026-02-01", ["park_id: primaryKey"]),
        (4, "나", "30", "", ["park_id: primaryKey"]),
        (5, "다", CANARY, "2026-09-01", ["area: type"]),
    ]
    assert (checked.rows, checked.accepted_rows, checked.quarantined_rows) == (5, 2, 3)
    assert checked.judged_by == "locate"


def test_every_failure_has_an_address_and_no_value():
    checked = check()

    assert checked.issues.collect().rows() == [
        (3, "park_id", "primaryKey", "critical", None),
        (4, "park_id", "primaryKey", "critical", None),
        (5, "area", "type", "critical", None),
        (6, "area", "shared.minimum", "warning", None),
    ]
    assert checked.counts == (
        Count("area", "type", "critical", 1),
        Count("park_id", "primaryKey", "critical", 2),
        Count("area", "shared.minimum", "warning", 1),
    )


@pytest.mark.parametrize(
    ("surveyed", "reference"),
    [
        pytest.param(["2026-01-01", "2025-01-01"], "2026-01-01", id="the latest"),
        pytest.param(["", ""], "", id="none"),
        pytest.param(["2026-01-01", "2026-02-30"], "2026-01-01", id="accepted rows alone count"),
    ],
)
def test_the_reference_date_is_the_latest_among_accepted_rows(surveyed, reference):
    rows = landed(park_id=["가", "나"], area=["1", "1"], surveyed=surveyed)

    assert check(rows).reference_date == reference


def test_the_order_of_rows_changes_nothing_but_the_order():
    shuffled = check(ROWS.collect().reverse().lazy())

    assert shuffled.counts == check().counts
    assert shuffled.issues.collect().equals(check().issues.collect())
    assert shuffled.accepted.collect()["_row"].to_list() == [6, 2]


def test_an_empty_table_is_told_apart_without_a_complaint_and_then_refused():
    checked = check(landed(park_id=[], area=[], surveyed=[]))

    assert (checked.rows, checked.counts, checked.reference_date) == (0, (), "")
    assert checked.issues.collect().height == 0
    with pytest.raises(SourceFormatError, match="no rows of data"):
        require_quality(checked, 0, PARKS)


@pytest.mark.parametrize(
    ("good", "bad", "ragged", "passes"),
    [
        pytest.param(2, 2, 0, True, id="the share itself is allowed"),
        pytest.param(2, 2, 1, False, id="ragged records count as bad"),
        pytest.param(2, 0, 2, True, id="ragged records alone, within the share"),
        pytest.param(0, 0, 1, False, id="nothing but ragged records"),
    ],
)
def test_a_file_passes_up_to_the_contracts_share(good, bad, ragged, passes):
    rows = good + bad
    checked = check(
        landed(
            park_id=[str(row) for row in range(rows)],
            area=["1"] * good + [CANARY] * bad,
            surveyed=[""] * rows,
        )
    )

    if passes:
        require_quality(checked, ragged, PARKS)
        return
    with pytest.raises(QualityGateError) as caught:
        require_quality(checked, ragged, PARKS)
    assert CANARY not in str(caught.value)


def test_two_rows_at_one_address_are_a_defect():
    twice = ROWS.with_columns(pl.lit(2, dtype=pl.Int64).alias("_row"))

    with pytest.raises(DefectError, match="share an address"):
        check(twice)


def test_the_refusal_counts_by_rule():
    checked = check()

    with pytest.raises(QualityGateError, match=r"6 of 8 rows \(75.0%\).*allows 50.0%") as caught:
        require_quality(checked, 3, PARKS)

    assert "(area: type 1; park_id: primaryKey 2; ragged 3)" in caught.value.message
    assert caught.value.facts == {"dataset": "test-yard", "rows": 8, "quarantined": 6}


def test_a_share_of_one_still_needs_one_good_row():
    lenient = PARKS.model_copy(
        update={"thresholds": type(PARKS.thresholds).model_validate({"quarantine": "100%"})}
    )
    checked = check(landed(park_id=[""], area=["1"], surveyed=[""]))

    with pytest.raises(QualityGateError):
        require_quality(checked, 0, lenient)
