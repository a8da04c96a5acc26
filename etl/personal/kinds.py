"""The kinds of personal data that are looked for."""

from __future__ import annotations

from typing import Literal, get_args

PersonalKind = Literal[
    "resident-number",
    "foreigner-number",
    "mobile-number",
    "card-number",
    "email",
    "coordinates",
]
KINDS: tuple[PersonalKind, ...] = get_args(PersonalKind)
