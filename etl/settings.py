"""Where things are: the only module that reads the environment.

A checkout works without any setting. `make up` writes `.madang.env` beside it, which holds
no secret; the environment wins over that file. Secrets are files that only their owner can
read, one per secret, in a folder outside the store.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from etl.errors import StoreError

CHECKOUT = Path(__file__).resolve().parents[1]
ENV_FILE = CHECKOUT / ".madang.env"
PORT_BASE = 18400


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a supplied file may ask of the machine that reads it; a refusal names the limit.

    Attributes:
        unpacked_bytes: What may come out of an archive.
        workbook_bytes: What the parts of a workbook may hold, unpacked; memory holds its texts.
        ratio: How many times larger than packed that may be, once it exceeds `ratio_from_bytes`.
        ratio_from_bytes: Size from which the ratio counts: small files of one letter pack well.
        members: Entries of an archive.
        sheets: Sheets of a workbook, or tables of a page.
        rows: Last row that holds a cell; the default is what a spreadsheet can show.
        columns: Last column that holds a cell.
        cells: Rows times columns of one sheet, since a sheet is held in memory.
        markup_bytes: A page, or a part of a workbook that describes the others.
    """

    unpacked_bytes: int = 4 << 30
    workbook_bytes: int = 1 << 30
    ratio: int = 250
    ratio_from_bytes: int = 64 << 20
    members: int = 10_000
    sheets: int = 256
    rows: int = 1_048_576
    columns: int = 16_384
    cells: int = 20_000_000
    markup_bytes: int = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that differs between two installations.

    Attributes:
        state: Folder that holds whatever the installation keeps.
        schemas: Folder of contracts, `<organisation>/<dataset>.yaml`.
        expectations: Folder of shared expectation suites.
        intake: Folder that departments drop files into.
        store: Folder or fsspec address (`s3://bucket/prefix`) of the results.
        secrets: Folder of secrets, one file each.
        ledger: SQLAlchemy address of the ledger.
        catalogue_url: Address of the catalogue.
        airflow_url: Address of Airflow's page.
        officer: Account that answers approvals in Airflow.
        officer_id: Id of that account in Airflow's log-in (a number with FAB); with it nobody
            else can answer, without it another's answer is refused afterwards.
        gx_max_rows: Rows up to which Great Expectations judges.
        limits: How much a supplied file may ask of the machine.
        intake_max_bytes: Size of the largest file that is taken from an intake folder.
        intake_max_files: Files of one dataset that may wait there at the same time.
        intake_quiet_seconds: How long a file must stand still to be whole.
    """

    state: Path
    schemas: Path
    expectations: Path
    intake: Path
    store: str
    secrets: Path
    ledger: str
    catalogue_url: str
    airflow_url: str
    officer: str
    officer_id: str
    gx_max_rows: int
    limits: Limits
    intake_max_bytes: int
    intake_max_files: int
    intake_quiet_seconds: int

    def replace(self, **changes: Any) -> Settings:
        """Return the same settings with some of them changed."""
        return replace(self, **changes)

    def read_secret(self, name: str) -> bytes:
        """Return a secret, without the line break that editors add to its end.

        Raises:
            StoreError: The file is absent, empty, or readable by others than its owner.
        """
        return read_private_file(self.secrets / name).rstrip(b"\r\n")


def load(environ: Mapping[str, str] | None = None, env_file: Path | None = None) -> Settings:
    """Read the settings of this installation.

    Args:
        environ: What wins over the file; the process environment unless given.
        env_file: Lines of `KEY=VALUE`, which need not exist; unless given, the file that
            MADANG_ENV_FILE names, or the checkout's own.

    Raises:
        StoreError: A line or a value cannot be understood.
    """
    environ = os.environ if environ is None else environ
    env_file = env_file or Path(environ.get("MADANG_ENV_FILE") or ENV_FILE)
    given = {**_read_env_file(env_file), **environ}
    state = _folder(given, "MADANG_STATE", CHECKOUT / "state")
    base = _number(given, "MADANG_PORT_BASE", PORT_BASE)
    catalogue = _number(given, "MADANG_CATALOGUE_PORT", base)
    airflow = _number(given, "MADANG_AIRFLOW_PORT", base + 1)
    return Settings(
        state=state,
        schemas=_folder(given, "MADANG_SCHEMAS", CHECKOUT / "schemas"),
        expectations=_folder(given, "MADANG_EXPECTATIONS", CHECKOUT / "expectations"),
        intake=_folder(given, "MADANG_INTAKE", state / "intake"),
        store=given.get("MADANG_STORE") or str(state / "store"),
        secrets=_folder(given, "MADANG_SECRETS", state / "secrets"),
        ledger=given.get("MADANG_LEDGER") or f"sqlite:///{state / 'ledger.sqlite'}",
        catalogue_url=given.get("MADANG_CATALOGUE_URL") or f"http://127.0.0.1:{catalogue}",
        airflow_url=given.get("MADANG_AIRFLOW_URL") or f"http://127.0.0.1:{airflow}",
        officer=given.get("MADANG_OFFICER") or "officer",
        officer_id=given.get("MADANG_OFFICER_ID") or "",
        gx_max_rows=_number(given, "MADANG_GX_MAX_ROWS", 2_000_000),
        limits=_limits(given),
        intake_max_bytes=_number(given, "MADANG_INTAKE_MAX_BYTES", 10 * 1024**3),
        intake_max_files=_number(given, "MADANG_INTAKE_MAX_FILES", 1_000),
        intake_quiet_seconds=_number(given, "MADANG_INTAKE_QUIET_SECONDS", 1),
    )


def read_private_file(path: Path) -> bytes:
    """Return what a file holds that nobody but its owner can read.

    Raises:
        StoreError: The file is absent, empty, or readable by others than its owner.
    """
    try:
        with path.open("rb") as file:
            exposed = stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077
            content = b"" if exposed else file.read()
    except OSError as problem:
        raise StoreError(
            f"Secret {path.name} cannot be read in {path.parent} ({problem.strerror})."
            " Nothing was done. `make up` draws the secrets that are missing.",
            secret=path.name,
        ) from None
    if exposed:
        raise StoreError(
            f"Secret {path.name} in {path.parent} can be read by others than its owner."
            f" It was not used. Draw it anew, or run: chmod 600 {path}",
            secret=path.name,
        )
    if not content.strip():
        raise StoreError(
            f"Secret {path.name} in {path.parent} is empty. Nothing was done."
            " Delete the file, then let `make up` draw it anew.",
            secret=path.name,
        )
    return content


def _read_env_file(file: Path) -> dict[str, str]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError):
        raise StoreError(
            f"The settings in {file} cannot be read. Nothing was done."
            " Mend the file, or delete it and run `make up`."
        ) from None
    found = {}
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            key, equals, value = line.partition("=")
            if not equals:
                raise StoreError(
                    f"{file}, line {number}: not of the form KEY=VALUE. Nothing was done."
                    " Mend the line, or delete the file and run `make up`."
                )
            found[key.strip()] = value.strip()
    return found


def _folder(given: Mapping[str, str], key: str, default: Path) -> Path:
    return (CHECKOUT / given[key]) if given.get(key) else default


def _limits(given: Mapping[str, str]) -> Limits:
    return Limits(
        **{
            limit.name: _number(given, f"MADANG_MAX_{limit.name.upper()}", limit.default)
            for limit in fields(Limits)
            if isinstance(limit.default, int)
        }
    )


def _number(given: Mapping[str, str], key: str, default: int) -> int:
    value = given.get(key) or str(default)
    if not value.isdecimal():
        raise StoreError(f"{key} is not a whole number. Nothing was done. Set it to one.")
    return int(value)
