"""The measurements; each returns the lines of the table that it fills."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import child
from benchmarks.beside_peers import MEASURED_ROWS as PEERS_MEASURED
from benchmarks.generating import (
    FIELDS,
    PEOPLE,
    write_contracts,
    write_open_contract,
    write_people,
)
from benchmarks.polluting import make_cases
from benchmarks.pollution import READERS, score
from etl.ledger.book import Ledger, Step

READING_LIMIT_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table.

    Attributes:
        what: What was measured.
        seconds: How long it took.
        count: Rows, contracts or DAGs that were handled.
        peak_bytes: Most memory that was resident at once in its process.
        ratio: Against what, in words.
    """

    what: str
    seconds: float
    count: int
    peak_bytes: int
    ratio: str


def measure_whole_way(folder: Path, rows: int) -> Iterator[Line]:
    """Take an export about people the whole way, beside a bare copy of the same content."""
    supplied, plain = write_people(folder, rows)
    bare = child.run("benchmarks.bare_copy", plain, folder / "plain.parquet")
    yield Line("DuckDB, bare CSV to Parquet", bare["seconds"], rows, bare["peak_bytes"], "1 ×")
    write_open_contract(folder / "schemas")
    where = {"MADANG_SCHEMAS": str(folder / "schemas"), "MADANG_ENV_FILE": str(folder / "none")}
    arguments = ("run", PEOPLE, supplied, "--to", folder / "out", "--json")
    report = child.run("etl.cli", *arguments, environment=where)
    steps = Ledger(f"sqlite:///{folder / 'out' / 'ledger.sqlite'}").steps(report["run_id"])
    yield from (_step_line(step, rows, bare["seconds"]) for step in steps)
    seconds = sum(step.seconds or 0 for step in steps)
    peak = max(step.peak_memory_bytes or 0 for step in steps)
    yield Line("the whole way", seconds, rows, peak, _times(seconds, bare["seconds"]))


def measure_anonymising(folder: Path, rows: int) -> Iterator[Line]:
    """Anonymise a register of people alone: group, search, apply, write, measure again."""
    for _ in ("draw", "measure"):
        found = child.run("benchmarks.anonymising", rows, folder)
    for name in ("group and search", "apply and write", "verify"):
        seconds = found["parts"][name]
        yield Line(f"anonymise: {name}", seconds, rows, 0, f"{seconds / found['seconds']:.0%}")
    yield Line("anonymise, 7 quasi-identifiers", found["seconds"], rows, found["peak_bytes"],
               f"{found['checks']} checks")  # fmt: skip


def measure_texts(folder: Path, sizes: Sequence[int]) -> Iterator[Line]:
    """Read text of growing size in CP949, beside Polars on the same content in UTF-8."""
    for megabytes in sizes:
        texts = folder / f"text-{megabytes}"
        child.run("benchmarks.reading", "draw", texts, megabytes)
        bare = child.run("benchmarks.reading", "polars", texts / "utf-8.csv", texts / "bare")
        ours = child.run("benchmarks.reading", "madang", texts / "cp949.csv", texts / "ours")
        shutil.rmtree(texts)
        for what, found in (("Polars, UTF-8", bare), ("read CP949 to text in Parquet", ours)):
            seconds = found["seconds"]
            yield Line(f"{megabytes:,} MB: {what}", seconds, found["count"], found["peak_bytes"],
                       _times(seconds, bare["seconds"]))  # fmt: skip


def measure_workbooks(folder: Path) -> Iterator[Line]:
    """Read a workbook, beside the library that reads it for us."""
    workbook = folder / "workbook"
    child.run("benchmarks.workbooks", "draw", workbook)
    alone = child.run("benchmarks.workbooks", "calamine", workbook)
    ours = child.run("benchmarks.workbooks", "madang", workbook)
    for what, found in (("calamine, values alone", alone), ("XLSX to landed Parquet", ours)):
        ratio = found["seconds"] / alone["seconds"]
        yield Line(what, found["seconds"], found["count"], found["peak_bytes"], f"{ratio:.2f} ×")


def measure_validating(folder: Path, rows: int) -> Iterator[Line]:
    """Judge one table by both judges: verdict by the one, verdict and addresses by the other."""
    child.run("benchmarks.validating", "draw", rows, folder)
    judged = child.run("benchmarks.validating", "gx", folder)
    located = child.run("benchmarks.validating", "locate", folder)
    if judged["counts"] != located["counts"]:
        raise child.FailedError("Great Expectations and locate count differently.")
    rules = len(judged["counts"])
    yield Line(f"{rules} rules: Great Expectations on pandas", judged["seconds"], rows,
               judged["peak_bytes"], "1 ×")  # fmt: skip
    faster = located["seconds"] / judged["seconds"]
    leaner = located["peak_bytes"] / judged["peak_bytes"]
    yield Line(f"{rules} rules: locate, with addresses", located["seconds"], rows,
               located["peak_bytes"], f"{faster:.2f} × time, {leaner:.2f} × memory")  # fmt: skip


def measure_beside_peers(folder: Path, rows: int) -> Iterator[Line]:
    """Lay the anonymiser beside the libraries that people use; say so where they are absent."""
    found = child.run("benchmarks.beside_peers", rows, folder)
    if "absent" in found:
        yield Line("anjana, pycanon", 0.0, 0, 0, found["absent"])
        return
    yield Line("anonymise and write", found["ours"], rows, 0, f"loss {found['loss']:.4f}")
    loss = "stopped" if found["anjana_loss"] is None else f"loss {found['anjana_loss']:.4f}"
    times = _times(found["anjana"], found["ours"])
    yield Line("anjana, from the floors on", found["anjana"], rows, 0, f"{times}, {loss}")
    yield Line("k, l, t of a table", found["measuring"], PEERS_MEASURED, 0, "1 ×")
    same = "same figures" if found["agree"] else "OTHER FIGURES"
    times = _times(found["pycanon"], found["measuring"])
    yield Line("pycanon", found["pycanon"], PEERS_MEASURED, 0, f"{times}, {same}")


def measure_reading(folder: Path, contracts: int) -> Iterator[Line]:
    """Read many contracts, as the DAG processor does all day."""
    write_contracts(folder / "many", contracts)
    found = child.run("benchmarks.reading_contracts", folder / "many")
    limit = READING_LIMIT_SECONDS * contracts / 1000
    yield Line(
        f"read {contracts:,} contracts of {FIELDS} fields",
        found["seconds"],
        found["count"],
        found["peak_bytes"],
        f"{found['seconds'] / limit:.0%} of {limit:g} s",
    )


def measure_parsing(folder: Path, contracts: int) -> Iterator[Line]:
    """Parse the DAGs of many contracts, all of them and one task's own."""
    write_contracts(folder / "dags", contracts)
    where = {
        "MADANG_SCHEMAS": str(folder / "dags"),
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    }
    everything = child.run("benchmarks.parsing_dags", environment=where)
    yield _parsing_line("DAG processor: build all DAGs", everything, everything)
    task = where | {"_AIRFLOW_PARSING_CONTEXT_DAG_ID": "publish__bench-set_0000"}
    own = child.run("benchmarks.parsing_dags", environment=task)
    yield _parsing_line("task process: build its own DAG", own, everything)


def measure_pollution() -> Iterator[Line]:
    """Let every reader read clean tables that are polluted in one way each."""
    cases = list(make_cases())
    for name, read in READERS.items():
        found = score(cases, read)
        yield Line(f"polluted files: {name}", found.seconds, len(cases), 0, str(found))


def _step_line(step: Step, rows: int, bare_seconds: float) -> Line:
    seconds = step.seconds or 0.0
    peak = step.peak_memory_bytes or 0
    return Line(step.step, seconds, rows, peak, _times(seconds, bare_seconds))


def _parsing_line(what: str, found: dict[str, float], everything: dict[str, float]) -> Line:
    share = f"{found['seconds'] / everything['seconds']:.1%}"
    return Line(what, found["seconds"], int(found["count"]), int(found["peak_bytes"]), share)


def _times(seconds: float, bare_seconds: float) -> str:
    return f"{seconds / bare_seconds:.1f} ×"
