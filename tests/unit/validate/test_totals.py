"""Total rows are a checksum: wrong where they contradict the data, silent where it is not plain."""

from __future__ import annotations

import pytest

from etl.validate.checking import check_table
from tests.unit.validate.tables import contract_of, landed

CONTRACT = contract_of(
    {"name": "region"},
    {"name": "kind"},
    {"name": "count", "type": "integer"},
    {"name": "rate", "type": "number", "decimals": 1},
    rules=[{"total": ["count"], "responsibility": "data-steward"}],
    missingValues=["-"],
)
DATA = {
    "region": ["가", "가", "나"],
    "kind": ["공영", "민영", "공영"],
    "count": ["1", "2", "4"],
    "rate": ["0.1", "0.2", "0.3"],
}


def wrong_totals(totals: dict[str, list[str]], data: dict[str, list[str]] = DATA) -> list[int]:
    """Return the total rows that are reported; the first one stands in row 2."""
    checked = check_table(landed(**data), CONTRACT, {}, 0, totals=landed(**totals))
    issues = checked.issues.collect()
    assert set(issues["rule"]) <= {"total"}
    assert set(issues["severity"]) <= {"warning"}
    assert checked.quarantined_rows == 0
    return issues["_row"].to_list()


def stated(*rows: tuple[str, str, str]) -> dict[str, list[str]]:
    region, kind, count = (list(cells) for cells in zip(*rows, strict=True))
    return {"region": region, "kind": kind, "count": count, "rate": ["9.9"] * len(rows)}


@pytest.mark.parametrize(
    ("totals", "wrong"),
    [
        pytest.param(stated(("합계", "", "7")), [], id="the grand total is right"),
        pytest.param(stated(("합 계", "", "8")), [2], id="the grand total is wrong"),
        pytest.param(stated(("가", "소계", "3"), ("나", "소계", "4")), [], id="sums of groups"),
        pytest.param(
            stated(("가", "소계", "4"), ("나", "소계", "4")), [2], id="one group is wrong"
        ),
        pytest.param(stated(("총계", "공영", "5")), [], id="a group over another column"),
        pytest.param(stated(("다", "소계", "9")), [], id="a group without data is not judged"),
        pytest.param(
            stated(("소계", "", "3"), ("합계", "", "7")), [], id="one of several is right"
        ),
        pytest.param(stated(("소계", "", "3"), ("합계", "", "8")), [3], id="none of several is"),
        pytest.param(stated(("합계", "", "-")), [], id="nothing is stated"),
        pytest.param(stated(("합계", "", "칠")), [], id="what is stated cannot be read"),
        pytest.param(stated(("Total", "-", "8")), [2], id="in English"),
    ],
)
def test_a_total_row_is_held_against_the_rows_that_it_speaks_for(totals, wrong):
    assert wrong_totals(totals) == wrong


def test_a_sum_over_cells_that_cannot_be_read_is_not_compared():
    data = DATA | {"count": ["1", "2", "넷"]}

    checked = check_table(
        landed(**data), CONTRACT, {}, 0, totals=landed(**stated(("합계", "", "8")))
    )

    assert [count.rule for count in checked.counts] == ["type"]


def test_a_wrong_total_is_counted_and_has_somebody_who_looks_after_it():
    checked = check_table(
        landed(**DATA), CONTRACT, {}, 0, totals=landed(**stated(("합계", "", "8")))
    )

    assert [(count.field, count.rule, count.count) for count in checked.counts] == [
        ("count", "total", 1)
    ]
    assert checked.rules[-1].responsibility == "data-steward"


def test_large_totals_are_compared_exactly():
    data = DATA | {"count": ["9223372036854775807"] * 3}

    assert wrong_totals(stated(("합계", "", "9223372036854775805")), data) == [2]
