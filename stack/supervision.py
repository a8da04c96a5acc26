"""The supervisor: its configuration, its start and stop, and the questions one asks it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport  # type: ignore[import-untyped]

from stack.errors import StackError
from stack.parts import Part
from stack.settings import Settings
from stack.sweep import is_alive, recall, remember, session_of, sweep

LONGEST_SOCKET_PATH = (
    100  # the kernel takes 107 bytes; the supervisor adds to the name while it starts
)
START_SECONDS = 15
STOP_SECONDS = 90

HEAD = """\
[supervisord]
nodaemon=true
logfile={logs}/supervisor.log
logfile_maxbytes=5MB
logfile_backups=2
pidfile={run}/supervisor.pid
childlogdir={logs}
minfds=1024
{user}
[unix_http_server]
file={socket}
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""

PROGRAM = """
[program:{name}]
command={python} -m stack.gate {name}
directory={checkout}
autostart=false
autorestart=true
startsecs=1
startretries=10
stopsignal={stop_signal}
stopasgroup=false
killasgroup=true
stopwaitsecs={stop_seconds}
redirect_stderr=true
stdout_logfile={logs}/{name}.log
stdout_logfile_maxbytes=5MB
stdout_logfile_backups=3
"""


def socket_path(settings: Settings) -> Path:
    """Return where the supervisor listens; outside the state folder where its path is too long."""
    inside = settings.run / "supervisor.sock"
    if len(str(inside)) <= LONGEST_SOCKET_PATH:
        return inside
    name = hashlib.sha256(str(settings.state).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"madang-{name}.sock"


def configuration(settings: Settings, parts: Iterable[Part], *, as_root: bool) -> str:
    """Return the supervisor's configuration; a percent sign in a path is doubled for its parser."""

    def text(path: object) -> str:
        return str(path).replace("%", "%%")

    places = {
        "logs": text(settings.logs),
        "run": text(settings.run),
        "socket": text(socket_path(settings)),
    }
    # The parts read their settings themselves; here they only tell one stack from another.
    of = [f"; {name}={value}\n" for name, value in settings.variables().items()]
    head = "".join(of) + HEAD.format(user="user=root\n" if as_root else "", **places)
    programs = [
        PROGRAM.format(
            name=part.name,
            python=text(sys.executable),
            checkout=text(settings.checkout),
            stop_signal=part.stop_signal,
            stop_seconds=part.stop_seconds,
            logs=places["logs"],
        )
        for part in parts
    ]
    return head + "".join(programs)


class Supervisor:
    """The supervisor of one state folder, running or not."""

    def __init__(self, settings: Settings) -> None:
        """Describe it; nothing is started."""
        self._settings = settings
        self._session_file = settings.run / "session.json"
        self._config = settings.run / "supervisor.conf"

    def is_running(self) -> bool:
        """Tell whether the supervisor that was started for this state folder still runs."""
        session = recall(self._session_file)
        return session is not None and is_alive(session)

    def is_configured(self, configuration_text: str) -> bool:
        """Tell whether it was started with this configuration."""
        return self._config.exists() and self._config.read_text() == configuration_text

    def sweep_orphans(self) -> list[int]:
        """Kill what a supervisor that is gone left behind, and return the process ids."""
        session = recall(self._session_file)
        return sweep(session) if session and not is_alive(session) else []

    def start(self, configuration_text: str) -> None:
        """Start the supervisor with every part stopped.

        Raises:
            StackError: It does not listen; its log is named.
        """
        self._config.write_text(configuration_text)
        log = self._settings.logs / "supervisor.out"
        socket_path(self._settings).unlink(missing_ok=True)
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._config)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._settings.checkout,
                env=self._environment(),
                start_new_session=True,
            )
        remember(session_of(process.pid), self._session_file)
        end = time.monotonic() + START_SECONDS
        while not self._listens():
            if process.poll() is not None or time.monotonic() > end:
                raise StackError(
                    f"The supervisor did not start; nothing runs. Its reason is in {log}"
                )
            time.sleep(0.05)

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR") if name in os.environ}
        return kept | {
            "LANG": "C.UTF-8",
            "MADANG_ENV_FILE": str(self._settings.file),
            "MADANG_STATE": str(self._settings.state),
        }

    def _listens(self) -> bool:
        try:
            self._call().getState()
        except (OSError, xmlrpc.client.Error):
            return False
        return True

    def _call(self) -> Any:
        """Return the supervisor's own procedures, by name."""
        transport = SupervisorTransport(None, None, f"unix://{socket_path(self._settings)}")
        return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport).supervisor

    def states(self) -> dict[str, tuple[str, int]]:
        """Return each part's state in the supervisor's words, and its process id (0: none)."""
        if not self.is_running():
            return {}
        return {
            one["name"]: (one["statename"], one["pid"]) for one in self._call().getAllProcessInfo()
        }

    def runs(self, name: str) -> bool:
        """Tell whether a part runs, or is on its way."""
        return self.states()[name][0] in ("RUNNING", "STARTING")

    def start_part(self, name: str) -> None:
        """Ask for a part to be started; whether it answers is another question."""
        self._call().startProcess(name, False)

    def stop(self, first: Iterable[str]) -> bool:
        """Stop every part and the supervisor; return whether there was anything to stop.

        Args:
            first: Parts that end before the others, because they end badly without them.

        Raises:
            StackError: Something still runs after a minute and a half.
        """
        session = recall(self._session_file)
        if session is None:
            return False
        stopped = is_alive(session)
        if stopped:
            self.stop_parts(first)
            self._call().shutdown()
            wait_until(lambda: not is_alive(session), f"The supervisor (process {session.id})")
        stopped = bool(sweep(session)) or stopped
        self._session_file.unlink()
        return stopped

    def stop_parts(self, names: Iterable[str]) -> None:
        """Stop parts, all at once, and return when they have ended."""
        asked = set(names)

        def running() -> list[str]:
            return [name for name, (_, pid) in self.states().items() if name in asked and pid]

        for name in running():
            self._call().stopProcess(name, False)
        wait_until(lambda: not running(), f"A part of {', '.join(sorted(asked))}")


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    """Return once something is so.

    Raises:
        StackError: It is not after a minute and a half.
    """
    end = time.monotonic() + STOP_SECONDS
    while not is_so():
        if time.monotonic() > end:
            raise StackError(
                f"{what} has not ended after {STOP_SECONDS} s. Run the same command again;"
                " make status shows what still runs."
            )
        time.sleep(0.05)
