"""A code list is made of what an authority issued, and of nothing that it leaves open."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from etl.cli.main import app
from etl.contract.codelists import read_code_set
from etl.contract.origins import Origin
from etl.errors import ContractError, SourceFormatError
from etl.importing import Columns, import_codes

REAL = Path(os.environ.get("MADANG_SAMPLES", "/nonexistent")) / "real-data"
ORIGIN = Origin.model_validate(
    {"title": {"ko": "시험"}, "source": "시험", "licence": "cc0", "issued": "2026-01-01"}
)
HEADER = "행정동코드,시도명,시군구명,생성일자,말소일자"
LINES = [
    HEADER,
    "1100000000,서울특별시,,19880423,",
    "1111000000,서울특별시,종로구,19880423,",
    "1111051000,서울특별시,청운동,19880423,20081101",
    "1111051000,서울특별시,청운효자동,20081101,",
    "4205000000,강원도,울진군,19880423,19880423",
    "1111000000,서울특별시,종로구,19880423,",
]
DATED = Columns(valid_from="생성일자", abolished="말소일자", levels=(2, 5, 10))


def supply(folder: Path, lines: list[str], encoding: str = "cp949") -> Path:
    file = folder / "codes.csv"
    file.write_bytes(("\r\n".join(lines) + "\r\n").encode(encoding))
    return file


def test_codes_names_periods_and_parents_are_taken(tmp_path):
    made = import_codes(supply(tmp_path, LINES), tmp_path, "regions", ORIGIN, DATED)

    codes = read_code_set(tmp_path, "regions")
    assert codes.sha256 == made.codes.sha256
    assert [(code.code, code.label, code.parent) for code in codes.codes] == [
        ("1100000000", "서울특별시", ""),
        ("1111000000", "서울특별시 종로구", "1100000000"),
        ("1111051000", "서울특별시 청운동", "1111000000"),
        ("1111051000", "서울특별시 청운효자동", "1111000000"),
    ]
    assert codes.codes[2].valid_to == date(2008, 10, 31)
    assert codes.codes[3].valid_from == date(2008, 11, 1)
    assert (made.skipped, made.repeated) == (1, 1)


def test_a_code_that_means_two_things_is_told_and_left_to_a_person(tmp_path):
    lines = ["code,name", "1,가구", "1,나구", "2,다구"]
    file = supply(tmp_path, lines)

    with pytest.raises(ContractError, match=r"1 codes of the file mean two things.*1: 가구 / 나구"):
        import_codes(file, tmp_path, "regions", ORIGIN, Columns())
    assert not (tmp_path / "codelists").exists()

    made = import_codes(file, tmp_path, "regions", ORIGIN, Columns(), without=["나구"])
    assert [code.label for code in made.codes.codes] == ["가구", "다구"]


@pytest.mark.parametrize(
    ("lines", "columns", "why"),
    [
        pytest.param(["a,b", "1,가", "2,나"], Columns(), "of codes and names", id="nothing fits"),
        pytest.param(
            LINES, Columns(parent="상위"), "no column 상위", id="a column that is not there"
        ),
        pytest.param(
            ["코드,명칭,시작", "1,가,2026-13-01", "2,나,2026-01-01"],
            Columns(valid_from="시작"),
            "A date of the file",
            id="no date",
        ),
    ],
)
def test_what_a_person_has_to_say_is_asked(tmp_path, lines, columns, why):
    with pytest.raises(ContractError, match=why):
        import_codes(supply(tmp_path, lines), tmp_path, "regions", ORIGIN, columns)


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    file = tmp_path / "codes.csv"
    file.write_bytes(b"\xff\xfe\x00\xd8")

    with pytest.raises(SourceFormatError):
        import_codes(file, tmp_path, "regions", ORIGIN, Columns())


def test_a_name_is_a_slug(tmp_path):
    with pytest.raises(ContractError, match="no name of a code list"):
        import_codes(supply(tmp_path, LINES), tmp_path, "../x", ORIGIN, Columns())


def test_the_command_says_how_many_codes_it_wrote(tmp_path, monkeypatch):
    monkeypatch.setenv("MADANG_SCHEMAS", str(tmp_path))
    arguments = [
        "codelists", "import", str(supply(tmp_path, LINES)), "--name", "regions",
        "--title", "행정동", "--source", "시험", "--licence", "kogl-1", "--issued", "2026-01-01",
        "--from", "생성일자", "--abolished", "말소일자", "--levels", "2,5,10",
    ]  # fmt: skip

    done = CliRunner().invoke(app, [*arguments, "--json"])
    wrong = CliRunner().invoke(app, [*arguments, "--levels", "two"])

    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert (told["name"], told["codes"], told["skipped"], told["repeated"]) == ("regions", 4, 1, 1)
    assert wrong.exit_code == 2


@pytest.mark.skipif(
    not REAL.is_dir(), reason="REAL FILES ARE ABSENT: set MADANG_SAMPLES to their folder"
)
def test_a_real_list_is_taken_once_its_contradictions_are_decided(tmp_path):
    file = REAL / "admin_divisions_2012.csv"
    columns = Columns(
        code="행정기관코드", label=("시도", "시군구", "행정구역명"), levels=(2, 5, 10)
    )

    with pytest.raises(ContractError, match="2 codes of the file mean two things"):
        import_codes(file, tmp_path, "admin", ORIGIN, columns)
    decided = ["충청북도 청주시흥덕구", "전라남도 영광군 낙월면안마출장소"]
    made = import_codes(file, tmp_path, "admin", ORIGIN, columns, decided)

    assert len(made.codes.codes) == 3835


@pytest.mark.skipif(
    not REAL.is_dir(), reason="REAL FILES ARE ABSENT: set MADANG_SAMPLES to their folder"
)
def test_the_administrative_codes_of_2023_keep_their_periods(tmp_path):
    columns = Columns(
        code="행정동코드",
        label=("시도명", "시군구명", "읍면동명"),
        valid_from="생성일자",
        abolished="말소일자",
        levels=(2, 4, 5, 10),
    )

    made = import_codes(REAL / "mois_KIKcd_H_20230501.xlsx", tmp_path, "kikcd", ORIGIN, columns)

    assert (len(made.codes.codes), made.skipped, made.repeated) == (8107, 402, 0)
    by_label = {code.label: code for code in made.codes.codes}
    assert by_label["서울특별시 종로구 청운동"].valid_to == date(2008, 10, 31)
    assert by_label["경기도 수원시 장안구"].parent == by_label["경기도 수원시"].code
