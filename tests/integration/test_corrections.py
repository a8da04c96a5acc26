"""Corrected rows that come back form a new version, which passes every gate like any other."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import polars as pl
import pytest
from openpyxl import Workbook, load_workbook

from etl.returned import ROWS_SHEET
from etl.running import run_file
from tests.integration.yard import (
    CANARY,
    JOBS,
    JOBS_CONTRACT,
    PARK_HEADER,
    PARKS,
    PARKS_CONTRACT,
    Yard,
    csv_bytes,
    jobs,
    park,
    parks,
)

KEYED_JOBS = (
    JOBS_CONTRACT.replace("fields:\n", "primaryKey: [number]\nfields:\n")
    .replace("role: direct", "constraints: {pattern: '사람[0-9]+|홀로'}, role: direct")
    .replace("  - {name: ward", "  - {name: number, title: {ko: 번호}, type: string, role: open}\n"
             "  - {name: ward")
)  # fmt: skip
JOB_COLUMNS = ("성명", "연령", "번호", "동", "희망 직종")


@pytest.fixture
def yard(tmp_path):
    return Yard(tmp_path, gx_max_rows=0)


def report_of(yard, report) -> Workbook:
    key = f"restricted/{report.dataset}/{report.run_id}/validated/report.xlsx"
    return load_workbook(io.BytesIO(yard.pipeline().store.read_bytes(key)))


def drop(yard, workbook, dataset=PARKS, name="공원.csv.report.xlsx"):
    file = yard.folder / name
    workbook.save(file)
    return run_file(yard.pipeline(), dataset, file)


def sheet_rows(workbook, sheet=ROWS_SHEET) -> dict[str, int]:
    """Return the sheet's rows by the number that they carry."""
    return {row[0].value: row[0].row for row in workbook[sheet].iter_rows(min_row=2)}


def published(yard, report) -> pl.DataFrame:
    return pl.read_parquet(io.BytesIO(yard.published(report)["data.parquet"]))


def books(yard, report) -> dict[str, int | None]:
    return yard.pipeline().ledger.books(report.run_id)


def with_faults() -> list[tuple[str, ...]]:
    return [
        park(1, area="-5"),
        park(2, park_id="P-2"),
        park(3, park_id="P-2", name="둘째 공원"),
        *parks(30)[3:],
    ]


def test_correcting_only_the_returned_rows_makes_a_new_version_whose_books_balance(yard):
    first = yard.run(with_faults())
    assert first.as_json()["validation"] == {"accepted": 27, "quarantined": 3}

    workbook = report_of(yard, first)
    sheet, at = workbook[ROWS_SHEET], sheet_rows(workbook)
    assert list(at) == ["2", "3", "4"]
    sheet.cell(at["2"], 4).value = "5"
    sheet.cell(at["4"], 2).value = "P-3"
    second = drop(yard, workbook)

    told = second.as_json()
    assert (second.status, told["validation"]) == ("published", {"accepted": 30, "quarantined": 0})
    assert told["file"] == {
        "records": 31, "header": 1, "data": 30, "totals": 0, "notes": 0, "blank": 0, "ragged": 0,
    }  # fmt: skip
    assert yard.releases() == {first.as_json()["release"]: "replaced", told["release"]: "live"}
    kept = books(yard, second)
    assert kept["file_records"] == kept["header"] + kept["data"] + kept["ragged"]
    assert kept["data"] + kept["ragged"] == kept["accepted"] + kept["quarantined"]
    table = published(yard, second)
    assert sorted(table["park_id"].to_list()) == sorted(f"P-{n}" for n in range(1, 31))
    assert table.filter(park_id="P-1")["area"].cast(str).to_list() == ["5.00"]
    assert table.filter(park_id="P-3")["name"].to_list() == ["둘째 공원"]


def test_the_same_table_comes_out_as_if_the_whole_file_had_been_corrected(yard, tmp_path):
    workbook = report_of(yard, yard.run(with_faults()))
    workbook[ROWS_SHEET].cell(sheet_rows(workbook)["2"], 4).value = "5"
    workbook[ROWS_SHEET].cell(sheet_rows(workbook)["4"], 2).value = "P-3"

    corrected = drop(yard, workbook)
    whole = [park(1, area="5"), park(2), park(3, name="둘째 공원"), *parks(30)[3:]]
    supplied = yard.run(whole, out=tmp_path / "other")

    release = supplied.as_json()["release"]
    other = yard.read_release(PARKS, release, tmp_path / "other")
    assert yard.published(corrected)["data.csv"] == other["data.csv"]


def test_a_refused_file_can_be_corrected_by_its_rows(yard):
    refused = yard.run([*[park(n, area="x") for n in range(1, 11)], *parks(30)[10:]])
    assert refused.status == "refused"

    workbook = report_of(yard, refused)
    for row in sheet_rows(workbook).values():
        workbook[ROWS_SHEET].cell(row, 4).value = "1"
    corrected = drop(yard, workbook)

    assert (corrected.status, published(yard, corrected).height) == ("published", 30)


def test_a_correction_that_is_still_wrong_is_told_again_with_the_numbers_of_the_first_file(yard):
    first = yard.run(with_faults())
    workbook = report_of(yard, first)
    workbook[ROWS_SHEET].cell(sheet_rows(workbook)["2"], 4).value = "-7"
    second = drop(yard, workbook)

    again = report_of(yard, second)
    assert list(sheet_rows(again)) == ["2", "3", "4"]
    again[ROWS_SHEET].cell(sheet_rows(again)["2"], 4).value = "7"
    third = drop(yard, again, name="b.report.xlsx")

    assert third.as_json()["validation"] == {"accepted": 28, "quarantined": 2}


def test_nothing_but_the_row_that_was_written_anew_leaves_the_ragged_ones(yard):
    lines = [",".join(cells) for cells in (PARK_HEADER, *parks(30))]
    lines[5] += ",너무,많다"
    lines[9] = "P-9,모자라다"
    file = yard.folder / "supplied.csv"
    file.write_bytes("\r\n".join(lines).encode("cp949"))
    first = run_file(yard.pipeline(), PARKS, file)
    assert first.as_json()["file"]["ragged"] == 2

    workbook = report_of(yard, first)
    row = sheet_rows(workbook)["6"]
    for column, text in enumerate(park(5), start=2):
        workbook[ROWS_SHEET].cell(row, column).value = text
    second = drop(yard, workbook)

    assert second.as_json()["file"] == {
        "records": 31, "header": 1, "data": 29, "totals": 0, "notes": 0, "blank": 0, "ragged": 1,
    }  # fmt: skip
    assert second.as_json()["validation"] == {"accepted": 29, "quarantined": 1}


def test_the_same_correction_again_changes_nothing(yard):
    workbook = report_of(yard, yard.run(with_faults()))
    workbook[ROWS_SHEET].cell(sheet_rows(workbook)["2"], 4).value = "5"
    assert drop(yard, workbook).status == "published"

    again = run_file(yard.pipeline(), PARKS, yard.folder / "공원.csv.report.xlsx")

    assert again.status == "unchanged"


def test_what_a_newer_file_replaced_is_not_brought_back_by_a_correction(yard):
    workbook = report_of(yard, yard.run(with_faults()))
    newer = yard.run(parks(29))

    corrected = drop(yard, workbook)

    assert (corrected.status, corrected.exit_code) == ("refused", 20)
    assert "a newer file is published" in corrected.error.message
    assert yard.releases()[newer.as_json()["release"]] == "live"


def test_a_changed_contract_asks_for_the_whole_file(yard):
    workbook = report_of(yard, yard.run(with_faults()))
    yard.write_contract(PARKS, PARKS_CONTRACT.replace("version: 1", "version: 2"))

    corrected = drop(yard, workbook)

    assert "the contract changed since the report was made" in corrected.error.message
    assert corrected.exit_code == 20


def test_rows_that_are_no_longer_kept_ask_for_the_whole_file(yard):
    first = yard.run(with_faults())
    workbook = report_of(yard, first)
    yard.pipeline().store.delete(f"landing/{PARKS}/{first.run_id}")

    corrected = drop(yard, workbook)

    assert "are gone" in corrected.error.message
    assert corrected.exit_code == 20


def test_a_workbook_of_another_dataset_is_refused(yard):
    yard.write_contract("city-gardens", PARKS_CONTRACT)
    workbook = report_of(yard, yard.run(with_faults()))

    corrected = drop(yard, workbook, dataset="city-gardens")

    assert "of no file of this dataset" in corrected.error.message


def test_without_a_primary_key_only_whole_files_are_taken(yard):
    yard.write_contract(PARKS, PARKS_CONTRACT.replace("primaryKey: [park_id]\n", ""))
    workbook = report_of(yard, yard.run(with_faults()))

    corrected = drop(yard, workbook)

    assert (corrected.status, corrected.exit_code) == ("refused", 20)
    assert "there is no primary key" in corrected.error.message


def test_rows_saved_as_text_are_never_taken_for_the_whole_table(yard):
    first = yard.run(with_faults())
    sheet = report_of(yard, first)[ROWS_SHEET]
    header, *rows = [[str(cell or "") for cell in row] for row in sheet.values]
    file = yard.folder / "rows.csv"
    file.write_bytes(csv_bytes(header, rows))

    report = run_file(yard.pipeline(), PARKS, file)

    assert (report.status, report.exit_code) == ("refused", 20)
    assert yard.releases() == {first.as_json()["release"]: "live"}


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(parks(30), id="there was nothing to correct"),
        pytest.param(with_faults(), id="its rows were deleted"),
    ],
)
def test_a_report_without_rows_is_refused(yard, rows):
    first = yard.run(rows)
    workbook = report_of(yard, first)
    if ROWS_SHEET in workbook.sheetnames:
        del workbook[ROWS_SHEET]

    again = drop(yard, workbook)

    assert (again.status, again.exit_code) == ("refused", 20)
    assert PARKS in again.error.message
    assert yard.releases() == {first.as_json()["release"]: "live"}


def people(yard):
    """A run over job seekers with a key, one of whose names breaks its rule."""
    assert "primaryKey" in KEYED_JOBS
    yard.write_contract(JOBS, KEYED_JOBS)
    rows = [(name, age, f"N{n}", *rest) for n, (name, age, *rest) in enumerate(jobs())]
    rows[0] = (f"{CANARY} 1", *rows[0][1:])
    rows[3] = (rows[3][0], "마흔", *rows[3][2:])
    return run_file(yard.pipeline(), JOBS, yard.supply(rows, header=JOB_COLUMNS)), rows


def landed(yard, report) -> dict[str, dict[str, str]]:
    key = f"landing/{report.dataset}/{report.run_id}/landed/rows.parquet"
    rows = pl.read_parquet(io.BytesIO(yard.pipeline().store.read_bytes(key)))
    return {row["number"]: row for row in rows.to_dicts()}


def test_masked_cells_come_back_as_what_they_stand_for(yard):
    first, _ = people(yard)
    workbook = report_of(yard, first)
    sheet, at = workbook[ROWS_SHEET], sheet_rows(workbook)
    assert sheet.cell(at["2"], 2).value == "카▒▒▒-▒▒▒-▒▒▒▒▒▒ ▒"
    sheet.cell(at["2"], 2).value = "사람0"
    sheet.cell(at["5"], 3).value = "40"

    second = drop(yard, workbook, dataset=JOBS)

    assert second.as_json()["validation"] == {"accepted": 30, "quarantined": 0}
    rows = landed(yard, second)
    assert (rows["N0"]["name"], rows["N0"]["wish"]) == ("사람0", "직종0")
    assert (rows["N3"]["name"], rows["N3"]["age"]) == ("사람3", "40")
    assert "▒" not in str(rows)


def test_a_mask_that_stands_for_nothing_is_refused_by_its_place(yard):
    first, _ = people(yard)
    workbook = report_of(yard, first)
    at = sheet_rows(workbook)
    workbook[ROWS_SHEET].cell(at["2"], 2).value = "사람▒"

    second = drop(yard, workbook, dataset=JOBS)

    assert second.exit_code == 20
    assert f"B{at['2']}" in second.error.message


@pytest.mark.parametrize(
    ("encoding", "is_packed"),
    [
        pytest.param("cp949", False, id="cp949"),
        pytest.param("utf-8", False, id="utf-8"),
        pytest.param("utf-8-sig", False, id="utf-8 with a mark"),
        pytest.param("utf-16", False, id="utf-16"),
        pytest.param("cp949", True, id="packed"),
    ],
)
def test_masks_saved_as_text_are_never_published(yard, encoding, is_packed):
    _, rows = people(yard)
    masked = [("▒▒▒", *row[1:]) for row in rows]

    file = yard.supply(masked, header=JOB_COLUMNS, encoding=encoding)
    if is_packed:
        file.write_bytes(gzip.compress(file.read_bytes()))

    report = run_file(yard.pipeline(), JOBS, file)

    assert (report.status, report.exit_code) == ("refused", 20)
    assert "are hidden by ▒" in report.error.message


def own_workbook(yard, rows, header, name="a.xlsx") -> Path:
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = "현황"
    for line in [["제목: 현황"], list(header), *map(list, rows)]:
        sheet.append(line)
    workbook.save(yard.folder / name)
    return yard.folder / name


def test_an_own_workbook_comes_back_marked_and_is_a_whole_file_when_it_is_dropped(yard):
    rows = [park(1, area="-5"), *parks(30)[1:]]
    first = run_file(yard.pipeline(), PARKS, own_workbook(yard, rows, PARK_HEADER))
    assert first.status == "published"
    workbook = report_of(yard, first)
    sheet = workbook["현황"]
    assert [c.coordinate for row in sheet.iter_rows() for c in row if c.comment] == ["C3"]
    sheet["C3"].value = "5"
    sheet.delete_rows(32)

    second = drop(yard, workbook, name="a.xlsx.report.xlsx")

    assert second.as_json()["validation"] == {"accepted": 29, "quarantined": 0}
    assert published(yard, second).filter(park_id="P-1")["area"].cast(str).to_list() == ["5.00"]


def test_masks_of_an_own_workbook_are_lifted_by_key_wherever_the_row_went(yard):
    _, rows = people(yard)
    file = own_workbook(yard, rows, JOB_COLUMNS)
    workbook = report_of(yard, run_file(yard.pipeline(), JOBS, file))
    sheet = workbook["현황"]
    assert sheet["A4"].value == "▒▒▒"
    sheet["A3"].value = "사람0"
    sheet["B6"].value = "40"
    sheet.delete_rows(5)

    second = drop(yard, workbook, dataset=JOBS, name="b.report.xlsx")

    rows = landed(yard, second)
    assert len(rows) == 29
    assert (rows["N1"]["name"], rows["N3"]["name"], rows["N3"]["age"]) == ("사람1", "사람3", "40")
    assert "▒" not in str(rows)


def test_a_mask_of_an_own_workbook_that_belongs_to_no_row_is_refused(yard):
    _, rows = people(yard)
    file = own_workbook(yard, rows, JOB_COLUMNS)
    workbook = report_of(yard, run_file(yard.pipeline(), JOBS, file))
    workbook["현황"]["C4"].value = "N99"

    second = drop(yard, workbook, dataset=JOBS, name="b.report.xlsx")

    assert second.exit_code == 20
    assert "A4" in second.error.message
