"""Give the local stack's catalogue its two accounts and their tokens.

Run in CKAN's interpreter with CKAN_INI set; reads one JSON document on standard input and
writes one on standard output: the tokens that were made. May be repeated.
"""

import json
import os
import sys
from typing import Any

from ckan import model
from ckan.cli import CKANConfigLoader
from ckan.config.middleware import make_app
from ckan.plugins import toolkit


def ensure_account(name: str, password: str, *, administrator: bool) -> None:
    """Make an account, or set the password of the one that is there."""
    user = model.User.get(name)
    if user is None:
        user = model.User(name=name, email=f"{name}@madang.invalid", fullname=name)
        model.Session.add(user)
    user.password = password
    user.sysadmin = administrator
    model.Session.commit()


def new_token(name: str, purpose: str) -> str:
    """Return a new token of an account; earlier ones for the same purpose end."""
    as_admin: Any = {"ignore_auth": True, "user": name}
    for token in toolkit.get_action("api_token_list")(dict(as_admin), {"user_id": name}):
        if token["name"] == purpose:
            toolkit.get_action("api_token_revoke")(dict(as_admin), {"jti": token["id"]})
    made = toolkit.get_action("api_token_create")(dict(as_admin), {"user": name, "name": purpose})
    return str(made["token"])


def main() -> None:
    """Make the accounts asked for."""
    asked = json.load(sys.stdin)
    application = make_app(CKANConfigLoader(os.environ["CKAN_INI"]).get_config())
    tokens = {}
    with application._wsgi_app.test_request_context():
        for account in asked["accounts"]:
            ensure_account(
                account["name"], account["password"], administrator=account["administrator"]
            )
            if account["wants_token"]:
                tokens[account["name"]] = new_token(account["name"], asked["purpose"])
    json.dump(tokens, sys.stdout)


if __name__ == "__main__":
    main()
