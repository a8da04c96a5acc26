"""Commands that prepare an installation and keep it in order."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from etl.cli.output import (
    AsJson,
    Lang,
    console,
    finish,
    language_of,
    print_json,
)
from etl.settings import load
from etl.wording import say


def migrate(as_json: AsJson = False, lang: Lang = None) -> None:
    """Bring the ledger's database up to date.

    Example: `madang migrate`
    """
    language = language_of(lang)

    def do() -> int:
        from etl.ledger.database import migrate as bring_up_to_date

        bring_up_to_date(load().ledger)
        print_json({"status": "current"}) if as_json else console().print(
            say("ledger ready", language)
        )
        return 0

    finish(do, language, as_json)


def purge(
    due: Annotated[bool, typer.Option("--due", help="What is due, and nothing else.")],
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Destroy restricted copies whose retention has ended.

    Example: `madang purge --due`
    """
    language = language_of(lang)

    def do() -> int:
        from etl.keeping import destroy_due
        from etl.ledger.book import utc_now
        from etl.pipeline.steps import standing

        if not due:
            return 0
        destroyed = destroy_due(standing(), utc_now())
        if as_json:
            print_json({"destroyed": [asdict(gone) for gone in destroyed]})
        else:
            console().print(f"{say('destroyed', language)}: {len(destroyed)}")
        return 0

    finish(do, language, as_json)


def catalogue_init(as_json: AsJson = False, lang: Lang = None) -> None:
    """Make the organisations of all contracts, with the publisher as their editor.

    Example: `madang catalogue init`
    """
    language = language_of(lang)

    def do() -> int:
        from etl.checking import prepare_catalogue

        made = prepare_catalogue(load())
        if as_json:
            print_json({"organisations": made})
        else:
            console().print(f"{say('organisations ready', language)}: {', '.join(made)}")
        return 0

    finish(do, language, as_json)
