"""What spreadsheets and databases left of text: beyond repair, and so never taken as text.

A whole cell that reads `3.09E+11` was an identifier of which the spreadsheet kept six digits;
`Nov-23` was 11-23; `#N/A` was a formula. Where a contract expects such a text and knows what
it means, it names it among `missingValues`.
"""

from __future__ import annotations

from datetime import date

import polars as pl

_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
EXPONENT = r"^[+-]?[0-9](?:\.[0-9]+)?E[+-]?[0-9]{2,}$"
ENGLISH_MONTH = rf"^(?:[0-9]{{1,2}}[-.](?:{_MONTHS})|(?:{_MONTHS})[-.][0-9]{{1,2}})$"
DAMAGED_OCTOBER = r"^[0-9]+\.1$"  # only of dates: 1996.10 without its last zero
SPREADSHEET_ZERO = date(1899, 12, 30)  # what a zero, or nothing, becomes as a day
FORMULA_ERROR = r"^#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!)$"
_DAMAGED = f"{EXPONENT}|{ENGLISH_MONTH}|{FORMULA_ERROR}"


def is_damaged(text: pl.Expr) -> pl.Expr:
    """Tell which cells a spreadsheet has damaged beyond repair.

    Args:
        text: Cells without outer blanks.

    Examples:
        >>> cells = pl.Series(["3.09E+11", "Nov-23", "23.Dec", "#N/A", "E+11", "11-23"])
        >>> pl.select(is_damaged(pl.lit(cells))).to_series().to_list()
        [True, True, True, True, False, False]
    """
    return text.str.contains(_DAMAGED)
