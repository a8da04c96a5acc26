"""Hold one published file against its certificate, as anybody can who has both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from etl.certify.certifying import Check
from etl.certify.inspecting import inspect_parquet
from etl.certify.measuring import measure_columns, measure_file, measure_smallest_group
from etl.certify.privacy import Diversity, count_foreign_values, measure_diversity
from etl.contract.fields import Field
from etl.contract.generalisation import Generalisation
from etl.contract.vocabulary import FieldType
from etl.digest import Column, digest_csv, digest_parquet
from etl.errors import DisclosureRiskError

if TYPE_CHECKING:
    import duckdb

TOLERANCE = 1e-9  # sums of shares differ in their last digits from engine to engine
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
        raise _foreign_certificate()
    return columns


def _foreign_certificate() -> DisclosureRiskError:
    return DisclosureRiskError(
        "The certificate does not hold: it is none of this program's. Nothing was changed."
        " Download it again from the page of the dataset."
    )


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
    if content["privacy"].get("k") is not None and is_parquet:
        try:
            checks += _privacy_checks(connection, file, content)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise _foreign_certificate() from None
    return checks


def _privacy_checks(
    connection: duckdb.DuckDBPyConnection, file: Path, content: Mapping[str, Any]
) -> Iterator[Check]:
    """Measure groups, levels and the inside of the file again; units have no key in it."""
    privacy = content["privacy"]
    keys, k = privacy["quasi_identifiers"], privacy["k"]["required"]
    counts_units = privacy.get("counts") == "units"
    smallest = measure_smallest_group(connection, file, keys)
    yield Check("k by records" if counts_units else "k", f">= {k}", str(smallest), smallest >= k)
    fields = [_field(described) for described in content["fields"]]
    for field in fields:
        told = privacy.get("sensitive", {}).get(field.name)
        if told is not None:
            yield from _diversity_checks(told, measure_diversity(connection, file, keys, field))
        way = field.generalise
        if way is not None and way.table is None:  # code lists are not published with the file
            foreign = count_foreign_values(connection, file, field, file.parent)
            yield _equal(f"values of {field.name} that are none of its level", 0, foreign)
    inside = inspect_parquet(connection, file, [field.name for field in fields])
    for name, found in inside.named().items():
        yield _equal(name, 0, found)


def _diversity_checks(told: Mapping[str, Any], found: Diversity) -> Iterator[Check]:
    distinct = told["distinct"]["achieved"]
    yield _equal("distinct values", distinct, found.distinct)
    for name, required, measured in (
        ("largest share", told["alpha"]["achieved"], found.largest_share),
        ("t of equal distance", told["t_equal"], found.t_equal),
        ("t of ordered distance", told["t_ordered"], found.t_ordered),
    ):
        if required is not None and measured is not None:
            is_same = abs(float(required) - measured) <= TOLERANCE
            yield Check(name, str(required), f"{measured:.12g}", is_same)


def _field(described: Mapping[str, Any]) -> Field:
    """Return the field of a certificate, as far as measuring it needs."""
    way = described["generalisation"]
    return Field.model_construct(
        name=described["name"],
        type=described["type"],
        role=described["role"],
        generalise=None if way is None else Generalisation.model_validate(way),
        hierarchy=None,
    )


def _equal(name: str, required: object, measured: object) -> Check:
    return Check(name, str(required), str(measured), required == measured)
