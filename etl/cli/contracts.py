"""Commands about contracts and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from etl.cli.output import (
    AsJson,
    Lang,
    console,
    finish,
    language_of,
    print_json,
    print_table,
    tell,
)
from etl.contract.loading import contract_files, dataset_name
from etl.errors import ContractError
from etl.settings import Settings, load
from etl.wording import say


def check(
    contracts: Annotated[
        list[str] | None, typer.Argument(help="Names or files; all of them when none is given.")
    ] = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Check that contracts are valid and that their examples hold.

    Example: `madang check parks-city_parks`
    """
    language = language_of(lang)

    def do() -> int:
        from etl.checking import check_files, reachable_ledger

        settings = load()
        files = _chosen_files(contracts or [], settings)
        results = check_files(files, settings, reachable_ledger(settings))
        print_json({"contracts": [asdict(r) for r in results]}) if as_json else None
        if not as_json:
            for result in results:
                mark = say("valid", language) if result.valid else "✗"
                console().print(f"[bold]{result.dataset}[/bold] {mark}")
                for complaint in result.complaints:
                    told = complaint.message_ko if language == "ko" else complaint.message
                    line = f"{say('line', language)} {complaint.line}"
                    console().print(f"  {line} · {complaint.field}: {told}", markup=False)
                for change in result.changes:
                    told = change.what_ko if language == "ko" else change.what
                    kind = say(change.kind, language)
                    console().print(f"  {kind} · {change.place}: {told}", markup=False)
        return 0 if all(result.valid for result in results) else ContractError.exit_code

    finish(do, language, as_json)


def contracts(as_json: AsJson = False, lang: Lang = None) -> None:
    """List the contracts, the broken ones too.

    Example: `madang contracts --json`
    """
    language = language_of(lang)

    def do() -> int:
        from etl.contract.loading import load_contracts

        readable, broken = load_contracts(load().schemas)
        listed = [
            {"dataset": c.name, "title": c.title.model_dump(exclude_none=True),
             "version": c.version, "steward": c.steward, "approval": c.approval}
            for c in readable
        ]  # fmt: skip
        if as_json:
            faults = [str(complaint) for error in broken for complaint in error.complaints]
            print_json({"contracts": listed, "broken": faults})
            return 0
        rows = [(c.name, c.title.ko, c.steward, str(c.version)) for c in readable]
        headers = [say(key, language) for key in ("dataset", "title", "steward")]
        print_table([*headers, "v"], rows)
        for error in broken:
            tell(error, language)
        return 0

    finish(do, language, as_json)


def schema(as_json: AsJson = False, lang: Lang = None) -> None:
    """Write `contract.schema.json` beside the contracts, for editors.

    Example: `madang schema`
    """
    language = language_of(lang)

    def do() -> int:
        from etl.contract.json_schema import schema_text

        path = load().schemas / "contract.schema.json"
        path.write_text(schema_text(), encoding="utf-8")
        print_json({"path": str(path)}) if as_json else console().print(
            f"{path} {say('written', language)}"
        )
        return 0

    finish(do, language, as_json)


def template(
    dataset: Annotated[str, typer.Argument(help="Name of the contract, organisation-dataset.")],
    to: Annotated[
        Path | None, typer.Option("--to", help="The file to write; DATASET.xlsx unless given.")
    ] = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Write the workbook that a department fills in; a file that is there is never replaced.

    Example: `madang template parks-city_parks --to parks.xlsx`
    """
    language = language_of(lang)
    file = to or Path(f"{dataset}.xlsx")
    if file.exists():
        raise typer.BadParameter("the file exists and may be filled in; name another one")

    def do() -> int:
        from etl.contract.codelists import read_code_sets
        from etl.contract.loading import find_contract
        from etl.validate.template import render_template

        schemas = load().schemas
        contract = find_contract(schemas, dataset)
        file.write_bytes(render_template(contract, read_code_sets(schemas, contract.codelists)))
        columns = [field.title.ko for field in contract.fields]
        if as_json:
            print_json({"dataset": dataset, "path": str(file), "columns": columns})
        else:
            console().print(f"{file} {say('written', language)}", markup=False)
        return 0

    finish(do, language, as_json)


def hierarchy_show(
    name: Annotated[str, typer.Argument(help="A code list, or dataset.field of a contract.")],
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Draw a hierarchy: what becomes of a value, level by level.

    Example: `madang hierarchy show regions` · `madang hierarchy show employment-jobs.age`
    """
    language = language_of(lang)

    def do() -> int:
        from etl.drawing import describe_hierarchy

        described = describe_hierarchy(name, load().schemas)
        if as_json:
            print_json(described)
            return 0
        for level in described["levels"]:
            count = "" if level["values"] is None else f" ({level['values']})"
            mark = "●" if level["allowed"] else "○"
            console().print(
                f"{'  ' * level['level']}{mark} {level['level']}: {level['what']}{count}"
            )
        for path in described["tree"]:
            console().print(path, markup=False)
        return 0

    finish(do, language, as_json)


def _chosen_files(asked: Sequence[str], settings: Settings) -> list[Path]:
    if not asked:
        return contract_files(settings.schemas)
    known = {dataset_name(file): file for file in contract_files(settings.schemas)}
    chosen = []
    for name in asked:
        file = known.get(name, Path(name))
        if not file.is_file():
            raise ContractError(
                f"{name}: there is no such contract. Nothing was checked. Name one of:"
                f" {', '.join(known) or 'none'}."
            )
        chosen.append(file)
    return chosen
