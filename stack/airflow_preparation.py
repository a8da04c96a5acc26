"""Bring the local stack's Airflow to the installed version, with its two people.

Run as ``python -m stack.airflow_preparation``: one process, because each of Airflow's own
commands takes seconds to load it anew.

The officer has the least that lets somebody answer an approval: reading what is asked, and
editing the answer, for which Airflow also wants "edit" on the DAG. Runs cannot be started with it.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.utils.db import upgradedb
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

from stack.passwords import secret
from stack.settings import Settings, current_settings

OFFICER_ROLE = "PrivacyOfficer"
READABLE = (
    *("DAGs", "DAG Runs", "DAG Versions", "Task Instances", "Task Logs", "XComs"),
    *("HITL Detail", "Website", "My Profile"),
)
OFFICER_MAY = [
    *(("can_read", what) for what in READABLE),
    *(("can_edit", what) for what in ("HITL Detail", "DAGs", "My Profile")),
    *(("menu_access", what) for what in ("HITL Detail", "DAGs")),
]


def ensure_person(manager: Any, name: str, title: str, role: str, password: str) -> None:
    """Make a person, or set role and password of the one that is there."""
    there = manager.find_user(username=name)
    if there is None:
        mail = f"{name}@madang.invalid"
        manager.add_user(name, title, "(local stack)", mail, manager.find_role(role), password)
        return
    there.roles = [manager.find_role(role)]
    manager.update_user(there)
    manager.reset_password(there.id, password)


@providers_configuration_loaded
def prepare(settings: Settings) -> None:
    """Migrate, and make the roles and people of the local stack; may be repeated."""
    upgradedb()
    with get_application_builder() as builder:
        manager = builder.sm
        manager.sync_roles()
        role = manager.find_role(OFFICER_ROLE) or manager.add_role(OFFICER_ROLE)
        for action, resource in OFFICER_MAY:
            manager.add_permission_to_role(role, manager.create_permission(action, resource))
        people = [
            ("engineer", "Data engineer", "Admin"),
            ("officer", "Privacy officer", OFFICER_ROLE),
        ]
        for name, title, role_name in people:
            password = secret(settings, f"airflow-{name}-password")
            ensure_person(manager, name, title, role_name, password)


if __name__ == "__main__":
    prepare(current_settings())
