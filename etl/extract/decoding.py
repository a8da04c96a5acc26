"""Decide a file's encoding on all of its bytes, and never by replacing one of them."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Encoding = Literal["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "cp949"]
Declared = Literal["auto", "utf-8", "utf-16", "cp949"]

_MARKS: dict[Encoding, bytes] = {
    "utf-8-sig": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
}
_FREQUENT = frozenset(
    "가강거건게경계고공과관광교구군권금급기길김나남내년노단당대도동등라로료리마면명목무문물미민박방배번법보복부북분"
    "비사산상서선성세소수순시식신실아안양어업여연영오요용우운원월위유육음의이인일입자장재전정제조종주중지진집차천"
    "체초총출층치터토통특판평표품하학한합항해행현호화환회"
)
_JUDGED_LETTERS = 20


@dataclass(frozen=True, slots=True)
class Failure:
    """Where an encoding stops fitting.

    Attributes:
        encoding: The encoding that was tried.
        offset_bytes: Offset of the first byte that does not fit, counted from 0.
    """

    encoding: Encoding
    offset_bytes: int


def decode_chunks(
    chunks: Iterable[bytes], encoding: Encoding, *, is_whole: bool = True
) -> Iterator[str]:
    r"""Decode a stream strictly.

    Args:
        chunks: Consecutive parts of one file.
        encoding: The encoding to hold the file to.
        is_whole: Whether the file ends behind them; if not, a last character may be cut.

    Yields:
        The decoded text, part by part; a byte order mark is not part of it.

    Raises:
        UndecodableError: A byte does not fit; it knows the offset within the whole stream.

    Examples:
        >>> "".join(decode_chunks([b"\xb0", b"\xa1"], "cp949"))
        '가'
    """
    # Python's own utf-8-sig counts offsets from behind the mark
    codec = "utf-8" if encoding == "utf-8-sig" else encoding
    mark = "\ufeff" if encoding in _MARKS else ""
    decoder = codecs.getincrementaldecoder(codec)(errors="strict")
    consumed = 0
    for chunk in chunks:
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(chunk)
        except UnicodeDecodeError as error:
            raise UndecodableError(Failure(encoding, consumed - pending + error.start)) from None
        consumed += len(chunk)
        yield text.removeprefix(mark)
        mark = "" if text else mark
    if not is_whole:
        return
    pending = len(decoder.getstate()[0])
    try:
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise UndecodableError(Failure(encoding, consumed - pending)) from None


class UndecodableError(Exception):
    """One encoding does not fit; carries the place, never the bytes."""

    def __init__(self, failure: Failure) -> None:
        """Keep where the encoding stopped fitting."""
        super().__init__(failure)
        self.failure = failure


def candidates(beginning: bytes, declared: Declared = "auto") -> tuple[Encoding, ...]:
    r"""Return the encodings to try, in order; a declared one is held to, not believed.

    UTF-8 comes before CP949 because CP949 text is practically never valid UTF-8, while the
    reverse happens. CP949 and not EUC-KR: it also holds the 8,822 syllables beyond KS X 1001.
    UTF-16 without a mark is told by its zero bytes, which stand at every second place only.

    Examples:
        >>> candidates(b"\xef\xbb\xbfa")
        ('utf-8-sig',)
        >>> candidates("가,1\n".encode("utf-16-le"))
        ('utf-16-le',)
    """
    if declared == "cp949":
        return ("cp949",)
    found = _marked(beginning) or _sixteen(beginning)
    if declared == "utf-16":
        return (found if found in ("utf-16-le", "utf-16-be") else "utf-16-le",)
    if declared == "utf-8":
        return ("utf-8-sig" if found == "utf-8-sig" else "utf-8",)
    return (found,) if found else ("utf-8", "cp949")


def _marked(beginning: bytes) -> Encoding | None:
    return next((name for name, mark in _MARKS.items() if beginning.startswith(mark)), None)


def _sixteen(beginning: bytes) -> Encoding | None:
    """Tell UTF-16 without a mark from text with a stray NUL.

    Of the characters of a table at least one in twenty is ASCII, its other byte zero; of the
    bytes on the other side few are. Text that is UTF-8 has every other byte zero or none.
    """
    if not _is_halved(beginning) and _is_utf_8(beginning):
        return None
    even, odd = beginning[0::2].count(0), beginning[1::2].count(0)
    if max(even, odd) < max(2, 0.05 * len(beginning) / 2) or min(even, odd) > 0.4 * max(even, odd):
        return None
    encoding: Encoding = "utf-16-le" if odd > even else "utf-16-be"
    try:
        text = beginning[: len(beginning) // 2 * 2].decode(encoding, errors="strict")
    except UnicodeDecodeError as error:
        if error.start < len(beginning) - 3:
            return None
        text = beginning[: error.start].decode(encoding)
    strange = sum(unicodedata.category(character) in ("Cn", "Co", "Cc") for character in text)
    breaks = sum(text.count(character) for character in "\t\r\n")
    return encoding if strange - breaks <= 0.02 * len(text) else None


def _is_halved(beginning: bytes) -> bool:
    return beginning.count(0) >= 0.4 * len(beginning)


def _is_utf_8(beginning: bytes) -> bool:
    try:
        beginning.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(beginning) - 3
    return True


def fits_by_accident(text: str) -> bool:
    """Tell whether text decoded as CP949 is likely another encoding that fits by accident.

    Chinese, Japanese and Cyrillic encodings share CP949's range of bytes, and a few accented
    Latin letters fit it before plain ones. What comes out is no Korean: rare syllables,
    Hanja and single letters, or a syllable within a Latin word.

    Examples:
        >>> fits_by_accident("Ärzte, Ämter".encode("latin-1").decode("cp949"))
        True
        >>> fits_by_accident("똠방각하, 서울특별시 종로구 세종대로")
        False
    """
    letters = [character for character in text if character > "\x7f" and character.isalpha()]
    inside_words = len(re.findall("[가-힣](?=[a-z])", text))
    if letters and inside_words >= 0.5 * len(letters):
        return True
    if len(letters) < _JUDGED_LETTERS:
        return False
    syllables = ["가" <= letter <= "힣" for letter in letters]
    frequent = sum(letter in _FREQUENT for letter in letters)
    return sum(syllables) < 0.3 * len(letters) or frequent < 0.25 * sum(syllables)
