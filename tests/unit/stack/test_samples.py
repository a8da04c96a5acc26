from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from etl.anonymise.anonymising import anonymise_tiers
from etl.contract.loading import find_contract
from etl.extract.reading import Files, read_supplied
from etl.personal.scanning import scan_columns
from etl.validate.checking import check_table, require_quality
from etl.validate.reading import read_suites
from stack.sample_tables import person_rows
from stack.samples import EACH, SAMPLES, main, sample_text, write_samples

ROOT = Path(__file__).parents[3]
ROWS = 2_000
TODAY = date(2026, 11, 25)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> list[Path]:
    return write_samples(tmp_path_factory.mktemp("samples"), rows=ROWS)


@pytest.fixture
def passed(tmp_path):
    """Take a sample through the steps; give the contract, what was told apart, and the table."""

    def take(file: Path):
        contract = find_contract(ROOT / "schemas", "-".join(file.parts[-3:-1]))
        rows = tmp_path / "rows.parquet"
        reading = read_supplied(file, contract, Files.within(tmp_path))
        suites = read_suites(ROOT / "expectations")
        checked = check_table(pl.scan_parquet(rows), contract, suites, gx_max_rows=0)
        published = anonymise_tiers(checked.accepted, contract).tables["public"].collect()
        return contract, reading, checked, published

    return take


def test_files_lie_as_in_an_intake_folder(files):
    names = [file.relative_to(files[0].parents[2]).as_posix() for file in files]

    assert names == [
        "traffic/car_parks/주차장정보_20261101.csv",
        "parks/city_parks/도시공원정보_20261101.csv",
        "employment/disabled_employment/장애인취업정보_20261101.csv",
        "refused/traffic/car_parks/주차장정보_20261101.csv",
    ]


def test_the_same_seed_gives_the_same_bytes(files, tmp_path):
    again = write_samples(tmp_path, rows=ROWS)

    assert [file.read_bytes() for file in again] == [file.read_bytes() for file in files]


def test_another_seed_gives_other_rows():
    assert sample_text(SAMPLES[0], ROWS, seed=1) != sample_text(SAMPLES[0], ROWS, seed=2)


def test_files_are_written_as_korean_excel_does(files):
    for file in files:
        content = file.read_bytes()

        assert content.decode("cp949").count("\r\n") == ROWS + 1
        with pytest.raises(UnicodeDecodeError):
            content.decode("utf-8")


@pytest.mark.parametrize("number", range(3), ids=[sample.folder for sample in SAMPLES])
def test_a_sample_is_published_but_for_a_few_bad_rows_of_every_kind(files, passed, number):
    contract, reading, checked, _ = passed(files[number])

    require_quality(checked, reading.records.ragged, contract)
    critical = {
        (count.rule, count.count) for count in checked.counts if count.severity == "critical"
    }
    assert critical == {
        ("type", EACH),
        ("required", EACH),
        ("enum", EACH),
        ("primaryKey", 2 * EACH),
    }
    assert reading.records.ragged == EACH
    assert checked.accepted_rows == ROWS - 6 * EACH


@pytest.mark.parametrize("number", range(3), ids=[sample.folder for sample in SAMPLES])
def test_a_sample_holds_nothing_personal_but_places_of_facilities(files, passed, number):
    *_, published = passed(files[number])

    found = {finding.kind for finding in scan_columns(published.lazy(), TODAY)}

    assert found <= {"coordinates"}


def test_the_planted_numbers_pass_every_step_but_the_gate(files, passed):
    contract, reading, checked, published = passed(files[3])

    require_quality(checked, reading.records.ragged, contract)
    assert checked.quarantined_rows == 0
    found = {
        (finding.column, finding.kind, finding.hits)
        for finding in scan_columns(published.lazy(), TODAY)
    }
    assert ("remarks", "resident-number", 3) in found


def test_the_planted_numbers_belong_to_nobody(files):
    text = files[3].read_bytes().decode("cp949")

    numbers = re.findall(r"(\d{6})-(\d{7})", text)

    assert len(numbers) == 3
    assert not any(has_issued_check_digit(front + back) for front, back in numbers)


@pytest.mark.parametrize("rows", [1_000, 20_000, 200_000])
def test_people_stand_in_groups_that_may_be_published(rows):
    people = person_rows(rows, seed=7)

    groups = people.group_by(pl.col("연령").cast(pl.Int64) // 5, "장애유형", "중증여부").len("rows")

    lost = groups.filter(pl.col("rows") < 10)["rows"].sum()
    assert people.height == rows
    assert 0 < lost <= 0.02 * rows


def test_the_command_asks_for_enough_rows(tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["--to", str(tmp_path), "--rows", "10"])

    assert "--rows is at least" in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


def has_issued_check_digit(digits: str) -> bool:
    weights = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
    total = sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=False))
    return (11 - total % 11) % 10 == int(digits[12])
