"""Is a port free, and if not, who has it?"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

from stack.errors import StackError
from stack.settings import PORTS, port_setting

LISTENING = "0A"
STEP = 10


def is_free(port: int) -> bool:
    """Tell whether a server could listen on a port of the loopback address."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return False
    return True


def listening_sockets(table: str, port: int) -> set[str]:
    r"""Return the inode numbers of the sockets that listen on a port, from ``/proc/net/tcp``.

    Examples:
        >>> row = "0: 0100007F:1F90 00000000:0000 0A 0:0 00:0 0 0 0 777 1"
        >>> listening_sockets("head\n" + row, 8080)
        {'777'}
    """
    rows = [line.split() for line in table.splitlines()[1:]]
    return {
        row[9] for row in rows if row[3] == LISTENING and int(row[1].rpartition(":")[2], 16) == port
    }


def holder(port: int) -> str:
    """Name the process that listens on a port, as far as this account may see it."""
    inodes = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if table.exists():
            inodes |= listening_sockets(table.read_text(), port)
    sockets = {f"socket:[{inode}]" for inode in inodes}
    for folder in Path("/proc").glob("[0-9]*/fd"):
        try:
            if any(str(link.readlink()) in sockets for link in folder.iterdir()):
                pid = folder.parent.name
                return f"by {(folder.parent / 'comm').read_text().strip()} (process {pid})"
        except OSError:
            continue
    return "by a process of another account"


def require_free_ports(ports: Mapping[str, int]) -> None:
    """Make sure that every port is free.

    Raises:
        StackError: One is taken; the message names it, its holder and its setting.
    """
    taken = [
        f"  {port} ({service}) is taken {holder(port)}; its setting is {port_setting(service)}"
        for service, port in ports.items()
        if not is_free(port)
    ]
    if taken:
        advice = (
            "End that process, or let this checkout use others: MADANG_PORT_BASE=19400 make up"
            "\n(remembered in .madang.env; one port alone by its own setting)."
        )
        raise StackError("\n".join(["Ports are taken; nothing was started:", *taken, advice]))


def free_ports(services: Iterable[str], base: int) -> dict[str, int]:
    """Return neighbouring free ports, the first such from a base on, in steps of ten.

    Raises:
        StackError: There are none.
    """
    names = list(services)
    for start in range(base, PORTS[-1] - len(names), STEP):
        ports = {name: start + offset for offset, name in enumerate(names)}
        if all(is_free(port) for port in ports.values()):
            return ports
    raise StackError(f"There are no {len(names)} free ports in a row above {base}.")
