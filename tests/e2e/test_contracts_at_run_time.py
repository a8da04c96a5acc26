"""Contracts come, break and go while the stack runs; no code is changed."""

from __future__ import annotations

from live_airflow import LiveAirflow
from live_catalogue import Visitor
from live_stack import LiveStack, wait_for
from supplied import CAR_PARKS, EMPLOYMENT, PARKS, SESSION, new_name

LIBRARIES = f"culture-libraries_{SESSION}"
BROKEN = f"culture-broken_{SESSION}"
TABLE = "도서관명,도서수\r\n마당도서관,12000\r\n언덕도서관,800\r\n"

CONTRACT = """\
format: 1
version: 1
title: {ko: 공공도서관 정보, en: Public libraries}
description: {ko: 공공도서관의 이름과 장서 수.}
steward: 문화과
licence: kogl-1
theme: education
frequency: P1Y
source: {folder: {files: "*.csv"}}
disclosure: {level: public}
primaryKey: [name]
fields:
  - name: name
    title: {ko: 도서관명}
    type: string
    constraints: {required: true}
    role: open
  - name: books
    title: {ko: 도서수}
    type: integer
    constraints: {minimum: 0}
    role: open
thresholds: {quarantine: 5%}
privacy: {unit: none}
approval: none
examples:
  - supplied: [{name: 마당도서관, books: "12000"}]
    published: [{name: 마당도서관, books: "12000"}]
"""


def test_a_fourth_contract_is_one_file_and_publishes(
    stack: LiveStack, engineer: LiveAirflow, visitor: Visitor
) -> None:
    with stack.with_contract(LIBRARIES, CONTRACT):
        name = stack.drop(LIBRARIES, new_name("도서관"), TABLE.encode("cp949"))
        run = stack.wait_for_run(name)
        assert f"publish__{LIBRARIES}" in engineer.dag_ids()

    assert run.status == "published", run.reason
    record = visitor.record(LIBRARIES)
    assert record
    assert record["title"] == "공공도서관 정보"
    text = visitor.file(LIBRARIES, str(visitor.release(LIBRARIES)), "data.csv")
    assert text.decode("utf-8-sig").split() == ["name,books", "마당도서관,12000", "언덕도서관,800"]


def test_a_broken_contract_is_shown_with_its_field_and_takes_no_other_dag_away(
    stack: LiveStack, engineer: LiveAirflow
) -> None:
    others = {"collect_intake", *(f"publish__{one}" for one in (CAR_PARKS, PARKS, EMPLOYMENT))}
    broken = CONTRACT.replace("type: integer", "type: integger")
    with stack.with_contract(BROKEN, broken) as file:
        dropped = stack.drop(BROKEN, new_name("도서관"), TABLE.encode("cp949"))
        shown = wait_for(
            lambda: [text for text in engineer.import_errors() if file.stem in text],
            "the banner shows the broken contract",
        )

        line = broken.splitlines().index("    type: integger") + 1
        assert any(f"culture/{file.name}:{line}: fields[1].type" in text for text in shown)
        assert others <= engineer.dag_ids()
        assert f"publish__{BROKEN}" not in engineer.dag_ids()
        assert stack.runs_of(dropped) == []

        file.write_text(CONTRACT, encoding="utf-8")  # mended: what waited is published
        assert stack.wait_for_run(dropped).status == "published"
        wait_for(lambda: not engineer.import_errors(), "the banner is gone")
