"""The demonstration: sample exports travel from their intake folders into the catalogue."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import rich.progress
from rich.console import Console

from stack.airflow_api import STEPS, AirflowApi
from stack.errors import StackError
from stack.journeys import Diary, Progress, Supplied, is_settled, progress
from stack.passwords import secret
from stack.preparation import call
from stack.probes import get
from stack.samples import SAMPLES, write_samples
from stack.settings import Settings
from stack.start import start

LONGEST_SECONDS = 480
PAUSE_SECONDS = 1.0
WORDS = {
    "live": "[green]live[/]",
    "unchanged": "[green]live, nothing new[/]",
    "waiting": "[yellow]waits for the privacy officer[/]",
    "refused": "[red]refused[/]",
}


def demonstrate(settings: Settings, console: Console) -> None:
    """Start the stack, take the samples the whole way and say what to try next.

    What was dropped before is not dropped again.

    Raises:
        StackError: The stack does not start, or a sample that should pass does not.
    """
    start(settings, console)
    madang = str(settings.checkout / ".venv" / "bin" / "madang")
    environment = settings.variables() | {"MADANG_ENV_FILE": str(settings.file)}
    call(settings, "catalogue-init", [madang, "catalogue", "init"], environment=environment)
    password = secret(settings, "airflow-engineer-password")
    airflow = AirflowApi(settings.url("airflow"), "engineer", password)
    supplied = samples(settings.state / "samples")
    demonstration = Demonstration(settings, console, airflow)
    console.print("\nSample exports on their way from intake folders to the catalogue:")
    # The one to be refused is of a dataset that has another; it follows when that one is taken.
    demonstration.follow(one for one in supplied if one.may_pass)
    demonstration.follow(one for one in supplied if not one.may_pass)
    tell(settings, console, demonstration.ends)


def samples(folder: Path) -> list[Supplied]:
    """Return the sample files, written at the first time; half-written ones are never used."""
    if not folder.exists():
        beside = folder.with_name(folder.name + ".new")
        shutil.rmtree(beside, ignore_errors=True)
        write_samples(beside)
        beside.rename(folder)
    good = [Supplied(folder / one.folder / one.file_name, one.folder, True) for one in SAMPLES]
    refused = folder / "refused"
    bad = [
        Supplied(file, str(file.parent.relative_to(refused)), may_pass=False)
        for file in sorted(refused.rglob("*.csv"))
    ]
    return good + bad


class Demonstration:
    """Drops files, finds the runs that take them, and shows where they are."""

    def __init__(self, settings: Settings, console: Console, airflow: AirflowApi) -> None:
        """Describe it; nothing is dropped."""
        self._settings = settings
        self._console = console
        self._airflow = airflow
        self._diary = Diary(settings.state / "samples" / "diary.json")
        self.ends: dict[Supplied, tuple[str, Progress]] = {}

    def follow(self, files: Iterable[Supplied]) -> None:
        """Drop those files that were not dropped before, and follow all until they settle.

        Raises:
            StackError: One that should pass failed, or something takes longer than it may.
        """
        pending = list(files)
        known = {file.dataset: set(self._airflow.runs(file.dataset)) for file in pending}
        for file in pending:
            run = self._diary.run_of(file)
            if run is None or not is_settled(self._airflow, file, run):
                file.drop(self._settings.intake)
                self._diary.forget(file)
        with self._bars() as bars:
            rows = {file: bars.add_task(file.title, total=len(STEPS), now="") for file in pending}
            end = time.monotonic() + LONGEST_SECONDS
            while pending:
                for file in list(pending):
                    run, where = self._where(file, known[file.dataset])
                    bars.update(rows[file], completed=where.done, now=words(where))
                    if where.outcome != "under way":
                        self.ends[file] = run, where
                        pending.remove(file)
                self._refuse_lateness(pending, end)
                time.sleep(PAUSE_SECONDS if pending else 0)
        self._refuse_failures()

    def _bars(self) -> rich.progress.Progress:
        return rich.progress.Progress(
            rich.progress.TextColumn("  {task.description}"),
            rich.progress.BarColumn(bar_width=24),
            rich.progress.TextColumn("{task.fields[now]}"),
            console=self._console,
        )

    def _where(self, file: Supplied, known: set[str]) -> tuple[str, Progress]:
        """Return the run that took a file and where it is; before that, nothing is done."""
        run = self._diary.run_of(file)
        if run is None:
            new = [one for one in self._airflow.runs(file.dataset) if one not in known]
            if not new:
                return "", Progress(0, "intake", "under way")
            run = new[0]
            self._diary.note(file, run)
        state = self._airflow.run_state(file.dataset, run)
        return run, progress(state, self._airflow.tasks(file.dataset, run))

    def _refuse_lateness(self, pending: list[Supplied], end: float) -> None:
        if pending and time.monotonic() > end:
            names = ", ".join(file.title for file in pending)
            raise StackError(
                f"After {LONGEST_SECONDS} s these have not arrived: {names}. What is live stays"
                f" live. Look at {self._settings.url('airflow')}, then: make demo"
            )

    def _refuse_failures(self) -> None:
        for file, (run, where) in self.ends.items():
            if file.may_pass and where.outcome == "refused":
                raise StackError(
                    f"{file.title}: stopped at {where.step}; nothing of it was published. See why:"
                    f" {self._settings.url('airflow')}/dags/publish__{file.dataset}/runs/{run}"
                )
            if not file.may_pass and where.outcome != "refused":
                raise StackError(
                    f"{file.title}: was not refused ({where.outcome}). This is a defect of the"
                    " release gate: stop the stack with make down and report it."
                )


def words(where: Progress) -> str:
    """Return a few words for where a file is."""
    ended = WORDS.get(where.outcome)
    if ended and where.outcome == "refused":
        return f"{ended} at {where.step}"
    return ended or where.step


def tell(
    settings: Settings, console: Console, ends: Mapping[Supplied, tuple[str, Progress]]
) -> None:
    """Say what is where, who logs in how, and what to try next."""
    lines = [
        *("", "[bold]What a citizen sees[/]", *live_pages(settings, ends)),
        *("", "[bold]What waits for the privacy officer[/]", *waiting_pages(settings, ends)),
        *("", "[bold]Log-ins[/]", *log_ins(settings, show=console.is_terminal)),
        *("", "[bold]What to try next[/]"),
        f"  Search for 주차장: {settings.url('catalogue')}/dataset/?q=주차장",
        "  Approve as the officer, and see the third dataset appear.",
        f"  Drop a file of your own into {settings.intake}/<organisation>/<dataset>/",
        "  make status · make logs PART=airflow-scheduler · make down",
    ]
    console.print("\n".join(lines), highlight=False, soft_wrap=True)


def live_pages(settings: Settings, ends: Mapping[Supplied, tuple[str, Progress]]) -> list[str]:
    """Return the pages of what is live, each opened once as anybody would."""
    pages = [
        f"{settings.url('catalogue')}/dataset/{file.dataset}"
        for file, (_, where) in ends.items()
        if where.outcome in ("live", "unchanged")
    ]
    return [f"  {page}" + ("" if get(page) else "   [red]does not answer[/]") for page in pages]


def waiting_pages(settings: Settings, ends: Mapping[Supplied, tuple[str, Progress]]) -> list[str]:
    """Return where the officer answers, for what waits."""
    pages = [
        f"  {settings.url('airflow')}/dags/publish__{file.dataset}/runs/{run}/tasks/approve"
        "/required_actions"
        for file, (run, where) in ends.items()
        if where.outcome == "waiting"
    ]
    return pages or ["  nothing"]


def log_ins(settings: Settings, *, show: bool) -> list[str]:
    """Return who logs in where; a log that outlives the stack is no place for a password."""
    accounts = [
        (settings.url("airflow"), "engineer", "airflow-engineer-password"),
        (settings.url("airflow"), "officer", "airflow-officer-password"),
        (f"{settings.url('catalogue')}/user/login", "madang-admin", "catalogue-admin-password"),
    ]
    return [
        f"  {address}   {account}   {secret(settings, name) if show else settings.secrets / name}"
        for address, account, name in accounts
    ]
