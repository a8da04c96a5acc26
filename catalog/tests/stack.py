"""Where the running stack is: the environment first, then `.madang.env` of the checkout."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2

CHECKOUT = Path(__file__).parents[2]


class Stack:
    """A running catalogue and what a test may touch of it."""

    def __init__(self) -> None:
        self._settings = {**_read_file(CHECKOUT / ".madang.env"), **os.environ}
        state = Path(self._settings.get("MADANG_STATE", CHECKOUT / "state"))
        secrets = Path(self._settings.get("MADANG_SECRETS", state / "secrets"))
        self.state = state
        self.ini = Path(self._settings.get("CKAN_INI", state / "ckan" / "ckan.ini"))
        self.token_file = Path(
            self._settings.get("MADANG_CATALOGUE_TOKEN_FILE", secrets / "catalogue-token")
        )

    @property
    def is_there(self) -> bool:
        """Tell whether somebody set a stack up."""
        return self.ini.exists() and self.token_file.exists()

    @cached_property
    def config(self) -> dict[str, str]:
        """CKAN's configuration file."""
        parser = configparser.ConfigParser(interpolation=configparser.BasicInterpolation())
        parser.read(self.ini)
        return dict(parser["app:main"])

    @property
    def url(self) -> str:
        """Address of the site."""
        return self.config["ckan.site_url"].rstrip("/")

    @property
    def publisher_token(self) -> str:
        """The publisher's token: an editor's, never a sysadmin's."""
        return self.token_file.read_text().strip()

    @contextmanager
    def database(self, setting: str = "sqlalchemy.url") -> Iterator[Any]:
        """Give a cursor on CKAN's database, or on the DataStore's by `ckan.datastore.write_url`.

        Each statement is a transaction, unless the test begins one.
        """
        connection = psycopg2.connect(self.config[setting])
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def run_ckan(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the `ckan` command."""
        program = Path(sys.executable).with_name("ckan")
        return subprocess.run(
            [program, "-c", self.ini, *words],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def worker_pids(self) -> list[int]:
        """Return the processes that answer on the site's port, without their parent."""
        holders = listeners(urlsplit(self.url).port or 80)
        return sorted(pid for pid in holders if _parent(pid) in holders)

    def search_server_pids(self) -> list[int]:
        """Return the process of the search server."""
        return sorted(listeners(urlsplit(self.config["solr_url"]).port or 80))


def listeners(port: int) -> set[int]:
    """Return the processes that listen on a port of this machine."""
    sockets = _listening_sockets(port)
    return {pid for pid in _all_pids() if _has_socket(pid, sockets)}


def _read_file(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = (line.strip() for line in path.read_text().splitlines())
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def _listening_sockets(port: int) -> set[str]:
    tables = (Path("/proc/net") / name for name in ("tcp", "tcp6"))
    rows = (line.split() for table in tables for line in table.read_text().splitlines()[1:])
    return {
        f"socket:[{row[9]}]" for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}")
    }


def _all_pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _has_socket(pid: int, sockets: set[str]) -> bool:
    try:
        return any(str(fd.readlink()) in sockets for fd in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


def _parent(pid: int) -> int:
    found = re.search(r"^PPid:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0
