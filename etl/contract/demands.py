"""What a contract demands of rows beyond the constraints of single fields."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, StrictInt, model_validator
from pydantic import Field as Key

from etl.contract.vocabulary import Duration, FieldName, Share, Strict, TableName, Text

Severity = Literal["critical", "warning", "info"]
Operator = Literal["<", "<=", "="]
Responsibility = Literal["department", "data-steward"]


class Demand(Strict):
    """How much a failure weighs, and whose job it is.

    Attributes:
        severity: `critical` sends rows to quarantine; `warning` and `info` are reported. Unless
            named, `critical`.
        share: Largest share of the rows that are asked that may fail; a critical rule that is
            broken more often returns the file, however few rows that is.
        responsibility: Who mends a failure.
    """

    severity: Severity | None = None
    share: Share | None = None
    responsibility: Responsibility = "department"


class Sum(Strict):
    """Fields that add up to another one, row by row.

    Attributes:
        of: The parts.
        total: What they add up to.
        within: Largest difference that is still right, as from rounding.
    """

    of: Annotated[tuple[FieldName, ...], Key(min_length=2)]
    total: FieldName
    within: Annotated[StrictInt | Decimal, Key(ge=0)] = 0


class Recency(Strict):
    """Days that lie not too far behind the latest one of the table.

    Attributes:
        field: Of type `date`.
        within: How far behind they may lie.
    """

    field: FieldName
    within: Duration


class TableRule(Demand):
    """One demand on rows; exactly one kind.

    Attributes:
        compare: Two fields and `<`, `<=` or `=` between them.
        sum: Fields that add up to another one.
        unique: Fields whose values together stand in one row only.
        recent: Days that lie not too far behind the latest one.
        total: Fields whose sum the total rows of the source state; a checksum of the whole
            file, so a failure is a warning about the total row.
    """

    compare: tuple[FieldName, Operator, FieldName] | None = None
    sum: Sum | None = None
    unique: Annotated[tuple[FieldName, ...], Key(min_length=2)] | None = None
    recent: Recency | None = None
    total: Annotated[tuple[FieldName, ...], Key(min_length=1)] | None = None

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        kinds = (self.compare, self.sum, self.unique, self.recent, self.total)
        if sum(kind is not None for kind in kinds) != 1:
            raise ValueError("name exactly one of compare, sum, unique, recent and total")
        if self.total is not None and (self.severity == "critical" or self.share is not None):
            raise ValueError("a total row is no data: its severity is warning or info, no share")
        if len(set(self.fields)) < len(self.fields):
            raise ValueError("a field is named twice")
        return self

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields that are asked about, in order."""
        return tuple(self._named())

    def _named(self) -> Iterator[str]:
        if self.compare is not None:
            yield from self.compare[::2]
        if self.sum is not None:
            yield from (*self.sum.of, self.sum.total)
        if self.recent is not None:
            yield self.recent.field
        yield from self.unique or self.total or ()


class ForeignKeyReference(Strict):
    """The other side of a foreign key.

    Attributes:
        resource: Name of the other dataset, or of this one.
        fields: Its fields.
    """

    resource: Text
    fields: tuple[FieldName, ...]


class ForeignKey(Demand):
    """Fields whose values must stand together in a row of another dataset."""

    fields: Annotated[tuple[FieldName, ...], Key(min_length=1)]
    reference: ForeignKeyReference

    @model_validator(mode="after")
    def _fields_pair(self) -> Self:
        if len(self.fields) != len(self.reference.fields):
            raise ValueError("fields and reference.fields are not equally many")
        if len(set(self.fields)) < len(self.fields):
            raise ValueError("a field is named twice")
        return self


class Area(Strict):
    """One code of a code list that has the columns south, west, north and east."""

    codelist: TableName
    code: Text


def _as_suite_use(value: object) -> object:
    return {"suite": value} if isinstance(value, str) else value


class SuiteUse(Strict):
    """A shared suite, with what it leaves open.

    Attributes:
        suite: Stem of a file in `expectations/`.
        parameters: What stands for each `{"$PARAMETER": name}` of the suite.
        area: Gives the parameters south, west, north and east, in WGS84 degrees.
    """

    suite: Text
    parameters: dict[Text, StrictInt | Decimal | Text | tuple[Text | StrictInt, ...]] = Key(
        default_factory=dict
    )
    area: Area | None = None


def _as_code_list_use(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


class CodeListUse(Strict):
    """A code list that says which values a field may hold.

    Attributes:
        name: Stem of a file in `schemas/codelists/`.
        by: Whether the field holds codes or labels.
    """

    name: TableName
    by: Literal["code", "label"] = "code"


NamedSuite = Annotated[
    SuiteUse, BeforeValidator(_as_suite_use, json_schema_input_type=str | SuiteUse)
]
NamedCodeList = Annotated[
    CodeListUse, BeforeValidator(_as_code_list_use, json_schema_input_type=str | CodeListUse)
]
