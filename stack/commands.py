"""The commands: start, stop, look, read logs."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table

from stack.errors import WrongUseError
from stack.parts import Part, all_parts, clean_environment, dependent, postgres_program
from stack.settings import Settings
from stack.supervision import Supervisor

STATE_WORDS = {
    "STARTING": "starting",
    "RUNNING": "starting",  # it runs, but does not answer yet
    "STOPPING": "stopping",
    "BACKOFF": "failing",
    "FATAL": "failed",
}
COLOURS = {"running": "green", "starting": "yellow", "stopped": "dim"}


@dataclass(frozen=True)
class Seen:
    """How a part is doing at this moment."""

    name: str
    state: str
    pid: int | None
    url: str | None


@dataclass(frozen=True)
class Program:
    """A program that a part brings along, to be run by hand."""

    part: str
    command: Callable[[Settings], list[str]]
    also: Callable[[Settings], dict[str, str]] = lambda _: {}


PROGRAMS = {
    "airflow": Program("airflow-dag-processor", lambda of: [f"{of.checkout}/.venv/bin/airflow"]),
    "ckan": Program("catalogue", lambda of: [f"{of.checkout}/.venv-catalogue/bin/ckan"]),
    "psql": Program(
        "postgres",
        lambda of: [
            *(postgres_program(of, "psql"), "-h", "127.0.0.1", "-p", str(of.ports["postgres"])),
            *("-U", "postgres"),
        ],
        lambda of: {"PGPASSFILE": str(of.passfile("postgres"))},
    ),
}


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Hold the lock of a state folder: one start or stop at a time."""
    settings.run.mkdir(parents=True, exist_ok=True)
    with (settings.run / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def look_at(part: Part, supervised: str, pid: int) -> Seen:
    """Return how one part is doing; only one of ours that answers is running."""
    answers = supervised == "RUNNING" and part.answers(pid)
    state = "running" if answers else STATE_WORDS.get(supervised, "stopped")
    return Seen(part.name, state, pid or None, part.url)


def look(settings: Settings) -> list[Seen]:
    """Return how every part is doing, asked of the parts themselves, all at once."""
    supervised = Supervisor(settings).states()
    parts = list(all_parts(settings).values())
    with ThreadPoolExecutor(len(parts)) as pool:
        return list(
            pool.map(lambda part: look_at(part, *supervised.get(part.name, ("STOPPED", 0))), parts)
        )


def show_status(settings: Settings, console: Console, *, as_json: bool) -> int:
    """Show how every part is doing; return 0 when all run, else 40."""
    seen = look(settings)
    if as_json:
        print(json.dumps({"parts": [asdict(part) for part in seen]}))
    else:
        table = Table("part", "state", "process", "address", box=None, header_style="dim")
        for part in seen:
            colour = COLOURS.get(part.state, "red")
            table.add_row(part.name, f"[{colour}]{part.state}", str(part.pid or ""), part.url or "")
        console.print(table)
    return 0 if all(part.state == "running" for part in seen) else 40


def show_logs(settings: Settings, name: str | None) -> None:
    """Follow one part's log, or the end of everybody's.

    Raises:
        WrongUseError: There is no such part, or nothing was ever started.
    """
    parts = all_parts(settings)
    if name is not None and name not in parts:
        raise WrongUseError(f"There is no part '{name}'. One of: {' '.join(parts)}")
    found = sorted(settings.logs.glob(f"{name or '*'}.log"))
    if not found:
        raise WrongUseError("There are no logs yet. Start the stack with: make up")
    options = ["-n", "200", "-F"] if name else ["-n", "10"]
    os.execvp("tail", ["tail", *options, *map(str, found)])  # noqa: S606 - no shell is wanted


def become(settings: Settings, name: str, arguments: Sequence[str]) -> None:
    """Turn into a program of one of the parts, with that part's environment."""
    program = PROGRAMS[name]
    part = all_parts(settings)[program.part]
    environment = clean_environment(settings) | dict(part.environment()) | program.also(settings)
    command = [*program.command(settings), *arguments]
    os.execvpe(command[0], command, environment)  # noqa: S606 - no shell is wanted


def stop(settings: Settings, console: Console) -> None:
    """End exactly what the start began."""
    with alone(settings):
        stopped = Supervisor(settings).stop(dependent(all_parts(settings)))
    console.print("The stack is stopped; its state is kept." if stopped else "Nothing was running.")
