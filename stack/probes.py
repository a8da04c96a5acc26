"""Does a part answer? Asked of the part itself, never of whoever started it."""

from __future__ import annotations

import json
import socket
import subprocess
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any

from stack.sweep import age_seconds

SECONDS = 10
# Proxies are for the world outside; every part is on this machine.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get(url: str) -> bytes | None:
    """Return what an address answers with, or nothing unless it answers well and in time."""
    try:
        with OPENER.open(url, timeout=SECONDS) as answer:
            return bytes(answer.read())
    except (OSError, urllib.error.URLError, ValueError):
        return None


def serves(url: str) -> bool:
    """Tell whether an address answers a plain question with success."""
    return get(url) is not None


def accepts_sql(pg_isready: str, port: int) -> bool:
    """Tell whether PostgreSQL takes connections (it does not while it recovers)."""
    asked = [pg_isready, "-q", "-h", "127.0.0.1", "-p", str(port), "-t", str(SECONDS)]
    return subprocess.run(asked, check=False).returncode == 0


def ask_redis(port: int, password: str, *commands: str) -> list[str]:
    """Return the lines that Redis answers with; empty when it does not."""
    lines = [f"AUTH {password}", *commands, "QUIT"]
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
            connection.sendall("".join(f"{line}\r\n" for line in lines).encode())
            with connection.makefile("r", encoding="utf-8", newline="\r\n") as answers:
                return [answer.rstrip() for answer in answers]
    except OSError:
        return []


def has_worker(port: int, password: str, pid: int) -> bool:
    """Tell whether the job worker of this process id is registered; a killed one stays listed."""
    names = [
        line
        for line in ask_redis(port, password, "SMEMBERS rq:workers")
        if line.startswith("rq:worker:")
    ]
    return any(str(pid) in ask_redis(port, password, f"HGET {name} pid") for name in names)


def airflow_component(url: str, component: str, pid: int) -> bool:
    """Tell whether one of Airflow's processes is healthy by Airflow's own report.

    The report believes in a heartbeat for half a minute; one from before this process was
    started is its predecessor's.
    """
    answer = get(f"{url}/api/v2/monitor/health")
    if answer is None:
        return False
    health: dict[str, Any] = json.loads(answer).get(component, {})
    heartbeat = health.get(f"latest_{component}_heartbeat")
    if health.get("status") != "healthy":
        return False
    if not heartbeat or not pid:
        return True
    beat = datetime.fromisoformat(heartbeat)
    return (datetime.now(UTC) - beat).total_seconds() <= age_seconds(pid)
