"""Run the local stack: ``python -m stack up | down | status | logs``."""

from __future__ import annotations

import argparse
import sys

from rich.console import Console

from stack import commands
from stack.errors import StackError, WrongUseError
from stack.settings import current_settings
from stack.start import start


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    top = argparse.ArgumentParser(prog="stack", description=__doc__)
    verbs = top.add_subparsers(dest="verb", required=True)
    verbs.add_parser("up", help="start what does not run")
    verbs.add_parser("down", help="stop what was started")
    status = verbs.add_parser("status", help="how every part is doing")
    status.add_argument("--json", action="store_true", help="one JSON document")
    logs = verbs.add_parser("logs", help="what a part writes")
    logs.add_argument("part", nargs="?", help="follow this part's log")
    return top


def main() -> int:
    """Do what the command line says and return the exit code by who must act."""
    asked = parser().parse_args()
    console = Console(stderr=asked.verb != "status")
    try:
        settings = current_settings()
        if asked.verb == "up":
            start(settings, console)
        elif asked.verb == "down":
            commands.stop(settings, console)
        elif asked.verb == "status":
            return commands.show_status(settings, console, as_json=asked.json)
        elif asked.verb == "logs":
            commands.show_logs(settings, asked.part)
    except StackError as error:
        print(f"\n{error}", file=sys.stderr)  # noqa: T201 - for the person at the terminal
        return 2 if isinstance(error, WrongUseError) else 40
    return 0


if __name__ == "__main__":
    sys.exit(main())
