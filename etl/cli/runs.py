"""Commands that take a file through the steps, or re-measure what came out."""

from __future__ import annotations

from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from etl.cli.output import (
    AsJson,
    Lang,
    console,
    errors,
    finish,
    language_of,
    listed,
    print_json,
    print_report,
    print_table,
    progress,
    tell,
)
from etl.settings import load
from etl.wording import say, tell_error


def run(
    dataset: Annotated[str, typer.Argument(help="Name of the contract, organisation-dataset.")],
    file: Annotated[Path, typer.Argument(help="The supplied file.", exists=True, dir_okay=False)],
    to: Annotated[
        Path | None, typer.Option("--to", help="A folder instead of the catalogue; no service.")
    ] = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Take a file the whole way; an approval that the contract asks for is never skipped.

    Example: `madang run parks-city_parks parks.csv --to out`
    """
    language = language_of(lang)

    def do() -> int:
        from etl.running import run_dataset

        with progress(language) as on_step:
            report = run_dataset(dataset, file, to, on_step)
        if as_json:
            print_json(report.as_json())
        else:
            print_report(report.as_json(), language)
        if report.error:
            tell(report.error, language)
        return report.exit_code

    finish(do, language, as_json)


def publish(
    dataset: Annotated[str, typer.Argument(help="Name of the contract, organisation-dataset.")],
    held: Annotated[str, typer.Option("--run", help="The run that a guard holds.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; the ledger keeps it.")],
    to: Annotated[
        Path | None, typer.Option("--to", help="The folder that the run was made in.")
    ] = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Let a held run pass the guard that holds it; every other gate stays.

    Example: `madang publish parks-city_parks --run 5f0c… --reason "중복 공원 정리"`
    """
    language = language_of(lang)
    if not reason.strip():
        raise typer.BadParameter("say why", param_hint="--reason")

    def do() -> int:
        from etl.running import open_pipeline, release_held

        with progress(language) as on_step:
            report = release_held(
                open_pipeline(to), dataset, held, by=getuser(), reason=reason, on_step=on_step
            )
        if as_json:
            print_json(report.as_json())
        else:
            print_report(report.as_json(), language)
        if report.error:
            tell(report.error, language)
        return report.exit_code

    finish(do, language, as_json)


def anonymise(
    file: Annotated[Path, typer.Argument(help="A CSV or Parquet.", exists=True, dir_okay=False)],
    to: Annotated[Path, typer.Option("--to", help="The folder that the files go to.")],
    contract: Annotated[
        Path | None, typer.Option("--contract", help="A contract.", exists=True, dir_okay=False)
    ] = None,
    k: Annotated[int | None, typer.Option("--k", min=2, help="Smallest group.")] = None,
    quasi: Annotated[str, typer.Option("--quasi", help="Columns that identify together.")] = "",
    sensitive: Annotated[str, typer.Option("--sensitive", help="Columns to protect.")] = "",
    drop: Annotated[str, typer.Option("--drop", help="Columns that do not leave.")] = "",
    as_is: Annotated[str, typer.Option("--open", help="Columns published as they are.")] = "",
    unit_key: Annotated[
        str | None, typer.Option("--unit-key", help="Column that tells people apart.")
    ] = None,
    suppression: Annotated[
        float, typer.Option("--suppression", min=0, max=100, help="Rows left out, in per cent.")
    ] = 2.0,
    seconds: Annotated[
        float | None, typer.Option("--seconds", help="Stop the search, and state the gap.")
    ] = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Anonymise one file, and certify what comes out; nothing is published.

    Example: `madang anonymise people.csv --k 5 --quasi age,region --drop name --to out`
    """
    language = language_of(lang)

    def do() -> int:
        from etl.single_file import Choice, anonymise_file

        choice = None
        if contract is None and k is not None:
            choice = Choice(
                k, quasi=listed(quasi), sensitive=listed(sensitive), drop=listed(drop),
                open=listed(as_is), unit_key=unit_key, suppression=suppression,
            )  # fmt: skip
        with progress(language) as on_step:
            outcome = anonymise_file(load(), file, to, contract, choice, seconds, on_step)
        content, error = outcome.content, outcome.report.error
        if as_json:
            is_failed = error and outcome.exit_code
            failure = {"owner": error.owner, "reason": error.message} if error and is_failed else {}
            print_json({**content, **failure})
        else:
            for name, level in content.get("levels", {}).items():
                console().print(f"  {name}: {level}", markup=False)
            print_report(outcome.report.as_json(), language)
        if error and outcome.exit_code:
            errors().print(tell_error(error, language), markup=False)
        return outcome.exit_code

    finish(do, language, as_json)


def verify(
    file: Annotated[
        Path, typer.Argument(help="data.parquet or data.csv.", exists=True, dir_okay=False)
    ],
    certificate: Annotated[
        Path, typer.Argument(help="certificate.json.", exists=True, dir_okay=False)
    ],
    key: Annotated[
        str | None, typer.Option("--key", help="The publisher's public key, in Base64.")
    ] = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Measure a published file again and hold it against its certificate.

    Without `--key` the certificate's own key is used: that shows that nothing was changed,
    not who signed.

    Example: `madang verify data.parquet certificate.json`
    """
    language = language_of(lang)

    def do() -> int:
        from etl.checking import verify_published

        checks = verify_published(file, certificate.read_bytes(), key)
        holds = all(check.holds for check in checks)
        told = [
            {"name": c.name, "required": c.required, "measured": c.measured, "holds": c.holds}
            for c in checks
        ]
        if as_json:
            print_json({"holds": holds, "checks": told})
        else:
            headers = [say(k, language) for k in ("check", "required", "measured")]
            print_table(
                [*headers, ""],
                [(c.name, c.required, c.measured, "✓" if c.holds else "✗") for c in checks],
            )
            console().print(say("holds" if holds else "does not hold", language))
        return 0 if holds else 30

    finish(do, language, as_json)
