"""A second stack of the same checkout, fresh, for as long as a command runs: for the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

from rich.console import Console

from stack.commands import stop
from stack.ports import free_ports
from stack.settings import (
    DEFAULT_PORT_BASE,
    PORT_OFFSETS,
    environment_apart,
    read_settings,
    this_checkout,
)
from stack.start import start

FIRST_PORT = DEFAULT_PORT_BASE + 100


def run_apart(command: Sequence[str], console: Console) -> int:
    """Start a fresh stack beside the developer's own, run a command in it, stop it again.

    Its state stays until the next such run, so that its logs can be read.

    Returns:
        The command's exit code.
    """
    as_root = os.geteuid() == 0
    checkout = this_checkout()
    ports = free_ports(PORT_OFFSETS, FIRST_PORT)
    os.environ |= environment_apart(checkout, ports, as_root=as_root)
    settings = read_settings(checkout, os.environ, as_root=as_root)
    if settings.state.exists():
        stop(settings, console)  # of a run that was killed
        shutil.rmtree(settings.state)
    try:
        start(settings, console)
        return subprocess.run(
            command, check=False, env=os.environ | settings.variables()
        ).returncode
    finally:
        stop(settings, console)
        console.print(f"Its logs: {settings.logs}", highlight=False)
