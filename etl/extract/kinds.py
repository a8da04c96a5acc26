"""Tell what a file is by its content; its name is never asked.

Signatures come from the formats' own specifications. What has none is text, and text is a
table unless it is plainly something else: a page, a document of markup, JSON.
"""

from __future__ import annotations

import codecs
import re
import zipfile
from pathlib import Path

from etl.extract import ole
from etl.extract.decoding import candidates
from etl.extract.json_text import is_json
from etl.extract.markup import PACKAGE_ERRORS

HEAD_BYTES = 1 << 16
TAR_MARK = slice(257, 262)

READABLE = frozenset({"csv", "xlsx", "xls", "ods", "html"})
NAMES = {
    "archive": "an archive, or an archive within an archive",
    "binary": "not text and of no kind that is known",
    "csv": "delimited text",
    "doc": "a Word document",
    "docx": "a Word document",
    "empty": "empty",
    "encrypted": "protected by a password or by document security",
    "executable": "a program",
    "html": "a page (HTML)",
    "hwp": "a Hangul document (HWP)",
    "hwpx": "a Hangul document (HWPX)",
    "image": "an image",
    "json": "JSON",
    "media": "sound or film",
    "mhtml": "a web archive (MHTML)",
    "ods": "a workbook (ODS)",
    "odt": "a text document",
    "pdf": "a PDF document",
    "ppt": "a presentation",
    "pptx": "a presentation",
    "rda": "R data",
    "xls": "a workbook (XLS)",
    "xlsx": "a workbook (XLSX)",
    "xlsb": "a binary Excel workbook (XLSB)",
    "xml": "a document of markup (XML)",
}

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PK\x07\x08", "zip"),
    (ole.SIGNATURE, "ole"),
    (b"HWP Document File", "hwp"),
    (b"SCDSA00", "encrypted"),  # SoftCamp Document Security
    (b"<DOCUMENT SAFER", "encrypted"),  # MarkAny Document SAFER
    (b"\x9b DRMONE", "encrypted"),  # Fasoo DRM
    (b"-----BEGIN PGP", "encrypted"),
    (b"Salted__", "encrypted"),
    (b"%!PS", "postscript"),
    (b"{\\rtf", "rtf"),
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"FEA1", "arrow"),
    (b"ORC", "orc"),
    (b"Obj\x01", "avro"),
    (b"SQLite format 3\x00", "sqlite"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"\x00\x01\x00\x00Standard Jet DB", "access"),
    (b"\x00\x01\x00\x00Standard ACE DB", "access"),
    (b"<stata_dta>", "stata"),
    (b"$FL2", "spss"),
    (b"$FL3", "spss"),
    (b"RDX2\n", "rda"),
    (b"RDX3\n", "rda"),
    (b"RDA2\n", "rda"),
    (b"RDA3\n", "rda"),
    (b"X\n\x00\x00\x00\x02", "rda"),
    (b"X\n\x00\x00\x00\x03", "rda"),
    (b"\x00\x00\x27\x0a\x00\x00\x00\x00", "shapefile"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"Rar!\x1a\x07", "archive"),
    (b"EGGA", "archive"),
    (b"ALZ\x01", "archive"),
    (b"BZh", "archive"),
    (b"\xfd7zXZ\x00", "archive"),
    (b"\x28\xb5\x2f\xfd", "archive"),
    (b"MSCF\x00\x00", "archive"),
    (b"\x1f\x9d", "archive"),
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF87a", "image"),
    (b"GIF89a", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
    (b"8BPS", "image"),
    (b"OggS", "media"),
    (b"fLaC", "media"),
    (b"\x7fELF", "executable"),
    (b"\xca\xfe\xba\xbe", "executable"),
    (b"\xcf\xfa\xed\xfe", "executable"),
    (b"\xfe\xed\xfa\xce", "executable"),
    (b"L\x00\x00\x00\x01\x14\x02\x00", "executable"),  # a Windows shortcut
    (b"#!/", "executable"),
)
_BIFF_OPENING = re.compile(rb"\x09[\x00\x02\x04\x08][\x04\x06\x08\x0a\x0c\x0e\x10]\x00", re.DOTALL)
_PAGE = re.compile(
    r"<(?:!doctype\s+html|html|head|body|table|meta|style|title|div|center|frameset)\b",
    re.IGNORECASE,
)
_BEFORE_A_PAGE = re.compile(
    r"<!--.*?-->|<\?.*?\?>|<![^>]*>|<(?:script|link|base)\b[^>]*>", re.DOTALL | re.IGNORECASE
)
_MHTML = re.compile(r"(?:from|mime-version|content-type|subject|date):[^\n]*\n", re.IGNORECASE)
_ELEMENT = re.compile(
    r"<(?P<name>[A-Za-z_][\w.:-]*)(?:\s+[\w.:-]+\s*=\s*[\"'][^\"'<]*[\"'])*\s*/?>"
)
_OLE_KINDS = (
    ("EncryptedPackage", "encrypted"),
    ("DataSpaces", "encrypted"),
    ("FileHeader", "hwp"),
    ("Workbook", "xls"),
    ("Book", "xls"),
    ("WordDocument", "doc"),
    ("PowerPoint Document", "ppt"),
)
_ODF_KINDS = (
    ("application/vnd.oasis.opendocument.spreadsheet", "ods"),
    ("application/hwp+zip", "hwpx"),
    ("application/vnd.oasis.opendocument.", "odt"),
    ("application/epub+zip", "epub"),
)
_PACKAGE_KINDS = (
    ("xl/workbook.bin", "xlsb"),
    ("word/document.xml", "docx"),
    ("ppt/presentation.xml", "pptx"),
    ("xl/workbook.xml", "xlsx"),
    ("Contents/header.xml", "hwpx"),
    ("META-INF/MANIFEST.MF", "executable"),
)


def sniff(path: Path) -> str:
    """Return what a file is: `csv` for delimited text, `gzip` and `zip` for containers.

    Args:
        path: The file; not modified.

    Returns:
        One of `READABLE`, a container, or the name of a kind that is not read.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        return "empty"
    kind = _by_signature(head)
    if kind == "ole":
        return _ole_kind(path)
    if kind == "zip":
        return _zip_kind(path)
    return kind or _text_kind(path, head)


def name_kind(kind: str) -> str:
    """Return what a kind is called in a sentence.

    Examples:
        >>> name_kind("pdf"), name_kind("parquet")
        ('a PDF document', 'of the kind parquet')
    """
    return NAMES.get(kind, f"of the kind {kind}")


def _by_signature(head: bytes) -> str | None:
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if _BIFF_OPENING.match(head):
        return "xls"
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head[TAR_MARK] == b"ustar":
        return "archive"
    return _by_later_bytes(head)


def _by_later_bytes(head: bytes) -> str | None:
    """Tell kinds whose first bytes alone could open a text."""
    has_nul = b"\x00" in head[:512]
    if head[:2] == b"MZ" and has_nul:
        return "executable"
    if head[:4] == b"RIFF" and has_nul:
        return "image" if head[8:12] == b"WEBP" else "media"
    if head[4:8] == b"ftyp":
        return "image" if head[8:12] in {b"heic", b"mif1", b"avif"} else "media"
    if (head[:2] == b"BM" or head[:4] == b"\x00\x00\x01\x00") and has_nul:
        return "image"
    if head[:3] == b"ID3" and has_nul:
        return "media"
    return None


def _ole_kind(path: Path) -> str:
    entries = ole.list_entries(path)
    names = {name.lstrip("\x00\x01\x03\x05\x06").lower() for name in entries}
    for name, kind in _OLE_KINDS:
        if name.lower() in names:
            return kind
    return "ole"


def _zip_kind(path: Path) -> str:
    """Tell documents that are ZIP archives from archives; those stay `zip`."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            mime = _mime_type(archive) if "mimetype" in names else ""
    except PACKAGE_ERRORS:
        return "zip"
    for prefix, kind in _ODF_KINDS:
        if mime.startswith(prefix):
            return kind
    lowered = {name.replace("\\", "/").lower() for name in names}
    for name, kind in _PACKAGE_KINDS:
        if name.lower() in lowered:
            return kind
    return "zip"


def _mime_type(archive: zipfile.ZipFile) -> str:
    with archive.open("mimetype") as file:
        return file.read(100).decode("ascii", errors="replace").strip()


def _text_kind(path: Path, head: bytes) -> str:
    text = _as_text(head)
    begun = text.lstrip("\ufeff \t\r\n\x0b\x0c")
    if begun.startswith("<"):
        return _markup_kind(path, begun)
    if begun[:1] in {"{", "["} and is_json(begun, is_whole=len(head) < HEAD_BYTES):
        return "json"
    if len(_MHTML.findall(begun[:2000])) >= 2 and "boundary=" in begun[:4000].lower():
        return "mhtml"
    return "binary" if _is_binary(text) else "csv"


def _as_text(head: bytes) -> str:
    """Decode enough to see signs of ASCII; what text really says is decided elsewhere."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", errors="replace")
    encoding = candidates(head[: 1 << 12])[0]
    if encoding.startswith("utf-16"):
        return head.decode(encoding, errors="replace")
    return head.removeprefix(codecs.BOM_UTF8).decode("latin-1")


def _markup_kind(path: Path, begun: str) -> str:
    if "<HWPML" in begun[:4096].upper():
        return "hwp"
    if "<svg" in begun[:4096].lower():
        return "image"
    return "html" if _opens_a_page(begun) else _xml_or_text(path, begun)


def _opens_a_page(begun: str) -> bool:
    """Tell whether a tag of pages comes first, but for what may stand before one."""
    page = _PAGE.search(begun)
    return page is not None and not _BEFORE_A_PAGE.sub("", begun[: page.start()]).strip()


def _xml_or_text(path: Path, begun: str) -> str:
    """Tell a document of markup from a table whose first cell begins with `<`."""
    if begun.startswith("<?xml"):
        return "xml"
    element = _ELEMENT.match(begun)
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 256))
        tail = file.read().rstrip(b" \t\r\n\x00")
    closing = f"</{element['name']}>".encode("latin-1", "replace") if element else b""
    return "xml" if element and tail.endswith(closing) else "csv"


def _is_binary(text: str) -> bool:
    """Tell bytes that no writer of text makes: many control characters."""
    sample = text[:4096]
    controls = sum(1 for sign in sample if sign < " " and sign not in "\t\r\n\x0b\x0c\x1a\x1b")
    return controls * 10 > len(sample)
