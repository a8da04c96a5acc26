"""The code lists of `schemas/hierarchies` are whole, nested and spoken of."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl.contract.hierarchies import read_code_list
from etl.drawing import describe_hierarchy

ROOT = Path(__file__).parents[2]
LISTS = sorted((ROOT / "schemas/hierarchies").glob("*.csv"))


def test_lists_are_found_and_the_readme_speaks_of_each():
    readme = (ROOT / "schemas/hierarchies/README.md").read_text(encoding="utf-8")

    assert LISTS, "no code list found: this test would prove nothing"
    assert all(f"`{file.name}`" in readme for file in LISTS)


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        pytest.param("ksco", [52, 52, 10, 1], id="occupations: 52 sub-major, 10 major groups"),
        pytest.param("ksic", [77, 77, 21, 1], id="industries: 77 divisions, 21 sections"),
        pytest.param("emd", [3589, 250, 17, 1], id="places by code"),
        pytest.param("sigungu", [274, 17, 1], id="districts by name"),
    ],
)
def test_each_list_is_proven_and_has_the_size_that_its_source_states(name, sizes):
    drawn = describe_hierarchy(name, ROOT / "schemas")

    assert [level["values"] for level in drawn["levels"]] == sizes


def test_a_place_lies_in_the_region_that_its_code_begins_with():
    listed = read_code_list(ROOT / "schemas/hierarchies/emd.csv").columns
    regions = set(zip((code[:2] for code in listed["행정동코드"]), listed["시도"], strict=True))
    districts = set(zip((code[:5] for code in listed["행정동코드"]), listed["시군구"], strict=True))

    assert len(regions) == 17
    assert len(districts) == len({code for code, _ in districts})
