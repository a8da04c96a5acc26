"""Lay the anonymiser beside anjana and pycanon: `python -m benchmarks.beside_peers ROWS FOLDER`.

`MADANG_BENCH_PEERS` names a Python that has both; without one they are not measured, and the
table says so. They get the table at its floors, written by us: the less for them to do.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.anonymising import contract, write_register
from benchmarks.child import FailedError
from etl.anonymise.anonymising import anonymise_tiers
from etl.anonymise.describing import View
from etl.anonymise.levels import Encoded, encode
from etl.anonymise.metrics import Loss
from etl.anonymise.planning import levelled_fields, rule_of
from etl.certify.measuring import measure_smallest_group, verifier
from etl.certify.privacy import measure_diversity
from etl.contract.model import Contract
from etl.convert.writing import write_parquet

PEERS = "MADANG_BENCH_PEERS"
SCRIPT = Path(__file__).with_name("peers.py")
SENSITIVE, MEASURED_ROWS = "job", 30_000
PATIENCE_SECONDS = 1_800
ABSENT = f"not measured: {PEERS} names no Python with anjana and pycanon"


def main() -> None:
    """Measure both, as far as they are here."""
    rows, folder = int(sys.argv[1]), Path(sys.argv[2])
    peer = os.environ.get(PEERS, "")
    if not peer or not Path(peer).is_file():
        print(json.dumps({"absent": ABSENT}))
        return
    register = folder / f"register-{rows}.parquet"
    if not register.exists():
        write_register(rows, register)
    print(json.dumps({**beside_anjana(peer, register, folder), **beside_pycanon(peer, folder)}))


def beside_anjana(peer: str, register: Path, folder: Path) -> dict[str, Any]:
    """Anonymise a register with both, and reckon the loss of both alike."""
    declared = contract()
    begun = time.perf_counter()
    made = anonymise_tiers(pl.scan_parquet(register), declared)
    plan = made.plans["public"]
    write_parquet(made.tables["public"], declared.at_levels(plan.levels), folder / "public.parquet")
    seconds = time.perf_counter() - begun
    encoded = encode(pl.scan_parquet(register), levelled_fields(declared))
    table, levels = folder / "floors.csv", folder / "levels.json"
    write_floors(register, encoded, table)
    levels.write_text(json.dumps(hierarchies_above_floors(encoded)), encoding="utf-8")
    result = folder / "anjana.csv"
    found = ask(peer, "anjana", table, levels, plan.k, plan.suppression * 100, result)
    return {
        "anjana": found["seconds"], "ours": seconds, "loss": plan.loss,
        "anjana_loss": loss_of(result, encoded, declared) if "published" in found else None,
    }  # fmt: skip


def beside_pycanon(peer: str, folder: Path) -> dict[str, Any]:
    """Measure k, l and t of the same table with both."""
    register = folder / f"register-{MEASURED_ROWS}.parquet"
    write_register(MEASURED_ROWS, register)
    declared = contract()
    encoded = encode(pl.scan_parquet(register), levelled_fields(declared))
    table, parquet = folder / "measured.csv", folder / "measured.parquet"
    write_floors(register, encoded, table)
    rows = pl.read_csv(table, infer_schema=False)
    rows.write_parquet(parquet)
    found = ask(peer, "pycanon", table, SENSITIVE)
    quasi = [name for name in rows.columns if name != SENSITIVE]
    [sensitive] = [field for field in declared.fields if field.name == SENSITIVE]
    with verifier(folder) as connection:
        begun = time.perf_counter()
        k = measure_smallest_group(connection, parquet, quasi)
        held = measure_diversity(connection, parquet, quasi, sensitive)
        seconds = time.perf_counter() - begun
    agree = (k, held.distinct) == (found["k"], found["l"]) and abs(held.t_equal - found["t"]) < 1e-9
    return {"pycanon": found["seconds"], "measuring": seconds, "agree": agree}


def write_floors(register: Path, encoded: Encoded, to: Path) -> None:
    """Write a register at the floors, as text."""
    pl.scan_parquet(register).select(
        field.levels[field.floor].cast(pl.String) for field in encoded.fields
    ).sink_csv(to)


def hierarchies_above_floors(encoded: Encoded) -> dict[str, dict[int, list[str]]]:
    """Return for each field its values at each level from the floor on, as anjana wants them."""
    told = {}
    for field, values in zip(encoded.fields, encoded.values, strict=True):
        named = [str(level) for level in range(field.floor, len(field.levels))]
        distinct = values.select(named).cast(pl.String).unique(subset=named[0], keep="first")
        told[field.name] = {i: distinct[level].to_list() for i, level in enumerate(named)}
    return told


def loss_of(result: Path, encoded: Encoded, declared: Contract) -> float:
    """Reckon the loss of a published table by the levels that its values are of."""
    table = pl.read_csv(result, infer_schema=False)
    vector = []
    for field, values in zip(encoded.fields, encoded.values, strict=True):
        found = set(table[field.name])
        vector.append(next(
            level for level in range(field.floor, len(field.levels))
            if found <= set(values[str(level)].cast(pl.String))
        ))  # fmt: skip
    view = View.of(encoded, rule_of(declared))
    grouped, _ = view.classes_at(tuple(vector))
    suppressed = encoded.combinations.rows - table.height
    rows = grouped.counts * (grouped.counts >= declared.privacy.k)
    leaves = view.radix.count_leaves(grouped.classes.packs, rows)
    metric = Loss(encoded.hierarchies, encoded.combinations.rows)
    return metric.measure(tuple(vector), leaves, rows, suppressed)


def ask(peer: str, *arguments: object) -> dict[str, Any]:
    """Run the peers' script in their environment; one that takes too long is cut off."""
    command = [peer, str(SCRIPT), *map(str, arguments)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
        )
    except subprocess.TimeoutExpired:
        return {"seconds": float(PATIENCE_SECONDS)}
    if done.returncode:
        raise FailedError(f"{arguments[0]} failed:\n{done.stderr[-1500:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    main()
