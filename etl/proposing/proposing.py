"""Propose a whole contract from the text table of a file."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Protocol

import polars as pl

from etl.contract.vocabulary import PersonalKind
from etl.errors import ContractError
from etl.extract.inspecting import Inspection, inspect_file
from etl.personal.scanning import scan_columns
from etl.proposing.deciding import Decided, decide_column
from etl.proposing.keys import find_key
from etl.proposing.naming import name_fields
from etl.proposing.roles import suggest_roles
from etl.proposing.writing import Proposed, write_proposal

_REFERENCE_HEADER = re.compile(r"기준일자?$")


class Column(Protocol):
    """A column as the reader found it."""

    @property
    def name(self) -> str:
        """Its header without unit and line breaks."""

    @property
    def header(self) -> str:
        """Its header as the file spells it."""

    @property
    def unit(self) -> str | None:
        """Unit of its values."""


def propose_for_file(file: Path, proposal: Path, landed: Path | None, today: date) -> Inspection:
    """Inspect a file and, where it can be read, write the contract that is proposed for it.

    Args:
        file: Any file; not modified.
        proposal: YAML to write; never overwritten.
        landed: Parquet to write the text table to as well.
        today: Until when people may have been born.

    Raises:
        ContractError: There is such a YAML already.
    """
    if proposal.exists():
        raise ContractError(
            "There is a file of the proposal's name. Nothing was written. Name another one, or"
            " remove it."
        )
    with tempfile.TemporaryDirectory(prefix="madang-") as folder:
        table = landed or Path(folder) / "landed.parquet"
        found = inspect_file(file, table)
        if found.reading is not None:
            columns = [column for column in found.reading.columns if column.kept]
            text = propose_contract(table, columns, proposal.stem, today)
            proposal.write_text(text, encoding="utf-8")
    return found


def propose_contract(
    landed: Path,
    columns: Sequence[Column],
    dataset: str,
    today: date,
    timezone: str = "Asia/Seoul",
) -> str:
    """Return the text of a contract under which the file is read to the same table.

    Types, words for nothing, keys and enumerations rest on all rows of data. The roles are
    left `undecided`, which no contract may be: a person decides them.

    Args:
        landed: The text table of `madang inspect --landed`; not modified.
        columns: Its columns that are kept, in their order.
        dataset: Name of the dataset, until a person gives it a title.
        today: Until when people may have been born.
        timezone: Zone of datetimes that state none.
    """
    rows = pl.scan_parquet(landed).filter(pl.col("_role") == "data")
    rows = rows.select(pl.col(column.name) for column in columns)
    decided = {
        column.name: decide_column(rows.select(column.name), column.name, column.unit, timezone)
        for column in columns
    }
    names = dict(zip(decided, name_fields(list(decided)), strict=True))
    fields = _fields(columns, names, decided, _find_personal(rows, today))
    key = [names[name] for name in find_key(rows, decided)]
    return write_proposal(dataset, fields, key, _reference(names, decided))


def _find_personal(rows: pl.LazyFrame, today: date) -> dict[str, dict[PersonalKind, int]]:
    found: dict[str, dict[PersonalKind, int]] = {}
    for finding in scan_columns(rows, today):
        found.setdefault(finding.column, {})[finding.kind] = finding.hits
    return found


def _fields(
    columns: Sequence[Column],
    names: Mapping[str, str],
    decided: Mapping[str, Decided],
    personal: Mapping[str, Mapping[PersonalKind, int]],
) -> list[Proposed]:
    fields = []
    suggested = suggest_roles(
        {column.name: personal.get(column.name, {}) for column in columns},
        {name for name, column in decided.items() if column.is_unique},
    )
    for column in columns:
        role, evidence = suggested[column.name]
        fields.append(
            Proposed(
                name=names[column.name],
                title=column.name,
                alias=_alias(column, set(names) | set(names.values())),
                unit=column.unit,
                decided=decided[column.name],
                role=role,
                evidence=evidence,
                located=personal.get(column.name, {}).get("coordinates", 0),
            )
        )
    return fields


def _alias(column: Column, taken: set[str]) -> str | None:
    """Return the header as the file spells it, where that is a name of its own."""
    spelled = re.sub(r"\s+", " ", column.header).strip()
    return spelled if spelled and spelled not in taken else None


def _reference(names: Mapping[str, str], decided: Mapping[str, Decided]) -> str | None:
    for title, name in names.items():
        if _REFERENCE_HEADER.search(title) and decided[title].type == "date":
            return name
    return None
