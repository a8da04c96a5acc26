"""What a department is told about its file, before it becomes a page or a workbook.

Korean first, English second. The texts name addresses, rules and remedies. In the Korean part
stands no Latin word but names of columns and units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import polars as pl

from etl.contract.model import Contract
from etl.contract.vocabulary import Label
from etl.validate.checking import Checked, is_within_threshold
from etl.validate.issues import Fault, count_faults
from etl.validate.messages import Advice, Language, advise, title_of
from etl.validate.places import Places

MOST_NAMED = 10
"""How many rows of each fault are named in a summary."""


@dataclass(frozen=True, slots=True)
class Words:
    """The fixed texts in one language."""

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
    more: str
    ragged: str
    severities: Mapping[str, str]
    responsibilities: Mapping[str, str]
    how: str
    hand_in_rows: str
    hand_in_whole: str
    hand_in_own: str
    masked: str


KOREAN = Words(
    language="ko",
    heading="{title}: 검사 결과",
    passed="받아들였습니다. 아래 행은 빠졌거나 확인이 필요합니다.",
    refused="돌려보냅니다. 오류가 있는 행이 허용 비율 {limit}보다 많습니다."
    " 아래 내용을 바로잡아 다시 넣어 주십시오.",
    nothing="바로잡을 것이 없습니다.",
    figures=("받은 행", "받아들인 행", "빠진 행", "그중 칸 수가 맞지 않는 행"),
    by_rule="바로잡을 것",
    rule_columns=("열", "항목", "내용", "바로잡는 법", "행 수", "행", "구분", "담당"),
    by_row="행별 내용",
    row_columns=("행", "열", "항목", "내용", "바로잡는 법"),
    cut="전체 {total}건 가운데 {shown}건만 보입니다. 바로잡아 다시 넣으면 나머지가 나옵니다.",
    more="{} 외 {}행",
    ragged="칸 수가 맞지 않거나 읽을 수 없는 행입니다. 쉼표가 든 값은 큰따옴표로 묶으십시오.",
    severities={"critical": "오류 (행이 빠짐)", "warning": "주의", "info": "참고"},
    responsibilities={"department": "제공 부서", "data-steward": "데이터 관리 책임자"},
    how="다시 내는 법",
    hand_in_rows="‘{sheet}’ 표에서 색칠한 칸을 고친 뒤, 이 파일을 그대로 접수 폴더에 다시"
    " 넣으십시오. 나머지 행은 먼저 낸 파일에서 그대로 가져옵니다. ‘{number}’ 열은 고치지 마십시오."
    " 새 행은 맨 아래에 ‘{number}’ 열을 비우고 적으십시오.",
    hand_in_whole="‘{sheet}’ 표에서 색칠한 칸을 고친 뒤, 이 파일을 그대로 접수 폴더에 다시"
    " 넣으십시오. 표 전체를 새로 낸 것으로 봅니다.",
    hand_in_own="이 파일은 보기만 하십시오. 가지고 계신 원래 파일을 고쳐 전체를 접수 폴더에 다시"
    " 넣으십시오.",
    masked="개인정보가 있을 수 있는 칸은 ▒로 가렸습니다. 고치지 않을 칸은 가린 채로 두면"
    " 원래 값이 그대로 쓰입니다. 고칠 칸은 전체를 새로 적으십시오.",
)

ENGLISH = Words(
    language="en",
    heading="{title}: result of the checks",
    passed="Accepted. The rows below were left out or need a look.",
    refused="Returned. More rows are faulty than the {limit} allowed."
    " Correct what is listed below and drop it again.",
    nothing="There is nothing to correct.",
    figures=(
        "Rows received",
        "Rows accepted",
        "Rows left out",
        "Of these with a wrong number of cells",
    ),
    by_rule="What to correct",
    rule_columns=("Column", "Item", "Fault", "Remedy", "Count", "Rows", "Kind", "Whose job"),
    by_row="Row by row",
    row_columns=("Row", "Column", "Item", "Fault", "Remedy"),
    cut="The first {shown} of {total} are shown. The others appear once these are corrected.",
    more="{} and {} more",
    ragged="These rows have a wrong number of cells or cannot be read."
    " Put values that hold a comma between double quotes.",
    severities={"critical": "error (row left out)", "warning": "warning", "info": "note"},
    responsibilities={"department": "supplying department", "data-steward": "data steward"},
    how="How to hand it in again",
    hand_in_rows="Correct the coloured cells of the sheet ‘{sheet}’ and drop this very file into"
    " the intake folder. All other rows are taken from the file supplied before. Leave the column"
    " ‘{number}’ as it is. Write new rows below, with the column ‘{number}’ empty.",
    hand_in_whole="Correct the coloured cells of the sheet ‘{sheet}’ and drop this very file into"
    " the intake folder. It counts as the whole table.",
    hand_in_own="This file is for reading. Correct your own file and drop all of it into the"
    " intake folder.",
    masked="Cells that may hold personal data are hidden by ▒. Leave those that need no correction"
    " as they are: their own value is used. Write the others anew as a whole.",
)

LANGUAGES = (KOREAN, ENGLISH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that is told.

    Attributes:
        contract: Gives titles and the allowed share.
        checked: The validated table.
        log: The issue log.
        faults: Its lines, counted.
        ragged_rows: Record numbers of the rows that extract kept aside.
        places: Columns of the supplied file.
    """

    contract: Contract
    checked: Checked
    log: pl.LazyFrame
    faults: tuple[Fault, ...]
    ragged_rows: tuple[int, ...]
    places: Places

    @classmethod
    def build(
        cls,
        checked: Checked,
        contract: Contract,
        log: pl.LazyFrame,
        places: Places,
        ragged_rows: Sequence[int] = (),
    ) -> Self:
        """Count the issue log, and keep what is told beside it."""
        return cls(
            contract=contract,
            checked=checked,
            log=log,
            faults=tuple(count_faults(log, checked.rules, MOST_NAMED)),
            ragged_rows=tuple(ragged_rows),
            places=places,
        )

    @property
    def title(self) -> Label:
        """The dataset's title, in English its name where there is none."""
        title = self.contract.title
        return Label(ko=title.ko, en=title.en or self.contract.name)

    def advice(self, fault: Fault, language: Language) -> Advice:
        """Return what is said about a fault."""
        return advise(fault.rule, self.contract, language, fault.reason)

    def name_of(self, fault: Fault, language: Language) -> str:
        """Return the titles of a fault's columns."""
        return title_of(fault.rule.fields, self.contract, language)


def heading(report: Report, words: Words) -> str:
    """Return the first line of a report."""
    title = report.title
    return words.heading.format(title=title.ko if words.language == "ko" else title.en)


def verdict(report: Report, words: Words) -> str:
    """Say whether the file was taken."""
    ragged = len(report.ragged_rows)
    if not is_within_threshold(report.checked, ragged, report.contract):
        return words.refused.format(limit=f"{report.contract.thresholds.quarantine:.1%}")
    return words.passed if report.faults or ragged else words.nothing


def figures(report: Report, words: Words) -> list[tuple[str, int]]:
    """Count rows: received, accepted, left out, ragged."""
    checked, ragged = report.checked, len(report.ragged_rows)
    counts = (
        checked.rows + ragged,
        checked.accepted_rows,
        checked.quarantined_rows + ragged,
        ragged,
    )
    return list(zip(words.figures, counts, strict=True))


def fault_lines(report: Report, words: Words) -> list[tuple[str, ...]]:
    """Describe every fault in the order of `words.rule_columns`."""
    return [
        (
            report.places.letters(fault.rule.fields),
            report.name_of(fault, words.language),
            *_told(report.advice(fault, words.language)),
            f"{fault.count:,}",
            _named_rows(fault, words),
            words.severities[fault.rule.severity],
            words.responsibilities[fault.rule.responsibility],
        )
        for fault in report.faults
    ]


def _told(advice: Advice) -> tuple[str, str]:
    return advice.fault, advice.remedy


def _named_rows(fault: Fault, words: Words) -> str:
    named = ", ".join(map(str, fault.rows))
    rest = fault.count - len(fault.rows)
    return words.more.format(named, f"{rest:,}") if rest > 0 else named
