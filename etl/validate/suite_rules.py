"""Shared suites, read as rules about the fields of one contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from etl.contract.demands import Operator, Responsibility
from etl.contract.fields import Field
from etl.validate import checks
from etl.validate.patterns import portable
from etl.validate.rules import Check, Required, Rule, Unique
from etl.validate.suites import Expectation, Suite

_Read = tuple[tuple[Field, ...], str, Check]


class UnfitExpectationError(ValueError):
    """An expectation that cannot be judged for this contract; the text begins with its place."""


def suite_rules(
    suite: Suite, fields: Mapping[str, Field], zone: str, parameters: Mapping[str, object]
) -> Iterator[Rule]:
    """Read a suite for one contract.

    Args:
        suite: The suite.
        fields: The contract's fields by name.
        zone: Zone of datetimes that state none.
        parameters: What stands for each `$PARAMETER`; all of them must be used.

    Raises:
        UnfitExpectationError: The suite names a field that the contract lacks, lacks a
            parameter, or asks for something outside the vocabulary.
    """
    unused = set(parameters)
    for index, expectation in enumerate(suite.expectations):
        try:
            kwargs = _filled(expectation.kwargs, parameters, unused)
            share = _share(kwargs.pop("mostly", None))
            responsibility = _responsibility(expectation)
            named, name, check = _Reader(kwargs, fields, zone).read(expectation.type)
        except ValueError as error:
            place = f"expectations/{suite.name}.json: expectations[{index}]"
            raise UnfitExpectationError(f"{place}: {error}") from None
        yield Rule(
            tuple(field.name for field in named),
            f"{suite.name}.{name}",
            expectation.severity,
            check,
            share,
            responsibility,
        )
    if unused:
        raise UnfitExpectationError(
            f"expectations/{suite.name}.json: has no parameter {', '.join(sorted(unused))}"
        )


def _filled(value: Any, parameters: Mapping[str, object], unused: set[str]) -> Any:
    """Return arguments with the contract's values for their parameters; lists are joined."""
    if isinstance(value, dict):
        if set(value) != {"$PARAMETER"}:
            return {name: _filled(part, parameters, unused) for name, part in value.items()}
        name = value["$PARAMETER"]
        if name not in parameters:
            raise ValueError(f"the contract gives no parameter {name}")
        unused.discard(name)
        given = parameters[name]
        return list(given) if isinstance(given, tuple) else given
    if isinstance(value, list):
        return [_filled(part, parameters, unused) for part in value]
    return value


def _share(mostly: object) -> float | None:
    """Return the share that may fail, where GX says which share must not."""
    if mostly is None:
        return None
    if isinstance(mostly, bool) or not isinstance(mostly, int | float) or not 0 <= mostly <= 1:
        raise ValueError("mostly must be a number from 0 to 1")
    return round(1 - mostly, 9)


def _responsibility(expectation: Expectation) -> Responsibility:
    whose = expectation.meta.get("responsibility", "department")
    if whose not in ("department", "data-steward"):
        raise ValueError("meta.responsibility must be department or data-steward")
    return cast("Responsibility", whose)


class _Reader:
    """One expectation's arguments; what nobody takes is refused."""

    def __init__(
        self, kwargs: Mapping[str, object], fields: Mapping[str, Field], zone: str
    ) -> None:
        self.left = dict(kwargs)
        self.fields = fields
        self.zone = zone

    def read(self, kind: str) -> _Read:
        """Return the fields, the rule's name and its check."""
        short = kind.removeprefix("expect_")
        if short in _SEVERAL:
            found = _SEVERAL[short](self)
        elif short in _ONE:
            field = self.field("column")
            found = ((field,), *_ONE[short](self, field))
        else:
            raise ValueError(f"{kind} is outside the vocabulary of rules")
        if self.left:
            raise ValueError(f"{', '.join(sorted(self.left))} is not supported here")
        return found

    def take(self, name: str) -> object:
        """Return an argument, None when it is absent."""
        return self.left.pop(name, None)

    def text(self, name: str) -> str:
        """Return an argument that must be text."""
        value = self.take(name)
        if not isinstance(value, str):
            raise ValueError(f"{name} must be text")  # noqa: TRY004  (a fault of the file)
        return value

    def list(self, name: str) -> list[object]:
        """Return an argument that must be a list with something in it."""
        value = self.take(name)
        if not isinstance(value, list) or not value:
            raise ValueError(f"{name} must be a list")
        return value

    def count(self, name: str) -> int | None:
        """Return an argument that must be a whole number, if it is there."""
        value = self.take(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise ValueError(f"{name} must be a whole number")
        return value

    def must_be(self, name: str, value: object) -> None:
        """Refuse an argument that has another value than the only one that is understood."""
        if self.take(name) != value:
            raise ValueError(f"{name} must be {value}")

    def field(self, name: str) -> Field:
        """Return the field that an argument names."""
        return self.named(self.text(name))

    def named(self, name: object) -> Field:
        """Return a field of the contract."""
        if name not in self.fields:
            raise ValueError(f"the contract has no field {name}")
        return self.fields[str(name)]

    def listed_fields(self) -> tuple[Field, ...]:
        """Return the fields of `column_list`, each named once."""
        names = self.list("column_list")
        if len(set(map(str, names))) < len(names):
            raise ValueError("column_list names a field twice")
        return tuple(map(self.named, names))


def _unique_together(given: _Reader) -> _Read:
    fields = given.listed_fields()
    given.must_be("ignore_row_if", "any_value_is_missing")
    return fields, "unique", Unique()


def _sum(given: _Reader) -> _Read:
    fields = (*given.listed_fields(), given.field("sum_total"))
    given.must_be("ignore_row_if", "any_value_is_missing")
    if fields[-1] in fields[:-1]:
        raise ValueError("sum_total is one of column_list")
    return fields, "sum", checks.sums(fields, 0)


def _in_order(given: _Reader) -> _Read:
    greater, less = given.field("column_A"), given.field("column_B")
    operator: Operator = "<=" if given.take("or_equal") is True else "<"
    return _pair(given, less, operator, greater)


def _equal(given: _Reader) -> _Read:
    return _pair(given, given.field("column_A"), "=", given.field("column_B"))


def _pair(given: _Reader, first: Field, operator: Operator, second: Field) -> _Read:
    given.must_be("ignore_row_if", "either_value_is_missing")
    if first == second:
        raise ValueError("a field is compared with itself")
    return (first, second), "compare", checks.compared(first, operator, second)


def _between(given: _Reader, field: Field) -> tuple[str, Check]:
    least, most = given.take("min_value"), given.take("max_value")
    name = _span_name("minimum", "maximum", "range", least, most)
    return name, checks.between(field, least, most, given.zone)


def _length(given: _Reader, field: Field) -> tuple[str, Check]:
    fewest, longest = given.count("min_value"), given.count("max_value")
    name = _span_name("minLength", "maxLength", "length", fewest, longest)
    return name, checks.length(field, fewest, longest)


def _matching(given: _Reader, field: Field) -> tuple[str, Check]:
    return "pattern", checks.pattern(field, portable(given.text("regex")))


def _not_matching(given: _Reader, field: Field) -> tuple[str, Check]:
    unwanted = checks.pattern(field, portable(given.text("regex")), is_wanted=False)
    return "notPattern", unwanted


def _among(given: _Reader, field: Field) -> tuple[str, Check]:
    return "enum", checks.among(field, given.list("value_set"), given.zone)


def _not_among(given: _Reader, field: Field) -> tuple[str, Check]:
    unwanted = checks.among(field, given.list("value_set"), given.zone, is_wanted=False)
    return "notEnum", unwanted


def _span_name(least_name: str, most_name: str, both: str, least: object, most: object) -> str:
    if least is None:
        return most_name
    return least_name if most is None else both


_SEVERAL: dict[str, Callable[[_Reader], _Read]] = {
    "compound_columns_to_be_unique": _unique_together,
    "multicolumn_sum_to_equal": _sum,
    "column_pair_values_a_to_be_greater_than_b": _in_order,
    "column_pair_values_to_be_equal": _equal,
}
_ONE: dict[str, Callable[[_Reader, Field], tuple[str, Check]]] = {
    "column_values_to_not_be_null": lambda _given, _field: ("required", Required()),
    "column_values_to_be_unique": lambda _given, _field: ("unique", Unique()),
    "column_values_to_be_between": _between,
    "column_value_lengths_to_be_between": _length,
    "column_values_to_match_regex": _matching,
    "column_values_to_not_match_regex": _not_matching,
    "column_values_to_be_in_set": _among,
    "column_values_to_not_be_in_set": _not_among,
}
