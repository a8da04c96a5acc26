"""Which cells of a report are marked, with what colour and comment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl
from openpyxl.cell import Cell
from openpyxl.styles import PatternFill

from etl.validate.casting import ROW
from etl.validate.issues import KEY, Fault
from etl.validate.reporting import ENGLISH, KOREAN, Report
from etl.validate.sheets import put_comment

MOST_ROWS: Final = 5_000
"""So many rows are marked in a workbook; who corrects them gets the next ones."""

RANKS: Final = {"critical": 0, "warning": 1, "info": 2}
_FILLS: Final = {
    "critical": PatternFill("solid", fgColor="FFC7CE"),
    "warning": PatternFill("solid", fgColor="FFEB9C"),
    "info": PatternFill("solid", fgColor="DDEBF7"),
}
_REMEDY: Final = "고치는 법: {}"
_REMEDY_ENGLISH: Final = "Remedy: {}"

Marks = dict[int, dict[str, list[Fault]]]


@dataclass(frozen=True, slots=True)
class Marking:
    """The failing cells that a workbook shows.

    Attributes:
        cells: Faults by row and field.
        rows: How many rows fail.
        is_cut: Whether only some of them are marked.
    """

    cells: Marks
    rows: int
    is_cut: bool


def mark_cells(report: Report, most_rows: int = MOST_ROWS) -> Marking:
    """Collect the failing cells, errors before warnings where there are too many rows.

    Args:
        report: Its log says what fails.
        most_rows: How many rows to mark.
    """
    rank = pl.col("severity").replace_strict(RANKS, return_dtype=pl.Int8).min()
    ranked = report.log.group_by(ROW).agg(rank).collect().sort("severity", ROW)
    chosen = ranked.head(most_rows).select(ROW)
    lines = report.log.join(chosen.lazy(), on=ROW, how="semi").select(ROW, *KEY).collect()
    known = {(f.rule.field, f.rule.name, f.reason): f for f in report.faults}
    cells: Marks = {}
    for row, *key in lines.iter_rows():
        fault = known[key[0], key[1], key[2]]
        for field in fault.rule.fields:
            cells.setdefault(row, {}).setdefault(field, []).append(fault)
    return Marking(cells, ranked.height, ranked.height > chosen.height)


def mark_cell(cell: Cell, faults: list[Fault], report: Report) -> None:
    """Colour a cell and say what is wrong with it, in Korean and then in English."""
    worst = min((fault.rule.severity for fault in faults), key=RANKS.__getitem__)
    cell.fill = _FILLS[worst]
    put_comment(cell, "\n".join(_comment(faults, report)))


def _comment(faults: list[Fault], report: Report) -> Iterator[str]:
    for words, remedy in ((KOREAN, _REMEDY), (ENGLISH, _REMEDY_ENGLISH)):
        for fault in faults:
            advice = report.advice(fault, words.language)
            yield advice.fault if words is KOREAN else f"It {advice.fault}."
            yield remedy.format(advice.remedy)
