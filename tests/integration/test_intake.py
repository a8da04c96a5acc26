"""From a department's folder and back: each content once, each sender answered, whatever dies."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from etl.contract.loading import load_contracts
from etl.errors import ReleaseHeldError, StoreError
from etl.intake.claim import landed_claims, open_claims
from etl.intake.folders import folder_of, make_folders
from etl.keeping import destroy_due
from etl.ledger.book import utc_now
from etl.ledger.database import open_engine, transaction
from etl.running import folder_pipeline
from tests.integration.collector import PLACES, collect_once, resume
from tests.integration.yard import PARK_HEADER, PARKS, PARKS_CONTRACT, ROOT, Yard, csv_bytes, parks

GOOD = csv_bytes(PARK_HEADER, parks(12))
UNREADABLE = b"\x80\xff\x00 no text"
TOO_BAD = csv_bytes(PARK_HEADER, parks(12, park_id="wrong"))


@pytest.fixture
def yard(tmp_path):
    made = Yard(tmp_path, gx_max_rows=0)
    make_folders(made.settings().intake, [PARKS])
    return made


@pytest.fixture
def pipeline(yard):
    return hasty_pipeline(yard)


def hasty_pipeline(yard, **limits):
    """Open a pipeline that does not wait between its two looks."""
    return folder_pipeline(yard.settings(intake_quiet_seconds=0, **limits), yard.out)


def contracts(yard):
    return load_contracts(yard.settings().schemas)[0]


def top(yard) -> Path:
    return folder_of(yard.settings().intake, PARKS)


def drop(yard, name="공원 현황.csv", content=GOOD) -> Path:
    file = top(yard) / name
    file.write_bytes(content)
    return file


def found(yard) -> dict[str, bytes]:
    below = sorted(path for path in top(yard).rglob("*") if path.is_file())
    return {str(path.relative_to(top(yard))): path.read_bytes() for path in below}


def receipt(yard, name="공원 현황.csv") -> str:
    return (top(yard) / f"{name}.receipt.txt").read_text(encoding="utf-8-sig")


def nothing_waits(yard) -> bool:
    intake = yard.settings().intake
    return not open_claims(intake) and not landed_claims(intake)


def runs_by_content(yard) -> Counter[str]:
    """Return how many runs each distinct content was given."""
    with transaction(open_engine(yard.pipeline().settings.ledger)) as connection:
        rows = connection.execute(
            text(
                "SELECT content_sha256, run_id FROM deliveries"
                " LEFT JOIN runs ON run_id = deliveries.claim_id"
            )
        )
        counted: Counter[str] = Counter()
        for sha256, run_id in rows:
            counted[sha256] += run_id is not None
        return counted


# What a clerk finds


def test_a_file_is_answered_before_its_run_begins(yard, pipeline):
    drop(yard)

    claims, problem = pipeline.collect_files(contracts(yard))

    assert problem is None
    assert len(claims) == 1
    assert list(found(yard)) == ["공원 현황.csv.receipt.txt"]
    told = receipt(yard)
    assert f"{len(GOOD):,} bytes" in told
    assert "접수했습니다" in told
    assert "Taken. Once it is checked" in told
    key = f"landing/{PARKS}/{claims[0].claim_id}/supplied"
    assert pipeline.store.read_bytes(key) == GOOD


def test_a_good_file_comes_back_accepted_and_its_receipt_follows_it_to_publication(yard, pipeline):
    drop(yard)
    [claim], _ = pipeline.collect_files(contracts(yard))

    state = pipeline.validate(pipeline.extract_claim(PARKS, claim.claim_id))

    assert found(yard).keys() >= {"accepted/공원 현황.csv", "accepted/공원 현황.csv.report.html"}
    assert found(yard)["accepted/공원 현황.csv"] == GOOD
    assert "Accepted" in receipt(yard)
    for step in ("anonymise", "convert", "certify", "publish"):
        state = getattr(pipeline, step)(state)
    assert "Published" in receipt(yard)
    assert state.release in receipt(yard)
    assert nothing_waits(yard)


@pytest.mark.parametrize(
    ("content", "report", "told"),
    [
        pytest.param(UNREADABLE, "The file is returned", "돌려보냈습니다", id="no table"),
        pytest.param(TOO_BAD, "관리번호", "돌려보냈습니다", id="too many bad rows"),
        pytest.param(b"", "The file is returned", "파일이 비어 있습니다", id="nothing in it"),
        pytest.param(b"%PDF-1.7\n%", "The file is returned", "PDF 문서는", id="a document"),
    ],
)
def test_a_bad_file_comes_back_with_a_report(yard, pipeline, content, report, told):
    drop(yard, content=content)

    collect_once(pipeline)

    back = found(yard)
    assert back["returned/공원 현황.csv"] == content
    assert report in back["returned/공원 현황.csv.report.html"].decode()
    assert told in receipt(yard)
    assert "Returned" in receipt(yard)
    assert not any(name.startswith("accepted/") for name in back)
    assert nothing_waits(yard)


def test_who_is_waited_for_and_what_took_its_place_is_told(yard, pipeline):
    yard.write_contract(
        PARKS, PARKS_CONTRACT.replace("approval: none", "approval: privacy-officer")
    )
    for name, rows in (("1.csv", 12), ("2.csv", 13)):
        drop(yard, name, csv_bytes(PARK_HEADER, parks(rows)))
        [claim], _ = pipeline.collect_files(contracts(yard))
        state = pipeline.extract_claim(PARKS, claim.claim_id)
        for step in ("validate", "anonymise", "convert", "certify"):
            state = getattr(pipeline, step)(state)

    assert "waits for the approval" in receipt(yard, "2.csv")
    pipeline.collect_files(contracts(yard))
    assert "a newer file took its place" in receipt(yard, "1.csv")
    pipeline.refuse(state, "officer")
    assert "refused its release" in receipt(yard, "2.csv")


def test_a_release_that_is_held_later_is_told_too(yard, pipeline):
    drop(yard)
    collect_once(pipeline)
    [one] = pipeline.ledger.deliveries.sharing(only_run(pipeline))

    pipeline.fail(PARKS, one.claim_id, ReleaseHeldError("city-parks: held."))

    assert "its release is held" in receipt(yard)
    assert "accepted/공원 현황.csv" in found(yard)


def test_a_fault_of_the_platform_sends_no_file_back(yard, pipeline, monkeypatch):
    drop(yard)
    with monkeypatch.context() as broken:

        def away(*_):
            raise StoreError("The store cannot be used.")

        broken.setattr("etl.pipeline.landing._land_rows", away)
        collect_once(pipeline)

    assert list(found(yard)) == ["공원 현황.csv.receipt.txt"]
    assert "A problem on our side delays it" in receipt(yard)
    pipeline.validate(pipeline.extract_claim(PARKS, only_run(pipeline)))
    assert "accepted/공원 현황.csv" in found(yard)


def only_run(pipeline) -> str:
    with transaction(open_engine(pipeline.settings.ledger)) as connection:
        [run_id] = connection.scalars(text("SELECT run_id FROM runs")).all()
    return run_id


@pytest.mark.parametrize(
    ("limits", "names", "reason"),
    [
        pytest.param({"intake_max_bytes": 10}, ["1.csv"], "too large", id="too large"),
        pytest.param({"intake_max_files": 0}, ["1.csv"], "at once (0)", id="too many"),
        pytest.param({}, ["줄\n바꿈.csv"], "line break", id="a name of two lines"),
    ],
)
def test_what_is_not_opened_goes_back_with_the_reason(yard, limits, names, reason):
    pipeline = hasty_pipeline(yard, **limits)
    for name in names:
        drop(yard, name)

    assert collect_once(pipeline) == 0

    shown = names[0].replace("\n", "_")
    assert found(yard)[f"returned/{shown}"] == GOOD
    assert reason in receipt(yard, shown)
    assert reason in found(yard)[f"returned/{shown}.report.html"].decode()
    assert pipeline.store.keys("landing") == []
    assert nothing_waits(yard)


def test_a_link_goes_back_unopened(yard, pipeline, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("another department's")
    (top(yard) / "1.csv").symlink_to(secret)
    os.link(secret, top(yard) / "2.csv")

    assert collect_once(pipeline) == 0

    returned = top(yard) / "returned"
    assert (returned / "1.csv").is_symlink()
    assert "This is a link" in receipt(yard, "1.csv")
    assert "linked under another name" in receipt(yard, "2.csv")
    assert pipeline.store.keys("landing") == []


def test_the_same_name_again_gets_a_number_and_overwrites_nothing(yard, pipeline):
    contents = [csv_bytes(PARK_HEADER, parks(12 + number)) for number in range(3)]
    for content in contents:
        drop(yard, "공원.csv", content)
        collect_once(pipeline)

    back = found(yard)
    names = ["공원.csv", "공원 (2).csv", "공원 (3).csv"]
    assert [back[f"accepted/{name}"] for name in names] == contents
    assert all(f"{name}.receipt.txt" in back for name in names)


def test_the_same_content_at_once_is_one_run_and_every_sender_is_answered(yard, pipeline):
    for number in range(4):
        drop(yard, f"{number}.csv")

    assert collect_once(pipeline) == 1

    back = found(yard)
    assert [back[f"accepted/{number}.csv"] for number in range(4)] == [GOOD] * 4
    told = [receipt(yard, f"{number}.csv") for number in range(4)]
    assert sum("same content as before, taken on" in one for one in told) == 3
    assert all("Accepted" in one for one in told)
    assert list(runs_by_content(yard).values()) == [1]
    assert nothing_waits(yard)


def test_the_same_content_after_its_run_ended_is_a_run_of_its_own(yard, pipeline):
    for name in ("1.csv", "2.csv"):
        drop(yard, name)
        collect_once(pipeline)
        for claim_id in running(pipeline):
            pipeline.ledger.finish_run(claim_id, "published")

    assert list(runs_by_content(yard).values()) == [2]


def running(pipeline) -> list[str]:
    with transaction(open_engine(pipeline.settings.ledger)) as connection:
        return list(connection.scalars(text("SELECT run_id FROM runs WHERE status = 'running'")))


def test_a_file_that_grows_before_its_run_is_landed_whole(yard, pipeline):
    drop(yard)
    [claim], _ = pipeline.collect_files(contracts(yard))
    rest = csv_bytes(PARK_HEADER, parks(15))[len(GOOD) :]
    with next(claim.folder(yard.settings().intake).iterdir()).open("ab") as writer:
        writer.write(rest)

    landed = pipeline.extract_claim(PARKS, claim.claim_id)

    assert landed.data == 15
    pipeline.validate(landed)
    assert found(yard)["accepted/공원 현황.csv"] == GOOD + rest


def test_a_file_that_grows_after_its_run_began_goes_back_with_the_reason(yard, pipeline):
    drop(yard)
    [claim], _ = pipeline.collect_files(contracts(yard))
    landed = pipeline.extract_claim(PARKS, claim.claim_id)
    kept = yard.settings().intake / ".landed" / PARKS / claim.claim_id / "공원 현황.csv"
    with kept.open("ab") as writer:
        writer.write(b"rest")

    with pytest.raises(Exception, match="was still being written"):
        pipeline.validate(landed)

    assert found(yard)["returned/공원 현황.csv"] == GOOD + b"rest"


def test_a_duplicate_that_grows_after_all_goes_back_alone(yard, pipeline):
    drop(yard, "1.csv")
    drop(yard, "2.csv")
    [claim], _ = pipeline.collect_files(contracts(yard))
    [kept] = (yard.settings().intake / ".landed" / PARKS).rglob("*.csv")
    with kept.open("ab") as writer:
        writer.write(b"rest")

    pipeline.validate(pipeline.extract_claim(PARKS, claim.claim_id))

    back = found(yard)
    assert back["accepted/1.csv"] == GOOD
    assert back["returned/2.csv"] == GOOD + b"rest"
    assert "still being written" in back["returned/2.csv.report.html"].decode()
    assert "Returned" in receipt(yard, "2.csv")


def test_a_duplicate_of_the_half_of_a_file_goes_back_when_the_file_grows(yard, pipeline):
    drop(yard, "1.csv")
    drop(yard, "2.csv")
    [claim], _ = pipeline.collect_files(contracts(yard))
    rest = csv_bytes(PARK_HEADER, parks(15))[len(GOOD) :]
    with next(claim.folder(yard.settings().intake).iterdir()).open("ab") as writer:
        writer.write(rest)

    pipeline.validate(pipeline.extract_claim(PARKS, claim.claim_id))

    back = found(yard)
    assert back["accepted/1.csv"] == GOOD + rest
    assert back["returned/2.csv"] == GOOD


# Retention


def test_what_came_back_goes_with_its_retention(yard, pipeline):
    drop(yard, "1.csv")
    drop(yard, "2.csv", UNREADABLE)
    drop(yard, "3.csv")
    drop(yard, "줄\n.csv")
    collect_once(pipeline)
    for claim_id in running(pipeline):
        pipeline.ledger.finish_run(claim_id, "published")

    destroy_due(pipeline, utc_now() + timedelta(days=89))
    assert len(found(yard)) == 14  # four files, receipts and pages, two workbooks

    destroy_due(pipeline, utc_now() + timedelta(days=91))
    assert found(yard) == {}
    assert pipeline.store.keys("landing") == []
    with transaction(open_engine(pipeline.settings.ledger)) as connection:
        names = connection.execute(text("SELECT kept_as, content_sha256 FROM deliveries")).all()
    assert set(names) == {(None, None)}
    assert destroy_due(pipeline, utc_now() + timedelta(days=91)) == []


# What dies


@pytest.mark.parametrize(
    ("place", "content"),
    [
        *((place, GOOD) for place in PLACES),
        *((place, UNREADABLE) for place in PLACES if place.startswith(("verdict", "delivery"))),
    ],
)
def test_wherever_the_collector_is_killed_the_file_ends_once_with_one_receipt(
    yard, pipeline, place, content, monkeypatch
):
    drop(yard, content=content)
    (top(yard) / "공원 현황.csv.done").touch()
    killed = collector(yard, place)
    _, errors = killed.communicate(timeout=120)
    assert killed.returncode == -9, errors

    monkeypatch.setattr("etl.pipeline.taking.LEFTOVER_SECONDS", 0)
    for _ in range(2):
        resume(pipeline)
        collect_once(pipeline)

    folder = "accepted" if content is GOOD else "returned"
    assert found(yard).keys() - {f"{folder}/공원 현황.csv.report.xlsx"} == {
        f"{folder}/공원 현황.csv",
        f"{folder}/공원 현황.csv.report.html",
        "공원 현황.csv.receipt.txt",
    }
    assert found(yard)[f"{folder}/공원 현황.csv"] == content
    assert folder in receipt(yard)
    assert list(runs_by_content(yard).values()) == [1]
    assert nothing_waits(yard)
    claims = yard.settings().intake / ".claims"
    assert list((claims / PARKS).glob("*")) == list(claims.glob(".madang-*")) == []


def collector(yard, place: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.integration.collector", str(yard.folder), place],
        env=yard.process_environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def content(number: int) -> bytes:
    return csv_bytes(PARK_HEADER, parks(3, name=f"공원 {number}호"))


def write_slowly(file: Path, data: bytes, pause: float) -> None:
    """Copy as over a bad line: the file stands still longer than the quiet time, twice."""
    third = len(data) // 3
    with file.open("wb") as writer:
        for part in (data[:third], data[third : 2 * third], data[2 * third :]):
            writer.write(part)
            writer.flush()
            time.sleep(pause)


def test_a_burst_with_slow_copies_duplicates_renames_and_kills_loses_and_repeats_nothing(yard):
    dropped = {f"한꺼번에 {number}.csv": content(number % 90) for number in range(100)}
    slow = {f"느린 {number}.csv": content(1_000 + number) for number in range(20)}
    for name, data in dropped.items():
        drop(yard, name, data)
    copies = [
        threading.Thread(target=write_slowly, args=(top(yard) / name, data, 1.2))
        for name, data in slow.items()
    ]
    for copy in copies:
        copy.start()
    drop(yard, "옛 이름.csv", content(2_000))
    wanted = len(dropped) + len(slow) + 1
    with collecting_and_being_killed(yard, times=3):
        for copy in copies:
            copy.join()
        wait_until(lambda: len(list((top(yard) / "accepted").glob("*.csv"))) >= wanted)
        wait_until(lambda: nothing_waits(yard))
        time.sleep(1)  # whatever it would do twice, it would do now

    back = found(yard)
    given = Counter([*dropped.values(), *slow.values(), content(2_000)])
    kept = Counter(
        data for name, data in back.items()
        if name.startswith("accepted/") and name.endswith(".csv")
    )  # fmt: skip
    assert kept == given
    receipts = [name for name in back if name.endswith(".receipt.txt")]
    assert len(receipts) == wanted
    assert not any(name.startswith("returned/") for name in back)
    assert runs_by_content(yard) == {hashlib.sha256(data).hexdigest(): 1 for data in given}
    assert nothing_waits(yard)


@contextmanager
def collecting_and_being_killed(yard, times: int) -> Iterator[None]:
    """Have a collector at work that is killed a few times before the block begins."""
    at_work = collector(yard, "for ever")
    try:
        time.sleep(0.5)
        rename_while_it_is_looked_at(yard)
        for _ in range(times):
            time.sleep(3)
            at_work.kill()
            at_work.communicate()
            at_work = collector(yard, "for ever")
        yield
        assert at_work.poll() is None, at_work.communicate()[1]
    finally:
        at_work.kill()
        at_work.communicate()


def wait_until(holds: Callable[[], bool], seconds: float = 300) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it takes too long"
        time.sleep(0.5)


def rename_while_it_is_looked_at(yard) -> None:
    try:
        (top(yard) / "옛 이름.csv").rename(top(yard) / "새 이름.csv")
    except FileNotFoundError:
        return  # it was taken in this moment, under its old name


@pytest.fixture
def small_disk(yard):
    folder = yard.folder / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "madang-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("A SMALL DISK CANNOT BE MADE HERE (root may): a full disk was not tested")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_store_acknowledges_nothing_and_takes_all_once_there_is_room(
    yard, pipeline, small_disk, monkeypatch
):
    monkeypatch.setattr(pipeline.store, "_root", str(small_disk / "store"))
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 190_000)
    large = csv_bytes(PARK_HEADER, parks(900))
    drop(yard, "1.csv", large)

    claims, problem = pipeline.collect_files(contracts(yard))

    assert claims == []
    assert isinstance(problem, StoreError)
    assert "disk is full" in problem.message
    assert found(yard) == {}, "nothing was acknowledged"
    assert len(open_claims(yard.settings().intake)) == 1
    filler.unlink()
    assert collect_once(pipeline) == 1
    assert found(yard)["accepted/1.csv"] == large


def test_a_full_intake_keeps_no_run_and_delivers_once_there_is_room(yard, pipeline, monkeypatch):
    drop(yard)
    write = "etl.intake.delivery._write"

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as filled:
        filled.setattr(write, full)
        assert collect_once(pipeline) == 0
        assert len(open_claims(yard.settings().intake)) == 1
    assert collect_once(pipeline) == 1

    assert found(yard).keys() == {
        "accepted/공원 현황.csv",
        "accepted/공원 현황.csv.report.html",
        "accepted/공원 현황.csv.report.xlsx",
        "공원 현황.csv.receipt.txt",
    }
