"""End what a killed supervisor left behind.

Every process it started carries its session, whatever became of the process's name, parent
or environment; so the session's id and the moment it began tell ours from everybody else's.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Session:
    """A session of processes: its id, when its first process started, and since which boot."""

    id: int
    started: int
    boot: str


def read_stat(text: str) -> tuple[int, int, str]:
    """Return session, start time and state from a line of ``/proc/PID/stat``.

    Times are clock ticks since boot. The name in brackets may itself hold brackets and blanks.

    Examples:
        >>> read_stat("7 (a ) b) S 1 7 5 " + "0 " * 15 + "4242 0")
        (5, 4242, 'S')
    """
    fields = text.rpartition(")")[2].split()
    return int(fields[3]), int(fields[19]), fields[0]


def boot_id() -> str:
    """Return what the kernel calls the present boot; process ids of another one mean nothing."""
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()


def session_of(pid: int) -> Session:
    """Return the session that a process leads.

    Raises:
        OSError: There is no such process.
    """
    _, started, _ = read_stat((PROC / str(pid) / "stat").read_text())
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
    try:
        _, started, state = read_stat((PROC / str(session.id) / "stat").read_text())
    except OSError:
        return False
    return started == session.started and state != "Z"


def members(session: Session) -> Iterator[int]:
    """Yield the ids of the processes of a session that still run."""
    for entry in PROC.iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            found, started, state = read_stat((entry / "stat").read_text())
        except OSError:
            continue
        if found == session.id and started >= session.started and state != "Z":
            yield int(entry.name)


def sweep(session: Session) -> list[int]:
    """Kill what is left of a session and return the process ids."""
    left = [pid for pid in members(session) if pid != os.getpid()]
    for pid in left:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return left
