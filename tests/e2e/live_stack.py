"""The running stack as a test sees it: folders, databases, processes; nothing of it is faked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from etl import settings as pipeline_settings
from etl.intake.folders import folder_of
from etl.ledger.book import Ledger
from etl.pipeline.steps import Pipeline
from etl.store import Store
from stack.commands import look
from stack.parts import postgres_program
from stack.passwords import database_password, secret
from stack.settings import Settings, current_settings
from stack.supervision import Supervisor

ENDINGS = ("published", "unchanged", "held", "refused", "superseded", "failed")
PATIENCE_SECONDS = 400.0
PAUSE_SECONDS = 0.2

Found = TypeVar("Found")


def wait_for(
    ask: Callable[[], Found],
    what: str,
    seconds: float = PATIENCE_SECONDS,
    pause: float = PAUSE_SECONDS,
) -> Found:
    """Return the first answer that is not empty; fail with what was awaited."""
    end = time.monotonic() + seconds
    while True:
        if found := ask():
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(pause)


@dataclass(frozen=True)
class Run:
    """How the run of one dropped file stands in the ledger."""

    run_id: str
    status: str
    reason: str | None
    owner: str | None


@dataclass(frozen=True)
class LiveStack:
    """One running stack."""

    settings: Settings

    # What departments and the pipeline see

    @cached_property
    def pipeline_settings(self) -> pipeline_settings.Settings:
        """Return the settings of the pipeline on this stack and on no other."""
        return pipeline_settings.load(self.settings.variables(), Path(os.devnull))

    def pipeline(self, **changes: Any) -> Pipeline:
        """Return a pipeline on the stack's own ledger, store and catalogue."""
        chosen = self.pipeline_settings.replace(**changes)
        return Pipeline(chosen, Ledger(chosen.ledger), Store(chosen.store))

    def drop(self, dataset: str, name: str, content: bytes) -> str:
        """Write a file into the intake folder of a dataset, as a department does."""
        folder = folder_of(self.settings.intake, dataset)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        return name

    @contextmanager
    def with_contract(self, dataset: str, text: str) -> Iterator[Path]:
        """Have one more contract file for a while; whatever happens, it goes again."""
        organisation, _, name = dataset.partition("-")
        folder = self.pipeline_settings.schemas / organisation
        had_folder = folder.exists()
        folder.mkdir(exist_ok=True)
        file = folder / f"{name}.yaml"
        assert not file.exists()
        try:
            file.write_text(text, encoding="utf-8")
            yield file
        finally:
            file.unlink(missing_ok=True)
            if not had_folder:
                folder.rmdir()

    # What the ledger knows

    def query(self, database: str, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return what a database of the stack answers."""
        with self.connect(database) as connection:
            return connection.execute(sql, values).fetchall()

    def connect(self, database: str) -> psycopg.Connection[tuple[Any, ...]]:
        """Open a database of the stack."""
        owner = "ckan" if database == "datastore" else database
        return psycopg.connect(
            host="127.0.0.1",
            port=self.settings.ports["postgres"],
            user=owner,
            dbname=database,
            password=database_password(self.settings, owner),
            autocommit=True,
        )

    def runs_of(self, name: str) -> list[Run]:
        """Return every run that a dropped file of this name was given."""
        rows = self.query(
            "madang",
            "SELECT run_id, status, reason, owner FROM runs JOIN claims ON claim_id = run_id"
            " WHERE original_name = %s ORDER BY started_at",
            name,
        )
        return [Run(*row) for row in rows]

    def wait_for_run(self, name: str, *statuses: str, seconds: float = PATIENCE_SECONDS) -> Run:
        """Return the run of a dropped file once it stands as asked; unless told, has ended."""
        asked = statuses or ENDINGS
        wait_for(
            lambda: [run for run in self.runs_of(name) if run.status in asked],
            f"the run of {name} is {' or '.join(asked)}, but: {self.runs_of(name)}",
            seconds,
        )
        [run] = self.runs_of(name)
        return run

    def live_release(self, dataset: str) -> str | None:
        """Return the release that the ledger calls live."""
        live = Ledger(self.pipeline_settings.ledger).live_release(dataset)
        return live.release if live else None

    # Processes

    @cached_property
    def supervisor(self) -> Supervisor:
        """Return the supervisor of the stack."""
        return Supervisor(self.settings)

    def pid_of(self, part: str) -> int:
        """Return the process id of a part."""
        return self.supervisor.states()[part][1]

    def kill_part(self, part: str) -> None:
        """End a part without warning, as a power cut would, and see it come back."""
        killed = self.pid_of(part)
        os.kill(killed, signal.SIGKILL)
        wait_for(lambda: self.pid_of(part) not in (0, killed), f"{part} is started again", 60)

    def wait_until_whole(self) -> None:
        """Return when every part answers."""

        def is_whole() -> bool:
            try:
                return all(part.state == "running" for part in look(self.settings))
            except OSError:
                return False

        wait_for(is_whole, "every part of the stack answers", 180)

    @contextmanager
    def stopped(self, *parts: str) -> Iterator[None]:
        """Have parts stopped for a while."""
        self.supervisor.stop_parts(parts)
        try:
            yield
        finally:
            for part in parts:
                self.supervisor.start_part(part)
            self.wait_until_whole()

    def dump(self, database: str) -> str:
        """Return everything a database holds, as text."""
        owner = "ckan" if database == "datastore" else database
        command = [
            *(postgres_program(self.settings, "pg_dump"), "-h", "127.0.0.1"),
            *("-p", str(self.settings.ports["postgres"]), "-U", owner, "--inserts", database),
        ]
        environment = os.environ | {"PGPASSFILE": str(self.settings.passfile(owner))}
        done = subprocess.run(command, env=environment, check=True, capture_output=True)
        return done.stdout.decode()

    # Secrets of people

    def password(self, account: str) -> str:
        """Return the password of an account of the local stack."""
        return secret(self.settings, f"{account}-password")

    def madang(self, *arguments: str | Path, **settings: str) -> tuple[int, Any]:
        """Run the command on this stack; return its exit code and the document it prints."""
        program = self.settings.checkout / ".venv" / "bin" / "madang"
        here = self.settings.variables() | {"MADANG_ENV_FILE": os.devnull}
        environment = os.environ | here | settings
        done = subprocess.run(
            [program, *arguments, "--json"], env=environment, check=False, capture_output=True
        )
        assert done.stdout, done.stderr.decode()
        return done.returncode, json.loads(done.stdout)


def running_stack() -> LiveStack:
    """Return the stack that the environment names."""
    return LiveStack(current_settings())
