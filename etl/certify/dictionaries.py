"""Read the dictionary pages of a Parquet file: what a column may hold, whether a cell does or not.

Libraries lend dictionaries of text alone, so those of numbers and dates are read from the
bytes: a page begins with a header in Thrift's compact protocol, its values follow in PLAIN
encoding (apache/parquet-format, *Data Pages* and `parquet.thrift`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

UNCOMPRESSED_SIZE, COMPRESSED_SIZE = 2, 3  # fields of a PageHeader
INT32, STRUCT, STOP = 5, 12, 0  # types of Thrift's compact protocol
LONGEST_HEADER = 4_096
WIDTHS = {"INT32": "<i4", "INT64": "<i8"}


def count_unused_entries(parquet: Path) -> int:
    """Count dictionary entries, of any column, that no cell of their row group uses."""
    file = pq.ParquetFile(parquet)
    texts = [
        file.schema_arrow.field(i).name
        for i in range(file.metadata.num_columns)
        if file.schema.column(i).physical_type == "BYTE_ARRAY"
    ]
    reader = pq.ParquetFile(parquet, read_dictionary=texts)
    return sum(
        _unused_in_group(reader, parquet, number, texts) for number in range(reader.num_row_groups)
    )


def _unused_in_group(reader: pq.ParquetFile, parquet: Path, number: int, texts: list[str]) -> int:
    group = reader.metadata.row_group(number)
    unused = 0
    if texts:
        unused += sum(map(_unused_texts, reader.read_row_group(number, columns=texts).columns))
    for position in range(group.num_columns):
        chunk = group.column(position)
        if not chunk.has_dictionary_page or chunk.path_in_schema in texts:
            continue
        if chunk.physical_type not in WIDTHS:
            unused += 1  # of no type that is published, so nothing is known to be used
        else:
            entries = _read_entries(parquet, chunk)
            [cells] = reader.read_row_group(number, columns=[chunk.path_in_schema]).columns
            unused += int((~np.isin(entries, _as_stored(cells))).sum())
    return unused


def _unused_texts(column: pa.ChunkedArray) -> int:
    return sum(
        len(chunk.dictionary) - len(chunk.indices.drop_null().unique()) for chunk in column.chunks
    )


def _as_stored(cells: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the distinct cells as the whole numbers that Parquet stores."""
    distinct = pc.unique(cells).drop_null()
    if pa.types.is_decimal(distinct.type):
        scale = 10**distinct.type.scale
        return np.array([int(value.as_py() * scale) for value in distinct], np.int64)
    width = pa.int32() if distinct.type.bit_width == 32 else pa.int64()
    return np.asarray(distinct.view(width)).astype(np.int64)


def _read_entries(
    parquet: Path, chunk: pq.ColumnChunkMetaData
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the entries of a chunk's dictionary page."""
    with parquet.open("rb") as file:
        file.seek(chunk.dictionary_page_offset)
        page = file.read(LONGEST_HEADER + chunk.total_compressed_size)
    sizes, begin = _read_header(page)
    stored = page[begin : begin + sizes[COMPRESSED_SIZE]]
    if chunk.compression != "UNCOMPRESSED":
        codec = pa.Codec(chunk.compression.lower())
        stored = codec.decompress(stored, sizes[UNCOMPRESSED_SIZE]).to_pybytes()
    return np.frombuffer(stored, WIDTHS[chunk.physical_type]).astype(np.int64)


def _read_header(page: bytes) -> tuple[dict[int, int], int]:
    """Return the whole numbers of a page's header by field, and where the page begins."""
    found: dict[int, int] = {}
    depth, field, at = 0, 0, 0
    while True:
        kind, step = page[at] & 0x0F, page[at] >> 4
        at += 1
        if kind == STOP:
            if depth == 0:
                return found, at
            depth, field = 0, 0
            continue
        field += step
        if kind == STRUCT:
            depth, field = 1, 0
        elif kind == INT32:
            value, at = _read_number(page, at)
            if depth == 0:
                found[field] = value


def _read_number(page: bytes, at: int) -> tuple[int, int]:
    """Read a zigzag varint."""
    value = shift = 0
    for byte in _bytes_from(page, at):
        value |= (byte & 0x7F) << shift
        shift += 7
        at += 1
        if byte < 0x80:
            break
    return (value >> 1) ^ -(value & 1), at


def _bytes_from(page: bytes, at: int) -> Iterator[int]:
    return iter(memoryview(page)[at:])
