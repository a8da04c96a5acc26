"""Find the records whose quotation marks cannot be trusted.

A cell that opens with a quotation mark ends with one, and a delimiter or a line end follows
(RFC 4180). Readers forgive what breaks this: they glue the text after a closing mark to the
cell, and take a mark that is never closed for the start of a cell as long as the file. Here
such records are named, before anything is read from them.

Most files keep the rule, which counting shows without a loop: of all marks every second one
closes. Only where a part of a file breaks it are its marks walked one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

PART_BYTES = 1 << 22
QUOTE, LINE_FEED, CARRIAGE_RETURN = b'"\n\r'

Places = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Quoting:
    """What was found about a file's quotation marks.

    Attributes:
        broken: Numbers of the records in which text follows a closing mark, counted from 1.
        is_open_at_end: Whether the last quoted cell is never closed.
    """

    broken: tuple[int, ...]
    is_open_at_end: bool


def check_quoting(text: Path, delimiter: str) -> Quoting:
    """Check every quotation mark of a UTF-8 file, in bounded memory.

    Args:
        text: The file; not modified.
        delimiter: One ASCII character.
    """
    if text.stat().st_size == 0:
        return Quoting((), is_open_at_end=False)
    marks = _Marks(np.memmap(text, np.uint8, "r"), delimiter)
    broken = [record for start in range(0, marks.size, PART_BYTES) for record in marks.walk(start)]
    return Quoting(tuple(dict.fromkeys(broken)), marks.is_open)


class _Marks:
    """A walk through a file's quotation marks, part by part.

    A doubled mark closes a cell and opens it again.
    """

    def __init__(self, content: Bytes, delimiter: str) -> None:
        self.content = content
        self.size = len(content)
        self.is_open = False
        self.closed_at = -1
        self.record = 1
        self.is_end = np.zeros(256, dtype=bool)
        self.is_end[[ord(delimiter), LINE_FEED, CARRIAGE_RETURN]] = True

    def walk(self, start: int) -> list[int]:
        """Walk one part, and return the records that it shows to be broken."""
        part = self.content[start : start + PART_BYTES]
        marks = start + np.flatnonzero(part == QUOTE)
        opens = (np.arange(len(marks)) + self.is_open) % 2 == 0
        if self._keep_the_rule(marks, opens):
            turns, broken = marks, marks[:0]
        else:
            turns, broken = self._walk_singly(marks)
        ends = self._line_ends(part, start)
        ends = ends[(np.searchsorted(turns, ends) + self.is_open) % 2 == 0]
        records = self.record + np.searchsorted(ends, broken)
        self.record += len(ends)
        self.is_open ^= len(turns) % 2 == 1
        if len(turns) and not self.is_open:
            self.closed_at = int(turns[-1])
        return [int(record) for record in records]

    def _keep_the_rule(self, marks: Places, opens: npt.NDArray[np.bool_]) -> bool:
        opening, closing = marks[opens], marks[~opens]
        before, after = self.content[opening - 1], self.content[(closing + 1) % self.size]
        starts = self.is_end[before] | (opening == 0)
        starts[1:] |= before[1:] == QUOTE
        starts[:1] |= (before[:1] == QUOTE) & (opening[:1] - 1 == self._last_close(marks, opens))
        ends = self.is_end[after] | (after == QUOTE) | (closing + 1 == self.size)
        return bool(starts.all() and ends.all())

    def _last_close(self, marks: Places, opens: npt.NDArray[np.bool_]) -> int:
        """Return where the cell before the first opening mark was closed."""
        return self.closed_at if opens[:1].all() else int(marks[0])

    def _walk_singly(self, marks: Places) -> tuple[Places, Places]:
        """Return the marks that open or close a cell, and those that text follows."""
        turns: list[int] = []
        broken: list[int] = []
        is_open, closed_at = self.is_open, self.closed_at
        before = self.content[marks - 1]
        after = self.content[(marks + 1) % self.size]
        starts = (self.is_end[before] | (marks == 0)).tolist()
        ends = (self.is_end[after] | (after == QUOTE) | (marks + 1 == self.size)).tolist()
        for mark, can_start, can_end in zip(marks.tolist(), starts, ends, strict=True):
            if is_open:
                closed_at = mark
                if not can_end:
                    broken.append(mark)
            elif not (can_start or mark - 1 == closed_at):
                continue  # a mark inside a cell that none opened stands for itself
            is_open = not is_open
            turns.append(mark)
        return np.array(turns, dtype=np.int64), np.array(broken, dtype=np.int64)

    def _line_ends(self, part: Bytes, start: int) -> Places:
        feeds = start + np.flatnonzero(part == LINE_FEED)
        returns = start + np.flatnonzero(part == CARRIAGE_RETURN)
        lone = returns[self.content[(returns + 1) % self.size] != LINE_FEED]
        return np.sort(np.concatenate([feeds, lone])) if len(lone) else feeds
