"""Read most cells the quick way, and look a second time only at those that it left.

Nearly all cells of a column are written plainly. Asking every cell for every tolerated
spelling would cost several times what reading it costs.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl


def read_in_two_looks(
    text: pl.Expr,
    read: Callable[[pl.Expr], pl.Expr],
    spell: Callable[[pl.Series], pl.Series],
    dtype: pl.DataType | type[pl.DataType],
) -> pl.Expr:
    """Read text as it stands, and what cannot be read so once more after spelling it plainly.

    Args:
        text: Cells; null where there is none.
        read: Reads the plain spelling; null for every other.
        spell: Spells other cells plainly; sees each distinct text once.
        dtype: What `read` returns.

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

    def look(cells: pl.Series) -> pl.Series:
        values = _apply(read, cells)
        is_left = values.is_null() & cells.is_not_null()
        if not is_left.any():
            return values
        left = cells.filter(is_left)
        distinct = left.unique()
        found = _apply(read, spell(distinct))
        return values.scatter(
            is_left.arg_true(), left.replace_strict(distinct, found, return_dtype=found.dtype)
        )

    return text.map_batches(look, return_dtype=dtype, is_elementwise=True)


def _apply(read: Callable[[pl.Expr], pl.Expr], cells: pl.Series) -> pl.Series:
    return cells.to_frame("text").select(read(pl.col("text")).alias("value")).to_series()
