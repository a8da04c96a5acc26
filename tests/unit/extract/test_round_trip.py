"""What is written is read: any text, delimiter, quoting, encoding and line end."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from etl.extract.inspecting import inspect_file


@dataclass(frozen=True)
class Dialect:
    delimiter: str
    quotes_all: bool
    line_end: str
    encoding: str


HEADER = ("번호", "이름", "내용", "금액", "비고")
MARKS = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}

# NUL makes a record ragged, surrogates are in no file.
any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
awkward = st.sampled_from(
    ["", " ", '"', '""', ",", ";", "\t", "|", "\n", "\r\n", "\r", "가,나", "-", "0012", "계"]
)
cells = st.one_of(any_text, awkward)
rows = st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=12)
dialects = st.builds(
    Dialect,
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    quotes_all=st.booleans(),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp949", "utf-16-le", "utf-16-be"]),
)


def written(table: list[tuple[str, ...]], dialect: Dialect) -> bytes:
    """Write as RFC 4180 has it; Python's own writer leaves a lone line feed bare before CR."""
    text = "".join(
        dialect.delimiter.join(quoted(cell, dialect) for cell in record) + dialect.line_end
        for record in table
    )
    return MARKS.get(dialect.encoding, b"") + text.encode(dialect.encoding)


def quoted(cell: str, dialect: Dialect) -> str:
    if dialect.quotes_all or any(sign in cell for sign in (dialect.delimiter, '"', "\r", "\n")):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def read_back(content: bytes) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    with tempfile.TemporaryDirectory() as folder:
        file, landed = Path(folder) / "supplied.csv", Path(folder) / "landed.parquet"
        file.write_bytes(content)
        inspection = inspect_file(file, landed)
        assert (inspection.status, inspection.reason) == ("read", inspection.reason)
        names = tuple(column.name for column in inspection.reading.columns if column.kept)
        data = pl.read_parquet(landed).filter(pl.col("_role") == "data")
        return names, data.select(names).rows()


def encodable(text: str, encoding: str) -> str:
    return text.encode(encoding, "ignore").decode(encoding)


@given(rows, dialects)
@example([('가 "나"', "다\r\n라", "")], Dialect("\t", True, "\r", "utf-16-le"))
@example([("", "", "\n")], Dialect(",", False, "\r", "utf-8"))
def test_what_is_written_is_read(body, dialect):
    # The first cell keeps a row from being blank, the last one from being a total.
    plain = dialect.encoding.removesuffix("-sig")
    table = [
        (f"A{number:03d}", *(encodable(cell, plain) for cell in row), f"z{number}")
        for number, row in enumerate(body, start=1)
    ]

    names, found = read_back(written([HEADER, *table], dialect))

    assert names == HEADER
    assert found == table
