"""Times of day and moments as people write them.

Always read: `9:00`, `09:00:30`, `0900`, `9시`, `9시 30분`; for moments also every separator of
a day that `dates` reads, `20200629095528` and 24:00, which is the first moment of the next day
and nothing else. Fractions of a second that are zero may follow a time.

24:00 is no time of day: a clock shows 00:00 then, and which end of the day was meant is
nowhere. A field that declares `format: closing-time` says that it is always the end; there
24:00 is read as 00:00 and told from 00:00 no more. Without that it is not read.
"""

from __future__ import annotations

import polars as pl

from etl.validate.normalise.second_look import read_in_two_looks

CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_TIME = rf"^{CLOCK}(?::[0-5][0-9])?$"
_SHAPES = (
    r"^([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.0+)?)?$",
    r"^([0-9]{2})([0-9]{2})([0-9]{2})?$",
    r"^([0-9]{1,2})\s*시(?:\s*([0-9]{1,2})\s*분(?:\s*([0-9]{1,2})\s*초)?)?$",
)
END_OF_DAY = "24:00:00"


def read_time(text: pl.Expr, *, is_closing: bool = False) -> pl.Expr:
    """Read times of day; null for any other text.

    Args:
        text: Cells without outer blanks.
        is_closing: Whether 24:00 is read, as 00:00.

    Examples:
        >>> cells = pl.DataFrame({"t": ["9:00", "0930", "9시 5분", "24:00", "25:00"]})
        >>> [str(time) for time in cells.select(read_time(pl.col("t"))).to_series()]
        ['09:00:00', '09:30:00', '09:05:00', 'None', 'None']
        >>> str(cells.select(read_time(pl.col("t"), is_closing=True)).to_series()[3])
        '00:00:00'
    """

    def read_plain(plain: pl.Expr) -> pl.Expr:
        has_seconds = plain.str.len_chars() > len("HH:MM")
        clock = pl.when(has_seconds).then(plain).otherwise(plain + ":00")
        return pl.when(plain.str.contains(_TIME)).then(clock.str.to_time("%H:%M:%S", strict=False))

    def spell(cells: pl.Series) -> pl.Series:
        clock = spell_time(cells)
        return clock.replace(END_OF_DAY, "00:00:00") if is_closing else clock

    return read_in_two_looks(text, read_plain, spell, pl.Time)


def spell_time(cells: pl.Series) -> pl.Series:
    """Spell a time as `HH:MM:SS`; null where the text is no time. 24:00 stays.

    Examples:
        >>> spell_time(pl.Series(["9:00", "2400", "9시", "9"])).to_list()
        ['09:00:00', '24:00:00', '09:00:00', None]
    """
    hour, minute, second = (
        pl.coalesce(pl.col("text").str.extract(shape, group) for shape in _SHAPES)
        .str.zfill(2)
        .alias(name)
        for group, name in enumerate(("hour", "minute", "second"), start=1)
    )
    parts = cells.to_frame("text").select(hour, minute.fill_null("00"), second.fill_null("00"))
    return parts.select(pl.concat_str(pl.all(), separator=":")).to_series()
