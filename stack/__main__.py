"""The local stack of this checkout: start it, stop it, look at it."""

from __future__ import annotations

import argparse
import sys

from rich.console import Console

from stack import commands
from stack.apart import run_apart
from stack.errors import StackError, WrongUseError
from stack.settings import current_settings
from stack.start import start


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    top = argparse.ArgumentParser(prog="python -m stack", description=__doc__)
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("up", help="start what does not run")
    verbs.add_parser("demo", help="start, and take sample exports the whole way")
    verbs.add_parser("down", help="stop what was started")
    status = verbs.add_parser("status", help="show how every part is doing")
    status.add_argument("--json", action="store_true", help="as one JSON document")
    logs = verbs.add_parser("logs", help="show the end of every log, or follow one")
    logs.add_argument("part", nargs="?")
    verbs.add_parser("run", help="run a command beside a fresh stack of its own", add_help=False)
    for name in commands.PROGRAMS:
        verbs.add_parser(name, help=f"run {name} against this stack", add_help=False)
    return top


def parse(words: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """Return what was asked, and the words that are meant for another program."""
    top = parser()
    asked, rest = top.parse_known_args(words)
    if rest and asked.verb not in {"run", *commands.PROGRAMS}:
        top.error(f"unknown: {' '.join(rest)}")
    return asked, rest


def act(asked: argparse.Namespace, rest: list[str]) -> int:
    """Do what was asked and return the exit code."""
    console = Console(stderr=asked.verb != "status")
    if asked.verb == "run":
        return run_apart(rest, console)
    settings = current_settings()
    if asked.verb == "status":
        return commands.show_status(settings, console, as_json=asked.json)
    if asked.verb == "up":
        start(settings, console)
    elif asked.verb == "demo":
        from stack.demo import demonstrate  # draws samples with what no other command needs

        demonstrate(settings, console)
    elif asked.verb == "down":
        commands.stop(settings, console)
    elif asked.verb == "logs":
        commands.show_logs(settings, asked.part)
    else:
        commands.become(settings, asked.verb, rest)
    return 0


def main() -> int:
    """Act, and say in one message what stood in the way; the exit code tells who must act."""
    try:
        return act(*parse(sys.argv[1:]))
    except StackError as error:
        print(f"\n{error}", file=sys.stderr)
        return 2 if isinstance(error, WrongUseError) else 40
    except KeyboardInterrupt:
        print("\nInterrupted; run the same command again to go on.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
