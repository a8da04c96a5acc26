r"""Cut delimited text into records by what its bytes say, without a loop over cells.

The rule: a quotation mark at the start of a cell opens it, the next one closes it, and
after that only the end of the cell or a second mark may follow (RFC 4180). A mark in a cell
that none opened stands for itself. Where the rule holds, every second mark closes, which
counting shows at once; only where a part of a file breaks it are its marks walked singly.
LF, CR and CRLF each end a record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LONGEST_RECORD_BYTES = 1 << 23
LINE_FEED, CARRIAGE_RETURN = b"\n\r"

Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]


class RecordTooLongError(Exception):
    """A record does not end within the longest that is read."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells are kept apart.

    Attributes:
        delimiter: One ASCII character.
        quote: One ASCII character, or "" where marks are text.
    """

    delimiter: str
    quote: str = '"'


@dataclass(frozen=True, slots=True)
class Part:
    """Some whole records of a file.

    Attributes:
        content: Their bytes.
        first: Number of the first, counted from 1.
        starts: Where each begins in `content`.
        ends: Where each ends, its line end not included.
        cells: How many cells each has.
        is_broken: Whether text follows a closing mark of it, or it holds a NUL.
        is_open: Whether the last one ends inside a quoted cell; only at the end of a file.
        is_plain: Whether every mark keeps the rule, and no record ends with CR alone.
    """

    content: bytes
    first: int
    starts: Places
    ends: Places
    cells: Places
    is_broken: Flags
    is_open: bool
    is_plain: bool

    def __len__(self) -> int:
        """Return how many records it holds."""
        return len(self.starts)

    def text(self, index: int) -> str:
        """Return a record as it stands, its marks included."""
        return self.content[self.starts[index] : self.ends[index]].decode()


def read_parts(chunks: Iterable[bytes], dialect: Dialect) -> Iterator[Part]:
    """Divide a text into parts of whole records.

    Args:
        chunks: Consecutive parts of UTF-8 text, cut anywhere.
        dialect: How cells are kept apart.

    Raises:
        RecordTooLongError: A record is longer than `LONGEST_RECORD_BYTES`.
    """
    rest, number = b"", 1
    for chunk in chunks:
        content = rest + chunk
        part = split_records(content, dialect, number, is_last=False)
        rest = content[len(part.content) :]
        if len(rest) > LONGEST_RECORD_BYTES:
            raise RecordTooLongError
        if len(part):
            number += len(part)
            yield part
    if rest:
        yield split_records(rest, dialect, number, is_last=True)


def split_records(content: bytes, dialect: Dialect, first: int = 1, *, is_last: bool) -> Part:
    r"""Split bytes that begin with a record.

    Args:
        content: UTF-8 text.
        dialect: How cells are kept apart.
        first: Number of the first record.
        is_last: Whether the file ends here; else what no line end closes is left out.

    Examples:
        >>> part = split_records(b'a,b\r\n"1\n",2\n3', Dialect(","), is_last=True)
        >>> part.cells.tolist(), [part.text(index) for index in range(3)]
        ([2, 2, 1], ['a,b', '"1\n",2', '3'])
    """
    values = np.frombuffer(content, np.uint8)
    turns, broken, is_kept = _find_turns(values, dialect)
    ends, has_lone = _find_ends(values, turns, is_last=is_last)
    stop = int(ends[-1]) + 1 if len(ends) else 0
    if is_last and stop < len(values):
        ends, stop = np.append(ends, len(values)), len(values)
    starts = np.concatenate([[0], ends[:-1] + 1]).astype(np.int64)[: len(ends)]
    delimiters = _outside(np.flatnonzero(values[:stop] == ord(dialect.delimiter)), turns)
    cells = np.diff(np.searchsorted(delimiters, ends), prepend=0) + 1
    is_broken = np.zeros(len(ends), dtype=np.bool_)
    is_broken[np.searchsorted(ends, broken[broken < stop])] = True
    if b"\0" in content:
        nulls = np.flatnonzero(values[:stop] == 0)
        is_broken[np.searchsorted(ends, nulls)] = True
    returned = (ends > starts) & (values[np.maximum(ends - 1, 0)] == CARRIAGE_RETURN)
    returned &= (ends < len(values)) & (values[np.minimum(ends, len(values) - 1)] == LINE_FEED)
    return Part(
        content=content[:stop],
        first=first,
        starts=starts,
        ends=ends - returned,
        cells=cells,
        is_broken=is_broken,
        is_open=is_last and len(turns) % 2 == 1,
        is_plain=is_kept and not has_lone,
    )


def _find_ends(values: Bytes, turns: Places, *, is_last: bool) -> tuple[Places, bool]:
    """Return where records end (at the LF of CRLF), and whether any does with CR alone."""
    feeds = np.flatnonzero(values == LINE_FEED)
    returns = np.flatnonzero(values == CARRIAGE_RETURN)
    lone = returns[:0]
    if len(returns):
        if len(values) and returns[-1] == len(values) - 1 and not is_last:
            returns = returns[:-1]  # a LF may follow in the next part
        lone = returns[values[np.minimum(returns + 1, len(values) - 1)] != LINE_FEED]
        feeds = np.sort(np.concatenate([feeds, lone])) if len(lone) else feeds
    return _outside(feeds, turns), len(lone) > 0


def _outside(places: Places, turns: Places) -> Places:
    """Keep the places that are in no quoted cell."""
    if not len(turns) or not len(places):
        return places
    outside: Places = places[np.searchsorted(turns, places) % 2 == 0]
    return outside


def _find_turns(values: Bytes, dialect: Dialect) -> tuple[Places, Places, bool]:
    """Return the marks that turn, those that text follows, and whether all keep the rule."""
    marks = np.flatnonzero(values == ord(dialect.quote)) if dialect.quote else np.array([], int)
    if not len(marks):
        return marks, marks, True
    is_end = np.zeros(256, dtype=np.bool_)
    is_end[[ord(dialect.delimiter), LINE_FEED, CARRIAGE_RETURN]] = True
    last = len(values) - 1
    starts = is_end[values[marks - 1]] | (marks == 0)
    ends = is_end[values[np.minimum(marks + 1, last)]] | (marks == last)
    doubled = np.append(np.diff(marks) == 1, False)
    opens = np.arange(len(marks)) % 2 == 0
    is_kept = np.where(opens, starts | np.append(False, doubled[:-1]), ends | doubled)
    if is_kept.all():
        return marks, marks[:0], True
    return *_walk_singly(marks, starts, ends | doubled), False


def _walk_singly(marks: Places, starts: Flags, ends: Flags) -> tuple[Places, Places]:
    turns: list[int] = []
    broken: list[int] = []
    is_open, closed_at = False, -2
    for mark, can_start, can_end in zip(
        marks.tolist(), starts.tolist(), ends.tolist(), strict=True
    ):
        if is_open:
            closed_at = mark
            if not can_end:
                broken.append(mark)
        elif not (can_start or mark - 1 == closed_at):
            continue  # a mark inside a cell that none opened stands for itself
        is_open = not is_open
        turns.append(mark)
    return np.array(turns, dtype=np.int64), np.array(broken, dtype=np.int64)
