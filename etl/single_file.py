"""Anonymise one file that somebody brings, with a contract or with a few words.

The whole pipeline works on it in a folder of its own, so the result passes every gate and
carries a certificate like any release.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from etl.contract.hierarchies import FOLDER as HIERARCHIES
from etl.contract.loading import SLUG
from etl.errors import ApprovalRefusedError, ContractError, SourceFormatError
from etl.running import RunReport, folder_pipeline, run_file
from etl.settings import Settings

ORGANISATION, DATASET = "local", "table"
ENCODINGS = ("utf-8-sig", "cp949")
STEPS_OF_BANDS = 4


@dataclass(frozen=True, slots=True)
class Choice:
    """What is decided on the command line, where there is no contract.

    Attributes:
        k: Smallest group.
        quasi: Columns that identify people in combination.
        sensitive: Columns of which each group must hold two values.
        drop: Columns that do not leave.
        open: Columns that are published as they are.
        unit_key: Column that tells people apart; none when every row is a person.
        suppression: Largest share of rows that may be left out, in per cent.
    """

    k: int
    quasi: Sequence[str]
    sensitive: Sequence[str] = ()
    drop: Sequence[str] = ()
    open: Sequence[str] = ()
    unit_key: str | None = None
    suppression: float = 2.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the file; `content` holds the keys that are promised.

    Attributes:
        report: The run.
        content: Levels, loss, k, rows and files.
    """

    report: RunReport
    content: dict[str, Any] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0 when the files are there; an approval is asked for publication alone."""
        error = self.report.error
        return 0 if error is None or isinstance(error, ApprovalRefusedError) else error.exit_code


def anonymise_file(
    settings: Settings,
    file: Path,
    to: Path,
    contract: Path | None = None,
    choice: Choice | None = None,
    seconds: float | None = None,
    on_step: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Write the anonymised files of one CSV or Parquet below a folder.

    Args:
        settings: Where code lists and shared suites are.
        file: What is anonymised; it stays as it is.
        to: Where the files go: `<to>/<dataset>/<release>/public/…`.
        contract: A contract; its folder's name is the organisation.
        choice: What is decided where there is no contract.
        seconds: Stop the search after so many, and state the gap.
        on_step: Told the name of each step that begins.

    Raises:
        ContractError: Neither contract nor choice is given, or a column is not decided.
        SourceFormatError: The file is neither CSV nor Parquet.
    """
    with tempfile.TemporaryDirectory(prefix="madang-") as temporary:
        folder = Path(temporary)
        source = _as_csv(file, folder)
        schemas = folder / "schemas"
        dataset = (
            _place_contract(contract, schemas, settings)
            if contract is not None
            else _write_contract(_required(choice), source, schemas)
        )
        pipeline = folder_pipeline(settings.replace(schemas=schemas), to)
        report = run_file(
            replace(pipeline, seconds=seconds, compares=False), dataset, source, on_step
        )
        return Outcome(report, _tell(pipeline, report))


def propose_contract(table: pl.DataFrame, choice: Choice) -> dict[str, Any]:
    """Return the contract that a choice makes of a table.

    Raises:
        ContractError: A column is not decided, or decided twice, or is not there.
    """
    roles = _roles(choice)
    if undecided := [name for name in table.columns if name not in roles]:
        raise ContractError(
            f"{len(undecided)} columns are not decided: {', '.join(undecided)}. Nothing was"
            " anonymised. Name each under --quasi, --sensitive, --open or --drop."
        )
    if absent := [name for name in roles if name not in table.columns]:
        raise ContractError(
            f"The file has no column {', '.join(absent)}. Nothing was anonymised. Name the"
            " columns as its header spells them."
        )
    names = dict(_names(table.columns))
    label = {"ko": "비식별 처리한 표", "en": "Anonymised table"}
    return {
        "format": 1, "version": 1, "title": label, "description": label, "steward": "local",
        "licence": "kogl-4", "theme": "other", "frequency": "P1Y",
        "source": {"folder": {"files": "*"}},
        "disclosure": {"level": "public"},
        "fields": [_field(table[name], names[name], roles[name]) for name in table.columns],
        "privacy": {
            "unit": "person",
            "unit_key": names[choice.unit_key] if choice.unit_key else "none",
            "topic": "general",
            "k": choice.k,
            "suppression": f"{choice.suppression:g}%",
        },
        "approval": "none",
    }  # fmt: skip


def _required(choice: Choice | None) -> Choice:
    if choice is None:
        raise ContractError(
            "Neither a contract nor k and quasi-identifiers are given. Nothing was anonymised."
            " Name --contract, or --k and --quasi."
        )
    return choice


def _roles(choice: Choice) -> dict[str, str]:
    roles: dict[str, str] = {}
    dropped = [*choice.drop]
    if choice.unit_key is not None and choice.unit_key not in dropped:
        dropped.append(choice.unit_key)
    for role, names in (
        ("quasi-identifier", choice.quasi),
        ("sensitive", choice.sensitive),
        ("open", choice.open),
        ("direct-identifier", dropped),
    ):
        for name in names:
            if name in roles:
                raise ContractError(
                    f"{name} is decided twice. Nothing was anonymised. Name it once."
                )
            roles[name] = role
    return roles


def _names(headers: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Give each header a name that a contract accepts."""
    for number, header in enumerate(headers, start=1):
        is_name = re.fullmatch(r"[^\W_\d]\w*", header) and len(header.encode()) <= 63
        yield header, header if is_name else f"column_{number}"


def _field(values: pl.Series, name: str, role: str) -> dict[str, Any]:
    title = {"ko": values.name}
    content: dict[str, Any] = {"name": name, "title": title, "role": role, **_typed(values)}
    if role == "quasi-identifier":
        content["hierarchy"] = {"steps": _steps(values), "floor": 0}
    return content


def _typed(values: pl.Series) -> dict[str, Any]:
    if values.dtype.is_integer():
        return {"type": "integer"}
    if values.dtype == pl.Date:
        return {"type": "date"}
    return {"type": "string"}


def _steps(values: pl.Series) -> list[dict[str, Any]]:
    """Propose nested levels for a column: bands that double, parts of dates, leading words."""
    if values.dtype.is_integer():
        numbers = values.drop_nulls().to_list() or [0]
        width = 5 * 10 ** max(0, len(str(max(numbers) - min(numbers))) - 2)
        return [{"band": width << step} for step in range(STEPS_OF_BANDS)]
    if values.dtype == pl.Date:
        return [{"date_part": part} for part in ("month", "quarter", "year")] + [{"years": 5}]
    spoken = values.cast(pl.String).str.count_matches(r"\S+").drop_nulls().to_list()
    words = max(spoken, default=1)
    return [{"words": count} for count in range(min(words, STEPS_OF_BANDS) - 1, 0, -1)]


def _as_csv(file: Path, folder: Path) -> Path:
    if file.suffix.lower() != ".parquet":
        return file
    target = folder / "table.csv"
    try:
        pl.scan_parquet(file, glob=False).sink_csv(target)
    except pl.exceptions.PolarsError:
        raise SourceFormatError(
            "The file is no Parquet that can be written as a table. Nothing was anonymised."
            " Bring a CSV or a Parquet of plain columns."
        ) from None
    return target


def _place_contract(contract: Path, schemas: Path, settings: Settings) -> str:
    organisation = contract.resolve().parent.name
    organisation = organisation if SLUG.fullmatch(organisation) else ORGANISATION
    dataset = contract.stem if SLUG.fullmatch(contract.stem) else DATASET
    (schemas / organisation).mkdir(parents=True)
    shutil.copyfile(contract, schemas / organisation / f"{dataset}.yaml")
    beside = contract.resolve().parent.parent / HIERARCHIES
    lists = beside if beside.is_dir() else settings.schemas / HIERARCHIES
    if lists.is_dir():
        shutil.copytree(lists, schemas / HIERARCHIES)
    return f"{organisation}-{dataset}"


def _write_contract(choice: Choice, source: Path, schemas: Path) -> str:
    content = propose_contract(_read(source), choice)
    (schemas / ORGANISATION).mkdir(parents=True)
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
    (schemas / ORGANISATION / f"{DATASET}.yaml").write_text(text, encoding="utf-8")
    return f"{ORGANISATION}-{DATASET}"


def _read(source: Path) -> pl.DataFrame:
    content = source.read_bytes()
    for encoding in ENCODINGS:
        try:
            text = io.BytesIO(content.decode(encoding).encode())
            return pl.read_csv(text, infer_schema_length=None, try_parse_dates=True)
        except (UnicodeDecodeError, pl.exceptions.PolarsError):
            continue
    raise SourceFormatError(
        "The file is no CSV in UTF-8 or CP949. Nothing was anonymised. Save it as CSV again."
    )


def _tell(pipeline: Any, report: RunReport) -> dict[str, Any]:
    """Return the keys that are promised, as far as the run came."""
    converted = report.converted.get("public")
    if converted is None:
        return {}
    plan: Mapping[str, Any] = pipeline.plans(converted).get("public", {})
    certificate = pipeline.folder / report.dataset
    release = report.as_json()["release"]
    certificate = certificate / str(release) / "public" / "certificate.json"
    privacy = (
        json.loads(certificate.read_bytes())["privacy"] if certificate.is_file() else {}
    )  # fmt: skip
    tiers = report.as_json()["tiers"]
    return {
        "levels": plan.get("levels", {}),
        "loss": plan.get("loss"),
        "metric": plan.get("metric"),
        "optimal": plan.get("optimal"),
        "gap": plan.get("gap"),
        "k": {**privacy.get("k", {}), "counts": privacy.get("counts")} if plan else None,
        "rows": {
            "accepted": converted.accepted,
            "published": converted.rows,
            "suppressed": converted.suppressed,
            "held_back": converted.held_back,
        },
        "files": [
            {"tier": tier["tier"], **entry} for tier in tiers for entry in tier["files"]
        ],
        "certificate": str(certificate) if certificate.is_file() else None,
    }  # fmt: skip
