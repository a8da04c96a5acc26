"""An invented city with two datasets, parks and job seekers, in folders of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from etl.pipeline.steps import Pipeline
from etl.running import STEPS, RunReport, folder_pipeline, run_file
from etl.settings import Settings, load

ROOT = Path(__file__).parents[2]
MADANG = [sys.executable, "-m", "etl.cli"]
CANARY = "카나리아-홍길동-8f3a1c"
PARKS, JOBS = "city-parks", "city-jobs"

PARKS_CONTRACT = """
format: 1
version: 1
title: {ko: 도시공원, en: City parks}
description: {ko: 시험}
steward: 공원과
licence: kogl-1
theme: environment
frequency: P1M
source: {folder: {files: "*.csv"}}
reference_date: {field: checked_on}
disclosure: {level: public}
primaryKey: [park_id]
fields:
  - name: park_id
    title: {ko: 관리번호}
    type: string
    role: open
    constraints: {pattern: 'P-\\d+'}
  - {name: name, title: {ko: 공원명}, type: string, role: open, constraints: {required: true}}
  - name: area
    title: {ko: 면적}
    type: number
    decimals: 2
    role: open
    constraints: {minimum: 0}
  - {name: opened_at, title: {ko: 개장}, type: datetime, role: open}
  - {name: checked_on, title: {ko: 기준일}, type: date, role: open}
thresholds: {quarantine: 20%}
privacy: {unit: none}
approval: none
guards: {rows: 60%}
"""

JOBS_CONTRACT = """
format: 1
version: 1
title: {ko: 구직자, en: Job seekers}
description: {ko: 시험}
steward: 일자리과
licence: kogl-1
theme: employment
frequency: P1Y
source: {folder: {files: "*.csv"}}
disclosure: {level: public}
fields:
  - {name: name, title: {ko: 성명}, type: string, role: direct-identifier}
  - {name: age, title: {ko: 연령}, type: integer, role: quasi-identifier, generalise: {band: 10}}
  - {name: ward, title: {ko: 동}, type: string, role: quasi-identifier}
  - {name: wish, title: {ko: 희망 직종}, type: string, role: sensitive}
thresholds: {quarantine: 20%}
privacy: {unit: person, unit_key: none, k: 3, suppression: 20%, l_diversity: {wish: 1}}
approval: none
"""

PARK_HEADER = ("관리번호", "공원명", "면적", "개장", "기준일")
JOB_HEADER = ("성명", "연령", "동", "희망 직종")


def park(number: int, **cells: str) -> tuple[str, ...]:
    """Return one good row of parks; cells by field replace its own."""
    row = {
        "park_id": f"P-{number}",
        "name": f"마당 {number}호 공원",
        "area": f"{number}.5",
        "opened_at": f"2020-01-{number % 28 + 1:02d} 09:30",
        "checked_on": "2026-11-01",
    }
    return tuple((row | cells).values())


def parks(count: int = 30, **cells: str) -> list[tuple[str, ...]]:
    """Return good rows of parks."""
    return [park(number, **cells) for number in range(1, count + 1)]


def jobs(count: int = 30) -> list[tuple[str, ...]]:
    """Return good rows of job seekers; the last one is alone in his ward."""
    wards = ["북동", "남동", ""]
    rows = [(f"사람{n}", f"{30 + n % 10}", wards[n % 3], f"직종{n % 5}") for n in range(count - 1)]
    return [*rows, ("홀로", "77", "북동", "직종1")]


def csv_bytes(header: Iterable[str], rows: Iterable[Iterable[str]], encoding="cp949") -> bytes:
    """Write rows as a department's program would."""
    lines = [",".join(cells) for cells in (header, *rows)]
    return ("\r\n".join(lines) + "\r\n").encode(encoding)


def take_steps(
    pipeline: Pipeline, run_id: str, file: Path, until: str = "publish"
) -> dict[str, Any]:
    """Take a file of parks up to a step; return what each step left, by its name."""
    state: Any = pipeline.extract_file(PARKS, run_id, file)
    states = {"extract": state}
    for step in STEPS[1 : STEPS.index(until) + 1]:
        state = states[step] = getattr(pipeline, step)(state)
    return states


class Yard:
    """Contracts, files and releases in one temporary folder.

    Attributes:
        folder: All of it.
        out: Where releases, ledger and store go.
        gx_max_rows: 0 spares a process the seconds that Great Expectations takes to load.
    """

    def __init__(self, folder: Path, gx_max_rows: int = 2_000_000) -> None:
        self.folder = folder
        self.gx_max_rows = gx_max_rows
        self.out = folder / "out"
        self.write_contract(PARKS, PARKS_CONTRACT)
        self.write_contract(JOBS, JOBS_CONTRACT)

    @property
    def environment(self) -> dict[str, str]:
        """Return what a process needs to work here and nowhere else."""
        return {
            "MADANG_STATE": str(self.folder / "state"),
            "MADANG_SCHEMAS": str(self.folder / "schemas"),
            "MADANG_EXPECTATIONS": str(ROOT / "expectations"),
            "MADANG_ENV_FILE": str(self.folder / "none.env"),
            "MADANG_GX_MAX_ROWS": str(self.gx_max_rows),
        }

    @property
    def process_environment(self) -> dict[str, str]:
        """Return the environment of a child process."""
        own = {key: value for key, value in os.environ.items() if not key.startswith("MADANG_")}
        return own | self.environment | {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}

    def settings(self, **changes: object) -> Settings:
        """Return the settings of this place."""
        return load(self.environment).replace(**changes)

    def pipeline(self, out: Path | None = None) -> Pipeline:
        """Open the pipeline of a folder, this yard's own unless given."""
        return folder_pipeline(self.settings(), out or self.out)

    def write_contract(self, dataset: str, text: str) -> None:
        """Write or replace a contract."""
        organisation, _, name = dataset.partition("-")
        folder = self.folder / "schemas" / organisation
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")

    def supply(self, rows: Iterable[Iterable[str]], name="supplied.csv", **how: object) -> Path:
        """Write a department's file of parks, or of what `header` says."""
        header = how.pop("header", PARK_HEADER)
        file = self.folder / name
        file.write_bytes(csv_bytes(header, rows, **how))
        return file

    def run(self, rows: Iterable[Iterable[str]], dataset: str = PARKS, **how: object) -> RunReport:
        """Take rows the whole way into this yard's folder."""
        out = how.pop("out", None)
        header = JOB_HEADER if dataset == JOBS else PARK_HEADER
        return run_file(self.pipeline(out), dataset, self.supply(rows, header=header, **how))

    def published(self, report: RunReport) -> dict[str, bytes]:
        """Return the data files of a release."""
        return self.read_release(report.dataset, str(report.as_json()["release"]))

    def read_release(self, dataset: str, release: str, out: Path | None = None) -> dict[str, bytes]:
        """Return the data files of a release by its name."""
        folder = (out or self.out) / dataset / release / "public"
        names = ("data.parquet", "data.csv", "dictionary.csv")
        return {name: (folder / name).read_bytes() for name in names}

    def releases(self, dataset: str = PARKS) -> Mapping[str, str]:
        """Return the state of every release by its name."""
        history = self.pipeline().ledger.history(dataset)
        return {release.release: release.state for release in history}
