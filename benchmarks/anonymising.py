"""Anonymise an invented register of people: `python -m benchmarks.anonymising ROWS FOLDER`.

Seven quasi-identifiers, drawn independently with skewed shares, so that nearly every row is a
combination of its own: the worst there is. Prints one JSON document.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl

from etl.anonymise.anonymising import anonymise_tiers
from etl.certify.anonymity import check_anonymity, measure_anonymity
from etl.certify.measuring import verifier
from etl.contract.model import Contract
from etl.convert.writing import write_parquet

FIRST_DAY = np.datetime64("2024-01-01")
PLACES, JOBS, NATIONS, SEED = 3_500, 21, 30, 11


def contract() -> Contract:
    """Return the contract of the register: k = 5, 2 %."""
    label = {"ko": "주민 등록부 표본"}
    levels = {
        "sex": ("string", [], 0),
        "age": ("integer", [{"band": band, "top": 80} for band in (5, 10, 20)], 1),
        "place": ("string", [{"words": 2}, {"words": 1}], 1),
        "job": ("string", [{"keep": 1}], 0),
        "household": ("integer", [{"band": 2}, {"band": 4}], 0),
        "moved_on": ("date", [{"date_part": p} for p in ("month", "quarter", "year")], 2),
        "nation": ("string", [{"keep": 1}], 0),
    }  # fmt: skip
    fields = [
        {"name": name, "title": {"ko": name}, "type": kind, "role": "quasi-identifier",
         "hierarchy": {"steps": steps, "floor": floor}}
        for name, (kind, steps, floor) in levels.items()
    ]  # fmt: skip
    return Contract.model_validate({
        "format": 1, "version": 1, "title": label, "description": label, "steward": "x",
        "licence": "kogl-1", "theme": "x", "frequency": "P1Y", "source": {"folder": {}},
        "disclosure": {"level": "public"}, "fields": fields, "approval": "none",
        "privacy": {"unit": "person", "unit_key": "none", "k": 5, "suppression": "2%"},
    }).named("bench-people", "0" * 64)  # fmt: skip


def write_register(rows: int, to: Path) -> None:
    """Write the register, in parts so that drawing it takes little memory."""
    rng = np.random.default_rng(SEED)
    parts = []
    for number, start in enumerate(range(0, rows, 1_000_000)):
        part = to.with_name(f"part-{number}.parquet")
        draw(rng, min(1_000_000, rows - start)).write_parquet(part, compression="lz4")
        parts.append(part)
    pl.scan_parquet(parts).sink_parquet(to, compression="lz4")
    for part in parts:
        part.unlink()


def draw(rng: np.random.Generator, rows: int) -> pl.DataFrame:
    """Draw people."""
    place = skewed(rng, PLACES, rows)
    names = pl.Series([f"시도{n // 205} 시군구{n // 14} 읍면동{n}" for n in range(PLACES)])
    return pl.DataFrame({
        "sex": pl.Series(["남", "여"]).gather(rng.integers(0, 2, rows)),
        "age": np.clip(rng.normal(45, 20, rows), 0, 105).astype(np.int64),
        "place": names.gather(place),
        "job": pl.Series([f"{n // 4}{n % 4}" for n in range(JOBS)]).gather(skewed(rng, JOBS, rows)),
        "household": 1 + np.minimum(rng.geometric(0.45, rows), 8).astype(np.int64),
        "moved_on": pl.Series(FIRST_DAY + rng.integers(0, 730, rows)).cast(pl.Date),
        "nation": pl.Series([f"{chr(65 + n // 6)}{n}" for n in range(NATIONS)])
        .gather(np.minimum(rng.geometric(0.6, rows) - 1, NATIONS - 1)),
    })  # fmt: skip


def skewed(rng: np.random.Generator, values: int, rows: int) -> np.ndarray:
    """Draw numbers below `values`, the first ones most often."""
    return (values * rng.random(rows) ** 2).astype(np.int64)


@contextmanager
def timed(told: dict[str, float], name: str) -> Iterator[None]:
    """Note wall and processor seconds of a part."""
    wall, processor = time.perf_counter(), time.process_time()
    yield
    told[name] = round(time.perf_counter() - wall, 3)
    told[f"{name} (processor)"] = round(time.process_time() - processor, 3)


def main() -> None:
    """Measure every part."""
    rows, folder = int(sys.argv[1]), Path(sys.argv[2])
    register, public = folder / f"register-{rows}.parquet", folder / "public.parquet"
    if not register.exists():
        write_register(rows, register)
        sys.stdout.write("{}\n")
        return  # the peak of drawing is not that of anonymising
    declared, told = contract(), {}
    with timed(told, "group and search"):
        made = anonymise_tiers(pl.scan_parquet(register), declared)
    plan = made.plans["public"]
    pinned = declared.at_levels(plan.levels)
    with timed(told, "apply and write"):
        write_parquet(made.tables["public"], pinned, public)
    with timed(told, "verify"), verifier(folder) as connection:
        measured = measure_anonymity(connection, public, pinned, folder)
        checks = check_anonymity(declared, pinned, plan.levels, "public", measured)
    failed = [check.name for check in checks if not check.holds]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    sys.stdout.write(json.dumps({
        "rows": rows, "levels": plan.levels, "loss": plan.loss, "suppressed": plan.suppressed,
        "checks": plan.checks, "failed": failed, "peak_bytes": peak, "count": rows,
        "seconds": sum(told[n] for n in ("group and search", "apply and write", "verify")),
        "parts": told,
    }, ensure_ascii=False) + "\n")  # fmt: skip


if __name__ == "__main__":
    main()
