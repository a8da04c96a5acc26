"""Words and small forms that every part of a contract is written in."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    WithJsonSchema,
)
from pydantic import (
    Field as Key,
)

FieldType = Literal[
    "string", "integer", "year", "number", "boolean", "date", "datetime", "time", "yearmonth"
]


TierName = Literal["public", "agency"]


Role = Literal["open", "sensitive", "quasi-identifier", "direct-identifier"]
UNDECIDED = "undecided"  # what a proposed contract says in the place of a role


Grid = Literal[4326, 5174, 5179, 5181, 5186]


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


class Strict(BaseModel):
    """A part of a contract: frozen, and without room for unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Label(Strict):
    """A text for people, in Korean and, where it is known, in English."""

    ko: Text
    en: Text | None = None
