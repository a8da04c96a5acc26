"""Take a file out of a gzip or ZIP container, within limits and under a name of our own."""

from __future__ import annotations

import gzip
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from etl.extract.decisions import Decision
from etl.extract.kinds import READABLE, name_kind, sniff
from etl.extract.markup import PACKAGE_ERRORS
from etl.extract.refusing import ask, exceed, refuse
from etl.settings import Limits

CHUNK_BYTES = 1 << 20
ENCRYPTED_FLAG, UTF8_FLAG = 0x1, 0x800
CONTAINERS = frozenset({"gzip", "zip", "archive"})
# What macOS and Windows add to archives by themselves
_JUNK_FOLDERS = frozenset({"__MACOSX"})
_JUNK_NAMES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A file that was taken out of a container.

    Attributes:
        path: Where it lies now.
        kind: What it is by its content.
        decision: How it was found.
    """

    path: Path
    kind: str
    decision: Decision


def unpack_gzip(source: Path, limits: Limits, folder: Path) -> Unpacked:
    """Unpack a gzip file.

    Args:
        source: The file; not modified.
        limits: How much may come out of it.
        folder: Where to; not the file's own.

    Raises:
        SourceFormatError: It is damaged, beyond a limit, or holds another archive.
    """
    target = folder / "unpacked"
    try:
        with gzip.open(source) as packed:
            _copy(packed.read, target, "gzip", limits, source.stat().st_size)
    except PACKAGE_ERRORS:
        raise refuse("gzip", "The gzip file is damaged or cut off") from None
    kind = _inner_kind(target)
    return Unpacked(
        target, kind, Decision("container", "gzip", f"what it holds is {name_kind(kind)}", 1.0)
    )


def unpack_zip(source: Path, wanted: str | int | None, limits: Limits, folder: Path) -> Unpacked:
    """Unpack the one table of a ZIP archive.

    Args:
        source: The archive; not modified.
        wanted: Name or number of the file to take; None to take the only table.
        limits: How many files it may hold, and how much may come out of it.
        folder: Where to; not the archive's own.

    Raises:
        SourceFormatError: It is damaged, encrypted, beyond a limit, holds no table or another
            archive; or it holds several tables, and none is named.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            members = _members(archive, limits)
            chosen = members if wanted is None else [_find(members, wanted)]
            found = [_unpack_member(archive, member, limits, folder) for member in chosen]
    except PACKAGE_ERRORS:
        raise refuse("zip", "The ZIP archive is damaged, cut off or packed in a rare way") from None
    return _choose(found, len(members), is_named=wanted is not None)


def _members(archive: zipfile.ZipFile, limits: Limits) -> list[zipfile.ZipInfo]:
    """Return the archive's files, without what systems add by themselves."""
    entries = archive.infolist()
    if len(entries) > limits.members:
        raise exceed("zip", "members", f"has {len(entries):,} entries", limits.members)
    members = [entry for entry in entries if not entry.is_dir() and not _is_junk(entry.filename)]
    if not members:
        raise refuse("zip", "The ZIP archive holds no file")
    if any(member.flag_bits & ENCRYPTED_FLAG for member in members):
        raise refuse("encrypted", "The ZIP archive is protected by a password")
    return members


def _is_junk(name: str) -> bool:
    path = PurePosixPath(name)
    is_shadow = path.name.startswith("._")
    return is_shadow or path.name in _JUNK_NAMES or not _JUNK_FOLDERS.isdisjoint(path.parts)


def _find(members: list[zipfile.ZipInfo], wanted: str | int) -> zipfile.ZipInfo:
    if isinstance(wanted, int):
        found = members[wanted - 1 : wanted] if wanted > 0 else []
    else:
        asked = unicodedata.normalize("NFC", wanted)
        found = [member for member in members if asked in _spellings(member)]
    if len(found) != 1:
        raise refuse(
            "zip",
            f"{len(found)} of the archive's {len(members)} files are the one that the contract"
            " names (layout.member)",
            "Pack the file under that name",
        )
    return found[0]


def _spellings(member: zipfile.ZipInfo) -> set[str]:
    """Return a member's name as its archiver may have meant it, with and without its folder."""
    names = {member.filename}
    if not member.flag_bits & UTF8_FLAG:
        raw = member.filename.encode("cp437", errors="replace")
        for encoding in ("utf-8", "cp949"):
            try:
                names.add(raw.decode(encoding))
            except UnicodeDecodeError:
                continue
    whole = {unicodedata.normalize("NFC", name).replace("\\", "/") for name in names}
    return whole | {PurePosixPath(name).name for name in whole}


def _unpack_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, limits: Limits, folder: Path
) -> tuple[Path, str]:
    target = folder / f"member-{member.header_offset}"
    with archive.open(member) as packed:
        _copy(packed.read, target, "zip", limits, member.compress_size)
    return target, _inner_kind(target)


def _choose(found: list[tuple[Path, str]], members: int, *, is_named: bool) -> Unpacked:
    tables = [number for number, (_, kind) in enumerate(found, start=1) if kind in READABLE]
    if len(tables) > 1:
        numbers = ", ".join(map(str, tables))
        raise ask(
            "zip",
            f"{len(tables)} files of the ZIP archive can be read as a table (number {numbers})",
            f"layout: {{member: {tables[0]}}}",
        )
    if not tables and len(found) > 1:
        raise refuse("zip", f"None of the {len(found)} files in the ZIP archive is a table")
    path, kind = found[tables[0] - 1] if tables else found[0]
    evidence = "the contract names it" if is_named else f"the only table among its {members} files"
    return Unpacked(path, kind, Decision("container", "zip", evidence, 1.0))


def _inner_kind(path: Path) -> str:
    kind = sniff(path)
    return "archive" if kind in CONTAINERS else kind


def _copy(
    read: Callable[[int], bytes], target: Path, kind: str, limits: Limits, packed_bytes: int
) -> None:
    """Unpack into a file, and stop at the limits whatever the container promised."""
    written = 0
    with target.open("wb") as out:
        while chunk := read(CHUNK_BYTES):
            written += len(chunk)
            if written > limits.unpacked_bytes:
                raise exceed(kind, "unpacked_bytes", "unpacks to more bytes", limits.unpacked_bytes)
            if written > limits.ratio_from_bytes and written > limits.ratio * max(packed_bytes, 1):
                raise exceed(kind, "ratio", "unpacks to too many times its size", limits.ratio)
            out.write(chunk)
