"""What a department is told about a rule: the fault and its remedy, in Korean and English.

Texts name limits of the contract and never a cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from etl.contract.model import Contract
from etl.contract.vocabulary import FieldType
from etl.validate.fault_messages import explain
from etl.validate.rules import (
    Among,
    Between,
    Compared,
    Exists,
    Length,
    Listed,
    Pattern,
    Readable,
    Recent,
    Required,
    Rule,
    Sums,
    Totals,
    Unique,
)

Language = Literal["ko", "en"]

_MOST_VALUES = 20

_TYPES: dict[Language, dict[FieldType, tuple[str, str]]] = {
    "ko": {
        "string": (
            "읽을 수 없는 문자가 들어 있습니다",
            "보이지 않는 문자를 지우고 다시 적으십시오",
        ),
        "integer": ("정수가 아닙니다", "단위 없이 숫자만 적으십시오. 예: 1200"),
        "year": ("연도가 아닙니다", "네 자리 숫자로 적으십시오. 예: 2026"),
        "number": (
            "수가 아니거나 소수 자릿수가 많습니다",
            "단위 없이 숫자로, 소수점 아래 {limit}자리까지 적으십시오",
        ),
        "boolean": ("여부를 나타내는 값이 아닙니다", "Y 또는 N으로 적으십시오"),
        "date": ("날짜가 아닙니다", "달력에 있는 날짜를 적으십시오. 예: 2026-11-01"),
        "datetime": ("일시가 아닙니다", "날짜와 시각을 적으십시오. 예: 2026-11-01 09:00:00"),
        "time": ("시각이 아닙니다", "00:00부터 23:59 사이로 적으십시오. 예: 09:00"),
        "yearmonth": ("연월이 아닙니다", "연도와 월을 적으십시오. 예: 2026-11"),
    },
    "en": {
        "string": ("holds an unreadable character", "Delete the invisible character"),
        "integer": ("is no whole number", "Write digits only, without units, as 1200"),
        "year": ("is no year", "Write four digits, as 2026"),
        "number": (
            "is no number, or has too many decimals",
            "Write digits without units, at most {limit} after the point",
        ),
        "boolean": ("is neither yes nor no", "Write Y or N"),
        "date": ("is no date", "Write a day that exists, as 2026-11-01"),
        "datetime": ("is no date and time", "Write date and time, as 2026-11-01 09:00:00"),
        "time": ("is no time of day", "Write a time from 00:00 to 23:59, as 09:00"),
        "yearmonth": ("is no month", "Write year and month, as 2026-11"),
    },
}

_CHECKS: dict[Language, dict[str, tuple[str, str]]] = {
    "ko": {
        "required": ("값이 비어 있습니다", "값을 적으십시오"),
        "unique": (
            "다른 행과 값이 겹칩니다",
            "같은 행은 하나만 남기고, 다른 행이면 값을 바로잡으십시오",
        ),
        "range": ("허용된 범위를 벗어납니다", "다음 범위로 적으십시오: {limit}"),
        "length": ("글자 수가 맞지 않습니다", "다음 글자 수로 적으십시오: {limit}"),
        "pattern": ("정해진 꼴이 아닙니다", "다음 꼴로 적으십시오: {limit}"),
        "example": ("정해진 꼴이 아닙니다", "다음과 같은 꼴로 적으십시오. 예: {limit}"),
        "notPattern": (
            "쓸 수 없는 글자가 있습니다",
            "다음에 해당하는 글자를 바로잡으십시오: {limit}",
        ),
        "enum": ("허용된 값이 아닙니다", "다음 가운데 하나로 적으십시오: {limit}"),
        "notEnum": ("쓸 수 없는 값입니다", "다음 값은 쓰지 마십시오: {limit}"),
        "compare": ("두 값이 서로 맞지 않습니다", "다음이 성립하도록 바로잡으십시오: {limit}"),
        "sum": ("더한 값이 합계와 다릅니다", "다음이 성립하도록 바로잡으십시오: {limit}"),
        "recent": (
            "다른 행보다 너무 오래된 날짜입니다",
            "최근 자료인지 확인하십시오. 가장 늦은 날짜에서 {limit} 안이어야 합니다",
        ),
        "codelist": (
            "코드 목록에 없는 값입니다",
            "코드 목록에 있고 기준일에 쓰이는 값으로 적으십시오",
        ),
        "foreignKey": (
            "참조하는 자료에 없는 값입니다",
            "참조하는 자료에 있는 값으로 적거나 그 자료를 먼저 고치십시오",
        ),
        "total": (
            "합계 행이 자료를 더한 값과 다릅니다",
            "빠지거나 겹친 행이 없는지 살피고 합계를 바로잡으십시오",
        ),
    },
    "en": {
        "required": ("is empty", "Write a value"),
        "unique": ("repeats another row", "Keep one of the same rows, or correct the value"),
        "range": ("is outside the allowed range", "Write a value {limit}"),
        "length": ("has a wrong length", "Write a number of characters {limit}"),
        "pattern": ("does not have the required form", "Write it in the form {limit}"),
        "example": ("does not have the required form", "Write it like {limit}"),
        "notPattern": ("holds characters that are not allowed", "Correct what fits {limit}"),
        "enum": ("is not an allowed value", "Write one of: {limit}"),
        "notEnum": ("is a value that is not allowed", "Avoid: {limit}"),
        "compare": ("contradict each other", "Correct them so that {limit}"),
        "sum": ("do not add up", "Correct them so that {limit}"),
        "recent": (
            "is much older than in other rows",
            "See that it is current: at most {limit} before the latest day",
        ),
        "codelist": ("is not in the code list", "Write a value that the list holds on that day"),
        "foreignKey": (
            "is not in the dataset that it refers to",
            "Write a value that is there, or correct that dataset first: {limit}",
        ),
        "total": (
            "of the total row is not the sum of the data",
            "Look for rows that are missing or repeated, and correct the total",
        ),
    },
}

_SPANS: dict[Language, tuple[str, str, str]] = {
    "ko": ("{} 이상", "{} 이하", "{} 이상 {} 이하"),
    "en": ("of at least {}", "of at most {}", "from {} to {}"),
}
_PERIODS: dict[Language, dict[str, str]] = {
    "ko": {"D": "일", "W": "주", "M": "개월", "Y": "년"},
    "en": {"D": " days", "W": " weeks", "M": " months", "Y": " years"},
}
_SIGNS = {"<": "<", "<=": "≤", "=": "="}
_WITHIN: dict[Language, str] = {"ko": " (차이 {}까지)", "en": " (give or take {})"}
_MORE: dict[Language, str] = {"ko": "외 {}개", "en": "and {} more"}


@dataclass(frozen=True, slots=True)
class Advice:
    """What is wrong, and what to do about it."""

    fault: str
    remedy: str


def advise(rule: Rule, contract: Contract, language: Language, reason: str | None = None) -> Advice:
    """Say what a failed rule means and how to mend it.

    Args:
        rule: One of the contract's compiled rules.
        contract: Gives types and titles.
        language: Of both texts.
        reason: Why a cell cannot be read, one of `faults.Reason`, where it is known.
    """
    field = next(field for field in contract.fields if field.name == rule.fields[0])
    if reason is not None:
        return Advice(*explain(reason, field.type, field.decimals, language))
    if isinstance(rule.check, Readable):
        fault, remedy = _TYPES[language][field.type]
        return Advice(fault, remedy.format(limit=field.decimals))
    kind, limit = _kind_and_limit(rule, contract, language)
    fault, remedy = _CHECKS[language][kind]
    return Advice(fault, remedy.format(limit=limit))


def title_of(names: Sequence[str], contract: Contract, language: Language) -> str:
    """Return the headings of columns as a department knows them.

    Args:
        names: Names of fields.
        contract: Gives their titles.
        language: English falls back to the field's name.
    """
    titles = {field.name: field.title for field in contract.fields}
    if language == "ko":
        return ", ".join(titles[name].ko for name in names)
    return ", ".join(titles[name].en or name for name in names)


def _kind_and_limit(rule: Rule, contract: Contract, language: Language) -> tuple[str, str]:
    match rule.check:
        case Between(least, most):
            return "range", _span(least, most, language)
        case Length(least, most):
            return "length", _span(least, most, language)
        case Pattern():
            return _pattern_and_form(rule, rule.check, contract)
        case Among(values) if rule.name == "codelist" and len(values) > _MOST_VALUES:
            return "codelist", ""
        case Among(values, is_wanted):
            return "enum" if is_wanted else "notEnum", _listed(values, language)
        case Compared(operator):
            first, second = (title_of((name,), contract, language) for name in rule.fields)
            return "compare", f"{first} {_SIGNS[operator]} {second}"
        case Sums(within):
            *parts, total = (title_of((name,), contract, language) for name in rule.fields)
            slack = _WITHIN[language].format(_plain(within)) if within else ""
            return "sum", f"{' + '.join(parts)} = {total}{slack}"
        case Recent(within):
            return "recent", f"{within[1:-1]}{_PERIODS[language][within[-1]]}"
        case Exists(dataset):
            return "foreignKey", dataset
        case _ as check:
            return _BARE[type(check)], ""


_BARE: dict[type, str] = {
    Required: "required",
    Unique: "unique",
    Listed: "codelist",
    Totals: "total",
}


def _pattern_and_form(rule: Rule, check: Pattern, contract: Contract) -> tuple[str, str]:
    """Show an example where the contract has one; a shared suite asks for another form."""
    examples = {field.name: field.example for field in contract.fields}
    example = examples[rule.fields[0]]
    if example and rule.name == "pattern":
        return "example", example
    return "pattern" if check.is_wanted else "notPattern", _form(check.regex)


def _form(regex: str) -> str:
    """Show a pattern without the anchors that make it fit the whole value."""
    return regex.removeprefix("^(?:").removesuffix(")$")


def _span(least: object, most: object, language: Language) -> str:
    forms = _SPANS[language]
    if most is None:
        return forms[0].format(_plain(least))
    if least is None:
        return forms[1].format(_plain(most))
    return forms[2].format(_plain(least), _plain(most))


def _plain(value: object) -> str:
    """Write a value without the zeros that only its declared decimals add."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _listed(values: Sequence[object], language: Language) -> str:
    shown = ", ".join(map(_plain, values[:_MOST_VALUES]))
    rest = len(values) - _MOST_VALUES
    return f"{shown} {_MORE[language].format(rest)}" if rest > 0 else shown
