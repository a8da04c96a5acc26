"""What every command shares: languages, exit codes, tables, progress, JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from etl.defects import telling_no_values
from etl.errors import EtlError
from etl.wording import Language, choose_language, say, tell_error

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, for machines.")]
Lang = Annotated[str | None, typer.Option("--lang", help="ko or en; the locale's otherwise.")]


def console() -> Console:
    """Return the terminal that answers go to."""
    return Console(file=sys.stdout)


def errors() -> Console:
    """Return the terminal that messages for people go to."""
    return Console(file=sys.stderr)


def listed(named: str) -> list[str]:
    """Return the names of a comma-separated option."""
    return [name for name in named.split(",") if name]


def language_of(asked: str | None) -> Language:
    """Return the language that was asked for, or the locale's."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return choose_language(asked, locale)


def finish(do: Callable[[], int], language: Language, as_json: bool) -> NoReturn:
    """End with the code of who has to act; a defect shows its class and place, no data."""
    try:
        with telling_no_values("madang"):
            code = do()
    except EtlError as error:
        if as_json:
            print_json({"status": "failed", "owner": error.owner, "reason": error.message})
        tell(error, language)
        code = error.exit_code
    sys.exit(code)


def tell(error: EtlError, language: Language) -> None:
    """Tell people what went wrong and who acts."""
    errors().print(tell_error(error, language), markup=False, soft_wrap=True)


@contextmanager
def progress(language: Language) -> Iterator[Callable[[str], None]]:
    """Show the step at work on a terminal; silent elsewhere."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    is_silent = not sys.stderr.isatty()
    with Progress(*columns, console=errors(), transient=True, disable=is_silent) as bar:
        task = bar.add_task("…", total=None)
        yield lambda step: bar.update(task, description=say(step, language))


def print_report(report: dict[str, Any], language: Language) -> None:
    """Show what became of a run."""
    file, validation = report["file"] or {}, report["validation"] or {}
    tier = report["tiers"][0] if report["tiers"] else {}
    rows = [
        (say("release", language), report["release"]),
        (say("rows in the file", language), file.get("data")),
        (say("accepted", language), validation.get("accepted")),
        (say("quarantined", language), validation.get("quarantined")),
        (say("rows published", language), tier.get("published")),
        (say("suppressed", language), tier.get("suppressed")),
        (say("page", language), report["url"]),
        *((say("files", language), item["path"]) for item in tier.get("files", [])),
        (say("report", language), report["report"]),
    ]
    name = escape(report["dataset"])
    console().print(f"[bold]{name}[/bold] {say(report['status'], language)}")
    for name, value in rows:
        if value is not None:
            console().print(f"  {name}: {value}", markup=False, soft_wrap=True)


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Show rows below their headers."""
    table = Table(*headers, box=None)
    for row in rows:
        table.add_row(*map(escape, row))
    console().print(table)


def print_json(content: dict[str, Any]) -> None:
    """Print the one document that machines read."""
    sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=2) + "\n")
