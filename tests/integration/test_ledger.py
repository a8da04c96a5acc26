"""The ledger keeps its promises on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import stat
import time
import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, text

from etl.errors import (
    ApprovalRefusedError,
    DefectError,
    LeaseBusyError,
    ReleaseHeldError,
    StoreError,
    StoreUnavailableError,
)
from etl.ledger import leases
from etl.ledger.book import Ledger, utc_now
from etl.ledger.database import migrate, open_engine, transaction
from etl.ledger.tables import metadata

DATASET = "city-parks"
DAY = date(2026, 11, 25)
A, B, C = (letter * 32 for letter in "abc")


class Clock:
    """A clock that only moves when told."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 25, 3, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """The address of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    server = request.getfixturevalue("postgres_server")
    return server.create_database(f"ledger_{uuid.uuid4().hex}")


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory):
    file = tmp_path_factory.mktemp("ledger") / "ledger.sqlite"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server):
    migrate(postgres_server.create_database("migrated"))
    return "migrated"


@pytest.fixture(params=["sqlite", "postgresql"])
def ready_url(request, tmp_path):
    """The address of a database with tables, copied because that is quick."""
    if request.param == "sqlite":
        file = request.getfixturevalue("migrated_sqlite")
        return f"sqlite:///{shutil.copy(file, tmp_path / 'ledger.sqlite')}"
    template = request.getfixturevalue("migrated_postgres")
    server = request.getfixturevalue("postgres_server")
    return server.create_database(f"ledger_{uuid.uuid4().hex}", template)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ledger(ready_url, clock):
    return Ledger(ready_url, clock)


@pytest.fixture
def begun(ledger):
    """A ledger with two runs of one dataset, ready for certify."""
    ledger.store_contract("c" * 64, dataset=DATASET, version=1, text="version: 1\n")
    for run_id in (A, B):
        ledger.open_run(run_id, DATASET, "c" * 64)
        ledger.describe_run(run_id, run_key=run_id * 2, reference_date="2026-11-01")
    return ledger


def certify(ledger, run_id):
    ledger.acquire_lease(DATASET, run_id)
    release = ledger.allocate_release(DATASET, run_id, DAY)
    ledger.record_certificate(run_id, f"{run_id}{run_id}", "123")
    return release


def publish(ledger, run_id):
    release = certify(ledger, run_id)
    ledger.confirm_release(DATASET, run_id)
    ledger.mark_live(DATASET, run_id)
    ledger.finish_run(run_id, "published")
    return release


# Tables


def test_the_migrated_tables_are_those_the_program_uses(url):
    migrate(url)
    migrate(url)

    with transaction(open_engine(url)) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_ledger_file_is_private(tmp_path):
    migrate(f"sqlite:///{tmp_path / 'new' / 'ledger.sqlite'}")

    mode = (tmp_path / "new" / "ledger.sqlite").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_two_processes_may_migrate_at_once(url):
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(migrate, [url, url])

    assert Ledger(url).history(DATASET) == []


def test_a_ledger_without_tables_is_named(url, clock):
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).touch()

    with pytest.raises(StoreError, match="no tables yet") as caught:
        Ledger(url, clock).history(DATASET)

    assert not caught.value.retryable


def test_every_restricted_column_is_marked():
    marked = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if column.info.get("restricted")
    }

    assert marked == {
        "claims.original_name",
        "deliveries.content_sha256",
        "deliveries.kept_as",
        "runs.landed_sha256",
    }


# Claims, contracts, runs


def test_a_claim_is_recorded_once_and_then_landed(ledger, ready_url):
    for _ in range(2):
        ledger.record_claim(A, DATASET, original_name="{{ 7*7 }}.csv", size_bytes=9)
        ledger.record_landed(A)

    with transaction(open_engine(ready_url)) as connection:
        [claim] = connection.execute(text("SELECT state, original_name, size_bytes FROM claims"))
    assert tuple(claim) == ("landed", "{{ 7*7 }}.csv", 9)


def test_a_name_that_no_utf_8_spells_is_recorded_too(ledger, ready_url):
    ledger.record_claim(
        A, DATASET, original_name=os.fsdecode("주차.csv".encode("cp949")), size_bytes=9
    )

    with transaction(open_engine(ready_url)) as connection:
        assert connection.scalar(text("SELECT original_name FROM claims")) == "주차.csv"


def test_a_contract_keeps_its_first_text(ledger):
    ledger.store_contract("c" * 64, dataset=DATASET, version=1, text="version: 1\n")
    ledger.store_contract("c" * 64, dataset=DATASET, version=2, text="other")

    assert ledger.contract_text("c" * 64) == "version: 1\n"
    with pytest.raises(StoreError, match="does not know the contract"):
        ledger.contract_text("d" * 64)


def test_a_run_keeps_its_contract_and_times_in_utc(begun, clock):
    began = clock.now
    clock.advance(60)

    again = begun.open_run(A, DATASET, "d" * 64)

    assert (again.contract_sha256, again.started_at) == ("c" * 64, began)
    assert again.started_at.tzinfo is UTC
    assert begun.run(C) is None


@pytest.mark.parametrize(
    ("ending", "afterwards"),
    [
        pytest.param("failed", "running", id="a failed run goes on"),
        pytest.param("held", "running", id="a held run goes on"),
        pytest.param("refused", "refused", id="a refusal stands"),
        pytest.param("published", "published", id="a publication stands"),
        pytest.param("unchanged", "unchanged", id="a no-op stands"),
    ],
)
def test_only_a_failed_or_held_run_is_opened_again(begun, ending, afterwards):
    begun.finish_run(A, ending, reason="2 rows", owner="data steward")

    assert begun.run(A).owner == "data steward"
    assert begun.open_run(A, DATASET).status == afterwards


def test_a_late_failure_does_not_undo_a_publication(begun):
    publish(begun, A)

    begun.finish_run(A, "failed", reason="late")

    assert begun.run(A).status == "published"


# Books

FILE = {"file_records": 10, "header": 1, "data": 5, "totals": 1, "notes": 1, "blank": 1}


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param([{**FILE, "ragged": 1}], id="the file's records"),
        pytest.param(
            [{**FILE, "ragged": 1}, {"accepted": 4, "quarantined": 2}], id="accepted and not"
        ),
        pytest.param(
            [
                {**FILE, "ragged": 1},
                {"accepted": 4, "quarantined": 2},
                {"published": 2, "suppressed": 1, "held_back": 1},
            ],
            id="the public tier",
        ),
    ],
)
def test_books_that_balance_are_entered(begun, entries):
    for counts in entries:
        begun.record_books(A, **counts)

    assert {name for name, count in begun.books(A).items() if count is not None} == {
        name for counts in entries for name in counts
    }


@pytest.mark.parametrize(
    ("entries", "which"),
    [
        pytest.param([{**FILE, "ragged": 0}], "file_books", id="a record is missing"),
        pytest.param([FILE], "file_books_whole", id="a count is missing"),
        pytest.param(
            [{**FILE, "ragged": 1}, {"accepted": 4, "quarantined": 1}],
            "row_books",
            id="a row is neither accepted nor quarantined",
        ),
        pytest.param(
            [
                {**FILE, "ragged": 1},
                {"accepted": 4, "quarantined": 2},
                {"published": 5, "suppressed": 0, "held_back": 0},
            ],
            "tier_books",
            id="more is published than was accepted",
        ),
        pytest.param([{"accepted": 1}], "row_books_whole", id="one side alone"),
    ],
)
def test_books_that_do_not_balance_are_refused_by_the_database(begun, entries, which):
    for counts in entries[:-1]:
        begun.record_books(A, **counts)

    with pytest.raises(DefectError, match=f"ck_runs_{which}"):
        begun.record_books(A, **entries[-1])

    assert all(begun.books(A)[name] is None for name in entries[-1])


def test_books_have_no_other_columns(begun):
    with pytest.raises(DefectError, match="no column status"):
        begun.record_books(A, status=1)


# Steps


def test_a_step_is_measured(begun, clock):
    with begun.step(A, "convert") as step:
        block = bytearray(60_000_000)
        block[::4096] = b"x" * len(block[::4096])
        step.rows = 7
    del block
    clock.advance(1)
    with begun.step(A, "certify"):
        pass

    convert, certified = begun.steps(A)
    assert (convert.step, convert.attempt, convert.rows, convert.status) == (
        "convert",
        1,
        7,
        "done",
    )
    assert convert.seconds > 0
    assert convert.peak_memory_bytes > certified.peak_memory_bytes + 30_000_000


def test_a_failed_attempt_is_kept_with_its_class_and_the_error_goes_on(begun):
    with pytest.raises(LeaseBusyError), begun.step(A, "certify"):
        raise LeaseBusyError("busy")
    with begun.step(A, "certify"):
        pass

    assert [(step.attempt, step.status, step.error_class) for step in begun.steps(A)] == [
        (1, "failed", "LeaseBusyError"),
        (2, "done", None),
    ]


def attempt_and_die(url):
    with Ledger(url).step(A, "validate"):
        os.kill(os.getpid(), signal.SIGKILL)


def test_an_attempt_that_was_killed_is_marked_by_the_next(begun, ready_url, clock):
    process = multiprocessing.get_context("spawn").Process(
        target=attempt_and_die, args=(ready_url,)
    )
    process.start()
    process.join()
    clock.now = utc_now()
    with begun.step(A, "validate"):
        pass

    assert [step.status for step in begun.steps(A)] == ["interrupted", "done"]


# The lease


def test_the_second_run_waits_for_the_first(begun):
    begun.acquire_lease(DATASET, A)

    with pytest.raises(LeaseBusyError, match=DATASET) as caught:
        begun.acquire_lease(DATASET, B)

    assert caught.value.retryable
    begun.acquire_lease(DATASET, A)
    begun.release_lease(DATASET, B)
    begun.release_lease(DATASET, A)
    begun.acquire_lease(DATASET, B)


@pytest.mark.parametrize(
    ("silence", "beats", "taken"),
    [
        pytest.param(59, False, False, id="a silent holder keeps it for a minute"),
        pytest.param(60, False, True, id="a dead holder loses it"),
        pytest.param(90, True, False, id="a holder that beats keeps it"),
    ],
)
def test_a_lease_lives_as_long_as_its_holder(begun, clock, silence, beats, taken):
    begun.acquire_lease(DATASET, A)
    for _ in range(2):
        clock.advance(silence / 2)
        if beats:
            begun.heartbeat(DATASET, A)

    if taken:
        begun.acquire_lease(DATASET, B)
        with pytest.raises(LeaseBusyError, match="silent for too long"):
            begun.heartbeat(DATASET, A)
    else:
        with pytest.raises(LeaseBusyError):
            begun.acquire_lease(DATASET, B)


def test_between_two_tasks_the_lease_lasts_longer(begun, clock):
    begun.acquire_lease(DATASET, A)
    begun.heartbeat(DATASET, A, leases.HAND_OVER)
    clock.advance(299)

    with pytest.raises(LeaseBusyError):
        begun.acquire_lease(DATASET, B)


def test_leases_of_two_datasets_do_not_meet(begun):
    begun.open_run(C, "city-cars")

    begun.acquire_lease(DATASET, A)
    begun.acquire_lease("city-cars", C)


def test_a_run_that_ends_gives_its_lease_back(begun):
    begun.acquire_lease(DATASET, A)
    begun.finish_run(A, "failed")

    begun.acquire_lease(DATASET, B)


def test_waiting_ends_when_the_other_run_does(begun, clock):
    begun.acquire_lease(DATASET, A)
    pauses = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        clock.advance(seconds)
        if len(pauses) == 3:
            begun.finish_run(A, "published")

    begun.wait_for_lease(DATASET, B, timedelta(seconds=10), pause)

    assert pauses == [1.0, 1.0, 1.0]


def test_waiting_ends_with_the_patience(begun, clock):
    begun.acquire_lease(DATASET, A)

    with pytest.raises(LeaseBusyError):
        begun.wait_for_lease(DATASET, B, timedelta(seconds=5), clock.advance)


def test_heartbeats_are_sent_during_a_block(begun, clock):
    begun.acquire_lease(DATASET, A)
    with begun.keeping_lease(DATASET, A, every_seconds=0.05):
        clock.advance(50)
        time.sleep(0.4)
    clock.advance(50)

    with pytest.raises(LeaseBusyError):
        begun.acquire_lease(DATASET, B)


def take_a_turn(url, run_id, gate):
    ledger = Ledger(url)
    gate.wait()
    ledger.wait_for_lease(DATASET, run_id, timedelta(seconds=60), lambda _: time.sleep(0.05))
    ledger.allocate_release(DATASET, run_id, DAY)
    ledger.record_certificate(run_id, run_id * 2, "1")
    time.sleep(0.1)
    ledger.confirm_release(DATASET, run_id)
    ledger.mark_live(DATASET, run_id)
    ledger.finish_run(run_id, "published")


def test_processes_on_one_dataset_in_the_same_second_take_turns(ledger, ready_url):
    run_ids = [uuid.uuid4().hex for _ in range(5)]
    for run_id in run_ids:
        ledger.open_run(run_id, DATASET)
        ledger.describe_run(run_id, run_key=run_id * 2)
    spawn = multiprocessing.get_context("spawn")
    gate = spawn.Barrier(len(run_ids))
    processes = [spawn.Process(target=take_a_turn, args=(ready_url, run, gate)) for run in run_ids]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    history = {release.release: release for release in ledger.history(DATASET)}
    assert [process.exitcode for process in processes] == [0] * 5
    assert sorted(history) == [f"20261125-{n}" for n in range(1, 6)]
    assert [history[name].state for name in sorted(history)] == ["replaced"] * 4 + ["live"]
    assert [history[name].previous for name in sorted(history)] == [None, *sorted(history)[:4]]
    assert {release.run_id for release in history.values()} == set(run_ids)


# Releases


def test_a_release_is_named_once_by_its_day_and_number(begun):
    first = certify(begun, A)
    again = begun.allocate_release(DATASET, A, date(2026, 11, 26))
    begun.finish_run(A, "failed")
    second = certify(begun, B)

    assert (first, again, second) == ("20261125-1", "20261125-1", "20261125-2")


def test_no_release_is_named_without_the_lease(begun):
    begun.acquire_lease(DATASET, A)

    with pytest.raises(LeaseBusyError):
        begun.allocate_release(DATASET, B, DAY)


def test_the_switch_replaces_what_was_live_and_may_be_recorded_twice(begun, clock):
    publish(begun, A)
    clock.advance(5)
    certify(begun, B)
    begun.mark_live(DATASET, B)

    again = begun.mark_live(DATASET, B)

    assert begun.live_release(DATASET) == again
    assert (again.release, again.previous, again.live_at) == ("20261125-2", "20261125-1", clock.now)
    assert [release.state for release in begun.history(DATASET)] == ["replaced", "live"]


def test_nothing_is_live_at_first(begun):
    assert begun.live_release(DATASET) is None
    assert begun.release_of(A) is None


def test_a_run_whose_lease_was_taken_may_not_switch(begun, clock):
    certify(begun, A)
    clock.advance(60)
    begun.acquire_lease(DATASET, B)

    for act in (begun.confirm_release, begun.mark_live):
        with pytest.raises(LeaseBusyError):
            act(DATASET, A)


def test_a_release_certified_against_an_older_one_is_held(begun, clock):
    certify(begun, A)
    clock.advance(60)
    publish(begun, B)
    begun.acquire_lease(DATASET, A)

    for act in (begun.confirm_release, begun.mark_live):
        with pytest.raises(ReleaseHeldError, match="live release stays"):
            act(DATASET, A)
    assert begun.live_release(DATASET).run_id == B


def test_a_release_certified_again_replaces_what_is_live_then(begun, clock):
    certify(begun, A)
    clock.advance(60)
    publish(begun, B)
    certify(begun, A)

    begun.confirm_release(DATASET, A)

    assert begun.mark_live(DATASET, A).previous == "20261125-2"


# Approval


def test_a_waiting_run_is_superseded_when_a_newer_one_waits(begun):
    certify(begun, A)
    begun.hold_for_approval(DATASET, A)
    certify(begun, B)
    begun.hold_for_approval(DATASET, B)

    assert begun.approval_for(A, A * 2).verdict == "superseded"
    assert (begun.run(A).status, begun.run(B).status) == ("superseded", "waiting")
    assert begun.release_of(A).state == "superseded"
    with pytest.raises(ReleaseHeldError, match="superseded"):
        begun.acquire_lease(DATASET, A)
    with pytest.raises(ApprovalRefusedError, match="superseded"):
        begun.record_decision(A, A * 2, "approved", by="officer")


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        pytest.param("published", "superseded", id="a newer release is live"),
        pytest.param("unchanged", "superseded", id="the live data came back"),
        pytest.param("failed", "waiting", id="a newer file that fails changes nothing"),
    ],
)
def test_what_a_newer_run_means_for_a_waiting_one(begun, ending, status):
    certify(begun, A)
    begun.hold_for_approval(DATASET, A)
    certify(begun, B)
    begun.finish_run(B, ending)

    assert begun.run(A).status == status


def test_an_approved_run_takes_its_lease_back_and_goes_live(begun):
    certify(begun, A)
    begun.hold_for_approval(DATASET, A)
    for _ in range(2):
        begun.record_decision(A, A * 2, "approved", by="officer", reason="checked")

    begun.acquire_lease(DATASET, A)
    begun.mark_live(DATASET, A)

    approval = begun.approval_for(A, A * 2)
    assert (approval.verdict, approval.decided_by, approval.reason) == (
        "approved",
        "officer",
        "checked",
    )
    assert begun.approval_for(A, "0" * 64) is None


def test_a_published_run_whose_certify_is_repeated_waits_no_more(begun):
    publish(begun, A)
    certify(begun, B)
    begun.hold_for_approval(DATASET, B)

    begun.acquire_lease(DATASET, A)
    begun.hold_for_approval(DATASET, A)

    assert begun.run(A).status == "published"
    assert begun.run(B).status == "waiting"
    begun.acquire_lease(DATASET, B)


def test_a_refused_run_ends_and_stays_refused(begun):
    certify(begun, A)
    begun.hold_for_approval(DATASET, A)
    begun.record_decision(A, A * 2, "refused", by="officer")
    begun.finish_run(A, "refused", owner="privacy officer")

    assert begun.release_of(A).state == "refused"
    with pytest.raises(ApprovalRefusedError):
        begun.record_decision(A, A * 2, "approved", by="officer")
    with pytest.raises(ReleaseHeldError, match="refused"):
        begun.acquire_lease(DATASET, A)
    begun.acquire_lease(DATASET, B)


def test_older_data_do_not_pass_newer_ones_that_wait(begun):
    begun.describe_run(A, reference_date="2026-12-01")
    certify(begun, A)
    begun.hold_for_approval(DATASET, A)

    with pytest.raises(ReleaseHeldError, match="later reference date"):
        begun.acquire_lease(DATASET, B)


def test_data_that_were_retracted_are_barred(ledger):
    ledger.bar_key(DATASET, "k" * 64, by="steward", reason="wrong year")

    assert ledger.barred_reason(DATASET, "k" * 64) == "wrong year"
    assert ledger.barred_reason("city-cars", "k" * 64) is None


# Faults


def test_a_ledger_that_is_away_may_be_tried_again_and_quotes_nothing(clock):
    away = Ledger("postgresql+psycopg://madang@/none?host=/nonexistent", clock)

    with pytest.raises(StoreUnavailableError, match="does not answer") as caught:
        away.record_claim(A, DATASET, original_name="홍길동.csv", size_bytes=1)

    assert caught.value.retryable
    assert caught.value.__cause__ is None
    assert "홍길동" not in str(caught.value)


def test_a_full_disk_is_named(tmp_path, clock):
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    migrate(url)
    ledger = Ledger(url, clock)

    @event.listens_for(ledger._engine, "connect")
    def fill(connection, _):
        connection.execute("PRAGMA max_page_count = 1")  # SQLite raises it to what is used

    with pytest.raises(StoreError, match="disk is full") as caught:
        ledger.store_contract("c" * 64, dataset=DATASET, version=1, text="x" * 1_000_000)

    assert not caught.value.retryable


@pytest.mark.parametrize("address", ["nonsense", "mysql://x/y", "oracle+nothing://x"])
def test_an_address_that_no_database_has_is_refused(address):
    with pytest.raises(StoreError, match="MADANG_LEDGER"):
        Ledger(address)


# Supplied files


def take(ledger, claim_id, content="f" * 64, name="공원.csv", **how):
    return ledger.deliveries.record(
        claim_id,
        DATASET,
        original_name=name,
        size_bytes=9,
        content_sha256=content,
        choose_name=lambda kept: f"{len(kept)} {name}",
        **how,
    )


def test_a_file_is_recorded_once_and_its_name_not_given_twice(ledger):
    first, again, other = take(ledger, A), take(ledger, A), take(ledger, B, "e" * 64)

    assert first == again
    assert (first.kept_as, other.kept_as) == ("0 공원.csv", "1 공원.csv")
    assert "공원" not in repr(first)


def test_the_same_content_shares_the_run_that_is_under_way_and_its_verdict(ledger):
    take(ledger, A)
    ledger.open_run(A, DATASET)
    shared = take(ledger, B)
    ledger.deliveries.accept(A)
    late = take(ledger, C)

    assert (shared.same_as, shared.run_id, late.same_as) == (A, A, A)
    assert [one.verdict for one in ledger.deliveries.sharing(A)] == ["accepted"] * 3


@pytest.mark.parametrize(
    ("ending", "shares"),
    [("published", False), ("failed", False), ("held", False), (None, True)],
)
def test_only_a_run_under_way_is_shared(ledger, ending, shares):
    take(ledger, A)
    ledger.open_run(A, DATASET)
    if ending:
        ledger.finish_run(A, ending)

    assert (take(ledger, B).same_as == A) == shares


def test_what_was_returned_or_never_opened_is_shared_by_nobody(ledger):
    take(ledger, A)
    ledger.deliveries.give_back(A, "unreadable", "읽을 수 없음")
    take(ledger, C, None, refusal=("a link", "바로 가기"))

    assert take(ledger, B).same_as == ""
    assert [one.claim_id for one in ledger.deliveries.kept_without_run()] == [A, C]


def test_the_first_verdict_stands(ledger):
    take(ledger, A)
    ledger.deliveries.give_back(A, "unreadable", "읽을 수 없음")

    ledger.deliveries.accept(A)

    assert ledger.deliveries.find(A).verdict == "returned"
    assert ledger.deliveries.find(A).reason_ko == "읽을 수 없음"


def test_a_receipt_is_due_whenever_a_file_stands_otherwise_than_told(ledger):
    def due():
        return [(one.claim_id, one.standing) for one in ledger.deliveries.untold()]

    known = take(ledger, A)
    assert due() == [(A, "/")]
    ledger.deliveries.mark_told(known)
    ledger.open_run(A, DATASET)
    assert due() == [], "that a run goes on is no news"
    ledger.deliveries.accept(A)
    ledger.finish_run(A, "published")
    assert due() == [(A, "accepted/published")]


def test_what_was_destroyed_is_forgotten_by_name_and_content(ledger, ready_url):
    take(ledger, A)

    ledger.deliveries.forget(A)

    assert ledger.deliveries.find(A).kept_as == ""
    assert ledger.deliveries.untold() == []
    with transaction(open_engine(ready_url)) as connection:
        kept = connection.execute(text("SELECT content_sha256, kept_as FROM deliveries")).one()
        claim = connection.execute(text("SELECT state, original_name FROM claims")).one()
    assert (tuple(kept), tuple(claim)) == ((None, None), ("destroyed", None))
