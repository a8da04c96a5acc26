"""What a new contract changes for those who use the dataset: additions, or breaks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from etl.contract.fields import Field
from etl.contract.model import Contract


@dataclass(frozen=True, slots=True)
class Change:
    """One difference that a user of the published table can notice.

    Attributes:
        kind: A breaking change can stop a program that reads the table; an additive one not.
        place: Where in the contract, as `fields.capacity.type`.
        what: In words.
        what_ko: The same in Korean.
    """

    kind: Literal["additive", "breaking"]
    place: str
    what: str
    what_ko: str


def find_changes(before: Contract, after: Contract) -> list[Change]:
    """Compare two contracts of one dataset.

    Only what is published counts: columns, their types, decimals, units and generalisation, the
    primary key, the licence. Texts for people and rules of validation change nothing that a
    program relies on; they are no change here.

    Returns:
        Breaking changes first, each in the order of the contract.
    """
    changes = [*_table_changes(before, after), *_field_changes(before, after)]
    return sorted(changes, key=lambda change: change.kind != "breaking")


def is_break_announced(before: Contract, after: Contract) -> bool:
    """Tell whether the new contract has no breaking change, or says so by its version."""
    is_breaking = any(change.kind == "breaking" for change in find_changes(before, after))
    return not is_breaking or after.version > before.version


def _table_changes(before: Contract, after: Contract) -> Iterator[Change]:
    if before.primary_key != after.primary_key:
        yield _breaking("primaryKey", "other fields tell rows apart", "기본 키가 바뀝니다")
    if before.licence != after.licence:
        yield _breaking(
            "licence",
            f"{before.licence} becomes {after.licence}",
            f"이용 허락이 {before.licence}에서 {after.licence}(으)로 바뀝니다",
        )


def _field_changes(before: Contract, after: Contract) -> Iterator[Change]:
    old = {field.name: field for field in before.published_fields}
    new = {field.name: field for field in after.published_fields}
    for name, field in old.items():
        place = f"fields.{name}"
        if name not in new:
            yield _breaking(place, "is published no longer", "더는 공개하지 않습니다")
        else:
            yield from _column_changes(place, field, new[name])
    for name in new:
        if name not in old:
            yield Change("additive", f"fields.{name}", "is published now", "새로 공개합니다")


def _column_changes(place: str, old: Field, new: Field) -> Iterator[Change]:
    if (old.published_type, old.decimals) != (new.published_type, new.decimals):
        yield _breaking(f"{place}.type", "has another type", "자료형이 바뀝니다")
    if old.unit != new.unit:
        yield _breaking(f"{place}.unit", "has another unit", "단위가 바뀝니다")
    if old.levels != new.levels or (old.floor, old.ceiling) != (new.floor, new.ceiling):
        yield _breaking(f"{place}.generalise", "is generalised otherwise", "범주화가 바뀝니다")


def _breaking(place: str, what: str, what_ko: str) -> Change:
    return Change("breaking", place, what, what_ko)
