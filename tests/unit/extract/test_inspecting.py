"""Small files, each read as a careful person would: right, or with a question."""

from __future__ import annotations

import hashlib
import json

import openpyxl
import polars as pl
import pytest

from etl.extract.inspecting import Inspection, inspect_file
from tests.unit.validate.tables import CANARY

ROLES = ("header", "data", "totals", "notes", "blank", "ragged")


def inspected(folder, content: bytes) -> tuple[Inspection, pl.DataFrame | None]:
    file, landed = folder / "supplied.csv", folder / "landed.parquet"
    file.write_bytes(content)
    found = inspect_file(file, landed)
    assert file.read_bytes() == content
    return found, pl.read_parquet(landed) if found.status == "read" else None


def read_as(folder, text: str, encoding: str = "utf-8") -> dict[str, object]:
    found, _ = inspected(folder, text.encode(encoding))
    assert found.status == "read", found.reason
    return found.document()


BODY = "".join(f"공원{n},{n * 7 + 3},근린\n" for n in range(12))
STATISTIC = "2022,종로구,10\n2022,중구,20\n2022,용산구,31\n"


@pytest.mark.parametrize(
    ("text", "header_rows", "counts"),
    [
        pytest.param("이름,수,구분\n" + BODY, [1], {"data": 12}, id="plain"),
        pytest.param("이름,수,구분\n" * 2 + BODY, [1, 2], {"data": 12}, id="the header twice"),
        pytest.param("공원 현황\n\n(단위: 개)\n이름,수,구분\n" + BODY, [4],
                     {"data": 12, "notes": 2, "blank": 1}, id="title, blank and unit above"),
        pytest.param("공원 현황,,\n,,(단위: 개)\n이름,수,구분\n" + BODY, [3],
                     {"data": 12, "notes": 2}, id="the same, as wide as the table"),
        pytest.param("이름,수,구분\n" + BODY + "\n※ 매월 말일 기준\n자료: 공원과\n", [1],
                     {"data": 12, "notes": 2, "blank": 1}, id="notes below"),
        pytest.param("이름,수,구분\n" + BODY + "※ 매월 말일 기준,,\n", [1],
                     {"data": 12, "notes": 1}, id="a note below as wide as the table"),
        pytest.param("이름,수,구분\n" + BODY + "공원99,,\n", [1], {"data": 13},
                     id="a thin last row is data"),
        pytest.param("이름,수,구분\n" + BODY + "공원99,1", [1], {"data": 12, "ragged": 1},
                     id="a file that was cut off"),
        pytest.param("이름,수,구분\n" + BODY + 'a,1\nb,1,c,d\n"e"x,1,2\nf,\0,1\n', [1],
                     {"data": 12, "ragged": 4}, id="four ways to be ragged"),
        pytest.param("이름,수,구분\n" + BODY + '"\t",,\n,,,,\n \n', [1],
                     {"data": 12, "blank": 3}, id="blank is blank, however wide"),
        pytest.param("이름;수;구분\n" + BODY.replace(",", ";"), [1], {"data": 12}, id="semicolons"),
        pytest.param("이름\t수\t구분\n" + BODY.replace(",", "\t"), [1], {"data": 12}, id="tabs"),
        pytest.param("이름|수|구분\n" + BODY.replace(",", "|"), [1], {"data": 12}, id="pipes"),
        pytest.param("이름^수^구분\n" + BODY.replace(",", "^"), [1], {"data": 12}, id="carets"),
        pytest.param("이름;값;폭\n" + "".join(f"가{n};{n},5;{n},25\n" for n in range(9)), [1],
                     {"data": 9}, id="decimal commas between semicolons"),
        pytest.param("이름\t금액\n" + "".join(f"가{n}\t1,{n}00\n" for n in range(9)), [1],
                     {"data": 9}, id="one thousands separator in each record between tabs"),
        pytest.param("기간,구,수\n2022,합계,61\n" + STATISTIC, [1], {"data": 3, "totals": 1},
                     id="a total"),
        pytest.param("구,국,수\n합 계,,61\n가,[소계],30\n가,나,30\n다,라,31\n", [1],
                     {"data": 2, "totals": 2}, id="totals of two depths"),
        pytest.param("구,국,수\n합계,가,61\n합계,나,30\n합계,소계,91\n", [1],
                     {"data": 2, "totals": 1}, id="a marker on every row is a value"),
        pytest.param("구,연,2020,2021\n가,계,100,200\n나,남,30,11\n", [1],
                     {"data": 1, "totals": 1}, id="years as names"),
        pytest.param("구,2020,2020,2021,2021\n구,남,여,남,여\n가,100,200,1,2\n나,30,11,3,4\n",
                     [1, 2], {"data": 2}, id="two levels, repeated"),
        pytest.param("구,2020,,2021,\n,남,여,남,여\n가,100,200,1,2\n나,30,11,3,4\n",
                     [1, 2], {"data": 2}, id="two levels, merged"),
        pytest.param("이름,주소,비고\n가공원,서울 종로,나무\n나공원,부산 남구,꽃\n", [1],
                     {"data": 2}, id="words alone"),
        pytest.param("값\n01\n002\n", [1], {"data": 2}, id="one column"),
        pytest.param("a,b\r1,2\r3,4\r", [1], {"data": 2}, id="bare CR"),
        pytest.param("a,b\r\n1,2\n3,4\r5,6", [1], {"data": 3}, id="mixed line ends"),
        pytest.param("이름,수\n가,1\n나,2\n이름,수\n다,3\n", [1], {"data": 4},
                     id="a header that comes again later is data"),
        pytest.param("a,b,c\n1,2,3,\n4,5,6,\n", [1], {"data": 2},
                     id="every record but the names ends with a delimiter"),
        pytest.param("동,0,1,2\n청운동,10,12,9\n사직동,20,22,19\n", [1], {"data": 2},
                     id="ages as names"),
        pytest.param("구,2018,2019,비고\n가,1,2,총합계\n나,3,4,1일평균\n", [1], {"data": 2},
                     id="a marker right of the measures is a remark"),
        pytest.param("연번,시설,주소,수\n1,가,서울,1\n2,나,부산,2\n합계,2개소,,3\n", [1],
                     {"data": 2, "totals": 1}, id="an amount beside a marker is no deeper label"),
        pytest.param("id,url\n1,http://a.kr/?x=1;z=2\n2,http://a.kr/?x=3;z=4\n", [1], {"data": 2},
                     id="semicolons within addresses"),
        pytest.param("이름,수,비고\n가,1,x\n나,2,y\n\n품목,값\n쌀,10\n", [1],
                     {"data": 2, "blank": 1, "ragged": 2}, id="a narrower table below is no note"),
        pytest.param("구,인구,,,\n,계,,외국인,\n,남,여,남,여\n가,1,2,3,4\n나,5,6,7,8\n",
                     [1, 2, 3], {"data": 2}, id="three levels, merged"),
        pytest.param("시도,인구,면적\n,(명),(㎢)\n가,9000,605.2\n나,3000,770.1\n", [1, 2],
                     {"data": 2}, id="units in a row of their own"),
        pytest.param(",,공원 현황,,\n번호,이름,면적,구분,비고\n1,가,10,x,\n2,나,20,y,\n", [2],
                     {"data": 2, "notes": 1}, id="a title in the middle"),
        pytest.param('민원\n"길이 좁습니다, 넓혀 주세요"\n"불이, 꺼졌습니다"\n좋습니다\n', [1],
                     {"data": 3}, id="one column whose cells hold commas"),
        pytest.param("'a','b'\n'1,5','2'\n'3,4','4'\n", [1], {"data": 2}, id="apostrophes quote"),
    ],
)  # fmt: skip
def test_records(tmp_path, text, header_rows, counts):
    document = read_as(tmp_path, text)

    expected = dict.fromkeys(ROLES, 0) | {"header": len(header_rows)} | counts
    assert document["header_rows"] == header_rows
    assert document["records"] == {"total": sum(expected.values())} | expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "cp949"])
def test_encodings(tmp_path, encoding):
    document = read_as(tmp_path, "이름,수\n똠방각하,1\n", encoding)

    assert document["encoding"] == encoding


def test_utf_16_with_a_mark(tmp_path):
    assert read_as(tmp_path, "\ufeff이름,수\n가,1\n", "utf-16-be")["encoding"] == "utf-16-be"


@pytest.mark.parametrize(
    ("content", "status", "reason"),
    [
        pytest.param(b"", "refused", "empty", id="nothing"),
        pytest.param("Ä1,2\n".encode("latin-1"), "refused", "utf-8: first bad byte at offset 0",
                     id="no encoding fits"),
        pytest.param("Name,Zahl\nÄrzte,1\nÄmter,2\n".encode("latin-1"), "question", "by accident",
                     id="Latin letters that fit CP949 by accident"),
        pytest.param("名称,数\n北京市公共图书馆和文化中心的管理部门数据表,1\n".encode("gb2312"),
                     "question", "by accident", id="Chinese that fits CP949 by accident"),
        pytest.param(b'a,b\n1,2\n3,"4\n5,6\n', "refused", "never closed", id="an open cell"),
        pytest.param(b"1,null,0\n2,0,null\n3,null,0\n", "question", "no header", id="no header"),
        pytest.param(b'"a,b,c"\n"1,2,3"\n"4,5,6"\n', "refused", "quoted as a whole",
                     id="records within marks"),
        pytest.param(b"1,2,3\n4,5,6\n7,8,9\n", "question", "no header", id="running numbers alone"),
        pytest.param("이름,수\n가,1\n나,2\n\n품목,값\n쌀,10\n콩,20\n".encode(), "question",
                     "two tables", id="a second table as wide as the first"),
        pytest.param("가구,공원,1\n나구,숲,1\n가구,공원,2\n가구,숲,3\n".encode(), "question",
                     "no header", id="a first row whose words come again"),
        pytest.param("안녕하세요, 잘\n지내십니까\n저, 여기, 있습니다\n또, 뵙, 지, 요\n".encode(),
                     "question", "delimiter is not clear", id="a letter to somebody"),
    ],
)  # fmt: skip
def test_what_is_not_read_says_why(tmp_path, content, status, reason):
    found, _ = inspected(tmp_path, content)

    assert (found.status, reason in found.reason) == (status, True)
    assert bool(found.question and found.question.contract_lines) == (status == "question")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(f"{CANARY},1\n나,2\n{CANARY},3\n{CANARY},4\n".encode(), id="a question"),
        pytest.param(f'a,b\n"{CANARY},1\n'.encode(), id="a refusal"),
        pytest.param(f"이름,수\n{CANARY},1\n{CANARY}?가,2\n{CANARY}\n".encode(), id="decisions"),
    ],
)
def test_no_value_is_told(tmp_path, content):
    found, _ = inspected(tmp_path, content)

    assert CANARY not in json.dumps(found.document(), ensure_ascii=False)


def test_the_document_has_the_keys_that_others_build_on(tmp_path):
    content = "이름,수(개)\n가,1\n".encode()
    found, _ = inspected(tmp_path, content)
    document = found.document()

    assert list(document)[:14] == [
        "file", "sha256", "size_bytes", "status", "reason", "kind", "encoding", "delimiter",
        "sheet", "header_rows", "columns", "records", "decisions", "question",
    ]  # fmt: skip
    assert document["sha256"] == hashlib.sha256(content).hexdigest()
    assert document["columns"][1] == {
        "name": "수", "header": "수(개)", "unit": "개", "kept": True, "position": 2, "field": None
    }  # fmt: skip


def test_the_landed_table_has_every_row_with_its_role(tmp_path):
    _, landed = inspected(tmp_path, "구,수\n합계,3\n가,1\n나,\x002\n\n다 ,2\n라,1,1\n".encode())

    assert landed.columns == ["_sheet", "_row", "_role", "구", "수", "_text"]
    assert landed.select("_row", "_role", "구", "_text").rows() == [
        (2, "total", "합계", None),
        (3, "data", "가", None),
        (4, "ragged", None, "나,\x002"),
        (6, "data", "다 ", None),
        (7, "ragged", None, "라,1,1"),
    ]


def test_without_ragged_rows_there_is_no_column_for_them(tmp_path):
    _, landed = inspected(tmp_path, "구,수\n가,1\n".encode())

    assert landed.columns == ["_sheet", "_row", "_role", "구", "수"]


def test_a_column_that_fills_late_is_not_lost(tmp_path):
    rows = "".join(f"가{n},{n},\n" for n in range(300))
    found, landed = inspected(tmp_path, f"이름,수,\n{rows}나,1,x\n".encode())

    assert [column.name for column in found.reading.columns] == ["이름", "수", "column_C"]
    assert landed["column_C"][-1] == "x"


def test_lost_letters_are_warned_of_by_row(tmp_path):
    document = read_as(tmp_path, "이름,수\n中央報?病院,1\n왜? 그래,2\n\ufffd,3\n")

    (lost,) = [d for d in document["decisions"] if d["what"] == "lost letters"]
    assert lost["value"] == "2, 4"


@pytest.mark.parametrize(
    ("text", "is_warned"),
    [
        pytest.param("이름,수,값\n가,1,2\n나,3", True, id="cut off within a record"),
        pytest.param("이름,수,값\n가,1,2\n나,3\n", False, id="a short record, but closed"),
        pytest.param("이름,수,값\n가,1,2\n나,3,4", False, id="only the last line end is missing"),
    ],
)
def test_a_file_that_ends_within_a_record_is_warned_of(tmp_path, text, is_warned):
    document = read_as(tmp_path, text)

    assert ("end" in [decision["what"] for decision in document["decisions"]]) is is_warned


def test_lost_letters_are_warned_of_in_a_workbook_too(tmp_path):
    book = openpyxl.Workbook()
    for row in [["이름", "수"], ["中央報?病院", 1], ["왜? 그래", 2], ["\ufffd", 3]]:
        book.active.append(row)
    book.save(tmp_path / "book.xlsx")

    document = inspect_file(tmp_path / "book.xlsx").document()

    (lost,) = [d for d in document["decisions"] if d["what"] == "lost letters"]
    assert lost["value"] == "2, 4"
