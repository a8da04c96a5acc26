"""Delimiter and header are found by the contract's own headers, or the file is refused."""

from __future__ import annotations

import traceback

import pytest
from pydantic import ValidationError

from etl.contract.source import Layout
from etl.errors import SourceFormatError
from etl.extract.declared import declare_text
from etl.extract.delimited import read_text
from etl.extract.layout import normalise_header
from tests.unit.validate.tables import CANARY, contract_of

CONTRACT = contract_of(
    {"name": "park_id", "title": {"ko": "관리번호"}, "aliases": ["공원 번호"]},
    {"name": "area", "title": {"ko": "공원면적"}, "type": "integer"},
    ignored_fields=["비고"],
)
BOTH = ("park_id", "area")


def lay_out(folder, text: str, contract=CONTRACT) -> tuple[str, int | tuple[int, ...], tuple]:
    """Return delimiter, row of the header (or rows), and the field of each column."""
    file = folder / "supplied"
    file.write_text(text, encoding="utf-8", newline="")
    declared = read_text(file, "auto", lambda text: declare_text(text, contract))
    rows = declared.structure.header_rows
    fields = tuple(column.field for column in declared.structure.columns)
    return declared.delimiter, rows[0] if len(rows) == 1 else rows, fields


@pytest.mark.parametrize(
    ("beginning", "layout"),
    [
        pytest.param("관리번호,공원면적\n", (",", 1, BOTH), id="titles"),
        pytest.param("park_id,area\n", (",", 1, BOTH), id="names"),
        pytest.param("공원 번호,area\n", (",", 1, BOTH), id="an alias"),
        pytest.param("관리번호\t공원면적\n", ("\t", 1, BOTH), id="tabs"),
        pytest.param("관리번호;공원면적\n", (";", 1, BOTH), id="semicolons"),
        pytest.param("관리번호|공원면적\n", ("|", 1, BOTH), id="bars"),
        pytest.param("관리번호,공원면적", (",", 1, BOTH), id="no line end"),
        pytest.param("관리번호,공원면적\r1,2\r", (",", 1, BOTH), id="bare CR"),
        pytest.param(
            "공원면적,비고,관리번호\n",
            (",", 1, ("area", None, "park_id")),
            id="another order, and a column to ignore",
        ),
        pytest.param(" 관리\t번호 ,'x\n", None, id="a blank inside a header is a difference"),
        pytest.param('"공원\r\n번호"," 공원면적\u3000"\n', (",", 1, BOTH), id="breaks and blanks"),
        pytest.param(
            "\u1100\u1169\u11bc\u110b\u116f\u11ab\u1106\u1167\u11ab\u110c\u1165\u11a8,park_id\n",
            (",", 1, ("area", "park_id")),
            id="decomposed Hangul, as macOS writes it",
        ),
        pytest.param(
            "2026년 공원 현황\n\n(단위: ㎡),,\n관리번호,공원면적\n",
            (",", 4, BOTH),
            id="titles and blank lines above",
        ),
        pytest.param(
            '"두 줄\n제목"\n관리번호,공원면적\n',
            (",", 2, BOTH),
            id="records are counted, not lines",
        ),
        pytest.param("관리번호,공원면적\n관리번호,공원면적\n", (",", 1, BOTH), id="the first wins"),
        pytest.param(
            "관리번호\n관리번호,공원면적\n",
            (",", 2, BOTH),
            id="the record with more of the headers wins",
        ),
    ],
)
def test_the_header_is_found(tmp_path, beginning, layout):
    if layout is None:
        with pytest.raises(SourceFormatError):
            lay_out(tmp_path, beginning)
        return

    assert lay_out(tmp_path, beginning) == layout


@pytest.mark.parametrize(
    ("beginning", "fault"),
    [
        pytest.param("\n", "no header of the contract was found", id="nothing"),
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
def test_a_file_without_its_columns_is_refused_and_not_quoted(tmp_path, beginning, fault):
    with pytest.raises(SourceFormatError, match=f"test-yard: {fault}") as caught:
        lay_out(tmp_path, beginning)

    assert "the live release stays" in caught.value.message
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_a_declared_header_row_is_held_to(tmp_path):
    contract = contract_of({"name": "a"}, layout={"header": 2})

    assert lay_out(tmp_path, "x\na\n", contract)[1] == 2
    with pytest.raises(SourceFormatError, match="no header"):
        lay_out(tmp_path, "a\nx\n", contract)


MEASURES = contract_of(
    {"name": "gu", "title": {"ko": "구"}},
    {"name": "men", "title": {"ko": "2022_남"}},
    {"name": "women", "title": {"ko": "2022_여"}},
)
TWO_LEVELS = "현황,,\n구,2022,\n,남,여(명)\n가,1,2\n나,3,4\n"


@pytest.mark.parametrize(
    ("text", "layout", "found"),
    [
        pytest.param(TWO_LEVELS, {}, (2, 3), id="two levels are joined as without a contract"),
        pytest.param(TWO_LEVELS, {"header": (2, 3)}, (2, 3), id="declared levels"),
        pytest.param("가,1,2\n", {"header": "none"}, (), id="no header, columns by their places"),
        pytest.param("가~1~2\n", {"header": "none", "delimiter": "~"}, (),
                     id="with a delimiter of its own"),
    ],
)  # fmt: skip
def test_names_may_stand_in_several_rows_or_in_none(tmp_path, text, layout, found):
    contract = MEASURES.model_copy(update={"layout": Layout(**layout)})

    assert lay_out(tmp_path, text, contract)[1:] == (found, ("gu", "men", "women"))


@pytest.mark.parametrize(
    ("text", "layout", "fault"),
    [
        pytest.param("가,1\n", {"header": "none"}, "1 columns are missing", id="too few columns"),
        pytest.param("가,1,2,3\n", {"header": "none"}, "1 columns are not declared", id="too many"),
        pytest.param("구,2022_남,2022_여\n가,1,2\n", {"delimiter": ";"}, "no header",
                     id="another delimiter than declared"),
        pytest.param(TWO_LEVELS, {"header": 3}, "no header", id="one level of two"),
    ],
)  # fmt: skip
def test_a_declared_layout_is_checked_against_the_file(tmp_path, text, layout, fault):
    contract = MEASURES.model_copy(update={"layout": Layout(**layout)})

    with pytest.raises(SourceFormatError, match=fault):
        lay_out(tmp_path, text, contract)


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


@pytest.mark.parametrize(
    ("layout", "fault"),
    [
        pytest.param({"delimiter": ";;"}, "delimiter", id="two characters"),
        pytest.param({"delimiter": "가"}, "delimiter", id="a letter"),
        pytest.param({"header": 0}, "header", id="rows are counted from 1"),
        pytest.param({"header": []}, "header", id="no row is written none"),
        pytest.param({"header": list(range(1, 8))}, "header", id="seven levels"),
        pytest.param({"encoding": "euc-kr"}, "encoding", id="CP949 is its name"),
    ],
)
def test_a_layout_that_cannot_be_meant_is_refused(layout, fault):
    with pytest.raises(ValidationError, match=fault):
        Layout(**layout)
