"""Look for personal data in every published column, whatever its role.

DuckDB finds candidates in the written file by shape; only distinct candidates are then
confirmed by date and check digit. Coordinates have no shape of their own, so in numeric columns
they are told by their range.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from etl.certify.measuring import count_between, find_matches
from etl.contract.fields import Field
from etl.contract.model import Contract
from etl.contract.vocabulary import PersonalKind
from etl.digest import Column
from etl.personal.confirming import confirm
from etl.personal.patterns import PATTERNS

if TYPE_CHECKING:
    import duckdb

LATITUDES = (33.0, 39.0)  # of the Republic of Korea, in degrees of WGS84
LONGITUDES = (124.0, 132.0)
SEARCHED_TYPES = frozenset({"string", "integer", "number"})
PRECISE_DECIMALS = 4  # 0.0001 degrees are about 11 m: one house


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of personal data in one published column; no cell is kept.

    Attributes:
        field: The column.
        kind: What was found.
        cells: How many cells hold it.
        is_declared: Whether the contract declares it for this field, with a reason.
    """

    field: str
    kind: PersonalKind
    cells: int
    is_declared: bool


def scan_personal(
    connection: duckdb.DuckDBPyConnection, parquet: Path, contract: Contract, today: date
) -> list[Finding]:
    """Scan all cells of all published columns.

    Args:
        connection: The measuring engine.
        parquet: The written file; not modified.
        contract: Says which fields may hold which kind, and whom a row is about.
        today: Bounds birth dates.

    Returns:
        What was found, declared or not; an empty list is a clean table.
    """
    return [
        Finding(field.name, kind, cells, _is_declared(field, kind))
        for field in contract.published_fields
        for kind, cells in _found_in(connection, parquet, field, contract, today)
        if cells
    ]


def _found_in(
    connection: duckdb.DuckDBPyConnection,
    parquet: Path,
    field: Field,
    contract: Contract,
    today: date,
) -> Iterator[tuple[PersonalKind, int]]:
    column = Column(field.name, field.published_type, field.decimals)
    if column.type not in SEARCHED_TYPES:
        return
    matches = find_matches(connection, parquet, column, PATTERNS.values())
    for kind, pattern in PATTERNS.items():
        if kind == "coordinates" and column.type == "number":
            yield kind, _coordinates(connection, parquet, field, contract)
        else:
            yield (
                kind,
                sum(
                    cells
                    for texts, cells in matches[pattern]
                    if any(confirm(kind, text, today) for text in texts)
                ),
            )


def _coordinates(
    connection: duckdb.DuckDBPyConnection, parquet: Path, field: Field, contract: Contract
) -> int:
    """Count the cells of a numeric column that can be a precise place in Korea.

    Where rows are about people one cell is enough. Elsewhere a few values may lie in the
    range by chance, so the column counts once half of it does.
    """
    if (field.decimals or 0) < PRECISE_DECIMALS:
        return 0
    cells, filled = count_between(connection, parquet, field.name, (LATITUDES, LONGITUDES))
    is_place = contract.privacy.unit != "none" or 2 * cells >= filled
    return cells if is_place else 0


def _is_declared(field: Field, kind: PersonalKind) -> bool:
    return any(declared.kind == kind for declared in field.declared_personal)
