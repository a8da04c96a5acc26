"""Give the local stack's Airflow its two people: run as ``python -m stack.airflow_accounts``.

The officer has the least that lets somebody answer an approval: reading what is asked, and
editing the answer, for which Airflow also wants "edit" on the DAG. Runs cannot be started with it.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

from stack.passwords import secret
from stack.settings import Settings, current_settings

OFFICER_ROLE = "PrivacyOfficer"
OFFICER_MAY = [
    *[("can_read", what) for what in ("DAGs", "DAG Runs", "DAG Versions", "Task Instances", "Task Logs")],
    *[("can_read", what) for what in ("XComs", "Website", "HITL Detail", "My Profile")],
    *[("can_edit", "HITL Detail"), ("menu_access", "HITL Detail"), ("can_edit", "DAGs"), ("menu_access", "DAGs")],
]


def ensure_person(manager: Any, name: str, title: str, role: str, password: str) -> None:
    """Make a person, or set role and password of the one that is there."""
    there = manager.find_user(username=name)
    if there is None:
        manager.add_user(name, title, "(local stack)", f"{name}@madang.invalid", manager.find_role(role), password)
        return
    there.roles = [manager.find_role(role)]
    manager.update_user(there)
    manager.reset_password(there.id, password)


@providers_configuration_loaded
def ensure_people(settings: Settings) -> None:
    """Make the roles and people of the local stack; may be repeated."""
    with get_application_builder() as builder:
        manager = builder.sm
        manager.sync_roles()
        role = manager.find_role(OFFICER_ROLE) or manager.add_role(OFFICER_ROLE)
        for action, resource in OFFICER_MAY:
            manager.add_permission_to_role(role, manager.create_permission(action, resource))
        ensure_person(manager, "engineer", "Data engineer", "Admin", secret(settings, "airflow-engineer-password"))
        ensure_person(manager, "officer", "Privacy officer", OFFICER_ROLE, secret(settings, "airflow-officer-password"))


if __name__ == "__main__":
    ensure_people(current_settings())
