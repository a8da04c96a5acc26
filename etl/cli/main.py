"""The `madang` command: for engineers, and for anybody who checks a certificate."""

from __future__ import annotations

import logging

import typer

from etl.cli import codelists, contracts, files, intake, runs, upkeep

app = typer.Typer(
    name="madang",
    help="From a department's file to a citizen's download. 부서의 파일에서 시민의 자료까지.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
catalogue = typer.Typer(help="Prepare the catalogue. 카탈로그 준비.", no_args_is_help=True)
intake_folders = typer.Typer(help="Folders of departments. 부서의 제출 폴더.", no_args_is_help=True)
hierarchy = typer.Typer(help="Levels of fields. 항목의 단계.", no_args_is_help=True)
lists = typer.Typer(help="Code lists. 코드 목록.", no_args_is_help=True)
app.add_typer(catalogue, name="catalogue")
app.add_typer(intake_folders, name="intake")
app.add_typer(hierarchy, name="hierarchy")
app.add_typer(lists, name="codelists")
app.command()(contracts.check)
app.command()(contracts.contracts)
app.command()(files.inspect)
app.command()(runs.run)
app.command()(runs.publish)
app.command()(runs.anonymise)
app.command("anonymize", hidden=True)(runs.anonymise)
app.command()(runs.verify)
app.command()(upkeep.migrate)
app.command()(upkeep.purge)
app.command()(contracts.schema)
app.command()(contracts.template)
hierarchy.command("show")(contracts.hierarchy_show)
lists.command("import")(codelists.import_file)
catalogue.command("init")(upkeep.catalogue_init)
intake_folders.command("add")(intake.add)


def main() -> None:
    """Run the command; `anonymize` and other American spellings are accepted."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    for handler in logging.getLogger().handlers:
        handler.setLevel(logging.WARNING)  # one logger of Great Expectations sets its own to INFO
    app()
