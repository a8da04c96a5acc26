"""Quotation marks are held to RFC 4180, whatever the size of the parts they are read in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.extract import quoting
from etl.extract.quoting import Quoting, check_quoting

CLEAN = Quoting((), is_open_at_end=False)
CUT = Quoting((), is_open_at_end=True)


def check(tmp_path, text: str, delimiter: str = ",") -> Quoting:
    file = tmp_path / "utf-8"
    file.write_bytes(text.encode())
    return check_quoting(file, delimiter)


def broken(*records: int) -> Quoting:
    return Quoting(records, is_open_at_end=False)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("", CLEAN, id="an empty file"),
        pytest.param("a,b\n1,2\n", CLEAN, id="no marks at all"),
        pytest.param('"a","b"\n"1","2"\n', CLEAN, id="every cell quoted"),
        pytest.param('"a","b"', CLEAN, id="a mark as the last byte"),
        pytest.param('"a"\r\n"b"\r"c"\n', CLEAN, id="every line end"),
        pytest.param('"a""b","""",""\n', CLEAN, id="doubled marks"),
        pytest.param('"a\nb\r\nc",2\n', CLEAN, id="line breaks in a cell"),
        pytest.param('5" pipe,a"b"c\n', CLEAN, id="marks inside a cell that none opened"),
        pytest.param(' "a",2\n', CLEAN, id="a blank before the mark makes it text"),
        pytest.param('"a"b,2\n3,4\n', broken(1), id="text after a closing mark"),
        pytest.param('a\n"a" \n', broken(2), id="a blank after a closing mark is text"),
        pytest.param('a\n\n"x"y\nz"\n"x"y,"x"y\n', broken(3, 5), id="each record once"),
        pytest.param('a\n"b\n"c\n"d"e\n', broken(2, 3), id="a cell that swallowed a line end"),
        pytest.param('a\n"x\r\n\ry"z\n', broken(2), id="line ends in a cell are not counted"),
        pytest.param('a\r"b"\r\n"c"d\n', broken(3), id="two characters may be one line end"),
        pytest.param('a,b\n1,"2\n3,4\n', CUT, id="the last cell is never closed"),
        pytest.param('a,b\n"1,2\n3,4\n', CUT, id="a first cell is never closed"),
        pytest.param('a\n"', CUT, id="a lone mark at the end"),
        pytest.param('a\n"b""', CUT, id="a doubled mark does not close"),
        pytest.param('"a"b"\n"c', Quoting((1,), is_open_at_end=True), id="both faults"),
    ],
)
@pytest.mark.parametrize("part", [1, 2, 3, 1 << 22])
def test_marks(tmp_path, monkeypatch, text, found, part):
    monkeypatch.setattr(quoting, "PART_BYTES", part)

    assert check(tmp_path, text) == found


@pytest.mark.parametrize("delimiter", ["\t", ";", "|"])
def test_the_delimiter_is_the_files_own(tmp_path, delimiter):
    text = f'"a"{delimiter}"b"\n"1",x{delimiter}2\n'

    assert check(tmp_path, text, delimiter) == broken(2)


def walk_by_hand(text: str) -> Quoting:
    """Read character by character, as RFC 4180 says."""
    record, found, state = 1, [], "start"
    for place, character in enumerate(text):
        if state == "quoted":
            state = "closed?" if character == '"' else "quoted"
            continue
        if state == "closed?" and character == '"':
            state = "quoted"
            continue
        if character in ",\n\r":
            is_half = character == "\r" and text[place + 1 : place + 2] == "\n"
            record += character != "," and not is_half
            state = "start"
        elif state == "start":
            state = "quoted" if character == '"' else "plain"
        else:
            if state == "closed?":
                found.append(record)
            state = "plain"
    return Quoting(tuple(dict.fromkeys(found)), is_open_at_end=state == "quoted")


@given(
    text=st.text(alphabet='a",\n\r', max_size=40),
    part=st.sampled_from([1, 2, 5, 1000]),
)
def test_every_text_is_read_as_by_hand(tmp_path_factory, text, part):
    before, quoting.PART_BYTES = quoting.PART_BYTES, part
    try:
        assert check(tmp_path_factory.getbasetemp(), text) == walk_by_hand(text)
    finally:
        quoting.PART_BYTES = before
