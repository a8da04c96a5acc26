"""From a file of any kind to its table."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl.errors import SourceFormatError
from etl.extract.opening import open_supplied
from etl.extract.sheet_choice import Wanted
from etl.settings import Limits
from tests.unit.extract.workbooks import cells_of, write_biff5, write_ods, write_xlsx, zipped

SAMPLES = os.environ.get("MADANG_SAMPLES")
TEXT = "코드,이름\n1,가\n".encode("cp949")
PAGE = "<table><tr><td>코드</td><td>이름</td></tr></table>".encode()
CANARY = "김카나리"


def supply(tmp_path, content, wanted=None):
    path = tmp_path / f"{CANARY}.pdf"
    path.write_bytes(content)
    folder = tmp_path / "folder"
    folder.mkdir(exist_ok=True)
    return open_supplied(path, wanted or Wanted(), Limits(), folder)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return one small workbook of each kind, as bytes."""
    folder = tmp_path_factory.mktemp("made")
    rows = [["코드", "이름", "날"], ["001", "가", 2.5], ["002", "나", 3]]
    xlsx = write_xlsx(folder / "a", lambda sheet: [sheet.append(row) for row in rows])
    xls = write_biff5(folder / "b", [["코드".encode("cp949"), 1.0]], code_page=None)
    cell = "<table:table-cell><text:p>가</text:p></table:table-cell>"
    row = f"<table:table-row>{cell}{cell}</table:table-row>"
    ods = write_ods(folder / "c", f'<table:table table:name="표">{row}</table:table>')
    paths = {"xlsx": xlsx, "xls": xls, "ods": ods}
    return {kind: path.read_bytes() for kind, path in paths.items()} | {"html": PAGE}


def test_text_is_handed_on_as_it_was_supplied(tmp_path):
    supplied = supply(tmp_path, TEXT)

    assert (supplied.kind, supplied.content, supplied.grid) == ("csv", "csv", None)
    assert supplied.text.read_bytes() == TEXT


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods", "html"])
@pytest.mark.parametrize(
    ("pack", "shown"),
    [
        pytest.param(lambda content: content, None, id="alone"),
        pytest.param(gzip.compress, None, id="gzipped"),
        pytest.param(lambda content: zipped({"a": content}), "zip", id="in a ZIP"),
    ],
)
def test_a_workbook_is_opened_alone_or_packed(tmp_path, made, kind, pack, shown):
    supplied = supply(tmp_path, pack(made[kind]))

    assert (supplied.kind, supplied.content) == (shown or kind, kind)
    assert supplied.text is None
    assert cells_of(supplied.grid)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param(b"", "empty", id="nothing"),
        pytest.param(b"%PDF-1.7", "pdf", id="PDF"),
        pytest.param(b'{"a": 1}', "json", id="JSON"),
        pytest.param(zipped({"a.pdf": b"%PDF-1.7"}), "pdf", id="PDF in a ZIP"),
        pytest.param(gzip.compress(b"RDX3\nX\n"), "rda", id="R data, which are gzipped"),
        pytest.param(zipped({"a.zip": zipped({"b.csv": TEXT})}), "archive", id="ZIP in a ZIP"),
        pytest.param(b"SCDSA004\0", "encrypted", id="document security"),
    ],
)
def test_what_is_not_read_is_named_with_a_way_out(tmp_path, content, kind):
    with pytest.raises(SourceFormatError) as caught:
        supply(tmp_path, content)

    assert caught.value.facts == {"kind": kind, "status": "refused"}
    assert "Nothing was read." in caught.value.message
    assert caught.value.message.endswith("supply it again.")
    assert CANARY not in caught.value.message


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300))
def test_any_bytes_are_opened_or_refused(tmp_path, content):
    open_or_refuse(tmp_path, content)


SIGNATURES = [
    b"PK\x03\x04",
    b"\x1f\x8b\x08\0",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"\t\x08\x08\0",
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(begun=st.sampled_from([*SIGNATURES, b"<table><tr>", b"<?xml", b"{", b"["]),
       content=st.binary(max_size=700))  # fmt: skip
def test_bytes_behind_a_signature_are_opened_or_refused(tmp_path, begun, content):
    open_or_refuse(tmp_path, begun + content)


HARM = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    kind=st.sampled_from(["xlsx", "xls", "ods", "html"]),
    harm=HARM,
    kept=st.sampled_from([1.0, 0.99, 0.5]),
)
def test_a_harmed_workbook_is_opened_or_refused(tmp_path, made, kind, harm, kept):
    content = bytearray(made[kind])
    for place, byte in harm:  # where it falls depends on the size, which the time of day changes
        content[place % len(content)] = byte

    open_or_refuse(tmp_path, bytes(content[: int(len(content) * kept)]))


def open_or_refuse(tmp_path, content):
    try:
        supplied = supply(tmp_path, content)
    except SourceFormatError as refusal:
        outcome = refusal.facts["status"]
    else:
        outcome = "read" if supplied.text or cells_of(supplied.grid) else "nothing"
    assert outcome in {"read", "refused", "question"}


@pytest.mark.skipif(not SAMPLES, reason="MADANG_SAMPLES does not say where the real files are")
@pytest.mark.parametrize(
    ("name", "kind", "sheet", "size", "last"),
    [
        pytest.param(
            "real-data/opinet_gas_station_title_rows.xls", "xls", "지역_위치별(주유소)", (49, 10),
            "1330", id="BIFF that names no code page",
        ),
        pytest.param(
            "real-data/welfare_facility_list_2022.xls", "html", None, (3800, 7), "",
            id="a page called a workbook",
        ),
        pytest.param(
            "real-data/kosis_population_raw_merged.xlsx", "xlsx", "데이터", (848, 16), None,
            id="a table and a sheet about it",
        ),
        pytest.param(
            "real-data/cheonan_private_parking.xlsx", "xlsx", "Sheet1", (68, 32), None,
            id="cells of time",
        ),
        pytest.param(
            "real-data/highway_2020.xlsx", "xlsx", "05.고속국도 현황", (43, 10), "",
            id="a merged footnote",
        ),
        pytest.param(
            "nasty-csv/frictionless-py__preserve-formatting.xlsx", "xlsx", "Sheet1", (2, 11),
            "2040-05-20", id="numbers by their formats",
        ),
    ],
)  # fmt: skip
def test_real_workbooks_are_opened(tmp_path, name, kind, sheet, size, last):
    supplied = open_supplied(Path(SAMPLES) / name, Wanted(), Limits(), tmp_path)

    cells = cells_of(supplied.grid)
    assert (supplied.kind, supplied.grid.name, (len(cells), len(cells[0]))) == (kind, sheet, size)
    assert last is None or cells[-1][-1] == last


@pytest.mark.skipif(not SAMPLES, reason="MADANG_SAMPLES does not say where the real files are")
def test_two_real_tables_in_one_workbook_are_a_question(tmp_path):
    with pytest.raises(SourceFormatError, match="2 sheets may be the table") as caught:
        open_supplied(
            Path(SAMPLES) / "real-data/TB_PTP_PRK_M_tableinfo.xlsx", Wanted(), Limits(), tmp_path
        )

    assert caught.value.facts["contract_lines"] == "layout: {sheet: 1}"
