"""Join the rows that a department corrected with the rows that it supplied before.

The rows of a returned workbook carry, in their first column, the numbers that they had in the
supplied file. What decides is plain:

- a row with a number takes the place of the supplied row of that number, whatever its key is
  now; a ragged record that was written anew becomes a row of data;
- if its key is the one that it had, the other supplied rows with that key go, too: of rows that
  repeat each other the department returned those that it wants to keep;
- a row without a number takes the place of the supplied rows with its key, or is added;
- a supplied row that was not returned stays as it is; so does one whose number came back as it
  was shown. A key that was changed to that of a row that stays makes both repeat each other:
  that is judged, not decided here.

A cell that comes back as it was shown stands for the supplied one: masks are never landed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from etl.contract.model import Contract
from etl.extract.grid import column_letters
from etl.extract.returned_rows import (
    LINE,
    MOST_PLACES,
    NUMBER,
    Returned,
    refused,
    require_numbers,
)
from etl.personal.masking import BLOCK, looks_masked, show_cell
from etl.returned import fit_cell

_ROW, _SAME = "_row", "_same"
_WRITE = (
    "Nothing was published; the live release stays. Write these cells anew as a whole, and drop"
    " the workbook again."
)


@dataclass(frozen=True, slots=True)
class Composed:
    """A table of supplied and corrected rows.

    Attributes:
        rows: `_row` and one text column per field, in order of `_row`; corrected rows keep the
            number of the row that they replace, added ones follow the last.
        ragged: The ragged records that nobody wrote anew.
        replaced: Supplied rows that gave way to a corrected one.
        added: Rows that were not in the supplied file.
    """

    rows: pl.LazyFrame
    ragged: pl.LazyFrame
    replaced: int
    added: int


def compose_rows(
    base: pl.LazyFrame,
    ragged: pl.LazyFrame,
    returned: Returned,
    contract: Contract,
    today: date,
    *,
    is_cut: bool,
) -> Composed:
    """Put corrected rows in the place of supplied ones.

    Args:
        base: The landed rows of the earlier run; not modified.
        ragged: Its ragged records, with their `_row`; not modified.
        returned: What came back.
        contract: Has a primary key.
        today: The day on which the earlier run masked what it showed.
        is_cut: Whether failing rows were not shown; then none goes for its key alone.

    Raises:
        SourceFormatError: A number belongs to no supplied row, or a cell is still masked.
    """
    names = [field.name for field in contract.fields]
    supplied = base.join(
        returned.rows.lazy().select(pl.col(NUMBER).alias(_ROW)).drop_nulls(), on=_ROW, how="semi"
    ).collect(engine="streaming")
    unread = ragged.select(_ROW).collect()
    rows = _leave_unwritten(returned.rows, unread, names)
    known = pl.concat([supplied.select(_ROW), unread])
    foreign = rows.filter(rows[NUMBER].is_not_null() & ~rows[NUMBER].is_in(known[_ROW].implode()))
    require_numbers(contract, foreign, "is that of no row that was supplied")
    restored = _restore(rows, supplied, contract, today)
    _require_unmasked(restored, returned.letters, contract)
    gone = _displaced(base, supplied, restored, contract, is_cut=is_cut)
    last = max(_last(base), _last(ragged))
    corrected = _numbered(restored, last).select(_ROW, *names)
    numbers = corrected.lazy().select(_ROW)
    kept = base.join(gone.lazy(), on=_ROW, how="anti").select(_ROW, *names)
    return Composed(
        rows=pl.concat([kept, corrected.lazy()]).sort(_ROW),
        ragged=ragged.join(numbers, on=_ROW, how="anti", maintain_order="left"),
        replaced=gone.height,
        added=int(restored[NUMBER].is_null().sum()),
    )


def restore_rows(
    rows: pl.DataFrame,
    base: pl.LazyFrame,
    contract: Contract,
    today: date,
    positions: Mapping[str, int],
) -> pl.DataFrame:
    """Lift the masks of a whole table that came back, row by row.

    A row is known again by its key; of supplied rows that repeat a key, by its number as well.

    Args:
        rows: The landed rows of the returned table; not modified.
        base: The landed rows that were shown; not modified.
        contract: Has a primary key.
        today: See `compose_rows`.
        positions: Columns of the returned sheet, counted from 1.

    Raises:
        SourceFormatError: A cell is masked and stands for no supplied one.
    """
    names = [field.name for field in contract.fields]
    is_masked = pl.any_horizontal(pl.col(names).str.contains(BLOCK, literal=True))
    masked = rows.lazy().filter(is_masked).with_columns(key=_key(contract))
    known = _shown(base.with_columns(key=_key(contract)), contract, today, also=("key",))
    known = known.with_columns(is_unique=pl.len().over("key") == 1)
    found = masked.join(known, on="key").filter(
        pl.col("is_unique") | (pl.col(NUMBER) == pl.col(_ROW))
    )
    restored = found.select(_ROW, *(_as_supplied(name) for name in names))
    others = rows.lazy().join(restored.select(_ROW), on=_ROW, how="anti")
    whole = pl.concat([others.select(_ROW, *names), restored]).sort(_ROW).collect()
    letters = {name: column_letters(positions[name]) for name in names}
    _require_unmasked(whole.rename({_ROW: LINE}), letters, contract)
    return whole


def require_no_mask(rows: pl.LazyFrame, contract: Contract) -> None:
    """Refuse rows that hold a mask: it stands for a cell that is elsewhere.

    Args:
        rows: Landed rows of any file; not modified.
        contract: Names the fields.

    Raises:
        SourceFormatError: Some cell is nothing but a mask.
    """
    names = [field.name for field in contract.fields]
    has_block = (pl.col(name).str.contains(BLOCK, literal=True).any() for name in names)
    found = rows.select(has_block).collect(engine="streaming")  # far cheaper than the form
    suspect = [name for name in names if found[name].item()]
    counted = rows.select(looks_masked(pl.col(suspect)).sum()).collect(engine="streaming")
    masked = [name for name in suspect if counted[name].item()]
    if masked:
        cells = sum(int(counted[name].item()) for name in masked)
        raise refused(
            contract,
            f"{cells:,} cells of {', '.join(masked)} are hidden by {BLOCK}, as a report shows"
            " personal data. Nothing was published; the live release stays. Drop your own file,"
            " or the workbook of the report as it was saved.",
        )


def _leave_unwritten(rows: pl.DataFrame, unread: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """Leave out the numbers of ragged records that nobody wrote anew."""
    is_empty = pl.all_horizontal(pl.col(names).str.strip_chars() == "")
    is_ragged = pl.col(NUMBER).is_in(unread[_ROW].implode())
    return rows.filter(~(is_empty & is_ragged.fill_null(value=False)))


def _restore(
    rows: pl.DataFrame, supplied: pl.DataFrame, contract: Contract, today: date
) -> pl.DataFrame:
    """Put the supplied cell back where a cell came back as it was shown."""
    shown = _shown(supplied.lazy(), contract, today)
    joined = rows.lazy().join(shown, on=NUMBER, how="left", maintain_order="left")
    return joined.select(
        LINE,
        NUMBER,
        *(_as_supplied(field.name) for field in contract.fields),
        (_key(contract) == _key(contract, ":supplied")).fill_null(value=False).alias(_SAME),
    ).collect()


def _shown(
    supplied: pl.LazyFrame, contract: Contract, today: date, also: Sequence[str] = ()
) -> pl.LazyFrame:
    """Return rows by number, each cell as it was shown and as it was supplied."""
    return supplied.select(
        pl.col(_ROW).alias(NUMBER),
        *also,
        *(
            fit_cell(show_cell(field, today)).alias(f"{field.name}:shown")
            for field in contract.fields
        ),
        *(pl.col(field.name).alias(f"{field.name}:supplied") for field in contract.fields),
    )


def _as_supplied(name: str) -> pl.Expr:
    is_as_shown = pl.col(name) == pl.col(f"{name}:shown")
    return pl.when(is_as_shown).then(f"{name}:supplied").otherwise(name).alias(name)


def _key(contract: Contract, suffix: str = "") -> pl.Expr:
    """Return a row's key as text; null where a part of it is missing."""
    parts = [
        pl.col(f"{name}{suffix}").str.strip_chars().str.normalize("NFC")
        for name in contract.primary_key
    ]
    whole = pl.concat_list(parts)
    return pl.when(pl.all_horizontal(part != "" for part in parts)).then(whole.list.join("\x1f"))


def _require_unmasked(rows: pl.DataFrame, letters: dict[str, str], contract: Contract) -> None:
    places = [
        f"{letter}{line}"
        for name, letter in letters.items()
        if name != NUMBER
        for line in rows.filter(pl.col(name).str.contains(BLOCK, literal=True))[LINE]
    ]
    if places:
        more = f" and {len(places) - MOST_PLACES} more" if len(places) > MOST_PLACES else ""
        raise refused(
            contract,
            f"{len(places)} cells of the returned workbook are still hidden by {BLOCK} and stand"
            f" for no supplied cell: {', '.join(places[:MOST_PLACES])}{more}. {_WRITE}",
        )


def _displaced(
    base: pl.LazyFrame,
    supplied: pl.DataFrame,
    rows: pl.DataFrame,
    contract: Contract,
    *,
    is_cut: bool,
) -> pl.DataFrame:
    """Return the numbers of the supplied rows that give way."""
    may_displace = pl.col(NUMBER).is_null() | (pl.col(_SAME) & (not is_cut))
    keys = rows.lazy().filter(may_displace).select(key=_key(contract)).drop_nulls().unique()
    numbered = supplied.lazy().join(
        rows.lazy().select(pl.col(NUMBER).alias(_ROW)).drop_nulls(), on=_ROW, how="semi"
    )
    by_key = base.select(_ROW, key=_key(contract)).join(keys, on="key", how="semi")
    return (
        pl.concat([numbered.select(_ROW), by_key.select(_ROW)]).unique().collect(engine="streaming")
    )


def _last(rows: pl.LazyFrame) -> int:
    return int(rows.select(pl.col(_ROW).max()).collect(engine="streaming").item() or 0)


def _numbered(rows: pl.DataFrame, last: int) -> pl.DataFrame:
    """Give rows without a number the ones after the last."""
    next_ones = last + pl.col(NUMBER).is_null().cast(pl.Int64).cum_sum()
    return rows.with_columns(pl.coalesce(NUMBER, next_ones).alias(_ROW))
