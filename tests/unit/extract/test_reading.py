"""Every record of a file is counted once, under its address, as it stands."""

from __future__ import annotations

import random
import traceback
from dataclasses import asdict

import openpyxl
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from etl.errors import SourceFormatError
from etl.extract import delimited
from etl.extract.reading import Files, Reading, read_supplied
from tests.unit.validate.tables import CANARY, contract_of

CONTRACT = contract_of({"name": "a"}, {"name": "b"})
COUNTS = ("header", "data", "totals", "notes", "blank", "ragged")


def read(folder, content: bytes, contract=CONTRACT) -> tuple[Reading, pl.DataFrame, pl.DataFrame]:
    source, files = folder / "supplied", Files.within(folder)
    source.write_bytes(content)
    found = read_supplied(source, contract, files)
    assert source.read_bytes() == content
    return found, pl.read_parquet(files.rows), pl.read_parquet(files.ragged)


@pytest.mark.parametrize(
    ("content", "rows", "ragged", "others"),
    [
        pytest.param("a,b\n1,2\n3,4\n", [(2, "1", "2"), (3, "3", "4")], [], {}, id="plain"),
        pytest.param("a,b\r\n1,2", [(2, "1", "2")], [], {}, id="CRLF, no last line end"),
        pytest.param("a,b\r1,2\r3,4\r", [(2, "1", "2"), (3, "3", "4")], [], {}, id="bare CR"),
        pytest.param("b,a\n1,2\n", [(2, "2", "1")], [], {}, id="columns in the contract's order"),
        pytest.param("a\tb\n1\t2,3\n", [(2, "1", "2,3")], [], {}, id="tabs"),
        pytest.param(
            "a,b\n\u3000x , \t\n", [(2, "\u3000x ", " \t")], [], {}, id="cells as they stand"
        ),
        pytest.param("a,b\nNULL,\n", [(2, "NULL", "")], [], {}, id="no word is a missing value"),
        pytest.param(
            'a,b\n"1\n1","x""y"\n3,4\n',
            [(2, "1\n1", 'x"y'), (3, "3", "4")],
            [],
            {},
            id="a line break in a cell is one record",
        ),
        pytest.param(
            "a,b\n\n1,2\n,\n \t,\u3000\n\u3000\n3,4\n\n",
            [(3, "1", "2"), (7, "3", "4")],
            [],
            {"blank": 5},
            id="blank records keep their numbers",
        ),
        pytest.param(
            "a,b\n1,2,3\n4\n5,6\n",
            [(4, "5", "6")],
            [(2, 3, 2, "1,2,3"), (3, 1, 2, "4")],
            {},
            id="too many and too few cells",
        ),
        pytest.param("a,b\n1,\0\n3,4\n", [(3, "3", "4")], [(2, 2, 2, "1,\0")], {}, id="a NUL byte"),
        pytest.param(
            'a,b\n"1"x,2\n3,4\n',
            [(3, "3", "4")],
            [(2, 2, 2, '"1"x,2')],
            {},
            id="text after a closing mark",
        ),
        pytest.param(
            'a,b\n1,"2\n3,4\n5,6"x\n7,8\n',
            [(3, "7", "8")],
            [(2, 2, 2, '1,"2\n3,4\n5,6"x')],
            {},
            id="a mark that swallowed two records does not pass as a cell",
        ),
        pytest.param(
            'a,b\n5" pipe,2\n', [(2, '5" pipe', "2")], [], {}, id="a mark inside a cell is text"
        ),
        pytest.param(
            '공원 "현황"\n\n(단위: ㎡),,,\na,b\n1,2\n',
            [(5, "1", "2")],
            [],
            {"notes": 2, "blank": 1},
            id="titles above the header",
        ),
        pytest.param(
            "a,b\n1,2\na,b\n", [(2, "1", "2"), (3, "a", "b")], [], {}, id="a second header is data"
        ),
    ],
)
def test_records(tmp_path, content, rows, ragged, others):
    found, landed, aside = read(tmp_path, content.encode())

    assert landed.rows() == rows
    assert aside.rows() == ragged
    expected = dict.fromkeys(COUNTS, 0) | {"header": 1, "data": len(rows), "ragged": len(ragged)}
    assert asdict(found.records) == expected | others


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        pytest.param("utf-8", "마당 👩‍👩‍👧", id="UTF-8"),
        pytest.param("utf-8-sig", "마당", id="UTF-8 with a mark"),
        pytest.param("cp949", "똠방각하 뷁 €", id="CP949 beyond EUC-KR"),
    ],
)
def test_encodings(tmp_path, encoding, text):
    found, landed, _ = read(tmp_path, f"a,b\n{text},2\n".encode(encoding))

    assert found.encoding == encoding
    assert landed["a"].to_list() == [text]


def test_a_file_that_turns_to_another_encoding_late_is_read_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "CHUNK_BYTES", 7)
    content = b"a,b\n" + b"1,2\n" * 100 + "뷁,2\n".encode("cp949")

    found, landed, _ = read(tmp_path, content)

    assert found.encoding == "cp949"
    assert landed["a"][-1] == "뷁"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        pytest.param(b"", "the file is empty", id="nothing"),
        pytest.param(b"\xef\xbb\xbf", "no header", id="a byte order mark alone"),
        pytest.param(b"\n \n\n", "no header", id="blank lines"),
        pytest.param(b"a,b\n", "holds no row of data", id="a header alone"),
        pytest.param(b"a,b", "holds no row of data", id="a header without a line end"),
        pytest.param(b"a,b\n,\n\n", "holds no row of data", id="a header above blank records"),
        pytest.param(b"a,b\n1\n", "holds no row of data", id="ragged records alone"),
        pytest.param(
            "a,b\n1,마당".encode("cp949")[:-1],
            "cp949: first bad byte at offset 8; utf-8: first bad byte at offset 6",
            id="the last character is cut",
        ),
        pytest.param(
            f'a,b\n1,2\n3,"{CANARY}\n5,6\n'.encode(), "never closed", id="the last cell stays open"
        ),
        pytest.param(
            f'a,b\n1,2\n"{CANARY},4\n5,6\n'.encode(), "never closed", id="a first cell stays open"
        ),
        pytest.param(f"a,b,{CANARY}\n1,2,3\n".encode(), "not declared", id="an undeclared column"),
        pytest.param(
            f"a,b\n1,2\n{CANARY},".encode() + b"\xff\n", "no known encoding", id="one bad byte"
        ),
        pytest.param(
            b"a,b\n" + b'1,"' + CANARY.encode() + b"x\n" * (9 << 20) + b'"\n',
            "does not end within 8 MiB",
            id="a cell of 18 MB",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_and_not_quoted(tmp_path, content, fault):
    with pytest.raises(SourceFormatError, match=fault) as caught:
        read(tmp_path, content)

    assert caught.value.exit_code == 20
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert CANARY not in str(caught.value.facts)


def test_a_declared_encoding_is_not_believed(tmp_path):
    contract = contract_of({"name": "a"}, {"name": "b"}, layout={"encoding": "utf-8"})

    with pytest.raises(SourceFormatError, match="no known encoding"):
        read(tmp_path, "a,b\n가,2\n".encode("cp949"), contract)


def make_large_file(records: int) -> tuple[bytes, dict[int, str], list[int], int]:
    """Write what stands in column a of record n as n; one record in 200 is a misfit."""
    drawn = random.Random(20261125)
    lines, good, ragged, blank = ["a,b"], {}, [], 0
    for number in range(2, records + 2):
        chance = drawn.random()
        if chance < 0.004:
            lines.append(
                drawn.choice([f"{number},x,y", f"{number}", f"{number},\0", f'"{number}"x,y'])
            )
            ragged.append(number)
        elif chance < 0.005:
            lines.append("")
            blank += 1
        else:
            breaks = '"q\nq"' if chance < 0.01 else "v" * drawn.randrange(80)
            good[number] = breaks.strip('"')
            lines.append(f"{number},{breaks}")
    return "\r\n".join(lines).encode(), good, ragged, blank


def test_addresses_stay_right_behind_misfits_and_across_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "CHUNK_BYTES", 1 << 18)
    content, good, ragged, blank = make_large_file(150_000)
    assert len(content) > 6 << 20

    found, landed, aside = read(tmp_path, content)

    assert (found.records.total, found.records.blank) == (150_001, blank)
    assert aside["_row"].to_list() == ragged
    assert dict(zip(landed["_row"], landed["b"], strict=True)) == good
    assert landed["a"].cast(pl.Int64).equals(landed["_row"], check_names=False)


def read_by_hand(text: str) -> tuple[list[tuple[int, list[str]]], set[int], bool]:
    """Return records with their numbers, those with text after a mark, whether one stays open."""
    records, broken, cells, cell, state = [], set(), [], "", "start"
    for place, character in enumerate(text + "\n" * (not text.endswith(("\n", "\r")))):
        if state == "quoted":
            if character == '"':
                state = "closed?"
            else:
                cell += character
            continue
        if state == "closed?" and character == '"':
            cell, state = cell + '"', "quoted"
        elif character in ",\n\r":
            if (
                character == "\n"
                and text[place - 1 : place] == "\r"
                and state == "start"
                and not cells
                and place
            ):
                continue
            cells, cell, state = [*cells, cell], "", "start"
            if character != ",":
                records.append(cells)
                cells = []
        elif state == "start" and character == '"':
            state = "quoted"
        else:
            if state == "closed?":
                broken.add(len(records) + 1)
            cell, state = cell + character, "plain"
    return list(enumerate(records, start=1)), broken, state == "quoted"


@given(body=st.text(alphabet='12",\n\r\0 ', max_size=30))
def test_every_text_is_read_as_by_hand(tmp_path_factory, body):
    text = "a,b\n" + body
    assume(10 * text.count("\0") < len(text))  # with more of them it is no text
    expected, broken, is_open = read_by_hand(text)
    good = [
        (number, *cells)
        for number, cells in expected[1:]
        if len(cells) == 2 and number not in broken and "\0" not in "".join(cells)
        if "".join(cells).strip()
    ]

    try:
        found, landed, _ = read(tmp_path_factory.getbasetemp(), text.encode())
    except SourceFormatError as error:
        assert ("never closed" in error.message) == is_open  # noqa: PT017
        assert is_open or not good
    else:
        assert landed.rows() == good
        assert found.records.total == len(expected)


def test_nothing_is_left_beside_the_three_files(tmp_path):
    read(tmp_path, b"a,b\n1,2\n")

    left = {path.stem for path in tmp_path.iterdir()}
    assert left == {"supplied", "rows", "totals", "ragged"}


def test_totals_are_kept_aside_as_checksums(tmp_path):
    contract = contract_of(
        {"name": "gu", "title": {"ko": "구"}}, {"name": "n", "title": {"ko": "수"}}
    )

    found, rows, _ = read(tmp_path, "현황\n구,수(명)\n합계,3\n가,1\n나,2\n".encode(), contract)

    assert rows["gu"].to_list() == ["가", "나"]
    assert pl.read_parquet(Files.within(tmp_path).totals).rows() == [(3, "합계", "3")]
    assert found.document()["columns"][1] | {"header": ""} == {
        "name": "수", "header": "", "unit": "명", "kept": True, "position": 2, "field": "n"
    }  # fmt: skip


def test_a_workbook_is_read_by_its_contract_too(tmp_path):
    book = openpyxl.Workbook()
    for row in [["현황"], ["a", "b"], [1, 2.5], [None, None], ["합계", 2.5]]:
        book.active.append(row)
    book.save(tmp_path / "book.xlsx")

    found, rows, _ = read(tmp_path, (tmp_path / "book.xlsx").read_bytes())

    assert (found.kind, found.encoding, found.header_rows) == ("xlsx", None, (2,))
    assert rows.rows() == [(3, "1", "2.5")]
    assert asdict(found.records) == {
        "header": 1, "data": 1, "totals": 1, "notes": 1, "blank": 1, "ragged": 0
    }  # fmt: skip
