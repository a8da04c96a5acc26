"""`madang anonymise`: a file goes in, a safe one comes out with its certificate."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import polars as pl
import pytest

from etl.checking import verify_published
from etl.drawing import describe_hierarchy
from etl.errors import ContractError
from etl.settings import load
from etl.single_file import Choice, anonymise_file

ROOT = Path(__file__).parents[2]
CHOICE = Choice(k=5, quasi=("나이", "지역 (구)"), sensitive=("질병",), drop=("이름",))
CONTRACT = """
format: 1
version: 1
title: {ko: 환자}
description: {ko: 환자}
steward: 보건과
licence: kogl-4
theme: health
frequency: P1Y
source: {folder: {files: "*"}}
disclosure: {level: public}
fields:
  - {name: 번호, title: {ko: 번호}, type: string, role: direct-identifier}
  - {name: 이름, title: {ko: 이름}, type: string, role: direct-identifier}
  - name: 나이
    title: {ko: 나이}
    type: integer
    role: quasi-identifier
    hierarchy: {steps: [{band: 5}, {band: 10}, {band: 20}], floor: 1}
  - name: 지역
    title: {ko: 지역 (구)}
    type: string
    role: quasi-identifier
    hierarchy: {steps: [{table: regions, column: 시도}], floor: 0}
  - {name: 질병, title: {ko: 질병}, type: string, role: sensitive}
privacy:
  unit: person
  unit_key: 번호
  topic: health
  k: 6
  tiers: {agency: {k: 3, suppression: 5%, floors: {나이: 0}}}
  purpose: statistics
  legal_basis: 개인정보 보호법 제28조의2제1항
approval: privacy-officer
"""
WARDS, ILLNESSES = ("강남구", "종로구", "중구", "동구"), ("감기", "골절", "두통")
REGIONS = "시군구,시도\n강남구,서울\n종로구,서울\n중구,부산\n동구,부산\n"


def people(seed: int = 1, order: int = 0) -> str:
    draw = random.Random(seed)
    rows = [
        f"{number % 700},홍길동{number},{draw.randrange(20, 80)},"
        f"{draw.choice(WARDS)},{draw.choice(ILLNESSES)}"
        for number in range(1_000)
    ]
    random.Random(order).shuffle(rows)
    return "\n".join(["번호,이름,나이,지역 (구),질병", *rows]) + "\n"


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(people(), encoding="utf-8")
    return path


@pytest.fixture
def contract(tmp_path) -> Path:
    (tmp_path / "schemas/clinic").mkdir(parents=True)
    (tmp_path / "schemas/hierarchies").mkdir()
    (tmp_path / "schemas/hierarchies/regions.csv").write_text(REGIONS, encoding="utf-8")
    path = tmp_path / "schemas/clinic/patients.yaml"
    path.write_text(CONTRACT, encoding="utf-8")
    return path


def test_only_k_and_roles_are_enough(file, tmp_path):
    choice = Choice(**asdict(CHOICE) | {"unit_key": "번호"})

    outcome = anonymise_file(load(), file, tmp_path / "out", choice=choice)

    content = outcome.content
    assert outcome.exit_code == 0
    assert content["k"]["required"] == 5
    assert content["k"]["achieved"] >= 5
    assert content["k"]["counts"] == "units"
    assert content["optimal"] is True
    assert content["rows"]["accepted"] == 1_000
    table = pl.read_parquet(content["files"][0]["path"])
    assert table.columns == ["나이", "column_4", "질병"]
    assert table.height == content["rows"]["published"]


def test_both_tiers_of_a_contract_are_written_and_verify(file, contract, tmp_path):
    outcome = anonymise_file(load(), file, tmp_path / "out", contract)

    assert outcome.exit_code == 0
    tiers = {entry["tier"]: Path(entry["path"]).parent for entry in outcome.content["files"]}
    for folder in tiers.values():
        checks = verify_published(
            folder / "data.parquet", (folder / "certificate.json").read_bytes(), None
        )
        assert [check.name for check in checks if not check.holds] == []
    public, agency = (
        json.loads((tiers[tier] / "certificate.json").read_bytes())["privacy"]
        for tier in ("public", "agency")
    )
    assert (public["k"]["required"], agency["k"]["required"]) == (6, 3)
    assert all(agency["levels"][name] <= level for name, level in public["levels"].items())
    assert agency["purpose"] == "statistics"
    assert public["sensitive"]["질병"]["distinct"]["achieved"] >= 2
    page = (tiers["public"].parent / "report/privacy.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 8
    assert "http://" not in page
    assert "https://" not in page
    assert "홍길동" not in page


def test_a_column_that_nobody_decided_stops_everything(file, tmp_path):
    with pytest.raises(ContractError, match="1 columns are not decided: 번호"):
        anonymise_file(load(), file, tmp_path / "out", choice=CHOICE)


def test_parquet_gives_what_csv_gives(file, contract, tmp_path):
    table = tmp_path / "people.parquet"
    pl.read_csv(file).write_parquet(table)

    first = anonymise_file(load(), file, tmp_path / "a", contract).content
    second = anonymise_file(load(), table, tmp_path / "b", contract).content

    assert [f["sha256"] for f in first["files"]] == [f["sha256"] for f in second["files"]]


@pytest.mark.parametrize(
    ("order", "threads", "streaming"),
    [
        pytest.param(0, "1", "0", id="one thread"),
        pytest.param(1, "1", "0", id="shuffled, one thread"),
        pytest.param(2, "2", "1", id="shuffled, two threads, streaming"),
    ],
)
def test_the_same_bytes_come_out(file, contract, tmp_path, order, threads, streaming):
    shuffled = tmp_path / "shuffled.csv"
    shuffled.write_text(people(order=order), encoding="utf-8")
    first = anonymise_file(load(), file, tmp_path / "a", contract).content
    environment = os.environ | {
        "POLARS_MAX_THREADS": threads,
        "POLARS_FORCE_NEW_STREAMING": streaming,
    }
    command = ["anonymise", shuffled, "--contract", contract, "--to", tmp_path / "b", "--json"]

    done = subprocess.run(
        [sys.executable, "-m", "etl.cli", *map(str, command)],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip

    second = json.loads(done.stdout)
    assert [f["sha256"] for f in first["files"]] == [f["sha256"] for f in second["files"]]
    assert first["levels"] == second["levels"]


def test_a_code_list_is_drawn(contract):
    drawn = describe_hierarchy("regions", contract.parents[1])

    assert [level["values"] for level in drawn["levels"]] == [4, 2, 1]
    assert drawn["tree"] == [
        "*",
        "  부산",
        "    동구",
        "    중구",
        "  서울",
        "    강남구",
        "    종로구",
    ]


def test_a_code_list_that_is_not_nested_is_not_drawn(contract):
    (contract.parents[1] / "hierarchies/broken.csv").write_text(
        "값,중,대\na,x,p\nb,x,q\nc,y,q\n", encoding="utf-8"
    )

    with pytest.raises(ContractError, match="fall apart"):
        describe_hierarchy("broken", contract.parents[1])
