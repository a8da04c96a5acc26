"""Codes: one spelling for each value of a code list, also where a cell holds several.

A spelling that means one value on the row's day becomes that value; which spelling stood there
is lost. One that means none, or several, stays as it is and is left to rule `codelist`.
Several values in one cell come out each once and in one order: repetition and the order of
writing are lost.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from etl.contract.codelists import By, CodeSet


def spell_code(text: pl.Expr, codes: CodeSet, by: By, day: pl.Expr | None = None) -> pl.Expr:
    r"""Spell codes, labels and synonyms of a list as its value.

    Args:
        text: Cells without outer blanks.
        codes: The list.
        by: Whether cells are to hold codes or labels.
        day: On which the list is asked; without one it is asked of every day at once.

    Examples:
        >>> from etl.contract.codelists import parse_code_set
        >>> codes = parse_code_set(
        ...     "code,label,valid_from,valid_to,synonyms\n"
        ...     "42,강원도,,2023-06-10,강원\n"
        ...     "51,강원특별자치도,2023-06-11,,강원|강원도\n".encode(), "sido", None)
        >>> rows = pl.DataFrame({"place": ["강원", "강원도"], "on": [date(2022, 1, 1), date(2024, 1, 1)]})
        >>> rows.select(spell_code(pl.col("place"), codes, "label", pl.col("on"))).to_series().to_list()
        ['강원도', '강원특별자치도']
        >>> rows.select(spell_code(pl.col("place"), codes, "label")).to_series().to_list()
        ['강원', '강원도']
    """  # noqa: E501  (examples)
    if day is None or not codes.is_dated:
        return text.replace(codes.spellings(by))
    table = _periods(codes, by)

    def spell(cells: pl.Series) -> pl.Series:
        return _spell_on_days(cells.struct.unnest(), codes, by, table)

    rows = pl.struct(text=text, day=day)
    return rows.map_batches(spell, return_dtype=pl.String, is_elementwise=True)


def spell_several(
    text: pl.Expr, separators: str, codes: CodeSet | None = None, by: By = "code"
) -> pl.Expr:
    """Spell a list of values in one cell: each once, in one order, the first separator between.

    Args:
        text: Cells without outer blanks.
        separators: Characters that stand between values; the first is the one that is written.
        codes: The list that values are from; without one they are ordered as text.
        by: Whether cells are to hold codes or labels.

    Returns:
        Null where no value is left, or one is not from the list.

    Examples:
        >>> cells = pl.DataFrame({"paid": ["현금,  신용카드", "신용카드+현금", "현금,", "/"]})
        >>> cells.select(spell_several(pl.col("paid"), "+,/")).to_series().to_list()
        ['신용카드+현금', '신용카드+현금', '현금', None]
    """
    joint = separators[0]
    items = text.str.replace_many(dict.fromkeys(separators, joint)).str.split(joint)
    item = pl.element().str.strip_chars()
    if codes is None:
        listed = items.list.eval(item.filter(item != "").unique().sort())
        return _joined(listed, joint)
    order = {code.value(by): place for place, code in enumerate(codes.codes)}
    value = item.filter(item != "").replace(codes.spellings(by)).unique()
    place = value.replace_strict(order, default=None, return_dtype=pl.Int64)
    listed = items.list.eval(value.sort_by(place))
    are_known = items.list.eval(place.is_not_null()).list.all()
    return pl.when(are_known).then(_joined(listed, joint))


def _joined(listed: pl.Expr, joint: str) -> pl.Expr:
    return pl.when(listed.list.len() > 0).then(listed.list.join(joint))


def _periods(codes: CodeSet, by: By) -> pl.DataFrame:
    """Return every spelling with its value and the days on which it means that."""
    return pl.DataFrame(
        [
            (spelling, code.value(by), code.valid_from or date.min, code.valid_to or date.max)
            for code in codes.codes
            for spelling in {code.code, code.label, *code.synonyms}
        ],
        schema={"text": pl.String, "value": pl.String, "since": pl.Date, "until": pl.Date},
        orient="row",
    )


def _spell_on_days(cells: pl.DataFrame, codes: CodeSet, by: By, periods: pl.DataFrame) -> pl.Series:
    on_day = (
        cells.unique()
        .join(periods, on="text")
        .filter(pl.col("day").is_between("since", "until"))
        .group_by("text", "day")
        .agg(pl.col("value").unique())
        .filter(pl.col("value").list.len() == 1)
        .with_columns(pl.col("value").list.first())
    )
    without_day = pl.col("text").replace(codes.spellings(by))
    meant = pl.when(pl.col("day").is_null()).then(without_day).otherwise("text")
    found = cells.join(on_day, on=["text", "day"], how="left", maintain_order="left")
    return found.select(pl.coalesce("value", meant)).to_series()
