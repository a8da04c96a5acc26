"""The department's report as one page of HTML without outside resources; it holds no cell."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

import polars as pl

from etl.validate.casting import ROW
from etl.validate.issues import Fault
from etl.validate.reporting import (
    KOREAN,
    LANGUAGES,
    Report,
    Words,
    fault_lines,
    figures,
    heading,
    verdict,
)

MOST_LISTED = 1_000

_STYLE = (
    "body{font:16px/1.5 'Malgun Gothic','NanumGothic',sans-serif;margin:2rem auto;max-width:75rem;"
    "padding:0 1rem}table{border-collapse:collapse;margin:1rem 0}th,td{border:1px solid #999;"
    "padding:.3rem .6rem;text-align:left;vertical-align:top}th{background:#eef}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}code{word-break:break-all}"
    "section+section{border-top:3px solid #ccc;margin-top:3rem}"
)


def render_page(report: Report) -> bytes:
    """Write the department's page.

    Args:
        report: What is told; its log is collected up to `MOST_LISTED` lines.

    Returns:
        UTF-8 HTML; the same input gives the same bytes.
    """
    issues = _first_issues(report)
    sections = (_section(words, report, issues) for words in LANGUAGES)
    title = escape(heading(report, KOREAN))
    return (
        '<!DOCTYPE html>\n<html lang="ko"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy"'
        " content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{_STYLE}</style></head>\n"
        f"<body>{''.join(sections)}</body></html>\n"
    ).encode()


def _first_issues(report: Report) -> pl.DataFrame:
    """Collect errors before warnings, each by rows; notes are counted, not listed."""
    listed = report.log.filter(pl.col("severity") != "info")
    wanted = listed.select(ROW, "severity", "field", "rule", "reason")
    return wanted.sort("severity", ROW, maintain_order=True).head(MOST_LISTED).collect()


def _section(words: Words, report: Report, issues: pl.DataFrame) -> str:
    parts = [
        f"<h1>{escape(heading(report, words))}</h1>",
        f"<p>{escape(verdict(report, words))}</p>",
        _figures(words, report),
    ]
    if report.faults:
        parts += [_rule_table(words, report), _row_table(words, report, issues)]
    if report.ragged_rows:
        listed = ", ".join(map(str, report.ragged_rows[:MOST_LISTED]))
        parts.append(f"<h2>{words.figures[3]}</h2><p>{words.ragged}</p><p>{listed}</p>")
    return f'<section lang="{words.language}">{"".join(parts)}</section>\n'


def _figures(words: Words, report: Report) -> str:
    rows = (
        f'<tr><th>{label}</th><td class="n">{figure:,}</td></tr>'
        for label, figure in figures(report, words)
    )
    return f"<table>{''.join(rows)}</table>"


def _rule_table(words: Words, report: Report) -> str:
    rows = (_row(map(_cell, line)) for line in fault_lines(report, words))
    return f"<h2>{words.by_rule}</h2>" + _table(words.rule_columns, rows)


def _row_table(words: Words, report: Report, issues: pl.DataFrame) -> str:
    known = {
        (fault.rule.field, fault.rule.name, fault.reason): _known(words, report, fault)
        for fault in report.faults
    }
    rows = (
        _row(map(_cell, (str(issue[ROW]), *known[issue["field"], issue["rule"], issue["reason"]])))
        for issue in issues.iter_rows(named=True)
    )
    total = sum(fault.count for fault in report.faults if fault.rule.severity != "info")
    cut = words.cut.format(total=f"{total:,}", shown=f"{issues.height:,}")
    note = f"<p>{cut}</p>" if total > issues.height else ""
    return f"<h2>{words.by_row}</h2>{note}" + _table(words.row_columns, rows)


def _known(words: Words, report: Report, fault: Fault) -> tuple[str, ...]:
    advice = report.advice(fault, words.language)
    letters = report.places.letters(fault.rule.fields)
    return letters, report.name_of(fault, words.language), advice.fault, advice.remedy


def _table(columns: Iterable[str], rows: Iterable[str]) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _row(cells: Iterable[str]) -> str:
    return f"<tr>{''.join(cells)}</tr>"


def _cell(text: str) -> str:
    return f"<td>{escape(text)}</td>"
