"""Records are cut where a reader by hand would cut them, however the file is divided."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.extract import records
from etl.extract.records import Dialect, RecordTooLongError, read_parts, split_records
from tests.unit.extract.test_reading import read_by_hand


@given(text=st.text(alphabet='12",\n\r\0 ', min_size=1, max_size=30), size=st.integers(1, 9))
def test_every_text_is_cut_as_by_hand(text, size):
    content = text.encode()
    chunks = [content[start : start + size] for start in range(0, len(content), size)]
    expected, broken, is_open = read_by_hand(text)
    broken |= {number for number, cells in expected if "\0" in "".join(cells)}

    parts = list(read_parts(chunks, Dialect(",")))

    assert parts[-1].is_open == is_open
    if not is_open:
        found = [(part.first + i, part.cells[i]) for part in parts for i in range(len(part))]
        assert found == [(number, len(cells)) for number, cells in expected]
        assert {p.first + i for p in parts for i in range(len(p)) if p.is_broken[i]} == broken


@pytest.mark.parametrize(
    ("dialect", "text", "cells"),
    [
        pytest.param(Dialect("\t"), "a\tb,c\n", [2], id="tabs"),
        pytest.param(Dialect(",", "'"), "'a,b',c\n", [2], id="apostrophes"),
        pytest.param(Dialect(",", ""), '"a,b"\n', [2], id="marks that are text"),
    ],
)
def test_the_dialect_decides(dialect, text, cells):
    assert split_records(text.encode(), dialect, is_last=True).cells.tolist() == cells


def test_a_record_without_end_is_not_taken_into_memory(monkeypatch):
    monkeypatch.setattr(records, "LONGEST_RECORD_BYTES", 1 << 12)
    chunks = itertools.chain([b'a,"'], itertools.repeat(b"x\n" * 100))

    with pytest.raises(RecordTooLongError):
        list(read_parts(chunks, Dialect(",")))
