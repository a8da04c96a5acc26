"""How the extension says no: HTTP 409 with one stable key that a program can act on.

The keys are listed in `catalog/README.md`. Words are for people and may change; they hold
names, counts and positions, never a cell's value.
"""

from typing import Any

import ckan.plugins.toolkit as tk


class Refused(tk.ValidationError):
    """A request that cannot be met as it stands; nothing was changed."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__({key: [message]})


class _BusyDict(dict[str, Any]):
    """An error document that keeps its own type.

    CKAN's API writes "Validation Error" over the type of every 409; a caller has to tell
    "try again" from "never" without reading words.
    """

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, "Busy Error" if key == "__type" else value)


class Busy(tk.ValidationError):
    """Somebody is at the same release already; trying again later can help."""

    def __init__(self, what: str) -> None:
        message = (
            f"{what} is being worked on by another request. Nothing was changed. Try again later."
        )
        super().__init__(_BusyDict(busy=[message]))
