"""Hold one published file against its certificate, as anybody can who has both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from etl.certify.certifying import Check
from etl.certify.measuring import measure_columns, measure_file, measure_smallest_group
from etl.contract.model import FieldType
from etl.digest import Column, digest_csv, digest_parquet
from etl.errors import DisclosureRiskError

if TYPE_CHECKING:
    import duckdb

MOST_DECIMALS = 18


def verify_file(
    connection: duckdb.DuckDBPyConnection, file: Path, content: Mapping[str, Any]
) -> list[Check]:
    """Measure a file again.

    Args:
        connection: The measuring engine.
        file: A published file; its suffix says what it is, its name does not matter.
        content: The certificate's content, its signature checked.

    Returns:
        What was required and what was measured.

    Raises:
        DisclosureRiskError: The certificate speaks of no such file, or is none of this program.
    """
    columns = _read_columns(content)
    name = {".parquet": "data.parquet", ".csv": "data.csv"}.get(file.suffix)
    certified = next((entry for entry in content["files"] if entry["name"] == name), None)
    if certified is None:
        raise DisclosureRiskError(
            "The certificate speaks of no such file; it covers data.parquet and data.csv."
            " Nothing was changed. Name one of these, as downloaded."
        )
    measured = measure_file(file)
    checks = [
        _equal("sha256", certified["sha256"], measured.sha256),
        _equal("size_bytes", certified["size_bytes"], measured.size_bytes),
    ]
    if checks[0].holds:
        checks += _table_checks(connection, file, columns, content)
    return checks


def _read_columns(content: Mapping[str, Any]) -> list[Column]:
    """Read the columns that a certificate names.

    Anybody can sign a certificate with a key of his own, and what stands in it becomes part of
    what is asked of the engine; so nothing but known types and whole numbers is let through.
    """
    try:
        columns = [Column(f["name"], f["type"], f["decimals"]) for f in content["fields"]]
        keys = content["privacy"].get("quasi_identifiers", [])
        known = {column.name for column in columns}
        is_ours = all(map(_is_column, columns)) and known.issuperset(keys)
    except (KeyError, TypeError, AttributeError):
        is_ours = False
    if not (is_ours and {"files", "digest"} <= content.keys()):
        raise DisclosureRiskError(
            "The certificate does not hold: it is none of this program's. Nothing was changed."
            " Download it again from the page of the dataset."
        )
    return columns


def _is_column(column: Column) -> bool:
    is_decimal = type(column.decimals) is int and 0 <= column.decimals <= MOST_DECIMALS
    return (
        isinstance(column.name, str)
        and column.type in get_args(FieldType)
        and (is_decimal if column.type == "number" else column.decimals is None)
    )


def _table_checks(
    connection: duckdb.DuckDBPyConnection,
    file: Path,
    columns: Sequence[Column],
    content: Mapping[str, Any],
) -> list[Check]:
    names = [column.name for column in columns]
    same_columns = _equal("columns", names, measure_columns(connection, file))
    if not same_columns.holds:
        return [same_columns]
    is_parquet = file.suffix == ".parquet"
    measure = digest_parquet if is_parquet else digest_csv
    digest = measure(connection, file, columns)
    checks = [
        same_columns,
        _equal("rows", content["digest"]["rows"], digest.rows),
        _equal("digest", content["digest"]["total"], str(digest.total)),
    ]
    k = content["privacy"].get("k")
    if k is not None and is_parquet:
        keys = content["privacy"]["quasi_identifiers"]
        smallest = measure_smallest_group(connection, file, keys)
        checks.append(Check("k", f">= {k['required']}", str(smallest), smallest >= k["required"]))
    return checks


def _equal(name: str, required: object, measured: object) -> Check:
    return Check(name, str(required), str(measured), required == measured)
