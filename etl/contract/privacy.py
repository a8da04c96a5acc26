"""What must hold before rows about people may be seen by others."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field as Key,
)
from pydantic import (
    StrictInt,
    model_validator,
)

from etl.contract.vocabulary import (
    FieldName,
    Share,
    Strict,
    Text,
)


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
