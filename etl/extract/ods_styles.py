"""Read what the styles of an ODS workbook mean: masks of numbers, and sheets that are hidden."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import IO

from lxml import etree

from etl.extract.markup import iterate_part

KIND = "ods"
NAMESPACES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "number": "urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0",
}


@dataclass(frozen=True, slots=True)
class Styles:
    """What the workbook's styles say.

    Attributes:
        masks: Masks by the names of the cell styles that have one.
        hidden: Names of the table styles that hide their sheet.
    """

    masks: dict[str, str]
    hidden: frozenset[str]


def name_of(qualified: str) -> str:
    """Return a name of the specification as lxml writes it.

    Examples:
        >>> name_of("table:name")
        '{urn:oasis:names:tc:opendocument:xmlns:table:1.0}name'
    """
    prefix, name = qualified.split(":")
    return f"{{{NAMESPACES[prefix]}}}{name}"


def read_styles(archive: zipfile.ZipFile) -> Styles:
    """Collect the styles of both parts that hold them; each names its own numbers.

    Raises:
        SourceFormatError: A part is damaged or declares a document type.
    """
    masks: dict[str, str] = {}
    hidden: set[str] = set()
    for part in ("styles.xml", "content.xml"):
        if part in archive.namelist():
            with archive.open(part) as file:
                _collect_styles(file, masks, hidden)
    return Styles({name: mask for name, mask in masks.items() if mask}, frozenset(hidden))


def _collect_styles(file: IO[bytes], masks: dict[str, str], hidden: set[str]) -> None:
    """Add a part's styles; what they inherit must have been added before."""
    numbers: dict[str, str] = {}
    for element in iterate_part(file, KIND, ("number-style", "style", "table-row")):
        if element.tag == name_of("table:table-row"):
            break  # the sheets have begun
        name = element.get(name_of("style:name")) or ""
        if element.tag == name_of("number:number-style"):
            numbers[name] = _mask(element)
        elif element.tag == name_of("style:style"):
            own = element.get(name_of("style:data-style-name"))
            inherited = masks.get(element.get(name_of("style:parent-style-name")) or "", "")
            masks[name] = inherited if own is None else numbers.get(own, "")
            shown = element.find("style:table-properties", NAMESPACES)
            if shown is not None and shown.get(name_of("table:display")) == "false":
                hidden.add(name)


def _mask(style: etree._Element) -> str:
    """Return the mask of a number style that pads or joins digits, else nothing."""
    number = style.find("number:number", NAMESPACES)
    if number is None or number.get(name_of("number:grouping")) == "true":
        return ""
    digits = int(number.get(name_of("number:min-integer-digits")) or 1)
    decimals = int(number.get(name_of("number:decimal-places")) or 0)
    if decimals or digits < 2:
        return ""
    places = list("0" * min(digits, 30))
    embedded = number.findall("number:embedded-text", NAMESPACES)
    for text in sorted(embedded, key=lambda text: text.get(name_of("number:position")) or ""):
        position = int(text.get(name_of("number:position")) or 0)
        if 0 < position < digits:
            places[len(places) - position] = f'"{text.text or ""}"0'
    return "".join(places)
