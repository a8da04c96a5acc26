"""One run from a named file to its end, and what is told of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from etl.certify.certificate import draw_signing_key
from etl.contract.vocabulary import TierName
from etl.defects import telling_no_values
from etl.errors import ApprovalRefusedError, EtlError, ReleaseHeldError, StoreError
from etl.ledger.book import Ledger, migrate
from etl.pipeline.guarding import waive_guards
from etl.pipeline.steps import Pipeline, standing
from etl.pipeline.workbench import TERMINAL_PATIENCE
from etl.publish.names import file_url
from etl.settings import Settings, load
from etl.states import Certified, Converted, Landed, Published, Reference, Validated
from etl.store import Store

STEPS = ("extract", "validate", "anonymise", "convert", "certify", "publish")


@dataclass(slots=True)
class RunReport:
    """What became of a run; `as_json` is what schedulers rely on.

    Attributes:
        dataset: Name of the dataset.
        run_id: The run.
        status: published, unchanged, held, refused or, where the operator has to act, failed.
        error: Why it did not go the whole way.
        states: What each finished step returned, by step.
        files: Where the published files are, by tier and name.
        converted: What was written for each tier.
        report: Where the department's report is; empty outside a folder, or before validation.
    """

    dataset: str
    run_id: str
    status: str = "failed"
    error: EtlError | None = None
    states: dict[str, Reference] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    converted: dict[TierName, Converted] = field(default_factory=dict)
    report: str = ""

    @property
    def exit_code(self) -> int:
        """0, or the code of who has to act."""
        return self.error.exit_code if self.error else 0

    def as_json(self) -> dict[str, Any]:
        """Return the report with the keys that are promised."""
        return {
            "dataset": self.dataset,
            "release": self._of(Certified, "release"),
            "run_id": self.run_id,
            "status": self.status,
            "owner": self.error.owner if self.error else None,
            "reason": self.error.message if self.error else None,
            "file": self._counts(Landed, "records", "header", "data", "totals", "notes", "blank",
                                 "ragged"),
            "validation": self._counts(Validated, "accepted", "quarantined"),
            "tiers": self._tiers(),
            "previous": self._of(Published, "previous") or None,
            "url": self._of(Published, "url") or None,
            "report": self.report or None,
        }  # fmt: skip

    def _state(self, kind: type[Reference]) -> Reference | None:
        return next((state for state in self.states.values() if type(state) is kind), None)

    def _of(self, kind: type[Reference], name: str) -> Any:
        state = self._state(kind)
        return getattr(state, name) if state else None

    def _counts(self, kind: type[Reference], *names: str) -> dict[str, int] | None:
        state = self._state(kind)
        return {name: getattr(state, name) for name in names} if state else None

    def _tiers(self) -> list[dict[str, Any]]:
        if self._state(Certified) is None:
            return []  # what was not certified is not published by any count
        return [self._tier(tier, converted) for tier, converted in self.converted.items()]

    def _tier(self, tier: TierName, converted: Converted) -> dict[str, Any]:
        hashes = {"data.parquet": converted.parquet_sha256, "data.csv": converted.csv_sha256}
        return {
            "tier": tier,
            "published": converted.rows,
            "suppressed": converted.suppressed,
            "held_back": converted.held_back,
            "files": [
                {"path": self.files.get(f"{tier}/{name}"), "format": name.partition(".")[2],
                 "rows": converted.rows, "sha256": sha256, "digest": converted.digest}
                for name, sha256 in hashes.items()
            ],
        }  # fmt: skip


def folder_pipeline(settings: Settings, folder: Path) -> Pipeline:
    """Return a pipeline that needs no service: ledger, store and releases in one folder.

    Raises:
        StoreError: The folder cannot be written to.
    """
    private = folder / ".madang"
    secrets = private / "secrets"
    try:
        secrets.mkdir(parents=True, exist_ok=True)
        private.chmod(0o700)
        key = secrets / "signing-key.pem"
        _draw_key_once(key)
    except OSError as problem:
        raise StoreError(
            f"The folder cannot be written to ({problem.strerror}). Nothing was done. Name"
            " another one with --to."
        ) from None
    file = str(folder.resolve() / "ledger.sqlite")
    ledger = URL.create("sqlite", database=file).render_as_string()  # escapes `?` and `%`
    migrate(ledger)
    return Pipeline(
        settings.replace(secrets=secrets, store=str(private / "store"), ledger=ledger),
        Ledger(ledger),
        Store(str(private / "store")),
        folder.resolve(),
    )


def _draw_key_once(key: Path) -> None:
    """Make a signing key that appears whole; of two processes the first one's stays."""
    if key.exists():
        return
    drawn = key.with_name(f".{uuid.uuid4().hex}")
    try:
        drawn.touch(mode=0o600)
        drawn.write_bytes(draw_signing_key())
        with suppress(FileExistsError):
            key.hardlink_to(drawn)
    finally:
        drawn.unlink(missing_ok=True)


def run_dataset(
    dataset: str, file: Path, to: Path | None, on_step: Callable[[str], None]
) -> RunReport:
    """Take a file the whole way, into a folder or into the catalogue; see `run_file`."""
    try:
        pipeline = open_pipeline(to)
    except EtlError as error:
        return RunReport(dataset, "", error=error)
    return run_file(pipeline, dataset, file, on_step)


def open_pipeline(to: Path | None) -> Pipeline:
    """Return the pipeline of a folder, or that of this installation."""
    return standing() if to is None else folder_pipeline(load(), to)


def run_file(
    pipeline: Pipeline,
    dataset: str,
    file: Path,
    on_step: Callable[[str], None] = lambda _: None,
) -> RunReport:
    """Take one file the whole way; an approval that is asked for stops it before publication.

    Args:
        pipeline: What to run on.
        dataset: Name of the contract.
        file: The supplied file; it stays where it is.
        on_step: Told the name of each step that begins.
    """
    report = RunReport(dataset, uuid.uuid4().hex)
    return _reported(pipeline, report, lambda patient: _take_steps(patient, report, file, on_step))


def release_held(
    pipeline: Pipeline,
    dataset: str,
    run_id: str,
    *,
    by: str,
    reason: str,
    on_step: Callable[[str], None] = lambda _: None,
) -> RunReport:
    """Let a run pass the guard that holds it, and take it on through every other gate.

    Args:
        pipeline: What the run was made on.
        dataset: Name of the contract.
        run_id: The held run.
        by: The operator's account.
        reason: Why, in the operator's words; the ledger keeps it.
        on_step: Told the name of each step that begins.

    Raises:
        ContractError: No guard holds such a run; nothing was changed.
    """
    waive_guards(pipeline, dataset, run_id, by=by, reason=reason)
    report = RunReport(dataset, run_id)
    return _reported(pipeline, report, lambda patient: _take_last_steps(patient, report, on_step))


def _reported(
    pipeline: Pipeline, report: RunReport, take_steps: Callable[[Pipeline], None]
) -> RunReport:
    """Take steps as somebody at a terminal would, and write down how that ended."""
    try:
        with telling_no_values(report.dataset):
            take_steps(replace(pipeline, patience=TERMINAL_PATIENCE, asks=False))
    except EtlError as error:
        report.error = error
        report.status = _status_of(error)
        with suppress(StoreError):  # the ledger may be what failed; the first error weighs more
            pipeline.fail(report.dataset, report.run_id, error)
    try:
        converted = report.states.get("convert")
        if isinstance(converted, Converted):
            report.converted = pipeline.converted_tiers(converted)
        report.files = _files(pipeline, report)
        report.report = _find_report(pipeline, report)
    except StoreError as error:
        report.error, report.status = error, "failed"
    return report


def _take_steps(
    pipeline: Pipeline, report: RunReport, file: Path, on_step: Callable[[str], None]
) -> None:
    on_step("extract")
    state: Any = pipeline.extract_file(report.dataset, report.run_id, file)
    report.states["extract"] = state
    for step in STEPS[1:]:
        on_step(step)
        state = getattr(pipeline, step)(state)
        report.states[step] = state
    report.status = state.status


def _take_last_steps(pipeline: Pipeline, report: RunReport, on_step: Callable[[str], None]) -> None:
    prefix = f"restricted/{report.dataset}/{report.run_id}/converted"
    state: Any = pipeline.store.open_manifest(prefix, Converted)
    report.states["convert"] = state
    for step in STEPS[-2:]:
        on_step(step)
        state = getattr(pipeline, step)(state)
        report.states[step] = state
    report.status = state.status


def _status_of(error: EtlError) -> str:
    if isinstance(error, ReleaseHeldError | ApprovalRefusedError):
        return "held"
    return "refused" if error.exit_code in (10, 20, 30) else "failed"


def _waits(report: RunReport, error: EtlError) -> bool:
    """Tell whether the run is whole and waits for an approval."""
    return isinstance(error, ApprovalRefusedError) and "certify" in report.states


def _files(pipeline: Pipeline, report: RunReport) -> dict[str, str]:
    """Return where the two data files are; one that waits is written to the folder, too."""
    certified = report.states.get("certify")
    waits = report.error is not None and _waits(report, report.error)
    is_shown = waits or report.status in ("published", "unchanged")
    if not (isinstance(certified, Certified) and is_shown):
        return {}
    names = ("data.parquet", "data.csv")
    if pipeline.folder is None:
        if waits:
            return {}
        url = pipeline.settings.catalogue_url
        return {
            f"public/{name}": file_url(url, report.dataset, certified.release, name)
            for name in names
        }
    if waits:
        pipeline.export(certified)
    release = pipeline.folder / report.dataset / certified.release
    return {
        f"{tier}/{name}": str(release / tier / name) for tier in report.converted for name in names
    }


def _find_report(pipeline: Pipeline, report: RunReport) -> str:
    """Return where a refused file's faults are told row by row; it stays in the private part."""
    key = f"restricted/{report.dataset}/{report.run_id}/validated/report.html"
    if pipeline.folder is None or "extract" not in report.states or not pipeline.store.exists(key):
        return ""
    with pipeline.store.local_path(key) as page:
        return str(page)
