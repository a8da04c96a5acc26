"""Commands for the operator: `ckan madang drift` and `ckan madang tidy`."""

from __future__ import annotations

import click
from ckanext.madang import drift as drifting
from ckanext.madang import tidy as tidying


@click.group(short_help="Search drift and house-keeping of releases")
def madang() -> None:
    """Look after releases and their search documents."""


@madang.command()
@click.option("--repair", is_flag=True, help="Write documents anew and remove orphans.")
@click.option(
    "--settled",
    "settled_seconds",
    type=click.IntRange(min=0),
    default=drifting.SETTLED_SECONDS,
    show_default=True,
    help="Leave out datasets changed within this many seconds.",
)
def drift(*, repair: bool, settled_seconds: int) -> None:
    """Compare the search index with the database; exit 1 where they differ and nothing is mended.

    Example: ckan -c ckan.ini madang drift --repair
    """
    found = drifting.find_drift(settled_seconds)
    for kind, package_ids in found._asdict().items():
        click.echo(f"{kind}={len(package_ids)} {' '.join(package_ids)}".rstrip())
    if repair:
        drifting.repair_drift(found)
        click.echo("repaired")
    elif any(found):
        raise SystemExit(1)


@madang.command()
def tidy() -> None:
    """Drop tables of old releases and delete unfinished files; live and previous tables stay.

    Example: ckan -c ckan.ini madang tidy
    """
    done = tidying.tidy()
    for kind, tables in (("dropped", done.dropped), ("in_use", done.in_use)):
        click.echo(f"{kind}={len(tables)} {' '.join(tables)}".rstrip())
    click.echo(f"unfinished_files_deleted={done.unfinished}")
