"""The validate step: good rows typed, bad rows whole, every failure with its address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from etl.contract.codelists import CodeSet
from etl.contract.demands import Severity
from etl.contract.fields import Field
from etl.contract.model import Contract
from etl.errors import ContractError, DefectError, QualityGateError, SourceFormatError
from etl.validate.addressing import address_issues, collect_marks
from etl.validate.casting import ROW, cast_rows
from etl.validate.compiling import compile_rules
from etl.validate.faults import add_reasons
from etl.validate.judging import judge
from etl.validate.normalise.missing import count_missing
from etl.validate.quality import Quality, asked_columns, measure_quality
from etl.validate.rules import Exists, Rule
from etl.validate.suites import Suite
from etl.validate.totals import check_totals, total_rules

RULES = "_rules"


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows fail a rule.

    Attributes:
        field: Name of the field, or names of a compound key.
        rule: Name of the rule.
        severity: Only `critical` sends rows to quarantine.
        count: Failing rows.
    """

    field: str
    rule: str
    severity: Severity
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A table told apart by its contract.

    Attributes:
        accepted: `_row` and the typed columns of rows that fail no critical rule, in the
            order of the input.
        quarantined: The other rows whole, as text, with `_rules`: the labels of the
            critical rules that they fail.
        issues: `_row`, field, rule, severity of every failure and the reason of those of rule
            `type` where it is known, in order of rows; no values.
        rules: Every rule that was asked, in the order of the contract; those about total rows
            last.
        counts: One per rule that some row fails, in the same order.
        rows: Rows that came in; accepted and quarantined together.
        accepted_rows: Rows of `accepted`.
        quarantined_rows: Rows of `quarantined`.
        judged_by: Who counted; `locate` alone above the size that GX is given, and for no rows.
        quality: What was asked, and how much of it failed.
        reference_date: Latest ISO date of the contract's reference field among accepted
            rows; empty when there is none.
    """

    accepted: pl.LazyFrame
    quarantined: pl.LazyFrame
    issues: pl.LazyFrame
    rules: tuple[Rule, ...]
    counts: tuple[Count, ...]
    rows: int
    accepted_rows: int
    quarantined_rows: int
    judged_by: Literal["great_expectations", "locate"]
    quality: Quality
    reference_date: str


def check_table(
    rows: pl.LazyFrame,
    contract: Contract,
    suites: Mapping[str, Suite],
    gx_max_rows: int,
    *,
    units: Mapping[str, str] | None = None,
    codelists: Mapping[str, CodeSet] | None = None,
    references: Mapping[str, pl.LazyFrame] | None = None,
    totals: pl.LazyFrame | None = None,
) -> Checked:
    """Cast landed rows, judge them, and tell good from bad.

    Args:
        rows: `_row` (unique) and one text column per field; not modified. It is scanned
            once here, once more by Great Expectations, and again when a result is collected.
        contract: The dataset.
        suites: Shared suites by name.
        gx_max_rows: Above so many rows `locate` judges alone.
        units: Unit that the file itself states, by field.
        codelists: Code lists that the contract names, by name.
        references: Typed rows of the datasets that foreign keys point to, by name; those of
            this one are its own.
        totals: The total rows of the source, in the form of `rows`.

    Returns:
        The two parts and every failure. Nothing is refused here: see `require_quality`.

    Raises:
        ContractError: Contract or suite ask for what cannot be judged, or the file's unit
            leaves open what the contract publishes.
        SourceFormatError: The file states another unit than the contract expects.
        DefectError: Great Expectations and `locate` count differently, or two rows share
            an address.
    """
    rules = compile_rules(contract, suites, codelists)
    typed = cast_rows(rows, contract, units, codelists or {})
    known = {**(references or {}), contract.name: typed}
    _check_references(typed, rules, known, contract)
    extra = [_day_of(contract).alias(_DAY), *asked_columns(contract, rules)]
    marks = collect_marks(typed, rules, contract, extra, known)
    located = {rule.label: int(marks[rule.label].sum()) for rule in rules}
    is_judged = 0 < marks.height <= gx_max_rows
    if is_judged:
        _compare(judge(typed, rules, contract, known), located, contract)
    critical = [rule.label for rule in rules if rule.severity == "critical"]
    failing = marks.filter(pl.any_horizontal(critical))
    about_totals = total_rules(contract)
    stated = None if totals is None else cast_rows(totals, contract, units, codelists or {})
    wrong = check_totals(typed, stated, about_totals, contract)
    every = (*rules, *about_totals)
    counts = located | {rule.label: wrong.filter(label=rule.label).height for rule in about_totals}
    return Checked(
        accepted=_accepted(typed, failing, contract),
        quarantined=_quarantined(rows, failing, critical),
        issues=add_reasons(address_issues(marks, every, wrong), rows, contract),
        rules=every,
        counts=_counts(every, counts),
        quality=measure_quality(marks, rules, located, contract, count_missing(rows, contract)),
        rows=marks.height,
        accepted_rows=marks.height - failing.height,
        quarantined_rows=failing.height,
        judged_by="great_expectations" if is_judged else "locate",
        reference_date=_reference_date(marks, critical),
    )


def require_quality(checked: Checked, ragged: int, contract: Contract) -> None:
    """Refuse a file that is empty or breaks its contract too often.

    Args:
        checked: The validated table.
        ragged: Records that extract kept aside; they count as quarantined.
        contract: Its `thresholds.quarantine` is the largest share allowed.

    Raises:
        SourceFormatError: The file holds no data; an empty file never replaces a dataset.
        QualityGateError: The share of bad rows is above the contract's, or no row is good.
    """
    records = checked.rows + ragged
    if records == 0:
        raise SourceFormatError(
            f"{contract.name}: the file holds no rows of data. Nothing was published; the live"
            " release stays. Export the table again and drop the whole file.",
            dataset=contract.name,
        )
    _require_shares(checked, contract)
    if is_within_threshold(checked, ragged, contract):
        return
    bad, limit = checked.quarantined_rows + ragged, contract.thresholds.quarantine
    raise QualityGateError(
        f"{contract.name}: {bad:,} of {records:,} rows ({bad / records:.1%}) break the contract,"
        f" which allows {limit:.1%} ({_breakdown(checked.counts, ragged)}). Nothing was"
        " published; the live release stays. Correct the rows that the report names and drop"
        " the file again.",
        dataset=contract.name,
        rows=records,
        quarantined=bad,
    )


def _require_shares(checked: Checked, contract: Contract) -> None:
    """Refuse a file that breaks one critical rule more often than the rule allows."""
    broken = [
        f"{', '.join(rule.fields)}: {rule.rule} fails in {rule.errors:,} of {rule.asked:,} rows"
        f" (at most {rule.share:.1%})"
        for rule in checked.quality.rules
        if rule.severity == "critical" and not rule.holds
    ]
    if broken:
        raise QualityGateError(
            f"{contract.name}: {'; '.join(broken)}. Nothing was published; the live release stays."
            " Correct the rows that the report names and drop the file again.",
            dataset=contract.name,
            rules=len(broken),
        )


def is_within_threshold(checked: Checked, ragged: int, contract: Contract) -> bool:
    """Tell whether some rows are good, and few enough are bad.

    Args:
        checked: The validated table.
        ragged: Records that extract kept aside; they count as bad.
        contract: Its `thresholds.quarantine` is the largest share allowed.
    """
    bad = checked.quarantined_rows + ragged
    records = checked.rows + ragged
    return checked.accepted_rows > 0 and bad <= contract.thresholds.quarantine * records


def _check_references(
    typed: pl.LazyFrame,
    rules: Sequence[Rule],
    references: Mapping[str, pl.LazyFrame],
    contract: Contract,
) -> None:
    """Refuse a foreign key whose other side cannot be compared."""
    own = typed.collect_schema()
    for rule in rules:
        if not isinstance(rule.check, Exists):
            continue
        other = references.get(rule.check.dataset)
        found = other.collect_schema() if other is not None else {}
        pairs = zip(rule.fields, rule.check.fields, strict=True)
        if unlike := [theirs for name, theirs in pairs if found.get(theirs) != own[name]]:
            raise ContractError(
                f"{contract.name}: foreignKeys: {rule.check.dataset} has no"
                f" {', '.join(unlike)} of the same type. Nothing was validated; the live release"
                " stays. Correct the contract.",
                dataset=contract.name,
            )


_DAY = ":day"


def _day_of(contract: Contract) -> pl.Expr:
    named = contract.reference_date.field if contract.reference_date else None
    for field in contract.fields:
        if field.name == named:
            return _day(field, contract.timezone)
    return pl.lit(None, dtype=pl.Date)


def _day(field: Field, timezone: str) -> pl.Expr:
    column = pl.col(field.name)
    if field.type == "datetime":
        return column.dt.convert_time_zone(timezone).dt.date()
    return column


def _reference_date(marks: pl.DataFrame, critical: Sequence[str]) -> str:
    latest = marks.filter(~pl.any_horizontal(critical))[_DAY].max()
    return "" if latest is None else str(latest)


def _compare(judged: Mapping[str, int], located: Mapping[str, int], contract: Contract) -> None:
    different = [label for label in located if judged.get(label) != located[label]]
    if different:
        label = different[0]
        raise DefectError(
            f"{contract.name}: Great Expectations counts {judged.get(label)} failing rows for"
            f" {label}, locate counts {located[label]}. Nothing was accepted; the live release"
            " stays. Report this to the developers.",
            dataset=contract.name,
            rule=label,
            great_expectations=judged.get(label),
            locate=located[label],
        )


def _accepted(typed: pl.LazyFrame, failing: pl.DataFrame, contract: Contract) -> pl.LazyFrame:
    good = typed.select(ROW, *(field.name for field in contract.fields))
    return good.join(failing.lazy().select(ROW), on=ROW, how="anti", maintain_order="left")


def _quarantined(
    rows: pl.LazyFrame, failing: pl.DataFrame, critical: Sequence[str]
) -> pl.LazyFrame:
    labels = pl.concat_list(
        pl.when(pl.col(label)).then(pl.lit(label)) for label in critical
    ).list.drop_nulls()
    broken = failing.lazy().select(ROW, labels.alias(RULES))
    return rows.join(broken, on=ROW, how="inner", maintain_order="left")


def _counts(rules: Sequence[Rule], located: Mapping[str, int]) -> tuple[Count, ...]:
    return tuple(
        Count(rule.field, rule.name, rule.severity, located[rule.label])
        for rule in rules
        if located[rule.label]
    )


def _breakdown(counts: Sequence[Count], ragged: int) -> str:
    parts = [f"{c.field}: {c.rule} {c.count:,}" for c in counts if c.severity == "critical"]
    return "; ".join([*parts, f"ragged {ragged:,}"] if ragged else parts)
