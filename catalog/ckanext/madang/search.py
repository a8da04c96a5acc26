"""Search for datasets in Korean.

The index splits compounds into their words (nori) and, in the `_bi` fields, into pairs of
syllables that do not care for spacing. Its words of one compound are to be found together, which
only the edismax parser does; CKAN's dismax would take any of them.
"""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckanext.madang.text import compose_text

QUERY_FIELDS = "name^4 title^4 tags^2 groups^2 text title_bi^0.5 text_bi^0.1"
_RELAXED = "ext_relaxed"
_MATCHES_ALL = ("", "*:*", '""')


def refine_query(params: dict[str, Any]) -> dict[str, Any]:
    """Set parser and fields for a query of words; leave what the caller chose."""
    if (params.get("q") or "") in _MATCHES_ALL:
        return params
    if (params.get("extras") or {}).get(_RELAXED):
        return params | {"defType": "dismax", "mm": "50%", "qf": QUERY_FIELDS}
    return {"defType": "edismax", "qf": QUERY_FIELDS} | params


@tk.chained_action
@tk.side_effect_free
def package_search(next_action: Any, context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Search; where no dataset has all the words, search for half of them.

    An answer of the second kind has `relaxed: true`.
    """
    asked = _copy(compose_text(data_dict))
    answer = next_action(context, _copy(asked))
    if answer["count"] or not _can_relax(asked):
        return answer
    asked["extras"][_RELAXED] = "1"
    relaxed = next_action(tk.fresh_context(context), asked)
    if not relaxed["count"]:
        return answer
    tk.g.madang_relaxed = True
    return dict(relaxed, relaxed=True)


def _copy(data_dict: dict[str, Any]) -> dict[str, Any]:
    """Copy what CKAN's search changes in place."""
    return dict(data_dict, extras=dict(data_dict.get("extras") or {}))


def _can_relax(asked: dict[str, Any]) -> bool:
    query = (asked.get("q") or "").strip()
    return " " in query and ":" not in query and _RELAXED not in asked["extras"]
