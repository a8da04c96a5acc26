"""The department's report: what is wrong, in which row, and what to do.

One page of HTML without outside resources, Korean first, English second. It holds addresses,
rules and remedies, and no cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import polars as pl

from etl.contract.model import Contract
from etl.validate.casting import ROW
from etl.validate.checking import Checked, is_within_threshold
from etl.validate.messages import Advice, Language, advise, title_of
from etl.validate.rules import Rule

MOST_LISTED = 1_000

_STYLE = (
    "body{font:16px/1.5 'Malgun Gothic','NanumGothic',sans-serif;margin:2rem auto;max-width:70rem;"
    "padding:0 1rem}table{border-collapse:collapse;margin:1rem 0}th,td{border:1px solid #999;"
    "padding:.3rem .6rem;text-align:left;vertical-align:top}th{background:#eef}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}code{word-break:break-all}"
    "section+section{border-top:3px solid #ccc;margin-top:3rem}"
)


@dataclass(frozen=True, slots=True)
class _Words:
    """The fixed texts of the page in one language."""

    language: Language
    heading: str
    passed: str
    refused: str
    nothing: str
    figures: tuple[str, str, str, str]
    by_rule: str
    rule_columns: tuple[str, ...]
    by_row: str
    row_columns: tuple[str, ...]
    cut: str
    ragged: str
    severities: Mapping[str, str]


_KOREAN = _Words(
    language="ko",
    heading="{title}: 검사 결과",
    passed="받아들였습니다. 아래 행은 빠졌거나 확인이 필요합니다.",
    refused="돌려보냅니다. 오류가 있는 행이 허용 비율 {limit}보다 많습니다."
    " 아래 내용을 바로잡아 파일 전체를 다시 넣어 주십시오.",
    nothing="바로잡을 것이 없습니다.",
    figures=("받은 행", "받아들인 행", "빠진 행", "그중 칸 수가 맞지 않는 행"),
    by_rule="바로잡을 것",
    rule_columns=("열", "내용", "행 수", "구분", "바로잡는 법"),
    by_row="행별 내용",
    row_columns=("행", "열", "내용", "바로잡는 법"),
    cut="전체 {total}건 가운데 {shown}건만 보입니다. 바로잡아 다시 넣으면 나머지가 나옵니다.",
    ragged="칸 수가 맞지 않거나 읽을 수 없는 행입니다. 쉼표가 든 값은 큰따옴표로 묶으십시오.",
    severities={"critical": "오류 (행이 빠짐)", "warning": "주의", "info": "참고"},
)

_ENGLISH = _Words(
    language="en",
    heading="{title}: result of the checks",
    passed="Accepted. The rows below were left out or need a look.",
    refused="Returned. More rows are faulty than the {limit} allowed."
    " Correct what is listed below and drop the whole file again.",
    nothing="There is nothing to correct.",
    figures=(
        "Rows received",
        "Rows accepted",
        "Rows left out",
        "Of these with a wrong number of cells",
    ),
    by_rule="What to correct",
    rule_columns=("Column", "Fault", "Rows", "Kind", "Remedy"),
    by_row="Row by row",
    row_columns=("Row", "Column", "Fault", "Remedy"),
    cut="The first {shown} of {total} are shown. The others appear once these are corrected.",
    ragged="These rows have a wrong number of cells or cannot be read."
    " Put values that hold a comma between double quotes.",
    severities={"critical": "error (row left out)", "warning": "warning", "info": "note"},
)


def render_report(checked: Checked, contract: Contract, ragged_rows: Sequence[int] = ()) -> bytes:
    """Write the department's report.

    Args:
        checked: The validated table; its issues are collected up to `MOST_LISTED` rows.
        contract: Gives titles and the allowed share.
        ragged_rows: Record numbers of the rows that extract kept aside.

    Returns:
        UTF-8 HTML; the same input gives the same bytes.
    """
    issues = _first_issues(checked)
    sections = (
        _section(words, checked, contract, issues, ragged_rows) for words in (_KOREAN, _ENGLISH)
    )
    title = escape(_KOREAN.heading.format(title=contract.title.ko))
    return (
        '<!DOCTYPE html>\n<html lang="ko"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy"'
        " content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{_STYLE}</style></head>\n"
        f"<body>{''.join(sections)}</body></html>\n"
    ).encode()


def _first_issues(checked: Checked) -> pl.DataFrame:
    """Collect errors before warnings, each by rows; notes are counted, not listed."""
    listed = checked.issues.filter(pl.col("severity") != "info")
    return listed.sort("severity", ROW, maintain_order=True).head(MOST_LISTED).collect()


def _section(
    words: _Words,
    checked: Checked,
    contract: Contract,
    issues: pl.DataFrame,
    ragged_rows: Sequence[int],
) -> str:
    name = contract.title.ko if words.language == "ko" else contract.title.en or contract.name
    parts = [
        f"<h1>{escape(words.heading.format(title=name))}</h1>",
        f"<p>{escape(_verdict(words, checked, contract, len(ragged_rows)))}</p>",
        _figures(words, checked, len(ragged_rows)),
    ]
    if checked.counts:
        parts += [
            _rule_table(words, checked, contract),
            _row_table(words, checked, contract, issues),
        ]
    if ragged_rows:
        listed = ", ".join(map(str, ragged_rows[:MOST_LISTED]))
        parts.append(f"<h2>{words.figures[3]}</h2><p>{words.ragged}</p><p>{listed}</p>")
    return f'<section lang="{words.language}">{"".join(parts)}</section>\n'


def _verdict(words: _Words, checked: Checked, contract: Contract, ragged: int) -> str:
    if not is_within_threshold(checked, ragged, contract):
        return words.refused.format(limit=f"{contract.thresholds.quarantine:.1%}")
    return words.passed if checked.counts or ragged else words.nothing


def _figures(words: _Words, checked: Checked, ragged: int) -> str:
    figures = (
        checked.rows + ragged,
        checked.accepted_rows,
        checked.quarantined_rows + ragged,
        ragged,
    )
    rows = (
        f'<tr><th>{label}</th><td class="n">{figure:,}</td></tr>'
        for label, figure in zip(words.figures, figures, strict=True)
    )
    return f"<table>{''.join(rows)}</table>"


def _rule_table(words: _Words, checked: Checked, contract: Contract) -> str:
    counts = {(count.field, count.rule): count.count for count in checked.counts}
    rows = []
    for rule in checked.rules:
        if count := counts.get((rule.field, rule.name)):
            advice = advise(rule, contract, words.language)
            rows.append(
                _row(
                    _cell(title_of(rule.fields, contract, words.language)),
                    _cell(advice.fault),
                    _number(count),
                    _cell(words.severities[rule.severity]),
                    _cell(advice.remedy),
                )
            )
    return f"<h2>{words.by_rule}</h2>" + _table(words.rule_columns, rows)


def _row_table(words: _Words, checked: Checked, contract: Contract, issues: pl.DataFrame) -> str:
    known = {
        (rule.field, rule.name): _known(rule, contract, words.language) for rule in checked.rules
    }
    rows = (
        _row(_cell(str(issue[ROW])), *map(_cell, known[issue["field"], issue["rule"]]))
        for issue in issues.iter_rows(named=True)
    )
    total = sum(count.count for count in checked.counts if count.severity != "info")
    cut = words.cut.format(total=f"{total:,}", shown=f"{issues.height:,}")
    note = f"<p>{cut}</p>" if total > issues.height else ""
    return f"<h2>{words.by_row}</h2>{note}" + _table(words.row_columns, rows)


def _known(rule: Rule, contract: Contract, language: Language) -> tuple[str, str, str]:
    advice: Advice = advise(rule, contract, language)
    return title_of(rule.fields, contract, language), advice.fault, advice.remedy


def _table(columns: Iterable[str], rows: Iterable[str]) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _row(*cells: str) -> str:
    return f"<tr>{''.join(cells)}</tr>"


def _cell(text: str) -> str:
    return f"<td>{escape(text)}</td>"


def _number(number: int) -> str:
    return f'<td class="n">{number:,}</td>'
