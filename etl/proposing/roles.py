"""Suggest a role for each column; a person decides it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

from etl.contract.vocabulary import PersonalKind, Role

_PERSON = (
    "성명", "성함", "주민등록번호", "주민번호", "외국인등록번호", "여권번호", "운전면허",
    "생년월일", "휴대", "핸드폰", "이메일", "e-?mail", "계좌", "카드번호", "신청인", "신고인",
    "민원인", "수급자명", "대표자",
)  # fmt: skip
_PRIVATE = (
    "질병", "상병", "진단", "병력", "장애유형", "소득", "재산", "체납", "수급", "범죄", "종교",
    "상담내용", "민원내용",
)  # fmt: skip
_DESCRIBING = (
    "연령", "나이", "성별", "출생", "국적", "거주지", "직업", "혼인", "학력", "중증여부", "가구원",
)  # fmt: skip
_BY_HEADER: Final[tuple[tuple[Role, tuple[str, ...], str], ...]] = (
    ("direct-identifier", _PERSON, "the header speaks of one person"),
    ("sensitive", _PRIVATE, "the header speaks of what people keep to themselves"),
    ("quasi-identifier", _DESCRIBING, "the header speaks of what describes people together"),
)
_COUNT_HEADER = re.compile(r"(수|건|율|률|비율|금액|인구|합계|_계)$")


def suggest_role(header: str, found: Mapping[PersonalKind, int]) -> tuple[Role, str]:
    """Return a likely role, and what it rests on.

    Args:
        header: What the file calls the column.
        found: Cells in which each kind of personal data was found.

    Examples:
        >>> suggest_role("공원명", {})
        ('open', 'nothing speaks of a person')
        >>> suggest_role("비고", {"mobile-number": 3})
        ('direct-identifier', 'mobile-number in 3 cells')
    """
    kinds = {kind: cells for kind, cells in found.items() if kind != "coordinates"}
    if kinds:
        kind, cells = max(kinds.items(), key=lambda item: item[1])
        return "direct-identifier", f"{kind} in {cells:,} cells"
    if _COUNT_HEADER.search(header):
        return "open", "the header speaks of a count or a share"
    for role, words, evidence in _BY_HEADER:
        if re.search("|".join(words), header, re.IGNORECASE):
            return role, evidence
    return "open", "nothing speaks of a person"


def suggest_roles(
    found: Mapping[str, Mapping[PersonalKind, int]], unique: Collection[str]
) -> dict[str, tuple[Role, str]]:
    """Return a likely role for every column of a table.

    Where other columns speak of people, one whose values never repeat points to each of them.

    Args:
        found: For each column the cells in which each kind of personal data was found.
        unique: Columns in which no value stands twice.

    Examples:
        >>> suggest_roles({"순번": {}, "연령": {}}, {"순번"})["순번"]
        ('direct-identifier', 'every row has its own value, and other columns speak of people')
    """
    roles = {header: suggest_role(header, kinds) for header, kinds in found.items()}
    if not any(role != "open" for role, _ in roles.values()):
        return roles
    own: tuple[Role, str] = (
        "direct-identifier",
        "every row has its own value, and other columns speak of people",
    )
    return {
        header: own if suggested[0] == "open" and header in unique else suggested
        for header, suggested in roles.items()
    }
