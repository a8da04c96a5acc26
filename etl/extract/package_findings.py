"""Report what an XLSX workbook holds beside its cells: counts and places, never contents."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator, Sequence

from etl.extract.decisions import Finding
from etl.extract.markup import parse_part, read_member
from etl.settings import Limits

KIND = "xlsx"
PLACES = 20  # as many as a person reads; the count says how many there are

# Folders and parts of a workbook by what they mean to who receives it
_PARTS = (
    ("macros", "xl/vbaproject.bin"),
    ("external links", "xl/externallinks/externallink"),
    ("pivot tables", "xl/pivotcache/pivotcachedefinition"),
    ("drawings", "xl/media/"),
    ("embedded files", "xl/embeddings/"),
    ("connections", "xl/connections.xml"),
)
_PROPERTIES = ("docprops/core.xml", "docprops/app.xml", "docprops/custom.xml")


def list_findings(
    archive: zipfile.ZipFile, limits: Limits, sheets: Sequence[str]
) -> tuple[Finding, ...]:
    """Return what a workbook holds beside its cells.

    Args:
        archive: The workbook.
        limits: How large a part may be that is parsed.
        sheets: Paths of the sheets' markup, in order.
    """
    parts = {name.replace("\\", "/").lower(): name for name in archive.namelist()}
    found = [
        Finding(what, count)
        for what, prefix in _PARTS
        if (count := sum(part.startswith(prefix) and "_rels" not in part for part in parts))
    ]
    comments = list(_comments(archive, limits, parts, sheets))
    if comments:
        found.append(Finding("comments", len(comments), tuple(comments[:PLACES])))
    properties = sum(
        bool((element.text or "").strip())
        for part in _PROPERTIES
        if part in parts
        for element in parse_part(read_member(archive, parts[part], limits, KIND), KIND).iter()
    )
    return (*found, Finding("properties", properties)) if properties else tuple(found)


def _comments(
    archive: zipfile.ZipFile, limits: Limits, parts: dict[str, str], sheets: Sequence[str]
) -> Iterator[str]:
    """Yield where the comments are; a thread of them stands as one."""
    for number, sheet in enumerate(sheets, start=1):
        folder, name = posixpath.split(sheet.replace("\\", "/").lower())
        relations = parts.get(f"{folder}/_rels/{name}.rels")
        if not relations:
            continue
        for relation in parse_part(read_member(archive, relations, limits, KIND), KIND):
            if not (relation.get("Type") or "").endswith("/comments"):
                continue
            target = posixpath.normpath(posixpath.join("/", folder, relation.get("Target") or ""))
            part = parts.get(target.lstrip("/").lower())
            if part:
                root = parse_part(read_member(archive, part, limits, KIND), KIND)
                for comment in root.iterfind("{*}commentList/{*}comment"):
                    yield f"sheet {number}, {comment.get('ref') or '?'}"
