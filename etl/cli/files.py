"""Commands that look at one file, and leave everything as it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from etl.cli.output import AsJson, Lang, console, errors, finish, language_of, print_json, progress
from etl.wording import Language, say

if TYPE_CHECKING:
    from etl.extract.inspecting import Inspection

UNREAD_EXIT_CODE = 20


def inspect(
    file: Annotated[Path, typer.Argument(help="Any file.", exists=True, dir_okay=False)],
    landed: Annotated[
        Path | None, typer.Option("--landed", help="Parquet to write the table of text to.")
    ] = None,
    propose: Annotated[
        Path | None, typer.Option("--propose", help="YAML to write a proposed contract to.")
    ] = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Say how a file would be read: kind, encoding, header, columns, and how that is known.

    Example: `madang inspect parks.csv --landed parks.parquet --propose parks.yaml`
    """
    language = language_of(lang)

    def do() -> int:
        with progress(language) as on_step:
            on_step("extract")
            found = _inspect(file, landed, propose)
        if as_json:
            print_json(found.document())
        else:
            _print_inspection(found, language)
        if propose is not None and found.status == "read" and not as_json:
            console().print(f"{propose} {say('written', language)}", markup=False, soft_wrap=True)
        return 0 if found.status == "read" else UNREAD_EXIT_CODE

    finish(do, language, as_json)


def _inspect(file: Path, landed: Path | None, proposal: Path | None) -> Inspection:
    if proposal is None:
        from etl.extract.inspecting import inspect_file

        return inspect_file(file, landed)
    from etl.ledger.book import utc_now
    from etl.proposing.proposing import propose_for_file

    return propose_for_file(file, proposal, landed, utc_now().date())


def _print_inspection(found: Inspection, language: Language) -> None:
    console().print(f"{found.file}: {say(found.status, language)}", markup=False, soft_wrap=True)
    if found.reason:
        errors().print(found.reason, markup=False, soft_wrap=True)
    if found.question:
        console().print(say("contract lines", language))
        console().print(found.question.contract_lines, markup=False)
    if found.reading is None:
        return
    for decision in found.reading.decisions:
        line = (
            f"  {decision.what}: {decision.value} ({decision.evidence}; {decision.confidence:.2f})"
        )
        console().print(line, markup=False, soft_wrap=True)
    columns = [column for column in found.reading.columns if column.kept]
    named = ", ".join(f"{c.name} [{c.unit}]" if c.unit else c.name for c in columns)
    console().print(f"  {say('columns', language)}: {named}", markup=False, soft_wrap=True)
    for role, count in found.document()["records"].items():
        console().print(f"  {say(role, language)}: {count}", markup=False)
