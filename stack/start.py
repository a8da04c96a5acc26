"""The start: what is missing is made, what does not run is started, what runs is left alone."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from rich.console import Console

from stack import preparation
from stack.commands import alone
from stack.errors import StackError
from stack.once import Once
from stack.parts import Part, all_parts, dependent
from stack.passwords import draw_secrets
from stack.ports import require_free_ports
from stack.settings import Settings, read_file, read_ports, write_file
from stack.supervision import Supervisor, configuration

HEALTHY_SECONDS = 300
PAUSE_SECONDS = 0.2


class Start:
    """One start of the stack, with its clock and its lines on the screen."""

    def __init__(self, settings: Settings, console: Console) -> None:
        """Describe it; nothing is started."""
        self._settings = settings
        self._console = console
        self._parts = all_parts(settings)
        self._supervisor = Supervisor(settings)
        self._begun = time.monotonic()

    def run(self) -> None:
        """Start what does not run; a stack that runs as it should is not touched.

        Raises:
            StackError: A port is taken, a preparation failed, or a part does not answer.
        """
        self._supervise()
        self._prepare(preparation.before_start(self._settings))
        self._start("postgres", "redis", "solr")
        self._wait("postgres")
        self._prepare(preparation.with_database(self._settings))
        with ThreadPoolExecutor() as pool:
            chains = [
                pool.submit(chain) for chain in (self._airflow, self._catalogue, self._ledger)
            ]
            for chain in chains:
                chain.result()
        self._wait(*self._parts)

    def _airflow(self) -> None:
        self._prepare(preparation.for_airflow(self._settings))
        self._start(*(name for name in self._parts if name.startswith("airflow")))

    def _catalogue(self) -> None:
        self._prepare(preparation.for_catalogue(self._settings))
        self._wait("solr")
        self._prepare(preparation.for_search(self._settings))
        self._start("catalogue", "catalogue-jobs")

    def _ledger(self) -> None:
        self._prepare(preparation.for_ledger(self._settings))

    def _supervise(self) -> None:
        """Have a supervisor with the present configuration, and stop one with an older one."""
        wanted = configuration(self._settings, self._parts.values(), as_root=os.geteuid() == 0)
        if self._supervisor.is_running():
            if self._supervisor.is_configured(wanted):
                preparation.write_configurations(self._settings)
                return
            self._require_new_ports()
            self._say("settings have changed: stopping what runs with the old ones")
            self._supervisor.stop(dependent(self._parts))
        if left := self._supervisor.sweep_orphans():
            self._say(f"ended {len(left)} processes that a killed supervisor had left behind")
        require_free_ports(self._settings.ports)
        write_file(self._settings)
        preparation.write_configurations(self._settings)
        self._supervisor.start(wanted)

    def _require_new_ports(self) -> None:
        """Refuse ports that somebody else has, before the stack that runs is stopped for them."""
        present = read_ports({}, read_file(self._settings.file)).values()
        wanted = self._settings.ports.items()
        require_free_ports({service: port for service, port in wanted if port not in present})

    def _prepare(self, steps: Sequence[Once]) -> None:
        for step in steps:
            begun = time.monotonic()
            if step.ensure(self._settings):
                self._say(f"{step.name}: done ({time.monotonic() - begun:.1f} s)")

    def _start(self, *names: str) -> None:
        """Start parts; those that run with older code or settings are restarted."""
        marks = {name: self._settings.run / f"{name}.made-from" for name in names}
        made_from = {name: self._parts[name].made_from() for name in names}
        old = [
            name
            for name in names
            if self._supervisor.runs(name)
            and not (marks[name].exists() and marks[name].read_text() == made_from[name])
        ]
        if old:
            self._say(f"restarting with changed code or settings: {', '.join(old)}")
            self._supervisor.stop_parts(old)
        for name in names:
            marks[name].write_text(made_from[name])
            if not self._supervisor.runs(name):
                self._supervisor.start_part(name)

    def _wait(self, *names: str) -> None:
        """Return when every part answers; each is named when it does for the first time.

        Raises:
            StackError: One does not in five minutes, or the supervisor has given it up.
        """
        waiting = {name: self._parts[name] for name in names}
        end = time.monotonic() + HEALTHY_SECONDS
        first = True
        while waiting:
            states = self._supervisor.states()
            for name, part in list(waiting.items()):
                supervised, pid = states[name]
                self._refuse_failed(part, supervised, late=time.monotonic() > end)
                if supervised == "RUNNING" and part.answers(pid):
                    del waiting[name]
                    if not first:
                        self._say(f"{name}: answers")
            first = False
            if waiting:
                time.sleep(PAUSE_SECONDS)

    def _refuse_failed(self, part: Part, supervised: str, *, late: bool) -> None:
        if supervised != "FATAL" and not late:
            return
        does = "ends again and again" if supervised == "FATAL" else "does not answer"
        raise StackError(
            f"{part.name} {does}; the other parts go on."
            f" See why: make logs PART={part.name} ({self._settings.logs / part.name}.log)"
        )

    def _say(self, line: str) -> None:
        self._console.print(
            f"  [dim]{time.monotonic() - self._begun:5.1f} s[/]  {line}", highlight=False
        )


def start(settings: Settings, console: Console) -> None:
    """Start the stack and say where it is."""
    preparation.make_folders(settings)
    with alone(settings):
        draw_secrets(settings)
        Start(settings, console).run()
    console.print(
        f"The stack runs.\n  catalogue  {settings.url('catalogue')}"
        f"\n  Airflow    {settings.url('airflow')}",
        highlight=False,
    )
