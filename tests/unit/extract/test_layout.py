"""Delimiter and header are found by the contract's own headers, or the file is refused."""

from __future__ import annotations

import traceback

import pytest

from etl.errors import SourceFormatError
from etl.extract.layout import TextLayout, find_layout, normalise_header
from tests.unit.validate.tables import CANARY, contract_of

CONTRACT = contract_of(
    {"name": "park_id", "title": {"ko": "관리번호"}, "aliases": ["공원 번호"]},
    {"name": "area", "title": {"ko": "공원면적"}, "type": "integer"},
    ignored_fields=["비고"],
)
BOTH = ("park_id", "area")


@pytest.mark.parametrize(
    ("beginning", "layout"),
    [
        pytest.param("관리번호,공원면적\n", TextLayout(",", 1, BOTH), id="titles"),
        pytest.param("park_id,area\n", TextLayout(",", 1, BOTH), id="names"),
        pytest.param("공원 번호,area\n", TextLayout(",", 1, BOTH), id="an alias"),
        pytest.param("관리번호\t공원면적\n", TextLayout("\t", 1, BOTH), id="tabs"),
        pytest.param("관리번호;공원면적\n", TextLayout(";", 1, BOTH), id="semicolons"),
        pytest.param("관리번호|공원면적\n", TextLayout("|", 1, BOTH), id="bars"),
        pytest.param("관리번호,공원면적", TextLayout(",", 1, BOTH), id="no line end"),
        pytest.param("관리번호,공원면적\r1,2\r", TextLayout(",", 1, BOTH), id="bare CR"),
        pytest.param(
            "공원면적,비고,관리번호\n",
            TextLayout(",", 1, ("area", None, "park_id")),
            id="another order, and a column to ignore",
        ),
        pytest.param(" 관리\t번호 ,'x\n", None, id="a blank inside a header is a difference"),
        pytest.param(
            '"공원\r\n번호"," 공원면적\u3000"\n', TextLayout(",", 1, BOTH), id="breaks and blanks"
        ),
        pytest.param(
            "\u1100\u1169\u11bc\u110b\u116f\u11ab\u1106\u1167\u11ab\u110c\u1165\u11a8,park_id\n",
            TextLayout(",", 1, ("area", "park_id")),
            id="decomposed Hangul, as macOS writes it",
        ),
        pytest.param(
            "2026년 공원 현황\n\n(단위: ㎡),,\n관리번호,공원면적\n",
            TextLayout(",", 4, BOTH),
            id="titles and blank lines above",
        ),
        pytest.param(
            '"두 줄\n제목"\n관리번호,공원면적\n',
            TextLayout(",", 2, BOTH),
            id="records are counted, not lines",
        ),
        pytest.param(
            "관리번호,공원면적\n관리번호,공원면적\n", TextLayout(",", 1, BOTH), id="the first wins"
        ),
        pytest.param(
            "관리번호\n관리번호,공원면적\n",
            TextLayout(",", 2, BOTH),
            id="the record with more of the headers wins",
        ),
    ],
)
def test_the_header_is_found(beginning, layout):
    if layout is None:
        with pytest.raises(SourceFormatError):
            find_layout(beginning, CONTRACT)
        return

    assert find_layout(beginning, CONTRACT) == layout


@pytest.mark.parametrize(
    ("beginning", "fault"),
    [
        pytest.param("", "no header of the contract was found", id="nothing"),
        pytest.param("1,2\n", "no header of the contract was found", id="data without a header"),
        pytest.param("관리번호\n", r"1 columns are missing \(공원면적\)", id="a column is missing"),
        pytest.param(
            "관리번호,공원면적,공원 번호\n",
            r"1 columns are repeated \(park_id\)",
            id="two headers of one field",
        ),
        pytest.param(
            f"관리번호,{CANARY},공원면적,\n",
            r"1 columns are not declared \(number 2\)",
            id="an undeclared column; one without a name only has to be empty",
        ),
        pytest.param(
            f"관리번호,{CANARY}\n", r"1 columns are missing \(공원면적\)", id="another in its place"
        ),
        pytest.param(
            "x\n" * 30 + "관리번호,공원면적\n",
            "no header of the contract was found",
            id="a header below the thirtieth record",
        ),
        pytest.param(
            f'"{CANARY}' + "x" * 200_000, "no header of the contract was found", id="one huge cell"
        ),
    ],
)
def test_a_file_without_its_columns_is_refused_and_not_quoted(beginning, fault):
    with pytest.raises(SourceFormatError, match=f"test-yard: {fault}") as caught:
        find_layout(beginning, CONTRACT)

    assert "the live release stays" in caught.value.message
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_a_declared_header_row_is_held_to():
    contract = contract_of({"name": "a"}, layout={"header": 2})

    assert find_layout("x\na\n", contract).header_record == 2
    with pytest.raises(SourceFormatError, match="no header"):
        find_layout("a\nx\n", contract)


@pytest.mark.parametrize(
    ("text", "header"),
    [
        pytest.param(" 공원\r\n면적 ", "공원 면적", id="line breaks become one blank"),
        pytest.param("\u3000공원\t\t면적", "공원 면적", id="any blank is a blank"),
        pytest.param("\u1100\u1161", "가", id="Hangul is composed"),
        pytest.param("공원면적(㎡)", "공원면적(㎡)", id="compatibility characters stay"),
    ],
)
def test_headers_differ_by_what_is_seen(text, header):
    assert normalise_header(text) == header
