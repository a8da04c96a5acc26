"""Read what an XLSX workbook says about its sheets and formats."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lxml import etree

from etl.extract.markup import (
    damaged,
    parse_part,
    read_member,
    read_root,
    require_bounded,
    require_honest,
)
from etl.extract.number_formats import Meaning, NumberFormat, understand_format
from etl.extract.refusing import exceed, refuse
from etl.settings import Limits

KIND = "xlsx"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"


@dataclass(frozen=True, slots=True)
class Entry:
    """A sheet as the workbook lists it.

    Attributes:
        name: Its name.
        part: Path of its markup within the workbook.
        is_hidden: Whether it is not shown.
        is_cells: Whether it is a sheet of cells, and not a chart or a dialogue.
    """

    name: str
    part: str
    is_hidden: bool
    is_cells: bool


@dataclass(frozen=True, slots=True)
class Package:
    """What a workbook says about its sheets.

    Attributes:
        path: The file.
        entries: Its sheets.
        formats: What each cell format means, by its index.
        is_1904: Whether days count from 1904.
        limits: What a sheet may ask for.
    """

    path: Path
    entries: tuple[Entry, ...]
    formats: tuple[NumberFormat, ...]
    is_1904: bool
    limits: Limits

    def special_styles(self, *, is_date_trusted: bool) -> frozenset[int]:
        """Return the formats whose cells calamine does not write as they mean."""
        return frozenset(
            index
            for index, form in enumerate(self.formats)
            if form.meaning is not Meaning.NUMBER and not (form.is_plain_date and is_date_trusted)
        )


def read_package(path: Path, archive: zipfile.ZipFile, limits: Limits) -> Package:
    """Read what a workbook says about its sheets.

    Args:
        path: The file.
        archive: The same, opened.
        limits: What it may ask of the machine.

    Raises:
        SourceFormatError: It is damaged, or beyond a limit.
    """
    require_bounded(archive, limits, KIND)
    names = archive.namelist()
    # each sheet is unpacked and measured before calamine is asked for it
    require_honest(archive, [n for n in names if "/worksheets/" not in n.lower()], limits, KIND)
    if len(names) != len({name.lower() for name in names}):
        raise refuse(KIND, "The workbook holds two parts of one name")
    parts = {name.replace("\\", "/").lower(): name for name in names}

    def read(part: str) -> etree._Element | None:
        name = parts.get(part)
        return None if name is None else parse_part(read_member(archive, name, limits, KIND), KIND)

    workbook, relations = read("xl/workbook.xml"), read("xl/_rels/workbook.xml.rels")
    if workbook is None or relations is None:
        raise damaged(KIND)
    if "xl/sharedstrings.xml" in parts:
        _require_plausible(archive, parts["xl/sharedstrings.xml"])
    entries = tuple(_entries(workbook, relations, parts))
    if len(entries) > limits.sheets:
        raise exceed(KIND, "sheets", f"has {len(entries):,} sheets", limits.sheets)
    properties = workbook.find("{*}workbookPr")
    is_1904 = properties is not None and properties.get("date1904") in {"1", "true"}
    styles = read("xl/styles.xml")
    formats = () if styles is None else tuple(_formats(styles))
    return Package(path, entries, formats, is_1904, limits)


def _require_plausible(archive: zipfile.ZipFile, strings: str) -> None:
    """Refuse a count of texts beyond what their part can hold: calamine lays out memory for it."""
    count = read_root(partial(archive.open, strings), "sst", KIND).get("uniqueCount") or "0"
    if not count.isdecimal() or int(count) > archive.getinfo(strings).file_size:
        raise refuse(KIND, "The workbook promises more texts than it can hold")


def _entries(
    workbook: etree._Element, relations: etree._Element, parts: dict[str, str]
) -> Iterator[Entry]:
    targets = {
        relation.get("Id"): (relation.get("Target") or "", relation.get("Type") or "")
        for relation in relations.iterfind("{*}Relationship")
    }
    for sheet in workbook.iterfind("{*}sheets/{*}sheet"):
        identity = sheet.get(_RELATION) or sheet.get(_STRICT_RELATION)
        target, kind = targets.get(identity, ("", ""))
        path = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/").lower()
        is_cells = kind.endswith("/worksheet")
        if is_cells and path not in parts:
            raise damaged(KIND)
        is_hidden = (sheet.get("state") or "visible") != "visible"
        yield Entry(sheet.get("name") or "", parts.get(path, ""), is_hidden, is_cells)


def _formats(styles: etree._Element) -> Iterator[NumberFormat]:
    codes = {
        form.get("numFmtId"): form.get("formatCode") or "General"
        for form in styles.iterfind("{*}numFmts/{*}numFmt")
    }
    for cell in styles.iterfind("{*}cellXfs/{*}xf"):
        number = cell.get("numFmtId") or "0"
        yield understand_format(int(number) if number.isdecimal() else 0, codes.get(number))
