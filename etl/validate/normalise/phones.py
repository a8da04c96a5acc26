"""Telephone numbers of Korea in one form: area code, exchange, number, with hyphens.

Read are digits with hyphens, blanks, points or parentheses between them, as long as they make
a whole number with its area or service code. The digits stay what they were; where the
hyphens or blanks stood is lost. A number without its area code, one with a note or an
extension, and two numbers in one cell are not read: what is missing would be guessed.
"""

from __future__ import annotations

import polars as pl

_PUNCTUATION = r"[\s.()\-‐‑–]"
_SHAPES = (
    r"^(02)([0-9]{3,4})([0-9]{4})$",
    r"^(050[2-8])([0-9]{3,4})([0-9]{4})$",
    r"^(0(?:[3-6][1-5]|70|80|1[016789]))([0-9]{3,4})([0-9]{4})$",
    r"^(1[5-8][0-9]{2})([0-9]{4})()$",
)


def spell_phone(text: pl.Expr) -> pl.Expr:
    """Spell telephone numbers alike; null where the text is no whole number.

    Args:
        text: Cells without outer blanks.

    Examples:
        >>> cells = pl.DataFrame({"tel": ["02 4675058", "(031)310-3869", "15443113", "7656430"]})
        >>> cells.select(spell_phone(pl.col("tel"))).to_series().to_list()
        ['02-467-5058', '031-310-3869', '1544-3113', None]
    """
    digits = text.str.replace_all(_PUNCTUATION, "")
    parts = (
        pl.coalesce(digits.str.extract(shape, group) for shape in _SHAPES) for group in (1, 2, 3)
    )
    return pl.concat_str(parts, separator="-").str.strip_suffix("-")
