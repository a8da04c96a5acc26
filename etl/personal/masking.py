"""Show the shape of a cell instead of the cell.

A mask keeps length, spaces and signs, so that a clerk finds the cell in the own file again and
sees why its form is wrong. Letters and digits become ▒, which CP949 can write and no register
holds: a mask is told from a value wherever it turns up. The first character stays only where
enough others are hidden.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final, get_args

import polars as pl

from etl.contract.fields import Field
from etl.contract.vocabulary import PersonalKind
from etl.personal.confirming import confirm
from etl.personal.patterns import PATTERNS

BLOCK: Final = "▒"
_HIDDEN: Final = r"[\p{L}\p{N}\p{M}]"
_ENOUGH: Final = 6


def mask(text: pl.Expr) -> pl.Expr:
    """Return the shape of texts; an empty one stays empty.

    Examples:
        >>> cells = pl.Series(["710101-1234567", "홍길동", "a@b.kr", ""])
        >>> pl.select(mask(pl.lit(cells))).to_series().to_list()
        ['7▒▒▒▒▒-▒▒▒▒▒▒▒', '▒▒▒', '▒@▒.▒▒', '']
    """
    hidden = text.str.replace_all(_HIDDEN, BLOCK)
    has_enough = text.str.count_matches(_HIDDEN) > _ENOUGH
    starts_plain = text.str.contains(rf"^{_HIDDEN}")
    return (
        pl.when(has_enough & starts_plain)
        .then(text.str.head(1) + hidden.str.slice(1))
        .otherwise(hidden)
    )


def looks_masked(text: pl.Expr) -> pl.Expr:
    """Tell whether texts could be masks: ▒, and no letter or digit but the first.

    Examples:
        >>> cells = pl.Series(["7▒▒▒▒▒-▒▒▒▒▒▒▒", "▒▒▒", "2▒3", "홍**", "-", ""])
        >>> pl.select(looks_masked(pl.lit(cells))).to_series().to_list()
        [True, True, False, False, False, False]
    """
    has_block = text.str.contains(BLOCK, literal=True)
    return has_block & ~text.str.slice(1).str.contains(_HIDDEN)


def holds_person(
    cells: pl.Series, today: date, passing: Collection[PersonalKind] = ()
) -> pl.Series:
    """Tell which cells hold personal data of any kind.

    Each cell is judged alone: what only its column would excuse counts as personal here.

    Args:
        cells: Text; a missing value holds nothing.
        today: Until when people may have been born.
        passing: Kinds that a contract declares for this column.

    Examples:
        >>> cells = pl.Series(["문의 010-1234-5678", "042-606-6865", None])
        >>> holds_person(cells, date(2026, 11, 25)).to_list()
        [True, False, False]
    """
    kinds = [kind for kind in get_args(PersonalKind) if kind not in passing]
    texts = cells.drop_nulls().unique()
    found = {
        text
        for kind in kinds
        for text in texts.filter(texts.str.contains(PATTERNS[kind]))
        if confirm(kind, text, today)
    }
    return cells.is_in(sorted(found)).fill_null(value=False)


def show_cell(field: Field, today: date) -> pl.Expr:
    """Return a field's text as its department may see it again: masked where personal.

    Every cell is masked of a field that is not open; of an open one those that hold personal
    data of a kind that the contract does not declare for it.

    Args:
        field: Gives column and role.
        today: See `holds_person`.
    """
    text = pl.col(field.name)
    if field.role != "open":
        return mask(text).alias(field.name)
    passing = tuple(declared.kind for declared in field.declared_personal)
    is_personal = text.map_batches(
        lambda cells: holds_person(cells, today, passing),
        return_dtype=pl.Boolean,
        is_elementwise=True,
    )
    return pl.when(is_personal).then(mask(text)).otherwise(text).alias(field.name)
