"""What is done once: folders, a database cluster, schemas, accounts. Each leaves a stamp of what it was made from."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stack.airflow_settings import airflow_environment
from stack.catalogue_settings import ADMINISTRATOR, PUBLISHER, catalogue_ini
from stack.errors import StackError
from stack.parts import (
    catalogue_environment,
    clean_environment,
    postgres_program,
    redis_configuration,
)
from stack.passwords import database_password, keep, secret
from stack.settings import Settings

FOLDERS = {
    "run": 0o700, "logs": 0o700, "store": 0o700, "intake": 0o755, "airflow": 0o700,
    "redis": 0o700, "solr": 0o700, "ckan": 0o700, "ckan/storage": 0o700, "ckan/releases": 0o700, "stamps": 0o700,
}


def digest(paths: Iterable[Path]) -> str:
    """Return a digest of files' names and bytes; folders stand for all files in them."""
    seen = hashlib.sha256()
    for path in sorted(paths):
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                seen.update(file.name.encode() + b"\0" + file.read_bytes())
    return seen.hexdigest()


@dataclass(frozen=True)
class Once:
    """Something done once for each thing it is made from.

    Attributes:
        name: For people and for the stamp's file name.
        made_from: Whatever a repetition depends on, as text.
        do: Does it; may be repeated after a failure half-way.
    """

    name: str
    made_from: str
    do: Callable[[], None]

    def is_done(self, settings: Settings) -> bool:
        """Tell whether it was done from the very same things."""
        stamp = settings.state / "stamps" / self.name
        return stamp.exists() and stamp.read_text() == self._key()

    def ensure(self, settings: Settings) -> bool:
        """Do it unless it is done; return whether it was necessary."""
        if self.is_done(settings):
            return False
        self.do()
        (settings.state / "stamps" / self.name).write_text(self._key())
        return True

    def _key(self) -> str:
        return hashlib.sha256(self.made_from.encode()).hexdigest()


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
            command, check=False, text=True, input=given, stdout=subprocess.PIPE, stderr=errors,
            env=clean_environment(settings) | dict(environment or {}), cwd=settings.checkout if not user else "/",
            user=user if os.geteuid() == 0 else None, group=user if user and os.geteuid() == 0 else None,
            extra_groups=[] if user and os.geteuid() == 0 else None,
        )
    if done.returncode:
        last = "\n".join((done.stdout + log.read_text()).splitlines()[-12:])
        raise StackError(f"{what} failed (exit {done.returncode}); what ran before is kept, and the next start tries again.\n{last}\nThe whole story: {log}")
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
    command = [postgres_program("initdb"), "-D", str(making), "-U", "postgres", "--auth=scram-sha-256"]
    # C.UTF-8 sorts Hangul in dictionary order, and alike on every machine.
    command += [f"--pwfile={password}", "--encoding=UTF8", "--locale=C.UTF-8"]
    call(settings, "database-cluster", command, user=user)
    password.unlink()
    making.rename(cluster)


def psql(settings: Settings, database: str, statements: str) -> str:
    """Run SQL as the database administrator and return the answer, bare."""
    command = [
        *(postgres_program("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"),
        *("-h", "127.0.0.1", "-p", str(settings.ports["postgres"]), "-U", "postgres", "-d", database),
    ]
    passfile = {"PGPASSFILE": str(settings.passfile("postgres"))}
    return call(settings, "database-roles", command, passfile, given=statements)


ROLES_AND_DATABASES = {"airflow": ["airflow"], "ckan": ["ckan", "datastore"], "datastore": [], "madang": ["madang"]}


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
    command = [sys.executable, str(source / "mkschema.py"), str(ckan_schema(settings)), str(making / "ckan" / "conf")]
    call(settings, "search-schema", command)
    shutil.rmtree(home, ignore_errors=True)
    making.rename(home)


def ckan_schema(settings: Settings) -> Path:
    """Return the search schema that the installed CKAN ships.

    Raises:
        StackError: CKAN is not installed.
    """
    found = list((settings.checkout / ".venv-catalogue" / "lib").glob("python3*/site-packages/ckan/config/solr/schema.xml"))
    if not found:
        raise StackError("The catalogue's environment is not there (.venv-catalogue). Nothing was started. Run: make install")
    return found[0]


def ckan(settings: Settings, what: str, *arguments: str) -> str:
    """Run one of CKAN's own commands."""
    program = str(settings.checkout / ".venv-catalogue" / "bin" / "ckan")
    return call(settings, what, [program, *arguments], catalogue_environment(settings))


def prepare_catalogue(settings: Settings) -> None:
    """Bring CKAN's two databases to its version and set the reader's permissions."""
    ckan(settings, "catalogue-database", "db", "init")
    ckan(settings, "catalogue-plugins", "db", "upgrade")
    psql(settings, "postgres", ckan(settings, "catalogue-permissions", "datastore", "set-permissions"))
    # CKAN makes this type at its first use, where two workers at once would collide.
    psql(settings, "datastore", "\n".join([
        "SET ROLE ckan;",
        "SELECT 'CREATE TYPE nested AS (json json, extra text)'"
        " WHERE NOT EXISTS (SELECT FROM pg_type WHERE typname = 'nested')\\gexec",
    ]))


def make_catalogue_accounts(settings: Settings) -> None:
    """Make the administrator and the publisher, and write their tokens."""
    accounts = {
        ADMINISTRATOR: ("catalogue-admin-password", "catalogue-admin-token", True),
        PUBLISHER: ("catalogue-publisher-password", "catalogue-token", False),
    }
    asked = {
        "purpose": "local stack",
        "accounts": [
            {
                "name": name, "password": secret(settings, password), "administrator": administrator,
                "wants_token": not (settings.secrets / token).exists(),
            }
            for name, (password, token, administrator) in accounts.items()
        ],
    }
    python = str(settings.checkout / ".venv-catalogue" / "bin" / "python")
    script = str(settings.checkout / "catalog" / "serve" / "accounts.py")
    answer = call(settings, "catalogue-accounts", [python, script], catalogue_environment(settings), given=json.dumps(asked))
    for name, token in json.loads(answer.splitlines()[-1]).items():
        keep(settings.secrets / accounts[name][1], token)


def prepare_airflow(settings: Settings) -> None:
    """Bring Airflow's database to its version, and make its people."""
    environment = airflow_environment(settings) | settings.variables() | {"PYTHONPATH": str(settings.checkout)}
    program = str(settings.checkout / ".venv" / "bin" / "airflow")
    call(settings, "airflow-database", [program, "db", "migrate"], environment)
    own = {"MADANG_ENV_FILE": str(settings.file)}
    call(settings, "airflow-people", [sys.executable, "-m", "stack.airflow_accounts"], environment | own)


def prepare_ledger(settings: Settings) -> None:
    """Bring the pipeline's ledger to its version."""
    program = settings.checkout / ".venv" / "bin" / "madang"
    if (settings.checkout / "etl" / "cli.py").exists():
        call(settings, "ledger", [str(program), "migrate"], settings.variables())


def before_start(settings: Settings) -> list[Once]:
    """Return what must be done before the first part is started."""
    search = [settings.checkout / "catalog" / "solr" / name for name in ("home", "mkschema.py")]
    return [
        Once("database-cluster", "1", lambda: make_cluster(settings)),
        Once("search-home", digest([*search, ckan_schema(settings)]), lambda: make_search_home(settings)),
    ]


def with_database(settings: Settings) -> list[Once]:
    """Return what needs the database, and is needed by all that follows."""
    return [Once("database-roles", f"1 {ROLES_AND_DATABASES}", lambda: make_roles(settings))]


def for_services(settings: Settings) -> dict[str, list[Once]]:
    """Return what the parts whose names begin alike need first; the groups do not need one another."""
    locks = [settings.checkout / "requirements.lock", settings.checkout / "catalog" / "requirements.lock"]
    people = settings.checkout / "stack" / "airflow_accounts.py"
    extension = settings.checkout / "catalog" / "ckanext"
    accounts = f"1 {PUBLISHER} {ADMINISTRATOR}"
    return {
        "airflow": [Once("airflow", digest([locks[0], people]), lambda: prepare_airflow(settings))],
        "catalogue": [
            Once("catalogue", digest([locks[1], extension]) + catalogue_ini(settings), lambda: prepare_catalogue(settings)),
            Once("catalogue-accounts", accounts, lambda: make_catalogue_accounts(settings)),
        ],
        "ledger": [Once("ledger", digest([settings.checkout / "etl" / "ledger"]), lambda: prepare_ledger(settings))],
    }
