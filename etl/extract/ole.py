"""List what an OLE2 compound file holds: workbooks, Hangul documents and encrypted files share it.

The structure is published as [MS-CFB]; only the directory is read here.
"""

from __future__ import annotations

import struct
from pathlib import Path

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HEADER_BYTES, ENTRY_BYTES = 512, 128
LAST_SECTOR = 0xFFFFFFFA  # numbers from here on are marks, not sectors
MAX_ENTRIES = 10_000


def list_entries(path: Path) -> frozenset[str]:
    """Return the names of streams and storages, as far as the directory can be followed.

    Args:
        path: A file that begins with the signature; not modified.
    """
    content = path.read_bytes()
    if len(content) < HEADER_BYTES:
        return frozenset()
    shift = struct.unpack_from("<H", content, 30)[0]
    first = struct.unpack_from("<I", content, 48)[0]
    size = 1 << shift if shift in {9, 12} else HEADER_BYTES
    next_sectors = _allocation(content, size)
    names: set[str] = set()
    seen: set[int] = set()
    sector = first
    while sector < LAST_SECTOR and sector not in seen and len(names) < MAX_ENTRIES:
        seen.add(sector)
        names |= _names(content[(sector + 1) * size : (sector + 2) * size])
        sector = next_sectors[sector] if sector < len(next_sectors) else LAST_SECTOR
    return frozenset(names)


def _allocation(content: bytes, size: int) -> tuple[int, ...]:
    """Return which sector follows each sector; the header's own list of 109 is enough here."""
    listed = struct.unpack_from("<109I", content, 76)
    table = b"".join(
        content[(sector + 1) * size : (sector + 2) * size]
        for sector in listed
        if sector < LAST_SECTOR
    )
    return struct.unpack_from(f"<{len(table) // 4}I", table)


def _names(sector: bytes) -> set[str]:
    names = set()
    for start in range(0, len(sector) - ENTRY_BYTES + 1, ENTRY_BYTES):
        length = struct.unpack_from("<H", sector, start + 64)[0]
        is_used = sector[start + 66] in {1, 2, 5}
        if is_used and 2 < length <= 64:
            text = sector[start : start + length - 2]
            names.add(text.decode("utf-16-le", errors="replace"))
    return names
