"""Things done once for each state of what they are made from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from stack.settings import Settings


def digest(paths: Iterable[Path]) -> str:
    """Return a digest of files' names and bytes; folders stand for all files in them."""
    seen = hashlib.sha256()
    for path in sorted(paths):
        files = (
            sorted(path.rglob("*")) if path.is_dir() else [path]
        )  # one that is not there counts as empty
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                seen.update(file.name.encode() + b"\0" + file.read_bytes())
    return seen.hexdigest()


def digest_text(value: object) -> str:
    """Return a digest of what a value reads like; it does not show secrets in it."""
    return hashlib.sha256(str(value).encode()).hexdigest()


@dataclass(frozen=True)
class Once:
    """Something done once for each thing it is made from.

    Attributes:
        name: For people and for the stamp's file name.
        made_from: Whatever a repetition depends on, as text.
        do: Does it; may be repeated after a failure half-way.
    """

    name: str
    made_from: str
    do: Callable[[], None]

    def is_done(self, settings: Settings) -> bool:
        """Tell whether it was done from the very same things."""
        stamp = settings.state / "stamps" / self.name
        return stamp.exists() and stamp.read_text() == self._key()

    def ensure(self, settings: Settings) -> bool:
        """Do it unless it is done; return whether it was necessary."""
        if self.is_done(settings):
            return False
        self.do()
        (settings.state / "stamps" / self.name).write_text(self._key())
        return True

    def _key(self) -> str:
        return digest_text(self.made_from)
