"""The ledger: what was claimed, what each run did, what was decided, what is live.

It alone counts releases, checks the books and keeps the order of two runs of one dataset.
Every method is one transaction. Names of files and hashes of restricted bytes go in and
never come out; but for the name that `deliveries` keeps for the department itself.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select, tuple_, update

from etl.errors import ApprovalRefusedError, DefectError, LeaseBusyError, StoreError
from etl.ledger import leases, memory, releases, waivers
from etl.ledger.database import insert_missing, migrate, open_engine, transaction
from etl.ledger.deliveries import Deliveries
from etl.ledger.records import Decision, Release, Run, Step, StepCount, Waiver, record
from etl.ledger.tables import (
    BOOKS,
    barred_keys,
    claims,
    contracts,
    decisions,
    destructions,
    runs,
    steps,
)
from etl.ledger.tables import releases as release_rows

__all__ = ["Decision", "Ledger", "Release", "Run", "Step", "StepCount", "migrate", "utc_now"]

ENDINGS = ("published", "unchanged", "refused", "superseded")  # the first of them stands
OVERTAKING = ("published", "unchanged")


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


class Ledger:
    """The ledger in one database; every process opens its own."""

    def __init__(self, url: str, clock: Callable[[], datetime] = utc_now) -> None:
        """Name the database, which `migrate` has brought up to date; nothing is opened yet.

        Args:
            url: SQLAlchemy address, SQLite or PostgreSQL.
            clock: Source of every time that is recorded.
        """
        self._engine = open_engine(url)
        self._now = clock
        self.deliveries = Deliveries(self._engine, clock)

    # What a run starts from

    def record_claim(
        self, claim_id: str, dataset: str, *, original_name: str, size_bytes: int
    ) -> None:
        """Record a file that was taken from its department; again changes nothing."""
        with self._transaction() as connection:
            insert_missing(
                connection,
                claims,
                claim_id=claim_id,
                dataset=dataset,
                state="claimed",
                original_name=_as_text(original_name),
                size_bytes=size_bytes,
                claimed_at=self._now(),
            )

    def record_landed(self, claim_id: str) -> None:
        """Record that the bytes of a claim are safe in the landing zone."""
        with self._transaction() as connection:
            claimed = (claims.c.claim_id == claim_id) & (claims.c.state == "claimed")
            landed = update(claims).where(claimed).values(state="landed", landed_at=self._now())
            connection.execute(landed)

    def store_contract(self, sha256: str, *, dataset: str, version: int, text: str) -> None:
        """Keep a contract's text under its hash; again changes nothing."""
        with self._transaction() as connection:
            insert_missing(
                connection,
                contracts,
                sha256=sha256,
                dataset=dataset,
                version=version,
                text=text,
                stored_at=self._now(),
            )

    def contract_text(self, sha256: str) -> str:
        """Return the text of a contract that some run used.

        Raises:
            StoreError: No run used such a contract.
        """
        with self._transaction() as connection:
            text = connection.scalar(select(contracts.c.text).where(contracts.c.sha256 == sha256))
        if text is None:
            raise StoreError(
                "The ledger does not know the contract of this run. Nothing was done."
                " Drop the file again."
            )
        return str(text)

    # Runs, their steps and their books

    def open_run(self, run_id: str, dataset: str, contract_sha256: str | None = None) -> Run:
        """Begin a run, or go on with one that failed or was held; others stay as they are.

        A run keeps the contract that it began with.
        """
        with self._transaction() as connection:
            insert_missing(
                connection,
                runs,
                run_id=run_id,
                dataset=dataset,
                started_at=self._now(),
                status="running",
            )
            mine = update(runs).where(runs.c.run_id == run_id)
            if contract_sha256:
                unset = mine.where(runs.c.contract_sha256.is_(None))
                connection.execute(unset.values(contract_sha256=contract_sha256))
            stopped = mine.where(runs.c.status.in_(("failed", "held")))
            connection.execute(
                stopped.values(status="running", ended_at=None, reason=None, owner=None)
            )
            return record(Run, _run(connection, run_id))

    def run(self, run_id: str) -> Run | None:
        """Return a run, or None when there is none of this id."""
        with self._transaction() as connection:
            row = connection.execute(select(runs).where(runs.c.run_id == run_id)).one_or_none()
        return record(Run, row) if row else None

    def validated_runs(self, dataset: str) -> list[str]:
        """Return the runs of a dataset of which some rows were accepted, the latest first."""
        chosen = select(runs.c.run_id).where(runs.c.dataset == dataset, runs.c.accepted > 0)
        with self._transaction() as connection:
            found = connection.scalars(chosen.order_by(runs.c.started_at.desc())).all()
        return list(found)

    def describe_run(self, run_id: str, **known: str | None) -> None:
        """Record what became known: `run_key`, `landed_sha256` (restricted), `reference_date`."""
        _refuse_unknown(known, ("run_key", "landed_sha256", "reference_date"))
        self._update_run(run_id, known)

    def record_books(self, run_id: str, **counts: int) -> None:
        """Enter counts into the books of a run, each part of them whole.

        Args:
            run_id: The run.
            **counts: `file_records` with `header`, `data`, `totals`, `notes`, `blank` and
                `ragged`; `accepted` with `quarantined`; `published` with `suppressed` and
                `held_back`.

        Raises:
            DefectError: The books do not balance; nothing was entered.
        """
        _refuse_unknown(counts, BOOKS)
        self._update_run(run_id, counts)

    def books(self, run_id: str) -> dict[str, int | None]:
        """Return every count in the books of a run; None where it is not known yet."""
        with self._transaction() as connection:
            row = _run(connection, run_id)
        return {name: getattr(row, name) for name in BOOKS}

    def finish_run(self, run_id: str, status: str, *, reason: str = "", owner: str = "") -> None:
        """End a run and give back its lease; the first ending but a failure stands.

        A run that is published, or finds its data live already, supersedes the runs of its
        dataset that wait for an approval.

        Args:
            run_id: The run.
            status: published, unchanged, held, refused or failed.
            reason: For people; names and counts only.
            owner: Who has to act.
        """
        with self._transaction() as connection:
            dataset = _run(connection, run_id).dataset
            leases.lock(connection, dataset)
            if _run(connection, run_id).status not in ENDINGS:
                ending = {"status": status, "reason": reason or None, "owner": owner or None}
                _change_run(connection, run_id, {**ending, "ended_at": self._now()})
                if status == "refused":
                    releases.change_prepared(connection, run_id, state="refused")
            if status in OVERTAKING:
                leases.supersede(connection, dataset, run_id, self._now())
            leases.release(connection, dataset, run_id)

    @contextmanager
    def step(self, run_id: str, step: str) -> Iterator[StepCount]:
        """Measure one attempt at a step: seconds, peak memory, and the rows it reports."""
        attempt = self._begin_step(run_id, step)
        memory.reset_peak()
        started, count = time.perf_counter(), StepCount()

        def end(status: str, error_class: str | None) -> None:
            self._end_step(
                (run_id, step, attempt),
                seconds=time.perf_counter() - started,
                rows=count.rows,
                peak_memory_bytes=memory.peak_bytes(),
                status=status,
                error_class=error_class,
            )

        try:
            yield count
        except BaseException as problem:
            with suppress(StoreError):  # the step's own error weighs more
                end("failed", type(problem).__name__)
            raise
        end("done", None)

    def steps(self, run_id: str) -> list[Step]:
        """Return every attempt of a run, in order of time."""
        chosen = select(steps).where(steps.c.run_id == run_id)
        with self._transaction() as connection:
            found = connection.execute(chosen.order_by(steps.c.started_at, steps.c.attempt)).all()
        return [record(Step, row) for row in found]

    # The lease

    def acquire_lease(self, dataset: str, run_id: str) -> None:
        """Take the lease of a dataset; the run that holds it may take it again.

        Raises:
            LeaseBusyError: Another run is at work.
            ReleaseHeldError: A newer run took this one's place, or waits with newer data.
        """
        with self._transaction() as connection:
            leases.acquire(connection, dataset, run_id, self._now())

    def wait_for_lease(
        self,
        dataset: str,
        run_id: str,
        patience: timedelta,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the lease, and ask every second for as long as another run is at work.

        Raises:
            LeaseBusyError: The other run was still at work when the patience ended.
            ReleaseHeldError: See `acquire_lease`.
        """
        until = self._now() + patience
        while True:
            try:
                return self.acquire_lease(dataset, run_id)
            except LeaseBusyError:
                if self._now() >= until:
                    raise
            pause(1.0)

    def heartbeat(self, dataset: str, run_id: str, lasting: timedelta = leases.LEASE) -> None:
        """Prove that the holder of the lease lives.

        Args:
            dataset: The dataset.
            run_id: The holder.
            lasting: `leases.HAND_OVER` where the next process has yet to start.

        Raises:
            LeaseBusyError: The run holds the lease no longer.
        """
        with self._transaction() as connection:
            leases.keep(connection, dataset, run_id, self._now(), lasting)

    @contextmanager
    def keeping_lease(
        self, dataset: str, run_id: str, every_seconds: float = 15.0
    ) -> Iterator[None]:
        """Send heartbeats during a block; whether they arrived, `confirm_release` tells."""
        ended = threading.Event()

        def beat() -> None:
            while not ended.wait(every_seconds):
                with suppress(StoreError):
                    self.heartbeat(dataset, run_id)

        heart = threading.Thread(target=beat, name="lease", daemon=True)
        heart.start()
        try:
            yield
        finally:
            ended.set()
            heart.join()

    def hold_for_approval(self, dataset: str, run_id: str) -> None:
        """Let the holder wait; any run of the dataset that waited before is superseded.

        A run that is published already gives the lease back instead.

        Raises:
            LeaseBusyError: The run holds the lease no longer.
        """
        with self._transaction() as connection:
            leases.wait(connection, dataset, run_id, self._now())

    def release_lease(self, dataset: str, run_id: str) -> None:
        """Give the lease back; nothing happens when another run holds it."""
        with self._transaction() as connection:
            leases.release(connection, dataset, run_id)

    # Releases

    def allocate_release(self, dataset: str, run_id: str, day: date) -> str:
        """Name the release of a run, which holds the lease; again the same name.

        The live release of this moment becomes the one that it is to replace.

        Raises:
            LeaseBusyError: The run holds the lease no longer.
        """
        with self._transaction() as connection:
            leases.confirm(connection, dataset, run_id)
            return releases.allocate(connection, _run(connection, run_id), day, self._now())

    def record_certificate(self, run_id: str, certificate_sha256: str, digest: str) -> None:
        """Enter what a prepared release certifies."""
        with self._transaction() as connection:
            releases.change_prepared(
                connection, run_id, certificate_sha256=certificate_sha256, digest=digest
            )

    def confirm_release(self, dataset: str, run_id: str) -> Release:
        """Make sure, right before the switch, that this run may make it.

        Raises:
            LeaseBusyError: The run holds the lease no longer.
            ReleaseHeldError: Another release went live after this one was certified.
        """
        with self._transaction() as connection:
            leases.keep(connection, dataset, run_id, self._now(), leases.LEASE)
            return record(Release, releases.confirm(connection, run_id))

    def mark_live(self, dataset: str, run_id: str) -> Release:
        """Record the switch: this release is live, the one before replaced; again the same.

        Raises:
            LeaseBusyError: The run holds the lease no longer.
            ReleaseHeldError: Another release went live after this one was certified.
        """
        with self._transaction() as connection:
            leases.confirm(connection, dataset, run_id)
            return record(Release, releases.switch(connection, run_id, self._now()))

    def live_release(self, dataset: str) -> Release | None:
        """Return what is live, or None when nothing was published yet."""
        with self._transaction() as connection:
            row = releases.find_live(connection, dataset)
        return record(Release, row) if row else None

    def release_of(self, run_id: str) -> Release | None:
        """Return the release of a run, or None when it has none yet."""
        chosen = select(release_rows).where(release_rows.c.run_id == run_id)
        with self._transaction() as connection:
            row = connection.execute(chosen).one_or_none()
        return record(Release, row) if row else None

    def history(self, dataset: str) -> list[Release]:
        """Return every release of a dataset, the oldest first."""
        chosen = select(release_rows).where(release_rows.c.dataset == dataset)
        with self._transaction() as connection:
            found = connection.execute(chosen.order_by(release_rows.c.created_at)).all()
        return [record(Release, row) for row in found]

    # Decisions of people

    def record_decision(
        self, run_id: str, certificate_sha256: str, verdict: str, *, by: str, reason: str = ""
    ) -> None:
        """Record what a person decided about a certificate; again changes nothing.

        Args:
            run_id: The run.
            certificate_sha256: The very certificate that the person saw.
            verdict: approved or refused.
            by: The person's account.
            reason: In the person's words.

        Raises:
            ApprovalRefusedError: The release was refused or superseded before.
        """
        with self._transaction() as connection:
            run = _run(connection, run_id)
            leases.lock(connection, run.dataset)
            if verdict == "approved" and _run(connection, run_id).status in (
                "refused",
                "superseded",
            ):
                raise ApprovalRefusedError(
                    f"{run.dataset}: run {run_id} was refused, or superseded by a newer one,"
                    " before this approval. Nothing was published; the live release stays."
                    " Decide about the newer release instead.",
                    dataset=run.dataset,
                )
            insert_missing(
                connection,
                decisions,
                run_id=run_id,
                certificate_sha256=certificate_sha256,
                verdict=verdict,
                decided_by=by,
                decided_at=self._now(),
                reason=reason,
            )

    def approval_for(self, run_id: str, certificate_sha256: str) -> Decision | None:
        """Return the last decision about this very certificate, None when there is none."""
        about = (decisions.c.run_id == run_id) & (
            decisions.c.certificate_sha256 == certificate_sha256
        )
        chosen = select(decisions).where(about).order_by(decisions.c.number.desc()).limit(1)
        with self._transaction() as connection:
            row = connection.execute(chosen).one_or_none()
        return record(Decision, row) if row else None

    def waive_guards(self, run_id: str, violations: Sequence[str], *, by: str, reason: str) -> None:
        """Record that an operator lets a run pass the guards, with these violations only."""
        with self._transaction() as connection:
            _run(connection, run_id)
            waivers.record_waiver(
                connection, run_id, violations, by=by, reason=reason, now=self._now()
            )

    def waivers(self, run_id: str) -> list[Waiver]:
        """Return what operators let a run pass, the oldest first."""
        with self._transaction() as connection:
            return waivers.find_waivers(connection, run_id)

    def bar_key(self, dataset: str, run_key: str, *, by: str, reason: str) -> None:
        """Keep data that were retracted from coming back by themselves."""
        with self._transaction() as connection:
            insert_missing(
                connection,
                barred_keys,
                dataset=dataset,
                run_key=run_key,
                reason=reason,
                barred_by=by,
                barred_at=self._now(),
            )

    def barred_reason(self, dataset: str, run_key: str) -> str | None:
        """Return why these data may not be published, None when they may."""
        chosen = (barred_keys.c.dataset == dataset) & (barred_keys.c.run_key == run_key)
        with self._transaction() as connection:
            return connection.scalar(select(barred_keys.c.reason).where(chosen))

    # What was kept for a while

    def end_silent_runs(self, since: datetime) -> None:
        """End every running run of which no step began since a moment: its process was killed.

        A run that ended so may be taken up again like any that failed.
        """
        last_step = select(func.max(steps.c.started_at)).where(steps.c.run_id == runs.c.run_id)
        last_sign = func.coalesce(last_step.scalar_subquery(), runs.c.started_at)
        silent = (runs.c.status == "running") & (runs.c.started_at < since) & (last_sign < since)
        with self._transaction() as connection:
            found = connection.scalars(select(runs.c.run_id).where(silent)).all()
        for run_id in found:
            self.finish_run(
                run_id, "failed", reason="The process was killed.", owner=StoreError.owner
            )

    def kept_runs(self, zone: str) -> list[Run]:
        """Return the ended runs whose restricted copies in a zone were not destroyed yet."""
        gone = select(destructions.c.run_id).where(destructions.c.zone == zone)
        ended = runs.c.ended_at.is_not(None) & runs.c.run_id.not_in(gone)
        with self._transaction() as connection:
            found = connection.execute(select(runs).where(ended).order_by(runs.c.ended_at)).all()
        return [record(Run, row) for row in found]

    def record_destruction(self, run_id: str, zone: str) -> None:
        """Record that restricted copies were destroyed, and forget the file's own name."""
        with self._transaction() as connection:
            insert_missing(
                connection, destructions, run_id=run_id, zone=zone, destroyed_at=self._now()
            )
            if zone == "landing":
                claim = update(claims).where(claims.c.claim_id == run_id)
                connection.execute(claim.values(state="destroyed", original_name=None))

    def _transaction(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine)

    def _update_run(self, run_id: str, values: dict[str, Any]) -> None:
        with self._transaction() as connection:
            _run(connection, run_id)
            if values:
                _change_run(connection, run_id, values)

    def _begin_step(self, run_id: str, step: str) -> int:
        mine = (steps.c.run_id == run_id) & (steps.c.step == step)
        with self._transaction() as connection:
            connection.execute(
                select(runs.c.run_id).where(runs.c.run_id == run_id).with_for_update()
            )
            lost = update(steps).where(mine, steps.c.status == "running")
            connection.execute(lost.values(status="interrupted"))
            before = connection.scalar(select(func.max(steps.c.attempt)).where(mine)) or 0
            connection.execute(
                steps.insert().values(
                    run_id=run_id,
                    step=step,
                    attempt=before + 1,
                    started_at=self._now(),
                    status="running",
                )
            )
        return int(before) + 1

    def _end_step(self, attempt: tuple[str, str, int], **outcome: float | str | None) -> None:
        mine = tuple_(steps.c.run_id, steps.c.step, steps.c.attempt) == attempt
        with self._transaction() as connection:
            connection.execute(update(steps).where(mine).values(**outcome))


def _as_text(name: str) -> str:
    """Return a file's name as a database takes it; old Windows shares write CP949."""
    written = os.fsencode(name)
    try:
        return written.decode("utf-8")
    except UnicodeDecodeError:
        return written.decode("cp949", errors="replace")


def _refuse_unknown(given: dict[str, Any], known: tuple[str, ...]) -> None:
    if unknown := given.keys() - set(known):
        raise DefectError(
            f"The ledger has no column {', '.join(sorted(unknown))}. Nothing was entered."
            " Report this as a defect."
        )


def _run(connection: Connection, run_id: str) -> Row[Any]:
    row = connection.execute(select(runs).where(runs.c.run_id == run_id)).one_or_none()
    if row is None:
        raise StoreError(
            "The ledger does not know this run. Nothing was changed. Drop the file again."
        )
    return row


def _change_run(connection: Connection, run_id: str, values: dict[str, Any]) -> None:
    connection.execute(update(runs).where(runs.c.run_id == run_id).values(**values))
