"""The contract format, as frozen models.

The vocabulary is Table Schema's for the table (`fields`, `type`, `constraints`,
`missingValues`, `primaryKey`, `foreignKeys`), DCAT-AP's for the record and that of
disclosure control for privacy. An unknown key is refused everywhere; what the format
knows and the program does not do yet is refused by `etl.contract.unbuilt`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import (
    Field as Key,
)
from pydantic import (
    PrivateAttr,
    StrictInt,
    model_validator,
)

from etl.contract.demands import ForeignKey, NamedSuite, TableRule
from etl.contract.fields import (
    Field,
    headers_of,
)
from etl.contract.privacy import Privacy
from etl.contract.source import (
    AppendUpdate,
    Layout,
    ReferenceDate,
    Source,
)
from etl.contract.spelling import CoordinatePair, find_mispaired
from etl.contract.vocabulary import (
    Duration,
    FieldName,
    Label,
    Share,
    Strict,
    Text,
    TierName,
)

RESERVED_NAMES = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid"})


@cache
def _known_zones() -> frozenset[str]:
    """Return the names of all time zones; looking them up takes milliseconds, so once."""
    return frozenset(available_timezones())


class Disclosure(Strict):
    """Who may see the dataset, and for a withheld one why not (정보공개법 제9조)."""

    level: Literal["public", "agency", "withheld"]
    ground: Text | None = None
    clause: Text | None = None
    columns: tuple[FieldName, ...] = ()
    review_date: date | None = None


class Thresholds(Strict):
    """How much may go wrong before the whole file is refused."""

    quarantine: Share = 0.05


class Guards(Strict):
    """Changes against the live release that hold a new one for the data steward.

    Attributes:
        rows: Largest change of the number of rows; unless named, a quarter may go.
        nulls: Largest rise of the share of missing values in a column.
        distinct: Largest change of the number of different values in a column.
        range: Largest share of rows whose value lies outside a column's live range.
        removed_keys: Largest share of the live primary keys that may be gone.
    """

    rows: Share | None = None
    nulls: Share | None = None
    distinct: Share | None = None
    range: Share | None = None
    removed_keys: Share | None = None


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
    coordinates: tuple[CoordinatePair, ...] = ()
    rules: tuple[TableRule, ...] = ()
    expectations: tuple[NamedSuite, ...] = ()
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
        if mispaired := find_mispaired(self.coordinates, self.fields):
            raise ValueError(f"coordinates: {mispaired}")
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
        for index, pair in enumerate(self.coordinates):
            named.append((f"coordinates.{index}", pair.fields))
        for index, rule in enumerate(self.rules):
            named.append((f"rules.{index}", rule.fields))
        for index, key in enumerate(self.foreign_keys):
            named.append((f"foreignKeys.{index}", key.fields))
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

    def pair_of(self, field: str) -> CoordinatePair | None:
        """Return the pair of coordinates that a field is part of."""
        return next((pair for pair in self.coordinates if field in pair.fields), None)

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
    def codelists(self) -> tuple[str, ...]:
        """Names of the code lists that say which values are allowed, or how they are spelled."""
        fields = {name for field in self.fields if (name := field.code_list_name)}
        areas = {use.area.codelist for use in self.expectations if use.area}
        return tuple(sorted(fields | areas))

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
