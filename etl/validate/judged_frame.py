"""The pandas frame that Great Expectations judges.

Text stays text; every other value becomes a whole number whose order and equality are the
value's own (a decimal without its point, a day or moment as its distance from 1970), because
GX compares with floating-point bounds and its pandas engine would round decimals and overflow
on early dates. Numbers beyond 2**53, which floats cannot tell apart, stay Python integers.

What GX has no expectation for (a code list by date, a foreign key, a sum that another column
states) is answered here by pandas, apart from what `locate` does with Polars.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from etl.contract.fields import Field
from etl.validate.casting import readable
from etl.validate.rules import Compared, Exists, Listed, Readable, Required, Rule, Sums

if TYPE_CHECKING:
    import pandas as pd

_EXACT = 2**53
_DAY_ZERO = date(1970, 1, 1)


def helper(rule: Rule) -> str:
    """Name the column that answers a rule of several columns.

    Examples:
        >>> helper(Rule(("a",), "codelist", "critical", Required()))
        'a: codelist:answer'
    """
    return f"{rule.label}:answer"


def operand(rule: Rule, name: str) -> str:
    """Name the column that holds a field as a rule adds or compares it."""
    return f"{rule.label}:{name}"


def judged_frame(
    typed: pl.LazyFrame,
    rules: Sequence[Rule],
    fields: Mapping[str, Field],
    references: Mapping[str, pl.LazyFrame],
) -> pd.DataFrame:
    """Return the columns that the rules ask about.

    Args:
        typed: What `cast_rows` returns; not modified.
        rules: The compiled rules.
        fields: The contract's fields by name.
        references: Rows that foreign keys point to, by dataset.

    Returns:
        A column per field, one per field that says whether it could be read, and those that
        `helper` and `operand` name; `attrs` holds the decimals of sums by label.
    """
    import pandas as pd

    scales = {rule.label: _scale(rule, fields) for rule in rules}
    columns = typed.select(_columns(rules, fields, scales)).collect(engine="streaming")
    frame = pd.DataFrame({column.name: _pandas_column(column) for column in columns})
    for rule in rules:
        match rule.check:
            case Listed(entries, on):
                answers = _are_listed(frame[operand(rule, rule.fields[0])], frame[on], entries)
            case Exists(dataset, named):
                keys = references[dataset].select(
                    _key(name, field).alias(operand(rule, own))
                    for name, own, field in _pairs(rule, named, fields)
                )
                answers = _are_found(frame[list(_operands(rule))], keys.unique().collect())
            case Sums():
                answers = _differences(frame[list(_operands(rule))])
            case _:
                continue
        frame[helper(rule)] = answers
    frame.attrs = {label: scale for label, scale in scales.items() if scale is not None}
    return frame


def _columns(
    rules: Sequence[Rule], fields: Mapping[str, Field], scales: Mapping[str, int | None]
) -> Iterator[pl.Expr]:
    ruled = {name for rule in rules for name in rule.fields if not _is_about_text(rule)}
    ruled |= {rule.check.on for rule in rules if isinstance(rule.check, Listed)}
    yield from (_coded(field) for name, field in fields.items() if name in ruled)
    yield from (pl.col(readable(name)) for name in fields)
    for rule in rules:
        for name in rule.fields:
            match rule.check:
                case Compared() | Sums():
                    scaled = _scaled(fields[name], scales[rule.label])
                    yield scaled.alias(operand(rule, name))
                case Exists() | Listed():
                    yield _key(name, fields[name]).alias(operand(rule, name))
                case _:
                    pass


def _is_about_text(rule: Rule) -> bool:
    return isinstance(rule.check, Required | Readable)


def _operands(rule: Rule) -> Iterator[str]:
    return (operand(rule, name) for name in rule.fields)


def _pairs(
    rule: Rule, named: Sequence[str], fields: Mapping[str, Field]
) -> Iterator[tuple[str, str, Field]]:
    return ((name, own, fields[own]) for name, own in zip(named, rule.fields, strict=True))


def _scale(rule: Rule, fields: Mapping[str, Field]) -> int | None:
    """Return the decimals to which a rule's numbers are brought; None for other rules."""
    if not isinstance(rule.check, Compared | Sums):
        return None
    return max(fields[name].decimals or 0 for name in rule.fields)


def _scaled(field: Field, scale: int | None) -> pl.Expr:
    """Return a field's whole numbers, all of a rule's with the same decimals."""
    if field.type not in ("integer", "year", "number"):
        return _coded(field)
    factor = int(10 ** ((scale or 0) - (field.decimals or 0)))
    return _coded(field).cast(pl.Int128) * factor


def _coded(field: Field) -> pl.Expr:
    """Return the whole numbers that stand for a field's values; text stands for itself."""
    column = pl.col(field.name)
    match field.type:
        case "string":
            return column
        case "yearmonth":
            year = column.str.slice(0, 4).cast(pl.Int64)
            return year * 12 + column.str.slice(5, 2).cast(pl.Int64)
        case "time":
            return column.to_physical() // 1_000_000_000
        case _:
            return column.to_physical().cast(pl.Int64)


def _key(name: str, field: Field) -> pl.Expr:
    """Return a column's values as text, by which pandas finds them in another table."""
    return _coded(field.model_copy(update={"name": name})).cast(pl.String)


def _pandas_column(column: pl.Series) -> pd.Series[Any]:
    """Nulls make numbers floats, which is exact up to 2**53; larger ones stay integers."""
    import pandas as pd

    if column.dtype.is_integer():
        if column.is_between(-_EXACT, _EXACT).not_().any():
            return pd.Series(column.to_list(), dtype=object)
        column = column.cast(pl.Int64)
    return column.to_pandas()


def _are_listed(
    values: pd.Series[Any], days: pd.Series[Any], entries: Sequence[tuple[str, date, date]]
) -> pd.Series[Any]:
    """Tell of each value whether its code list holds it on its day; null where there is none."""
    import pandas as pd

    periods = pd.DataFrame(
        [(v, (since - _DAY_ZERO).days, (until - _DAY_ZERO).days) for v, since, until in entries],
        columns=["value", "since", "until"],
    )
    asked = pd.DataFrame({"value": values, "day": days.astype("float64"), "row": values.index})
    met = asked.merge(periods, on="value")
    is_valid = met["day"].isna() | ((met["day"] >= met["since"]) & (met["day"] <= met["until"]))
    return _answers(values.notna(), values.index.isin(met.loc[is_valid, "row"]))


def _are_found(own: pd.DataFrame, keys: pl.DataFrame) -> pd.Series[Any]:
    """Tell of each row whether its values stand together in the keys; null where one lacks."""
    import pandas as pd

    known = pd.MultiIndex.from_frame(keys.drop_nulls().to_pandas())
    is_found = pd.MultiIndex.from_frame(own).isin(known) if len(known) else False
    return _answers(own.notna().all(axis=1), is_found)


def _answers(is_asked: pd.Series[Any], is_right: Any) -> pd.Series[Any]:
    import pandas as pd

    answers = pd.Series(is_right, index=is_asked.index).astype(object)
    return answers.where(is_asked, None)


def _differences(columns: pd.DataFrame) -> pd.Series[Any]:
    """Return what each row's parts lack of their total, exactly; null where one lacks."""
    import pandas as pd

    asked = columns[columns.notna().all(axis=1)]
    *parts, total = (_whole(asked[name]) for name in asked)
    return pd.Series(sum(parts) - total, index=columns.index, dtype=object)


def _whole(numbers: pd.Series[Any]) -> pd.Series[Any]:
    return numbers if numbers.dtype == object else numbers.astype("int64")
