"""Give every row below a header its role: data, total, note, blank or ragged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from etl.extract.grid import cell_columns
from etl.extract.shapes import MARKERS, is_remark, shape_of
from etl.extract.structure import Structure

HELD_ROWS = 500
_NO_LABEL = r"^\s*([\d,.]+\s*(개소|개교|개|건|명|대|곳|호|면|원|회|%)?)?\s*$"  # blank or an amount
_BESIDE_MARKERS = r"[\s\u3000()\[\]<>【】〈〉:：·]+"


@dataclass(frozen=True, slots=True)
class Misfit:
    """A record that cannot be trusted: too many cells or too few, a stray mark, a NUL.

    Attributes:
        row: Its number.
        cells: How many cells it has.
        expected: How many the table has.
        text: The record as it stands.
        is_blank: Whether all its cells are blank; then it counts as blank, however many.
    """

    row: int
    cells: int
    expected: int
    text: str
    is_blank: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a file, in its order.

    Attributes:
        rows: `_row`, then `c1` … `cN`.
        misfits: The records between them that are no rows of the table.
    """

    rows: pl.DataFrame
    misfits: tuple[Misfit, ...] = ()

    def __len__(self) -> int:
        """Return how many records it holds."""
        return self.rows.height + len(self.misfits)


@dataclass(slots=True)
class Counts:
    """How many records have which role."""

    header: int = 0
    data: int = 0
    totals: int = 0
    notes: int = 0
    blank: int = 0
    ragged: int = 0

    @property
    def total(self) -> int:
        """All records."""
        return self.header + self.data + self.totals + self.notes + self.blank + self.ragged


@dataclass(slots=True)
class Sorter:
    """Sorts the records of a table as they pass.

    Attributes:
        structure: How the table is built.
        is_declared: Whether a contract names the columns; then a row that fills a column
            without a name has too many cells.
        counts: What has passed.
        surprises: Positions of columns taken for empty that hold values.
        note_rows: Numbers of the notes at the foot of the table.
    """

    structure: Structure
    is_declared: bool = False
    counts: Counts = field(default_factory=Counts)
    surprises: set[int] = field(default_factory=set)
    note_rows: list[int] = field(default_factory=list)
    _held: list[Batch] = field(default_factory=list)

    def feed(self, batch: Batch) -> Batch:
        """Take some records, and return those whose role is settled."""
        body = self._behind_header(batch)
        body = self._mark(body)
        last = self._last_solid_row(body)
        if last is None and sum(map(len, self._held)) < HELD_ROWS:
            self._held.append(body)
            return self._none()
        settled = _joined([*self._held, _until(body, last)])
        self._held = [_after(body, last)] if last is not None else []
        if last is None:
            settled = _joined([settled, body])
        return self._counted(settled)

    def finish(self) -> Batch:
        """Return the last records, notes at the foot of the table left out."""
        held, self._held = _joined(self._held or [self._none()]), []
        notes = self._notes_in(held)
        self.counts.notes += len(notes)
        self.note_rows.extend(notes)
        rows = held.rows.filter(
            ~pl.col("_row").is_in(pl.Series(sorted(notes), dtype=pl.Int64).implode())
        )
        misfits = tuple(misfit for misfit in held.misfits if misfit.row not in notes)
        return self._counted(Batch(rows, misfits))

    def _none(self) -> Batch:
        columns = cell_columns(self.structure.width)
        schema = {"_row": pl.Int64, "_role": pl.String, **dict.fromkeys(columns, pl.String)}
        return Batch(pl.DataFrame(schema=schema))

    def _counted(self, batch: Batch) -> Batch:
        """Count what is settled, and drop what is blank."""
        roles = dict(batch.rows["_role"].value_counts().iter_rows())
        self.counts.data += roles.get("data", 0)
        self.counts.totals += roles.get("total", 0)
        self.counts.blank += roles.get("blank", 0)
        misfits = tuple(misfit for misfit in batch.misfits if not misfit.is_blank)
        self.counts.blank += len(batch.misfits) - len(misfits)
        self.counts.ragged += len(misfits) + roles.get("ragged", 0)
        kept = batch.rows.filter(pl.col("_role") != "blank") if "blank" in roles else batch.rows
        settled = Batch(kept, misfits)
        return self._without_ragged(settled) if "ragged" in roles else settled

    def _without_ragged(self, batch: Batch) -> Batch:
        width = self.structure.width
        found = [
            Misfit(row, width, width, "\0".join(cells))
            for row, _, *cells in batch.rows.filter(pl.col("_role") == "ragged").iter_rows()
        ]
        misfits = sorted([*batch.misfits, *found], key=lambda misfit: misfit.row)
        return Batch(batch.rows.filter(pl.col("_role") != "ragged"), tuple(misfits))

    def _behind_header(self, batch: Batch) -> Batch:
        """Count what stands above the body, and leave it out."""
        begins, names = self.structure.body_row, set(self.structure.header_rows)
        above = batch.rows.filter(pl.col("_row") < begins)
        blank = [(row, not "".join(cells).strip()) for row, *cells in above.iter_rows()]
        blank += [(misfit.row, misfit.is_blank) for misfit in batch.misfits if misfit.row < begins]
        for row, is_blank in blank:
            is_name = row in names
            self.counts.header += is_name
            self.counts.blank += not is_name and is_blank
            self.counts.notes += not is_name and not is_blank
        below = tuple(misfit for misfit in batch.misfits if misfit.row >= begins)
        rows = batch.rows if not above.height else batch.rows.filter(pl.col("_row") >= begins)
        return Batch(rows, below)

    def _mark(self, batch: Batch) -> Batch:
        role = (
            pl.when(_blank_rows(batch.rows))
            .then(pl.lit("blank"))
            .when(self._overflowing(batch.rows))
            .then(pl.lit("ragged"))
            .when(_total_rows(batch.rows, self.structure))
            .then(pl.lit("total"))
            .otherwise(pl.lit("data"))
        )
        rows = batch.rows.with_columns(_role=role)
        return Batch(rows.select("_row", "_role", pl.exclude("_row", "_role")), batch.misfits)

    def _overflowing(self, rows: pl.DataFrame) -> pl.Expr | pl.Series:
        """Find rows that fill a column taken for empty."""
        nameless = [c for c in self.structure.columns if not c.kept and not c.header.strip()]
        fills = pl.Series([False] * rows.height, dtype=pl.Boolean)
        for position in [column.position for column in nameless]:
            fills_it = rows[f"c{position}"].str.strip_chars() != ""
            if fills_it.any():
                self.surprises.add(position - 1)
                fills |= fills_it
        return fills if self.is_declared else pl.lit(False)

    def _last_solid_row(self, batch: Batch) -> int | None:
        """Return the last row that is surely of the table, seen from the end."""
        tail = batch.rows.tail(HELD_ROWS)
        for row, role, *cells in reversed(tail.rows()):
            filled = [cell for cell in cells if cell.strip()]
            is_thin = len(filled) < min(2, self.structure.width)
            if role in ("data", "total") and not is_thin and not is_remark(filled[0]):
                return int(row)
        return int(tail["_row"][0]) if batch.rows.height > HELD_ROWS else None

    def _notes_in(self, held: Batch) -> set[int]:
        """Return which of the last records are notes."""
        records = [(row, role, cells) for row, role, *cells in held.rows.iter_rows()]
        records += [(m.row, "blank" if m.is_blank else "ragged", [m.text]) for m in held.misfits]
        widths = {misfit.row: misfit.cells for misfit in held.misfits}
        notes: set[int] = set()
        is_apart = False
        for row, role, cells in sorted(records):
            filled = [cell for cell in cells if cell.strip()]
            is_narrow = len(filled) <= 2 and widths.get(row, 0) < self.structure.width
            is_divided = widths.get(row, 1) > 1
            if role == "blank" or not filled:
                is_apart = True
            elif is_narrow and self._reads_like_note(
                filled[0], is_apart=is_apart and (not is_divided or _is_sentence(filled[0]))
            ):
                notes.add(row)
                is_apart = True
        return notes

    def _reads_like_note(self, text: str, *, is_apart: bool) -> bool:
        """Tell whether a thin row is a remark, or words that a blank row or a note sets apart."""
        if is_remark(text):
            return True
        is_wordy = shape_of(text) in ("words", "mixed")
        return is_apart and is_wordy and (self.structure.width > 2 or " " in text.strip())


def _is_sentence(text: str) -> bool:
    """Tell whether a record of few cells is running text rather than a row of another table."""
    return len(text) > 30 and text.count(" ") >= 3


def _blank_rows(rows: pl.DataFrame) -> pl.Series:
    """Find rows of blank cells only; rarely more than one column is looked at."""
    is_blank = rows["c1"].str.strip_chars() == ""
    for name in rows.columns[2:]:
        if not is_blank.any():
            break
        if is_blank.sum() < 0.1 * rows.height:
            places = is_blank.arg_true()
            left = rows[name].gather(places).str.strip_chars() == ""
            is_blank = is_blank.scatter(places, left)
        else:
            is_blank &= rows[name].str.strip_chars() == ""
    return is_blank


def _total_rows(rows: pl.DataFrame, structure: Structure) -> pl.Series | pl.Expr:
    """Find rows whose marker stands in their deepest dimension."""
    names = [f"c{index + 1}" for index in structure.dimensions]
    if not names:
        return pl.lit(False)
    hint = pl.any_horizontal(
        (pl.col(name).str.len_bytes() < 40) & pl.col(name).str.contains("계|합|(?i:total|sum)")
        for name in names
    )
    deepest = pl.coalesce(
        pl.when(~pl.col(name).str.contains(_NO_LABEL)).then(pl.col(name))
        for name in reversed(names)
    )
    marker = deepest.str.replace_all(_BESIDE_MARKERS, "").str.to_lowercase().is_in(sorted(MARKERS))
    hinted = rows.select("_row", *names).filter(hint).filter(marker.fill_null(value=False))["_row"]
    return rows["_row"].is_in(hinted.implode())


def _until(batch: Batch, last: int | None) -> Batch:
    if last is None:
        return Batch(batch.rows.clear(), ())
    place = batch.rows["_row"].search_sorted(last, side="right")
    return Batch(
        batch.rows.head(place), tuple(misfit for misfit in batch.misfits if misfit.row <= last)
    )


def _after(batch: Batch, last: int) -> Batch:
    place = batch.rows["_row"].search_sorted(last, side="right")
    return Batch(
        batch.rows.slice(place), tuple(misfit for misfit in batch.misfits if misfit.row > last)
    )


def _joined(batches: Sequence[Batch]) -> Batch:
    if len(batches) == 1:
        return batches[0]
    return Batch(
        pl.concat([batch.rows for batch in batches]),
        tuple(misfit for batch in batches for misfit in batch.misfits),
    )
