"""Follow sample files on their way: which run took each, where it is, how it ended."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stack.airflow_api import STEPS, AirflowApi


@dataclass(frozen=True)
class Supplied:
    """One sample file that a department supplies.

    Attributes:
        file: The file itself.
        folder: Where below the intake folder it belongs, `<organisation>/<dataset>`.
        may_pass: Whether the platform ought to let it pass.
    """

    file: Path
    folder: str
    may_pass: bool

    @property
    def dataset(self) -> str:
        """Return the dataset's name."""
        return self.folder.replace("/", "-")

    @property
    def title(self) -> str:
        """Return what a person calls it."""
        return self.dataset if self.may_pass else f"{self.dataset} (personal data planted)"

    @property
    def sha256(self) -> str:
        """Return a digest of the file's bytes."""
        return hashlib.sha256(self.file.read_bytes()).hexdigest()

    def drop(self, intake: Path) -> None:
        """Put a copy into the intake folder; it has its own name only when it is whole."""
        folder = intake / self.folder
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f".{self.file.name}"
        shutil.copyfile(self.file, unfinished)
        unfinished.rename(folder / self.file.name)


@dataclass(frozen=True)
class Progress:
    """Where a file is: steps done, the present one, and the outcome once there is one.

    Attributes:
        outcome: `live`, `unchanged`, `waiting` for the officer, `refused`, or still `under way`.
    """

    done: int
    step: str
    outcome: str


def progress(run_state: str | None, tasks: Mapping[str, str | None]) -> Progress:
    """Tell where a publication is from the states that Airflow gives.

    Examples:
        >>> progress("running", {"extract": "success", "validate": "running"})
        Progress(done=1, step='validate', outcome='under way')
        >>> progress("running", {"certify": "success", "approve": "awaiting_input"}).outcome
        'waiting'
        >>> progress("failed", {"extract": "success", "validate": "failed"})
        Progress(done=1, step='validate', outcome='refused')
    """
    done = sum(tasks.get(step) in ("success", "skipped") for step in STEPS)
    step = next(
        (name for name in STEPS if tasks.get(name) not in ("success", "skipped")), "publish"
    )
    if run_state == "success":
        outcome = "unchanged" if tasks.get("publish") == "skipped" else "live"
        return Progress(len(STEPS), step, outcome)
    if run_state == "failed":
        failed = next((name for name, state in tasks.items() if state == "failed"), step)
        return Progress(done, failed, "refused")
    if tasks.get("approve") in ("awaiting_input", "deferred"):
        return Progress(done, "approve", "waiting")
    return Progress(done, step, "under way")


class Diary:
    """Which run took which sample, kept beside the samples."""

    def __init__(self, path: Path) -> None:
        """Open it."""
        self._path = path
        self._runs: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}

    def run_of(self, supplied: Supplied) -> str | None:
        """Return the run that took exactly this file, if it was dropped before."""
        return self._runs.get(supplied.sha256)

    def forget(self, supplied: Supplied) -> None:
        """Forget the run that took a file, because it is dropped again."""
        self._runs.pop(supplied.sha256, None)
        self._write()

    def note(self, supplied: Supplied, run: str) -> None:
        """Write down which run took a file."""
        self._runs[supplied.sha256] = run
        self._write()

    def _write(self) -> None:
        self._path.write_text(json.dumps(self._runs))


def is_settled(airflow: AirflowApi, supplied: Supplied, run: str) -> bool:
    """Tell whether a file dropped earlier need not be dropped again."""
    state = airflow.run_state(supplied.dataset, run)
    return state is not None and (state != "failed" or not supplied.may_pass)
