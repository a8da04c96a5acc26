"""Bring the local stack's Airflow to the installed version, with its two people.

Run as ``python -m stack.airflow_preparation``: one process, because each of Airflow's own
commands takes seconds to load it anew.

The officer has the least that lets somebody answer an approval: reading what is asked, and
editing the answer, for which Airflow also wants "edit" on the DAG. Runs cannot be started with it.
"""

from __future__ import annotations

from dataclasses import dataclass

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.providers.fab.auth_manager.security_manager.override import (
    FabAirflowSecurityManagerOverride as SecurityManager,
)
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


@dataclass(frozen=True)
class Person:
    """Somebody who logs in to Airflow."""

    name: str
    title: str
    role: str


PEOPLE = [
    Person("engineer", "Data engineer", "Admin"),
    Person("officer", "Privacy officer", OFFICER_ROLE),
]


def ensure_officer_role(manager: SecurityManager) -> None:
    """Make the officer's role, or complete the one that is there."""
    role = manager.find_role(OFFICER_ROLE) or manager.add_role(OFFICER_ROLE)
    for action, resource in OFFICER_MAY:
        manager.add_permission_to_role(role, manager.create_permission(action, resource))


def ensure_person(manager: SecurityManager, person: Person, password: str) -> None:
    """Make a person, or set role and password of the one that is there."""
    role = manager.find_role(person.role)
    there = manager.find_user(username=person.name)
    if there is None:
        mail = f"{person.name}@madang.invalid"
        manager.add_user(person.name, person.title, "(local stack)", mail, role, password)
        return
    there.roles = [role] if role else []
    manager.update_user(there)
    manager.reset_password(there.id, password)


@providers_configuration_loaded
def prepare(settings: Settings) -> None:
    """Migrate, and make the roles and people of the local stack; may be repeated."""
    upgradedb()
    with get_application_builder() as builder:
        builder.sm.sync_roles()
        ensure_officer_role(builder.sm)
        for person in PEOPLE:
            ensure_person(builder.sm, person, secret(settings, f"airflow-{person.name}-password"))
        officer = builder.sm.find_user(username="officer")
        (settings.state / "airflow" / "officer-id").write_text(str(officer.id))


if __name__ == "__main__":
    prepare(current_settings())
