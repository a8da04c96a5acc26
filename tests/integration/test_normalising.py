"""A file as a department writes it, on the whole way: amounts, dates, codes and places."""

from __future__ import annotations

import pytest

from etl.running import run_file
from tests.integration.yard import Yard

BUDGET = "city-budget"
CONTRACT = """
format: 1
version: 1
title: {ko: 예산, en: Budget}
description: {ko: 시험}
steward: 예산과
licence: kogl-1
theme: finance
frequency: P1Y
source: {folder: {files: "*.csv"}}
disclosure: {level: public}
fields:
  - {name: project, title: {ko: 사업명}, type: string, role: open, constraints: {required: true}}
  - {name: amount, title: {ko: 예산액}, type: integer, unit: 원, negative: [△], role: open}
  - {name: begun, title: {ko: 시작일}, type: string, format: partial-date, pivot: 30, role: open}
  - {name: is_new, title: {ko: 신규여부}, type: boolean, role: open}
thresholds: {quarantine: 40%}
privacy: {unit: none}
approval: none
"""
ROWS = [
    ("가로등 교체", '"1,200"', "2024. 3. 5.", "유"),
    ("공원 정비", "△35.5", "89.06", "무"),
    ("도서관 신축", '"12,34"', "2024", "Y"),
]


@pytest.fixture
def yard(tmp_path):
    yard = Yard(tmp_path)
    yard.write_contract(BUDGET, CONTRACT)
    return yard


def run(yard, amounts):
    supplied = yard.supply(ROWS, header=("사업명", amounts, "시작일", "신규여부"))
    return run_file(yard.pipeline(), BUDGET, supplied)


def test_amounts_are_published_in_won_where_the_file_states_thousands(yard):
    report = run(yard, "예산액(천원)")

    published = yard.published(report)["data.csv"].decode("utf-8-sig").splitlines()

    assert report.status == "published"
    assert sorted(published[1:]) == [
        "가로등 교체,1200000,2024-03-05,true",
        "공원 정비,-35500,1989-06,false",
    ]


def test_a_unit_that_is_not_the_contracts_returns_the_file(yard):
    report = run(yard, "예산액(달러)")

    told = report.as_json()
    assert (told["status"], told["owner"]) == ("refused", "supplying department")
    assert "amount: the file states another unit than 원" in str(told["reason"])
