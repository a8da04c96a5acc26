"""Figures of quality follow from the issue log and from what could be asked."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.errors import QualityGateError
from etl.validate.checking import check_table, require_quality
from tests.unit.validate.tables import contract_of, landed

CONTRACT = contract_of(
    {"name": "id", "constraints": {"required": True}},
    {"name": "n", "type": "integer", "constraints": {"minimum": 0}},
    {"name": "m", "type": "integer"},
    primaryKey=["id"],
    rules=[{"compare": ["n", "<=", "m"], "severity": "warning"}],
    thresholds={"quarantine": "90%"},
)


def quality_of(**columns):
    return check_table(landed(**columns), CONTRACT, {}, gx_max_rows=0).quality


def test_each_rule_says_how_many_rows_it_could_ask_and_how_many_failed():
    quality = quality_of(id=["가", "가", "나", ""], n=["1", "x", "", "-1"], m=["2", "2", "2", "-2"])

    told = {(*rule.fields, rule.rule): (rule.asked, rule.errors) for rule in quality.rules}
    assert told == {
        ("id", "type"): (3, 0),
        ("id", "required"): (4, 1),
        ("n", "type"): (3, 1),
        ("n", "minimum"): (2, 1),
        ("m", "type"): (4, 0),
        ("id", "primaryKey"): (3, 2),
        ("n", "m", "compare"): (2, 1),
    }
    assert {f.field: (f.filled, f.read) for f in quality.fields} == {
        "id": (3, 3),
        "n": (3, 2),
        "m": (4, 4),
    }


def test_the_rates_are_shares_of_cells():
    quality = quality_of(id=["가", "가"], n=["1", "-1"], m=["", "9"])

    assert quality.completeness == pytest.approx(5 / 6)
    assert quality.uniqueness == 0
    # cells asked: type 2 + 2 + 1, required 2, minimum 2, key 2, compare 1 row of 2 cells
    assert quality.error_rate == pytest.approx(3 / 13)


def test_an_empty_table_has_no_errors_and_lacks_nothing():
    quality = quality_of(id=[], n=[], m=[])

    assert (quality.error_rate, quality.completeness, quality.uniqueness) == (0, 1, 1)


CELLS = st.sampled_from(["", "1", "-1", "x", "2", "가"])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=20))
def test_every_count_of_errors_can_be_counted_again_in_the_issue_log(rows):
    columns = [list(cells) for cells in zip(*rows, strict=True)]
    checked = check_table(
        landed(**dict(zip(("id", "n", "m"), columns, strict=True))), CONTRACT, {}, gx_max_rows=0
    )

    log = checked.issues.group_by("field", "rule").agg(pl.len()).collect()
    counted = {(field, rule): errors for field, rule, errors in log.iter_rows()}

    for rule in checked.quality.rules:
        assert rule.errors == counted.get((", ".join(rule.fields), rule.rule), 0)


def test_the_figures_as_data_carry_the_rates():
    content = quality_of(id=["가"], n=["1"], m=["2"]).as_json()

    assert content["error_rate"] == 0
    assert content["completeness"] == content["uniqueness"] == 1
    assert content["rules"][0]["fields"] == ("id",)


def shared(share: str, severity: str = "critical"):
    return contract_of(
        {"name": "a"},
        {"name": "b"},
        rules=[{"compare": ["a", "=", "b"], "share": share, "severity": severity}],
        thresholds={"quarantine": "90%"},
    )


def test_a_critical_rule_that_is_broken_more_often_than_its_share_returns_the_file():
    rows = landed(a=["가", "가", "나", ""], b=["가", "나", "나", "나"])
    checked = check_table(rows, shared("30%"), {}, gx_max_rows=0)

    with pytest.raises(QualityGateError, match=r"a, b: compare fails in 1 of 3 rows \(at most 30"):
        require_quality(checked, 0, shared("30%"))


@pytest.mark.parametrize(
    ("share", "severity"),
    [
        pytest.param("34%", "critical", id="as often as the share allows"),
        pytest.param("0%", "warning", id="a warning is told, and returns nothing"),
    ],
)
def test_a_rule_within_its_share_or_below_critical_returns_nothing(share, severity):
    rows = landed(a=["가", "가", "나", ""], b=["가", "나", "나", "나"])
    contract = shared(share, severity)
    checked = check_table(rows, contract, {}, gx_max_rows=0)

    require_quality(checked, 0, contract)

    assert checked.quality.rules[-1].holds is (severity == "critical")
