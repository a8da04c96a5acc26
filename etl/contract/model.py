"""The contract format, as frozen models.

The vocabulary is Table Schema's for the table (`fields`, `type`, `constraints`,
`missingValues`, `primaryKey`, `foreignKeys`), DCAT-AP's for the record and that of
disclosure control for privacy. An unknown key is refused everywhere; what the format
knows and the program does not do yet is refused by `etl.contract.unbuilt`.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PrivateAttr,
    StrictBool,
    StrictInt,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic import (
    Field as Key,
)

MAXIMUM_NAME_BYTES = 63  # PostgreSQL cuts longer identifiers without a word

FieldType = Literal[
    "string", "integer", "year", "number", "boolean", "date", "datetime", "time", "yearmonth"
]
Role = Literal["open", "sensitive", "quasi-identifier", "direct-identifier"]
PersonalKind = Literal[
    "resident-number", "foreigner-number", "mobile-number", "card-number", "email", "coordinates"
]


def _as_share(value: object) -> object:
    if isinstance(value, str) and (percent := re.fullmatch(r"(\d{1,3}(?:\.\d+)?)%", value)):
        return float(Decimal(percent[1]) / 100)
    raise ValueError("a share is written like 5%")


Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
FieldName = Annotated[str, StringConstraints(pattern=r"^[^\W_\d]\w*$")]
Share = Annotated[
    float,
    BeforeValidator(_as_share),
    Key(ge=0, le=1),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,3}(\.\d+)?%$"}),
]
Duration = Annotated[str, StringConstraints(pattern=r"^P\d+[DWMY]$")]


class Strict(BaseModel):
    """A part of a contract: frozen, and without room for unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Label(Strict):
    """A text for people, in Korean and, where it is known, in English."""

    ko: Text
    en: Text | None = None


class FolderSource(Strict):
    """Files that a department drops into its intake folder."""

    files: Text = "*"


class SqlSource(Strict):
    """Rows that are read from a database on a schedule."""

    connection: Text
    query: Text
    watermark: Text | None = None
    schedule: Text


class Source(Strict):
    """Where the rows come from; exactly one way."""

    folder: FolderSource | None = None
    sql: SqlSource | None = None

    @model_validator(mode="after")
    def _is_one_way(self) -> Self:
        if (self.folder is None) == (self.sql is None):
            raise ValueError("name exactly one of folder and sql")
        return self


class Layout(Strict):
    """What overrides a guess about the file; `auto` lets the file speak."""

    encoding: Literal["auto", "utf-8", "cp949"] = "auto"
    header: Literal["auto"] | Annotated[StrictInt, Key(ge=1)] = "auto"
    sheet: Text = "auto"


class Append(Strict):
    """A dataset that grows by partitions."""

    partition: Literal["day", "month", "year"]
    by: FieldName


class AppendUpdate(Strict):
    """Each file adds to what is there."""

    append: Append


class ReferenceDate(Strict):
    """The day that the data speak for: the latest value of a field, or from the file's name."""

    field: FieldName | None = None
    file_name: Text | None = None

    @model_validator(mode="after")
    def _is_one_way(self) -> Self:
        if (self.field is None) == (self.file_name is None):
            raise ValueError("name exactly one of field and file_name")
        return self


class Disclosure(Strict):
    """Who may see the dataset, and for a withheld one why not (정보공개법 제9조)."""

    level: Literal["public", "agency", "withheld"]
    ground: Text | None = None
    clause: Text | None = None
    columns: tuple[FieldName, ...] = ()
    review_date: date | None = None


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


class Generalisation(Strict):
    """How a quasi-identifier is made coarser before it leaves; exactly one way.

    Attributes:
        band: Width of numeric bands; 5 turns 37 into `35-39`.
        bottom: Values below it share one band, `<bottom`.
        top: Values from it on share one band, `>=top`.
        date_part: What remains of a date.
        words: How many leading words remain, as 시도 of a place.
        all: Nothing remains but `*`.
    """

    band: Annotated[StrictInt, Key(ge=1)] | None = None
    bottom: StrictInt | None = None
    top: StrictInt | None = None
    date_part: Literal["year", "quarter", "month"] | None = None
    words: Annotated[StrictInt, Key(ge=1)] | None = None
    all: Literal[True] | None = None

    @model_validator(mode="after")
    def _is_one_way(self) -> Self:
        ways = [way for way in (self.band, self.date_part, self.words, self.all) if way is not None]
        if len(ways) != 1:
            raise ValueError("name exactly one of band, date_part, words and all")
        if self.band is None and (self.bottom is not None or self.top is not None):
            raise ValueError("bottom and top belong to band")
        if self.bottom is not None and self.top is not None and self.bottom >= self.top:
            raise ValueError("bottom must be below top")
        if any(bound % self.band for bound in (self.bottom, self.top) if self.band and bound):
            raise ValueError("bottom and top must be multiples of band, or bands would overlap")
        return self


class DeclaredPersonal(Strict):
    """A kind of personal data that a published field may hold, and why that is lawful."""

    kind: PersonalKind
    reason: Label


class Field(Strict):
    """One column of the table.

    Attributes:
        decimals: Places after the point; required for `number`, which is always a decimal.
        missing_values: Texts that mean "nothing" in this field, besides the empty one.
        generalise: What a quasi-identifier looks like once published.
        declared_personal: Kinds of personal data that the release gate lets pass here.
    """

    name: FieldName
    title: Label
    description: Label | None = None
    aliases: tuple[Text, ...] = ()
    type: FieldType
    decimals: Annotated[StrictInt, Key(ge=0, le=10)] | None = None
    unit: Text | None = None
    missing_values: tuple[str, ...] = Key((), alias="missingValues")
    constraints: Constraints = Key(default_factory=lambda: Constraints.model_validate({}))
    role: Role
    generalise: Generalisation | None = None
    declared_personal: tuple[DeclaredPersonal, ...] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if len(self.name.encode()) > MAXIMUM_NAME_BYTES:
            raise ValueError(f"a name has at most {MAXIMUM_NAME_BYTES} bytes")
        if (self.type == "number") != (self.decimals is not None):
            raise ValueError("decimals belongs to type number, and number needs it")
        if self.generalise is not None:
            self._check_generalisation(self.generalise)
        return self

    def _check_generalisation(self, way: Generalisation) -> None:
        if self.role != "quasi-identifier":
            raise ValueError("only a quasi-identifier is generalised")
        if way.band is not None and self.type not in ("integer", "year"):
            raise ValueError("band needs type integer or year")
        if way.date_part is not None and self.type not in ("date", "datetime"):
            raise ValueError("date_part needs type date or datetime")
        if way.words is not None and self.type != "string":
            raise ValueError("words needs type string")

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
            return {"year": "year", "quarter": "string", "month": "yearmonth"}[way.date_part]  # type: ignore[return-value]
        return "string"


class ForeignKeyReference(Strict):
    """The other side of a foreign key."""

    resource: Text
    fields: tuple[FieldName, ...]


class ForeignKey(Strict):
    """Fields whose values must exist in another dataset."""

    fields: tuple[FieldName, ...]
    reference: ForeignKeyReference


class Thresholds(Strict):
    """How much may go wrong before the whole file is refused."""

    quarantine: Share = 0.05


class Privacy(Strict):
    """What must hold before rows about people may be seen by others.

    Attributes:
        unit: Whom a row is about; `none` when it is about no person.
        unit_key: Field that tells units apart, or `none`: every row counts as a unit.
        k: Smallest group of units over the quasi-identifiers.
        suppression: Largest share of rows that may be left out.
    """

    unit: Literal["none", "person", "household", "business"]
    unit_key: FieldName | None = None
    population: Text | None = None
    k: Annotated[StrictInt, Key(ge=2)] | None = None
    suppression: Share | None = None
    l_diversity: dict[str, StrictInt] | None = None
    alpha: Share | None = None
    metric: Literal["loss", "entropy", "aecs", "dm"] | None = None
    tiers: dict[str, Any] | None = None
    purpose: Text | None = None
    legal_basis: Text | None = None

    @model_validator(mode="after")
    def _is_decided(self) -> Self:
        if self.unit == "none":
            if self.k is not None or self.suppression is not None or self.unit_key is not None:
                raise ValueError("unit: none takes no other key")
            return self
        for key in ("unit_key", "k", "suppression"):
            if getattr(self, key) is None:
                raise ValueError(f"a unit of {self.unit} needs {key}; there is no default")
        return self


class Guards(Strict):
    """Changes against the live release that hold a new one for the data steward."""

    rows: Share | None = None
    nulls: Share | None = None


class Retention(Strict):
    """How long restricted copies are kept, as ISO 8601 durations."""

    landing: Duration = "P90D"
    quarantine: Duration = "P30D"


class Example(Strict):
    """Synthetic rows that the contract tests itself with.

    Attributes:
        supplied: Cells as a department would write them, by field; a missing one is empty.
        published: The rows that must come out, as they stand in the CSV, in any order.
    """

    supplied: tuple[dict[str, str], ...]
    published: tuple[dict[str, str], ...]


class Contract(Strict):
    """Everything that is known about one dataset."""

    format: Literal[1]
    version: Annotated[StrictInt, Key(ge=1)]
    title: Label
    description: Label
    steward: Text
    licence: Literal["kogl-0", "kogl-1", "kogl-2", "kogl-3", "kogl-4", "cc-by", "cc0"]
    theme: Text
    frequency: Duration
    timezone: Text = "Asia/Seoul"
    source: Source
    layout: Layout = Layout()
    ignored_fields: tuple[Text, ...] = ()
    update: Literal["snapshot"] | AppendUpdate = "snapshot"
    reference_date: ReferenceDate | None = None
    disclosure: Disclosure
    primary_key: tuple[FieldName, ...] = Key((), alias="primaryKey")
    foreign_keys: tuple[ForeignKey, ...] = Key((), alias="foreignKeys")
    missing_values: tuple[str, ...] = Key(("",), alias="missingValues")
    fields: tuple[Field, ...]
    expectations: tuple[Text, ...] = ()
    thresholds: Thresholds = Thresholds()
    privacy: Privacy
    approval: Literal["none", "privacy-officer"]
    guards: Guards | None = None
    retention: Retention = Retention()
    examples: tuple[Example, ...] = ()

    _name: str = PrivateAttr("")
    _sha256: str = PrivateAttr("")

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        names = [field.name for field in self.fields]
        if not names:
            raise ValueError("fields: a table has at least one")
        if repeated := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"fields: {', '.join(sorted(repeated))} is declared twice")
        headers = [header for field in self.fields for header in headers_of(field)]
        if repeated := {header for header in headers if headers.count(header) > 1}:
            raise ValueError(f"fields: the header {', '.join(sorted(repeated))} fits two fields")
        for key, named in self._named_fields():
            if unknown := [name for name in named if name not in names]:
                raise ValueError(f"{key}: {', '.join(unknown)} is not among the fields")
        self._check_roles()
        return self

    def _named_fields(self) -> list[tuple[str, tuple[str, ...]]]:
        named = [("primaryKey", self.primary_key), ("disclosure.columns", self.disclosure.columns)]
        if self.reference_date is not None and self.reference_date.field is not None:
            named.append(("reference_date", (self.reference_date.field,)))
        if self.privacy.unit_key not in (None, "none"):
            named.append(("privacy.unit_key", (str(self.privacy.unit_key),)))
        for example in self.examples:
            used = [*example.supplied, *example.published]
            named.append(("examples", tuple(dict.fromkeys(cell for row in used for cell in row))))
        return named

    def _check_roles(self) -> None:
        if not any(field.is_published for field in self.fields):
            raise ValueError("fields: nothing would be published")
        if self.privacy.unit == "none":
            personal = [field.name for field in self.fields if field.role == "quasi-identifier"]
            if personal:
                raise ValueError(f"privacy.unit: none, yet {personal[0]} is a quasi-identifier")
        elif not self.quasi_identifiers:
            raise ValueError(f"privacy.unit: {self.privacy.unit} needs a quasi-identifier")

    @property
    def name(self) -> str:
        """`<organisation>-<dataset>`: the one name of the dataset everywhere."""
        return self._name

    @property
    def organisation(self) -> str:
        """The supplying organisation's slug; it has no hyphen."""
        return self._name.partition("-")[0]

    @property
    def sha256(self) -> str:
        """Hash of the contract's text."""
        return self._sha256

    @property
    def published_fields(self) -> tuple[Field, ...]:
        """The fields that leave the restricted zone, in the contract's order."""
        return tuple(field for field in self.fields if field.is_published)

    @property
    def quasi_identifiers(self) -> tuple[str, ...]:
        """Names of the fields that identify units in combination."""
        return tuple(field.name for field in self.fields if field.role == "quasi-identifier")

    def named(self, name: str, sha256: str) -> Self:
        """Return the same contract under its name; called by the loader alone."""
        contract = self.model_copy()
        contract._name = name  # noqa: SLF001  (of the same class)
        contract._sha256 = sha256  # noqa: SLF001
        return contract


def headers_of(field: Field) -> tuple[str, ...]:
    """Return the headers that a file may give a field: title, name and aliases.

    Examples:
        >>> headers_of(Field(name="park", title=Label(ko="공원명"), type="string", role="open"))
        ('공원명', 'park')
    """
    return tuple(dict.fromkeys((field.title.ko, field.name, *field.aliases)))
