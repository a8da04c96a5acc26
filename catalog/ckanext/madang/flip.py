"""What must hold when a record comes to name a release: checked in the record's transaction.

The record, the register and thereby files and table change in one commit. A refusal here takes
the whole change of the record back.
"""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import authz
from ckanext.madang import register
from ckanext.madang.names import FILES, table_name
from ckanext.madang.refusals import Refused
from ckanext.madang.release_tables import is_loaded

_UNTOUCHED = "Nothing was changed; the live release stays."


def is_managed(resource: Any) -> bool:
    """Tell whether a resource (of the model) has its content from releases."""
    return "release" in (resource.extras or {})


def is_publisher(user_name: str | None) -> bool:
    """Tell whether this is the account that may publish."""
    return bool(user_name) and user_name == tk.config["madang.publisher"]


def follow_record(context: Any, package: Any) -> None:
    """Make the release that the record names the live one.

    Called inside the transaction that changes the record. No commit.

    Raises:
        Refused: `release`, `files` or `table`: the record names a release that is not
            completely there, or names it wrongly.
        NotAuthorized: The live release would change and the caller is not the publisher.
    """
    resources = [resource for resource in package.resources if is_managed(resource)]
    if not resources:
        _check_may_change(context, package, None)
        return
    release = _one_release(resources)
    _check_may_change(context, package, release)
    if release:
        _publish(package, release, resources)


def _one_release(resources: list[Any]) -> str:
    named = {resource.extras["release"] or "" for resource in resources}
    if len(named) > 1:
        raise Refused("release", f"The resources would name different releases. {_UNTOUCHED}")
    return named.pop()


def _check_may_change(context: Any, package: Any, release: str | None) -> None:
    """Let only the publisher, or a sysadmin, change which release is live."""
    live = register.latest_published(package.id)
    if (live.release if live else "") == (release or ""):
        return
    user = context.get("user")
    if not (context.get("ignore_auth") or is_publisher(user) or authz.is_sysadmin(user)):
        raise tk.NotAuthorized(f"Only the publisher may change the release. {_UNTOUCHED}")


def _publish(package: Any, release: str, resources: list[Any]) -> None:
    row = register.find_release(package.id, release)
    if row is None or row.state == register.RETRACTED:
        state = row.state if row else "unknown"
        raise Refused("release", f"Release {release} is {state}. {_UNTOUCHED}")
    for resource in resources:
        _check_file(package.id, release, resource)
        _check_table(release, resource)
    if row != register.latest_published(package.id):
        register.mark_published(row)


def _check_file(package_id: str, release: str, resource: Any) -> None:
    """Check that the resource points to a file of the release and states its SHA-256."""
    file_name = resource.url.rpartition("/")[2]
    file = register.find_file(package_id, release, file_name) if file_name in FILES else None
    is_addressed = resource.url.endswith(f"/release/{release}/{file_name}")
    if file is None or not is_addressed or file.sha256 != resource.hash:
        raise Refused(
            "files",
            f"{file_name}: not the address and SHA-256 of a file of {release}. {_UNTOUCHED}",
        )


def _check_table(release: str, resource: Any) -> None:
    if resource.extras.get("table") == "release" and not is_loaded(
        table_name(resource.id, release)
    ):
        raise Refused("table", f"The table of {release} is not loaded. {_UNTOUCHED}")
