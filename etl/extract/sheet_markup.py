"""The markup of one sheet: in parts that end with a row, or element by element.

Nearly every program writes cells in one form (`<c r="B2" s="1" …>`), which byte patterns find
about ten times faster than a parser. Whatever departs from it has to be parsed.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

from lxml import etree

from etl.extract.markup import PACKAGE_ERRORS, damaged, iterate_part

PART_BYTES = 1 << 23
KEPT_BYTES = 1 << 27
LONGEST_ROW_BYTES = 1 << 26
_ROW_END = b"</row>"


class UnusualMarkupError(Exception):
    """The markup is not of the usual form."""


class SheetMarkup:
    """Reads the markup of one sheet, once if it is small enough to be kept."""

    def __init__(self, path: Path, part: str, kind: str) -> None:
        """Name the part; nothing is read yet.

        Args:
            path: The workbook; not modified.
            part: Name of the sheet's markup within it.
            kind: The workbook's kind, for errors.
        """
        self._path = path
        self._part = part
        self._kind = kind
        self._kept: tuple[bytes, ...] | None = None

    def parts(self) -> Iterator[bytes]:
        """Yield the markup in parts that end with a row.

        Raises:
            SourceFormatError: It is damaged.
            UnusualMarkupError: It is in another encoding, has a prefix before every name, or
                rows beyond all bounds.
        """
        if self._kept is not None:
            yield from self._kept
            return
        kept: list[bytes] = []
        size = 0
        for part in self._read_parts():
            size += len(part)
            if size <= KEPT_BYTES:
                kept.append(part)
            yield part
        if size <= KEPT_BYTES:
            self._kept = tuple(kept)

    def elements(self, *tags: str) -> Iterator[etree._Element]:
        """Yield elements as they end; the caller clears what it has used.

        Raises:
            SourceFormatError: The markup is damaged or declares a document type.
        """
        with self._open() as file:
            yield from iterate_part(file, self._kind, tags)

    def _open(self) -> IO[bytes]:
        try:
            return zipfile.ZipFile(self._path).open(self._part)
        except PACKAGE_ERRORS:
            raise damaged(self._kind) from None

    def _read_parts(self) -> Iterator[bytes]:
        rest = b""
        is_first = True
        with self._open() as file:
            for block in self._blocks(file):
                rest += block
                if is_first and b"<worksheet" not in rest[:4096]:
                    raise UnusualMarkupError
                is_first = False
                end = rest.rfind(_ROW_END) + len(_ROW_END)
                if end >= len(_ROW_END):
                    yield rest[:end]
                    rest = rest[end:]
                elif len(rest) > LONGEST_ROW_BYTES:
                    raise UnusualMarkupError
        if is_first:
            raise UnusualMarkupError
        yield rest

    def _blocks(self, file: IO[bytes]) -> Iterator[bytes]:
        """Unpack the next block while the caller looks at this one."""
        with ThreadPoolExecutor(max_workers=1) as ahead:
            following = ahead.submit(self._read, file)
            while block := following.result():
                following = ahead.submit(self._read, file)
                yield block

    def _read(self, file: IO[bytes]) -> bytes:
        try:
            return file.read(PART_BYTES)
        except PACKAGE_ERRORS:
            raise damaged(self._kind) from None
