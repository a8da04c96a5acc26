"""House-keeping: drop tables that no reader needs, delete files that nobody finished.

CKAN drops none of the release tables by itself, not even with their resource. Files of releases
are kept: old releases keep their addresses.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any, NamedTuple

from ckan import model
from ckanext.madang import register, release_files, release_tables
from ckanext.madang.names import parse_table_name

_STAGED_KEPT = timedelta(days=7)
_UNFINISHED_KEPT = timedelta(days=1)


class Tidied(NamedTuple):
    """What was removed, and which tables could not be because somebody reads them."""

    dropped: list[str]
    in_use: list[str]
    unfinished: int


def tidy() -> Tidied:
    """Keep each resource's live and previous table, and those of releases on their way."""
    surplus = [table for table in release_tables.list_tables() if not _is_kept(table)]
    in_use = [table for table in surplus if not release_tables.drop_table(table)]
    dropped = [table for table in surplus if table not in in_use]
    return Tidied(dropped, in_use, _delete_unfinished())


def _is_kept(table: str) -> bool:
    name = parse_table_name(table)
    if name is None or name.release is None:
        return True
    resource = model.Resource.get(name.resource_id)
    return resource is not None and name.release in _kept_releases(resource)


def _kept_releases(resource: Any) -> set[str]:
    """Name the live release, the one before it, and those staged not long ago."""
    live = (resource.extras or {}).get("release")
    previous = register.latest_published(resource.package_id, other_than=live)
    staged = register.staged_since(resource.package_id, _STAGED_KEPT)
    return {live, *(row.release for row in [previous, *staged] if row is not None)}


def _delete_unfinished() -> int:
    """Delete what killed uploads left behind; a living one is never a day old."""
    limit = time.time() - _UNFINISHED_KEPT.total_seconds()
    pattern = f"*/*/*{release_files.UNFINISHED_MARK}*"
    old = [
        path
        for path in release_files.release_folder().glob(pattern)
        if path.stat().st_mtime < limit
    ]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
