"""One form for every text that is stored or searched."""

from __future__ import annotations

import unicodedata
from typing import Any

import ckan.plugins.toolkit as tk


def compose_text(value: Any) -> Any:
    r"""Return the value with every text in it in Unicode's composed form (NFC).

    Names typed or made on a Mac may come decomposed; no search finds decomposed Hangul.

    Examples:
        >>> compose_text({"title": "\u1106\u1161", "tags": ["x", 1]})
        {'title': '마', 'tags': ['x', 1]}
    """
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, dict):
        return {key: compose_text(part) for key, part in value.items()}
    if isinstance(value, list):
        return [compose_text(part) for part in value]
    return value


@tk.chained_action
def save_composed(next_action: Any, context: Any, data_dict: dict[str, Any]) -> Any:
    """Let a writing action see composed text only."""
    return next_action(context, compose_text(data_dict))


@tk.chained_action
@tk.side_effect_free
def ask_composed(next_action: Any, context: Any, data_dict: dict[str, Any]) -> Any:
    """Let a reading action see composed text only."""
    return next_action(context, compose_text(data_dict))
