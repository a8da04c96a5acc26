"""Tables of pages as text."""

from __future__ import annotations

import pytest

from etl.errors import SourceFormatError
from etl.extract.grid import Merge
from etl.extract.html import open_html
from etl.settings import Limits
from tests.unit.extract.workbooks import cells_of


def write(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "a.xls"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def read_all(path, limits):
    return [sheet.read() for sheet in open_html(path, limits).sheets]


def grids(tmp_path, text):
    return read_all(write(tmp_path, text), Limits())


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        pytest.param("utf-8", "utf-8", id="UTF-8"),
        pytest.param("utf-8-sig", "utf-8-sig", id="UTF-8 with a mark"),
        pytest.param("cp949", "cp949", id="CP949, whatever the page says"),
        pytest.param("utf-16", "utf-16-le", id="UTF-16 with a mark"),
        pytest.param("utf-16-be", "utf-16-be", id="UTF-16 without one"),
    ],
)
def test_a_page_is_decoded_by_its_bytes(tmp_path, encoding, told):
    page = '<html><meta charset="utf-8"><table><tr><td>주차장</td><td>똠방</td></tr></table>'

    book = open_html(write(tmp_path, page, encoding), Limits())

    assert book.encoding == told
    assert cells_of(book.sheets[0].read()) == [("주차장", "똠방")]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        pytest.param("\n  가\n  나  \n", "가 나", id="blanks of the markup are one"),
        pytest.param("　가&nbsp;", "　가\xa0", id="other blanks stay"),
        pytest.param("가<br>나<BR/> 다", "가\n나\n다", id="breaks"),
        pytest.param("<p>가</p><p>나</p>", "가\n나", id="paragraphs"),
        pytest.param("<b>가</b><font>나</font>", "가나", id="fonts"),
        pytest.param("&lt;가&gt; &amp; &#44032;", "<가> & 가", id="entities"),
        pytest.param("가<script>x</script><style>y</style><!-- z -->나", "가나", id="no text"),
        pytest.param("0012", "0012", id="a code"),
    ],
)
def test_a_cell_is_what_the_page_shows(tmp_path, cell, text):
    (grid,) = grids(tmp_path, f"<table><tr><td>{cell}</td><td>끝</td></tr></table>")

    assert cells_of(grid) == [(text, "끝")]


def test_spans_leave_blanks_and_are_told(tmp_path):
    (grid,) = grids(
        tmp_path,
        "<table><thead><tr><th rowspan=2>구</th><th colspan=2>계</th></tr>"
        "<tr><th>남</th><th>여</th></tr></thead>"
        "<tbody><tr><td rowspan=0>가<td>1<td>2<tr><td>3<td>4</table>",
    )

    assert cells_of(grid) == [("구", "계", ""), ("", "남", "여"), ("가", "1", "2"), ("", "3", "4")]
    assert grid.merges == (Merge(1, 1, 2, 1), Merge(1, 2, 1, 3), Merge(3, 1, 4, 1))


def test_rows_without_cells_keep_their_number(tmp_path):
    (grid,) = grids(tmp_path, "<table><tr></tr><tr><td>가</td></tr></table>")

    assert cells_of(grid) == [("",), ("가",)]


def test_a_table_that_only_holds_others_is_none(tmp_path):
    inner = "<table><tr><td>가</td><td>나</td></tr></table>"

    (grid,) = grids(tmp_path, f"<table><tr><td>{inner}</td></tr></table>")

    assert cells_of(grid) == [("가", "나")]


def test_a_table_within_a_cell_of_another_is_one_of_its_own(tmp_path):
    inner = "<table><tr><td>안</td></tr></table>"

    outer, nested = grids(tmp_path, f"<table><tr><td>밖{inner}</td><td>끝</td></tr></table>")

    assert cells_of(outer) == [("밖", "끝")]
    assert cells_of(nested) == [("안",)]


def test_what_a_page_hides_is_told(tmp_path):
    page = (
        "<script>1</script><div style='display: none'><table><tr><td>숨김</td></tr></table></div>"
        "<table><tr><td>가</td></tr><tr style='display:none'><td>나</td></tr></table>"
    )

    book = open_html(write(tmp_path, page), Limits())

    assert [sheet.is_hidden for sheet in book.sheets] == [True, False]
    assert {finding.what: finding.count for finding in book.findings} == {
        "programs": 1,
        "hidden rows": 1,
    }


@pytest.mark.parametrize(
    ("page", "limits", "message"),
    [
        pytest.param("<html><p>가</p>", {}, "no table of its own", id="no table"),
        pytest.param(b"<table><tr><td>\xff\xff\x81", {}, "offset 15", id="no known encoding"),
        pytest.param("<table>" + "<div>" * 3000 + "가", {}, "no table|too deeply", id="depth"),
        pytest.param("<table><tr><td>가", {"markup_bytes": 9}, "MARKUP_BYTES", id="size"),
        pytest.param("<table><tr><td>가<td>나", {"cells": 1}, "MAX_CELLS", id="cells"),
        pytest.param("<table><tr><td>가<table><tr><td>나", {"sheets": 1}, "SHEETS", id="tables"),
        pytest.param(
            "<table><tr><td colspan=9999>가<td colspan=9999>나<td>다", {}, "MAX_COLUMNS", id="spans"
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(tmp_path, page, limits, message):
    with pytest.raises(SourceFormatError, match=message):
        read_all(write(tmp_path, page), Limits(**limits))


def test_nothing_is_left_out_of_a_deep_page(tmp_path):
    page = "<div>" * 100 + "<table><tr><td>가</td></tr></table>" + "</div>" * 100

    (grid,) = grids(tmp_path, page)

    assert cells_of(grid) == [("가",)]
