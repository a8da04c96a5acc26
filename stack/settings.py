"""Where the stack lives and where it listens: read from the environment and one written file.

The environment wins over the file, the file over the defaults. The file is written when the
stack starts, so that later commands, the pipeline and Airflow see the stack that runs.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stack.errors import WrongUseError

DEFAULT_PORT_BASE = 18400
PORT_OFFSETS = {"catalogue": 0, "airflow": 1, "postgres": 2, "redis": 3, "solr": 4}
PORTS = range(1024, 65_501)  # those an ordinary user may listen on
STATE_OUTSIDE = Path("/var/lib/madang")


def port_setting(service: str) -> str:
    """Return the name of the setting of a service's port."""
    return f"MADANG_{service.upper()}_PORT"


@dataclass(frozen=True)
class Settings:
    """Everything that differs between two stacks on one machine."""

    checkout: Path
    state: Path
    file: Path
    ports: Mapping[str, int]
    store: str
    intake: Path
    parallelism: int

    def url(self, service: str) -> str:
        """Return a service's address on this machine."""
        return f"http://127.0.0.1:{self.ports[service]}"

    @property
    def secrets(self) -> Path:
        """Return the folder of passwords and keys, for its owner only."""
        return self.state / "secrets"

    @property
    def run(self) -> Path:
        """Return the folder of what is true only while the stack runs."""
        return self.state / "run"

    @property
    def logs(self) -> Path:
        """Return the folder of every part's log."""
        return self.state / "logs"

    def passfile(self, role: str) -> Path:
        """Return the file that holds a database role's password, in PostgreSQL's own form."""
        return self.secrets / ("ledger-passfile" if role == "madang" else f"{role}-passfile")

    def database(self, role: str, database: str | None = None, driver: str = "psycopg") -> str:
        """Return a database address whose password stays in a file only its owner can read."""
        at = f"127.0.0.1:{self.ports['postgres']}/{database or role}"
        return f"postgresql+{driver}://{role}@{at}?passfile={self.passfile(role)}"

    def variables(self) -> dict[str, str]:
        """Return what the pipeline needs to know of this stack; holds no secret."""
        return {
            "MADANG_STATE": str(self.state),
            "MADANG_SCHEMAS": str(self.checkout / "schemas"),
            "MADANG_EXPECTATIONS": str(self.checkout / "expectations"),
            "MADANG_INTAKE": str(self.intake),
            "MADANG_STORE": self.store,
            "MADANG_SECRETS": str(self.secrets),
            "MADANG_LEDGER": self.database("madang"),
            "MADANG_CATALOGUE_URL": self.url("catalogue"),
            "MADANG_AIRFLOW_URL": self.url("airflow"),
            **{port_setting(name): str(port) for name, port in self.ports.items()},
        }


def read_file(path: Path) -> dict[str, str]:
    """Return the settings of a written file; empty when there is none.

    Raises:
        WrongUseError: A line is not ``NAME=value``.
    """
    if not path.exists():
        return {}
    found = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals:
            raise WrongUseError(
                f"{path}, line {number}: expected NAME=value."
                " Delete the file to have it written anew."
            )
        found[name.strip()] = value.strip()
    return found


def write_file(settings: Settings) -> None:
    """Write the settings of the stack that is being started, in one act."""
    lines = [
        "# Written when the local stack starts; the environment wins over it. Holds no secret."
    ]
    lines += [f"{name}={value}" for name, value in settings.variables().items()]
    text = "\n".join(lines) + "\n"
    if settings.file.exists() and settings.file.read_text(encoding="utf-8") == text:
        return
    settings.file.parent.mkdir(parents=True, exist_ok=True)
    beside = settings.file.with_name(settings.file.name + ".new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(settings.file)


def read_ports(environment: Mapping[str, str], written: Mapping[str, str]) -> dict[str, int]:
    """Return the port of each service.

    A port's own setting wins over the common base, and the environment over the file.

    Raises:
        WrongUseError: A port is no number of a port, or two services have the same.

    Examples:
        >>> read_ports({"MADANG_PORT_BASE": "20000", "MADANG_SOLR_PORT": "8983"}, {})
        {'catalogue': 20000, 'airflow': 20001, 'postgres': 20002, 'redis': 20003, 'solr': 8983}
    """
    base = environment.get("MADANG_PORT_BASE")
    ports = {}
    for service, offset in PORT_OFFSETS.items():
        name = port_setting(service)
        if name in environment:
            ports[service] = read_port(name, environment[name])
        elif base is not None:
            ports[service] = read_port("MADANG_PORT_BASE", base) + offset
        else:
            ports[service] = read_port(name, written.get(name, str(DEFAULT_PORT_BASE + offset)))
    for service, port in ports.items():
        twins = [port_setting(other) for other in ports if ports[other] == port]
        if twins != [port_setting(service)]:
            raise WrongUseError(f"{' and '.join(twins)} are both {port}; give each its own port.")
    return ports


def read_port(name: str, value: str) -> int:
    """Return a port number.

    Raises:
        WrongUseError: It is none.
    """
    if not value.isdecimal() or int(value) not in PORTS:
        raise WrongUseError(
            f"{name} is '{value}'; a port is a number from {PORTS[0]} to {PORTS[-1]}."
        )
    return int(value)


def is_open_to_all(folder: Path) -> bool:
    """Tell whether any account of this machine may enter a folder and all above it."""
    parents = [folder, *folder.parents]
    return all(one.stat().st_mode & stat.S_IXOTH for one in parents if one.exists())


def default_state(checkout: Path, *, as_root: bool) -> Path:
    """Return where a checkout's state belongs when no setting says so.

    PostgreSQL refuses to run as root; as its own account it must be able to enter the folder.
    """
    if as_root and not is_open_to_all(checkout):
        return STATE_OUTSIDE / hashlib.sha256(str(checkout).encode()).hexdigest()[:12]
    return checkout / "state"


def read_settings(checkout: Path, environment: Mapping[str, str], *, as_root: bool) -> Settings:
    """Return the settings of the stack of a checkout.

    Raises:
        WrongUseError: A setting cannot be used; the message names it.
    """
    file = Path(environment.get("MADANG_ENV_FILE") or checkout / ".madang.env")
    written = read_file(file)
    if environment.get("MADANG_STATE", written.get("MADANG_STATE")) != written.get("MADANG_STATE"):
        written = {}  # the file speaks of another stack

    def setting(name: str, default: str) -> str:
        return environment.get(name) or written.get(name) or default

    state = Path(setting("MADANG_STATE", str(default_state(checkout, as_root=as_root)))).absolute()
    return Settings(
        checkout=checkout,
        state=state,
        file=file.absolute(),
        ports=read_ports(environment, written),
        store=setting("MADANG_STORE", str(state / "store")),
        intake=Path(setting("MADANG_INTAKE", str(state / "intake"))).absolute(),
        parallelism=int(setting("MADANG_PARALLELISM", str(max(4, 2 * (os.cpu_count() or 1))))),
    )


def environment_apart(checkout: Path, ports: Mapping[str, int], *, as_root: bool) -> dict[str, str]:
    """Return what makes a second stack of the same checkout: own state, own ports, own file."""
    state = default_state(checkout, as_root=as_root)
    state = state.with_name(f"{state.name}-test")
    return {
        "MADANG_STATE": str(state),
        "MADANG_ENV_FILE": str(state / "madang.env"),
        **{port_setting(service): str(port) for service, port in ports.items()},
    }


def this_checkout() -> Path:
    """Return the folder this stack belongs to."""
    return Path(__file__).resolve().parent.parent


def current_settings() -> Settings:
    """Return this checkout's settings, as the process's environment and the file have them."""
    return read_settings(this_checkout(), os.environ, as_root=os.geteuid() == 0)
