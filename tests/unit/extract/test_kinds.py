"""What a file is, by its content alone."""

from __future__ import annotations

import gzip

import pytest

from etl.extract.kinds import sniff
from tests.unit.extract.workbooks import write_biff5, write_ods, write_xlsx, zipped

TABLE = "<table><tr><td>가</td></tr></table>"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param(b"", "empty", id="nothing"),
        pytest.param("코드,이름\n1,가\n".encode("cp949"), "csv", id="text of CP949"),
        pytest.param("코드,이름\n".encode("utf-16"), "csv", id="text of UTF-16 with a mark"),
        pytest.param("코드,이름\n".encode("utf-16-le"), "csv", id="text of UTF-16 without a mark"),
        pytest.param("\ufeff코드,이름\n".encode(), "csv", id="text with a mark"),
        pytest.param(b"\tx,y\n", "csv", id="text that begins with a tab"),
        pytest.param(b"MZ,name\n1,a\n", "csv", id="a header like a program's signature"),
        pytest.param(b"BM,name\n1,a\n", "csv", id="a header like an image's signature"),
        pytest.param(b"[code],{name}\n1,2\n", "csv", id="a header in brackets"),
        pytest.param(b"[1],[2]\n[3],[4]\n", "csv", id="cells in brackets"),
        pytest.param(b"{a},{b}\n1,2\n", "csv", id="a header in braces"),
        pytest.param(b"<code>,<name>\n1,2\n", "csv", id="a header in angle brackets"),
        pytest.param(b"<b>code</b>,name\n1,2\n", "csv", id="a header in bold"),
        pytest.param(b'{"a": [1, {"b": null}]}', "json", id="JSON"),
        pytest.param(b'\n [\n {"a": 1}\n]\n', "json", id="a list of JSON after blanks"),
        pytest.param(b'[{"a": "x", "b": "y', "json", id="JSON that is cut off"),
        pytest.param(b'{"a": 1}\n{"a": 2}\n', "json", id="JSON line by line"),
        pytest.param(b'[{"a": "' + b"x" * 70_000 + b'"}]', "json", id="JSON with a long text"),
        pytest.param(TABLE.encode(), "html", id="a bare table"),
        pytest.param(f"{chr(10) * 21}<html>{TABLE}".encode(), "html", id="a page after blanks"),
        pytest.param(f"<!-- a --><!DOCTYPE html>{TABLE}".encode(), "html", id="a comment first"),
        pytest.param(f'<?xml version="1.0"?><html>{TABLE}</html>'.encode(), "html", id="XHTML"),
        pytest.param(f"<HTML>{TABLE}".encode("cp949"), "html", id="a page of CP949"),
        pytest.param(f"<html>{TABLE}".encode("utf-16"), "html", id="a page of UTF-16"),
        pytest.param(b"<?xml version='1.0'?><Workbook/>", "xml", id="a workbook of markup"),
        pytest.param(b"<data a='1'><x>1</x></data>\n", "xml", id="markup without a declaration"),
        pytest.param(
            b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n", "mhtml", id="MHTML"
        ),
        pytest.param(b"\r\n%PDF-1.7\n", "pdf", id="PDF after a line break"),
        pytest.param(b"HWP Document File V3.00 \x1a", "hwp", id="HWP 3"),
        pytest.param(gzip.compress(b"a,b\n"), "gzip", id="gzip"),
        pytest.param(zipped({"a.csv": b"a,b\n"}), "zip", id="ZIP"),
        pytest.param(zipped({"xl/workbook.xml": b""}), "xlsx", id="a package without its list"),
        pytest.param(
            zipped({"word/document.xml": b"", "[Content_Types].xml": b""}), "docx", id="Word"
        ),
        pytest.param(
            zipped({"xl/workbook.bin": b"", "[Content_Types].xml": b""}), "xlsb", id="XLSB"
        ),
        pytest.param(zipped({"mimetype": b"application/hwp+zip"}), "hwpx", id="HWPX"),
        pytest.param(zipped({"META-INF/MANIFEST.MF": b"", "A.class": b""}), "executable", id="JAR"),
        pytest.param(b"MZ\x90\x00\x03\x00\x00\x00", "executable", id="a program of Windows"),
        pytest.param(b"\x7fELF\x02\x01", "executable", id="a program of Linux"),
        pytest.param(b"7z\xbc\xaf\x27\x1c\x00", "archive", id="7z"),
        pytest.param(b"ALZ\x01\x0a\x00", "archive", id="ALZ"),
        pytest.param(b"RDX3\nX\n", "rda", id="R data"),
        pytest.param(b"PAR1\x15\x04", "parquet", id="Parquet"),
        pytest.param(b"SQLite format 3\x00", "sqlite", id="SQLite"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "image", id="PNG"),
        pytest.param(b"SCDSA004\x00\x01", "encrypted", id="document security"),
        pytest.param(bytes(range(1, 9)) * 100, "binary", id="control characters"),
    ],
)
def test_a_file_is_what_its_content_says(tmp_path, content, kind):
    path = tmp_path / "a.csv"
    path.write_bytes(content)

    assert sniff(path) == kind


def test_workbooks_are_told_from_other_packages(tmp_path):
    xlsx = write_xlsx(tmp_path / "a", lambda sheet: sheet.append(["x"]))
    ods = write_ods(tmp_path / "b", "")
    xls = write_biff5(tmp_path / "c", [[b"x"]], code_page=949)

    assert [sniff(path) for path in (xlsx, ods, xls)] == ["xlsx", "ods", "xls"]


@pytest.mark.parametrize(
    ("streams", "kind"),
    [
        pytest.param(["Workbook"], "xls", id="a workbook"),
        pytest.param(["Book"], "xls", id="an older workbook"),
        pytest.param(["WORKBOOK"], "xls", id="a workbook in capitals"),
        pytest.param(["FileHeader", "DocInfo"], "hwp", id="a Hangul document"),
        pytest.param(["EncryptedPackage", "EncryptionInfo"], "encrypted", id="an encrypted one"),
        pytest.param(["WordDocument"], "doc", id="a Word document"),
        pytest.param(
            ["WordDocument", "ObjectPool", "Workbook"], "doc", id="a workbook inside a document"
        ),
        pytest.param(["Workbook", "ObjectPool", "WordDocument"], "xls", id="and the reverse"),
        pytest.param(["Strange"], "ole", id="something else"),
    ],
)
def test_what_shares_the_ole_signature_is_told_by_its_streams(tmp_path, streams, kind):
    path = tmp_path / "a.xls"
    path.write_bytes(compound(streams))

    assert sniff(path) == kind


def compound(streams):
    """Return the smallest compound file with a directory of these; what follows a pool is in it."""
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    header[30:32] = (9).to_bytes(2, "little")
    header[48:52] = (1).to_bytes(4, "little")
    header[76:] = b"\xff" * (512 - 76)
    header[76:80] = (0).to_bytes(4, "little")
    allocation = bytearray(b"\xff" * 512)
    allocation[0:4] = (0xFFFFFFFD).to_bytes(4, "little")
    allocation[4:8] = (0xFFFFFFFE).to_bytes(4, "little")
    directory = bytearray(b"\xff" * 512)
    for number, name in enumerate(["Root Entry", *streams]):
        entry = name.encode("utf-16-le") + b"\0\0"
        start = number * 128
        directory[start : start + len(entry)] = entry
        directory[start + 64 : start + 66] = len(entry).to_bytes(2, "little")
        link = start + (68 if number else 76)  # the root has a child, each other a left neighbour
        if number < len(streams) and (number == 0 or name != "ObjectPool"):
            directory[link : link + 4] = (number + 1).to_bytes(4, "little")
    return bytes(header + allocation + directory)
