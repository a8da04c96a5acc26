"""The closed vocabulary of rules.

A rule says of each row whether it fails; both judges understand every rule: `judging` hands
it to Great Expectations, `locating` finds its rows. What neither could mean alike is refused
by `compiling`, before a row is read.

| Rule | From the contract | Expectation of a shared suite |
|---|---|---|
| `required` | `required`, `primaryKey` | `expect_column_values_to_not_be_null` |
| `type` | `type` of every field | |
| `unique`, `primaryKey` | `unique`, `primaryKey` | `expect_column_values_to_be_unique`, `expect_compound_columns_to_be_unique` |
| `minimum`, `maximum`, `range` | `minimum`, `maximum` | `expect_column_values_to_be_between` |
| `minLength`, `maxLength`, `length` | `minLength`, `maxLength` | `expect_column_value_lengths_to_be_between` |
| `pattern`, `notPattern` | `pattern` | `expect_column_values_to_match_regex`, `…_not_match_regex` |
| `enum`, `notEnum` | `enum` | `expect_column_values_to_be_in_set`, `…_not_be_in_set` |

Nulls pass every rule but `required`; text that cannot be read as its type fails `type` and
nothing else. Uniqueness counts every member of a repeated value, nulls aside.
"""  # noqa: E501  (a table)

from __future__ import annotations

from dataclasses import dataclass

from etl.validate.literals import Value
from etl.validate.suites import Severity


@dataclass(frozen=True, slots=True)
class Required:
    """There is text."""


@dataclass(frozen=True, slots=True)
class Readable:
    """The text can be read as the field's type."""


@dataclass(frozen=True, slots=True)
class Unique:
    """No other row holds the same values."""


@dataclass(frozen=True, slots=True)
class Between:
    """The value lies within bounds; a missing bound is none."""

    least: Value | None = None
    most: Value | None = None


@dataclass(frozen=True, slots=True)
class Length:
    """The text has so many characters (code points)."""

    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Pattern:
    """The text holds a match of a portable pattern, or none where it is unwanted."""

    regex: str
    is_wanted: bool = True


@dataclass(frozen=True, slots=True)
class Among:
    """The value is one of a list, or none of it where they are unwanted."""

    values: tuple[Value, ...]
    is_wanted: bool = True


Check = Required | Readable | Unique | Between | Length | Pattern | Among


@dataclass(frozen=True, slots=True)
class Rule:
    """What must hold for one field, or for several together.

    Attributes:
        fields: Names of the fields; several only for `Unique`.
        name: `minimum`; from a shared suite `standard_parking.minimum`.
        severity: Only `critical` sends rows to quarantine.
        check: What is asked.
    """

    fields: tuple[str, ...]
    name: str
    severity: Severity
    check: Check

    @property
    def field(self) -> str:
        """The field's name, or the names of a compound key."""
        return ", ".join(self.fields)

    @property
    def label(self) -> str:
        """Field and rule in one text; unique within a contract."""
        return f"{self.field}: {self.name}"
