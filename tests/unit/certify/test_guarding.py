"""A release that changes more than its contract allows is held for the data steward."""

from __future__ import annotations

import pytest

from etl.certify.comparing import ColumnChange, Comparison
from etl.certify.guarding import find_violations, require_announced, require_guards
from etl.errors import ReleaseHeldError
from tests.unit.validate.tables import contract_of

ALL = {"rows": "25%", "nulls": "10%", "distinct": "50%", "range": "5%", "removed_keys": "10%"}


def compared(rows: int, before: int, removed: int | None = 0, **column: int) -> Comparison:
    """Return a comparison of two tables with one column `a`."""
    counts = {"nulls": 0, "nulls_before": 0, "distinct": 5, "distinct_before": 5, "outside": 0}
    return Comparison(
        live="20261101-1",
        rows=rows,
        rows_before=before,
        removed_keys=removed,
        columns=(ColumnChange(name="a", **(counts | column)),),
    )


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(compared(75, 100), id="rows fall to the limit"),
        pytest.param(compared(125, 100), id="rows rise to the limit"),
        pytest.param(compared(100, 100, nulls=10), id="nulls rise to the limit"),
        pytest.param(compared(100, 100, nulls_before=90), id="nulls fall"),
        pytest.param(compared(0, 0), id="nothing after nothing"),
        pytest.param(
            compared(100, 100, nulls=5, distinct_before=0), id="a new column with few nulls"
        ),
        pytest.param(
            compared(100, 100, distinct=3, distinct_before=2), id="distinct values to the limit"
        ),
        pytest.param(compared(100, 100, outside=5), id="a few values outside"),
        pytest.param(compared(100, 100, removed=10), id="keys to the limit"),
        pytest.param(compared(100, 100, removed=None), id="keys are not published"),
    ],
)
def test_a_small_change_passes(found):
    assert find_violations(contract_of({"name": "a"}, guards=ALL), found) == ()


@pytest.mark.parametrize(
    ("found", "told"),
    [
        pytest.param(compared(74, 100), "100 rows would become 74", id="too few rows"),
        pytest.param(compared(126, 100), "100 rows would become 126", id="too many rows"),
        pytest.param(compared(1, 0), "0 rows would become 1", id="rows after nothing"),
        pytest.param(compared(100, 100, nulls=11), "values of a rise by 11%", id="nulls"),
        pytest.param(
            compared(100, 100, nulls=100, distinct_before=0), "rise by 100%", id="an empty column"
        ),
        pytest.param(
            compared(100, 100, distinct=2), "5 different values of a would become 2", id="distinct"
        ),
        pytest.param(compared(100, 100, outside=6), "6 values of a lie outside", id="range"),
        pytest.param(compared(100, 100, removed=11), "11 of 100 keys would be gone", id="keys"),
    ],
)
def test_a_large_change_is_told_and_held(found, told):
    guarded = contract_of({"name": "a"}, guards=ALL)
    violations = find_violations(guarded, found)

    assert len(violations) == 1
    assert told in violations[0]
    with pytest.raises(ReleaseHeldError, match=r"the live one stays.*--run abc") as caught:
        require_guards(guarded, violations, "abc")
    assert caught.value.exit_code == 10


@pytest.mark.parametrize(
    ("guards", "found", "held"),
    [
        pytest.param(None, compared(60, 100), 1, id="an export that lost 40 % is held"),
        pytest.param(None, compared(75, 100), 0, id="a quarter may go where nothing is said"),
        pytest.param(None, compared(900, 100), 0, id="growth is held only where it is guarded"),
        pytest.param({"nulls": "50%"}, compared(60, 100), 1, id="other guards leave that one"),
        pytest.param({"rows": "50%"}, compared(60, 100, nulls=60), 0, id="rows alone are guarded"),
        pytest.param({"rows": "100%"}, compared(0, 100), 1, id="an empty table never replaces one"),
        pytest.param(None, compared(0, 100), 1, id="not even where the contract says nothing"),
    ],
)
def test_an_empty_or_truncated_export_is_held_whatever_the_contract_says(guards, found, held):
    assert len(find_violations(contract_of({"name": "a"}, guards=guards), found)) == held


def test_every_violation_is_told_in_the_order_of_the_table():
    found = compared(10, 100, removed=90, nulls=10, outside=10)

    told = find_violations(contract_of({"name": "a"}, guards=ALL), found)

    assert [text.split()[0] for text in told] == ["100", "90", "missing", "10"]


LIVE = contract_of({"name": "a", "type": "integer"}, {"name": "b"}, primaryKey=["a"])


@pytest.mark.parametrize(
    ("fields", "keys", "told"),
    [
        pytest.param([{"name": "a", "type": "integer"}], {}, "fields.b is published no", id="gone"),
        pytest.param(
            [{"name": "a", "type": "number", "decimals": 1}, {"name": "b"}],
            {},
            "fields.a.type",
            id="another type",
        ),
        pytest.param(
            [{"name": "a", "type": "integer", "unit": "천원"}, {"name": "b"}],
            {},
            "fields.a.unit",
            id="another unit",
        ),
        pytest.param(
            [{"name": "a", "type": "integer"}, {"name": "b"}],
            {"primaryKey": ["b"]},
            "primaryKey",
            id="another key",
        ),
        pytest.param(
            [{"name": "a", "type": "integer"}, {"name": "b"}],
            {"licence": "kogl-4"},
            "kogl-1 becomes kogl-4",
            id="another licence",
        ),
    ],
)
def test_a_breaking_change_needs_a_raised_version(fields, keys, told):
    changed = {"primaryKey": ["a"]} | keys

    with pytest.raises(ReleaseHeldError, match=told):
        require_announced(LIVE, contract_of(*fields, **changed))
    require_announced(LIVE, contract_of(*fields, **changed, version=2))


@pytest.mark.parametrize(
    ("fields", "keys"),
    [
        pytest.param([{"name": "c"}], {}, id="a new column"),
        pytest.param([], {"title": {"ko": "새 제목"}}, id="a text for people"),
        pytest.param([], {"thresholds": {"quarantine": "1%"}}, id="a stricter threshold"),
        pytest.param([], {"guards": {"rows": "10%"}}, id="a guard"),
    ],
)
def test_an_additive_change_passes_without(fields, keys):
    after = contract_of(
        {"name": "a", "type": "integer"}, {"name": "b"}, *fields, primaryKey=["a"], **keys
    )

    require_announced(LIVE, after)
