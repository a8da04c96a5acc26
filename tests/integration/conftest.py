"""A private PostgreSQL for the tests: own folder, own socket, no port, gone afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name)


@dataclass(frozen=True)
class Cluster:
    """A running server."""

    folder: Path
    process: subprocess.Popen[bytes]

    def url(self, database: str) -> str:
        """Return the SQLAlchemy address of a database."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def create_database(self, name: str, template: str = "template0") -> str:
        """Make a database, a copy of another, and return its address."""
        who = ["-h", self.folder, "-U", "postgres", "-T", template]
        subprocess.run([BINARIES[-1] / "createdb", *who, name], check=True)
        return self.url(name)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a server, and stop it afterwards; root's server runs as its own account."""
    folder = Path(tempfile.mkdtemp(prefix="madang-pg-"))
    become: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        become = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
    data, tools = folder / "data", BINARIES[-1]
    making = ["-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust", "-N"]
    subprocess.run(
        [*become, tools / "initdb", *making], check=True, stdout=subprocess.DEVNULL, cwd=folder
    )
    quiet = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}"]
    fast = ["-c", "fsync=off", "-c", "max_connections=60"]
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [*become, tools / "postgres", "-D", data, *quiet, *fast], stderr=log, cwd=folder
    )
    try:
        _await_answer(tools, folder, process)
        yield Cluster(folder, process)
    finally:
        process.send_signal(signal.SIGQUIT)  # nothing there is worth a checkpoint
        process.wait(timeout=30)
        log.close()
        shutil.rmtree(folder)


def _await_answer(tools: Path, folder: Path, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if subprocess.run([tools / "pg_isready", "-q", "-h", folder], check=False).returncode == 0:
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError((folder / "log").read_text())


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Cluster]:
    """Lend a server to every test of the session; say aloud when there is none."""
    if not BINARIES:
        pytest.skip("PostgreSQL IS NOT INSTALLED: what needs it was not tested")
    with cluster() as running:
        yield running
