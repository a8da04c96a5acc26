"""Commands about code lists."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from etl.cli.output import AsJson, Lang, console, finish, language_of, listed, print_json
from etl.settings import load
from etl.wording import say


def import_file(
    file: Annotated[Path, typer.Argument(help="What an authority issued.", exists=True)],
    name: Annotated[str, typer.Option("--name", help="Of the code list.")],
    title: Annotated[str, typer.Option("--title", help="What the codes are, in Korean.")],
    source: Annotated[str, typer.Option("--source", help="Who issues them.")],
    licence: Annotated[str, typer.Option("--licence", help="What allows their use.")],
    issued: Annotated[
        datetime, typer.Option("--issued", formats=["%Y-%m-%d"], help="Day of the edition.")
    ],
    code: Annotated[str, typer.Option("--code", help="Column of the codes.")] = "",
    label: Annotated[str, typer.Option("--label", help="Columns of the name, a,b,c.")] = "",
    valid_from: Annotated[str, typer.Option("--from", help="Column of the first day.")] = "",
    valid_to: Annotated[str, typer.Option("--to", help="Column of the last day.")] = "",
    abolished: Annotated[str, typer.Option("--abolished", help="Column of the end.")] = "",
    parent: Annotated[str, typer.Option("--parent", help="Column of the parent.")] = "",
    synonyms: Annotated[str, typer.Option("--synonyms", help="Column of other spellings.")] = "",
    levels: Annotated[str, typer.Option("--levels", help="Digits of each level, 2,5,10.")] = "",
    without: Annotated[
        list[str] | None, typer.Option("--without", help="Name of a record to leave out.")
    ] = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Make a code list of a file, with where it comes from.

    Example: `madang codelists import codes.csv --name regions --title 행정동 --source 행정안전부
    --licence kogl-1 --issued 2026-01-01 --code 행정동코드 --label 시도명,시군구명,읍면동명
    --from 생성일자 --abolished 말소일자 --levels 2,5,10`
    """
    language = language_of(lang)
    if not all(map(str.isdecimal, listed(levels))):
        raise typer.BadParameter("digits, as 2,5,10", param_hint="--levels")

    def do() -> int:
        from etl.contract.origins import Origin
        from etl.contract.vocabulary import Label
        from etl.importing import Columns, import_codes

        columns = Columns(
            code=code, label=tuple(listed(label)), valid_from=valid_from, valid_to=valid_to,
            abolished=abolished, parent=parent, synonyms=synonyms,
            levels=tuple(map(int, listed(levels))),
        )  # fmt: skip
        origin = Origin(title=Label(ko=title), source=source, licence=licence, issued=issued.date())
        made = import_codes(file, load().schemas, name, origin, columns, without or ())
        counts = {
            "codes": len(made.codes.codes),
            "skipped": made.skipped,
            "repeated": made.repeated,
        }
        if as_json:
            print_json({"name": name, **counts, "sha256": made.codes.sha256})
        else:
            console().print(f"{name} {say('written', language)}: {counts['codes']:,}")
            if made.skipped or made.repeated:
                left = f"{made.skipped:,} + {made.repeated:,}"
                console().print(f"  {say('codes left out', language)}: {left}", markup=False)
        return 0

    finish(do, language, as_json)
