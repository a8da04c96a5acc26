"""Figures of quality: how many cells were asked, how many were wrong, how many were there.

Errors are counted per rule as lines of the issue log, so that anybody who may read the log can
count them again; what was asked follows from how many cells could be read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from etl.contract.demands import Severity
from etl.contract.model import Contract
from etl.validate.casting import readable
from etl.validate.rules import Readable, Required, Rule, Unique

COUNTED: tuple[Severity, ...] = ("critical", "warning")
"""What counts as an error; `info` is a note."""


@dataclass(frozen=True, slots=True)
class RuleQuality:
    """What one rule found.

    Attributes:
        fields: Names of its fields.
        rule: Its name.
        severity: How much a failure weighs.
        asked: Rows that the rule could be asked of.
        errors: Rows that fail.
        share: Largest share that may fail; None where none is named.
        holds: Whether no larger share fails.
        is_unique: Whether the rule asks that values do not repeat.
    """

    fields: tuple[str, ...]
    rule: str
    severity: Severity
    asked: int
    errors: int
    share: float | None
    holds: bool
    is_unique: bool


@dataclass(frozen=True, slots=True)
class FieldQuality:
    """How complete one field is.

    Attributes:
        field: Its name.
        filled: Rows in which there is text, readable or not.
        read: Rows in which it could be read as its type.
    """

    field: str
    filled: int
    read: int


@dataclass(frozen=True, slots=True)
class Quality:
    """The figures of one validated table.

    Attributes:
        rows: Rows that came in, the ragged ones aside.
        rules: One entry per rule, in the order of the contract.
        fields: One entry per field.
        missing: Rows in which a cell says why it holds nothing, by field and reason.
    """

    rows: int
    rules: tuple[RuleQuality, ...]
    fields: tuple[FieldQuality, ...]
    missing: Mapping[str, Mapping[str, int]]

    @property
    def error_rate(self) -> float:
        """오류율: wrong cells among those that were asked; 0 when none was."""
        counted = [rule for rule in self.rules if rule.severity in COUNTED]
        asked = sum(rule.asked * len(rule.fields) for rule in counted)
        wrong = sum(rule.errors * len(rule.fields) for rule in counted)
        return wrong / asked if asked else 0.0

    @property
    def completeness(self) -> float:
        """Filled cells among all; 1 for an empty table."""
        cells = self.rows * len(self.fields)
        return sum(field.filled for field in self.fields) / cells if cells else 1.0

    @property
    def uniqueness(self) -> float:
        """Rows that repeat no other among those asked by the rules of uniqueness; 1 without."""
        unique = [rule for rule in self.rules if rule.is_unique]
        asked = sum(rule.asked for rule in unique)
        return 1 - sum(rule.errors for rule in unique) / asked if asked else 1.0

    def as_json(self) -> dict[str, Any]:
        """Return the figures with the three rates, rounded to six places."""
        return asdict(self) | {
            "error_rate": round(self.error_rate, 6),
            "completeness": round(self.completeness, 6),
            "uniqueness": round(self.uniqueness, 6),
        }


def asked_columns(contract: Contract, rules: Sequence[Rule]) -> list[pl.Expr]:
    """Return what the scan of `locate` has to bring along to know how many rows were asked."""
    filled = (
        pl.col(readable(f.name)).is_not_null().alias(_filled(f.name)) for f in contract.fields
    )
    together = (
        pl.all_horizontal(pl.col(rule.fields).is_not_null()).alias(_asked(rule))
        for rule in rules
        if len(rule.fields) > 1
    )
    return [*filled, *together]


def measure_quality(
    marks: pl.DataFrame,
    rules: Sequence[Rule],
    errors: Mapping[str, int],
    contract: Contract,
    missing: Mapping[str, Mapping[str, int]],
) -> Quality:
    """Count what was asked and what failed.

    Args:
        marks: The scan of `locate` with `asked_columns` in it.
        rules: The rules that were asked.
        errors: Failing rows by the rule's label.
        contract: Names the fields.
        missing: What `count_missing` returns.
    """
    unread = {rule.fields[0]: errors[rule.label] for rule in rules if _is_type(rule)}
    fields = {
        name: FieldQuality(name, filled, filled - unread.get(name, 0))
        for name in (field.name for field in contract.fields)
        for filled in (int(marks[_filled(name)].sum()),)
    }
    found = (_rule_quality(rule, errors[rule.label], marks, fields) for rule in rules)
    return Quality(marks.height, tuple(found), tuple(fields.values()), missing)


def _is_type(rule: Rule) -> bool:
    return isinstance(rule.check, Readable)


def _rule_quality(
    rule: Rule, errors: int, marks: pl.DataFrame, fields: Mapping[str, FieldQuality]
) -> RuleQuality:
    asked = _count_asked(rule, marks, fields)
    holds = rule.share is None or errors <= rule.share * asked
    is_unique = isinstance(rule.check, Unique)
    return RuleQuality(
        rule.fields, rule.name, rule.severity, asked, errors, rule.share, holds, is_unique
    )


def _count_asked(rule: Rule, marks: pl.DataFrame, fields: Mapping[str, FieldQuality]) -> int:
    if len(rule.fields) > 1:
        return int(marks[_asked(rule)].sum())
    match rule.check:
        case Required():
            return marks.height
        case Readable():
            return fields[rule.fields[0]].filled
        case _:
            return fields[rule.fields[0]].read


def _filled(name: str) -> str:
    return f"{name}:filled"


def _asked(rule: Rule) -> str:
    return f"{rule.label}:asked"
