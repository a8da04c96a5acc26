"""Files in containers."""

from __future__ import annotations

import gzip
import unicodedata

import pytest

from etl.errors import SourceFormatError
from etl.extract.unpacking import unpack_gzip, unpack_zip
from etl.settings import Limits
from tests.unit.extract.workbooks import write_xlsx, zipped

TABLE = "코드,이름\n1,가\n".encode("cp949")
CANARY = "김카나리"


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "unpacked"
    made.mkdir()
    return made


def write(tmp_path, content):
    path = tmp_path / "supplied"
    path.write_bytes(content)
    return path


def test_a_gzip_file_gives_what_it_holds(tmp_path, folder):
    unpacked = unpack_gzip(write(tmp_path, gzip.compress(TABLE)), Limits(), folder)

    assert (unpacked.kind, unpacked.path.read_bytes()) == ("csv", TABLE)


def test_a_workbook_may_be_packed_though_it_is_an_archive_itself(tmp_path, folder):
    workbook = write_xlsx(tmp_path / "a", lambda sheet: sheet.append([1])).read_bytes()

    assert unpack_gzip(write(tmp_path, gzip.compress(workbook)), Limits(), folder).kind == "xlsx"
    packed = write(tmp_path, zipped({"b.xlsx": workbook}))
    assert unpack_zip(packed, None, Limits(), folder).kind == "xlsx"


def test_what_systems_add_to_archives_is_no_file(tmp_path, folder):
    packed = zipped(
        {"__MACOSX/._a.csv": b"\0", ".DS_Store": b"\0", "x/._b": b"\0", "x/a.csv": TABLE}
    )

    unpacked = unpack_zip(write(tmp_path, packed), None, Limits(), folder)

    assert (unpacked.kind, unpacked.path.read_bytes()) == ("csv", TABLE)


def test_one_table_among_other_files_is_found(tmp_path, folder):
    packed = write(tmp_path, zipped({"guide.pdf": b"%PDF-1.7", "a.csv": TABLE}))

    assert unpack_zip(packed, None, Limits(), folder).path.read_bytes() == TABLE


def test_several_tables_are_a_question_that_names_the_contract_lines(tmp_path, folder):
    packed = write(tmp_path, zipped({"a.pdf": b"%PDF-", f"{CANARY}.csv": TABLE, "c.csv": TABLE}))

    with pytest.raises(SourceFormatError, match=r"2 files .*number 2, 3") as caught:
        unpack_zip(packed, None, Limits(), folder)

    assert caught.value.facts["status"] == "question"
    assert caught.value.facts["contract_lines"] == "layout: {member: 2}"
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(2, id="by number"),
        pytest.param("자료/둘.csv", id="by its whole name"),
        pytest.param("둘.csv", id="by its name"),
    ],
)
@pytest.mark.parametrize("encoding", ["cp949", "utf-8", "nfd"])
def test_the_contract_names_one_of_several(tmp_path, folder, wanted, encoding):
    packed = write(tmp_path, foreign_zip({"하나.csv": b"a,b\n", "자료/둘.csv": TABLE}, encoding))

    assert unpack_zip(packed, wanted, Limits(), folder).path.read_bytes() == TABLE


def foreign_zip(files, encoding):
    """Return an archive whose names are bytes of a code page that it does not name."""
    raw = [
        unicodedata.normalize("NFD", name).encode() if encoding == "nfd" else name.encode(encoding)
        for name in files
    ]
    stand_ins = [letter * len(name) for letter, name in zip("QX", raw, strict=True)]
    content = zipped(dict(zip(stand_ins, files.values(), strict=True)))
    for stand_in, name in zip(stand_ins, raw, strict=True):
        content = content.replace(stand_in.encode(), name)
    return content


@pytest.mark.parametrize("wanted", [0, 3, "없음.csv"])
def test_a_file_that_the_contract_names_must_be_there(tmp_path, folder, wanted):
    packed = write(tmp_path, zipped({"a.csv": TABLE, "b.csv": TABLE}))

    with pytest.raises(SourceFormatError, match=r"0 of the archive's 2 files .*layout\.member"):
        unpack_zip(packed, wanted, Limits(), folder)


@pytest.mark.parametrize(
    "inner",
    [
        pytest.param(gzip.compress(TABLE), id="gzip"),
        pytest.param(zipped({"a.csv": TABLE}), id="ZIP"),
        pytest.param(b"7z\xbc\xaf\x27\x1c\0", id="7z"),
    ],
)
def test_an_archive_within_an_archive_is_called_that(tmp_path, folder, inner):
    assert unpack_gzip(write(tmp_path, gzip.compress(inner)), Limits(), folder).kind == "archive"
    packed = write(tmp_path, zipped({"a": inner}))
    assert unpack_zip(packed, None, Limits(), folder).kind == "archive"


@pytest.mark.parametrize(
    ("content", "message", "kind"),
    [
        pytest.param(zipped({}), "holds no file", "zip", id="empty"),
        pytest.param(zipped({"a/": b""}), "holds no file", "zip", id="folders only"),
        pytest.param(zipped({"a": b"%PDF-", "b": b"%PDF-"}), "None of the 2", "zip", id="no table"),
        pytest.param(zipped({"a": TABLE})[:-30], "damaged", "zip", id="cut off"),
        pytest.param(
            zipped({"a": TABLE * 9}).replace(b"\x14\x00\x00\x00\x08", b"\x14\x00\x01\x00\x08")
            .replace(b"\x14\x03\x14\x00\x00\x00", b"\x14\x03\x14\x00\x01\x00"),
            "protected by a password", "encrypted", id="encrypted",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_unpacked_is_refused_with_its_reason(
    tmp_path, folder, content, message, kind
):
    with pytest.raises(SourceFormatError, match=message) as caught:
        unpack_zip(write(tmp_path, content), None, Limits(), folder)

    assert caught.value.facts["kind"] == kind


@pytest.mark.parametrize("harm", [slice(0, -6), slice(0, 15)])
def test_a_gzip_file_that_is_cut_off_is_refused(tmp_path, folder, harm):
    packed = write(tmp_path, gzip.compress(TABLE * 1000)[harm])

    with pytest.raises(SourceFormatError, match="damaged or cut off"):
        unpack_gzip(packed, Limits(), folder)


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        pytest.param({"unpacked_bytes": 1 << 20}, "UNPACKED_BYTES", id="size"),
        pytest.param({"ratio": 100, "ratio_from_bytes": 1 << 20}, "RATIO", id="ratio"),
    ],
)
def test_a_bomb_is_stopped_while_it_unpacks(tmp_path, folder, limits, name):
    zeros = b"0" * (3 << 20)

    with pytest.raises(SourceFormatError, match=f"MADANG_MAX_{name}"):
        unpack_gzip(write(tmp_path, gzip.compress(zeros)), Limits(**limits), folder)
    with pytest.raises(SourceFormatError, match=f"MADANG_MAX_{name}"):
        unpack_zip(write(tmp_path, zipped({"a": zeros})), None, Limits(**limits), folder)
    assert max(path.stat().st_size for path in folder.iterdir()) <= 2 << 20


def test_an_archive_of_too_many_files_is_refused(tmp_path, folder):
    packed = write(tmp_path, zipped({"a": b"1", "b": b"2", "c": b"3"}))

    with pytest.raises(SourceFormatError, match="has 3 entries; the limit is 2"):
        unpack_zip(packed, None, Limits(members=2), folder)
