from __future__ import annotations

import io
import re
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from openpyxl import load_workbook

from etl.contract.codelists import Code, CodeSet, read_code_sets
from etl.contract.loading import load_contracts
from etl.contract.origins import Origin
from etl.extract.reading import Files, read_supplied
from etl.validate.casting import cast_rows, readable
from etl.validate.template import LISTS_SHEET, render_template
from tests.unit.validate.tables import contract_of

SCHEMAS = Path(__file__).parents[3] / "schemas"
WARDS = [f"마당{n}동" for n in range(60)]
CONTRACT = contract_of(
    {
        "name": "lot",
        "title": {"ko": "주차장번호", "en": "Lot"},
        "description": {"ko": "관리 대장의 번호", "en": "Number in the register"},
        "constraints": {"required": True, "maxLength": 12},
    },
    {"name": "kind", "title": {"ko": "구분"}, "constraints": {"enum": ["공영", "민영"]}},
    {"name": "area", "title": {"ko": "면적"}, "type": "number", "decimals": 2, "unit": "㎡"},
    {"name": "spaces", "title": {"ko": "면수"}, "type": "integer", "constraints": {"minimum": 1}},
    {
        "name": "opened",
        "title": {"ko": "개장일"},
        "type": "date",
        "constraints": {"minimum": "1990-01-01"},
    },
    {"name": "free", "title": {"ko": "무료 여부"}, "type": "boolean"},
    {"name": "closes", "title": {"ko": "닫는 시각"}, "type": "time"},
    {"name": "changed", "title": {"ko": "변경 일시"}, "type": "datetime"},
    {"name": "ward", "title": {"ko": "동"}, "constraints": {"enum": WARDS}},
    {"name": "form", "title": {"ko": "형태"}, "constraints": {"enum": ["노상, 노외", "기계"]}},
    primaryKey=["lot"],
    examples=[{"supplied": [{"lot": "P-0001"}], "published": []}],
)  # fmt: skip


@pytest.fixture
def workbook():
    return load_workbook(io.BytesIO(render_template(CONTRACT, {})))


def validations(workbook) -> dict[str, tuple[object, ...]]:
    sheet = workbook.worksheets[0]
    titles = {cell.column_letter: cell.value for cell in sheet[1]}
    return {
        titles[str(one.sqref)[0]]: (one.type, one.formula1, one.formula2, str(one.sqref))
        for one in sheet.data_validations.dataValidation
    }


def test_the_header_is_the_contract_and_the_only_row(workbook):
    sheet = workbook.worksheets[0]

    rows = [row for row in sheet.iter_rows(values_only=True) if any(row)]
    assert rows == [tuple(field.title.ko for field in CONTRACT.fields)]
    assert sheet.title == "마당 시험"


def test_the_header_is_locked_and_the_cells_below_are_not(workbook):
    sheet = workbook.worksheets[0]

    assert sheet.protection.sheet is True
    assert all(cell.protection.locked for cell in sheet[1])
    assert not any(cell.protection.locked for cell in sheet[2])
    assert not any(d.protection.locked for d in sheet.column_dimensions.values())
    assert (sheet.protection.insertRows, sheet.protection.sort) == (False, False)


@pytest.mark.parametrize(
    ("title", "restriction"),
    [
        pytest.param("구분", ("list", '"공영,민영"', None), id="a short list"),
        pytest.param("무료 여부", ("list", '"Y,N"', None), id="yes or no"),
        pytest.param("면수", ("whole", "1", "999999999999999"), id="a whole number"),
        pytest.param("개장일", ("date", "32874", "2958465"), id="a day"),
        pytest.param("주차장번호", ("textLength", "0", "12"), id="a length"),
        pytest.param(
            "면적", ("decimal", "-999999999999999", "999999999999999"), id="a decimal number"
        ),
    ],
)
def test_the_program_refuses_what_the_rules_would_refuse(workbook, title, restriction):
    kind, low, high, cells = validations(workbook)[title]

    assert (kind, low, high) == restriction
    assert cells.endswith("1048576")


@pytest.mark.parametrize(
    ("title", "listed"),
    [
        pytest.param("동", WARDS, id="a long list"),
        pytest.param("형태", ["노상, 노외", "기계"], id="a value with a comma"),
    ],
)
def test_a_list_that_does_not_fit_stands_on_a_sheet_that_nobody_sees(workbook, title, listed):
    _, formula, _, _ = validations(workbook)[title]
    sheet, _, cells = formula.partition("!")

    assert sheet == f"'{LISTS_SHEET}'"
    assert [cell.value for (cell,) in workbook[LISTS_SHEET][cells.replace("$", "")]] == listed
    assert workbook[LISTS_SHEET].sheet_state == "veryHidden"


@pytest.mark.parametrize(
    ("column", "wanted"),
    [("A", "@"), ("C", "#,##0.00"), ("D", "0"), ("E", "yyyy-mm-dd"), ("G", "hh:mm:ss")],
)
def test_cells_have_the_format_of_their_type(workbook, column, wanted):
    sheet = workbook.worksheets[0]

    assert sheet[f"{column}2"].number_format == wanted
    assert sheet.column_dimensions[column].number_format == wanted


def test_a_note_tells_what_a_column_means_and_needs(workbook):
    notes = workbook.worksheets[0]["A1"].comment.text.splitlines()

    assert notes == [
        "[주차장번호]",
        "관리 대장의 번호",
        "반드시 적는 열",
        "- 다음 글자 수로 적으십시오: 12 이하",
        "- 같은 행은 하나만 남기고, 다른 행이면 값을 바로잡으십시오",
        "예: P-0001",
        "[Lot]",
        "Number in the register",
        "Required",
        "- Write a number of characters of at most 12",
        "- Keep one of the same rows, or correct the value",
        "Example: P-0001",
    ]
    assert "단위: ㎡" in workbook.worksheets[0]["C1"].comment.text


def test_a_filled_template_reads_back_without_loss(workbook, tmp_path):
    filled = {
        "주차장번호": ("00123", "00123"),
        "구분": ("공영", "공영"),
        "면적": (1234.5, "1234.5"),
        "면수": (12, "12"),
        "개장일": (date(2026, 11, 1), "2026-11-01"),
        "무료 여부": ("Y", "Y"),
        "닫는 시각": (time(23, 59), "23:59:00"),
        "변경 일시": (datetime(2026, 11, 1, 9, 30), "2026-11-01T09:30:00"),  # noqa: DTZ001  (as Excel has it)
        "동": ("마당7동", "마당7동"),
        "형태": ("노상, 노외", "노상, 노외"),
    }
    for cell in workbook.worksheets[0][1]:
        below = workbook.worksheets[0].cell(2, cell.column)
        below.value = filled[cell.value][0]
    workbook.save(tmp_path / "filled")

    files = Files.within(tmp_path)
    reading = read_supplied(tmp_path / "filled", CONTRACT, files)
    typed = cast_rows(pl.scan_parquet(files.rows), CONTRACT).collect()

    assert reading.kind == "xlsx"
    assert reading.records.header == reading.records.data == reading.records.total - 1 == 1
    assert pl.read_parquet(files.rows).row(0) == (2, *(text for _, text in filled.values()))
    assert all(typed[readable(field.name)].item() for field in CONTRACT.fields)
    assert (typed["area"].item(), typed["opened"].item()) == (Decimal("1234.50"), date(2026, 11, 1))


def test_no_cell_is_a_formula(workbook):
    cells = [cell for sheet in workbook for row in sheet.iter_rows() for cell in row if cell.value]

    assert {cell.data_type for cell in cells} == {"s"}


def test_the_same_contract_gives_the_same_bytes():
    assert render_template(CONTRACT, {}) == render_template(CONTRACT, {})


def test_a_title_that_no_sheet_may_have_is_made_one():
    contract = contract_of({"name": "a"}, title={"ko": "주차장/노상: [2026] " + "가" * 40})

    (name,) = load_workbook(io.BytesIO(render_template(contract, {}))).sheetnames

    assert len(name) <= 31
    assert not re.search(r"[\[\]:*?/\\]", name)


def test_values_of_a_code_list_are_offered_those_of_past_days_too():
    codes = (
        Code(code="32", label="강원도", valid_to=date(2023, 6, 10), others={}),
        Code(code="51", label="강원특별자치도", valid_from=date(2023, 6, 11), others={}),
    )
    origin = Origin.model_validate(
        {"title": {"ko": "시도"}, "source": "가", "licence": "나", "issued": "2026-01-01"}
    )
    contract = contract_of(
        {"name": "sido", "title": {"ko": "시도"}, "codelist": {"name": "sido", "by": "label"}},
        {"name": "day", "title": {"ko": "기준일"}, "type": "date"},
        reference_date={"field": "day"},
    )
    workbook = load_workbook(
        io.BytesIO(render_template(contract, {"sido": CodeSet("sido", codes, "0" * 64, origin)}))
    )

    assert validations(workbook)["시도"][:2] == ("list", '"강원도,강원특별자치도"')


def test_a_published_contract_of_each_kind_has_a_template():
    readable, _ = load_contracts(SCHEMAS)
    assert readable, "no contract found: this test would prove nothing"

    for contract in readable:
        content = render_template(contract, read_code_sets(SCHEMAS, contract.codelists))
        header = [cell.value for cell in load_workbook(io.BytesIO(content)).worksheets[0][1]]
        assert header == [field.title.ko for field in contract.fields]
