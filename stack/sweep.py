"""End what a killed supervisor left behind.

Every process it started carries its session, whatever became of the process's name, parent
or environment; so the session's id and the moment it began tell ours from everybody else's.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Session:
    """A session of processes: its id, when its first process started, and since which boot."""

    id: int
    started: int
    boot: str


@dataclass(frozen=True)
class Process:
    """What the kernel tells of a process; its start is counted in clock ticks since boot."""

    id: int
    parent: int
    session: int
    started: int
    state: str


def read_stat(text: str) -> Process:
    """Return the process that a line of ``/proc/PID/stat`` is about.

    The name in brackets may itself hold brackets and blanks.

    Examples:
        >>> read_stat("7 (a ) b) S 1 7 5 " + "0 " * 15 + "4242 0")
        Process(id=7, parent=1, session=5, started=4242, state='S')
    """
    number, _, _ = text.partition(" ")
    fields = text.rpartition(")")[2].split()
    return Process(int(number), int(fields[1]), int(fields[3]), int(fields[19]), fields[0])


def process(pid: int) -> Process | None:
    """Return a process, or nothing when it is gone or has only to be buried."""
    try:
        found = read_stat((PROC / str(pid) / "stat").read_text())
    except OSError:
        return None
    return None if found.state == "Z" else found


def age_seconds(pid: int) -> float:
    """Return how long a process has been running; nothing is 0 seconds old."""
    found = process(pid)
    uptime = float((PROC / "uptime").read_text().split()[0])
    return uptime - found.started / os.sysconf("SC_CLK_TCK") if found else 0.0


def boot_id() -> str:
    """Return what the kernel calls the present boot; process ids of another one mean nothing."""
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()


def session_of(pid: int) -> Session:
    """Return the session that a process leads.

    Raises:
        OSError: There is no such process.
    """
    started = read_stat((PROC / str(pid) / "stat").read_text()).started
    return Session(id=pid, started=started, boot=boot_id())


def remember(session: Session, path: Path) -> None:
    """Write down a session."""
    path.write_text(json.dumps(asdict(session)))


def recall(path: Path) -> Session | None:
    """Return the session written down, unless there is none or it is of an earlier boot."""
    if not path.exists():
        return None
    session = Session(**json.loads(path.read_text()))
    return session if session.boot == boot_id() else None


def is_alive(session: Session) -> bool:
    """Tell whether the process that leads a session still runs; another one may have its id."""
    leader = process(session.id)
    return leader is not None and leader.started == session.started


def members(session: Session) -> list[Process]:
    """Return the processes of a session that still run."""
    ids = [int(entry.name) for entry in PROC.iterdir() if entry.name.isdecimal()]
    found = [one for pid in ids if (one := process(pid))]
    return [one for one in found if one.session == session.id and one.started >= session.started]


def childless_orphans(processes: Sequence[Process], leader: int) -> list[int]:
    """Return the ids of those whose parent is gone and that have no children of their own.

    What a killed part leaves behind is of two kinds: idle helpers, which nobody will ever use
    again, and those that still look after running work, which may finish it.

    Examples:
        >>> part = Process(10, 9, 9, 0, "S")
        >>> idle, busy = Process(21, 1, 9, 0, "S"), Process(22, 1, 9, 0, "S")
        >>> childless_orphans([part, idle, busy, Process(30, 22, 9, 0, "R")], leader=9)
        [21]
    """
    ids = {one.id for one in processes} | {leader}
    parents = {one.parent for one in processes}
    return [
        one.id
        for one in processes
        if one.parent not in ids and one.id not in parents and one.id != leader
    ]


def end(pids: Iterable[int]) -> None:
    """Kill processes; one that has ended meanwhile is fine."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def sweep(session: Session) -> list[int]:
    """Kill what is left of a session and return the process ids."""
    left = [one.id for one in members(session) if one.id != os.getpid()]
    end(left)
    return left


def end_idle_orphans(session: Session) -> None:
    """Kill what a killed part of a running session left idle; see `childless_orphans`."""
    end(childless_orphans(members(session), session.id))
