"""Commands about the folders that departments drop files into."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from etl.cli.output import AsJson, Lang, console, finish, language_of, print_json
from etl.contract.loading import load_contracts
from etl.errors import ContractError, StoreError
from etl.settings import Settings, load
from etl.wording import say


def add(
    organisation: Annotated[str, typer.Argument(help="The organisation, as in schemas/.")],
    make_group: Annotated[
        bool, typer.Option("--make-group", help="Make the missing group, too; for root.")
    ] = False,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Make the folders of a department, which no other department can enter.

    Example: `madang intake add parks --make-group`
    """
    language = language_of(lang)

    def do() -> int:
        from etl.intake import rights

        settings = load()
        datasets = _datasets(settings, organisation)
        commands = rights.missing_commands(settings.intake, organisation)
        if make_group and os.geteuid() == 0:
            rights.run_commands(commands)
            commands = ()
        told = {"organisation": organisation, "group": rights.group_of(organisation)}
        if commands:
            if as_json:
                print_json({**told, "status": "failed", "commands": list(commands)})
            else:
                console().print(say("run as root first", language))
                for command in commands:
                    console().print(f"  {command}", markup=False, soft_wrap=True)
            return StoreError.exit_code
        share = rights.share_folders(settings.intake, organisation, datasets)
        if as_json:
            shown = {"folder": str(share.folder), "datasets": list(share.datasets)}
            print_json({**told, "status": "ready", **shown, "commands": []})
        else:
            console().print(f"{say('folders ready', language)}: {share.folder} ({share.group})")
        return 0

    finish(do, language, as_json)


def _datasets(settings: Settings, organisation: str) -> list[str]:
    readable, _ = load_contracts(settings.schemas)
    found = [one.name for one in readable if one.organisation == organisation and one.source.folder]
    if not found:
        known = sorted({one.organisation for one in readable})
        raise ContractError(
            f"{organisation}: no contract takes files from this organisation. No folder was made."
            f" Write one, or name one of: {', '.join(known) or 'none'}."
        )
    return found
