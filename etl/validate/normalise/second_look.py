"""Read most cells the quick way, and look a second time only at those that it left.

Nearly all cells of a column are written plainly. Asking every cell for every tolerated
spelling would cost several times what reading it costs.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

Read = Callable[[pl.Expr], pl.Expr]
Spell = Callable[[pl.Series], pl.Series]


def read_in_two_looks(
    text: pl.Expr,
    read: Read,
    spell: Spell,
    dtype: pl.DataType | type[pl.DataType],
    *,
    repeats: bool = True,
) -> pl.Expr:
    """Read text as it stands, and what cannot be read so once more after spelling it plainly.

    Args:
        text: Cells; null where there is none.
        read: Reads the plain spelling; null for every other.
        spell: Spells other cells plainly.
        dtype: What `read` returns.
        repeats: Whether cells hold few different texts, as days do, so that each is spelled once.

    Returns:
        The values; null where neither look found one.

    Examples:
        >>> def number(text): return text.cast(pl.Int64, strict=False)
        >>> def digits(cells): return cells.replace({"three": "3"})
        >>> cells = pl.DataFrame({"n": ["1", "three", "x", None]})
        >>> read = read_in_two_looks(pl.col("n"), number, digits, pl.Int64)
        >>> cells.select(read).to_series().to_list()
        [1, 3, None, None]
    """

    def look_again(cells: pl.Series) -> pl.Series:
        plain, values = cells.struct.field("text"), cells.struct.field("value")
        is_left = values.is_null() & plain.is_not_null()
        if not is_left.any():
            return values
        again = _read_distinct if repeats else _read_each
        found = again(plain.filter(is_left), read, spell)
        return values.scatter(is_left.arg_true(), found)

    both = pl.struct(text=text, value=read(text))
    return both.map_batches(look_again, return_dtype=dtype, is_elementwise=True)


def _read_each(cells: pl.Series, read: Read, spell: Spell) -> pl.Series:
    return _apply(read, spell(cells))


def _read_distinct(cells: pl.Series, read: Read, spell: Spell) -> pl.Series:
    distinct = cells.unique()
    found = _read_each(distinct, read, spell)
    return cells.replace_strict(distinct, found, return_dtype=found.dtype)


def _apply(read: Read, cells: pl.Series) -> pl.Series:
    return cells.to_frame("text").select(read(pl.col("text")).alias("value")).to_series()
