"""What is said about a file while it is read: decisions, and findings that are no data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing that was decided about a file, and why.

    Attributes:
        what: `kind`, `container`, `sheet`, `encoding`, `delimiter`, `header` and the like.
        value: What was decided.
        evidence: What it rests on; names and counts, no cell value.
        confidence: 1 where the evidence leaves no choice.
    """

    what: str
    value: str
    evidence: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a file holds beside its cells; it is reported, not read as data.

    Attributes:
        what: `hidden sheets`, `hidden rows`, `hidden columns`, `comments`, `properties`,
            `external links`, `macros`, `pivot tables`, `drawings`.
        count: How many there are.
        places: Where the first of them are, by number and address (`sheet 2, B5`), never by
            name and never with what they say.
    """

    what: str
    count: int
    places: tuple[str, ...] = ()
