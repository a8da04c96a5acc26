"""What is done before parts can start: folders, a database cluster, schemas, accounts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from stack.airflow_settings import airflow_environment
from stack.catalogue_settings import ACCOUNTS, PLUGINS, catalogue_ini
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

PRIVATE, PASSABLE, OPEN = 0o700, 0o711, 0o755
FOLDERS = {
    **dict.fromkeys(("run", "logs", "stamps", "store", "airflow", "redis", "solr"), PRIVATE),
    **dict.fromkeys(("ckan", "ckan/storage", "ckan/releases"), PRIVATE),
}
LINES_SHOWN = 12

# Which database role owns which databases; only owners may connect, and the DataStore's reader.
DATABASES = {
    "airflow": ["airflow"],
    "ckan": ["ckan", "datastore"],
    "datastore": [],
    "madang": ["madang"],
}
NEW_ROLE = """\
SELECT 'CREATE ROLE {role} LOGIN'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}')\\gexec
ALTER ROLE {role} PASSWORD '{password}';
"""
NEW_DATABASE = """\
SELECT 'CREATE DATABASE {database} OWNER {role}'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{database}')\\gexec
REVOKE CONNECT ON DATABASE {database} FROM PUBLIC;
"""
# A load that fails would have PostgreSQL quote the cell in its own log.
QUIET_LOADS = "ALTER ROLE ckan IN DATABASE datastore SET log_min_messages = fatal;\n"
# CKAN makes this type at its first use, where two workers at once would collide.
NESTED_TYPE = """\
SET ROLE ckan;
SELECT 'CREATE TYPE nested AS (json json, extra text)'
 WHERE NOT EXISTS (SELECT FROM pg_type WHERE typname = 'nested')\\gexec
"""


def before_start(settings: Settings) -> list[Once]:
    """Return what must be done before the first part is started."""
    return [
        Once("database-cluster", "1", lambda: make_cluster(settings)),
        Once("search-schema", search_schema(settings), lambda: make_search_home(settings)),
    ]


def with_database(settings: Settings) -> list[Once]:
    """Return what needs the database, and is needed by all that follows."""
    return [Once("database-roles", f"1 {DATABASES}", lambda: make_roles(settings))]


def for_airflow(settings: Settings) -> list[Once]:
    """Return what Airflow's parts need before they start."""
    names = ("requirements.lock", "stack/airflow_preparation.py")
    made_from = digest(settings.checkout / name for name in names)
    return [Once("airflow", made_from, lambda: prepare_airflow(settings))]


def for_catalogue(settings: Settings) -> list[Once]:
    """Return what the catalogue's parts need before they start."""
    names = ("requirements.lock", "serve/prepare.py", "ckanext/madang/migration")
    migrated_by = digest(settings.checkout / "catalog" / name for name in names)
    made_from = f"{migrated_by} {ACCOUNTS} {PLUGINS} {QUIET_LOADS}"
    return [Once("catalogue", made_from, lambda: prepare_catalogue(settings))]


def for_search(settings: Settings) -> list[Once]:
    """Return what needs the catalogue's database and the search server."""
    return [Once("search-index", search_schema(settings), lambda: rebuild_index(settings))]


def for_ledger(settings: Settings) -> list[Once]:
    """Return what the pipeline needs before its first run."""
    made_from = digest(settings.checkout / "etl" / name for name in ("ledger/migrations", "cli.py"))
    return [Once("ledger", made_from, lambda: prepare_ledger(settings))]


def call(
    settings: Settings,
    what: str,
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    given: str | None = None,
    user: str | None = None,
) -> str:
    """Run a program to its end and return what it says; its errors are kept in a log.

    Args:
        settings: The stack it is run for.
        what: What it does, for people and for the log's name.
        command: The program and its arguments.
        environment: Set for it beside the clean environment every part gets.
        given: What it reads.
        user: The account it runs as when this is root.

    Raises:
        StackError: It is not there, or it failed; the message shows the end of what it said.
    """
    log = settings.logs / f"{what}.log"
    other = user if os.geteuid() == 0 else None
    with log.open("w") as errors:
        try:
            done = subprocess.run(
                command,
                check=False,
                text=True,
                input=given,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=clean_environment(settings) | dict(environment or {}),
                cwd="/" if other else settings.checkout,
                user=other,
                group=other,
                extra_groups=[] if other else None,
            )
        except FileNotFoundError:
            raise StackError(f"{what}: {command[0]} is not there. Run: make install") from None
    if done.returncode:
        last = "\n".join((done.stdout + log.read_text()).splitlines()[-LINES_SHOWN:])
        raise StackError(
            f"{what} failed (exit {done.returncode}); what was done before is kept, and the next"
            f" start tries again.\n{last}\nThe whole story: {log}"
        )
    return done.stdout


def make_folders(settings: Settings) -> None:
    """Make the state folder; PostgreSQL's account may pass through it, others see nothing."""
    settings.state.mkdir(parents=True, exist_ok=True)
    settings.state.chmod(PASSABLE)
    for name, mode in FOLDERS.items():
        folder = settings.state / name
        if not folder.exists():
            folder.mkdir(parents=True)
            folder.chmod(mode)
    if not settings.intake.exists():
        settings.intake.mkdir(parents=True)
        settings.intake.chmod(OPEN)


def write_configurations(settings: Settings) -> None:
    """Write what Redis and CKAN read, each for its owner only."""
    files = {
        settings.run / "redis.conf": redis_configuration(settings),
        settings.state / "ckan" / "ckan.ini": catalogue_ini(settings),
    }
    for path, text in files.items():
        if not path.exists() or path.read_text() != text:
            keep(path, text)


def make_cluster(settings: Settings) -> None:
    """Make our own database cluster, where every log-in asks for a password.

    It is made beside its place and renamed, so a half-made one is never used.
    """
    cluster, making = settings.state / "pg", settings.state / "pg.new"
    password = settings.state / "pg.password"
    if cluster.exists():
        return
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=PRIVATE)
    keep(password, database_password(settings, "postgres"))
    if os.geteuid() == 0:
        shutil.chown(making, "postgres", "postgres")
        shutil.chown(password, "postgres", "postgres")
    command = [
        *(postgres_program(settings, "initdb"), "-D", str(making), "-U", "postgres"),
        *("--auth=scram-sha-256", f"--pwfile={password}"),
        # C.UTF-8 sorts Hangul in dictionary order, and alike on every machine.
        *("--encoding=UTF8", "--locale=C.UTF-8"),
    ]
    call(settings, "database-cluster", command, user="postgres")
    password.unlink()
    making.rename(cluster)


def psql(settings: Settings, database: str, statements: str) -> str:
    """Run SQL as the database's administrator and return the answer, bare."""
    command = [
        *(postgres_program(settings, "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"),
        *("-h", "127.0.0.1", "-p", str(settings.ports["postgres"])),
        *("-U", "postgres", "-d", database),
    ]
    passfile = {"PGPASSFILE": str(settings.passfile("postgres"))}
    return call(settings, "database-roles", command, environment=passfile, given=statements)


def make_roles(settings: Settings) -> None:
    """Make roles and databases, each reachable by its owner only."""
    statements = [
        NEW_ROLE.format(role=role, password=database_password(settings, role)) for role in DATABASES
    ]
    statements += [
        NEW_DATABASE.format(role=role, database=database)
        for role, databases in DATABASES.items()
        for database in databases
    ]
    psql(settings, "postgres", "".join(statements))


def make_search_home(settings: Settings) -> None:
    """Write the search server's home: our configuration, and CKAN's schema made Korean."""
    source = settings.checkout / "catalog" / "solr"
    home, making = settings.state / "solr" / "home", settings.state / "solr" / "home.new"
    shutil.rmtree(making, ignore_errors=True)
    shutil.copytree(source / "home", making)
    schema, conf = ckan_schema(settings), making / "ckan" / "conf"
    script = str(source / "mkschema.py")
    call(settings, "search-schema", [sys.executable, script, str(schema), str(conf)])
    shutil.rmtree(home, ignore_errors=True)
    making.rename(home)


def search_schema(settings: Settings) -> str:
    """Return a digest of what the search schema is made from."""
    source = settings.checkout / "catalog" / "solr"
    return digest([source / "home", source / "mkschema.py", ckan_schema(settings)])


def ckan_schema(settings: Settings) -> Path:
    """Return the search schema that the installed CKAN ships.

    Raises:
        StackError: CKAN is not installed.
    """
    packages = settings.checkout / ".venv-catalogue" / "lib"
    found = list(packages.glob("python3*/site-packages/ckan/config/solr/schema.xml"))
    if not found:
        raise StackError(
            "The catalogue's environment (.venv-catalogue) is not there; nothing was started."
            " Run: make install"
        )
    return found[0]


def ckan(settings: Settings, what: str, *command: str, given: str | None = None) -> str:
    """Run a program of the catalogue's environment."""
    program = str(settings.checkout / ".venv-catalogue" / "bin" / command[0])
    environment = catalogue_environment(settings)
    return call(settings, what, [program, *command[1:]], environment=environment, given=given)


def prepare_catalogue(settings: Settings) -> None:
    """Bring CKAN's two databases to its version, and make the administrator and the publisher."""
    accounts = [
        {
            "name": account.name,
            "password": secret(settings, account.password),
            "administrator": account.administrator,
            "wants_token": not (settings.secrets / account.token).exists(),
        }
        for account in ACCOUNTS
    ]
    databases = {"database": "ckan", "datastore": "datastore", "owner": "ckan"}
    asked = json.dumps({**databases, "reader": "datastore", "accounts": accounts})
    script = str(settings.checkout / "catalog" / "serve" / "prepare.py")
    answer = json.loads(ckan(settings, "catalogue-preparation", "python", script, given=asked))
    psql(settings, "postgres", answer["permissions"])
    psql(settings, "postgres", QUIET_LOADS)
    psql(settings, "datastore", NESTED_TYPE)
    for account in ACCOUNTS:
        if account.name in answer["tokens"]:
            keep(settings.secrets / account.token, answer["tokens"][account.name])


def rebuild_index(settings: Settings) -> None:
    """Have every dataset analysed by the present search schema; searching goes on meanwhile."""
    if psql(settings, "ckan", "SELECT count(*) FROM package;").strip() != "0":
        ckan(settings, "search-index", "ckan", "search-index", "rebuild")


def prepare_airflow(settings: Settings) -> None:
    """Bring Airflow's database to its version, and make its people."""
    environment = airflow_environment(settings) | {"MADANG_ENV_FILE": str(settings.file)}
    command = [sys.executable, "-m", "stack.airflow_preparation"]
    call(settings, "airflow-preparation", command, environment=environment)


def prepare_ledger(settings: Settings) -> None:
    """Bring the pipeline's ledger to its version."""
    program = str(settings.checkout / ".venv" / "bin" / "madang")
    call(settings, "ledger", [program, "migrate"], environment=settings.variables())
