"""One column of a table: its type, its limits, and what may be seen of it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Self

from pydantic import (
    Field as Key,
)
from pydantic import (
    StrictBool,
    StrictInt,
    model_validator,
)

from etl.contract.demands import NamedCodeList
from etl.contract.generalisation import NOTHING_LEFT, FieldHierarchy, Generalisation
from etl.contract.spelling import (
    REGIONS,
    Format,
    MissingValue,
    NegativeMark,
    Separators,
    find_misspelling,
)
from etl.contract.vocabulary import (
    FieldName,
    FieldType,
    Label,
    PersonalKind,
    Role,
    Strict,
    Text,
)

MAXIMUM_NAME_BYTES = 63  # PostgreSQL cuts longer identifiers without a word


class Constraints(Strict):
    """Constraints of Table Schema, with its names."""

    required: StrictBool = False
    unique: StrictBool = False
    minimum: StrictInt | Decimal | Text | None = None
    maximum: StrictInt | Decimal | Text | None = None
    min_length: Annotated[StrictInt, Key(ge=0)] | None = Key(None, alias="minLength")
    max_length: Annotated[StrictInt, Key(ge=1)] | None = Key(None, alias="maxLength")
    pattern: Text | None = None
    enum: tuple[Text | StrictInt, ...] | None = None

    @model_validator(mode="after")
    def _pattern_compiles(self) -> Self:
        if self.pattern is not None:
            try:
                re.compile(self.pattern)
            except re.error as error:
                raise ValueError(f"the pattern is no regular expression: {error}") from None
        return self


class DeclaredPersonal(Strict):
    """A kind of personal data that a published field may hold, and why that is lawful."""

    kind: PersonalKind
    reason: Label


_DATE_PART_TYPES: dict[str, FieldType] = {
    "year": "year",
    "quarter": "string",
    "month": "yearmonth",
    "day": "date",
}


class Field(Strict):
    """One column of the table.

    Attributes:
        example: A value as a department would write it; where there is a pattern, reports show it
            in the place of a regular expression.
        decimals: Places after the point; required for `number`, which is always a decimal.
        unit: Unit of the published values.
        source_unit: Unit in which the source writes them: 천원 where 원 is published.
        format: What the source writes, where it is more or less than the type.
        pivot: Years of two digits from it on are 19.., those below 20..; without it none is read.
        negative: Marks of negative numbers besides the sign.
        zero_values: Texts that mean zero, as `-` does in some statistics.
        true_values: Words that mean yes, in place of the usual ones.
        false_values: Words that mean no, in place of the usual ones.
        missing_values: Texts that mean "nothing" in this field, besides the empty one.
        separators: Characters between several values of one cell; the first is published.
        codelist: Which values it may hold, by a file of `schemas/codelists`.
        generalise: What a quasi-identifier looks like once published.
        hierarchy: Between which levels that is searched instead.
        declared_personal: Kinds of personal data that the release gate lets pass here.
    """

    name: FieldName
    title: Label
    description: Label | None = None
    aliases: tuple[Text, ...] = ()
    type: FieldType
    example: Text | None = None
    decimals: Annotated[StrictInt, Key(ge=0, le=10)] | None = None
    unit: Text | None = None
    source_unit: Text | None = None
    format: Format | None = None
    pivot: Annotated[StrictInt, Key(ge=0, le=99)] | None = None
    negative: tuple[NegativeMark, ...] = ()
    zero_values: tuple[Text, ...] = ()
    true_values: tuple[Text, ...] = Key((), alias="trueValues")
    false_values: tuple[Text, ...] = Key((), alias="falseValues")
    separators: Separators | None = None
    missing_values: tuple[str | MissingValue, ...] = Key((), alias="missingValues")
    constraints: Constraints = Key(default_factory=lambda: Constraints.model_validate({}))
    codelist: NamedCodeList | None = None
    role: Role
    generalise: Generalisation | None = None
    hierarchy: FieldHierarchy | None = None
    declared_personal: tuple[DeclaredPersonal, ...] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if len(self.name.encode()) > MAXIMUM_NAME_BYTES:
            raise ValueError(f"a name has at most {MAXIMUM_NAME_BYTES} bytes")
        if (self.type == "number") != (self.decimals is not None):
            raise ValueError("decimals belongs to type number, and number needs it")
        pattern = self.constraints.pattern
        if self.example and pattern and not re.fullmatch(pattern, self.example):
            raise ValueError("the example does not fit the pattern")
        if misspelling := find_misspelling(self):
            raise ValueError(misspelling)
        self._check_generalisation()
        return self

    def _check_generalisation(self) -> None:
        if self.generalise is not None and self.hierarchy is not None:
            raise ValueError("generalise fixes one level and hierarchy searches one: name one")
        steps = [step for step in self.levels if step is not None]
        if self.role != "quasi-identifier" and (self.generalise or self.hierarchy):
            raise ValueError("only a quasi-identifier is generalised")
        for complaint in (step.complaint(self.type) for step in steps):
            if complaint:
                raise ValueError(complaint)

    @property
    def missing_texts(self) -> tuple[str, ...]:
        """Texts that mean "nothing" in this field, without their reasons."""
        return tuple(
            missing if isinstance(missing, str) else missing.value
            for missing in self.missing_values
        )

    @property
    def code_list_name(self) -> str | None:
        """Name of the code list that the field's values are spelled by."""
        if self.format == "address":
            return REGIONS
        return self.codelist.name if self.codelist else None

    @property
    def is_published(self) -> bool:
        """Whether the field leaves the restricted zone at all."""
        return self.role != "direct-identifier"

    @property
    def published_type(self) -> FieldType:
        """The field's type after generalisation."""
        way = self.generalise
        if way is None:
            return self.type
        if way.date_part is not None:
            return _DATE_PART_TYPES[way.date_part]
        return "string"

    @property
    def levels(self) -> tuple[Generalisation | None, ...]:
        """Every level that the field has, from the value itself to nothing."""
        if self.hierarchy is not None:
            return (None, *self.hierarchy.steps, NOTHING_LEFT)
        if self.generalise is None or self.generalise == NOTHING_LEFT:
            return (None, NOTHING_LEFT)
        return (None, self.generalise, NOTHING_LEFT)

    @property
    def floor(self) -> int:
        """Finest level that may be published."""
        return self.hierarchy.floor if self.hierarchy else int(self.generalise is not None)

    @property
    def ceiling(self) -> int:
        """Coarsest level that may be published."""
        if self.hierarchy is None:
            return self.floor
        top = len(self.levels) - 1
        return top if self.hierarchy.ceiling is None else self.hierarchy.ceiling

    def at_level(self, level: int) -> Self:
        """Return the field with its level fixed."""
        return self.model_copy(update={"generalise": self.levels[level], "hierarchy": None})


def headers_of(field: Field) -> tuple[str, ...]:
    """Return the headers that a file may give a field: title, name and aliases.

    Examples:
        >>> headers_of(Field(name="park", title=Label(ko="공원명"), type="string", role="open"))
        ('공원명', 'park')
    """
    return tuple(dict.fromkeys((field.title.ko, field.name, *field.aliases)))
