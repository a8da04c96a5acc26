"""ODS workbooks as text."""

from __future__ import annotations

import pytest

from etl.errors import SourceFormatError
from etl.extract.grid import Merge
from etl.extract.ods import open_ods
from etl.settings import Limits
from tests.unit.extract.workbooks import cells_of, repack, write_ods

CANARY = "김카나리"


def table(rows, name="표", attributes=""):
    return f'<table:table table:name="{name}" {attributes}>{rows}</table:table>'


def row(*cells, attributes=""):
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def cell(text="", attributes=""):
    shown = f"<text:p>{text}</text:p>" if text else ""
    return f"<table:table-cell {attributes}>{shown}</table:table-cell>"


def number(value, shown="", attributes=""):
    return cell(shown, f'office:value-type="float" office:value="{value}" {attributes}')


def read(path):
    return cells_of(open_ods(path, Limits()).sheets[0].read())


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        pytest.param(cell("가", 'office:value-type="string"'), "가", id="text"),
        pytest.param(cell('가<text:s text:c="2"/>나'), "가  나", id="blanks written out"),
        pytest.param(cell("<text:s/>　전각<text:tab/>"), " 　전각\t", id="outer blanks stay"),
        pytest.param(cell("가<text:line-break/>나"), "가\n나", id="a line break"),
        pytest.param(cell("가</text:p><text:p>나"), "가\n나", id="two paragraphs"),
        pytest.param(cell("<text:span>가</text:span>나"), "가나", id="two fonts"),
        pytest.param(number("3", "3"), "3", id="a whole number"),
        pytest.param(number("1234.5678", "1,234.57"), "1234.5678", id="stored, not shown"),
        pytest.param(
            cell("12.5%", 'office:value-type="percentage" office:value="0.125"'), "0.125", id="%"
        ),
        pytest.param(
            cell("20년", 'office:value-type="date" office:date-value="2020-01-02"'),
            "2020-01-02",
            id="a date",
        ),
        pytest.param(
            cell("x", 'office:value-type="date" office:date-value="2020-01-02T09:00:00"'),
            "2020-01-02T09:00:00",
            id="a moment",
        ),
        pytest.param(
            cell("9시", 'office:value-type="time" office:time-value="PT09H05M00S"'),
            "09:05:00",
            id="a time",
        ),
        pytest.param(
            cell("참", 'office:value-type="boolean" office:boolean-value="true"'), "TRUE", id="true"
        ),
        pytest.param(
            cell("#N/A", 'office:value-type="float" office:value="0"'), "#N/A", id="an error"
        ),
        pytest.param(
            cell("2", 'table:formula="of:=1+1" office:value-type="float" office:value="2"'),
            "2",
            id="a formula is what it was",
        ),
        pytest.param(
            "<table:table-cell><office:annotation><text:p>비고</text:p></office:annotation>"
            "<text:p>가</text:p></table:table-cell>",
            "가",
            id="a comment is no text of its cell",
        ),
    ],
)
def test_a_cell_is_what_it_stores(tmp_path, markup, text):
    path = write_ods(tmp_path / "a", table(row(markup, cell("끝"))))

    assert read(path) == [(text, "끝")]


def test_repeated_cells_and_rows_are_written_out_and_trailing_ones_are_not(tmp_path):
    path = write_ods(
        tmp_path / "a",
        table(
            row(cell("", 'table:number-columns-repeated="2"'), cell("가"))
            + row(cell("", 'table:number-columns-repeated="16384"'))
            + row(
                cell("나", 'table:number-columns-repeated="2"'),
                cell("", 'table:number-columns-repeated="16382"'),
                attributes='table:number-rows-repeated="2"',
            )
            + row(cell(), attributes='table:number-rows-repeated="1048573"')
        ),
    )

    assert read(path) == [("", "", "가"), ("", "", ""), ("나", "나", ""), ("나", "나", "")]


def test_merged_ranges_are_told_and_blanks_under_them_stay_blank(tmp_path):
    covered = "<table:covered-table-cell/>"
    wide = 'table:number-columns-spanned="2" table:number-rows-spanned="2"'
    path = write_ods(
        tmp_path / "a",
        table(row(cell("가", wide), covered) + row(covered, covered) + row(cell("나"), cell("다"))),
    )

    grid = open_ods(path, Limits()).sheets[0].read()

    assert cells_of(grid) == [("가", ""), ("", ""), ("나", "다")]
    assert grid.merges == (Merge(1, 1, 2, 2),)


STYLES = (
    '<number:number-style style:name="N1"><number:number number:min-integer-digits="5"/>'
    "</number:number-style>"
    '<number:number-style style:name="N2"><number:number number:min-integer-digits="7">'
    '<number:embedded-text number:position="4">-</number:embedded-text></number:number>'
    "</number:number-style>"
    '<number:number-style style:name="N3"><number:number number:min-integer-digits="1"'
    ' number:grouping="true"/></number:number-style>'
    '<style:style style:name="ce1" style:family="table-cell" style:data-style-name="N1"/>'
    '<style:style style:name="ce2" style:family="table-cell" style:data-style-name="N2"/>'
    '<style:style style:name="ce3" style:family="table-cell" style:data-style-name="N3"/>'
    '<style:style style:name="ce4" style:family="table-cell" style:parent-style-name="ce1"/>'
    '<style:style style:name="ta1" style:family="table">'
    '<style:table-properties table:display="false"/></style:style>'
)


@pytest.mark.parametrize(
    ("style", "text"),
    [
        pytest.param('table:style-name="ce1"', "00042", id="zeros in front"),
        pytest.param('table:style-name="ce2"', "000-0042", id="a hyphen"),
        pytest.param('table:style-name="ce3"', "42", id="thousands"),
        pytest.param('table:style-name="ce4"', "00042", id="inherited"),
        pytest.param("", "00042", id="of the column"),
    ],
)
def test_formats_that_carry_meaning_are_honoured(tmp_path, style, text):
    column = '<table:table-column table:default-cell-style-name="ce1"/>'
    path = write_ods(tmp_path / "a", table(column + row(number(42, "42", style))), STYLES)

    assert read(path) == [(text,)]


def test_what_lies_beside_the_cells_is_counted_and_not_read(tmp_path):
    comment = f"<office:annotation><text:p>{CANARY}</text:p></office:annotation>"
    path = write_ods(
        tmp_path / "a",
        "<table:tracked-changes><table:deletion><table:table-row><table:table-cell><text:p>"
        f"{CANARY}</text:p></table:table-cell></table:table-row></table:deletion>"
        "</table:tracked-changes>"
        + table(
            row(f"<table:table-cell>{comment}<text:p>가</text:p></table:table-cell>")
            + row(cell("나"), attributes='table:visibility="filter"')
        )
        + table(row(cell(CANARY)), "숨김", 'table:style-name="ta1"'),
        STYLES,
        {"meta.xml": f"<m><a>{CANARY}</a></m>"},
    )

    book = open_ods(path, Limits())

    assert [sheet.is_hidden for sheet in book.sheets] == [False, True]
    assert cells_of(book.sheets[0].read()) == [("가",), ("나",)]
    assert {finding.what: (finding.count, finding.places) for finding in book.findings} == {
        "hidden sheets": (1, ("sheet 2",)),
        "comments": (1, ("sheet 1, A1",)),
        "hidden rows": (1, ()),
        "properties": (1, ()),
    }


@pytest.mark.parametrize(
    ("tables", "extra", "message", "kind"),
    [
        pytest.param(
            "",
            {"META-INF/manifest.xml": "<m><encryption-data/></m>"},
            "protected by a password",
            "encrypted",
            id="encrypted",
        ),
        pytest.param(
            table(row(cell("", 'table:formula="of:=A2"'))), {}, "formula in A1", "ods", id="formula"
        ),
        pytest.param(table(row("<a>")), {}, "damaged", "ods", id="no markup"),
        pytest.param(table(row(number("x"))), {}, "damaged", "ods", id="no number"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(tmp_path, tables, extra, message, kind):
    path = write_ods(tmp_path / "a", tables, extra=extra)

    with pytest.raises(SourceFormatError, match=message) as caught:
        open_ods(path, Limits())

    assert caught.value.facts["kind"] == kind


def test_a_filled_row_repeated_to_the_end_is_refused_by_its_limit(tmp_path):
    far = 'table:number-rows-repeated="1048576"'
    wide = 'table:number-columns-repeated="16384"'
    path = write_ods(tmp_path / "a", table(row(cell("x", wide), attributes=far)))

    with pytest.raises(SourceFormatError, match="MADANG_MAX_CELLS"):
        open_ods(path, Limits())


def test_entities_are_refused(tmp_path):
    path = write_ods(tmp_path / "a", table(row(cell("가"))))

    repack(path, {"content.xml": lambda content: b'<!DOCTYPE a [<!ENTITY b "c">]>' + content})

    with pytest.raises(SourceFormatError, match="declares entities"):
        open_ods(path, Limits())
