"""The `madang` command: for engineers, and for anybody who checks a certificate."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from etl.contract.loading import contract_files, dataset_name
from etl.defects import telling_no_values
from etl.errors import ContractError, EtlError
from etl.settings import Settings, load
from etl.wording import Language, choose_language, say, tell_error

app = typer.Typer(
    name="madang",
    help="From a department's file to a citizen's download. 부서의 파일에서 시민의 자료까지.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
catalogue = typer.Typer(help="Prepare the catalogue. 카탈로그 준비.", no_args_is_help=True)
hierarchy = typer.Typer(help="Levels of fields. 항목의 단계.", no_args_is_help=True)
app.add_typer(catalogue, name="catalogue")
app.add_typer(hierarchy, name="hierarchy")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, for machines.")]
Lang = Annotated[str | None, typer.Option("--lang", help="ko or en; the locale's otherwise.")]


@app.command()
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
    language = _language(lang)

    def do() -> int:
        from etl.checking import check_files

        settings = load()
        results = check_files(_chosen_files(contracts or [], settings), settings)
        _print_json({"contracts": [asdict(r) for r in results]}) if as_json else None
        if not as_json:
            for result in results:
                mark = say("valid", language) if result.valid else "✗"
                console().print(f"[bold]{result.dataset}[/bold] {mark}")
                for complaint in result.complaints:
                    told = complaint.message_ko if language == "ko" else complaint.message
                    line = f"{say('line', language)} {complaint.line}"
                    console().print(f"  {line} · {complaint.field}: {told}", markup=False)
        return 0 if all(result.valid for result in results) else ContractError.exit_code

    _finish(do, language, as_json)


@app.command()
def contracts(as_json: AsJson = False, lang: Lang = None) -> None:
    """List the contracts, the broken ones too.

    Example: `madang contracts --json`
    """
    language = _language(lang)

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
            _print_json({"contracts": listed, "broken": faults})
            return 0
        rows = [(c.name, c.title.ko, c.steward, str(c.version)) for c in readable]
        headers = [say(key, language) for key in ("dataset", "title", "steward")]
        _print_table([*headers, "v"], rows)
        for error in broken:
            _tell(error, language)
        return 0

    _finish(do, language, as_json)


@app.command()
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
    language = _language(lang)

    def do() -> int:
        from etl.running import run_dataset

        with _progress(language) as on_step:
            report = run_dataset(dataset, file, to, on_step)
        if as_json:
            _print_json(report.as_json())
        else:
            _print_report(report.as_json(), language)
        if report.error:
            _tell(report.error, language)
        return report.exit_code

    _finish(do, language, as_json)


@app.command()
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
    language = _language(lang)

    def do() -> int:
        from etl.single_file import Choice, anonymise_file

        choice = None
        if contract is None and k is not None:
            choice = Choice(
                k, quasi=_listed(quasi), sensitive=_listed(sensitive), drop=_listed(drop),
                open=_listed(as_is), unit_key=unit_key, suppression=suppression,
            )  # fmt: skip
        with _progress(language) as on_step:
            outcome = anonymise_file(load(), file, to, contract, choice, seconds, on_step)
        content, error = outcome.content, outcome.report.error
        if as_json:
            is_failed = error and outcome.exit_code
            failure = {"owner": error.owner, "reason": error.message} if error and is_failed else {}
            _print_json({**content, **failure})
        else:
            for name, level in content.get("levels", {}).items():
                console().print(f"  {name}: {level}", markup=False)
            _print_report(outcome.report.as_json(), language)
        if error and outcome.exit_code:
            errors().print(tell_error(error, language), markup=False)
        return outcome.exit_code

    _finish(do, language, as_json)


app.command("anonymize", hidden=True)(anonymise)


@app.command()
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
    language = _language(lang)

    def do() -> int:
        from etl.checking import verify_published

        checks = verify_published(file, certificate.read_bytes(), key)
        holds = all(check.holds for check in checks)
        told = [
            {"name": c.name, "required": c.required, "measured": c.measured, "holds": c.holds}
            for c in checks
        ]
        if as_json:
            _print_json({"holds": holds, "checks": told})
        else:
            headers = [say(k, language) for k in ("check", "required", "measured")]
            _print_table(
                [*headers, ""],
                [(c.name, c.required, c.measured, "✓" if c.holds else "✗") for c in checks],
            )
            console().print(say("holds" if holds else "does not hold", language))
        return 0 if holds else 30

    _finish(do, language, as_json)


@hierarchy.command("show")
def hierarchy_show(
    name: Annotated[str, typer.Argument(help="A code list, or dataset.field of a contract.")],
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Draw a hierarchy: what becomes of a value, level by level.

    Example: `madang hierarchy show regions` · `madang hierarchy show employment-jobs.age`
    """
    language = _language(lang)

    def do() -> int:
        from etl.checking import describe_hierarchy

        described = describe_hierarchy(name, load().schemas)
        if as_json:
            _print_json(described)
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

    _finish(do, language, as_json)


@app.command()
def migrate(as_json: AsJson = False, lang: Lang = None) -> None:
    """Bring the ledger's database up to date.

    Example: `madang migrate`
    """
    language = _language(lang)

    def do() -> int:
        from etl.ledger.database import migrate as bring_up_to_date

        bring_up_to_date(load().ledger)
        _print_json({"status": "current"}) if as_json else console().print(
            say("ledger ready", language)
        )
        return 0

    _finish(do, language, as_json)


@app.command()
def purge(
    due: Annotated[bool, typer.Option("--due", help="What is due, and nothing else.")],
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Destroy restricted copies whose retention has ended.

    Example: `madang purge --due`
    """
    language = _language(lang)

    def do() -> int:
        from etl.keeping import destroy_due
        from etl.ledger.book import utc_now
        from etl.pipeline.steps import standing

        if not due:
            return 0
        destroyed = destroy_due(standing(), utc_now())
        if as_json:
            _print_json({"destroyed": [asdict(gone) for gone in destroyed]})
        else:
            console().print(f"{say('destroyed', language)}: {len(destroyed)}")
        return 0

    _finish(do, language, as_json)


@catalogue.command("init")
def catalogue_init(as_json: AsJson = False, lang: Lang = None) -> None:
    """Make the organisations of all contracts, with the publisher as their editor.

    Example: `madang catalogue init`
    """
    language = _language(lang)

    def do() -> int:
        from etl.checking import prepare_catalogue

        made = prepare_catalogue(load())
        if as_json:
            _print_json({"organisations": made})
        else:
            console().print(f"{say('organisations ready', language)}: {', '.join(made)}")
        return 0

    _finish(do, language, as_json)


@app.command()
def schema(as_json: AsJson = False, lang: Lang = None) -> None:
    """Write `contract.schema.json` beside the contracts, for editors.

    Example: `madang schema`
    """
    language = _language(lang)

    def do() -> int:
        from etl.contract.json_schema import schema_text

        path = load().schemas / "contract.schema.json"
        path.write_text(schema_text(), encoding="utf-8")
        _print_json({"path": str(path)}) if as_json else console().print(
            f"{path} {say('written', language)}"
        )
        return 0

    _finish(do, language, as_json)


def main() -> None:
    """Run the command; `anonymize` and other American spellings are accepted."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    for handler in logging.getLogger().handlers:
        handler.setLevel(logging.WARNING)  # one logger of Great Expectations sets its own to INFO
    app()


def console() -> Console:
    """Return the terminal that answers go to."""
    return Console(file=sys.stdout)


def errors() -> Console:
    """Return the terminal that messages for people go to."""
    return Console(file=sys.stderr)


def _listed(named: str) -> list[str]:
    return [name for name in named.split(",") if name]


def _language(asked: str | None) -> Language:
    locale = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return choose_language(asked, locale)


def _finish(do: Callable[[], int], language: Language, as_json: bool) -> NoReturn:
    """End with the code of who has to act; a defect shows its class and place, no data."""
    try:
        with telling_no_values("madang"):
            code = do()
    except EtlError as error:
        if as_json:
            _print_json({"status": "failed", "owner": error.owner, "reason": error.message})
        _tell(error, language)
        code = error.exit_code
    sys.exit(code)


def _tell(error: EtlError, language: Language) -> None:
    errors().print(tell_error(error, language), markup=False, soft_wrap=True)


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


@contextmanager
def _progress(language: Language) -> Iterator[Callable[[str], None]]:
    """Show the step at work on a terminal; silent elsewhere."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    is_silent = not sys.stderr.isatty()
    with Progress(*columns, console=errors(), transient=True, disable=is_silent) as bar:
        task = bar.add_task("…", total=None)
        yield lambda step: bar.update(task, description=say(step, language))


def _print_report(report: dict[str, Any], language: Language) -> None:
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


def _print_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(*headers, box=None)
    for row in rows:
        table.add_row(*map(escape, row))
    console().print(table)


def _print_json(content: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
