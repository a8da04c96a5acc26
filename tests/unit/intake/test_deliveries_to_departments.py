"""What a department finds in its folder: each file once, with a receipt and a report."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from etl.errors import StoreError
from etl.intake.claim import claim_complete_files, landed_claims
from etl.intake.delivery import deliver, destroy_delivered, names_in_use, write_receipt
from etl.intake.folders import make_folders
from etl.intake.receipt import Receipt, render_receipt
from etl.intake.sentences import NOW, Sentence

PARKS = "city-parks"
REPORTS = {".report.html": b"<p>page", ".report.xlsx": b"workbook"}


@pytest.fixture
def intake(tmp_path):
    make_folders(tmp_path, [PARKS])
    return tmp_path


@pytest.fixture
def claim(intake):
    (intake / "city" / "parks" / "1.csv").write_text("supplied")
    [claim] = claim_complete_files(intake, {PARKS: "*"}, quiet_seconds=0)
    return claim


def folder(intake):
    return intake / "city" / "parks"


def found(intake):
    below = sorted(path for path in folder(intake).rglob("*") if path.is_file())
    return {str(path.relative_to(folder(intake))): path.read_bytes() for path in below}


@pytest.mark.parametrize("verdict", ["accepted", "returned"])
def test_a_file_moves_once_with_its_reports_beside_it(intake, claim, verdict):
    for _ in range(2):
        deliver(intake, claim, "1.csv", verdict, lambda: REPORTS)

    assert found(intake) == {
        f"{verdict}/1.csv": b"supplied",
        f"{verdict}/1.csv.report.html": b"<p>page",
        f"{verdict}/1.csv.report.xlsx": b"workbook",
    }
    assert landed_claims(intake) == []


def test_reports_are_not_made_again_for_a_file_that_moved(intake, claim):
    deliver(intake, claim, "1.csv", "accepted", lambda: REPORTS)

    deliver(intake, claim, "1.csv", "accepted", lambda: 1 / 0)


def test_two_that_deliver_at_once_leave_one_file_and_one_report(intake, claim):
    def while_another_delivers():
        deliver(intake, claim, "1.csv", "accepted", lambda: REPORTS)
        return REPORTS

    deliver(intake, claim, "1.csv", "accepted", while_another_delivers)

    assert found(intake).keys() == {
        "accepted/1.csv",
        "accepted/1.csv.report.html",
        "accepted/1.csv.report.xlsx",
    }


def test_nothing_is_overwritten(intake, claim):
    (folder(intake) / "accepted").mkdir()
    (folder(intake) / "accepted" / "1.csv").write_text("earlier")

    deliver(intake, claim, "1.csv", "accepted", dict)

    assert found(intake) == {"accepted/1.csv": b"earlier", "accepted/1 (2).csv": b"supplied"}


@pytest.mark.parametrize("place", ["reports", "move", "tidying"])
def test_a_delivery_that_breaks_off_is_finished_by_the_next(intake, claim, monkeypatch, place):
    with monkeypatch.context() as broken:
        if place == "reports":
            broken.setattr("etl.intake.delivery._write", lambda *_: 1 / 0)
        elif place == "move":
            rename = os.rename
            broken.setattr(
                "os.rename",
                lambda *names, **to: 1 / 0 if "src_dir_fd" not in to else rename(*names, **to),
            )
        else:
            broken.setattr("etl.intake.delivery._clear", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            deliver(intake, claim, "1.csv", "returned", lambda: REPORTS)

    deliver(intake, claim, "1.csv", "returned", lambda: REPORTS)

    assert found(intake) == {
        "returned/1.csv": b"supplied",
        "returned/1.csv.report.html": b"<p>page",
        "returned/1.csv.report.xlsx": b"workbook",
    }
    assert landed_claims(intake) == []


def test_a_link_in_the_place_of_a_folder_is_not_followed(intake, claim, tmp_path_factory):
    other = tmp_path_factory.mktemp("another department")
    (folder(intake) / "accepted").symlink_to(other)

    with pytest.raises(StoreError, match="cannot be written to") as caught:
        deliver(intake, claim, "1.csv", "accepted", lambda: REPORTS)

    assert list(other.iterdir()) == []
    assert landed_claims(intake) == [claim]
    assert "1.csv" not in str(caught.value)


def test_a_link_in_the_place_of_a_receipt_is_replaced_not_followed(intake, tmp_path_factory):
    foreign = tmp_path_factory.mktemp("foreign") / "file"
    foreign.write_text("theirs")
    (folder(intake) / "1.csv.receipt.txt").symlink_to(foreign)

    write_receipt(intake, PARKS, "1.csv", b"ours")

    assert foreign.read_text() == "theirs"
    assert found(intake) == {"1.csv.receipt.txt": b"ours"}


def test_a_full_disk_leaves_no_half_receipt(intake, monkeypatch):
    write_receipt(intake, PARKS, "1.csv", b"before")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        write_receipt(intake, PARKS, "1.csv", b"after")

    assert found(intake) == {"1.csv.receipt.txt": b"before"}


def test_only_the_pipeline_writes_where_files_come_back_and_whoever_read_the_folder_still_can(
    intake, claim
):
    folder(intake).chmod(0o2770)

    deliver(intake, claim, "1.csv", "accepted", lambda: REPORTS)
    write_receipt(intake, PARKS, "1.csv", b"receipt")

    accepted = folder(intake) / "accepted"
    assert oct(accepted.stat().st_mode & 0o7777) == oct(0o2750)
    assert oct((accepted / "1.csv.report.html").stat().st_mode & 0o777) == oct(0o640)
    assert oct((folder(intake) / "1.csv.receipt.txt").stat().st_mode & 0o777) == oct(0o640)


def test_names_of_receipts_and_of_what_came_back_are_in_use(intake, claim):
    deliver(intake, claim, "1.csv", "returned", dict)
    write_receipt(intake, PARKS, "2.csv", b"receipt")

    assert {"1.csv", "2.csv"} <= names_in_use(intake, PARKS)


def test_destroying_leaves_nothing_and_can_be_repeated(intake, claim):
    deliver(intake, claim, "1.csv", "returned", lambda: REPORTS)
    write_receipt(intake, PARKS, "1.csv", b"receipt")

    for _ in range(2):
        destroy_delivered(intake, claim, "1.csv")

    assert found(intake) == {}


def test_a_file_that_is_not_delivered_yet_is_destroyed_too(intake, claim):
    destroy_delivered(intake, claim, "1.csv")

    assert not any(path.is_file() for path in intake.rglob("*"))


# Receipts

GIVEN = Receipt(
    number="a" * 32,
    name="공원 현황.csv",
    dataset=PARKS,
    title="공원",
    taken_at=datetime(2026, 11, 25, 16, 30, 12, tzinfo=UTC),
    timezone="Asia/Seoul",
    size_bytes=12_345,
)


def text(**changes):
    shown = {name: getattr(GIVEN, name) for name in GIVEN.__dataclass_fields__} | changes
    return render_receipt(Receipt(**shown)).decode("utf-8-sig")


def test_a_receipt_says_taken_when_how_much_and_what_next_in_two_languages():
    told = text()

    for part in ("공원 현황.csv", "2026-11-25 16:30:12 (Asia/Seoul)", "12,345", "a" * 32):
        assert part in told
    assert NOW["taken"].ko in told
    assert NOW["taken"].en in told
    assert told == text()


@pytest.mark.parametrize("stage", NOW)
def test_every_stage_is_told_in_two_languages(stage):
    told = text(stage=stage)

    assert NOW[stage].ko in told
    assert NOW[stage].en in told


def test_a_returned_file_s_receipt_gives_the_reason():
    told = text(stage="returned", reason=Sentence("너무 큽니다.", "It is too large."))

    assert "너무 큽니다." in told
    assert "It is too large." in told


def test_a_duplicate_is_told_since_when_the_content_is_known():
    told = text(same_as=("b" * 32, datetime(2026, 11, 20, 9, 0, 1, tzinfo=UTC)))

    assert "same content as before, taken on 2026-11-20 09:00:01" in told
    assert "내용이 같아" in told


def test_a_published_file_s_receipt_names_release_and_page():
    told = text(stage="published", release="20261125-1", page="http://here/dataset/city-parks")

    assert "20261125-1 · http://here/dataset/city-parks" in told
    assert "http" not in text(stage="accepted", page="http://here/dataset/city-parks")
