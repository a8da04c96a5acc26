"""The intake: every complete file becomes one claim, and its name stays behind."""

from __future__ import annotations

import os
import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from etl.errors import SourceError, StoreError
from etl.intake import (
    CLAIMS,
    Claim,
    claim_complete_files,
    claimed_file,
    close_claim,
    look,
    make_folders,
    open_claims,
)

PARKS = "city-parks"


@pytest.fixture
def intake(tmp_path):
    make_folders(tmp_path, [PARKS, "city-cars"])
    return tmp_path


def drop(intake: Path, name: str = "공원 현황.csv", content: str = "a\n1\n") -> Path:
    file = intake / "city" / "parks" / name
    file.write_text(content)
    return file


def claim_all(intake, datasets=(PARKS,), meanwhile=lambda: None, files="*"):
    expected = dict.fromkeys(datasets, files)
    return claim_complete_files(intake, expected, pause=lambda _: meanwhile())


def test_a_complete_file_becomes_a_claim_under_its_own_name(intake):
    file = drop(intake)

    [claim] = claim_all(intake)

    assert not file.exists()
    assert claim.dataset == PARKS
    assert claimed_file(intake, claim).name == "공원 현황.csv"
    assert claimed_file(intake, claim).read_text() == "a\n1\n"


@pytest.mark.parametrize(
    ("name", "is_taken"),
    [
        pytest.param("공원.csv", True, id="a name that fits"),
        pytest.param("공원.CSV", True, id="however it is capitalised"),
        pytest.param(unicodedata.normalize("NFD", "공원.csv"), True, id="or decomposed by a Mac"),
        pytest.param("공원.hwp", False, id="another name stays where it is"),
        pytest.param("주차장.csv", False, id="so does that of another table"),
    ],
)
def test_only_files_that_the_contract_names_are_taken(intake, name, is_taken):
    file = drop(intake, name)

    claims = claim_all(intake, files="공원*.csv")

    assert (len(claims) == 1, file.exists()) == (is_taken, not is_taken)


@pytest.mark.parametrize(
    "name",
    [
        "{{ 7*7 }}.csv",
        "홍길동\n주민등록.csv",
        "a b;rm -rf.csv",
        "-rf",
        os.fsdecode(b"\xc8\xab.csv"),
    ],
)
def test_only_a_random_id_leaves_the_intake(intake, name):
    drop(intake, name)

    claims = claim_all(intake)

    assert open_claims(intake) == claims
    assert name not in repr(claims)
    assert "49" not in repr(claims[0].dataset)


def test_twenty_files_at_once_are_twenty_claims(intake):
    for number in range(20):
        drop(intake, f"{number}.csv", str(number))

    claims = claim_all(intake)

    assert len({claim.claim_id for claim in claims}) == 20
    contents = {claimed_file(intake, claim).read_text() for claim in claims}
    assert contents == {str(number) for number in range(20)}


def test_files_are_claimed_and_their_runs_asked_for_in_the_order_they_came(intake):
    for name in ("c.csv", "a.csv", "d.csv", "b.csv"):
        drop(intake, name, name)
        time.sleep(0.02)  # longer than the tick by which file systems tell times apart

    claims = claim_all(intake)

    contents = [claimed_file(intake, claim).read_text() for claim in claims]
    assert contents == ["c.csv", "a.csv", "d.csv", "b.csv"]
    assert open_claims(intake) == claims


def test_two_collectors_at_once_claim_each_file_once(intake):
    for number in range(50):
        drop(intake, f"{number}.csv", str(number))

    with ThreadPoolExecutor(4) as threads:
        for collector in [threads.submit(claim_all, intake) for _ in range(4)]:
            collector.result()

    contents = [claimed_file(intake, claim).read_text() for claim in open_claims(intake)]
    assert sorted(contents, key=int) == [str(number) for number in range(50)]
    assert look(intake) == {}


def test_a_file_that_still_grows_stays(intake):
    file = drop(intake)

    claims = claim_all(intake, meanwhile=lambda: file.write_text("a\n1\n2\n"))

    assert claims == []
    assert file.exists()


def test_a_file_that_is_withdrawn_is_no_claim(intake, monkeypatch):
    drop(intake)
    rename = Path.rename

    def withdrawn(self: Path, target: Path) -> Path:
        self.unlink()
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", withdrawn)

    assert claim_all(intake) == []
    assert open_claims(intake) == []


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(".hidden.csv", id="hidden"),
        pytest.param("~$parks.xlsx", id="a lock of Excel"),
        pytest.param(".~lock.parks.ods#", id="a lock of LibreOffice"),
        pytest.param("parks.csv.part", id="a download"),
        pytest.param("parks.csv.filepart", id="an upload by WinSCP"),
        pytest.param("parks.TMP", id="a temporary file"),
        pytest.param("parks.csv~", id="an editor's copy"),
        pytest.param("Thumbs.db", id="Windows"),
    ],
)
def test_names_of_unfinished_files_are_passed_over(intake, name):
    file = drop(intake, name)

    assert claim_all(intake) == []
    assert file.exists()


def test_links_are_passed_over_whatever_they_lead_to(intake, tmp_path):
    secret = tmp_path / "elsewhere" / "parks"
    secret.mkdir(parents=True)
    (secret / "shadow").write_text("root")
    (intake / "city" / "parks" / "link.csv").symlink_to(secret / "shadow")
    (intake / "link").symlink_to(tmp_path / "elsewhere")

    assert [file for file in look(intake) if "elsewhere" not in str(file)] == []
    assert claim_all(intake, [PARKS, "link-parks"]) == []


def test_a_folder_is_no_file(intake):
    (intake / "city" / "parks" / "2026.csv").mkdir()

    assert claim_all(intake) == []


def test_files_of_a_dataset_without_a_readable_contract_stay(intake):
    file = drop(intake)

    assert claim_all(intake, ["city-cars"]) == []
    assert file.exists()


def test_a_file_that_cannot_be_taken_keeps_no_other(intake, monkeypatch):
    drop(intake, "1-홍길동.csv")
    drop(intake, "2.csv")
    rename = Path.rename

    def refuse_first(self: Path, target: Path) -> Path:
        if self.name.startswith("1"):
            raise PermissionError(13, "Permission denied", str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse_first)
    with pytest.raises(StoreError, match="Permission denied") as caught:
        claim_all(intake)

    assert "홍길동" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert len(open_claims(intake)) == 1


def test_a_closed_claim_is_gone_and_closing_again_is_fine(intake):
    drop(intake)
    [claim] = claim_all(intake)

    close_claim(intake, claim)
    close_claim(intake, claim)

    assert open_claims(intake) == []
    with pytest.raises(SourceError, match=f"city-parks: claim {claim.claim_id} holds no file"):
        claimed_file(intake, claim)


def test_claims_are_closed_to_other_accounts(intake):
    assert (intake / CLAIMS).stat().st_mode & 0o777 == 0o700


def test_an_intake_that_does_not_exist_is_empty(tmp_path):
    assert look(tmp_path / "none") == {}
    assert open_claims(tmp_path / "none") == []
    assert claim_all(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("dataset", "claim_id"),
    [
        pytest.param("../city-parks", "0" * 32, id="a path as dataset"),
        pytest.param(PARKS, "../../etc", id="a path as id"),
        pytest.param(PARKS, "{{ 7*7 }}", id="a template as id"),
        pytest.param(PARKS, "0" * 31, id="too short"),
    ],
)
def test_a_claim_that_this_module_did_not_name_is_refused(dataset, claim_id):
    with pytest.raises(SourceError, match="32 hexadecimal digits") as caught:
        Claim(dataset, claim_id)

    assert claim_id not in str(caught.value)
