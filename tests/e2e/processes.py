"""Finding and ending exactly one process of the running stack."""

from __future__ import annotations

import os
import re
import signal
from contextlib import suppress
from pathlib import Path

from live_stack import wait_for


def kill(pid: int) -> None:
    """End a process without warning."""
    assert pid > 1
    os.kill(pid, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs, and is not only remembered by its parent."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def children_of(pid: int) -> list[int]:
    """Return the processes that a process started itself."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            if re.search(rf"^PPid:\s+{pid}$", status.read_text(), re.MULTILINE):
                found.append(int(status.parent.name))
    return found


def process_serving(server_port: int, client_port: int, among: list[int]) -> int:
    """Return which process serves the connection of a client's port."""

    def find() -> int:
        sockets = _sockets(server_port, client_port)
        return next((pid for pid in among if _holds(pid, sockets)), 0)

    return wait_for(find, f"a process serves port {client_port}", 10, pause=0.005)


def _sockets(server_port: int, client_port: int) -> set[str]:
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {
        f"socket:[{row[9]}]"
        for row in rows
        if row[1].endswith(f":{server_port:04X}") and row[2].endswith(f":{client_port:04X}")
    }


def _holds(pid: int, sockets: set[str]) -> bool:
    try:
        return any(str(link.readlink()) in sockets for link in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False
