"""What is done once: folders, a database cluster, schemas, accounts. Each leaves a stamp of what it was made from."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stack.airflow_settings import airflow_environment
from stack.catalogue_settings import ADMINISTRATOR, PLUGINS, PUBLISHER, catalogue_ini
from stack.errors import StackError
from stack.once import Once, digest
from stack.parts import (
    catalogue_environment,
    clean_environment,
    postgres_program,
    redis_configuration,
)
from stack.passwords import database_password, keep, secret
from stack.settings import Settings

FOLDERS = {
    "run": 0o700,
    "logs": 0o700,
    "store": 0o700,
    "intake": 0o755,
    "airflow": 0o700,
    "redis": 0o700,
    "solr": 0o700,
    "ckan": 0o700,
    "ckan/storage": 0o700,
    "ckan/releases": 0o700,
    "stamps": 0o700,
}


@dataclass(frozen=True)
class Account:
    """An account of the catalogue, with the secrets of its password and its token."""

    name: str
    password: str
    token: str
    administrator: bool


ACCOUNTS = (
    Account(ADMINISTRATOR, "catalogue-admin-password", "catalogue-admin-token", administrator=True),
    Account(PUBLISHER, "catalogue-publisher-password", "catalogue-token", administrator=False),
)


def call(
    settings: Settings,
    what: str,
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    given: str | None = None,
    user: str | None = None,
) -> str:
    """Run a program to its end and return what it says; its errors are kept in a log.

    Raises:
        StackError: It failed; the message shows the end of what it said.
    """
    log = settings.logs / f"{what}.log"
    with log.open("w") as errors:
        done = subprocess.run(
            command,
            check=False,
            text=True,
            input=given,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=clean_environment(settings) | dict(environment or {}),
            cwd=settings.checkout if not user else "/",
            user=user if os.geteuid() == 0 else None,
            group=user if user and os.geteuid() == 0 else None,
            extra_groups=[] if user and os.geteuid() == 0 else None,
        )
    if done.returncode:
        last = "\n".join((done.stdout + log.read_text()).splitlines()[-12:])
        raise StackError(
            f"{what} failed (exit {done.returncode}); what ran before is kept, and the next start tries again.\n{last}\nThe whole story: {log}"
        )
    return done.stdout


def make_folders(settings: Settings) -> None:
    """Make the state folder and what is in it; PostgreSQL's account may pass, others see nothing."""
    settings.state.mkdir(parents=True, exist_ok=True)
    settings.state.chmod(0o711)
    for name, mode in FOLDERS.items():
        folder = settings.state / name
        if not folder.exists():
            folder.mkdir(parents=True)
            folder.chmod(mode)
    settings.intake.mkdir(parents=True, exist_ok=True)


def write_private(path: Path, text: str) -> None:
    """Write a file that holds secrets, unless it says the same already."""
    if not path.exists() or path.read_text() != text:
        keep(path, text)


def write_configurations(settings: Settings) -> None:
    """Write what Redis and CKAN read."""
    write_private(settings.run / "redis.conf", redis_configuration(settings))
    write_private(settings.state / "ckan" / "ckan.ini", catalogue_ini(settings))


def make_cluster(settings: Settings) -> None:
    """Make our own database cluster: every log-in asks for a password; a half-made one is made anew."""
    cluster, making = settings.state / "pg", settings.state / "pg.new"
    if cluster.exists():
        return
    user = "postgres" if os.geteuid() == 0 else None
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    password = settings.state / "pg.password"
    keep(password, database_password(settings, "postgres"))
    if user:
        shutil.chown(making, user, user)
        shutil.chown(password, user, user)
    command = [
        postgres_program("initdb"),
        "-D",
        str(making),
        "-U",
        "postgres",
        "--auth=scram-sha-256",
    ]
    # C.UTF-8 sorts Hangul in dictionary order, and alike on every machine.
    command += [f"--pwfile={password}", "--encoding=UTF8", "--locale=C.UTF-8"]
    call(settings, "database-cluster", command, user=user)
    password.unlink()
    making.rename(cluster)


def psql(settings: Settings, database: str, statements: str) -> str:
    """Run SQL as the database administrator and return the answer, bare."""
    command = [
        *(postgres_program("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"),
        *(
            "-h",
            "127.0.0.1",
            "-p",
            str(settings.ports["postgres"]),
            "-U",
            "postgres",
            "-d",
            database,
        ),
    ]
    passfile = {"PGPASSFILE": str(settings.passfile("postgres"))}
    return call(settings, "database-roles", command, passfile, given=statements)


ROLES_AND_DATABASES = {
    "airflow": ["airflow"],
    "ckan": ["ckan", "datastore"],
    "datastore": [],
    "madang": ["madang"],
}


def make_roles(settings: Settings) -> None:
    """Make roles and databases, each reachable by its owner only."""
    statements = []
    for role in ROLES_AND_DATABASES:
        password = database_password(settings, role)
        statements += [
            f"SELECT 'CREATE ROLE {role} LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}')\\gexec",
            f"ALTER ROLE {role} PASSWORD '{password}';",
        ]
    for role, databases in ROLES_AND_DATABASES.items():
        for database in databases:
            statements += [
                f"SELECT 'CREATE DATABASE {database} OWNER {role}' WHERE NOT EXISTS"
                f" (SELECT FROM pg_database WHERE datname = '{database}')\\gexec",
                f"REVOKE CONNECT ON DATABASE {database} FROM PUBLIC;",
            ]
    psql(settings, "postgres", "\n".join(statements))


def make_search_home(settings: Settings) -> None:
    """Write the search server's home: our configuration, and CKAN's schema made Korean."""
    source = settings.checkout / "catalog" / "solr"
    home, making = settings.state / "solr" / "home", settings.state / "solr" / "home.new"
    shutil.rmtree(making, ignore_errors=True)
    shutil.copytree(source / "home", making)
    command = [
        sys.executable,
        str(source / "mkschema.py"),
        str(ckan_schema(settings)),
        str(making / "ckan" / "conf"),
    ]
    call(settings, "search-schema", command)
    shutil.rmtree(home, ignore_errors=True)
    making.rename(home)


def ckan_schema(settings: Settings) -> Path:
    """Return the search schema that the installed CKAN ships.

    Raises:
        StackError: CKAN is not installed.
    """
    found = list(
        (settings.checkout / ".venv-catalogue" / "lib").glob(
            "python3*/site-packages/ckan/config/solr/schema.xml"
        )
    )
    if not found:
        raise StackError(
            "The catalogue's environment is not there (.venv-catalogue). Nothing was started. Run: make install"
        )
    return found[0]


def prepare_catalogue(settings: Settings) -> None:
    """Bring CKAN's two databases to its version, and make the administrator and the publisher."""
    asked = {
        "database": "ckan",
        "datastore": "datastore",
        "owner": "ckan",
        "reader": "datastore",
        "accounts": [
            {
                "name": account.name,
                "password": secret(settings, account.password),
                "administrator": account.administrator,
                "wants_token": not (settings.secrets / account.token).exists(),
            }
            for account in ACCOUNTS
        ],
    }
    script = str(settings.checkout / "catalog" / "serve" / "prepare.py")
    answer = json.loads(
        ckan(settings, "catalogue-preparation", "python", script, given=json.dumps(asked))
    )
    psql(settings, "postgres", answer["permissions"])
    psql(settings, "datastore", NESTED_TYPE)
    for account in ACCOUNTS:
        if account.name in answer["tokens"]:
            keep(settings.secrets / account.token, answer["tokens"][account.name])


# CKAN makes this type at its first use, where two workers at once would collide.
NESTED_TYPE = """\
SET ROLE ckan;
SELECT 'CREATE TYPE nested AS (json json, extra text)'
 WHERE NOT EXISTS (SELECT FROM pg_type WHERE typname = 'nested')\\gexec
"""


def ckan(
    settings: Settings, what: str, program: str, *arguments: str, given: str | None = None
) -> str:
    """Run a program of the catalogue's environment."""
    command = [str(settings.checkout / ".venv-catalogue" / "bin" / program), *arguments]
    return call(settings, what, command, catalogue_environment(settings), given=given)


def rebuild_index(settings: Settings) -> None:
    """Have every dataset analysed by the present search schema; searching goes on meanwhile."""
    if psql(settings, "ckan", "SELECT count(*) FROM package;").strip() != "0":
        ckan(settings, "search-index", "ckan", "search-index", "rebuild")


def prepare_airflow(settings: Settings) -> None:
    """Bring Airflow's database to its version, and make its people."""
    environment = airflow_environment(settings) | {"MADANG_ENV_FILE": str(settings.file)}
    command = [sys.executable, "-m", "stack.airflow_preparation"]
    call(settings, "airflow-preparation", command, environment)


def prepare_ledger(settings: Settings) -> None:
    """Bring the pipeline's ledger to its version."""
    program = str(settings.checkout / ".venv" / "bin" / "madang")
    call(settings, "ledger", [program, "migrate"], settings.variables())


def before_start(settings: Settings) -> list[Once]:
    """Return what must be done before the first part is started."""
    return [
        Once("database-cluster", "1", lambda: make_cluster(settings)),
        Once("search-schema", search_schema(settings), lambda: make_search_home(settings)),
    ]


def with_database(settings: Settings) -> list[Once]:
    """Return what needs the database, and is needed by all that follows."""
    return [Once("database-roles", f"1 {ROLES_AND_DATABASES}", lambda: make_roles(settings))]


def for_airflow(settings: Settings) -> list[Once]:
    """Return what Airflow's parts need before they start."""
    made_from = digest(
        settings.checkout / name for name in ("requirements.lock", "stack/airflow_preparation.py")
    )
    return [Once("airflow", made_from, lambda: prepare_airflow(settings))]


def for_catalogue(settings: Settings) -> list[Once]:
    """Return what the catalogue's parts need before they start."""
    catalog = settings.checkout / "catalog"
    migrated_by = [
        catalog / name
        for name in ("requirements.lock", "serve/prepare.py", "ckanext/madang/migration")
    ]
    made_from = f"{digest(migrated_by)} {ACCOUNTS} {PLUGINS}"
    return [Once("catalogue", made_from, lambda: prepare_catalogue(settings))]


def for_search(settings: Settings) -> list[Once]:
    """Return what needs the catalogue's database and the search server."""
    return [Once("search-index", search_schema(settings), lambda: rebuild_index(settings))]


def for_ledger(settings: Settings) -> list[Once]:
    """Return what the pipeline needs before its first run."""
    made_from = digest(settings.checkout / "etl" / name for name in ("migrations", "cli.py"))
    return [Once("ledger", made_from, lambda: prepare_ledger(settings))]


def search_schema(settings: Settings) -> str:
    """Return what the search schema is made from."""
    source = settings.checkout / "catalog" / "solr"
    return digest([source / "home", source / "mkschema.py", ckan_schema(settings)])
