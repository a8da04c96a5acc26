r"""Regular expressions that mean the same in every engine that judges a table.

Great Expectations on pandas asks RE2 or Python's `re`, `locate` asks Rust's `regex`. They
differ in `\w` and `\b` beyond ASCII, in lookarounds, in `$` before a last line break and in
what they take literally. Only the common part is let through; the rest is refused when the
contract is compiled, so that two engines can never disagree about a row.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import polars as pl

_MOST_REPETITIONS = 1000  # RE2's own limit

_TOKEN = re.compile(
    r"""
    (?P<digit>\\d)
    | (?P<escape>\\[\\.^$|?*+()\[\]{}/\-#%&~@!:;,'"=_ `tnr])
    | (?P<repeat>\{(?P<least>\d{1,4})(?:,(?P<most>\d{0,4}))?\}|[*+?])(?P<lazy>\??)
    | (?P<open>\[\^?\]?)
    | (?P<group>\((?:\?:)?(?!\?))
    | (?P<plain>[^\\\[\](){}*+?])
    | (?P<end>\))
    """,
    re.VERBOSE | re.DOTALL,
)
_CLASS_TOKEN = re.compile(
    r"""
    (?P<digit>\\d)
    | (?P<escape>\\[\\.^$|?*+()\[\]{}/\-#%&~@!:;,'"=_ `tnr])
    | (?P<close>\])
    | (?P<plain>(?!&&|--|~~|\|\|)[^\\\[])
    """,
    re.VERBOSE | re.DOTALL,
)

_KINDS = ("digit", "escape", "repeat", "open", "close", "group", "end", "plain")
_SPELLED = {("digit", False): "[0-9]", ("digit", True): "0-9", ("group", False): "(?:"}


class UnportableError(ValueError):
    """A pattern would not mean the same in every engine; the text says which part."""


def portable(pattern: str) -> str:
    r"""Return a pattern in the form that all engines read alike; digits are 0 to 9.

    Raises:
        UnportableError: Engines would differ, or the pattern is no regular expression.

    Examples:
        >>> portable(r"\d{3}-[\d가-힣]+")
        '[0-9]{3}-[0-9가-힣]+'
    """
    spelled = "".join(_tokens(unicodedata.normalize("NFC", pattern)))
    try:
        re.compile(spelled)
        pl.Series([""]).str.contains(spelled)
    except (re.error, pl.exceptions.ComputeError):
        raise UnportableError("it is no regular expression") from None
    return spelled


def whole(pattern: str) -> str:
    """Return a portable pattern that must fit the whole value, as Table Schema's does.

    Values carry no outer blanks, so `$` cannot stand before a last line break.

    Examples:
        >>> whole("공영|민영")
        '^(?:공영|민영)$'
    """
    return f"^(?:{portable(pattern)})$"


def _tokens(pattern: str) -> Iterator[str]:
    position, is_class, may_repeat = 0, False, False
    while position < len(pattern):
        token = (_CLASS_TOKEN if is_class else _TOKEN).match(pattern, position)
        if token is None:
            raise UnportableError(f"engines differ about the part at character {position + 1}")
        kind = next(name for name in _KINDS if token.groupdict().get(name) is not None)
        if kind == "repeat":
            _check_repeat(token, may_repeat=may_repeat)
        yield _SPELLED.get((kind, is_class), token[0])
        may_repeat = kind not in ("repeat", "group")
        is_class = kind == "open" or (is_class and kind != "close")
        position = token.end()


def _check_repeat(token: re.Match[str], *, may_repeat: bool) -> None:
    if not may_repeat:
        raise UnportableError("a repetition must follow something to repeat")
    if max(int(token["least"] or 0), int(token["most"] or 0)) > _MOST_REPETITIONS:
        raise UnportableError(f"more than {_MOST_REPETITIONS} repetitions")
