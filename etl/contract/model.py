"""The contract format, as frozen models.

The vocabulary is Table Schema's for the table (`fields`, `type`, `constraints`,
`missingValues`, `primaryKey`, `foreignKeys`), DCAT-AP's for the record and that of
disclosure control for privacy. An unknown key is refused everywhere; what the format
knows and the program does not do yet is refused by `etl.contract.unbuilt`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

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

RESERVED_NAMES = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid"})
MAXIMUM_NAME_BYTES = 63  # PostgreSQL cuts longer identifiers without a word

FieldType = Literal[
    "string", "integer", "year", "number", "boolean", "date", "datetime", "time", "yearmonth"
]
TierName = Literal["public", "agency"]
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
TableName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
Share = Annotated[
    float,
    BeforeValidator(_as_share),
    Key(ge=0, le=1),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,3}(\.\d+)?%$"}),
]
Duration = Annotated[str, StringConstraints(pattern=r"^P\d+[DWMY]$")]


@cache
def _known_zones() -> frozenset[str]:
    """Return the names of all time zones; looking them up takes milliseconds, so once."""
    return frozenset(available_timezones())


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
    """One way to make a quasi-identifier coarser.

    Attributes:
        band: Width of numeric bands; 5 turns 37 into `35-39`.
        bottom: Values below it share one band, `<bottom`.
        top: Values from it on share one band, `>=top`.
        date_part: What remains of a date.
        years: Width of bands of years of a date; 5 turns 2026-03-02 into `2025-2029`.
        words: How many leading words remain, as 시도 of a place.
        keep: How many leading characters remain of a code; the others read `*`.
        table: Code list in `schemas/hierarchies`, its first column the values themselves.
        column: Column of that code list that replaces the value.
        all: Nothing remains but `*`.
    """

    band: Annotated[StrictInt, Key(ge=1)] | None = None
    bottom: StrictInt | None = None
    top: StrictInt | None = None
    date_part: Literal["year", "quarter", "month", "day"] | None = None
    years: Annotated[StrictInt, Key(ge=2)] | None = None
    words: Annotated[StrictInt, Key(ge=1)] | None = None
    keep: Annotated[StrictInt, Key(ge=1)] | None = None
    table: TableName | None = None
    column: Text | None = None
    all: Literal[True] | None = None

    @model_validator(mode="after")
    def _is_one_way(self) -> Self:
        named = (self.band, self.date_part, self.years, self.words, self.keep, self.table, self.all)
        if sum(way is not None for way in named) != 1:
            raise ValueError(
                "name exactly one of band, date_part, years, words, keep, table and all"
            )
        if (self.table is None) != (self.column is None):
            raise ValueError("table and column belong together")
        if self.band is None and (self.bottom is not None or self.top is not None):
            raise ValueError("bottom and top belong to band")
        if self.bottom is not None and self.top is not None and self.bottom >= self.top:
            raise ValueError("bottom must be below top")
        if any(bound % self.band for bound in (self.bottom, self.top) if self.band and bound):
            raise ValueError("bottom and top must be multiples of band, or bands would overlap")
        return self

    def complaint(self, field_type: FieldType) -> str | None:
        """Say why this way does not fit a type; None when it does."""
        if self.band is not None and field_type not in ("integer", "year"):
            return "band needs type integer or year"
        if self.date_part is not None and field_type not in ("date", "datetime"):
            return "date_part needs type date or datetime"
        if self.years is not None and field_type not in ("date", "datetime"):
            return "years needs type date or datetime"
        for way in ("words", "keep", "table"):
            if getattr(self, way) is not None and field_type != "string":
                return f"{way} needs type string"
        return None


NOTHING_LEFT = Generalisation(all=True)


class FieldHierarchy(Strict):
    """Levels among which the least lossy anonymous one is searched.

    Level 0 is the value itself, then come the steps, and above them `*`.

    Attributes:
        steps: Ways to make the value coarser, finest first; each nested in the next.
        floor: Finest level that may be published.
        ceiling: Coarsest level that may be published; `*` when it is not named.
    """

    steps: tuple[Generalisation, ...] = ()
    floor: Annotated[StrictInt, Key(ge=0)]
    ceiling: Annotated[StrictInt, Key(ge=0)] | None = None

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        if any(step.all for step in self.steps):
            raise ValueError("all is always the last level and is not named among the steps")
        top = len(self.steps) + 1
        if not self.floor <= (top if self.ceiling is None else self.ceiling) <= top:
            raise ValueError(f"floor and ceiling must be in order and at most {top}")
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
        hierarchy: Between which levels that is searched instead.
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
    hierarchy: FieldHierarchy | None = None
    declared_personal: tuple[DeclaredPersonal, ...] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if len(self.name.encode()) > MAXIMUM_NAME_BYTES:
            raise ValueError(f"a name has at most {MAXIMUM_NAME_BYTES} bytes")
        if (self.type == "number") != (self.decimals is not None):
            raise ValueError("decimals belongs to type number, and number needs it")
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


_DATE_PART_TYPES: dict[str, FieldType] = {
    "year": "year",
    "quarter": "string",
    "month": "yearmonth",
    "day": "date",
}


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


class AgencyTier(Strict):
    """A finer table for other public bodies; the public one is its coarsening.

    Attributes:
        k: Smallest group of units.
        suppression: Largest share of rows that may be left out.
        floors: Finest level by field, where it differs from the public one.
    """

    k: Annotated[StrictInt, Key(ge=2)]
    suppression: Share
    floors: dict[FieldName, Annotated[StrictInt, Key(ge=0)]] = Key(default_factory=dict)


class Tiers(Strict):
    """Tables beside the public one."""

    agency: AgencyTier


SENSITIVE_TOPICS = ("health", "welfare", "crime")
TOPIC_DISTINCT = 2


class Privacy(Strict):
    """What must hold before rows about people may be seen by others.

    A topic decides what is not named: k is 10 for health, welfare and crime and 5 otherwise,
    2 % of rows may be left out, each group holds two values of a sensitive field and none of
    them is shared by more than 80 %. Without a topic every decision stands in the contract.

    Attributes:
        unit: Whom a row is about; `none` when it is about no person.
        unit_key: Field that tells units apart, or `none`: every row counts as a unit.
        population: Name of the population that the rows are drawn from, for the certificate.
        topic: What the data speak of; decides what is not named.
        k: Smallest group of units over the quasi-identifiers.
        suppression: Largest share of rows that may be left out.
        l_diversity: How many values of each sensitive field a group holds at least.
        alpha: Largest share of a group that one value of a sensitive field may have.
        metric: What is lost least.
        tiers: Tables beside the public one.
        purpose: Lawful purpose of the agency table (개인정보 보호법 제28조의2).
        legal_basis: Ground of the release.
    """

    unit: Literal["none", "person", "household", "business"]
    unit_key: FieldName | None = None
    population: Text | None = None
    topic: Literal["general", "health", "welfare", "crime"] | None = None
    k: Annotated[StrictInt, Key(ge=2)] | None = None
    suppression: Share | None = None
    l_diversity: dict[FieldName, Annotated[StrictInt, Key(ge=1)]] | None = None
    alpha: Share | None = None
    metric: Literal["loss", "entropy", "aecs", "dm"] = "loss"
    tiers: Tiers | None = None
    purpose: Literal["statistics", "scientific-research", "public-interest-archiving"] | None = None
    legal_basis: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _fill_by_topic(cls, content: Any) -> Any:
        if not isinstance(content, dict) or content.get("topic") is None:
            return content
        k = 10 if content["topic"] in SENSITIVE_TOPICS else 5
        return {"k": k, "suppression": "2%", "alpha": "80%"} | content

    @model_validator(mode="after")
    def _is_decided(self) -> Self:
        if self.unit == "none":
            if named := self.model_fields_set - {"unit"}:
                raise ValueError(f"unit: none takes no other key, yet names {min(named)}")
            return self
        for key in ("unit_key", "k", "suppression"):
            if getattr(self, key) is None:
                raise ValueError(f"a unit of {self.unit} needs {key}; there is no default")
        if self.tiers is not None:
            for key in ("purpose", "legal_basis"):
                if getattr(self, key) is None:
                    raise ValueError(f"an agency tier needs {key}; there is no default")
        return self

    def distinct_values(self, sensitive: str) -> int | None:
        """Return how many values of a sensitive field a group needs; None when undecided."""
        default = None if self.topic is None else TOPIC_DISTINCT
        return (self.l_diversity or {}).get(sensitive, default)


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
        if len({name.casefold() for name in names}) < len(names):
            raise ValueError("fields: two names differ by capital letters alone")
        if reserved := sorted(RESERVED_NAMES & {name.casefold() for name in names}):
            raise ValueError(f"fields: {', '.join(reserved)} is a name of PostgreSQL's own")
        if self.timezone not in _known_zones():
            raise ValueError("timezone: is no time zone, such as Asia/Seoul")
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
        named.append(("privacy.l_diversity", tuple(self.privacy.l_diversity or ())))
        if self.privacy.tiers is not None:
            named.append(("privacy.tiers", tuple(self.privacy.tiers.agency.floors)))
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

    @property
    def sensitive_fields(self) -> tuple[str, ...]:
        """Names of the fields whose value in a group is to stay open."""
        return tuple(field.name for field in self.fields if field.role == "sensitive")

    @property
    def unit_key(self) -> str | None:
        """Name of the field that tells units apart; None where every row counts as one."""
        key = self.privacy.unit_key
        return None if key in (None, "none") else key

    def floors(self, tier: TierName) -> dict[str, int]:
        """Return the finest level of each quasi-identifier that a tier may publish."""
        agency = self.privacy.tiers.agency if self.privacy.tiers else None
        finer = agency.floors if agency and tier == "agency" else {}
        return {
            field.name: finer.get(field.name, field.floor)
            for field in self.fields
            if field.role == "quasi-identifier"
        }

    @property
    def hierarchy_tables(self) -> tuple[str, ...]:
        """Names of the code lists that levels are taken from."""
        steps = [step for field in self.fields for step in field.levels if step is not None]
        return tuple(sorted({step.table for step in steps if step.table is not None}))

    def at_levels(self, levels: Mapping[str, int], tier: TierName = "public") -> Self:
        """Return the contract of one tier's table, with the level of every field fixed.

        Everything that describes the published columns follows from it.
        """
        fields = tuple(
            field.at_level(levels[field.name]) if field.name in levels else field
            for field in self.fields
        )
        privacy = self.privacy
        if tier == "agency" and privacy.tiers is not None:
            agency = privacy.tiers.agency
            privacy = privacy.model_copy(update={"k": agency.k, "suppression": agency.suppression})
        return self.model_copy(update={"fields": fields, "privacy": privacy})

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
