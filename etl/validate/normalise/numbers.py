"""Numbers as people write them.

Always read, because there is one way to understand it: thousands separated as they should be
(`1,234,567`), full-width digits and signs, the minus sign of typesetters (U+2212). The value
is the same; the spelling is lost.

Read only where the contract declares it, because it means different things in different
tables: `△5`, `▲5` and `(5)` for negatives (`negative`), a unit of thousands or millions (see
`units`). What is left is no number: it is never rounded, cut or completed.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from etl.validate.normalise.second_look import read_in_two_looks

# Ten and more digits with a zero in front are a code or a telephone number: reading them as a
# number would cut the zero, by which the release gate knows them for what they are.
_DIGITS = r"(?:[0-9]{1,9}|[1-9][0-9]*)"
_INTEGER = rf"^[+-]?{_DIGITS}$"
_GROUPED = r"^[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?$"
MOST_DIGITS = 18

# Full-width forms alone, not all of NFKC, which would turn 10² into 102 and ① into 1.
_WIDE = {chr(code + 0xFEE0): chr(code) for code in map(ord, "0123456789+-.,()")} | {"−": "-"}


def read_integer(text: pl.Expr, negative: Sequence[str] = (), power: int = 0) -> pl.Expr:
    """Read whole numbers; null for any other text.

    Args:
        text: Cells without outer blanks.
        negative: Marks of negatives that the contract declares: `△`, `▲`, `()`.
        power: The cells count in units of ten to this power; they may have as many decimals.

    Examples:
        >>> cells = pl.DataFrame({"n": ["1,200", "１２", "12,00", "△5"]})
        >>> cells.select(read_integer(pl.col("n"))).to_series().to_list()
        [1200, 12, None, None]
        >>> cells.select(read_integer(pl.col("n"), ["△"], power=3)).to_series().to_list()
        [1200000, 12000, None, -5000]
    """

    def read_plain(plain: pl.Expr) -> pl.Expr:
        if power:
            return _read_decimal(plain, 0, power).cast(pl.Int64, strict=False)
        return pl.when(plain.str.contains(_INTEGER)).then(plain.cast(pl.Int64, strict=False))

    return read_in_two_looks(
        text, read_plain, lambda cells: spell_plainly(cells, negative), pl.Int64, repeats=False
    )


def read_number(
    text: pl.Expr, decimals: int, negative: Sequence[str] = (), power: int = 0
) -> pl.Expr:
    """Read decimals; digits beyond the declared places are allowed only where they are zeros.

    Args:
        text: Cells without outer blanks.
        decimals: Places after the point.
        negative: Marks of negatives that the contract declares: `△`, `▲`, `()`.
        power: The cells count in units of ten to this power; they may have as many more places.

    Examples:
        >>> cells = pl.DataFrame({"n": ["1,200.5", "1.25", "(3)"]})
        >>> cells.select(read_number(pl.col("n"), 1, ["()"])).to_series().to_list()
        [Decimal('1200.5'), None, Decimal('-3.0')]
    """

    def read_plain(plain: pl.Expr) -> pl.Expr:
        return _read_decimal(plain, decimals, power)

    return read_in_two_looks(
        text,
        read_plain,
        lambda cells: spell_plainly(cells, negative),
        pl.Decimal(MOST_DIGITS, decimals),
        repeats=False,
    )


def spell_plainly(cells: pl.Series, negative: Sequence[str] = ()) -> pl.Series:
    """Spell numbers with ASCII digits, one sign and a point; other text stays as it is.

    Inverse: none; which spelling stood there is lost, the value is not.

    Examples:
        >>> cells = pl.Series(["１，２３４．５", "(1,234)", "1,23", "△ 7", "10²"])
        >>> spell_plainly(cells, ["()", "△"]).to_list()
        ['1234.5', '-1234', '1,23', '-7', '10²']
    """
    is_ascii = (cells.str.len_bytes() == cells.str.len_chars()).all()
    narrow = cells if is_ascii else cells.str.replace_many(_WIDE)
    for mark in negative:
        narrow = narrow.str.replace(_NEGATIVE[mark], "-${1}")
    whole = narrow.str.replace_all(",", "", literal=True)
    return whole.zip_with(narrow.str.contains(_GROUPED).fill_null(value=False), narrow)


_NEGATIVE = {
    "△": r"^△\s*([0-9.].*)$",
    "▲": r"^▲\s*([0-9.].*)$",
    "()": r"^\(\s*([0-9.][0-9.,]*)\s*\)$",
}


def _read_decimal(text: pl.Expr, decimals: int, power: int) -> pl.Expr:
    places = decimals + power
    fraction = rf"\.[0-9]{{1,{places}}}0*" if places else r"\.0+"
    is_number = text.str.contains(rf"^[+-]?(?:{_DIGITS}(?:{fraction})?|{fraction})$")
    target = pl.Decimal(MOST_DIGITS, decimals)
    if not power:
        return pl.when(is_number).then(text.cast(target, strict=False))
    # What has more than 18 digits once multiplied does not fit here either.
    exact = text.cast(pl.Decimal(MOST_DIGITS, places), strict=False) * pl.lit(10**power)
    return pl.when(is_number).then(exact.cast(target, strict=False))
