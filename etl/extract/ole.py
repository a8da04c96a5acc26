"""List what an OLE2 compound file holds: workbooks, Hangul documents and encrypted files share it.

The structure is published as [MS-CFB]; only the directory is read here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HEADER_BYTES, ENTRY_BYTES = 512, 128
LAST_SECTOR = 0xFFFFFFFA  # numbers from here on are marks, not sectors
MAX_ENTRIES = 10_000


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of the directory; the others are named by their place in it."""

    name: str
    left: int
    right: int
    child: int


def list_entries(path: Path) -> frozenset[str]:
    """Return the names of the file's own streams and storages, not of those embedded in it.

    Args:
        path: A file that begins with the signature; not modified. Where its directory cannot
            be followed further, what was found so far is returned.
    """
    content = path.read_bytes()
    if len(content) < HEADER_BYTES:
        return frozenset()
    entries = list(_read_directory(content))
    if not entries:
        return frozenset()
    names: set[str] = set()
    waiting, seen = [entries[0].child], set[int]()
    while waiting:
        place = waiting.pop()
        if place in seen or place >= len(entries):
            continue
        seen.add(place)
        names.add(entries[place].name)
        waiting += [entries[place].left, entries[place].right]
    return frozenset(names)


def _read_directory(content: bytes) -> Iterator[_Entry]:
    shift = struct.unpack_from("<H", content, 30)[0]
    sector = struct.unpack_from("<I", content, 48)[0]
    size = 1 << shift if shift in {9, 12} else HEADER_BYTES
    next_sectors = _allocation(content, size)
    seen: set[int] = set()
    while sector < LAST_SECTOR and sector not in seen and len(seen) < MAX_ENTRIES:
        seen.add(sector)
        part = content[(sector + 1) * size : (sector + 2) * size]
        for start in range(0, len(part) - ENTRY_BYTES + 1, ENTRY_BYTES):
            yield _read_entry(part, start)
        sector = next_sectors[sector] if sector < len(next_sectors) else LAST_SECTOR


def _read_entry(sector: bytes, start: int) -> _Entry:
    length = struct.unpack_from("<H", sector, start + 64)[0]
    name = sector[start : start + min(max(length - 2, 0), 62)]
    left, right, child = struct.unpack_from("<III", sector, start + 68)
    return _Entry(name.decode("utf-16-le", errors="replace"), left, right, child)


def _allocation(content: bytes, size: int) -> tuple[int, ...]:
    """Return which sector follows each sector; the header's own list of 109 is enough here."""
    listed = struct.unpack_from("<109I", content, 76)
    table = b"".join(
        content[(sector + 1) * size : (sector + 2) * size]
        for sector in listed
        if sector < LAST_SECTOR
    )
    return struct.unpack_from(f"<{len(table) // 4}I", table)
