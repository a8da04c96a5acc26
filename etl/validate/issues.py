"""The issue log: every failing cell with address, rule, whose job it is, and what to do.

One line for each row and rule that it fails, of every severity and never cut, so that each
quality figure can be counted again from it. It lies in the restricted zone and still shows no
personal cell: see `etl.personal.masking`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from etl.contract.model import Contract
from etl.personal.masking import show_cell
from etl.validate.casting import ROW
from etl.validate.checking import Checked
from etl.validate.faults import REASONS
from etl.validate.messages import advise
from etl.validate.places import Places
from etl.validate.rules import Readable, Rule

SCHEMA = {
    ROW: pl.Int64,
    "sheet": pl.String,
    "column": pl.String,
    "field": pl.String,
    "rule": pl.String,
    "reason": pl.String,
    "severity": pl.String,
    "responsibility": pl.String,
    "remedy": pl.String,
    "value": pl.String,
}
MOST_CHARACTERS = 200
KEY = ("field", "rule", "reason")


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which rows fail, and how many do.

    Attributes:
        rule: The rule.
        reason: Why a cell cannot be read, where that is known; see `etl.validate.faults`.
        count: Failing rows.
        rows: The first of them.
    """

    rule: Rule
    reason: str | None
    count: int
    rows: tuple[int, ...]


def log_issues(
    checked: Checked, rows: pl.LazyFrame, contract: Contract, places: Places, today: date
) -> pl.LazyFrame:
    """Give every failure its address, its cell and its remedy.

    Args:
        checked: The validated table.
        rows: The landed rows that were checked; not modified.
        contract: Gives roles, titles and limits.
        places: Columns of the supplied file.
        today: Until when people may have been born, for the search of personal data.

    Returns:
        `SCHEMA`, in order of rows. `value` is the landed text, several cells joined by ` | `,
        cut after `MOST_CHARACTERS`, masked where personal; null where the row is no landed one.
    """
    known = _known_faults(checked, contract, places)
    values = _values(checked, rows, contract, today)
    return (
        checked.issues.join(known, on=KEY, how="left", nulls_equal=True, maintain_order="left")
        .join(values, on=[ROW, "field"], how="left", maintain_order="left")
        .with_columns(pl.lit(places.sheet, dtype=pl.String).alias("sheet"))
        .select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items())
    )


def count_faults(log: pl.LazyFrame, rules: Sequence[Rule], most_rows: int) -> list[Fault]:
    """Count the log's lines by field, rule and reason.

    Args:
        log: What `log_issues` returns.
        rules: Every rule that was asked.
        most_rows: How many rows to name of each.

    Returns:
        In the order of the rules, the most frequent reason first.
    """
    counted = log.group_by(KEY).agg(pl.len().alias("count"), pl.col(ROW).sort().head(most_rows))
    by_label = {(rule.field, rule.name): rule for rule in rules}
    order = {label: position for position, label in enumerate(by_label)}
    found = sorted(
        counted.collect().iter_rows(),
        key=lambda line: (order[line[0], line[1]], -line[3], line[2] or ""),
    )
    return [
        Fault(by_label[field, rule], reason, count, tuple(rows))
        for field, rule, reason, count, rows in found
    ]


def _known_faults(checked: Checked, contract: Contract, places: Places) -> pl.LazyFrame:
    known = [(rule, reason) for rule in checked.rules for reason in _reasons_of(rule)]
    return pl.LazyFrame(
        {
            "field": [rule.field for rule, _ in known],
            "rule": [rule.name for rule, _ in known],
            "reason": [reason for _, reason in known],
            "column": [places.letters(rule.fields) for rule, _ in known],
            "responsibility": [rule.responsibility for rule, _ in known],
            "remedy": [advise(rule, contract, "ko", reason).remedy for rule, reason in known],
        },
        schema_overrides={"field": pl.String, "rule": pl.String, "reason": pl.String},
    )


def _reasons_of(rule: Rule) -> tuple[str | None, ...]:
    return (None, *REASONS) if isinstance(rule.check, Readable) else (None,)


def _values(checked: Checked, rows: pl.LazyFrame, contract: Contract, today: date) -> pl.LazyFrame:
    """Return the cells of failing rows, one line for each address that a rule may name."""
    failing = checked.issues.select(ROW).unique()
    shown = rows.join(failing, on=ROW, how="semi").select(
        ROW, *(show_cell(field, today) for field in contract.fields)
    )
    named = {count.field: count.field.split(", ") for count in checked.counts}
    cells = (
        pl.concat_str(fields, separator=" | ").str.head(MOST_CHARACTERS).alias(name)
        for name, fields in named.items()
    )
    return shown.select(ROW, *cells).unpivot(
        list(named), index=ROW, variable_name="field", value_name="value"
    )
