"""Columns are named by the levels of their header, and units leave the name."""

from __future__ import annotations

import pytest

from etl.extract.grid import Merge
from etl.extract.headers import Line
from etl.extract.naming import name_columns, state_unit, stated_unit


def named(
    *rows: str, merges=(), numbers: str = "", filled: str = ""
) -> list[tuple[str, str | None]]:
    levels = [Line(number, tuple(row.split("|"))) for number, row in enumerate(rows, start=1)]
    width = len(levels[0].cells)
    columns = name_columns(
        levels,
        width,
        [letter == "n" for letter in numbers or "n" * width],
        [letter == "x" for letter in filled or "x" * width],
        merges,
    )
    return [(column.name, column.unit) for column in columns if column.kept]


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        pytest.param(["공원명|면적"], ["공원명", "면적"], id="one level"),
        pytest.param([" 공원\r\n면적 |소   계"], ["공원 면적", "소   계"], id="line breaks only"),
        pytest.param(["a|a|a"], ["a", "a_2", "a_3"], id="equal names are numbered"),
        pytest.param(["a|a|a_2"], ["a", "a_2", "a_2_2"], id="and never meet another"),
        pytest.param(["a||c"], ["a", "column_B", "c"], id="a name for what has none"),
        pytest.param(["구|2022||2023|", "|남|여|남|여"],
                     ["구", "2022_남", "2022_여", "2023_남", "2023_여"],
                     id="blanks of merged cells"),
        pytest.param(["구|2022|2022", "구|남|여"], ["구", "2022_남", "2022_여"],
                     id="repeated cells"),
        pytest.param(["위치||방식|", "시|도||", "||LCD|QR"],
                     ["위치_시", "위치_도", "방식_LCD", "방식_QR"],
                     id="a blank is filled from its own group alone"),
    ],
)  # fmt: skip
def test_names(rows, names):
    assert [name for name, _ in named(*rows)] == names


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param("기온(℃)", ("기온", "℃"), id="in brackets"),
        pytest.param("인구 (명)", ("인구", "명"), id="behind a blank"),
        pytest.param("금액(단위: 백만원)", ("금액", "백만원"), id="with its word"),
        pytest.param("가격[원/리터]", ("가격", "원/리터"), id="a ratio"),
        pytest.param("확정금액_천원", ("확정금액", "천원"), id="as a suffix"),
        pytest.param("나트륨100(w)이하", ("나트륨100(w)이하", None), id="within the name"),
        pytest.param("시설(운동시설)", ("시설(운동시설)", None), id="no unit at all"),
        pytest.param("구분(1)", ("구분(1)", None), id="a level's number"),
        pytest.param("좌표(X)", ("좌표(X)", None), id="an axis"),
    ],
)
def test_units(row, expected):
    assert named(row) == [expected]


def test_a_word_that_may_be_a_place_is_a_unit_of_numbers_only():
    assert named("주소(동)|면수(면)", numbers="tn") == [("주소(동)", None), ("면수", "면")]


def test_a_level_that_is_a_unit_alone_leaves_the_name():
    assert named("비율", "(%)") == [("비율", "%")]


def test_an_empty_column_without_a_name_is_dropped():
    assert named("a||", filled="x x") == [("a", None), ("column_C", None)]


def test_merged_cells_are_spread():
    merges = [Merge(1, 1, 2, 1), Merge(1, 2, 1, 3)]

    assert named("구|인구|", "|남|여", merges=merges) == [
        ("구", None), ("인구_남", None), ("인구_여", None)
    ]  # fmt: skip


def test_the_unit_above_a_table_is_that_of_its_measures():
    levels = [Line(2, ("번호", "연장", "비율(%)", "이름"))]
    numbers = [True, True, True, False]
    columns = name_columns(levels, 4, numbers, [True] * 4)

    stated = state_unit(columns, numbers, stated_unit([Line(1, ("", "( 단위 : km )"))]) or "")

    assert [column.unit for column in stated] == [None, "km", "%", None]
