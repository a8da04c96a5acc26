"""A release that changes more than its contract allows is held for the data steward."""

from __future__ import annotations

import pytest

from etl.certify.guarding import require_guards
from etl.errors import ReleaseHeldError
from tests.unit.validate.tables import contract_of

GUARDED = contract_of({"name": "a"}, guards={"rows": "25%", "nulls": "10%"})


def measures(rows: int, **nulls: int) -> dict[str, object]:
    return {"rows": rows, "nulls": nulls}


@pytest.mark.parametrize(
    ("new", "live"),
    [
        pytest.param(measures(75, a=0), measures(100, a=0), id="rows fall to the limit"),
        pytest.param(measures(125, a=0), measures(100, a=0), id="rows rise to the limit"),
        pytest.param(measures(100, a=10), measures(100, a=0), id="nulls rise to the limit"),
        pytest.param(measures(100, a=0), measures(100, a=90), id="nulls fall"),
        pytest.param(measures(10, a=0), None, id="there is no live release"),
        pytest.param(measures(0, a=0), measures(0, a=0), id="nothing after nothing"),
        pytest.param(measures(100, b=5), measures(100), id="a new column with few nulls"),
    ],
)
def test_a_small_change_passes(new, live):
    require_guards(GUARDED, new, live)


@pytest.mark.parametrize(
    ("new", "live", "why"),
    [
        pytest.param(
            measures(74, a=0), measures(100, a=0), "100 rows would become 74", id="too few rows"
        ),
        pytest.param(
            measures(126, a=0), measures(100, a=0), "100 rows would become 126", id="too many rows"
        ),
        pytest.param(measures(1, a=0), measures(0, a=0), "0 rows would", id="rows after nothing"),
        pytest.param(
            measures(100, a=11), measures(100, a=0), "missing values of a rise by 11%", id="nulls"
        ),
        pytest.param(
            measures(100, b=100),
            measures(100),
            "missing values of b rise",
            id="an empty new column",
        ),
    ],
)
def test_a_large_change_is_held(new, live, why):
    with pytest.raises(ReleaseHeldError, match=why) as caught:
        require_guards(GUARDED, new, live)

    assert caught.value.exit_code == 10
    assert "the live one stays" in caught.value.message


@pytest.mark.parametrize(
    ("guards", "new"),
    [
        pytest.param(None, measures(1, a=1), id="no guards"),
        pytest.param({"rows": "50%"}, measures(100, a=100), id="rows alone"),
        pytest.param({"nulls": "50%"}, measures(1, a=0), id="nulls alone"),
    ],
)
def test_only_what_the_contract_guards_is_guarded(guards, new):
    require_guards(contract_of({"name": "a"}, guards=guards), new, measures(100, a=0))
