"""Ways to make a quasi-identifier coarser, and the levels that they make."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import (
    Field as Key,
)
from pydantic import (
    StrictInt,
    model_validator,
)

from etl.contract.vocabulary import (
    FieldType,
    Strict,
    TableName,
    Text,
)


class Generalisation(Strict):
    """One way to make a quasi-identifier coarser.

    Attributes:
        band: Width of numeric bands; 5 turns 37 into `35-39`.
        bottom: Values below it share one band, `<bottom`.
        top: Values from it on share one band, `>=top`.
        date_part: What remains of a date.
        years: Width of bands of years of a date; 5 turns 2026-03-02 into `2025-2029`.
        words: How many leading words remain, as 시도 of a place.
        keep: How many leading characters remain of a code; the others read `*`.
        table: Code list in `schemas/hierarchies`, its first column the values themselves.
        column: Column of that code list that replaces the value.
        all: Nothing remains but `*`.
    """

    band: Annotated[StrictInt, Key(ge=1)] | None = None
    bottom: StrictInt | None = None
    top: StrictInt | None = None
    date_part: Literal["year", "quarter", "month", "day"] | None = None
    years: Annotated[StrictInt, Key(ge=2)] | None = None
    words: Annotated[StrictInt, Key(ge=1)] | None = None
    keep: Annotated[StrictInt, Key(ge=1)] | None = None
    table: TableName | None = None
    column: Text | None = None
    all: Literal[True] | None = None

    @model_validator(mode="after")
    def _is_one_way(self) -> Self:
        named = (self.band, self.date_part, self.years, self.words, self.keep, self.table, self.all)
        if sum(way is not None for way in named) != 1:
            raise ValueError(
                "name exactly one of band, date_part, years, words, keep, table and all"
            )
        if (self.table is None) != (self.column is None):
            raise ValueError("table and column belong together")
        if self.band is None and (self.bottom is not None or self.top is not None):
            raise ValueError("bottom and top belong to band")
        if self.bottom is not None and self.top is not None and self.bottom >= self.top:
            raise ValueError("bottom must be below top")
        if any(bound % self.band for bound in (self.bottom, self.top) if self.band and bound):
            raise ValueError("bottom and top must be multiples of band, or bands would overlap")
        return self

    def complaint(self, field_type: FieldType) -> str | None:
        """Say why this way does not fit a type; None when it does."""
        if self.band is not None and field_type not in ("integer", "year"):
            return "band needs type integer or year"
        if self.date_part is not None and field_type not in ("date", "datetime"):
            return "date_part needs type date or datetime"
        if self.years is not None and field_type not in ("date", "datetime"):
            return "years needs type date or datetime"
        for way in ("words", "keep", "table"):
            if getattr(self, way) is not None and field_type != "string":
                return f"{way} needs type string"
        return None


NOTHING_LEFT = Generalisation(all=True)


class FieldHierarchy(Strict):
    """Levels among which the least lossy anonymous one is searched.

    Level 0 is the value itself, then come the steps, and above them `*`.

    Attributes:
        steps: Ways to make the value coarser, finest first; each nested in the next.
        floor: Finest level that may be published.
        ceiling: Coarsest level that may be published; `*` when it is not named.
    """

    steps: tuple[Generalisation, ...] = ()
    floor: Annotated[StrictInt, Key(ge=0)]
    ceiling: Annotated[StrictInt, Key(ge=0)] | None = None

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        if any(step.all for step in self.steps):
            raise ValueError("all is always the last level and is not named among the steps")
        top = len(self.steps) + 1
        if not self.floor <= (top if self.ceiling is None else self.ceiling) <= top:
            raise ValueError(f"floor and ceiling must be in order and at most {top}")
        return self
