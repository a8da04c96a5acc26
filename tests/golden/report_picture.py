"""Draw the department's workbook for the documents: `python -m tests.golden.report_picture`.

A table that was invented is checked, its report is written as for any department, read back,
and drawn cell by cell with the colours and comments that stand in it. Nothing is drawn that is
not in the workbook but the frame that a spreadsheet program puts around it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from html import escape
from pathlib import Path

import polars as pl
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from etl.contract.loading import find_contract
from etl.returned import ROWS_SHEET
from etl.validate.checking import check_table
from etl.validate.issues import log_issues
from etl.validate.places import Places
from etl.validate.reading import read_suites
from etl.validate.report_workbook import render_workbook
from etl.validate.reporting import Report
from tests.unit.validate.tables import TODAY

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "report.svg"
DATASET = "parks-city_parks"
SHOWN = (
    "행",
    "관리번호",
    "공원명",
    "공원구분",
    "공원면적",
    "지정고시일",
    "전화번호",
    "제공기관코드",
)
COMMENTED = ("D3", "O4")
WIDTH, HEIGHT, HEAD, NUMBER = 150, 30, 26, 40


def invented_rows() -> pl.LazyFrame:
    """Return parks of a city that does not exist; five of them break the contract."""
    good = {
        "park_type": "근린공원",
        "road_address": "마당시 시험로 1",
        "lot_address": "",
        "latitude": "36.5",
        "longitude": "127.5",
        "area": "1200",
        "designated_on": "2020-05-01",
        "managing_body": "마당시청",
        "phone": "041-555-0100",
        "reference_date": "2026-11-01",
        "provider_code": "9999999",
        "provider_name": "마당시",
    }
    faults = {
        17: {"area": "넓음"},
        23: {"park_type": "꽃밭"},
        41: {"phone": "대표번호", "designated_on": "2020-13-40"},
        58: {},
        59: {"park_id": "90110-00058"},
    }
    contract = find_contract(ROOT / "schemas", DATASET)
    empty = dict.fromkeys((field.name for field in contract.fields), "")
    rows = [
        {"_row": n, **empty, **good, "park_id": f"90110-{n:05}", "name": f"마당 {n}호 공원"}
        | faults.get(n, {})
        for n in range(2, 102)
    ]
    return pl.LazyFrame(rows, schema_overrides={"_row": pl.Int64})


def write_report() -> bytes:
    """Check the invented rows, and write the report that their department would get."""
    contract = find_contract(ROOT / "schemas", DATASET)
    rows = invented_rows()
    checked = check_table(rows, contract, read_suites(ROOT / "expectations"), gx_max_rows=0)
    places = Places.in_order(contract)
    log = log_issues(checked, rows, contract, places, TODAY).collect().lazy()
    report = Report.build(checked, contract, log, places)
    return render_workbook(report, rows, "0" * 32, TODAY)


def draw() -> str:
    """Return the picture of the workbook's second sheet."""
    workbook = load_workbook(io.BytesIO(write_report()))
    sheet = workbook[ROWS_SHEET]
    columns = [cell.column for cell in sheet[1] if cell.value in SHOWN]
    width = NUMBER + WIDTH * len(columns)
    height = HEAD + HEIGHT * sheet.max_row + 260
    parts = [
        *_frame(columns, sheet.max_row, width),
        *(part for row in range(1, sheet.max_row + 1) for part in _row(sheet, row, columns)),
        *_comments(sheet, columns, HEAD + HEIGHT * sheet.max_row + 24),
        *_tabs(workbook.sheetnames, height - 34, width),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" role="img" aria-labelledby="t" font-size="14"'
        " font-family=\"'Noto Sans KR','NanumGothic','Malgun Gothic',sans-serif\">\n"
        '<title id="t">A report for a department: its rows with the failing cells marked</title>\n'
        f'<rect width="{width}" height="{height}" fill="#fff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _frame(columns: list[int], rows: int, width: int) -> Iterator[str]:
    """Draw what a spreadsheet program adds: letters of columns and numbers of rows."""
    yield f'<rect width="{width}" height="{HEAD}" fill="#e6e6e6"/>'
    yield f'<rect width="{NUMBER}" height="{HEAD + HEIGHT * rows}" fill="#e6e6e6"/>'
    for place, column in enumerate(columns):
        x = NUMBER + WIDTH * place + WIDTH // 2
        yield _text(x, 18, get_column_letter(column), anchor="middle")
    for row in range(1, rows + 1):
        yield _text(NUMBER // 2, HEAD + HEIGHT * row - 10, str(row), anchor="middle")


def _row(sheet: Worksheet, row: int, columns: list[int]) -> Iterator[str]:
    for place, column in enumerate(columns):
        cell = sheet.cell(row, column)
        x, y = NUMBER + WIDTH * place, HEAD + HEIGHT * (row - 1)
        fill = f"#{cell.fill.fgColor.rgb[2:]}" if cell.fill.fill_type else "#FFFFFF"
        yield (
            f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" fill="{fill}" stroke="#ccc"/>'
        )
        if cell.comment:
            yield f'<path d="M{x + WIDTH - 9} {y}h9v9z" fill="#d00"/>'
        yield _text(x + 6, y + 20, str(cell.value or ""), bold=bool(cell.font.bold))


def _comments(sheet: Worksheet, columns: list[int], top: int) -> Iterator[str]:
    """Draw the comments of two cells side by side, as they show when one points at them."""
    for place, name in enumerate(COMMENTED):
        cell = sheet[name]
        lines = [name, *cell.comment.text.splitlines()]
        x = NUMBER + place * 590
        yield f'<rect x="{x}" y="{top}" width="570" height="172" fill="#ffffe1" stroke="#999"/>'
        for line, text in enumerate(_wrapped(lines)):
            yield _text(x + 10, top + 22 + 21 * line, text, bold=line == 0)


def _wrapped(lines: list[str], most: int = 50) -> Iterator[str]:
    for line in lines:
        rest = line
        while len(rest) > most:
            cut = rest.rfind(" ", 0, most)
            yield rest[:cut]
            rest = rest[cut + 1 :]
        yield rest


def _tabs(names: list[str], y: int, width: int) -> Iterator[str]:
    yield f'<rect y="{y}" width="{width}" height="34" fill="#e6e6e6"/>'
    for place, name in enumerate(names):
        x = NUMBER + 120 * place
        fill = "#fff" if name == ROWS_SHEET else "#e6e6e6"
        yield f'<rect x="{x}" y="{y}" width="116" height="30" fill="{fill}" stroke="#bbb"/>'
        yield _text(x + 58, y + 20, name, anchor="middle", bold=name == ROWS_SHEET)


def _text(x: int, y: int, text: str, *, anchor: str = "start", bold: bool = False) -> str:
    weight = ' font-weight="700"' if bold else ""
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}"{weight}>{escape(text)}</text>'


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8", newline="")
