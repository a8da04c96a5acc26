"""A contract and the shared suites that it names, compiled to rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from etl.contract.codelists import CodeSet
from etl.contract.demands import SuiteUse, TableRule
from etl.contract.fields import Field
from etl.contract.model import Contract
from etl.errors import ContractError
from etl.validate import checks
from etl.validate.patterns import whole
from etl.validate.rules import Check, Exists, Readable, Required, Rule, Unique
from etl.validate.suite_rules import UnfitExpectationError, suite_rules
from etl.validate.suites import Suite

_SIDES = ("south", "west", "north", "east")


def compile_rules(
    contract: Contract,
    suites: Mapping[str, Suite],
    codelists: Mapping[str, CodeSet] | None = None,
) -> tuple[Rule, ...]:
    """Compile a contract and the suites that it names to rules.

    Args:
        contract: The dataset.
        suites: Every shared suite by name; only the named ones are used.
        codelists: The code lists that `Contract.codelists` names.

    Returns:
        The rules in the order of the contract, then of its suites; no two share a label.

    Raises:
        ContractError: A suite or code list is unknown, names a field that the contract lacks,
            or asks for something outside the vocabulary; a constraint does not fit its type.
    """
    return tuple(_with_distinct_labels(_rules(contract, suites, codelists or {})))


def _rules(
    contract: Contract, suites: Mapping[str, Suite], codelists: Mapping[str, CodeSet]
) -> Iterator[Rule]:
    _check_reference_date(contract)
    for field in contract.fields:
        yield from _field_rules(field, contract, codelists)
    if key := contract.primary_key:
        if len(set(key)) < len(key):
            raise _refused(contract, "primaryKey: a field is named twice")
        yield Rule(key, "primaryKey", "critical", Unique())
    for foreign in contract.foreign_keys:
        target = Exists(foreign.reference.resource, foreign.reference.fields)
        yield Rule(
            foreign.fields, "foreignKey", foreign.severity or "critical", target,
            foreign.share, foreign.responsibility,
        )  # fmt: skip
    for number, demand in enumerate(contract.rules):
        yield from _demanded(number, demand, contract)
    for use in contract.expectations:
        yield from _used_suite(use, contract, suites, codelists)


def _refused(contract: Contract, fault: str) -> ContractError:
    return ContractError(
        f"{contract.name}: {fault}. Nothing was validated; the live release stays."
        " Correct the contract or the suite.",
        dataset=contract.name,
    )


def _check_reference_date(contract: Contract) -> None:
    day = _reference_field(contract)
    if day is not None and day.type not in ("date", "datetime"):
        raise _refused(contract, f"reference_date.field: {day.name} is no date")


def _reference_field(contract: Contract) -> Field | None:
    named = contract.reference_date.field if contract.reference_date else None
    return next((field for field in contract.fields if field.name == named), None)


def _with_distinct_labels(rules: Iterable[Rule]) -> Iterator[Rule]:
    seen: dict[str, int] = {}
    for rule in rules:
        count = seen[rule.label] = seen.get(rule.label, 0) + 1
        yield rule if count == 1 else replace(rule, name=f"{rule.name}.{count}")


def _field_rules(
    field: Field, contract: Contract, codelists: Mapping[str, CodeSet]
) -> Iterator[Rule]:
    try:
        for name, check in _field_checks(field, contract):
            yield Rule((field.name,), name, "critical", check)
        # Where a cell holds several values, casting asks the list of each of them.
        if field.codelist is not None and not field.separators:
            codes = _code_set(field.codelist.name, contract, codelists)
            listed = checks.listed(field, codes, field.codelist.by, _reference_field(contract))
            yield Rule((field.name,), "codelist", "critical", listed)
    except ValueError as error:
        raise _refused(contract, f"{field.name}.constraints: {error}") from None


def _field_checks(field: Field, contract: Contract) -> Iterator[tuple[str, Check]]:
    limits, zone = field.constraints, contract.timezone
    yield "type", Readable()
    if limits.required or field.name in contract.primary_key:
        yield "required", Required()
    if limits.unique:
        yield "unique", Unique()
    if limits.minimum is not None:
        yield "minimum", checks.between(field, limits.minimum, None, zone)
    if limits.maximum is not None:
        yield "maximum", checks.between(field, None, limits.maximum, zone)
    if limits.min_length is not None:
        yield "minLength", checks.length(field, limits.min_length, None)
    if limits.max_length is not None:
        yield "maxLength", checks.length(field, None, limits.max_length)
    if limits.pattern is not None:
        yield "pattern", checks.pattern(field, whole(limits.pattern))
    if limits.enum is not None:
        yield "enum", checks.among(field, limits.enum, zone)


def _demanded(number: int, demand: TableRule, contract: Contract) -> Iterator[Rule]:
    """Yield the rule of one entry of `rules`; total rows are no data, see `totals`."""
    if demand.total is not None:
        return
    try:
        name, check = _table_check(demand, contract)
    except ValueError as error:
        raise _refused(contract, f"rules[{number}]: {error}") from None
    yield Rule(
        demand.fields, name, demand.severity or "critical", check,
        demand.share, demand.responsibility,
    )  # fmt: skip


def _table_check(demand: TableRule, contract: Contract) -> tuple[str, Check]:
    known = {field.name: field for field in contract.fields}
    fields = [known[name] for name in demand.fields]
    if demand.compare is not None:
        return "compare", checks.compared(fields[0], demand.compare[1], fields[1])
    if demand.sum is not None:
        return "sum", checks.sums(fields, demand.sum.within)
    if demand.recent is not None:
        return "recent", checks.recent(fields[0], demand.recent.within)
    return "unique", Unique()


def _used_suite(
    use: SuiteUse,
    contract: Contract,
    suites: Mapping[str, Suite],
    codelists: Mapping[str, CodeSet],
) -> Iterator[Rule]:
    if use.suite not in suites:
        raise _refused(contract, f"expectations: there is no suite {use.suite} in expectations/")
    fields = {field.name: field for field in contract.fields}
    parameters = {**use.parameters, **_sides(use, contract, codelists)}
    try:
        yield from suite_rules(suites[use.suite], fields, contract.timezone, parameters)
    except UnfitExpectationError as error:
        raise _refused(contract, str(error)) from None


def _sides(
    use: SuiteUse, contract: Contract, codelists: Mapping[str, CodeSet]
) -> dict[str, object]:
    """Return the box of the area that a suite is used for."""
    if use.area is None:
        return {}
    codes = _code_set(use.area.codelist, contract, codelists).codes
    for code in reversed(codes):
        if code.code == use.area.code and all(code.others.get(side) for side in _SIDES):
            return {side: code.others[side] for side in _SIDES}
    raise _refused(
        contract,
        f"expectations: {use.area.codelist} has no code {use.area.code} with {', '.join(_SIDES)}",
    )


def _code_set(name: str, contract: Contract, codelists: Mapping[str, CodeSet]) -> CodeSet:
    if name not in codelists:
        raise _refused(contract, f"there is no code list {name} in schemas/codelists/")
    return codelists[name]
