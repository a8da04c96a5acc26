"""The workbook that a department fills in: its contract as columns, drop-downs and notes.

What the report would say afterwards, the template says before: the notes of a column are the
remedies of its rules. The header is the only row that is written, so that a filled template
is read like any other workbook.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal

from openpyxl import Workbook
from openpyxl.styles import Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from etl.contract.codelists import CodeSet
from etl.contract.fields import Field
from etl.contract.model import Contract
from etl.contract.vocabulary import FieldType
from etl.validate.compiling import compile_rules
from etl.validate.messages import Language, advise
from etl.validate.rules import Among, Between, Length, Listed, Readable, Rule
from etl.validate.sheets import (
    BOLD,
    HEADER_FILL,
    TEXT,
    WRAPPED,
    cell_at,
    put_comment,
    settled,
    write_text,
)

LISTS_SHEET: Final = "목록"
_LAST_ROW: Final = 1_048_576
_READY_ROWS: Final = 200  # formatted one by one, for programs that pass over a column's format
_MOST_INLINE: Final = 255  # Excel's own limit of a list that stands in its cell
_ORIGIN: Final = date(1899, 12, 30)
_UNLOCKED: Final = Protection(locked=False)
_FORMATS: Final[Mapping[FieldType, str]] = {
    "integer": "0",
    "year": "0",
    "date": "yyyy-mm-dd",
    "datetime": "yyyy-mm-dd hh:mm:ss",
    "time": "hh:mm:ss",
}
_Kind = Literal["whole", "decimal", "date", "textLength"]
_KINDS: Final[Mapping[FieldType, tuple[_Kind, str, str]]] = {
    "integer": ("whole", "-999999999999999", "999999999999999"),
    "year": ("whole", "1", "9999"),
    "number": ("decimal", "-999999999999999", "999999999999999"),
    "date": ("date", "1", "2958465"),
}
_WORDS: Final[Mapping[Language, tuple[str, str, str, str]]] = {
    "ko": ("반드시 적는 열", "비워 둘 수 있는 열", "단위: {}", "예: {}"),
    "en": ("Required", "May be empty", "Unit: {}", "Example: {}"),
}


def render_template(contract: Contract, codelists: Mapping[str, CodeSet]) -> bytes:
    """Write an empty workbook for a dataset.

    Args:
        contract: The dataset.
        codelists: The code lists that it names.

    Returns:
        XLSX: one sheet with a locked header in the contract's order; below it cells with the
        format of their type, with drop-downs where the contract lists values. The same contract
        gives the same bytes.
    """
    rules = compile_rules(contract.model_copy(update={"expectations": ()}), {}, codelists)
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = _sheet_name(contract)
    for column, field in enumerate(contract.fields, start=1):
        own = [rule for rule in rules if field.name in rule.fields]
        _write_header(sheet, column, field, own, contract)
        _format_column(sheet, column, field)
        _restrict(workbook, sheet, column, field, own)
    sheet.freeze_panes = "A2"
    _protect(sheet)
    return settled(workbook)


def _sheet_name(contract: Contract) -> str:
    """Return the title as a sheet may be called: 31 characters, some signs left out."""
    return re.sub(r"[\[\]:*?/\\']", " ", contract.title.ko).strip()[:31]


def _write_header(
    sheet: Worksheet, column: int, field: Field, rules: Sequence[Rule], contract: Contract
) -> None:
    cell = cell_at(sheet, 1, column)
    write_text(cell, field.title.ko)
    cell.font, cell.fill, cell.alignment = BOLD, HEADER_FILL, WRAPPED
    put_comment(cell, "\n".join(_notes(field, rules, contract)))


def _notes(field: Field, rules: Sequence[Rule], contract: Contract) -> Iterator[str]:
    """Say of a column what it means, whether it must be filled, and how; Korean first."""
    for language in ("ko", "en"):
        needed, optional, unit, example = _WORDS[language]
        name = field.title.ko if language == "ko" else field.title.en or field.name
        yield f"[{name}]"
        if field.description and (told := getattr(field.description, language)):
            yield told
        yield needed if _is_required(field, rules) else optional
        if field.unit:
            yield unit.format(field.unit)
        for rule in rules:
            if rule.name != "required" and not _asks_any_text(rule, field):
                yield f"- {advise(rule, contract, language).remedy}"
        if shown := _example(field, contract):
            yield example.format(shown)


def _is_required(field: Field, rules: Sequence[Rule]) -> bool:
    return any(rule.name == "required" and rule.fields == (field.name,) for rule in rules)


def _asks_any_text(rule: Rule, field: Field) -> bool:
    return isinstance(rule.check, Readable) and field.type == "string"


def _example(field: Field, contract: Contract) -> str:
    """Return a cell of the contract's own examples, which are invented."""
    cells = (row.get(field.name, "") for one in contract.examples for row in one.supplied)
    return next(filter(None, cells), "")


def _format_column(sheet: Worksheet, column: int, field: Field) -> None:
    wanted = _number_format(field)
    dimension = sheet.column_dimensions[get_column_letter(column)]
    dimension.width = max(12, 2 * len(field.title.ko) + 4)
    dimension.number_format = wanted
    dimension.protection = _UNLOCKED
    for row in range(2, _READY_ROWS + 2):
        cell = cell_at(sheet, row, column)
        cell.number_format, cell.protection = wanted, _UNLOCKED


def _number_format(field: Field) -> str:
    if field.type == "number":
        places = "0" * (field.decimals or 0)
        return f"#,##0.{places}" if places else "#,##0"
    return _FORMATS.get(field.type, TEXT)


def _restrict(
    workbook: Workbook, sheet: Worksheet, column: int, field: Field, rules: Sequence[Rule]
) -> None:
    """Let the spreadsheet program itself refuse what the rules would refuse."""
    validation = _validation(workbook, field, rules)
    if validation is None:
        return
    letter = get_column_letter(column)
    validation.showErrorMessage = True
    validation.errorTitle = field.title.ko[:31]
    validation.error = "이 열의 머리글에 달린 설명대로 적어 주십시오."
    validation.add(f"{letter}2:{letter}{_LAST_ROW}")
    sheet.add_data_validation(validation)


def _validation(workbook: Workbook, field: Field, rules: Sequence[Rule]) -> DataValidation | None:
    certain = [rule for rule in rules if rule.severity == "critical"]
    checks = [rule.check for rule in certain if rule.fields[0] == field.name]
    if texts := _listed(field, checks):
        return DataValidation("list", formula1=_list_formula(workbook, texts))
    if field.type in _KINDS:
        bounds = [(c.least, c.most) for c in checks if isinstance(c, Between)]
        return _within(*_KINDS[field.type], bounds)
    lengths = [(c.least, c.most) for c in checks if isinstance(c, Length)]
    return _within("textLength", "0", "32767", lengths) if lengths else None


def _listed(field: Field, checks: Sequence[object]) -> list[str]:
    """Return the values that may be chosen; of a dated list those of every day."""
    for check in checks:
        if isinstance(check, Among) and check.is_wanted:
            return [str(value) for value in check.values]
        if isinstance(check, Listed):
            return list(dict.fromkeys(value for value, *_ in check.entries))
    return ["Y", "N"] if field.type == "boolean" else []


def _within(
    kind: _Kind, lowest: str, highest: str, spans: Sequence[tuple[object, object]]
) -> DataValidation:
    """Limit a column to spans, and to what its type can hold."""
    least = [_spelt(low) for low, _ in spans if low is not None]
    most = [_spelt(high) for _, high in spans if high is not None]
    return DataValidation(
        kind,
        operator="between",
        formula1=max(least, key=Decimal, default=lowest),
        formula2=min(most, key=Decimal, default=highest),
        allow_blank=True,
    )


def _spelt(bound: object) -> str:
    """Write a bound as a formula does: a day as its number."""
    if isinstance(bound, date) and not isinstance(bound, datetime):
        return str((bound - _ORIGIN).days)
    return f"{bound:f}" if isinstance(bound, Decimal) else str(bound)


def _list_formula(workbook: Workbook, texts: Sequence[str]) -> str:
    """Return a short list itself, a long one as cells of a sheet that nobody sees."""
    inline = ",".join(texts)
    if len(inline) <= _MOST_INLINE and not any(re.search('[,"]', text) for text in texts):
        return f'"{inline}"'
    if LISTS_SHEET not in workbook.sheetnames:
        workbook.create_sheet(LISTS_SHEET).sheet_state = "veryHidden"
    lists = workbook[LISTS_SHEET]
    column = lists.max_column + (lists["A1"].value is not None)
    for row, text in enumerate(texts, start=1):
        write_text(cell_at(lists, row, column), text)
    letter = get_column_letter(column)
    return f"'{LISTS_SHEET}'!${letter}$1:${letter}${len(texts)}"


def _protect(sheet: Worksheet) -> None:
    """Lock the header alone; rows and their order stay the department's."""
    protection = sheet.protection
    protection.sheet = True
    protection.formatColumns = protection.formatRows = False
    protection.insertRows = protection.deleteRows = False
    protection.sort = protection.autoFilter = False
