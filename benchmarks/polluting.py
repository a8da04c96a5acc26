"""Clean tables, each polluted in one way, with the table that a reader is to find.

The kinds of pollution follow the taxonomy of Vitagliano et al., "Pollock: A Data Loading
Benchmark" (PVLDB 16, 2023); tables, pollutions and expectations are our own, after what
departments of Korean local governments supply. Nothing is drawn at random.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Record = list[str]
POSITIONS = ("first", "middle", "last")


@dataclass(frozen=True, slots=True)
class Table:
    """A clean table.

    Attributes:
        name: What it is called in the report.
        header: Its headers as a file spells them.
        rows: Text as it stands.
        columns: The headers without their units.
        measure: Position of a column of amounts; None where nothing is measured.
    """

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    columns: tuple[str, ...]
    measure: int | None


@dataclass(frozen=True, slots=True)
class Case:
    """One polluted file, and what is to be made of it.

    Attributes:
        kind: Where the pollution sits.
        name: What it is.
        table: Name of the clean table.
        file_name: What the file is called.
        content: Its bytes.
        columns: Names that the columns are to have.
        headers: The same as the file spells them, for readers that leave units in place.
        rows: The rows of data, in their order.
        ragged: Records to be set aside.
        totals: Total rows, which are no data.
        rows_and_totals: The rows of data with the total rows among them, for readers that know
            no difference.
        stops: A word of the true reason where no table can be read; empty otherwise.
    """

    kind: str
    name: str
    table: str
    file_name: str
    content: bytes
    columns: tuple[str, ...]
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    ragged: int
    totals: int
    rows_and_totals: tuple[tuple[str, ...], ...]
    stops: str


@dataclass(slots=True)
class Draft:
    """A file while it is polluted: what stands in it, and what is to be found there.

    Attributes:
        lines: Records to be quoted and joined, or lines that stand as they are.
        first: Position of the first row of data in `lines`.
        totals: Total rows, by where they stand among the rows of data.
    """

    lines: list[Record | str]
    columns: list[str]
    headers: list[str]
    rows: list[Record]
    first: int = 1
    delimiter: str = ","
    line_end: str = "\n"
    ends: list[str] = field(default_factory=list)
    last_end: str | None = None
    encoding: str = "utf-8"
    quotes_all: bool = False
    ragged: int = 0
    totals: dict[int, Record] = field(default_factory=dict)
    stops: str = ""
    finish: Callable[[bytes], bytes] = bytes
    file_name: str = "supplied.csv"

    def place(self, position: str) -> int:
        """Return the number of a row: the first, the middle or the last."""
        count = len(self.rows)
        return {"first": 0, "middle": count // 2, "last": count - 1}[position]

    def set_cell(self, row: int, column: int, text: str) -> None:
        """Write a cell, in the file and in what is expected of it."""
        self.rows[row] = _with_cell(self.rows[row], column, text)
        self.lines[self.first + row] = list(self.rows[row])

    def break_row(self, row: int, line: Record | str, ragged: int = 1) -> None:
        """Replace a row by something that is to be set aside."""
        self.lines[self.first + row] = line
        del self.rows[row]
        self.ragged += ragged

    def above(self, *lines: Record | str) -> None:
        """Put lines above everything."""
        self.lines[:0] = lines
        self.first += len(lines)

    def rows_and_totals(self) -> list[Record]:
        """Return the rows of data with the total rows among them."""
        rows = list(self.rows)
        for place, total in self.totals.items():
            rows.insert(place, total)
        return rows

    def content(self) -> bytes:
        """Return the bytes of the file."""
        ends = self.ends or [self.line_end] * len(self.lines)
        if self.last_end is not None:
            ends = [*ends[:-1], self.last_end]
        texts = [line if isinstance(line, str) else self._joined(line) for line in self.lines]
        text = "".join(text + end for text, end in zip(texts, ends, strict=True))
        return self.finish(text.encode(self.encoding))

    def _joined(self, record: Record) -> str:
        return self.delimiter.join(map(self._quoted, record))

    def _quoted(self, cell: str) -> str:
        if self.quotes_all or any(sign in cell for sign in (self.delimiter, '"', "\r", "\n")):
            return '"' + cell.replace('"', '""') + '"'
        return cell


Pollute = Callable[[Draft], None]
Pollution = tuple[str, str, Pollute]


def _with_cell(record: Record, column: int, text: str) -> Record:
    return [*record[:column], text, *record[column + 1 :]]


def clean_tables() -> list[Table]:
    """Return the clean tables: a register, statistics, complaints and amounts."""
    return [_parks(), _districts(), _complaints(), _payments()]


def make_cases() -> Iterator[Case]:
    """Yield every clean table as it is, then under every pollution that fits it."""
    for table in clean_tables():
        yield _case(table, ("clean", "as it is", lambda _: None))
        for pollution in _pollutions(table):
            yield _case(table, pollution)


def _case(table: Table, pollution: Pollution) -> Case:
    kind, name, pollute = pollution
    draft = Draft(
        lines=[list(table.header), *map(list, table.rows)],
        columns=list(table.columns),
        headers=list(table.header),
        rows=[list(row) for row in table.rows],
    )
    pollute(draft)
    return Case(
        kind=kind,
        name=name,
        table=table.name,
        file_name=draft.file_name,
        content=draft.content(),
        columns=tuple(draft.columns),
        headers=tuple(draft.headers),
        rows=tuple(map(tuple, draft.rows)),
        ragged=draft.ragged,
        totals=len(draft.totals),
        rows_and_totals=tuple(map(tuple, draft.rows_and_totals())),
        stops=draft.stops,
    )


def _pollutions(table: Table) -> Iterator[Pollution]:
    yield from _file_pollutions()
    yield from _header_pollutions(table)
    for position in POSITIONS:
        yield from _row_pollutions(table, position)
        yield from _cell_pollutions(position)
    yield from _delimiter_pollutions()
    yield from _quote_pollutions()
    yield from _line_end_pollutions()
    yield from _encoding_pollutions(table)
    if table.name == "parks":
        yield from _hopeless_pollutions()


def _set(**values: object) -> Pollute:
    def pollute(draft: Draft) -> None:
        for name, value in values.items():
            setattr(draft, name, value)

    return pollute


def _file_pollutions() -> Iterator[Pollution]:
    def below(*lines: Record | str) -> Pollute:
        return lambda draft: draft.lines.extend(lines)

    def above(*lines: Record | str) -> Pollute:
        return lambda draft: draft.above(*lines)

    def padded(above_them: list[str], below_them: list[str]) -> Pollute:
        def pollute(draft: Draft) -> None:
            rest = [""] * (len(draft.columns) - 1)
            draft.above(*([text, *rest] for text in above_them))
            draft.lines.extend([text, *rest] for text in below_them)

        return pollute

    def one_row(draft: Draft) -> None:
        del draft.lines[2:], draft.rows[1:]

    yield "file", "no line end at the end", _set(last_end="")
    yield "file", "three empty lines at the end", below("", "", "")
    yield "file", "an empty line at the start", above("")
    yield "file", "three empty lines at the start", above("", "", "")
    yield "file", "a title of one cell", above("2026년 현황 자료")
    yield "file", "a title with a comma in it", above('"현황(2026년, 상반기)"')
    yield "file", "a title of the table's width", padded(["2026년 현황 자료"], [])
    yield "file", "title, empty line and day", padded(["□ 현황", "", "2026.6.30 기준"], [])
    yield "file", "a footnote of one cell", below("※ 매월 말일 기준으로 작성함")
    yield "file", "a footnote of the table's width", padded([], ["※ 매월 말일 기준으로 작성함"])
    yield (
        "file",
        "source and note after an empty line",
        below("", "자료: 총무과", "주: 잠정 집계임"),
    )
    yield "file", "title above and footnote below", padded(["현황"], ["", "* 잠정 집계임"])
    yield "file", "one row only", one_row
    yield "file", "called .xls", _set(file_name="supplied.xls")
    yield "file", "called .txt", _set(file_name="supplied.txt")
    yield "file", "gzip", _set(finish=_gzipped, file_name="supplied.csv.gz")
    yield "file", "alone in a ZIP", _set(finish=_zipped, file_name="supplied.zip")


def _header_pollutions(table: Table) -> Iterator[Pollution]:
    last = len(table.header) - 1

    def spelled(column: int, header: str, name: str) -> Pollute:
        def pollute(draft: Draft) -> None:
            draft.lines[0] = _with_cell(list(table.header), column, header)
            draft.headers[column], draft.columns[column] = header, name

        return pollute

    def trailing(count: int) -> Pollute:
        def pollute(draft: Draft) -> None:
            draft.lines = [[*line, *[""] * count] for line in draft.lines]

        return pollute

    def grouped(*levels: str) -> Pollute:
        def pollute(draft: Draft) -> None:
            tops = [["", "", level, *[""] * (last - 2)] for level in levels]
            draft.lines[0] = ["", "", *table.header[2:]]
            draft.above(*tops)
            draft.lines[0] = [*table.header[:2], *tops[0][2:]]
            prefix = "_".join(levels)
            draft.columns[2:] = [f"{prefix}_{name}" for name in table.columns[2:]]
            draft.headers = list(draft.columns)

        return pollute

    yield "header", "a line break in a header", spelled(1, "이름\n(명칭)", "이름 (명칭)")
    yield "header", "a header of blanks", spelled(1, "   ", "column_B")
    yield "header", "an empty header over values", spelled(1, "", "column_B")
    yield "header", "blanks around a header", spelled(1, f"  {table.header[1]} ", table.columns[1])
    yield "header", "a header twice", spelled(1, table.header[0], f"{table.columns[0]}_2")
    yield "header", "a unit in a header", spelled(last, "연장(km)", "연장")
    yield "header", "a unit after a line break", spelled(last, "연장\n(km)", "연장")
    yield "header", "a header with a comma", spelled(1, "이름, 별칭", "이름, 별칭")
    yield "header", "a header with quotation marks", spelled(1, '"이름"', '"이름"')
    yield "header", "a header of digits", spelled(last, "2026", "2026")
    yield "header", "an empty column at the end", trailing(1)
    yield "header", "three empty columns at the end", trailing(3)
    yield "header", "two rows of headers, merged", grouped("현황")
    yield "header", "three rows of headers, merged", grouped("현황", "상세")


def _row_pollutions(table: Table, position: str) -> Iterator[Pollution]:
    width = len(table.header)

    def broken(change: Callable[[Record], Record | str], ragged: int = 1) -> Pollute:
        def pollute(draft: Draft) -> None:
            row = draft.place(position)
            draft.break_row(row, change(draft.rows[row]), ragged)

        return pollute

    def inserted(line: Record | str, total: Record | None = None) -> Pollute:
        def pollute(draft: Draft) -> None:
            row = draft.place(position) + (position == "last")
            draft.lines.insert(draft.first + row, line)
            draft.totals |= {row: total} if total else {}

        return pollute

    def repeated(draft: Draft) -> None:
        row = draft.place(position)
        draft.lines.insert(draft.first + row, list(draft.rows[row]))
        draft.rows.insert(row, list(draft.rows[row]))

    yield "row", f"a cell too few ({position})", broken(lambda row: row[:-1])
    yield "row", f"one cell only ({position})", broken(lambda row: row[:1])
    yield "row", f"a cell too many ({position})", broken(lambda row: [*row, "더"])
    yield "row", f"three cells too many ({position})", broken(lambda row: [*row, "1", "2", "3"])
    yield "row", f"an empty cell too many ({position})", broken(lambda row: [*row, ""])
    yield "row", f"another delimiter ({position})", broken(_with_bars)
    yield "row", f"an empty line ({position})", inserted("")
    yield "row", f"a line of blanks ({position})", inserted("   ")
    yield "row", f"a row of empty cells ({position})", inserted([""] * width)
    yield "row", f"a row twice ({position})", repeated
    for marker in ("합계", "소  계", "총계"):
        sums = ["999" if column == table.measure else "" for column in range(1, width)]
        total = [marker, *sums]
        yield "row", f"a row of {marker} ({position})", inserted(total, total)


def _with_bars(row: Record) -> str:
    return "|".join(cell.replace(",", "") for cell in row)


def _cell_pollutions(position: str) -> Iterator[Pollution]:
    def holding(text: str, column: int = 1) -> Pollute:
        return lambda draft: draft.set_cell(draft.place(position), column, text)

    def with_nul(draft: Draft) -> None:
        row = draft.place(position)
        draft.break_row(row, _with_cell(draft.rows[row], 1, "가\0나"))

    cells = {
        "a line feed": "위\n아래",
        "a carriage return and line feed": "위\r\n아래",
        "a carriage return": "위\r아래",
        "three lines": "하나\n\n셋",
        "a comma": "하나, 둘",
        "commas alone": ",,,",
        "quotation marks": 'the "old" one',
        "quotation marks around it": '"인용"',
        "one quotation mark": '"',
        "typographic quotation marks": "“인용”",
        "an apostrophe": "'0123",
        "blanks around it": "  가운데  ",
        "a tab in front": "\t2026-01-02",
        "an ideographic space": "\u3000\u3000종로구",
        "full-width digits": "１２３",
        "a dash": "-",
        "the word null": "null",
        "an error of Excel": "#N/A",
        "leading zeros": "000123",
        "semicolons": "가;나;다",
        "bars": "가|나",
        "a tab": "가\t나",
        "an equals sign": "=1+1",
        "a number sign": "# 참고",
        "a backslash": "C:\\자료\\",
        "a vertical tab": "위\x0b아래",
        "a line separator": "위\u2028아래",
        "a next line": "위\u0085아래",
        "a hundred thousand characters": "가나다라마" * 20_000,
        "an emoji": "공원 🌳",
        "decomposed Hangul": "\u1100\u1161",
    }
    for name, text in cells.items():
        yield "cell", f"{name} ({position})", holding(text)
    yield "cell", f"a number sign in the first column ({position})", holding("#1", 0)
    yield "cell", f"a byte of zero ({position})", with_nul


def _delimiter_pollutions() -> Iterator[Pollution]:
    for name, delimiter in {"semicolon": ";", "tab": "\t", "bar": "|"}.items():
        yield "delimiter", name, _set(delimiter=delimiter)
        yield "delimiter", f"{name}, all cells quoted", _set(delimiter=delimiter, quotes_all=True)
        yield "delimiter", f"{name}, with a title", _delimited_with_title(delimiter)


def _delimited_with_title(delimiter: str) -> Pollute:
    def pollute(draft: Draft) -> None:
        draft.delimiter = delimiter
        draft.above("현황(총괄, 상반기, 잠정)", "")

    return pollute


def _quote_pollutions() -> Iterator[Pollution]:
    def line_of(draft: Draft, row: int, cell: str) -> str:
        return ",".join([cell, *("" for _ in draft.rows[row][1:])])

    def broken(cell: str) -> Pollute:
        def pollute(draft: Draft) -> None:
            row = draft.place("middle")
            draft.break_row(row, line_of(draft, row, cell))

        return pollute

    def kept(cell: str) -> Pollute:
        def pollute(draft: Draft) -> None:
            row = draft.place("middle")
            record = ["A", cell, *("1" for _ in draft.rows[row][2:])]
            draft.rows[row] = record
            draft.lines[draft.first + row] = ",".join(record)

        return pollute

    def one_column(draft: Draft) -> None:
        for number, line in enumerate(draft.lines):
            first, *rest = line
            others = ",".join(map(draft._quoted, rest))  # noqa: SLF001  (of this module)
            draft.lines[number] = f'"{first}",{others}'

    yield "quote", "all cells", _set(quotes_all=True)
    yield "quote", "one column", one_column
    yield "quote", "a mark inside a bare cell", kept('관 5" 교체')
    yield "quote", "marks inside a bare cell", kept('관 "주철" 교체')
    yield "quote", "text after a closing mark", broken('"가"나')
    yield "quote", "doubled marks around a cell", broken('""2,4주""')
    yield "quote", "marks escaped by backslashes", broken('"가 \\"나\\" 다"')


def _line_end_pollutions() -> Iterator[Pollution]:
    def mixed(*ends: str) -> Pollute:
        def pollute(draft: Draft) -> None:
            draft.ends = [ends[n % len(ends)] for n in range(len(draft.lines))]

        return pollute

    def with_breaks(line_end: str, text: str) -> Pollute:
        def pollute(draft: Draft) -> None:
            draft.line_end = line_end
            for position in POSITIONS:
                draft.set_cell(draft.place(position), 1, text)

        return pollute

    def cut_by_return(draft: Draft) -> None:
        row = draft.place("middle")
        line = ",".join(["A", "가\r나", *("1" for _ in draft.rows[row][2:])])
        draft.line_end = "\r\n"
        draft.break_row(row, line, ragged=2)

    yield "line end", "CRLF", _set(line_end="\r\n")
    yield "line end", "CR", _set(line_end="\r")
    yield "line end", "CRLF, none at the end", _set(line_end="\r\n", last_end="")
    yield "line end", "CR, none at the end", _set(line_end="\r", last_end="")
    yield "line end", "CRLF and LF in turn", mixed("\r\n", "\n")
    yield "line end", "CR and LF in turn", mixed("\r", "\n")
    yield "line end", "all three in turn", mixed("\r\n", "\n", "\r")
    yield "line end", "CRLF, and LF in cells", with_breaks("\r\n", "위\n아래")
    yield "line end", "LF, and CRLF in cells", with_breaks("\n", "위\r\n아래")
    yield "line end", "CR, and LF in cells", with_breaks("\r", "위\n아래")
    yield "line end", "a CR in a bare cell", cut_by_return


def _encoding_pollutions(table: Table) -> Iterator[Pollution]:
    def holding(encoding: str, text: str) -> Pollute:
        def pollute(draft: Draft) -> None:
            draft.encoding = encoding
            draft.set_cell(draft.place("last"), 1, text)

        return pollute

    yield "encoding", "UTF-8 with a mark", _set(encoding="utf-8-sig")
    yield "encoding", "UTF-8 with a mark, all quoted", _set(encoding="utf-8-sig", quotes_all=True)
    yield "encoding", "CP949", _set(encoding="cp949")
    yield "encoding", "CP949 with a letter beyond EUC-KR", holding("cp949", "뷁똠쏼")
    yield "encoding", "CP949 with signs", holding("cp949", "㎡ ℃ ① ㈜ 漢字")
    yield "encoding", "CP949 with CRLF", _set(encoding="cp949", line_end="\r\n")
    yield "encoding", "UTF-8 with the first letter late", holding("utf-8", "é")
    yield "encoding", "UTF-16 LE with a mark", _marked("utf-16-le", b"\xff\xfe")
    yield "encoding", "UTF-16 BE with a mark", _marked("utf-16-be", b"\xfe\xff")
    yield "encoding", "UTF-16 LE with tabs", _marked("utf-16-le", b"\xff\xfe", delimiter="\t")
    if table.name == "payments":
        yield "encoding", "UTF-16 LE without a mark", _set(encoding="utf-16-le")
        yield "encoding", "UTF-16 BE without a mark", _set(encoding="utf-16-be")


def _marked(encoding: str, mark: bytes, **values: object) -> Pollute:
    return _set(encoding=encoding, finish=lambda content: mark + content, **values)


def _hopeless_pollutions() -> Iterator[Pollution]:
    """Yield what no reader can make a table of without guessing."""

    def spoiled(encoding: str, spoil: bytes, stops: str) -> Pollute:
        def pollute(draft: Draft) -> None:
            draft.encoding, draft.stops = encoding, stops
            draft.finish = lambda content: content[:-20] + spoil + content[-20:]

        return pollute

    def headless(draft: Draft) -> None:
        del draft.lines[0]
        draft.stops = "header"

    def cut_in_quotes(draft: Draft) -> None:
        draft.lines.append('P-0099,"가나')
        draft.last_end, draft.stops = "", "quot"

    def cut_in_letter(draft: Draft) -> None:
        draft.finish = lambda content: content[: content.rindex("구".encode()) + 2]
        draft.stops = "encoding"

    yield "file", "empty", _set(finish=lambda _: b"", stops="empty")
    yield "file", "cut off inside a quoted cell", cut_in_quotes
    yield "file", "cut off inside a letter", cut_in_letter
    yield "header", "none", headless
    yield "encoding", "a byte that UTF-8 has not", spoiled("utf-8", b"\xff", "encoding")
    yield "encoding", "a byte that CP949 has not", spoiled("cp949", b"\xff", "encoding")
    yield "encoding", "Latin-1", spoiled("utf-8", "Größe ".encode("latin-1"), "encoding")


def _gzipped(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def _zipped(content: bytes) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr(zipfile.ZipInfo("supplied.csv"), content)
    return whole.getvalue()


_WARDS = ("새벽구", "마당구", "한울구", "너른구", "도담구")


def _parks() -> Table:
    rows = [
        (
            f"{number:05d}",
            f"{_WARDS[number % 5][:2]}공원 {number}",
            f"새벽시 {_WARDS[number % 5]} 마당로 {number * 3}, {number % 4 + 1}층",
            f"{number * 137 % 9000 + 120}.{number % 10}",
            f"{1990 + number % 30}-{number % 12 + 1:02d}-{number % 28 + 1:02d}",
            "" if number % 3 else "정비 중",
        )
        for number in range(1, 31)
    ]
    header = ("관리번호", "공원명", "주소", "면적(㎡)", "지정일", "비고")
    return Table("parks", header, tuple(rows), (*header[:3], "면적", *header[4:]), 3)


def _districts() -> Table:
    rows = [
        (f"{_WARDS[number % 5]} {number}동", *(f"{number * step:,}" for step in (1733, 911, 822)))
        for number in range(1, 26)
    ]
    header = ("행정구역", "세대수", "남자", "여자")
    return Table("districts", header, tuple(rows), header, 1)


def _complaints() -> Table:
    texts = (
        "가로등이 어둡습니다.",
        '표지판에 "공사 중"이라고만 적혀 있음',
        "소음, 먼지, 진동",
        "길이 패임",
    )
    rows = [
        (
            f"2026-{number:04d}",
            f"2026-06-{number % 30 + 1:02d} {number % 24:02d}:{number * 7 % 60:02d}",
            ("교통", "환경", "복지")[number % 3],
            texts[number % 4],
            ("처리", "접수")[number % 2],
        )
        for number in range(1, 41)
    ]
    header = ("접수번호", "접수일시", "분야", "내용", "처리상태")
    return Table("complaints", header, tuple(rows), header, None)


def _payments() -> Table:
    rows = [
        (
            str(number),
            f"Vendor {chr(65 + number)}",
            str(number * 15_000),
            f"{number / 8:.3f}",
            f"2026/0{number % 9 + 1}/15",
        )
        for number in range(1, 21)
    ]
    header = ("id", "name", "amount", "ratio", "paid_on")
    return Table("payments", header, tuple(rows), header, 2)
