"""Parse the markup inside workbooks without trusting it."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import IO

from lxml import etree

from etl.extract.refusing import exceed, refuse
from etl.settings import Limits

DEFLATE_RATIO = 1032  # at most, by the format
CHUNK_BYTES = 1 << 22
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
        huge_tree=False,
    )
    try:
        for number, (_, element) in enumerate(events):
            if number == 0 and element.getroottree().docinfo.doctype:
                raise refuse(kind, _DECLARES)
            yield element
    except (*XML_ERRORS, *PACKAGE_ERRORS):
        raise damaged(kind) from None


def read_root(open_part: Callable[[], IO[bytes]], name: str, kind: str) -> dict[str, str]:
    """Return the attributes of a large part's first element, without reading what follows.

    Raises:
        SourceFormatError: The part begins with another element, is not well formed, or declares
            a document type, whose entities calamine would drop.
    """
    try:
        with open_part() as file:
            _, root = next(
                etree.iterparse(
                    file, events=("start",), resolve_entities=False, no_network=True, load_dtd=False
                )
            )
    except (*XML_ERRORS, *PACKAGE_ERRORS, StopIteration):
        raise damaged(kind) from None
    if root.getroottree().docinfo.doctype:
        raise refuse(kind, _DECLARES)
    if etree.QName(root).localname != name:
        raise damaged(kind)
    return {str(key): str(value) for key, value in root.attrib.items()}


def damaged(kind: str) -> Exception:
    """Return the error for a workbook that cannot be followed."""
    return refuse(kind, "The workbook is damaged or cut off, and its parts cannot be read")


def require_bounded(archive: zipfile.ZipFile, limits: Limits, kind: str) -> None:
    """Refuse a workbook whose parts would unpack to too much, by what they promise.

    Raises:
        SourceFormatError: They would.
    """
    entries = archive.infolist()
    if len(entries) > limits.members:
        raise exceed(kind, "members", f"has {len(entries):,} parts", limits.members)
    size = sum(entry.file_size for entry in entries)
    if size > limits.workbook_bytes:
        raise exceed(kind, "workbook_bytes", f"unpacks to {size:,} bytes", limits.workbook_bytes)
    packed = max(sum(entry.compress_size for entry in entries), 1)
    if size > limits.ratio_from_bytes and size > limits.ratio * packed:
        raise exceed(kind, "ratio", f"unpacks to {size // packed:,} times its size", limits.ratio)


def require_honest(
    archive: zipfile.ZipFile, names: Iterable[str], limits: Limits, kind: str
) -> None:
    """Refuse a workbook whose parts hold more than they promise.

    Python's own reader never unpacks more than was promised; calamine unpacks all there is.

    Args:
        archive: The workbook.
        names: The parts that calamine unpacks by itself.
        limits: What they may unpack to.
        kind: The workbook's kind, for errors.

    Raises:
        SourceFormatError: One does.
    """
    for name in names:
        if archive.getinfo(name).compress_size * DEFLATE_RATIO > limits.workbook_bytes:
            _unpack(archive, name, kind)


def _unpack(archive: zipfile.ZipFile, name: str, kind: str) -> None:
    """Unpack a part to see that its size and its checksum are as promised."""
    try:
        with archive.open(name) as file:
            while file.read(CHUNK_BYTES):
                pass
    except PACKAGE_ERRORS:
        raise damaged(kind) from None


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
