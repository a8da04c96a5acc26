from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from etl.validate.checking import check_table
from etl.validate.messages import advise
from etl.validate.report_page import MOST_LISTED, render_page
from tests.unit.validate.tables import CANARY, contract_of, landed, report_on

CONTRACT = contract_of(
    {
        "name": "kind",
        "title": {"ko": "구분", "en": "Kind"},
        "constraints": {"enum": ["공영", "민영"]},
    },
    {"name": "spaces", "title": {"ko": "면수"}, "type": "integer", "constraints": {"minimum": 1}},
    {"name": "width", "title": {"ko": "너비"}, "type": "number", "decimals": 2},
    thresholds={"quarantine": "60%"},
)


def report(ragged=(), **columns) -> str:
    return render_page(report_on(landed(**columns), CONTRACT, ragged)).decode()


FAULTY = report(
    kind=["공영", CANARY, "민영", "공영"],
    spaces=["1", "2", "0", "3"],
    width=["1.5", "2", "", ""],
)


class Cells(HTMLParser):
    """The cells of every row, by language."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: dict[str, list[list[str]]] = {}
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        self.links += [value for name, value in attrs if name in ("src", "href")]
        if tag == "section":
            self.rows[names["lang"]] = self.current = []
        if tag == "tr":
            self.current.append([])

    def handle_data(self, data):
        if self.get_starttag_text() in ("<td>", "<th>", '<td class="n">') and data.strip():
            self.current[-1].append(data)


@pytest.mark.parametrize(
    ("language", "row"),
    [
        pytest.param(
            "ko",
            ["3", "A", "구분", "허용된 값이 아닙니다", "다음 가운데 하나로 적으십시오: 공영, 민영"],
            id="Korean",
        ),
        pytest.param(
            "en",
            ["3", "A", "Kind", "is not an allowed value", "Write one of: 공영, 민영"],
            id="English",
        ),
        pytest.param(
            "ko",
            ["4", "B", "면수", "허용된 범위를 벗어납니다", "다음 범위로 적으십시오: 1 이상"],
            id="a bound",
        ),
    ],
)
def test_each_fault_has_row_column_and_remedy(language, row):
    assert row in Cells(FAULTY).rows[language]


def test_korean_comes_first_and_holds_no_latin_word():
    head, korean, english = FAULTY.split("<section lang=")
    text = re.sub(r"<[^>]+>", " ", korean.removeprefix('"ko">'))

    assert english.startswith('"en">')
    assert "마당 시험" in head
    assert not re.findall(r"[A-Za-z]{2,}", text)


def test_no_cell_and_no_outside_resource_is_on_the_page():
    assert CANARY not in FAULTY
    assert Cells(FAULTY).links == []
    assert "default-src 'none'" in FAULTY


def test_ragged_records_are_named_by_their_row_and_counted():
    page = report(ragged=[7, 12], kind=["공영"] * 9, spaces=["1"] * 9, width=["1"] * 9)

    assert "<p>7, 12</p>" in page
    assert ["빠진 행", "2"] in Cells(page).rows["ko"]


@pytest.mark.parametrize(
    ("kinds", "verdict"),
    [
        pytest.param(["공영", "민영"], "바로잡을 것이 없습니다.", id="clean"),
        pytest.param(["공영", "없음"], "받아들였습니다.", id="accepted with faults"),
        pytest.param(["없음", "없음"], "허용 비율 60.0%보다 많습니다", id="refused"),
    ],
)
def test_the_verdict_is_that_of_the_gate(kinds, verdict):
    assert verdict in report(kind=kinds, spaces=["1", "1"], width=["", ""])


def test_a_long_list_is_cut_and_says_so():
    rows = MOST_LISTED + 5

    page = report(kind=["없음"] * rows, spaces=["1"] * rows, width=[""] * rows)

    assert f"전체 {rows:,}건 가운데 {MOST_LISTED:,}건만" in page


def test_the_same_table_gives_the_same_bytes():
    columns = {"kind": ["공영", "가"], "spaces": ["0", "x"], "width": ["1", "1.234"]}

    assert report(**columns) == report(**columns)


def test_text_of_a_contract_is_escaped():
    marked = contract_of({"name": "a", "title": {"ko": "<b>"}, "constraints": {"enum": ["<i>"]}})

    page = render_page(report_on(landed(a=["x", "<i>"]), marked)).decode()

    assert "<b>" not in page
    assert "<i>" not in page


@pytest.mark.parametrize(
    "kind", ["string", "integer", "year", "boolean", "date", "datetime", "time"]
)
def test_every_type_has_a_remedy_in_both_languages(kind):
    contract = contract_of({"name": "a", "type": kind})
    rule = check_table(landed(a=["1"]), contract, {}, gx_max_rows=0).rules[0]

    assert advise(rule, contract, "ko").remedy
    assert advise(rule, contract, "en").remedy
