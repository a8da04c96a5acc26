"""Names of supplied files: what is no supply, how a name is spelt, how two are told apart."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Collection, Iterator
from fnmatch import fnmatch
from itertools import count

RECEIPT = ".receipt.txt"
MARKER = ".done"
LONGEST_BYTES = 180  # file systems take 255; a number and `.report.xlsx` have to fit behind it
UNFINISHED = re.compile(
    r"[.~].*"  # hidden files, and the locks that office programs leave
    r"|.*(?:~|\.(?:tmp|temp|part|partial|filepart|crdownload|download|swp|lock|lck))"
    r"|thumbs\.db|desktop\.ini",
    re.IGNORECASE | re.DOTALL,
)
WORKBOOK = "*.report*.xlsx"  # of a report, when its department corrects it and drops it again
NEVER_IN_NAMES = {"Cc", "Cs", "Zl", "Zp"}  # control characters, line breaks, broken encodings
UNSEEN = {*NEVER_IN_NAMES, "Cf"}  # and signs that turn a name around


def is_supplied(name: str) -> bool:
    """Tell whether a name is that of a supplied file, and no lock, draft, marker or receipt.

    Examples:
        >>> [is_supplied(name) for name in ("공원.csv", "~$공원.xlsx", "공원.csv.receipt.txt")]
        [True, False, False]
    """
    ending = name.lower()
    return not (UNFINISHED.fullmatch(name) or ending.endswith((RECEIPT, MARKER)))


def fits_pattern(name: str, pattern: str) -> bool:
    """Tell whether a name is one that a contract expects, however Unicode and capitals spell it.

    The workbook of a report, with corrections in it, may come back whatever is expected.

    Examples:
        >>> fits_pattern("공원.CSV", "*.csv"), fits_pattern("공원.hwp", "*.csv")
        (True, False)
        >>> fits_pattern("공원.csv.report (2).xlsx", "*.csv")
        True
    """
    readable = readable_name(name).lower()
    return fnmatch(readable, pattern.lower()) or fnmatch(readable, WORKBOOK)


def readable_name(name: str) -> str:
    """Return a name as people write it: Hangul composed, bytes of old Windows shares decoded.

    Examples:
        >>> readable_name(os.fsdecode("주차.csv".encode("cp949")))
        '주차.csv'
    """
    written = os.fsencode(name)
    try:
        return unicodedata.normalize("NFC", written.decode("utf-8"))
    except UnicodeDecodeError:
        return written.decode("cp949", errors="replace")


def is_unsafe(name: str) -> bool:
    r"""Tell whether a name holds what no person typed: a line break, a path, a control sign.

    Examples:
        >>> is_unsafe("공원\n.csv"), is_unsafe("..\\공원.csv"), is_unsafe("공원 (2).csv")
        (True, True, False)
    """
    return "\\" in name or any(unicodedata.category(sign) in NEVER_IN_NAMES for sign in name)


def safe_name(name: str) -> str:
    r"""Return a name that can be shown and written anywhere, not longer than it may be.

    Examples:
        >>> safe_name("..\\공원\n현황.csv")
        '.._공원_현황.csv'
    """
    signs = ("_" if _is_unseen(sign) else sign for sign in readable_name(name))
    return _shorten("".join(signs))


def free_name(name: str, taken: Collection[str]) -> str:
    """Return the name, or the first numbered one that is not taken, however it is capitalised.

    Examples:
        >>> free_name("공원.csv", {"공원.CSV", "공원 (2).csv"})
        '공원 (3).csv'
    """
    others = {one.casefold() for one in taken}
    return next(one for one in _numbered(name) if one.casefold() not in others)


def _numbered(name: str) -> Iterator[str]:
    yield name
    stem, dot, ending = name.rpartition(".") if "." in name[1:] else (name, "", "")
    for number in count(2):
        yield f"{stem} ({number}){dot}{ending}"


def _is_unseen(sign: str) -> bool:
    return sign in "\\/" or unicodedata.category(sign) in UNSEEN


def _shorten(name: str) -> str:
    """Cut the middle out of a long name; its ending stays, as programs go by it."""
    if len(name.encode()) <= LONGEST_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    if len(ending.encode()) > LONGEST_BYTES // 4:
        stem, dot, ending = name, "", ""
    room = LONGEST_BYTES - len(f"…{dot}{ending}".encode())
    return f"{stem.encode()[:room].decode(errors='ignore')}…{dot}{ending}"
