"""A contract and the shared suites that it names, compiled to rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from etl.contract.fields import Field
from etl.contract.model import Contract
from etl.errors import ContractError
from etl.validate.literals import read_bound, read_value
from etl.validate.patterns import portable, whole
from etl.validate.rules import (
    Among,
    Between,
    Check,
    Length,
    Pattern,
    Readable,
    Required,
    Rule,
    Unique,
)
from etl.validate.suites import Expectation, Suite


def compile_rules(contract: Contract, suites: Mapping[str, Suite]) -> tuple[Rule, ...]:
    """Compile a contract and the suites that it names to rules.

    Args:
        contract: The dataset.
        suites: Every shared suite by name; only the named ones are used.

    Returns:
        The rules in the order of the contract, then of its suites; no two share a label.

    Raises:
        ContractError: A suite is unknown, names a field that the contract lacks, or asks
            for something outside the vocabulary; a constraint does not fit its type.
    """
    _check_reference_date(contract)
    rules = [rule for field in contract.fields for rule in _field_rules(field, contract)]
    if key := contract.primary_key:
        if len(set(key)) < len(key):
            raise _refused(contract, "primaryKey: a field is named twice")
        rules.append(Rule(key, "primaryKey", "critical", Unique()))
    for name in contract.expectations:
        if name not in suites:
            raise _refused(contract, f"expectations: there is no suite {name} in expectations/")
        rules.extend(_suite_rules(suites[name], contract))
    return tuple(_with_distinct_labels(rules))


def _refused(contract: Contract, fault: str) -> ContractError:
    return ContractError(
        f"{contract.name}: {fault}. Nothing was validated; the live release stays."
        " Correct the contract or the suite.",
        dataset=contract.name,
    )


def _check_reference_date(contract: Contract) -> None:
    named = contract.reference_date.field if contract.reference_date else None
    for field in contract.fields:
        if field.name == named and field.type not in ("date", "datetime"):
            raise _refused(contract, f"reference_date.field: {named} is no date")


def _with_distinct_labels(rules: Iterable[Rule]) -> Iterator[Rule]:
    seen: dict[str, int] = {}
    for rule in rules:
        count = seen[rule.label] = seen.get(rule.label, 0) + 1
        yield rule if count == 1 else replace(rule, name=f"{rule.name}.{count}")


def _field_rules(field: Field, contract: Contract) -> Iterator[Rule]:
    try:
        for name, check in _field_checks(field, contract):
            yield Rule((field.name,), name, "critical", check)
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
        yield "minimum", _between(field, limits.minimum, None, zone)
    if limits.maximum is not None:
        yield "maximum", _between(field, None, limits.maximum, zone)
    if limits.min_length is not None:
        yield "minLength", _length(field, limits.min_length, None)
    if limits.max_length is not None:
        yield "maxLength", _length(field, None, limits.max_length)
    if limits.pattern is not None:
        yield "pattern", _pattern(field, whole(limits.pattern))
    if limits.enum is not None:
        yield "enum", _among(field, limits.enum, zone)


def _suite_rules(suite: Suite, contract: Contract) -> Iterator[Rule]:
    for index, expectation in enumerate(suite.expectations):
        try:
            names, name, check = _read_expectation(expectation, contract)
        except ValueError as error:
            place = f"expectations/{suite.name}.json: expectations[{index}]"
            raise _refused(contract, f"{place}: {error}") from None
        yield Rule(names, f"{suite.name}.{name}", expectation.severity, check)


def _read_expectation(
    expectation: Expectation, contract: Contract
) -> tuple[tuple[str, ...], str, Check]:
    arguments = _Arguments(expectation.kwargs)
    check: Check
    if expectation.type == "expect_compound_columns_to_be_unique":
        names = tuple(str(name) for name in arguments.take_list("column_list"))
        if len(set(names)) < len(names):
            raise ValueError("column_list names a field twice")
        if arguments.take("ignore_row_if") != "any_value_is_missing":
            raise ValueError("ignore_row_if must be any_value_is_missing")
        fields = [_field(name, contract) for name in names]
        name, check = "unique", Unique()
    else:
        fields = [_field(arguments.take_text("column"), contract)]
        name, check = _column_check(expectation.type, fields[0], arguments, contract.timezone)
    arguments.check_all_taken()
    return tuple(field.name for field in fields), name, check


def _column_check(kind: str, field: Field, given: _Arguments, zone: str) -> tuple[str, Check]:
    match kind.removeprefix("expect_column_"):
        case "values_to_not_be_null":
            return "required", Required()
        case "values_to_be_unique":
            return "unique", Unique()
        case "values_to_be_between":
            least, most = given.take("min_value"), given.take("max_value")
            name = _span_name("minimum", "maximum", "range", least, most)
            return name, _between(field, least, most, zone)
        case "value_lengths_to_be_between":
            fewest, longest = given.take_count("min_value"), given.take_count("max_value")
            name = _span_name("minLength", "maxLength", "length", fewest, longest)
            return name, _length(field, fewest, longest)
        case "values_to_match_regex":
            return "pattern", _pattern(field, portable(given.take_text("regex")))
        case "values_to_not_match_regex":
            unwanted = _pattern(field, portable(given.take_text("regex")))
            return "notPattern", replace(unwanted, is_wanted=False)
        case "values_to_be_in_set":
            return "enum", _among(field, given.take_list("value_set"), zone)
        case "values_to_not_be_in_set":
            values = _among(field, given.take_list("value_set"), zone)
            return "notEnum", replace(values, is_wanted=False)
    raise ValueError(f"{kind} is outside the vocabulary of rules")


def _field(name: str, contract: Contract) -> Field:
    for field in contract.fields:
        if field.name == name:
            return field
    raise ValueError(f"the contract has no field {name}")


def _span_name(least_name: str, most_name: str, both: str, least: object, most: object) -> str:
    if least is None:
        return most_name
    return least_name if most is None else both


def _between(field: Field, least: object, most: object, zone: str) -> Between:
    low = None if least is None else read_bound(field, least, zone, is_least=True)
    high = None if most is None else read_bound(field, most, zone, is_least=False)
    _check_span(low, high)
    return Between(low, high)


def _length(field: Field, least: int | None, most: int | None) -> Length:
    _need_text(field)
    _check_span(least, most)
    return Length(least, most)


def _pattern(field: Field, regex: str) -> Pattern:
    _need_text(field)
    return Pattern(regex)


def _among(field: Field, values: Iterable[object], zone: str) -> Among:
    return Among(tuple(dict.fromkeys(read_value(field, value, zone) for value in values)))


def _need_text(field: Field) -> None:
    if field.type != "string":
        raise ValueError(f"lengths and patterns need type string; {field.name} is {field.type}")


def _check_span(least: object, most: object) -> None:
    if least is None and most is None:
        raise ValueError("a bound is missing")
    if least is not None and most is not None and least > most:  # type: ignore[operator]
        raise ValueError("the lower bound is above the upper one")


class _Arguments:
    """The arguments of an expectation; what nobody takes is refused."""

    def __init__(self, kwargs: Mapping[str, object]) -> None:
        self.left = dict(kwargs)

    def take(self, name: str) -> object:
        """Return an argument, None when it is absent."""
        return self.left.pop(name, None)

    def take_text(self, name: str) -> str:
        """Return an argument that must be text."""
        value = self.take(name)
        if not isinstance(value, str):
            raise ValueError(f"{name} must be text")  # noqa: TRY004  (a fault of the file)
        return value

    def take_list(self, name: str) -> list[object]:
        """Return an argument that must be a list with something in it."""
        value = self.take(name)
        if not isinstance(value, list) or not value:
            raise ValueError(f"{name} must be a list")
        return value

    def take_count(self, name: str) -> int | None:
        """Return an argument that must be a whole number, if it is there."""
        value = self.take(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise ValueError(f"{name} must be a whole number")
        return value

    def check_all_taken(self) -> None:
        """Refuse what neither judge would honour alike (`mostly`, row conditions)."""
        if self.left:
            raise ValueError(f"{', '.join(sorted(self.left))} is not supported here")
