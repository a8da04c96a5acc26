"""Files that came from a report: rows to put in their place, or a whole table with masks.

What a workbook says of its origin is a claim. Ledger and store decide whether there is such a
run of this dataset, with this contract, whose landed rows are still kept.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from mmap import ACCESS_READ, mmap
from pathlib import Path

import polars as pl

from etl.contract.model import Contract
from etl.errors import SourceFormatError
from etl.extract.correcting import compose_rows, require_no_mask, restore_rows
from etl.extract.decisions import Decision
from etl.extract.naming import Column
from etl.extract.opening import open_supplied
from etl.extract.reading import Files, Reading, read_supplied
from etl.extract.returned_rows import read_returned, refused
from etl.extract.roles import Counts
from etl.extract.sheet_choice import Wanted
from etl.personal.masking import BLOCK
from etl.pipeline.workbench import Workbench
from etl.returned import Mark, find_mark
from etl.states import Landed

CORRECTION = "correction"
"""What `reading.json` calls the kind of a file that holds corrected rows."""

_UNTOUCHED = "Nothing was published; the live release stays. {}"
_WHOLE = _UNTOUCHED.format("Correct your own file and drop it whole.")


@dataclass(frozen=True, slots=True)
class _Base:
    """The landed rows that a report was made from.

    Attributes:
        landed: The earlier run.
        rows: Its rows.
        ragged: Its ragged records.
        totals: Its total rows, as a file.
        day: When it began, by which personal cells were masked.
    """

    landed: Landed
    rows: pl.LazyFrame
    ragged: pl.LazyFrame
    totals: Path
    day: date


def read_file(
    bench: Workbench, contract: Contract, source: Path, to: Files, run_key: str
) -> Reading:
    """Read a supplied file into rows, wherever it comes from; no mask is ever landed.

    Args:
        bench: Its store and ledger keep what a report was made from.
        contract: The contract of this run.
        source: The supplied bytes; not modified.
        to: The files to write.
        run_key: Of this run: a correction that is live already may come again.

    Raises:
        SourceFormatError: The file cannot be read, or does not fit what it says it corrects.
    """
    mark = find_mark(source)
    if mark is None:
        reading = read_supplied(source, contract, to, bench.settings.limits)
        if _may_hold_masks(source, reading):
            require_no_mask(pl.scan_parquet(to.rows, glob=False), contract)
        return reading
    if mark.holds == "rows":
        return _read_rows(bench, contract, source, to, mark, run_key)
    return _read_whole(bench, contract, source, to, mark, run_key)


def _may_hold_masks(source: Path, reading: Reading) -> bool:
    """Look for a mask's sign in the bytes of a text, a hundred times as fast as in its cells."""
    if reading.kind != "csv" or reading.encoding is None:
        return True
    with source.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        is_packed = content[:2] in (b"\x1f\x8b", b"PK")
        return is_packed or content.find(BLOCK.encode(reading.encoding.removesuffix("-sig"))) >= 0


def _read_rows(
    bench: Workbench, contract: Contract, source: Path, to: Files, mark: Mark, run_key: str
) -> Reading:
    """Land the rows of the earlier run, corrected rows in the place of theirs."""
    if not contract.primary_key:
        raise refused(
            contract, f"rows alone cannot be corrected: there is no primary key. {_WHOLE}"
        )
    with _base(bench, contract, mark, run_key) as base:
        returned = read_returned(_cells(bench, contract, source, mark), contract)
        composed = compose_rows(
            base.rows, base.ragged, returned, contract, base.day, is_cut=mark.is_cut
        )
        composed.rows.sink_parquet(to.rows, compression="zstd", maintain_order=True)
        composed.ragged.sink_parquet(to.ragged, compression="zstd", maintain_order=True)
        shutil.copyfile(base.totals, to.totals)
    counts = Counts(
        header=1,
        data=_height(to.rows),
        totals=base.landed.totals,
        ragged=_height(to.ragged),
    )
    told = f"{composed.replaced} rows replaced, {composed.added} added"
    document = bench.read_json(f"{base.landed.key}/reading.json")
    return Reading(
        kind=CORRECTION,
        encoding=None,
        delimiter=None,
        sheet=document["sheet"],
        header_rows=tuple(document["header_rows"]),
        columns=tuple(Column(**column) for column in document["columns"]),
        records=counts,
        decisions=(Decision(CORRECTION, mark.run_id, told, 1.0),),
    )


def _read_whole(
    bench: Workbench, contract: Contract, source: Path, to: Files, mark: Mark, run_key: str
) -> Reading:
    """Land a whole table from the sheet that was marked, its masks lifted."""
    layout = contract.layout.model_copy(update={"sheet": mark.sheet})
    marked = contract.model_copy(update={"layout": layout})
    reading = read_supplied(source, marked, to, bench.settings.limits)
    rows = pl.read_parquet(to.rows, glob=False)
    names = [field.name for field in contract.fields]
    if rows.filter(pl.any_horizontal(pl.col(names).str.contains(BLOCK, literal=True))).is_empty():
        return reading
    if not contract.primary_key:
        raise refused(contract, f"its masked cells belong to no row: there is no key. {_WHOLE}")
    positions = {column.field: column.position for column in reading.columns if column.field}
    with _base(bench, contract, mark, run_key) as base:
        restored = restore_rows(rows, base.rows, contract, base.day, positions)
    restored.write_parquet(to.rows, compression="zstd")
    return reading


def _cells(bench: Workbench, contract: Contract, source: Path, mark: Mark) -> pl.DataFrame:
    """Return the sheet with the corrected rows as text."""
    absent = refused(contract, f"the returned workbook holds no sheet of rows to correct. {_WHOLE}")
    with tempfile.TemporaryDirectory(prefix="madang-") as folder:
        wanted, limits = Wanted(sheet=mark.sheet), bench.settings.limits
        try:
            supplied = open_supplied(source, wanted, limits, Path(folder))
        except SourceFormatError:  # it speaks of the contract's sheet, which this is not
            raise absent from None
        if supplied.grid is None:
            raise absent
        return supplied.grid.cells.collect()


@contextmanager
def _base(bench: Workbench, contract: Contract, mark: Mark, run_key: str) -> Iterator[_Base]:
    """Lend the landed rows that a report was made from, once all agrees with it."""
    landed = _landed_before(bench, contract, mark)
    _require_no_newer(bench, contract, mark, run_key)
    with (
        bench.store.local_path(f"{landed.key}/rows.parquet") as rows,
        bench.store.local_path(f"{landed.key}/ragged.parquet") as ragged,
        bench.store.local_path(f"{landed.key}/totals.parquet") as totals,
    ):
        yield _Base(
            landed,
            pl.scan_parquet(rows, glob=False),
            pl.scan_parquet(ragged, glob=False),
            totals,
            bench.day_of(landed.run_id, contract),
        )


def _landed_before(bench: Workbench, contract: Contract, mark: Mark) -> Landed:
    """Return the run that a report was made from."""
    run = bench.ledger.run(mark.run_id)
    if run is None or {mark.dataset, run.dataset} != {contract.name}:
        raise refused(contract, f"the returned workbook is of no file of this dataset. {_WHOLE}")
    if run.contract_sha256 != contract.sha256:
        raise refused(contract, f"the contract changed since the report was made. {_WHOLE}")
    key = f"landing/{run.dataset}/{run.run_id}/landed"
    landed = bench.store.open_manifest(key, Landed)
    if landed is None:
        raise refused(contract, f"the rows that the report was made from are gone. {_WHOLE}")
    return landed


def _require_no_newer(bench: Workbench, contract: Contract, mark: Mark, run_key: str) -> None:
    """Refuse to correct what something newer has replaced: its rows would be lost."""
    live = bench.ledger.live_release(contract.name)
    if live is None or live.run_id == mark.run_id or live.run_key == run_key:
        return
    newer, base = bench.ledger.run(live.run_id), bench.ledger.run(mark.run_id)
    if newer and base and newer.started_at > base.started_at:
        told = _UNTOUCHED.format(
            "Correct the report of the newer one, or drop your own file whole."
        )
        raise refused(contract, f"a newer file is published than the one that is corrected. {told}")


def _height(file: Path) -> int:
    return int(pl.scan_parquet(file, glob=False).select(pl.len()).collect().item())
