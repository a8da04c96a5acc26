"""Open delimited text of any size: its encoding first, then its records batch by batch."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.csv

from etl.errors import SourceFormatError
from etl.extract.ahead import ahead
from etl.extract.decoding import (
    Declared,
    Encoding,
    Failure,
    UndecodableError,
    candidates,
    decode_chunks,
    fits_by_accident,
)
from etl.extract.grid import cell_columns
from etl.extract.losses import lost_letters
from etl.extract.records import Dialect, Part, RecordTooLongError, read_parts
from etl.extract.refusing import ask, refuse
from etl.extract.roles import Batch, Misfit

CHUNK_BYTES = 1 << 22
SAMPLE_BYTES = 1 << 20
JUDGED_CHARACTERS = 1 << 17
Result = TypeVar("Result")
_BLANKS = " \t\u3000\xa0"


@dataclass(frozen=True, slots=True)
class Text:
    """Delimited text in an encoding that fits its beginning, and maybe all of it.

    Attributes:
        source: The supplied file.
        encoding: The encoding that it is read in.
        sample: Its beginning as UTF-8.
        is_sampled_whole: Whether the sample is all of it.
    """

    source: Path
    encoding: Encoding
    sample: bytes
    is_sampled_whole: bool

    def chunks(self) -> Iterator[bytes]:
        """Read the whole text as UTF-8, strictly.

        Raises:
            UndecodableError: A byte does not fit the encoding.
        """
        with self.source.open("rb") as file:
            decoded = decode_chunks(iter(lambda: file.read(CHUNK_BYTES), b""), self.encoding)
            yield from (text.encode() for text in decoded)


@dataclass(slots=True)
class Passage:
    """What is noticed while the records pass.

    Attributes:
        lost: Records that show that letters were lost.
        is_open: Whether the text ends inside a quoted cell.
        ends_bare: Whether no line end closes the last record.
        last_row: Number of the last record.
    """

    lost: list[int] = field(default_factory=list)
    is_open: bool = False
    ends_bare: bool = False
    last_row: int = 0

    def notice(self, part: Part) -> None:
        """Look at the next records."""
        self.lost += lost_letters(part)
        self.is_open |= part.is_open
        self.ends_bare = part.content[-1:] not in (b"\n", b"\r")
        self.last_row = part.first + len(part) - 1


def read_text(source: Path, declared: Declared, read: Callable[[Text], Result]) -> Result:
    """Read a file in the first encoding that fits all of its bytes.

    Args:
        source: The supplied file; not modified.
        declared: The encoding to hold the file to.
        read: Reads the whole text; called again where an encoding stops fitting on the way.

    Raises:
        SourceFormatError: No encoding fits.
    """
    failures: list[Failure] = []
    with source.open("rb") as file:
        beginning = file.read(SAMPLE_BYTES)
        is_whole = not file.read(1)
    if not beginning:
        raise refuse("empty", "The file is empty")
    for encoding in candidates(beginning, declared):
        try:
            sample = "".join(decode_chunks([beginning], encoding, is_whole=is_whole))
            if encoding == "cp949" and declared == "auto":
                _require_korean(sample)
            return read(Text(source, encoding, sample.encode(), is_whole))
        except UndecodableError as error:
            failures.append(error.failure)
    raise refuse_encoding(failures)


def refuse_encoding(failures: Sequence[Failure]) -> SourceFormatError:
    """Return the error for a file that no encoding fits.

    The offset named as a fact belongs to the encoding that fitted longest.
    """
    tried = sorted(failures, key=lambda failure: failure.offset_bytes, reverse=True)
    places = "; ".join(f"{f.encoding}: first bad byte at offset {f.offset_bytes}" for f in tried)
    error = refuse(
        "csv", f"The file is in no known encoding ({places})", "Save it as UTF-8 or CP949"
    )
    error.facts["offset_bytes"] = tried[0].offset_bytes
    return error


def read_batches(text: Text, dialect: Dialect, width: int, passage: Passage) -> Iterator[Batch]:
    """Read the records of a text in bounded memory.

    Args:
        text: What to read; not modified.
        dialect: How cells are kept apart.
        width: How many cells a record has to have.
        passage: Takes what is noticed on the way.

    Raises:
        SourceFormatError: A record is longer than any that is read.
    """
    passage.lost.clear()

    def parse() -> Iterator[Batch]:
        for part in ahead(read_parts(ahead(text.chunks()), dialect)):
            passage.notice(part)
            yield _as_batch(part, dialect, width)

    try:
        yield from ahead(parse())
    except RecordTooLongError:
        raise refuse(
            "csv", "A quoted cell or record does not end within 8 MiB", "Close the quoted cell"
        ) from None


def _require_korean(sample: str) -> None:
    """Ask where the bytes fit CP949, and what they say does not look like Korean."""
    if fits_by_accident(sample[:JUDGED_CHARACTERS]):
        raise ask(
            "csv",
            "The encoding is not clear: every byte fits cp949, but what comes out hardly looks"
            " like Korean, so another encoding may fit by accident",
            "layout:\n  encoding: cp949",
        )


def _as_batch(part: Part, dialect: Dialect, width: int) -> Batch:
    fits = (part.cells == width) & ~part.is_broken
    if part.is_open:
        fits[-1] = False
    misfits = [_misfit(part, int(index), dialect, width) for index in np.flatnonzero(~fits)]
    places = np.flatnonzero(fits)
    parse = _parse_plainly if part.is_plain and width > 1 else _parse
    content = _chosen(part, fits)
    if content.startswith(codecs.BOM_UTF8):  # both parsers drop one, and this one is of a cell
        content = codecs.BOM_UTF8 + content
    cells = parse(content, dialect, cell_columns(width))
    if cells.height != len(places):
        raise RuntimeError(f"{len(places)} records were counted and {cells.height} parsed")
    numbers = pl.Series("_row", part.first + places, dtype=pl.Int64)
    return Batch(cells.insert_column(0, numbers), tuple(misfits))


def _misfit(part: Part, index: int, dialect: Dialect, width: int) -> Misfit:
    text = part.text(index)
    is_blank = not text.strip(_BLANKS + dialect.delimiter + dialect.quote + "\r\n")
    return Misfit(part.first + index, int(part.cells[index]), width, text, is_blank)


def _chosen(part: Part, fits: npt.NDArray[np.bool_]) -> bytes:
    """Return the bytes of the records that fit, in runs."""
    if fits.all():
        return part.content
    bounds = np.append(part.starts, len(part.content))
    edges = np.flatnonzero(np.diff(np.concatenate([[False], fits, [False]]).astype(np.int8)))
    return b"".join(
        part.content[bounds[begin] : bounds[end]]
        for begin, end in zip(edges[0::2], edges[1::2], strict=True)
    )


def _parse_plainly(content: bytes, dialect: Dialect, names: list[str]) -> pl.DataFrame:
    """Parse records in which every mark keeps the rule, with the faster parser."""
    schema = dict.fromkeys(names, pl.String)
    if not content:
        return pl.DataFrame(schema=schema)
    return pl.read_csv(
        content,
        separator=dialect.delimiter,
        quote_char=dialect.quote or None,
        has_header=False,
        schema=schema,
        infer_schema=False,
        empty_string_is_null=False,
    )


def _parse(content: bytes, dialect: Dialect, names: list[str]) -> pl.DataFrame:
    """Parse records in which marks may stand for themselves."""
    if not content:
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    table = pyarrow.csv.read_csv(
        pa.BufferReader(content),
        pyarrow.csv.ReadOptions(block_size=len(content), column_names=names),
        pyarrow.csv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=dialect.quote or False,
            newlines_in_values=bool(dialect.quote) and dialect.quote.encode() in content,
            ignore_empty_lines=False,
        ),
        pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    )
    return pl.DataFrame(pl.from_arrow(table))
