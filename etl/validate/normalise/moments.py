"""Moments: a day and a time of day, kept in UTC.

Read are ISO 8601 and every day and time that `dates` and `times` read, with `T` or blanks
between them, and `20200629095528`. 24:00 is the first moment of the next day, exactly. A
moment that states no offset is one of the contract's time zone; an hour that summer time
skipped or repeated is not read, nor is a day without a time.
"""

from __future__ import annotations

import polars as pl

from etl.validate.normalise.dates import is_of_our_era, spell_day
from etl.validate.normalise.second_look import read_in_two_looks
from etl.validate.normalise.times import CLOCK, END_OF_DAY, spell_time

_MOMENT = (
    rf"^(?<day>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})[T ](?<clock>{CLOCK})"
    r"(?::(?<second>[0-5][0-9])(?:\.(?<fraction>[0-9]{1,6}))?)?"
    rf"(?<zone>Z|[+-]{CLOCK})?$"
)
_SPELLED = rf"^(.+?)[T\s]+([0-9]{{1,2}}(?::|\s*시).*?)(Z|[+-]{CLOCK})?$"
_COMPACT = r"^([0-9]{8})([0-9]{2})([0-9]{2})([0-9]{2})?$"
_LAST_YEAR = 9999
MOMENT = pl.Datetime("us", "UTC")


def read_moment(text: pl.Expr, timezone: str, pivot: int | None = None) -> pl.Expr:
    """Read moments; null for any other text.

    Args:
        text: Cells without outer blanks.
        timezone: Zone of moments that state no offset.
        pivot: Of years of two digits; see `dates.read_date`.

    Examples:
        >>> cells = pl.DataFrame({"m": ["2026.11.1 9:00", "20261101240000", "2026-11-01"]})
        >>> read = cells.select(read_moment(pl.col("m"), "Asia/Seoul")).to_series()
        >>> [str(moment) for moment in read]
        ['2026-11-01 00:00:00+00:00', '2026-11-01 15:00:00+00:00', 'None']
    """

    def read_plain(plain: pl.Expr) -> pl.Expr:
        return _read_iso(plain, timezone)

    return read_in_two_looks(text, read_plain, lambda cells: _spell(cells, pivot), MOMENT)


def _spell(cells: pl.Series, pivot: int | None) -> pl.Series:
    """Spell a moment as ISO 8601 with 24:00 carried to the next day; null where it is none."""
    text = pl.col("text").str.replace(_COMPACT, "${1} ${2}:${3}:${4}").str.strip_chars_end(":")
    parts = cells.to_frame("text").select(
        text.str.extract(_SPELLED, group).alias(name)
        for group, name in enumerate(("day", "clock", "zone"), start=1)
    )
    spelled = parts.select(
        spell_day(parts["day"], pivot).str.to_date("%Y-%m-%d", strict=False).alias("day"),
        spell_time(parts["clock"].str.strip_chars()).alias("clock"),
        pl.col("zone").fill_null(""),
    )
    is_end = pl.col("clock") == END_OF_DAY
    day = pl.when(is_end).then(pl.col("day") + pl.duration(days=1)).otherwise(pl.col("day"))
    begun = pl.when(is_end).then(pl.lit("00:00:00")).otherwise(pl.col("clock"))
    moment = pl.concat_str(day.dt.to_string("%Y-%m-%d"), pl.lit(" "), begun, pl.col("zone"))
    return spelled.select(moment.alias("moment")).to_series()


def _read_iso(text: pl.Expr, timezone: str) -> pl.Expr:
    part = text.str.extract_groups(_MOMENT).struct
    stamp = pl.concat_str(
        part.field("day"),
        pl.lit(" "),
        part.field("clock"),
        pl.lit(":"),
        part.field("second").fill_null("00"),
        pl.lit("."),
        part.field("fraction").fill_null("").str.pad_end(6, "0"),
    ).str.to_datetime("%Y-%m-%d %H:%M:%S%.6f", time_unit="us", strict=False)
    zone = part.field("zone")
    local = stamp.dt.replace_time_zone(timezone, ambiguous="null", non_existent="null")
    moment = (
        pl.when(zone.is_null())
        .then(local.dt.convert_time_zone("UTC"))
        .otherwise(stamp.dt.replace_time_zone("UTC") - _offset(zone))
    )
    is_calendar = is_of_our_era(stamp.dt.year()) & (moment.dt.year() >= 1)
    return pl.when(is_calendar & (moment.dt.year() <= _LAST_YEAR)).then(moment)


def _offset(zone: pl.Expr) -> pl.Expr:
    minutes = (
        zone.str.slice(1, 2).cast(pl.Int64, strict=False).fill_null(0) * 60
        + zone.str.slice(4, 2).cast(pl.Int64, strict=False).fill_null(0)
    ) * pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    return pl.duration(minutes=minutes)
