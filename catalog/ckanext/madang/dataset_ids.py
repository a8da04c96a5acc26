"""Ids of the publisher's datasets, derived from their names.

A create that is taken back can leave its search document behind. Repeated under the same id it
overwrites that document instead of standing beside it.
"""

from __future__ import annotations

import uuid
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib.plugins import lookup_package_plugin
from ckanext.madang.flip import is_publisher
from ckanext.madang.text import compose_text

_NAMESPACE = uuid.UUID("3d1f2c9a-5b64-5c0e-9a7d-6f4e8b21c073")


@tk.chained_action
def package_create(next_action: Any, context: Any, data_dict: dict[str, Any]) -> Any:
    """Create a dataset, the publisher's under the id that belongs to its name."""
    new = compose_text(data_dict)
    if not is_publisher(context.get("user")) or "id" in new or not new.get("name"):
        return next_action(context, new)
    new["id"] = str(uuid.uuid5(_NAMESPACE, str(new["name"])))
    return next_action({**context, "schema": _schema_with_id(new.get("type"))}, new)


def _schema_with_id(package_type: str | None) -> dict[str, Any]:
    """Let the id pass, which CKAN accepts from sysadmins only."""
    names = ("unicode_safe", "uuid_validator", "package_id_does_not_exist")
    schema = lookup_package_plugin(package_type).create_package_schema()
    return dict(schema, id=[tk.get_validator(name) for name in names])
