"""Make published values coarser with DuckDB, to lay two tables beside each other.

A value of a coarse level stands for many; any of them tells where it belongs on a coarser
level, because levels are nested. So each value is first turned into one that it may stand for.
Shares no code with what generalised the values.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from etl.contract.fields import Field
from etl.contract.generalisation import NOTHING_LEFT, Generalisation
from etl.contract.vocabulary import FieldType
from etl.digest import literal_path, quoted

BAND = "^(-?[0-9]+)-(-?[0-9]+)$"


@dataclass(frozen=True, slots=True)
class Coarsening:
    """From which level to which a published column goes.

    Attributes:
        name: The column.
        type: Type of the field before it was generalised.
        start: How its values were made; None for the values themselves.
        end: How they are to look; None for the values themselves.
    """

    name: str
    type: FieldType
    start: Generalisation | None
    end: Generalisation | None

    @classmethod
    def between(cls, finer: Field, coarser: Field) -> Coarsening:
        """Return what leads from one table's column to the other's, levels being fixed."""
        return cls(finer.name, finer.type, finer.generalise, coarser.generalise)

    def expression(self, timezone: str, hierarchies: Path) -> str:
        """Return the SQL of the coarser value, as text; a missing one stays missing.

        Args:
            timezone: Zone in which a moment has its day.
            hierarchies: Folder of the code lists.
        """
        text = f"{quoted(self.name)}::VARCHAR"
        if self.start == self.end:
            return text
        way = self.end
        if way is None or way == NOTHING_LEFT:
            return "'*'"
        if way.band is not None:
            return _band(self._number(text), way)
        if way.date_part is not None or way.years is not None:
            return _date_part(self._day(text, timezone), way)
        if way.words is not None:
            words = rf"regexp_extract_all({text}, '\S+')"
            return f"array_to_string({words}[1:{way.words}], ' ')"
        if way.keep is not None:
            rest = f"greatest(length({text}) - {way.keep}, 0)"
            return f"substr({text}, 1, {way.keep}) || repeat('*', {rest}::INTEGER)"
        return self._looked_up(text, way, hierarchies)

    def _number(self, text: str) -> str:
        """Return a number that a band may stand for."""
        bound = f"TRY_CAST(regexp_extract({text}, '-?[0-9]+$') AS BIGINT)"
        return (
            f"CASE WHEN {text} LIKE '<%' THEN {bound} - 1 WHEN {text} LIKE '>=%' THEN {bound}"
            f" WHEN regexp_matches({text}, '{BAND}')"
            f" THEN TRY_CAST(regexp_extract({text}, '{BAND}', 1) AS BIGINT)"
            f" ELSE TRY_CAST({text} AS BIGINT) END"
        )

    def _day(self, text: str, timezone: str) -> str:
        """Return a day that a part of a date may stand for."""
        way = self.start
        if way is None and self.type == "datetime":
            return f"({quoted(self.name)} AT TIME ZONE '{timezone}')::DATE"
        if way is None or way.date_part == "day":
            return f"TRY_CAST({text} AS DATE)"
        if way.date_part == "month":
            return f"TRY_CAST({text} || '-01' AS DATE)"
        year = f"TRY_CAST(regexp_extract({text}, '^-?[0-9]+') AS INTEGER)"
        if way.date_part == "quarter":
            month = f"3 * TRY_CAST(right({text}, 1) AS INTEGER) - 2"
            return f"make_date({year}, {month}, 1)"
        return f"make_date({year}, 1, 1)"

    def _looked_up(self, text: str, way: Generalisation, hierarchies: Path) -> str:
        file = hierarchies / f"{way.table}.csv"
        literal = literal_path(file).replace("'", "''")
        start = self.start.column if self.start else _first_column(file)
        return (
            f"(SELECT any_value({quoted(str(way.column))})"
            f" FROM read_csv('{literal}', all_varchar=true, header=true)"
            f" WHERE {quoted(str(start))} = {text})"
        )


def _first_column(file: Path) -> str:
    with file.open(encoding="utf-8-sig", newline="") as rows:
        return next(csv.reader(rows))[0]


def _band(number: str, way: Generalisation) -> str:
    width = way.band or 1
    lower = f"(n - ((n % {width}) + {width}) % {width})"
    label = f"{lower} || '-' || ({lower} + {width - 1})" if width > 1 else f"{lower}::VARCHAR"
    ends = "WHEN n IS NULL THEN NULL"
    if way.top is not None:
        ends += f" WHEN n >= {way.top} THEN '>={way.top}'"
    if way.bottom is not None:
        ends += f" WHEN n < {way.bottom} THEN '<{way.bottom}'"
    return f"(SELECT CASE {ends} ELSE {label} END FROM (SELECT {number} AS n))"


def _date_part(day: str, way: Generalisation) -> str:
    if way.years is not None:
        return _band(f"year({day})", Generalisation(band=way.years))
    return {
        "year": f"year({day})::VARCHAR",
        "month": f"strftime({day}, '%Y-%m')",
        "quarter": f"year({day}) || '-Q' || quarter({day})",
        "day": f"({day})::VARCHAR",
    }[str(way.date_part)]
