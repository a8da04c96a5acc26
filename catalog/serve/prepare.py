"""Bring the local stack's catalogue to the installed version, with its two accounts.

Run in CKAN's interpreter with CKAN_INI set. Reads one JSON document on standard input
(``database``, ``datastore``, ``owner``, ``reader``, ``accounts``) and writes one on standard
output (``permissions``: SQL for the database's administrator, ``tokens`` by account). May be
repeated: migrations continue where they stand, accounts keep their id, tokens end with their
successor.
"""

import json
import os
import sys
from contextlib import redirect_stdout
from typing import Any

from ckan import model
from ckan.cli import CKANConfigLoader
from ckan.cli.db import upgrade
from ckan.config.middleware import make_app
from ckan.plugins import toolkit
from ckanext.datastore.cli import permissions_sql

PURPOSE = "local stack"


def ensure_account(name: str, password: str, *, administrator: bool) -> None:
    """Make an account, or set the password of the one that is there."""
    user = model.User.get(name)
    if user is None:
        user = model.User(name=name, email=f"{name}@madang.invalid", fullname=name)
        model.Session.add(user)
    user.password = password
    user.sysadmin = administrator
    model.Session.commit()


def new_token(name: str) -> str:
    """Return a new token of an account; earlier ones for this purpose end."""

    def act(action: str, **parameters: str) -> Any:
        return toolkit.get_action(action)({"ignore_auth": True, "user": name}, parameters)

    for token in act("api_token_list", user_id=name):
        if token["name"] == PURPOSE:
            act("api_token_revoke", jti=token["id"])
    return str(act("api_token_create", user=name, name=PURPOSE)["token"])


def prepare(asked: dict[str, Any]) -> dict[str, Any]:
    """Migrate, make the accounts asked for and return what only CKAN can tell."""
    application = make_app(CKANConfigLoader(os.environ["CKAN_INI"]).get_config())
    upgrade.main(args=[], standalone_mode=False)
    tokens = {}
    with application._wsgi_app.test_request_context():  # noqa: SLF001 - CKAN has no other door
        for account in asked["accounts"]:
            name, password = account["name"], account["password"]
            ensure_account(name, password, administrator=account["administrator"])
            if account["wants_token"]:
                tokens[name] = new_token(name)
    permissions = permissions_sql(
        maindb=asked["database"],
        datastoredb=asked["datastore"],
        mainuser=asked["owner"],
        writeuser=asked["owner"],
        readuser=asked["reader"],
    )
    return {"permissions": permissions, "tokens": tokens}


if __name__ == "__main__":
    with redirect_stdout(sys.stderr):  # CKAN talks while it migrates
        answer = prepare(json.load(sys.stdin))
    json.dump(answer, sys.stdout)
