"""XLSX workbooks as text."""

from __future__ import annotations

import datetime as dt
import time
import zipfile
from types import SimpleNamespace

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import Font

from etl.errors import SourceFormatError
from etl.extract.grid import Merge
from etl.extract.xlsx import open_xlsx
from etl.extract.xlsx_columns import read_columns
from etl.settings import Limits
from tests.unit.extract.workbooks import MAIN, SHEET, read_first, repack, with_rows, write_xlsx

CANARY = "김카나리"


def moment(*parts):
    """Return a moment as a cell knows it: without a zone."""
    return dt.datetime(*parts)  # noqa: DTZ001


def test_cells_stand_as_they_are(tmp_path):
    texts = [" 앞뒤 ", "\t탭", "　전각", "①㎡", "두\n줄", "0012", "TRUE", "=1+1", "  "]

    def fill(sheet):
        for column, text in enumerate(texts, start=1):
            sheet.cell(1, column).value = text
            sheet.cell(1, column).data_type = "s"

    assert read_first(write_xlsx(tmp_path / "a", fill)) == [tuple(texts)]


def test_numbers_are_stored_precision_and_booleans_words(tmp_path):
    numbers = [3, 3.5, 0.1, -2, 309123456789, 1e-7, 1.5e20, True, False]

    assert read_first(write_xlsx(tmp_path / "a", lambda sheet: sheet.append(numbers))) == [
        (
            "3",
            "3.5",
            "0.1",
            "-2",
            "309123456789",
            "0.0000001",
            "1" + "5" + "0" * 19,
            "TRUE",
            "FALSE",
        )
    ]


def test_a_column_of_numbers_under_its_header_keeps_their_digits(tmp_path):
    values = [1.0, 2.5, 1e-7, 12345678901234570000.0]

    def fill(sheet):
        sheet.append(["값"])
        for value in values:
            sheet.append([value])

    assert read_first(write_xlsx(tmp_path / "a", fill)) == [
        ("값",), ("1",), ("2.5",), ("0.0000001",), ("12345678901234570000",)
    ]  # fmt: skip


def test_dates_and_times_are_iso_by_their_formats(tmp_path):
    moments = [
        dt.date(2020, 1, 2),
        moment(2020, 1, 2, 9, 30),
        moment(2020, 1, 2),
        dt.time(9, 0),
        dt.timedelta(hours=30),
    ]

    assert read_first(write_xlsx(tmp_path / "a", lambda sheet: sheet.append(moments))) == [
        ("2020-01-02", "2020-01-02T09:30:00", "2020-01-02T00:00:00", "09:00:00", "30:00:00")
    ]


def test_days_count_from_the_workbooks_epoch(tmp_path):
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active.append([dt.date(2020, 1, 2), moment(1904, 1, 1, 6)])
    book.save(tmp_path / "a")

    assert read_first(tmp_path / "a") == [("2020-01-02", "1904-01-01T06:00:00")]


@pytest.mark.parametrize(
    ("number", "code", "text"),
    [
        pytest.param(42, "00000", "00042", id="a code padded with zeros"),
        pytest.param(1012345678, "000-0000-0000", "010-1234-5678", id="a telephone number"),
        pytest.param(43831, 'yyyy"년" m"월" d"일"', "2020-01-01", id="a Korean date"),
        pytest.param(59, "yyyy-mm-dd", "1900-02-28", id="an early date"),
        pytest.param(0, "yyyy-mm-dd", "0", id="no date"),
        pytest.param(1, "h:mm", "24:00:00", id="the end of the day"),
        pytest.param(0.5, '#,##0"개"', "0.5", id="a unit"),
        pytest.param(43831, '0"d"', "43831", id="a unit that looks like a day"),
        pytest.param(43831, "m월 d일", "2020-01-01", id="a date whose words are not quoted"),
    ],
)
def test_formats_that_carry_meaning_are_honoured(tmp_path, number, code, text):
    def fill(sheet):
        sheet["B2"] = number
        sheet["B2"].number_format = code
        sheet["C2"] = "그대로"
        sheet["C2"].number_format = code

    assert read_first(write_xlsx(tmp_path / "a", fill)) == [("", "", ""), ("", text, "그대로")]


def test_a_format_named_by_number_alone_is_a_korean_date(tmp_path):
    def fill(sheet):
        sheet["A1"] = 43831
        sheet["A1"].number_format = "0.00"

    path = write_xlsx(tmp_path / "a", fill)
    repack(
        path, {"xl/styles.xml": lambda styles: styles.replace(b'numFmtId="2"', b'numFmtId="31"')}
    )

    assert read_first(path) == [("2020-01-01",)]


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param('<c r="A1" s="1"><v>42</v></c>', id="the format alone"),
        pytest.param('<c r="A1" s="1" t="n"><v>42</v></c>', id="a type behind it"),
        pytest.param('<c r="A1" t="n" cm="1" s="1"><v>42</v></c>', id="others before it"),
        pytest.param("<c s='1' r='A1'><v>42</v></c>", id="in unusual markup"),
        pytest.param('<c r="A1" s="1"><f>6*7</f><v>42</v></c>', id="a formula"),
        pytest.param('<c r="A1" s="1"><f t="shared" si="0"/><v>42</v></c>', id="a shared formula"),
    ],
)
def test_a_cells_format_is_found_wherever_it_is_named(tmp_path, cell):
    path = with_rows(tmp_path / "a", f'<row r="1">{cell}</row>')
    repack(path, {"xl/styles.xml": styles_with(b"00000")})

    assert read_first(path) == [("00042",)]


def test_a_cell_that_names_no_format_has_the_first(tmp_path):
    path = with_rows(tmp_path / "a", '<row r="1"><c r="A1"><v>42</v></c></row>')
    repack(path, {"xl/styles.xml": styles_with(b"00000", first=True)})

    assert read_first(path) == [("00042",)]


def styles_with(code, *, first=False):
    """Return a workbook's styles: plain, and one with this format; or that one first."""
    plain, other = b'<xf numFmtId="0"/>', b'<xf numFmtId="170"/>'
    return (
        b'<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        b'<numFmts><numFmt numFmtId="170" formatCode="'
        + code
        + b'"/></numFmts><cellXfs>'
        + (other + plain if first else plain + other)
        + b"</cellXfs></styleSheet>"
    )


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        pytest.param(
            '<row r="1"><c r="A1" t="e"><v>#N/A</v></c><c r="B1" t="e"><f>1/0</f>'
            "<v>#DIV/0!</v></c></row>",
            ("#N/A", "#DIV/0!"),
            id="errors are no empty cells",
        ),
        pytest.param(
            '<row r="1"><c r="B1" t="e"><v>#N/A</v></c><c r="D1" t="e"><v>#REF!</v></c></row>',
            ("", "#N/A", "", "#REF!"),
            id="errors at the edges",
        ),
        pytest.param(
            '<row r="1"><c r="A1" t="str"><f>"가"</f><v>가</v></c>'
            '<c r="B1"><f>1+1</f><v>2</v></c></row>',
            ("가", "2"),
            id="formulas are what they were when they were saved",
        ),
        pytest.param(
            '<row r="1"><c r="A1" t="str"><f>""</f><v></v></c><c r="B1"><v>1</v></c></row>',
            ("", "1"),
            id="a formula may be empty text",
        ),
        pytest.param(
            '<row r="1"><c r="A1" t="d"><v>2020-01-01T09:00:00</v></c>'
            '<c r="B1" t="d"><v>2020-01-01T00:00:00</v></c></row>',
            ("2020-01-01T09:00:00", "2020-01-01"),
            id="dates of ISO",
        ),
        pytest.param(
            '<row r="1"><c r="A1" t="inlineStr"><is><r><t>한</t></r><r><t xml:space="preserve"> 글'
            '</t></r><rPh sb="0" eb="1"><t>음</t></rPh></is></c></row>',
            ("한 글",),
            id="text of several fonts, without its reading",
        ),
        pytest.param(
            '<row><c><v>7</v></c><c t="e"><v>#REF!</v></c></row>',
            ("7", "#REF!"),
            id="cells without addresses follow one another",
        ),
        pytest.param(
            '<row r="1"><!-- a --><c t="e" r="B1"><v>#N/A</v></c></row>',
            ("", "#N/A"),
            id="attributes in another order",
        ),
        pytest.param(
            '<row r="1"><c r="A1"><v>1.1000000000000001</v></c><c r="B1"><v>1E+3</v></c></row>',
            ("1.1", "1000"),
            id="seventeen digits are one number",
        ),
    ],
)
def test_what_programs_write_is_read(tmp_path, row, cells):
    assert read_first(with_rows(tmp_path / "a", row)) == [cells]


def test_a_text_without_a_place_is_refused():
    sheet = SimpleNamespace(start=(0, 0), iter_rows=lambda: iter([["가"]]))

    with pytest.raises(SourceFormatError, match="in different places"):
        read_columns(sheet, {1: [(2, "00042")]})


def test_a_prefix_before_every_name_changes_nothing(tmp_path):
    markup = (
        '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<x:sheetData><x:row r="2"><x:c r="B2" t="e"><x:v>#N/A</x:v></x:c></x:row></x:sheetData>'
        "</x:worksheet>"
    )
    path = write_xlsx(tmp_path / "a", lambda sheet: sheet.append(["x"]))

    assert read_first(repack(path, {SHEET: markup.encode()})) == [("", ""), ("", "#N/A")]


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param("<c r='C5'><f>A1+1</f></c>", id="in unusual markup"),
        pytest.param('<c r="C5"><f>A1+1</f></c>', id="without a value"),
        pytest.param('<c r="C5"><f>A1+1</f><v></v></c>', id="with an empty value"),
        pytest.param('<c r="C5"><f>A1+1</f><v/></c>', id="with an empty element"),
        pytest.param('<c r="C5"><f t="shared" si="0"/></c>', id="shared"),
    ],
)
def test_a_formula_that_was_never_computed_is_refused_with_its_place(tmp_path, cell):
    path = with_rows(tmp_path / "a", f'<row r="5">{cell}</row>')

    with pytest.raises(SourceFormatError, match=r"1 formulas have no computed value .*C5"):
        read_first(path)


def test_blanks_under_merged_cells_stay_blank_and_the_ranges_are_told(tmp_path):
    def fill(sheet):
        sheet["A1"], sheet["B1"], sheet["A2"] = "시도", "명", "서울"
        sheet["B3"] = 2
        sheet.merge_cells("A2:A3")

    grid = open_xlsx(write_xlsx(tmp_path / "a", fill), Limits()).sheets[0].read()

    assert grid.cells.collect().drop("_row").rows() == [("시도", "명"), ("서울", ""), ("", "2")]
    assert grid.merges == (Merge(2, 1, 3, 1),)


def test_rows_and_columns_are_numbered_as_the_sheet_does(tmp_path):
    def fill(sheet):
        sheet["C3"] = "값"
        sheet["F9"].font = Font(bold=True)

    assert read_first(write_xlsx(tmp_path / "a", fill)) == [
        ("", "", ""), ("", "", ""), ("", "", "값")
    ]  # fmt: skip


def test_what_lies_beside_the_cells_is_counted_and_not_read(tmp_path):
    book = openpyxl.Workbook()
    book.active["B2"] = "값"
    book.active["B2"].comment = Comment(CANARY, CANARY)
    book.active.row_dimensions[2].hidden = True
    book.create_sheet(CANARY).sheet_state = "veryHidden"
    book.properties.creator = CANARY
    book.save(tmp_path / "a")
    repack(
        tmp_path / "a", {"xl/vbaProject.bin": b"x", "xl/externalLinks/externalLink1.xml": b"<a/>"}
    )

    opened = open_xlsx(tmp_path / "a", Limits())

    found = {finding.what: finding for finding in opened.findings}
    assert found["comments"].places == ("sheet 1, B2",)
    assert found["hidden sheets"].places == ("sheet 2",)
    assert {"macros", "external links", "properties"} <= set(found)
    assert [sheet.is_hidden for sheet in opened.sheets] == [False, True]
    assert CANARY not in repr(opened.findings)


def test_a_chart_is_no_sheet(tmp_path):
    book = openpyxl.Workbook()
    book.active["A1"] = "값"
    book.create_chartsheet("그림", 0)
    book.save(tmp_path / "a")

    opened = open_xlsx(tmp_path / "a", Limits())

    assert [sheet.name for sheet in opened.sheets] == ["Sheet"]


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        pytest.param({"rows": 4}, r"reaches row 5; the limit is 4 \(MADANG_MAX_ROWS\)", id="rows"),
        pytest.param({"columns": 27}, "reaches column 28; .*MADANG_MAX_COLUMNS", id="columns"),
        pytest.param({"cells": 100}, "has 140 cells; .*MADANG_MAX_CELLS", id="cells"),
        pytest.param({"sheets": 0}, "has 1 sheets; .*MADANG_MAX_SHEETS", id="sheets"),
        pytest.param({"members": 3}, "MADANG_MAX_MEMBERS", id="parts"),
        pytest.param({"workbook_bytes": 99}, "unpacks to .*MAX_WORKBOOK_BYTES", id="unpacked"),
        pytest.param(
            {"ratio": 1, "ratio_from_bytes": 9}, "times its size; .*MAX_RATIO", id="ratio"
        ),
        pytest.param({"markup_bytes": 10}, "MADANG_MAX_MARKUP_BYTES", id="a part of markup"),
    ],
)
def test_what_a_workbook_may_ask_for_has_limits_that_are_named(tmp_path, limits, message):
    path = write_xlsx(tmp_path / "a", lambda sheet: sheet.cell(5, 28, "x"))

    with pytest.raises(SourceFormatError, match=message):
        read_first(path, Limits(**limits))


def test_a_narrow_sheet_is_measured_before_it_is_refused(tmp_path):
    path = write_xlsx(tmp_path / "a", lambda sheet: sheet.cell(10, 2, "x"))

    assert len(read_first(path, Limits(cells=20))) == 10
    with pytest.raises(SourceFormatError, match="has 20 cells; the limit is 19"):
        read_first(path, Limits(cells=19))


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param('<c r="A1"/><c r="XFD1048576"><v>1</v></c>', id="in its place"),
        pytest.param('<c r="XFD1048576"><v>1</v></c><c r="A1"><v>1</v></c>', id="out of order"),
        pytest.param('<c r="A1"/><c r="ZZ99999999"><v>1</v></c><c r="A2"/>', id="beyond all rows"),
        pytest.param('<c r="A1"/><c r="zz999999"><v>1</v></c><c r="A2"/>', id="in small letters"),
        pytest.param('<c r="A1"/><c r="ZZZZZ9"><v>1</v></c><c r="A2"/>', id="beyond all columns"),
        pytest.param("<c r='A1'/><c r='zz999999'><v>1</v></c>", id="in unusual markup"),
    ],
)
def test_one_cell_far_away_asks_for_no_memory(tmp_path, cells):
    path = with_rows(tmp_path / "a", f'<row r="1">{cells}</row>')
    began = time.monotonic()

    with pytest.raises(SourceFormatError, match="MADANG_MAX_"):
        read_first(path)

    assert time.monotonic() - began < 5


BOMB = (
    b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>"""
)


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml", SHEET]
)
def test_a_part_that_declares_entities_is_refused(tmp_path, part):
    path = write_xlsx(tmp_path / "a", lambda sheet: sheet.append(["가"]))
    repack(path, {part: lambda content: BOMB + (content or b"<sst/>")})

    with pytest.raises(SourceFormatError, match="declares entities"):
        read_first(path)


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(lambda content: content[: len(content) // 2], id="cut off"),
        pytest.param(lambda content: content.replace(b"PK\x01\x02", b"PK\x01\x03"), id="no list"),
        pytest.param(lambda content: content[:200] + b"\0" * 300 + content[500:], id="zeros"),
    ],
)
def test_a_damaged_workbook_is_refused(tmp_path, harm):
    path = write_xlsx(tmp_path / "a", lambda sheet: sheet.append(["x"] * 100))
    path.write_bytes(harm(path.read_bytes()))

    with pytest.raises(SourceFormatError, match="damaged"):
        read_first(path)


@pytest.mark.parametrize("part", [SHEET, "xl/sharedStrings.xml"])
def test_a_part_that_promises_less_than_it_holds_is_refused(tmp_path, part):
    path = with_rows(tmp_path / "a", '<row r="1"><c r="A1"><v>1</v></c></row>')
    repack(path, {part: lambda content: content + b" " * 9_000})
    with zipfile.ZipFile(path) as archive:
        promised = archive.getinfo(part).file_size.to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(promised, (100).to_bytes(4, "little")))

    with pytest.raises(SourceFormatError, match="damaged"):
        read_first(path, Limits(workbook_bytes=1 << 16))


def test_hidden_rows_and_columns_are_told_with_their_sheet(tmp_path):
    def fill(sheet):
        sheet.append(["가", "나"])
        sheet.append(["다", "라"])
        sheet.row_dimensions[2].hidden = True
        sheet.column_dimensions["B"].hidden = True

    grid = open_xlsx(write_xlsx(tmp_path / "a", fill), Limits()).sheets[0].read()

    assert [(f.what, f.count) for f in grid.findings] == [("hidden rows", 1), ("hidden columns", 1)]
    assert grid.cells.collect().height == 2


def test_a_count_of_texts_beyond_all_measure_is_refused(tmp_path):
    path = write_xlsx(tmp_path / "a", lambda sheet: sheet.append([1]))
    strings = f'<sst xmlns="{MAIN}" uniqueCount="1000000000000"><si><t>x</t></si></sst>'
    repack(path, {"xl/sharedStrings.xml": strings.encode()})

    with pytest.raises(SourceFormatError, match="promises more texts"):
        read_first(path)


def test_two_parts_of_one_name_are_refused(tmp_path):
    path = write_xlsx(tmp_path / "a", lambda sheet: sheet.append(["x"]))
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(SHEET, "<worksheet/>")

    with pytest.raises(SourceFormatError, match="two parts of one name"):
        read_first(path)
