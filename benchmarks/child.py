"""Measurements in processes of their own, so that none sees another's memory or imports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any


class FailedError(Exception):
    """A measured program failed; the message ends with what it said."""


def run(module: str, *arguments: object, environment: Mapping[str, str] | None = None) -> Any:
    """Run a module of ours and return the JSON document that it prints.

    Raises:
        FailedError: It failed.
    """
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(
        command,
        env=os.environ | dict(environment or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-12:])
        raise FailedError(f"{module} failed (exit {done.returncode}):\n{said}")
    return json.loads(done.stdout)
