"""Which sheet is the table."""

from __future__ import annotations

import polars as pl
import pytest

from etl.errors import SourceFormatError
from etl.extract.books import Book, Sheet, build_grid
from etl.extract.sheet_choice import Wanted, choose_sheet

CANARY = "김카나리"
TABLE = [["코드", "이름", "수"], ["1", "가", "2"], ["2", "나", "3"]]
OTHER = [["동", "면적", "값"], ["가", "1", "3"], ["나", "2", "4"]]
ABOUT = [["통계표명", "주차장"], ["출처", "교통과"]]
TITLE = [["주차장 현황"]]


def sheet(rows, name, *, is_hidden=False):
    columns = [pl.Series(list(column), dtype=pl.String) for column in zip(*rows, strict=True)]
    return Sheet(name, is_hidden, lambda: build_grid(columns, name=name, is_hidden=is_hidden))


def book(*sheets):
    return Book(sheets)


@pytest.mark.parametrize(
    ("sheets", "wanted", "chosen"),
    [
        pytest.param([sheet(TABLE, "a"), sheet([], "b")], Wanted(), "a", id="the only filled one"),
        pytest.param(
            [sheet(OTHER, "a", is_hidden=True), sheet(TABLE, "b")], Wanted(), "b", id="not hidden"
        ),
        pytest.param(
            [sheet(TABLE, "데이터"), sheet(ABOUT, "메타정보")], Wanted(), "데이터", id="about it"
        ),
        pytest.param([sheet(TITLE, "표지"), sheet(TABLE, "b")], Wanted(), "b", id="a title page"),
        pytest.param([sheet(TABLE, "a"), sheet(OTHER, "b")], Wanted(sheet="b"), "b", id="by name"),
        pytest.param([sheet(TABLE, "a"), sheet(OTHER, "b")], Wanted(sheet=2), "b", id="by number"),
        pytest.param(
            [sheet(OTHER, "a"), sheet(TABLE, "b")],
            Wanted(headers=(frozenset({"코드", "번호"}), frozenset({"이름"}))),
            "b",
            id="by the contract's headers",
        ),
    ],
)
def test_the_sheet_is_found_where_the_evidence_is_plain(sheets, wanted, chosen):
    grid, decision = choose_sheet(book(*sheets), wanted, "xlsx")

    assert grid.name == chosen
    assert (decision.what, decision.value) == ("sheet", chosen)


@pytest.mark.parametrize(
    "sheets",
    [
        pytest.param([sheet(TABLE, CANARY), sheet(OTHER, "b")], id="two tables"),
        pytest.param([sheet(TABLE, CANARY), sheet(TABLE, "b")], id="two tables of one form"),
        pytest.param([sheet(ABOUT, CANARY), sheet(ABOUT, "b")], id="two narrow ones"),
        pytest.param([sheet(TITLE, CANARY), sheet(TITLE, "b")], id="two titles"),
        pytest.param([sheet(TABLE, CANARY), sheet(OTHER, "메타정보")], id="a wide one is no note"),
    ],
)
def test_several_tables_are_a_question_without_their_names(sheets):
    with pytest.raises(SourceFormatError, match="2 sheets may be the table") as caught:
        choose_sheet(book(*sheets), Wanted(), "xlsx")

    assert caught.value.facts["status"] == "question"
    assert caught.value.facts["contract_lines"] == "layout: {sheet: 1}"
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("sheets", "wanted", "message"),
    [
        pytest.param([sheet([], "a")], Wanted(), "None of the 1 visible sheets", id="empty"),
        pytest.param([sheet(TABLE, "a", is_hidden=True)], Wanted(), "1 are hidden", id="hidden"),
        pytest.param(
            [sheet(TABLE, "a", is_hidden=True)], Wanted(sheet="a"), "is hidden", id="names a hidden"
        ),
        pytest.param([sheet(TABLE, "a")], Wanted(sheet="b"), "0 of the 1 sheets", id="no name"),
        pytest.param([sheet(TABLE, "a")], Wanted(sheet=0), "0 of the 1 sheets", id="no number"),
        pytest.param([sheet(TABLE, "a")], Wanted(sheet=2), "0 of the 1 sheets", id="beyond"),
    ],
)
def test_a_sheet_that_is_not_there_is_refused(sheets, wanted, message):
    with pytest.raises(SourceFormatError, match=message) as caught:
        choose_sheet(book(*sheets), wanted, "xlsx")

    assert caught.value.facts["status"] == "refused"
