"""What the ledger answers with; the restricted columns stay in it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Row

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One claim on its way.

    `status` is running, waiting, published, unchanged, held, refused, superseded or failed.
    """

    run_id: str
    dataset: str
    contract_sha256: str | None
    run_key: str | None
    reference_date: str | None
    started_at: datetime
    ended_at: datetime | None
    status: str
    reason: str | None
    owner: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One attempt at a step; `status` is running, done, failed or interrupted."""

    step: str
    attempt: int
    started_at: datetime
    seconds: float | None
    rows: int | None
    peak_memory_bytes: int | None
    status: str
    error_class: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One release; `state` is prepared, live, replaced, superseded, refused or retracted."""

    dataset: str
    release: str
    run_id: str
    run_key: str
    certificate_sha256: str | None
    digest: str | None
    reference_date: str | None
    state: str
    previous: str | None
    created_at: datetime
    live_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided about a certificate; `verdict` is approved, refused or superseded."""

    verdict: str
    decided_by: str
    decided_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """What an operator let pass that a guard held."""

    violations: tuple[str, ...]
    waived_by: str
    waived_at: datetime
    reason: str


@dataclass(slots=True)
class StepCount:
    """What a step reports while it is measured."""

    rows: int | None = None


def record(kind: type[Record], row: Row[Any]) -> Record:
    """Return a row as the record of this kind, without the columns that it does not name."""
    return kind(**{field.name: getattr(row, field.name) for field in fields(kind)})  # type: ignore[arg-type]
