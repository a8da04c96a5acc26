"""The intake: every complete file becomes one claim, and its name stays behind."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from etl.errors import SourceError, StoreError
from etl.intake.claim import (
    Claim,
    claim_complete_files,
    claimed_file,
    close_claim,
    copy_supplied,
    landed_claims,
    landed_file,
    open_claims,
)
from etl.intake.folders import CLAIMS, LANDED, make_folders
from etl.intake.look import is_being_written, look

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
        pytest.param("공원.csv.report.xlsx", True, id="a report that comes back is taken"),
        pytest.param("공원.csv.report (2).XLSX", True, id="also under a number"),
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
        if self.suffix == ".csv":
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


def test_a_link_to_a_folder_is_never_entered(intake, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "parks").mkdir()
    (elsewhere / "parks" / "shadow").write_text("root")
    (intake / "link").symlink_to(elsewhere)
    (intake / "city" / "linked").symlink_to(elsewhere / "parks")

    assert look(intake) == {}
    assert claim_all(intake, [PARKS, "link-parks", "city-linked"]) == []
    assert (elsewhere / "parks" / "shadow").exists()


def test_a_link_is_claimed_as_the_link_that_it_is(intake, tmp_path_factory):
    secret = tmp_path_factory.mktemp("elsewhere") / "shadow"
    secret.write_text("root")
    (intake / "city" / "parks" / "link.csv").symlink_to(secret)

    [claim] = claim_all(intake)

    taken = claimed_file(intake, claim)
    assert taken.is_symlink()
    with pytest.raises(StoreError, match="cannot be written to") as caught:
        copy_supplied(taken, intake / "copy")
    assert "link.csv" not in str(caught.value)
    assert secret.read_text() == "root"


def test_a_folder_is_no_file(intake):
    (intake / "city" / "parks" / "2026.csv").mkdir()

    assert claim_all(intake) == []


@pytest.mark.parametrize("name", ["1.csv.receipt.txt", "1.csv.done", "1.csv.DONE"])
def test_receipts_and_markers_are_never_taken(intake, name):
    file = drop(intake, name)

    assert claim_all(intake) == []
    assert file.exists()


@pytest.mark.parametrize("folder", ["accepted", "returned"])
def test_what_was_given_back_is_never_taken_again(intake, folder):
    below = intake / "city" / "parks" / folder
    below.mkdir()
    (below / "1.csv").write_text("a")

    assert claim_all(intake) == []


# Markers


def mark(file: Path) -> Path:
    marker = file.with_name(f"{file.name}.done")
    marker.touch()
    return marker


def test_a_marked_file_is_taken_at_once_and_its_marker_goes(intake):
    marker = mark(drop(intake))
    pauses = []

    [claim] = claim_complete_files(intake, {PARKS: "*"}, pause=pauses.append)

    assert pauses == []
    assert not marker.exists()
    assert claimed_file(intake, claim).name == "공원 현황.csv"


def test_a_marker_of_an_earlier_file_does_not_speak_for_a_later_one(intake):
    file = drop(intake)
    mark(file)
    file.unlink()
    time.sleep(0.02)  # longer than the tick by which file systems tell times apart
    growing = drop(intake)

    claims = claim_all(intake, meanwhile=lambda: growing.write_text("a\n1\n2\n"))

    assert claims == []
    assert growing.exists()


def test_a_marked_file_does_not_make_others_whole(intake):
    mark(drop(intake, "1.csv"))
    growing = drop(intake, "2.csv")

    claims = claim_all(intake, meanwhile=lambda: growing.write_text("a\n1\n2\n"))

    assert [claimed_file(intake, claim).name for claim in claims] == ["1.csv"]


# Writers and shares


def test_a_file_that_a_program_still_has_open_waits_however_slowly_it_writes(intake):
    file = drop(intake)
    if not knows_writers(intake):
        pytest.skip("THIS DISK OR ACCOUNT HAS NO LEASES: slow writers were not tested")
    with file.open("a") as writer:
        writer.write("half")
        writer.flush()

        assert claim_all(intake) == []

    assert len(claim_all(intake)) == 1


def test_a_program_that_only_reads_keeps_no_file(intake):
    file = drop(intake)

    with file.open():
        assert len(claim_all(intake)) == 1


def test_a_file_left_open_and_quiet_for_long_is_taken(intake, monkeypatch):
    monkeypatch.setattr("etl.intake.look.LONGEST_WRITE_SECONDS", 0)
    file = drop(intake)

    with file.open("a"):
        assert len(claim_all(intake)) == 1


def knows_writers(folder: Path) -> bool:
    probe = folder / "probe"
    with probe.open("w"):
        found = is_being_written(probe)
    probe.unlink()
    return found


def test_a_share_that_copies_instead_of_renaming_is_refused_and_keeps_its_files(
    intake, monkeypatch
):
    files = [drop(intake, "1.csv"), drop(intake, "2.csv")]

    def copied(self: Path, target: Path) -> Path:
        shutil.copyfile(self, target)
        self.unlink()
        return target

    monkeypatch.setattr(Path, "rename", copied)
    with pytest.raises(StoreError, match=r"city-parks: .* copies a file where it should rename"):
        claim_all(intake)

    assert all(file.exists() for file in files)
    assert open_claims(intake) == []
    assert sorted(one.name for one in (intake / "city" / "parks").iterdir()) == ["1.csv", "2.csv"]


def test_a_share_that_cannot_confirm_what_it_wrote_is_refused(intake, monkeypatch):
    file = drop(intake)

    def no_fsync(_: int) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "fsync", no_fsync)
    with pytest.raises(StoreError, match=r"Invalid argument.*renames and fsyncs"):
        claim_all(intake)

    assert file.exists()
    assert list((intake / "city" / "parks").iterdir()) == [file]


def test_one_unsound_share_keeps_no_other(intake, monkeypatch):
    drop(intake)
    (intake / "city" / "cars" / "1.csv").write_text("a")
    rename = Path.rename

    def on_another_disk(self: Path, target: Path) -> Path:
        if self.parent.name == "parks":
            raise OSError(18, "Invalid cross-device link", str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", on_another_disk)
    with pytest.raises(StoreError, match="cross-device link"):
        claim_all(intake, [PARKS, "city-cars"])

    assert [claim.dataset for claim in open_claims(intake)] == ["city-cars"]


# Copies


def test_a_copy_comes_with_its_size_and_hash(intake):
    file = drop(intake, content="공원")

    size_bytes, sha256 = copy_supplied(file, intake / "copy")

    assert (intake / "copy").read_text() == "공원"
    assert (size_bytes, sha256) == (6, hashlib.sha256("공원".encode()).hexdigest())


def test_a_file_that_grows_while_it_is_copied_is_not_taken_for_whole(intake, monkeypatch):
    file = drop(intake, content="a" * 10)
    monkeypatch.setattr("etl.intake.claim.BLOCK_BYTES", 4)
    read = []

    def hash_and_grow():
        read.append(1)
        with file.open("a") as writer:
            writer.write("b")
        return real()

    real = hashlib.sha256
    monkeypatch.setattr("etl.intake.claim.hashlib.sha256", hash_and_grow)

    with pytest.raises(StoreError, match="changed while it was copied"):
        copy_supplied(file, intake / "copy")
    assert read


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


def test_a_closed_claim_keeps_its_file_for_its_department(intake):
    file = drop(intake)
    [claim] = claim_all(intake)

    close_claim(intake, claim)

    assert landed_claims(intake) == [claim]
    assert landed_file(intake, claim).name == file.name
    assert landed_file(intake, claim).read_text() == "a\n1\n"


@pytest.mark.parametrize("folder", [CLAIMS, LANDED])
def test_claims_are_closed_to_other_accounts(intake, folder):
    assert (intake / folder).stat().st_mode & 0o777 == 0o700


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
