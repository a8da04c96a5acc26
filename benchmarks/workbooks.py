"""Read a workbook of 100,000 × 10 cells: `python -m benchmarks.workbooks calamine|madang FILE`.

Codes, text, dates, whole and other numbers: what departments send. `draw` writes it. Prints one
JSON document; each reader runs in a process of its own.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import openpyxl
import python_calamine

from etl.extract.inspecting import inspect_file

ROWS, SEED = 100_000, 7
FIRST_DAY = dt.date(2020, 1, 1)
HEADER = ["관리번호", "코드", "이름", "주소", "구획수", "요금", "기준일", "여부", "위도", "경도"]


def draw(path: Path) -> int:
    """Write the workbook, and return how many rows it holds."""
    numbers = random.Random(SEED)
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("자료")
    sheet.append(HEADER)
    for row in range(ROWS):
        sheet.append(
            [
                f"P{row:06}",
                f"{row % 99_999:05}",
                f"공영주차장 {row % 5_000}",
                f"서울특별시 종로구 {row % 977}",
                numbers.randrange(500),
                numbers.randrange(1_000_000) / 100,
                FIRST_DAY + dt.timedelta(days=row % 900),
                "Y" if row % 3 else "N",
                37 + numbers.random(),
                126 + numbers.random(),
            ]
        )
    book.save(path)
    return ROWS


def read_with_calamine(path: Path) -> int:
    """Read the values and nothing else."""
    sheet = python_calamine.load_workbook(path).get_sheet_by_index(0)
    return len(sheet.to_python()) - 1


def read_with_madang(path: Path) -> int:
    """Read from unknown bytes to the text table in Parquet."""
    with tempfile.TemporaryDirectory() as folder:
        inspection = inspect_file(path, Path(folder) / "landed.parquet")
    return inspection.reading.records.data if inspection.reading else 0


READERS: dict[str, Callable[[Path], int]] = {
    "draw": draw,
    "calamine": read_with_calamine,
    "madang": read_with_madang,
}

if __name__ == "__main__":
    began = time.perf_counter()
    count = READERS[sys.argv[1]](Path(sys.argv[2]))
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "count": count, "peak_bytes": peak}))
