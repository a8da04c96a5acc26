"""Organisations that datasets belong to, made on demand for the publisher."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckanext.madang.auth import act_for_site
from ckanext.madang.refusals import Refused


def ensure_organization(context: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """Return the organisation, made if missing, with the caller as its editor.

    The title of an organisation that is there stays as it is.

    Raises:
        Refused: `name`: the name belongs to a group or to a deleted organisation.
    """
    if model.Group.get(asked["name"]) is None:
        _create(asked)
    group = model.Group.get(asked["name"])
    if not group.is_organization or group.state != model.State.ACTIVE:
        raise Refused(
            "name", f"{asked['name']} is not an active organisation. Nothing was changed."
        )
    _make_editor(group, context["user"])
    return tk.get_action("organization_show")(
        act_for_site(), {"id": group.id, "include_users": False}
    )


def _create(asked: dict[str, Any]) -> None:
    """Create it; where another request was faster, that is as good."""
    extras = [
        {"key": f"title_{language}", "value": text}
        for language, text in sorted((asked.get("title_translated") or {}).items())
    ]
    new = {"name": asked["name"], "title": asked["title"], "extras": extras}
    try:
        tk.get_action("organization_create")(act_for_site(), new)
    except tk.ValidationError:
        model.Session.rollback()
        if model.Group.get(asked["name"]) is None:
            raise


def _make_editor(group: Any, user_name: str) -> None:
    user = model.User.get(user_name)
    members = model.Session.query(model.Member).filter_by(
        group_id=group.id, table_id=user.id, table_name="user", state=model.State.ACTIVE
    )
    if members.filter(model.Member.capacity.in_(["editor", "admin"])).first() is None:
        tk.get_action("organization_member_create")(
            act_for_site(), {"id": group.id, "username": user_name, "role": "editor"}
        )
