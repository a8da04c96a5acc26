"""Measure privacy on the written files with DuckDB; shares no code with the search.

What is counted here is what a reader of the files can count: classes over the published
quasi-identifiers, missing values being values. Only units cannot be counted there, because
their key is never published; they are counted on the restricted table beside, after it was
seen to hold the very same rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from etl.contract.fields import Field
from etl.contract.generalisation import Generalisation
from etl.contract.model import Contract
from etl.digest import literal_path, quoted

LARGEST_ORDERED = 20_000_000  # classes times values; beyond it the ordered distance is not measured
ORDERED_TYPES = ("integer", "year", "number", "date", "datetime")


@dataclass(frozen=True, slots=True)
class Diversity:
    """What the groups hold of one sensitive field.

    Attributes:
        distinct: Fewest values in a group (distinct l).
        entropy: Fewest values in a group by entropy: `exp` of the smallest (entropy l).
        largest_share: Largest part of a group that shares one value (α).
        t_equal: Largest distance of a group from the whole table, values equally far apart.
        t_ordered: The same with values in their order; None where they have none.
    """

    distinct: int
    entropy: float
    largest_share: float
    t_equal: float
    t_ordered: float | None


@dataclass(frozen=True, slots=True)
class PrivacyFacts:
    """What was measured of the groups of a published table.

    Attributes:
        counts: What k counts: `units` or `records`.
        smallest: Units or records of the smallest group; 0 when there is none.
        groups: How many groups there are.
        percentile_5: Records of a group at the 5th percentile.
        median: Records of the group in the middle.
        largest: Records of the largest group.
        discernibility: Sum of the squared sizes.
        units_agree: Whether the restricted table with units holds the published rows.
        diversity: For each sensitive field what groups hold of it.
    """

    counts: str
    smallest: int
    groups: int
    percentile_5: int
    median: int
    largest: int
    discernibility: int
    units_agree: bool
    diversity: dict[str, Diversity]


def measure_privacy(
    connection: duckdb.DuckDBPyConnection, parquet: Path, contract: Contract, units: Path | None
) -> PrivacyFacts:  # fmt: skip
    """Measure the groups of a published table.

    Args:
        connection: The measuring engine.
        parquet: The written file; not modified.
        contract: Names quasi-identifiers, sensitive fields and the key of units.
        units: The restricted table with the key of units beside; None where rows count.
    """
    names = contract.quasi_identifiers
    keys = ", ".join(map(quoted, names))
    [(groups, smallest, percentile, median, largest, squares)] = connection.execute(
        f"""
        SELECT count(*), coalesce(min(n), 0), coalesce(quantile_disc(n, 0.05), 0),
               coalesce(quantile_disc(n, 0.5), 0), coalesce(max(n), 0), coalesce(sum(n * n), 0)
        FROM (SELECT count(*) AS n FROM read_parquet($file) GROUP BY {keys})
        """,
        {"file": literal_path(parquet)},
    ).fetchall()
    agree, counts = True, "records"
    if units is not None:
        counts = "units"
        agree = _holds_same_rows(connection, parquet, units, contract)
        smallest = _smallest_by_unit(connection, units, keys, str(contract.unit_key))
    return PrivacyFacts(
        counts, int(smallest), int(groups), int(percentile), int(median), int(largest),
        int(squares), agree,
        {
            field.name: measure_diversity(connection, parquet, names, field)
            for field in contract.published_fields
            if field.role == "sensitive" and names
        },
    )  # fmt: skip


def measure_diversity(
    connection: duckdb.DuckDBPyConnection, parquet: Path, names: Sequence[str], field: Field
) -> Diversity:  # fmt: skip
    """Measure what the groups hold of one sensitive field."""
    _count_cells(connection, parquet, names, field.name)
    [(distinct, entropy, share, equal, groups, values)] = connection.execute(
        """
        WITH overall AS (
            SELECT value, sum(n) / (SELECT sum(n) FROM cells) AS p FROM cells GROUP BY value
        ), per_class AS (
            SELECT class, count(*) AS distinct_values, max(q) AS share,
                   -sum(q * ln(q)) AS entropy,
                   (sum(abs(q - p)) + 1 - sum(p)) / 2 AS distance
            FROM cells JOIN overall ON cells.value IS NOT DISTINCT FROM overall.value
            GROUP BY class
        )
        SELECT coalesce(min(distinct_values), 0), coalesce(exp(min(entropy)), 0),
               coalesce(max(share), 0), coalesce(max(distance), 0), count(*),
               (SELECT count(*) FROM overall)
        FROM per_class
        """
    ).fetchall()
    ordered = None
    if field.type in ORDERED_TYPES and groups * values <= LARGEST_ORDERED:
        ordered = _ordered_distance(connection)
    return Diversity(int(distinct), float(entropy), float(share), float(equal), ordered)


def count_foreign_values(
    connection: duckdb.DuckDBPyConnection, parquet: Path, field: Field, hierarchies: Path
) -> int:  # fmt: skip
    """Count the distinct values of a column that are none of its declared level.

    Args:
        connection: The measuring engine.
        parquet: The written file; not modified.
        field: The column, its level fixed.
        hierarchies: Folder of the code lists.
    """
    way = field.generalise
    if way is None:
        return 0
    allowed = _allowed(way, hierarchies)
    [(foreign,)] = connection.execute(
        f"""
        WITH cells AS MATERIALIZED (  -- as they are: DuckDB then counts dictionary entries
            SELECT DISTINCT {quoted(field.name)} AS cell FROM read_parquet($file)
        ), found AS (SELECT cell::VARCHAR AS v FROM cells)
        SELECT count(*) FROM found
        WHERE NOT coalesce({allowed}, false) AND (v IS NOT NULL OR {bool(way.all)})
        """,
        {"file": literal_path(parquet)},
    ).fetchall()
    return int(foreign)


def _count_cells(
    connection: duckdb.DuckDBPyConnection, parquet: Path, names: Sequence[str], sensitive: str
) -> None:  # fmt: skip
    keys = ", ".join(map(quoted, names))
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE cells AS
        SELECT class, value, n, n / sum(n) OVER (PARTITION BY class) AS q FROM (
            SELECT dense_rank() OVER (ORDER BY {keys}) AS class, value, n FROM (
                SELECT {keys}, {quoted(sensitive)} AS value, count(*) AS n
                FROM read_parquet($file) GROUP BY ALL))
        """,
        {"file": literal_path(parquet)},
    )


def _ordered_distance(connection: duckdb.DuckDBPyConnection) -> float | None:
    """Return the largest earth mover's distance with values in their order (Li et al. 2007)."""
    [(distance,)] = connection.execute(
        """
        WITH overall AS (
            SELECT value, sum(n) / (SELECT sum(n) FROM cells) AS p,
                   row_number() OVER (ORDER BY value NULLS FIRST) AS position
            FROM cells GROUP BY value
        ), grid AS (
            SELECT class, position, coalesce(q, 0) - p AS difference
            FROM (SELECT DISTINCT class FROM cells) CROSS JOIN overall
            LEFT JOIN (SELECT class AS c, value AS v, q FROM cells)
                ON c = class AND v IS NOT DISTINCT FROM value
        ), steps AS (
            SELECT class, abs(sum(difference) OVER (PARTITION BY class ORDER BY position)) AS step
            FROM grid
        )
        SELECT max(total) / nullif((SELECT count(*) FROM overall) - 1, 0)
        FROM (SELECT sum(step) AS total FROM steps GROUP BY class)
        """
    ).fetchall()
    return 0.0 if distance is None else float(distance)


def _smallest_by_unit(
    connection: duckdb.DuckDBPyConnection, units: Path, keys: str, unit: str
) -> int:  # fmt: skip
    key = quoted(unit)
    [(smallest,)] = connection.execute(
        f"""
        SELECT coalesce(min(n), 0) FROM (
            SELECT count(DISTINCT {key}) + max(({key} IS NULL)::INTEGER) AS n
            FROM read_parquet($file) GROUP BY {keys})
        """,
        {"file": literal_path(units)},
    ).fetchall()
    return int(smallest)


def _holds_same_rows(
    connection: duckdb.DuckDBPyConnection, parquet: Path, units: Path, contract: Contract
) -> bool:  # fmt: skip
    columns = ", ".join(f"{quoted(f.name)}::VARCHAR" for f in contract.published_fields)
    [(differing,)] = connection.execute(
        f"""
        SELECT count(*) FROM (
            (SELECT {columns} FROM read_parquet($public)
             EXCEPT ALL SELECT {columns} FROM read_parquet($units))
            UNION ALL
            (SELECT {columns} FROM read_parquet($units)
             EXCEPT ALL SELECT {columns} FROM read_parquet($public)))
        """,
        {"public": literal_path(parquet), "units": literal_path(units)},
    ).fetchall()
    return not differing


def _allowed(way: Generalisation, hierarchies: Path) -> str:
    """Return the SQL condition of a value of one level, the text `v`."""
    if way.band is not None:
        return _allowed_band(way.band, way.bottom, way.top)
    if way.years is not None:
        return _allowed_band(way.years, None, None)
    if way.date_part is not None:
        shape = {
            "year": r"\d{1,4}",
            "month": r"\d{4}-(0[1-9]|1[0-2])",
            "quarter": r"\d{4}-Q[1-4]",
            "day": r"\d{4}-\d{2}-\d{2}",
        }[way.date_part]
        return f"regexp_full_match(v, '{shape}')"
    if way.words is not None:
        return rf"len(regexp_extract_all(v, '\S+')) <= {way.words}"
    if way.keep is not None:
        return rf"regexp_full_match(substr(v, {way.keep + 1}), '\**')"
    if way.table is not None:
        file = literal_path(hierarchies / f"{way.table}.csv").replace("'", "''")
        column = quoted(str(way.column))
        return f"v IN (SELECT {column} FROM read_csv('{file}', all_varchar=true, header=true))"
    return "v = '*'"


def _allowed_band(width: int, bottom: int | None, top: int | None) -> str:
    lower = "TRY_CAST(regexp_extract(v, '^(-?[0-9]+)-(-?[0-9]+)$', 1) AS BIGINT)"
    upper = "TRY_CAST(regexp_extract(v, '^(-?[0-9]+)-(-?[0-9]+)$', 2) AS BIGINT)"
    if width == 1:
        lower = upper = "TRY_CAST(v AS BIGINT)"
    inside = [f"{lower} % {width} = 0", f"{upper} = {lower} + {width - 1}"]
    ends = []
    if bottom is not None:
        inside.append(f"{lower} >= {bottom}")
        ends.append(f"v = '<{bottom}'")
    if top is not None:
        inside.append(f"{lower} < {top}")
        ends.append(f"v = '>={top}'")
    return f"({' OR '.join([' AND '.join(inside), *ends])})"


def expected_types(contract: Contract) -> Mapping[str, str]:
    """Return the DuckDB type that each published column must have."""
    return {field.name: _expected_type(field) for field in contract.published_fields}


def _expected_type(field: Field) -> str:
    if field.published_type == "number":
        return f"DECIMAL(18,{field.decimals})"
    return {
        "integer": "BIGINT",
        "year": "BIGINT",
        "boolean": "BOOLEAN",
        "date": "DATE",
        "datetime": "TIMESTAMP WITH TIME ZONE",
        "time": "TIME",
    }.get(field.published_type, "VARCHAR")
