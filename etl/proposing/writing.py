"""Write a proposed contract as YAML that a person goes on with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import yaml

from etl.contract.vocabulary import UNDECIDED, Role
from etl.proposing.deciding import Decided

PLACES = "declared_personal: [{kind: coordinates, reason: {ko: 시설의 위치이며 개인의 것이 아님.}}]"


@dataclass(frozen=True, slots=True)
class Proposed:
    """One field of the proposal.

    Attributes:
        name: Its name in the contract.
        title: Its Korean title: the header without its unit.
        alias: The header as the file spells it, where that differs.
        unit: Unit of its values.
        decided: What all values have in common.
        role: The likely role.
        evidence: What that rests on.
        located: Cells that hold coordinates.
    """

    name: str
    title: str
    alias: str | None
    unit: str | None
    decided: Decided
    role: Role
    evidence: str
    located: int


def write_proposal(
    dataset: str, fields: Sequence[Proposed], key: Sequence[str], reference: str | None
) -> str:
    """Return the text of the contract.

    Args:
        dataset: What it is called until a person gives it a title.
        fields: In the order of the file.
        key: Names of the fields that tell rows apart; none when nothing does.
        reference: Name of the field that holds the reference date.
    """
    personal = sum(field.role != "open" for field in fields)
    return "\n".join(
        [
            *_head(dataset, reference),
            *(["# primaryKey: no columns tell all rows apart"] if not key else []),
            *([f"primaryKey: [{', '.join(map(scalar, key))}]"] if key else []),
            "fields:",
            *(line for field in fields for line in _field_lines(field, may_be_people=personal > 0)),
            *_foot(personal),
            "",
        ]
    )


def _head(dataset: str, reference: str | None) -> Iterator[str]:
    title = scalar(dataset)
    yield "# Proposed from a file. Put one of these in the place of each `undecided`, and look at"
    yield f"# every line marked with ◀: {' | '.join(get_args(Role))}"
    yield "# 파일에서 제안한 계약입니다. undecided마다 역할을 적고 ◀ 줄을 확인하세요."
    yield "format: 1"
    yield "version: 1"
    yield f"title: {{ko: {title}}}  # ◀"
    yield f"description: {{ko: {title}}}  # ◀"
    yield "steward: 담당 부서  # ◀"
    yield "licence: kogl-4  # ◀ the narrowest; kogl-1 allows every use"
    yield "theme: other  # ◀"
    yield "frequency: P1Y  # ◀ when the next file is due"
    yield 'source: {folder: {files: "*"}}'
    if reference:
        yield f"reference_date: {{field: {scalar(reference)}}}"
    yield "disclosure: {level: public}  # ◀"


def _foot(personal: int) -> Iterator[str]:
    if personal:
        yield f"# ◀ {personal} columns may be about people: if so, name unit, k and suppression"
    yield "privacy: {unit: none}"
    yield f"approval: {'privacy-officer' if personal else 'none'}"


def _field_lines(field: Proposed, *, may_be_people: bool) -> Iterator[str]:
    decided = field.decided
    yield f"  - name: {scalar(field.name)}"
    yield f"    title: {{ko: {scalar(field.title)}}}"
    if field.alias:
        yield f"    aliases: [{scalar(field.alias)}]"
    yield f"    type: {decided.type}{'  # digits that are a code' if decided.is_code else ''}"
    if decided.decimals is not None:
        yield f"    decimals: {decided.decimals}"
    if decided.negative:
        yield f"    negative: [{', '.join(map(scalar, decided.negative))}]"
    if field.unit:
        yield f"    unit: {scalar(field.unit)}"
    if decided.missing:
        yield f"    missingValues: [{', '.join(map(scalar, decided.missing))}]"
    if constraints := _constraints(field):
        yield f"    constraints: {{{', '.join(f'{k}: {v}' for k, v in constraints.items())}}}"
    yield f"    role: {UNDECIDED}  # likely {field.role}: {field.evidence}"
    if field.located and not may_be_people:
        yield f"    {PLACES}  # ◀ {field.located:,} cells; never of homes"


def _constraints(field: Proposed) -> Mapping[str, str]:
    constraints = {"required": "true"} if field.decided.is_complete else {}
    if field.decided.values and field.role == "open":
        constraints["enum"] = f"[{', '.join(map(scalar, field.decided.values))}]"
    return constraints


def scalar(text: str) -> str:
    """Spell a text so that YAML reads the same text, also inside braces.

    Examples:
        >>> scalar("공원명"), scalar("no"), scalar("1.0"), scalar("a, b")
        ('공원명', "'no'", "'1.0'", "'a, b'")
    """
    if "\n" in text:
        return json.dumps(text, ensure_ascii=False)
    flow = yaml.safe_dump([text], default_flow_style=True, allow_unicode=True, width=2**31)
    return flow.strip()[1:-1]
