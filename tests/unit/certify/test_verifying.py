"""Anybody who has a file and its certificate can tell whether the one is what the other says."""

from __future__ import annotations

import hashlib

import pytest

from etl.certify.measuring import measure_file, verifier
from etl.certify.verifying import verify_file
from etl.errors import DisclosureRiskError
from tests.unit.certify.test_certifying import PEOPLE, certify
from tests.unit.certify.written import measure, write_files


@pytest.fixture
def content(tmp_path):
    write_files(tmp_path, PEOPLE, [(None, 'a"b\nc')] * 10 + [("북", "감기")] * 10)
    return certify(PEOPLE, measure(tmp_path, PEOPLE))


def verify(folder, name, content):
    with verifier(folder) as connection:
        return {check.name: check for check in verify_file(connection, folder / name, content)}


@pytest.mark.parametrize("name", ["data.parquet", "data.csv"])
def test_a_file_as_published_holds(tmp_path, content, name):
    checks = verify(tmp_path, name, content)

    assert all(check.holds for check in checks.values())
    assert {"sha256", "size_bytes", "columns", "rows", "digest"} <= checks.keys()
    assert ("k" in checks) == (name == "data.parquet")


def test_a_file_may_have_another_name(tmp_path, content):
    (tmp_path / "data.csv").rename(tmp_path / "내려받은 파일 (1).csv")

    assert all(check.holds for check in verify(tmp_path, "내려받은 파일 (1).csv", content).values())


@pytest.mark.parametrize("name", ["data.parquet", "data.csv"])
def test_a_changed_file_does_not_hold(tmp_path, content, name):
    with (tmp_path / name).open("ab") as file:
        file.write(b" ")

    checks = verify(tmp_path, name, content)

    assert not checks["sha256"].holds
    assert not checks["size_bytes"].holds


@pytest.mark.parametrize(
    ("change", "check"),
    [
        pytest.param({"digest": {"rows": 19, "total": "1"}}, "rows", id="rows"),
        pytest.param({"digest": {"rows": 20, "total": "1"}}, "digest", id="digest"),
    ],
)
def test_a_certificate_that_says_other_numbers_does_not_hold(tmp_path, content, change, check):
    assert not verify(tmp_path, "data.parquet", content | change)[check].holds


def test_too_small_a_group_does_not_hold(tmp_path, content):
    privacy = content["privacy"] | {"k": {"required": 11, "achieved": 11}}

    assert not verify(tmp_path, "data.parquet", content | {"privacy": privacy})["k"].holds


def test_a_file_with_its_hash_but_other_columns_does_not_hold(tmp_path, content):
    (tmp_path / "data.csv").write_text("\ufeffward,illness,name\r\n북,감기,홍\r\n", newline="")
    facts = measure_file(tmp_path / "data.csv")
    entry = {"name": "data.csv", "sha256": facts.sha256, "size_bytes": facts.size_bytes}

    with verifier(tmp_path) as connection:
        checks = verify_file(connection, tmp_path / "data.csv", content | {"files": [entry]})

    assert not {check.name: check for check in checks}["columns"].holds


@pytest.mark.parametrize("name", ["dictionary.csv.txt", "data.xlsx", "data"])
def test_a_file_of_another_kind_is_refused(tmp_path, content, name):
    (tmp_path / name).write_bytes(b"x")

    with pytest.raises(DisclosureRiskError, match="speaks of no such file"):
        verify(tmp_path, name, content)


def test_the_hash_is_plain_sha256(tmp_path, content):
    [entry] = [file for file in content["files"] if file["name"] == "data.csv"]

    assert entry["sha256"] == hashlib.sha256((tmp_path / "data.csv").read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(
            lambda c: c["fields"][0].update(
                type="number", decimals="2)::VARCHAR, ''); COPY (SELECT 1) TO '/tmp/x'; --"
            ),
            id="words where a number belongs",
        ),
        pytest.param(lambda c: c["fields"][0].update(decimals=2), id="decimals of a text"),
        pytest.param(
            lambda c: c["fields"][0].update(type="number", decimals=True), id="truth as decimals"
        ),
        pytest.param(
            lambda c: c["fields"][0].update(type="number", decimals=10**9), id="endless decimals"
        ),
        pytest.param(lambda c: c["fields"][0].update(type="float"), id="an unknown type"),
        pytest.param(lambda c: c["fields"][0].update(name=1), id="a number as name"),
        pytest.param(lambda c: c["privacy"].update(quasi_identifiers=["x"]), id="an unknown key"),
        pytest.param(lambda c: c.update(fields=None), id="no fields"),
        pytest.param(lambda c: c.update(fields=[{}]), id="an empty field"),
        pytest.param(lambda c: c.pop("privacy"), id="no privacy"),
        pytest.param(lambda c: c.pop("files"), id="no files"),
        pytest.param(lambda c: c.pop("digest"), id="no digest"),
    ],
)
@pytest.mark.parametrize("name", ["data.parquet", "data.csv"])
def test_a_certificate_that_somebody_made_up_reaches_no_engine(tmp_path, content, name, spoil):
    spoil(content)

    with pytest.raises(DisclosureRiskError, match="none of this program's"):
        verify_file(None, tmp_path / name, content)
