"""Write sample exports, so that a first look needs nothing from outside.

`python -m stack.samples --to FOLDER` writes three files as departments export them from
Excel (CP949, a few bad rows of every kind), and under `refused/` one that must not pass: a
clerk left resident numbers in a remark. The same seed gives the same bytes.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from stack.sample_tables import REFERENCE_DATE, car_park_rows, park_rows, person_rows

ROWS: Final = 20_000
SEED: Final = 20_261_101
EACH: Final = 3  # bad rows of each kind
FEWEST_ROWS: Final = 1_000
LINE_END: Final = "\r\n"


@dataclass(frozen=True, slots=True)
class Sample:
    """One file of an intake folder.

    Attributes:
        folder: `<organisation>/<dataset>`.
        title: What the department calls it; the file's name begins with it.
        rows: Draws well-formed rows.
        wrong_type, unknown_value: A column, and a text that it may not hold.
        required: A column that may not be empty.
        label: A column in which the rows of a repeated key differ.
    """

    folder: str
    title: str
    rows: Callable[[int, int], pl.DataFrame]
    wrong_type: tuple[str, str]
    unknown_value: tuple[str, str]
    required: str
    label: str

    @property
    def file_name(self) -> str:
        """The name that the department gives its export."""
        return f"{self.title}_{REFERENCE_DATE:%Y%m%d}.csv"


SAMPLES: Final = (
    Sample(
        folder="traffic/car_parks",
        title="주차장정보",
        rows=car_park_rows,
        wrong_type=("주차구획수", "스무 면"),
        unknown_value=("주차장유형", "옥상"),
        required="주차장명",
        label="특기사항",
    ),
    Sample(
        folder="parks/city_parks",
        title="도시공원정보",
        rows=park_rows,
        wrong_type=("지정고시일", "2001-02-30"),
        unknown_value=("공원구분", "어린인공원"),
        required="공원명",
        label="공원보유시설(기타시설)",
    ),
    Sample(
        folder="employment/disabled_employment",
        title="장애인취업정보",
        rows=person_rows,
        wrong_type=("연령", "서른"),
        unknown_value=("중증여부", "보통"),
        required="장애유형",
        label="근무지역",
    ),
)


def write_samples(folder: Path, rows: int = ROWS, seed: int = SEED) -> list[Path]:
    """Write all sample files.

    Args:
        folder: Where; existing files of the same names are replaced.
        rows: Records of each file, the bad ones included.
        seed: Decides every byte.

    Returns:
        The files, the one that must be refused last.
    """
    files = [
        _write(folder / sample.folder / sample.file_name, sample_text(sample, rows, seed))
        for sample in SAMPLES
    ]
    planted = table_text(with_resident_numbers(car_park_rows(rows, seed)))
    refused = folder / "refused" / SAMPLES[0].folder / SAMPLES[0].file_name
    return [*files, _write(refused, planted)]


def sample_text(sample: Sample, rows: int, seed: int) -> str:
    """Return a file's text: well-formed rows, and `EACH` bad ones of five kinds."""
    table = _with_bad_cells(sample.rows(rows - EACH, seed), sample)
    repeated = table.head(EACH).with_columns(pl.lit("다시 적음").alias(sample.label))
    return _with_ragged_lines(table_text(pl.concat([table, repeated], how="vertical_relaxed")))


def with_resident_numbers(table: pl.DataFrame) -> pl.DataFrame:
    """Plant resident numbers in remarks; they belong to nobody.

    The birthdays exist, but the check digits are wrong, and until October 2020 no number
    was given out with a wrong one.
    """
    remarks = table["특기사항"].to_list()
    for row, (month, serial) in enumerate(_PLANTED, start=1):
        remarks[100 * row] = f"야간 관리인 {_unissued_number(month, serial)} 앞으로 정산"
    return table.with_columns(pl.Series("특기사항", remarks))


def table_text(table: pl.DataFrame) -> str:
    """Return a table as Excel writes CSV: cells quoted where they must be, empty ones bare."""
    return table.with_columns(pl.all().replace("", None)).write_csv(line_terminator=LINE_END)


def main(arguments: list[str] | None = None) -> None:
    """Write the samples that the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m stack.samples",
        description="Write sample exports of three departments.",
        epilog="example: python -m stack.samples --to /tmp/samples --rows 30000",
    )
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--rows", type=int, default=ROWS, help=f"records of each file ({ROWS})")
    parser.add_argument("--seed", type=int, default=SEED, help=f"decides every byte ({SEED})")
    given = parser.parse_args(arguments)
    if given.rows < FEWEST_ROWS:
        parser.error(f"--rows is at least {FEWEST_ROWS}: the bad ones need room")
    write_samples(given.to, given.rows, given.seed)


def _write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode("cp949"))
    return file


_PLANTED: Final = (("03", "20456"), ("07", "04518"), ("11", "31072"))
_WEIGHTS: Final = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)


def _unissued_number(month: str, serial: str) -> str:
    digits = f"71{month}151{serial}"
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True))
    wrong = (11 - total % 11 + 5) % 10
    return f"{digits[:6]}-{digits[6:]}{wrong}"


def _with_bad_cells(table: pl.DataFrame, sample: Sample) -> pl.DataFrame:
    """Spoil rows that stand apart from those whose key is repeated."""
    faults = (sample.wrong_type, (sample.required, ""), sample.unknown_value)
    row = pl.int_range(pl.len())
    for kind, (column, text) in enumerate(faults, start=1):
        is_spoilt = row.is_between(100 * kind, 100 * kind + EACH - 1)
        table = table.with_columns(
            pl.when(is_spoilt).then(pl.lit(text)).otherwise(pl.col(column)).alias(column)
        )
    return table


def _with_ragged_lines(text: str) -> str:
    """Give some records one cell too many, as a comma in an unquoted cell does."""
    lines = text.split(LINE_END)
    for line in range(500, 500 + EACH):
        lines[line] += ",남는 칸"
    return LINE_END.join(lines)


if __name__ == "__main__":
    main()
