"""Open delimited text of any size: its encoding first, then its records batch by batch."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.csv

from etl.errors import SourceFormatError
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
JUDGED_BYTES = 1 << 18
_BLANKS = " \t\u3000\xa0"


@dataclass(frozen=True, slots=True)
class Text:
    """Delimited text whose encoding is known.

    Attributes:
        utf_8: Its content as UTF-8; the supplied file itself, where that is UTF-8.
        start: Where the text begins, behind a byte order mark.
        encoding: The encoding of the supplied file.
        sample: Its beginning.
        is_sampled_whole: Whether the sample is all of it.
    """

    utf_8: Path
    start: int
    encoding: Encoding
    sample: bytes
    is_sampled_whole: bool


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


def open_text(source: Path, folder: Path, declared: Declared = "auto") -> Text:
    """Decide the encoding on all bytes of a file.

    Args:
        source: The supplied file; not modified.
        folder: Where a copy in UTF-8 may be written.
        declared: The encoding to hold the file to.

    Raises:
        SourceFormatError: No encoding fits.
    """
    failures: list[Failure] = []
    if source.stat().st_size == 0:
        raise refuse("empty", "The file is empty")
    with source.open("rb") as file:
        beginning = file.read(SAMPLE_BYTES)
    for encoding in candidates(beginning, declared):
        copy = None if encoding in ("utf-8", "utf-8-sig") else folder / "utf-8"
        try:
            _decode(source, encoding, copy)
        except UndecodableError as error:
            failures.append(error.failure)
        else:
            text = _sampled(copy or source, encoding)
            if encoding == "cp949" and declared == "auto":
                _require_korean(text.sample)
            return text
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
    try:
        with ThreadPoolExecutor(1) as beside:  # parsing releases the interpreter's lock
            parsed: Future[Batch] | None = None
            for part in read_parts(text.utf_8, dialect, text.start):
                passage.notice(part)
                ahead, parsed = parsed, beside.submit(_as_batch, part, dialect, width)
                if ahead is not None:
                    yield ahead.result()
            if parsed is not None:
                yield parsed.result()
    except RecordTooLongError:
        raise refuse(
            "csv", "A quoted cell or record does not end within 8 MiB", "Close the quoted cell"
        ) from None


def _decode(source: Path, encoding: Encoding, copy: Path | None) -> None:
    with source.open("rb") as file:
        decoded = decode_chunks(iter(lambda: file.read(CHUNK_BYTES), b""), encoding)
        if copy is None:
            for _ in decoded:
                pass
            return
        with copy.open("wb") as out:
            out.writelines(text.encode() for text in decoded)


def _require_korean(sample: bytes) -> None:
    """Ask where the bytes fit CP949, and what they say does not look like Korean."""
    if fits_by_accident(sample[:JUDGED_BYTES].decode(errors="ignore")):
        raise ask(
            "csv",
            "The encoding is not clear: every byte fits cp949, but what comes out hardly looks"
            " like Korean, so another encoding may fit by accident",
            "layout:\n  encoding: cp949",
        )


def _sampled(utf_8: Path, encoding: Encoding) -> Text:
    start = len(codecs.BOM_UTF8) if encoding == "utf-8-sig" else 0
    with utf_8.open("rb") as file:
        file.seek(start)
        sample = file.read(SAMPLE_BYTES)
        is_whole = not file.read(1)
    return Text(utf_8, start, encoding, sample, is_whole)


def _as_batch(part: Part, dialect: Dialect, width: int) -> Batch:
    fits = (part.cells == width) & ~part.is_broken
    if part.is_open:
        fits[-1] = False
    misfits = [_misfit(part, int(index), dialect, width) for index in np.flatnonzero(~fits)]
    places = np.flatnonzero(fits)
    cells = _parse(_chosen(part, fits), dialect, width, len(places))
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


def _parse(content: bytes, dialect: Dialect, width: int, records: int) -> pl.DataFrame:
    """Parse records that were counted before; both counts have to agree."""
    names = cell_columns(width)
    if not records:
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    table = pyarrow.csv.read_csv(
        pa.BufferReader(content),
        pyarrow.csv.ReadOptions(block_size=max(len(content), 1), column_names=names),
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
    if table.num_rows != records:
        raise RuntimeError(f"{records} records were counted and {table.num_rows} parsed")
    return pl.DataFrame(pl.from_arrow(table))
