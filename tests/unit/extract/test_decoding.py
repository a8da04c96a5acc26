"""A file's encoding is decided by all of its bytes, wherever its parts are cut."""

from __future__ import annotations

import codecs
import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from etl.errors import SourceFormatError
from etl.extract.decoding import (
    Failure,
    UndecodableError,
    candidates,
    decode_chunks,
    fits_by_accident,
)
from etl.extract.delimited import refuse_encoding

BOM = codecs.BOM_UTF8


def decode(parts, encoding):
    return "".join(decode_chunks(parts, encoding))


def first_bad_byte(content: bytes, encoding: str) -> int | None:
    """Ask Python's one-shot codec; behind a byte order mark it counts from the mark's end."""
    mark = len(BOM) if encoding == "utf-8-sig" and content.startswith(BOM) else 0
    try:
        content[mark:].decode("utf-8" if encoding == "utf-8-sig" else encoding)
    except UnicodeDecodeError as error:
        return mark + error.start
    return None


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        pytest.param("마당", "utf-8", id="UTF-8"),
        pytest.param("마당", "utf-8-sig", id="UTF-8 with a byte order mark"),
        pytest.param("똠방각하 뷁 펲시콜라", "cp949", id="syllables beyond KS X 1001"),
        pytest.param("€ 100 ㎡ ①", "cp949", id="the euro sign and symbols of CP949"),
        pytest.param("\ufeff마당\ufeff", "utf-8-sig", id="only the first mark is one"),
        pytest.param("", "utf-8-sig", id="nothing behind the mark"),
        pytest.param("👩‍👩‍👧 𠀀", "utf-8", id="characters of four bytes"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_text_survives_however_it_is_cut(text, encoding, size):
    content = text.encode(encoding)
    parts = [content[start : start + size] for start in range(0, len(content), size)]

    assert decode(parts, encoding) == text


@pytest.mark.parametrize(
    ("content", "encoding", "offset"),
    [
        pytest.param(b"a\xff", "utf-8", 1, id="no lead byte"),
        pytest.param(BOM + b"a\xff", "utf-8-sig", 4, id="behind a mark the mark counts"),
        pytest.param("가나".encode()[:-1], "utf-8", 3, id="last character cut in UTF-8"),
        pytest.param("가나".encode("cp949")[:-1], "cp949", 2, id="last character cut in CP949"),
        pytest.param(b"\x81", "cp949", 0, id="a lone lead byte"),
        pytest.param(b"ab\xc9\x00", "cp949", 2, id="a wrong trail byte"),
        pytest.param(b"\xff", "cp949", 0, id="a byte CP949 does not have"),
        pytest.param(b"\xed\xa0\x80", "utf-8", 0, id="a surrogate"),
        pytest.param(b"\xc0\xaf", "utf-8", 0, id="an overlong form"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_the_first_bad_byte_is_named(content, encoding, offset, size):
    parts = [content[start : start + size] for start in range(0, len(content), size)]

    with pytest.raises(UndecodableError) as caught:
        decode(parts, encoding)

    assert caught.value.failure == Failure(encoding, offset)


@given(
    content=st.lists(
        st.sampled_from([b"a", b"\n", "가".encode(), "뷁".encode("cp949"), b"\xff", b"\xc9", BOM])
    ).map(b"".join)
    | st.binary(max_size=40),
    cuts=st.lists(st.integers(0, 40), max_size=5),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp949"]),
)
@example(content=BOM[:2], cuts=[1], encoding="utf-8-sig")
def test_parts_fail_where_the_whole_fails(content, cuts, encoding):
    borders = sorted({0, len(content), *(cut for cut in cuts if cut < len(content))})
    parts = [content[a:b] for a, b in itertools.pairwise(borders)]

    try:
        text = decode(parts, encoding)
    except UndecodableError as error:
        assert error.failure.offset_bytes == first_bad_byte(content, encoding)  # noqa: PT017
    else:
        assert first_bad_byte(content, encoding) is None
        assert text == content.decode(encoding)


@pytest.mark.parametrize(
    ("first_bytes", "declared", "tried"),
    [
        pytest.param(b"a,b", "auto", ("utf-8", "cp949"), id="UTF-8 before CP949"),
        pytest.param(BOM, "auto", ("utf-8-sig",), id="a mark leaves no choice"),
        pytest.param(BOM, "utf-8", ("utf-8-sig",), id="declared UTF-8 may carry a mark"),
        pytest.param(b"a,b", "utf-8", ("utf-8",), id="a declaration is held to"),
        pytest.param(b"a,b", "cp949", ("cp949",), id="a declaration is held to, CP949 too"),
        pytest.param(b"\xff\xfea\0", "auto", ("utf-16-le",), id="UTF-16 with a mark"),
        pytest.param(b"\xfe\xff\0a", "auto", ("utf-16-be",), id="the other way round"),
        pytest.param("가,1\n".encode("utf-16-le"), "auto", ("utf-16-le",), id="and without one"),
        pytest.param("가,1\n".encode("utf-16-be"), "auto", ("utf-16-be",), id="both ways"),
        pytest.param(b"a,\0\n1,2\n" * 9, "auto", ("utf-8", "cp949"), id="a NUL is no UTF-16"),
        pytest.param(b"\0" * 40, "auto", ("utf-8", "cp949"), id="nor is nothing but NUL"),
        pytest.param(b"a\0,\0b\0\n", "utf-16", ("utf-16-le",), id="declared UTF-16"),
    ],
)
def test_what_is_tried(first_bytes, declared, tried):
    assert candidates(first_bytes, declared) == tried


@pytest.mark.parametrize(
    ("text", "encoding", "is_accident"),
    [
        pytest.param("서울특별시 종로구 세종대로 공영주차장 관리번호", "cp949", False, id="Korean"),
        pytest.param("뷁", "cp949", False, id="one rare syllable"),
        pytest.param("A동 B동, 뷁a", "cp949", False, id="Korean beside letters"),
        pytest.param("㎡ ℃ ㈜ ①", "cp949", False, id="symbols alone"),
        pytest.param("北京市公共图书馆和文化中心的管理部门数据表", "gb2312", True, id="Chinese"),
        pytest.param("Ärzte und Ämter", "latin-1", True, id="German"),
    ],
)  # fmt: skip
def test_another_encoding_that_fits_by_accident_is_noticed(text, encoding, is_accident):
    content = text.encode(encoding)

    assert fits_by_accident(content.decode("cp949")) is is_accident


def test_the_refusal_names_each_offset_and_no_byte():
    error = refuse_encoding([Failure("utf-8", 4), Failure("cp949", 9)])

    assert isinstance(error, SourceFormatError)
    assert "cp949: first bad byte at offset 9; utf-8: first bad byte at offset 4" in error.message
    assert error.facts["offset_bytes"] == 9
