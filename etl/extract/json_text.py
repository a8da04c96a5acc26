"""Tell JSON from a table whose first cell begins with a bracket."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"[\s]+|(?P<open>[{\[])|(?P<close>[}\]])|(?P<sign>[:,])"
    r'|"(?:[^"\\\x00-\x1f]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null'
)
_UNFINISHED = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*\\?|-?[\d.eE+-]*|[a-z]{1,4}')


def is_json(text: str, *, is_whole: bool) -> bool:
    r"""Tell whether a text is JSON, or a JSON document a line.

    Args:
        text: The text from its first bracket on.
        is_whole: Whether the file ends there; JSON that is cut off is JSON still.

    Examples:
        >>> is_json('{"a": [1, 2]}', is_whole=True), is_json("[code],name", is_whole=True)
        (True, False)
        >>> is_json('{"a": 1}\n{"a": 2}\n', is_whole=True), is_json("[1],[2]", is_whole=True)
        (True, False)
    """
    depth = place = 0
    has_key = False
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None:
            is_cut = depth > 0 and _UNFINISHED.fullmatch(text, place) is not None
            return is_cut and (has_key or not is_whole)
        if depth == 0 and not token["open"] and not token[0].isspace():
            return False
        has_key |= token["sign"] == ":"
        depth += (token["open"] is not None) - (token["close"] is not None)
        place = token.end()
    return depth == 0 or has_key or not is_whole
