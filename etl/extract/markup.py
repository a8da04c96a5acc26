"""Parse the markup inside workbooks without trusting it."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO

from lxml import etree

from etl.extract.refusing import exceed, refuse
from etl.settings import Limits

_DECLARES = "A part of the workbook declares entities or a document type"
XML_ERRORS = (etree.XMLSyntaxError, etree.ParserError)
PACKAGE_ERRORS = (  # what zipfile raises on bytes that are no archive; found by mutating real ones
    lzma.LZMAError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)


def parse_part(content: bytes, kind: str) -> etree._Element:
    """Parse one small part of a workbook.

    No entity is expanded, no document type is read, nothing is fetched; a part that declares
    a document type has no business in a workbook and is refused.

    Raises:
        SourceFormatError: The part is not well formed, or declares a document type.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(content, parser)
    except XML_ERRORS:
        raise damaged(kind) from None
    if root.getroottree().docinfo.doctype:
        raise refuse(kind, _DECLARES)
    return root


def iterate_part(file: IO[bytes], kind: str, tags: tuple[str, ...]) -> Iterator[etree._Element]:
    """Yield the elements of a large part as they end, whatever their namespace.

    The caller clears what it has used.

    Raises:
        SourceFormatError: The part is not well formed, or declares a document type.
    """
    events = etree.iterparse(
        file,
        events=("end",),
        tag=[f"{{*}}{tag}" for tag in tags],
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,
    )
    try:
        for number, (_, element) in enumerate(events):
            if number == 0 and element.getroottree().docinfo.doctype:
                raise refuse(kind, _DECLARES)
            yield element
    except (*XML_ERRORS, *PACKAGE_ERRORS):
        raise damaged(kind) from None


def require_plain(open_part: Callable[[], IO[bytes]], kind: str) -> None:
    """Refuse a part whose beginning declares a document type; calamine would drop its entities.

    Raises:
        SourceFormatError: It does.
    """
    with open_part() as file:
        if b"<!DOCTYPE" in file.read(4096):
            raise refuse(kind, _DECLARES)


def damaged(kind: str) -> Exception:
    """Return the error for a workbook that cannot be followed."""
    return refuse(kind, "The workbook is damaged or cut off, and its parts cannot be read")


def read_member(archive: zipfile.ZipFile, name: str, limits: Limits, kind: str) -> bytes:
    """Return a small part of a workbook.

    Raises:
        SourceFormatError: It is too large for a part that only describes others, or damaged.
    """
    size = archive.getinfo(name).file_size
    if size > limits.markup_bytes:
        raise exceed(
            kind, "markup_bytes", f"describes itself in {size:,} bytes", limits.markup_bytes
        )
    try:
        return archive.read(name)
    except PACKAGE_ERRORS:
        raise damaged(kind) from None
