"""Signs that letters were lost before a file came here."""

from __future__ import annotations

import re

import numpy as np
import polars as pl

from etl.extract.records import Part

_LOST = re.compile("[\u4e00-\u9fff\uac00-\ud7a3]\\?{1,4}[\u4e00-\u9fff\uac00-\ud7a3]")
_REPLACED = "\ufffd".encode()
_FIRST_OF_THREE = 0xE3


def lost_letters(part: Part) -> list[int]:
    """Return the numbers of the records that show a loss.

    They hold U+FFFD, which a careless reader puts in place of what it cannot read, or
    question marks between Hangul or Hanja, which a careless writer does.
    """
    values = np.frombuffer(part.content, np.uint8)
    marks = np.flatnonzero(values[:-1] == ord("?"))
    marks = marks[(marks > 0) & (values[marks - 1] >= 0x80)]
    lost = [int(mark) for mark in marks if _is_lost(part.content, int(mark))]
    if _REPLACED in part.content:
        lost += [found.start() for found in re.finditer(_REPLACED, part.content)]
    rows = np.searchsorted(part.ends, np.array(sorted(lost), dtype=np.int64)) + part.first
    return list(dict.fromkeys(rows.tolist()))


def lost_letters_in(rows: pl.DataFrame) -> list[int]:
    """Return the numbers of the rows of a sheet that show a loss.

    Args:
        rows: `_row`, then columns of text.
    """
    shows = pl.any_horizontal(pl.exclude("_row").str.contains(f"\ufffd|{_LOST.pattern}"))
    return rows.filter(shows)["_row"].to_list()


def _is_lost(content: bytes, mark: int) -> bool:
    if content[mark + 1] < _FIRST_OF_THREE and content[mark + 1] != ord("?"):
        return False
    return bool(_LOST.search(content[max(0, mark - 3) : mark + 7].decode(errors="ignore")))
