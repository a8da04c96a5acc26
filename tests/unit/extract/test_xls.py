"""XLS workbooks as text, whatever code page their writer meant."""

from __future__ import annotations

import pytest

from etl.errors import SourceFormatError
from etl.extract.xls import open_xls
from etl.settings import Limits
from tests.unit.extract.workbooks import cells_of, write_biff5, write_biff8

KOREAN = "주차장명"


def read(path):
    return cells_of(open_xls(path, Limits()).sheets[0].read())


@pytest.mark.parametrize(
    ("text", "code_page"),
    [
        pytest.param(KOREAN.encode("cp949"), 949, id="the code page is named"),
        pytest.param(KOREAN.encode("cp949"), None, id="no code page is named"),
        pytest.param(KOREAN.encode("cp949"), 1252, id="a library wrote 1252"),
        pytest.param(KOREAN.encode("cp949"), 32769, id="a library wrote Latin"),
        pytest.param(KOREAN.encode(), None, id="UTF-8 and no code page"),
        pytest.param(KOREAN.encode(), 1252, id="UTF-8 and 1252"),
    ],
)
def test_korean_text_is_read_whatever_the_workbook_says_of_it(tmp_path, text, code_page):
    path = write_biff5(tmp_path / "a.xls", [[text, b"plain"]], code_page=code_page)

    assert read(path) == [(KOREAN, "plain")]


def test_korean_text_that_a_later_workbook_keeps_as_bytes_is_read(tmp_path):
    assert read(write_biff8(tmp_path / "a", KOREAN.encode("cp949"))) == [(KOREAN,)]


def test_latin_text_of_a_later_workbook_stays_latin(tmp_path):
    assert read(write_biff8(tmp_path / "a", "Zoë".encode("latin-1"))) == [("Zoë",)]


def test_syllables_beyond_ks_x_1001_are_read(tmp_path):
    path = write_biff5(tmp_path / "a", [["똠방각하 펲시".encode("cp949")]], code_page=None)

    assert read(path) == [("똠방각하 펲시",)]


def test_what_was_decided_about_the_code_page_is_put_on_record(tmp_path):
    path = write_biff5(tmp_path / "a", [[KOREAN.encode("cp949")]], code_page=None)

    (decision,) = open_xls(path, Limits()).decisions

    assert (decision.what, decision.value) == ("code page", "cp949")
    assert KOREAN not in repr(decision)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("café", id="an accent"),
        pytest.param("25 °C", id="degrees"),
        pytest.param("5 °C ± 1", id="signs between blanks"),
        pytest.param("Ångström, naïve, Zoë", id="accents among letters"),
    ],
)
def test_latin_text_of_a_named_code_page_stays_latin(tmp_path, text):
    path = write_biff5(tmp_path / "a", [[text.encode("cp1252")]], code_page=1252)

    assert read(path) == [(text,)]


def test_text_of_no_known_code_page_is_refused(tmp_path):
    path = write_biff5(tmp_path / "a", [["café".encode("cp1252")]], code_page=None)

    with pytest.raises(SourceFormatError, match="does not name its code page, and 1 texts"):
        read(path)


def test_numbers_are_written_as_their_formats_mean(tmp_path):
    path = write_biff5(
        tmp_path / "a",
        [[43831.0, 42.0, 3.0, 0.25, 1234.5]],
        code_page=949,
        formats=[b"yyyy-mm-dd", b"00000", b"h:mm", b"#,##0.0"],
        styles=[1, 2, 0, 3, 4],
    )

    assert read(path) == [("2020-01-01", "00042", "3", "06:00:00", "1234.5")]


def test_days_count_from_the_workbooks_epoch(tmp_path):
    path = write_biff5(
        tmp_path / "a",
        [[42369.0]],
        code_page=949,
        formats=[b"yyyy-mm-dd"],
        styles=[1],
        is_1904=True,
    )

    assert read(path) == [("2020-01-01",)]


def test_rows_of_different_length_are_filled_with_blanks(tmp_path):
    path = write_biff5(tmp_path / "a", [[b"a"], [], [b"", b"b"]], code_page=949)

    assert read(path) == [("a", ""), ("", ""), ("", "b")]


def test_hidden_sheets_are_told(tmp_path):
    path = write_biff5(tmp_path / "a", [[b"a"]], code_page=949, hidden=True)

    book = open_xls(path, Limits())

    assert [sheet.is_hidden for sheet in book.sheets] == [False, True]
    assert [(f.what, f.places) for f in book.findings] == [("hidden sheets", ("sheet 2",))]


def test_an_encrypted_workbook_is_called_that(tmp_path):
    path = write_biff5(tmp_path / "a", [[b"a"]], code_page=949, is_encrypted=True)

    with pytest.raises(SourceFormatError, match="protected by a password") as caught:
        read(path)

    assert caught.value.facts["kind"] == "encrypted"


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        ({"rows": 1}, "ROWS"),
        ({"columns": 1}, "COLUMNS"),
        ({"cells": 3}, "CELLS"),
        ({"sheets": 0}, "SHEETS"),
        ({"workbook_bytes": 10}, "WORKBOOK_BYTES"),
    ],
)
def test_a_limit_is_named_by_the_refusal(tmp_path, limits, name):
    path = write_biff5(tmp_path / "a", [[b"a", b"b"], [b"c", b"d"]], code_page=949)

    with pytest.raises(SourceFormatError, match=f"MADANG_MAX_{name}"):
        open_xls(path, Limits(**limits))


def test_a_workbook_that_is_cut_off_is_refused_or_told_whole(tmp_path):
    path = write_biff5(tmp_path / "a", [[KOREAN.encode("cp949"), 1.0]] * 3, code_page=949)
    whole = path.read_bytes()

    for size in range(len(whole) - 5, 8, -7):
        path.write_bytes(whole[:size])
        with pytest.raises(SourceFormatError):
            read(path)
