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
| `compare` | `rules: compare` | `expect_column_pair_values_a_to_be_greater_than_b`, `…_to_be_equal` |
| `sum` | `rules: sum` | `expect_multicolumn_sum_to_equal`; `sum_total` names a field |
| `recent` | `rules: recent` | |
| `codelist` | `codelist` of a field | |
| `foreignKey` | `foreignKeys` | |

`total` is no rule about rows: the total rows of a source are a checksum, see `totals`.

Nulls pass every rule but `required`; text that cannot be read as its type fails `type` and
nothing else. Uniqueness counts every member of a repeated value, nulls aside. A rule over
several fields asks only rows that have a value in each of them.
"""  # noqa: E501  (a table)

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from etl.contract.demands import Operator, Responsibility, Severity
from etl.validate.literals import Value


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


@dataclass(frozen=True, slots=True)
class Compared:
    """The first field's value stands in this order to the second's."""

    operator: Operator


@dataclass(frozen=True, slots=True)
class Sums:
    """The values of all fields but the last add up to the last one's.

    Attributes:
        within: Largest difference that is still right, as from rounding.
    """

    within: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Recent:
    """The day lies no further before the latest one of the table than a duration."""

    within: str


@dataclass(frozen=True, slots=True)
class Listed:
    """The value is in a code list on the day that another field of the row names.

    A row without that day is asked whether the value ever was in the list.

    Attributes:
        entries: Values with the first and last day on which they were valid.
        on: Name of the field that holds the day.
    """

    entries: tuple[tuple[str, date, date], ...]
    on: str


@dataclass(frozen=True, slots=True)
class Exists:
    """The values stand together in a row of another dataset, or of this one.

    Attributes:
        dataset: Its name.
        fields: Its fields, in the order of the rule's own.
    """

    dataset: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """The total rows of the source state the sum of the field; asked by `totals` alone."""


FieldCheck = Required | Readable | Unique | Between | Length | Pattern | Among
TableCheck = Compared | Sums | Recent | Listed | Exists
Check = FieldCheck | TableCheck


@dataclass(frozen=True, slots=True)
class Rule:
    """What must hold for one field, or for several together.

    Attributes:
        fields: Names of the fields; several only where rows are asked about them together.
        name: `minimum`; from a shared suite `standard_parking.minimum`.
        severity: Only `critical` sends rows to quarantine.
        check: What is asked.
        share: Largest share of the rows that are asked that may fail; a critical rule that is
            broken more often returns the file. None: only the contract's thresholds count.
        responsibility: Whose job a failure is.
    """

    fields: tuple[str, ...]
    name: str
    severity: Severity
    check: Check | Totals
    share: float | None = None
    responsibility: Responsibility = "department"

    @property
    def field(self) -> str:
        """The field's name, or the names of a compound key."""
        return ", ".join(self.fields)

    @property
    def label(self) -> str:
        """Field and rule in one text; unique within a contract."""
        return f"{self.field}: {self.name}"
