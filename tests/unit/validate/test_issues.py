from __future__ import annotations

import polars as pl

from etl.validate.issues import MOST_CHARACTERS, SCHEMA, Fault
from etl.validate.places import Places
from tests.unit.validate.tables import contract_of, landed, report_on

CONTRACT = contract_of(
    {"name": "kind", "constraints": {"enum": ["공영", "민영"]}},
    {"name": "owner", "role": "direct-identifier", "constraints": {"pattern": "[가-힣]+"}},
    {"name": "spaces", "type": "integer"},
    primaryKey=["kind", "spaces"],
)
ROWS = landed(
    kind=["공영", "공영", "x 010-1234-5678", "민영"],
    owner=["홍길동", "710101-1234567", "김철수", "이영희"],
    spaces=["1", "1", "둘", "7"],
)
PLACES = Places({"kind": 28, "owner": 1, "spaces": 2}, sheet="현황")


def lines(*columns: str) -> list[tuple[object, ...]]:
    return report_on(ROWS, CONTRACT, places=PLACES).log.select(columns).collect().rows()


def test_each_failure_has_the_address_that_the_supplied_file_gave_it():
    assert lines("_row", "sheet", "column", "field", "rule") == [
        (2, "현황", "AB, B", "kind, spaces", "primaryKey"),
        (3, "현황", "A", "owner", "pattern"),
        (3, "현황", "AB, B", "kind, spaces", "primaryKey"),
        (4, "현황", "AB", "kind", "enum"),
        (4, "현황", "B", "spaces", "type"),
    ]


def test_each_failure_says_whose_job_it_is_and_what_to_do():
    assert lines("severity", "responsibility", "remedy")[3] == (
        "critical",
        "department",
        "다음 가운데 하나로 적으십시오: 공영, 민영",
    )


def test_values_are_shown_and_masked_where_personal():
    assert lines("field", "value") == [
        ("kind, spaces", "공영 | 1"),
        ("owner", "7▒▒▒▒▒-▒▒▒▒▒▒▒"),
        ("kind, spaces", "공영 | 1"),
        ("kind", "x ▒▒▒-▒▒▒▒-▒▒▒▒"),
        ("spaces", "둘"),
    ]


def test_faults_are_counted_from_the_log_alone():
    report = report_on(ROWS, CONTRACT, places=PLACES)
    counted = report.log.group_by("field", "rule").len().collect()

    assert [(f.rule.field, f.rule.name, f.count, f.rows) for f in report.faults] == [
        ("kind", "enum", 1, (4,)),
        ("owner", "pattern", 1, (3,)),
        ("spaces", "type", 1, (4,)),
        ("kind, spaces", "primaryKey", 2, (2, 3)),
    ]
    assert sum(fault.count for fault in report.faults) == counted["len"].sum()
    assert all(isinstance(fault, Fault) for fault in report.faults)


def test_a_long_cell_is_cut():
    log = report_on(landed(kind=["가" * 999], owner=["가"], spaces=["1"]), CONTRACT).log

    assert log.collect()["value"].to_list() == ["가" * MOST_CHARACTERS]


def test_a_clean_table_leaves_an_empty_log_of_the_same_form():
    log = report_on(landed(kind=["공영"], owner=["가"], spaces=["1"]), CONTRACT).log.collect()

    assert log.height == 0
    assert log.schema == pl.Schema(SCHEMA)


def test_the_reason_of_an_unreadable_cell_decides_its_remedy():
    contract = contract_of({"name": "opened", "type": "date"})

    report = report_on(landed(opened=["89.06.30", "작년"]), contract)

    assert report.log.select("reason", "remedy").collect().rows() == [
        ("two_digit_year", "연도를 네 자리로 적으십시오. 예: 1999-12-31"),
        (None, "달력에 있는 날짜를 적으십시오. 예: 2026-11-01"),
    ]
    assert [report.advice(fault, "en").fault for fault in report.faults] == [
        "is no date",
        "has a year of two digits",
    ]
