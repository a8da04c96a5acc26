"""The DataStore's reading side, answered by release.

A request names a resource, and may pin a release with `release`; the answer comes from the
table of that release, or of the one that the record names, and says which it was. Every other
id goes to CKAN's DataStore as it is.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import ckan.plugins.toolkit as tk
from ckan import model
from ckanext.datastore.backend import DatastoreBackend
from ckanext.madang import register
from ckanext.madang.names import is_release, parse_table_name, table_name
from ckanext.madang.refusals import Refused
from ckanext.madang.text import compose_text


class ReleaseTable(NamedTuple):
    """Where a resource's rows are."""

    resource_id: str
    package_id: str
    release: str
    table: str


def find_release_table(
    context: Any, identifier: str, pinned: str | None = None
) -> ReleaseTable | None:
    """Resolve a resource id to the table that answers for it.

    Rights are those on the resource. A release that is not public is not found, whoever asks,
    and neither is one that never was: the answer does not tell which tables exist.

    Args:
        identifier: A resource id, or the name of a release's table.
        pinned: The release that the caller wants to stay on.

    Returns:
        The table, or None where the identifier is not of a resource with releases.

    Raises:
        NotAuthorized: The caller may not read the resource.
        ObjectNotFound: The release is not public.
    """
    name = parse_table_name(identifier)
    resource = model.Resource.get(name.resource_id) if name else None
    if name is None or resource is None or (resource.extras or {}).get("table") != "release":
        return None
    tk.check_access("resource_show", tk.fresh_context(context), {"id": resource.id})
    release = pinned or name.release or resource.extras.get("release")
    if not release:
        return None
    _check_public(resource.package_id, release)
    return ReleaseTable(resource.id, resource.package_id, release, table_name(resource.id, release))


def _check_public(package_id: str, release: str) -> None:
    row = register.find_release(package_id, release) if is_release(release) else None
    if row is None or row.state != register.PUBLISHED:
        raise tk.ObjectNotFound(f"Release {release} was not found.")


@tk.chained_action
@tk.side_effect_free
def datastore_search(next_action: Any, context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Search the rows of a resource, of its live release or of the one in `release`."""
    asked = compose_text(data_dict)
    pinned = asked.pop("release", None)
    found = find_release_table(context, str(asked.get("resource_id") or asked.get("id")), pinned)
    if found is None:
        return next_action(context, asked)
    asked.pop("id", None)
    answer = next_action(context, dict(asked, resource_id=found.table))
    return dict(answer, resource_id=found.resource_id, release=found.release)


@tk.chained_action
@tk.side_effect_free
def datastore_info(next_action: Any, context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Describe the table of a resource, of its live release or of the one in `release`."""
    identifier = str(data_dict.get("resource_id") or data_dict.get("id"))
    found = find_release_table(context, identifier, data_dict.get("release"))
    if found is None:
        return next_action(context, data_dict)
    tk.check_access("datastore_info", context, {"resource_id": found.resource_id})
    return dict(_describe(found, data_dict), release=found.release)


def _describe(found: ReleaseTable, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Do as the DataStore does, which would ask for rights on the table's name."""
    backend = DatastoreBackend.get_active_backend()
    if not backend.resource_exists(found.table):
        raise tk.ObjectNotFound(f"Release {found.release} has no table any more; see its files.")
    parts = [
        tk.asbool(data_dict.get(part, True)) for part in ("include_meta", "include_fields_schema")
    ]
    info = backend.resource_fields(found.table, *parts)
    if "meta" in info:
        info["meta"]["id"] = found.resource_id
    return info


@tk.chained_auth_function
@tk.auth_allow_anonymous_access
def ask_about_resource(next_auth: Any, context: Any, data_dict: dict[str, Any] | None) -> Any:
    """Answer for a release's table by the rights on its resource."""
    asked = dict(data_dict or {})
    name = parse_table_name(str(asked.get("resource_id") or asked.get("id")))
    if name:
        asked["id"] = asked["resource_id"] = name.resource_id
    return next_auth(context, asked)


@tk.chained_action
def refuse_on_managed(next_action: Any, context: Any, data_dict: dict[str, Any]) -> Any:
    """Keep the DataStore's own writing actions away from resources with releases."""
    name = parse_table_name(str(data_dict.get("resource_id") or data_dict.get("id")))
    resource = model.Resource.get(name.resource_id) if name else None
    if resource is not None and "release" in (resource.extras or {}):
        raise Refused(
            "resource_id",
            "The table of this resource changes by a new release only. Nothing was changed.",
        )
    return next_action(context, data_dict)
