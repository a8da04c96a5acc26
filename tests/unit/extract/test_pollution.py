"""Single pollutions of a clean table: read right, set aside, or refused with the true reason.

The whole suite, with other readers beside ours, is `python -m benchmarks.pollution`.
"""

from __future__ import annotations

import pytest

from benchmarks.polluting import make_cases
from benchmarks.pollution import REFUSED, RIGHT, judge, read_with_madang

CASES = [case for case in make_cases() if case.table == "parks" or case.kind == "clean"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.table}: {case.kind}: {case.name}")
def test_one_pollution(case, tmp_path):
    verdict = judge(case, read_with_madang, tmp_path)

    assert verdict == (REFUSED if case.stops else RIGHT)


def test_every_kind_of_pollution_is_tried():
    assert {case.kind for case in CASES} == {
        "clean", "file", "header", "row", "cell", "delimiter", "quote", "line end", "encoding",
    }  # fmt: skip
    assert len(CASES) > 200
