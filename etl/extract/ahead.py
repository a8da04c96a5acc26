"""Work out the next item while the last one is used."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Yield items, the next of them being made in a thread of its own.

    One waits at most, so that memory stays bounded; what goes wrong while an item is made is
    raised where it would have been taken. Vectors, parsers and packers give up the
    interpreter's lock, so stages of such work run at the same time.

    Examples:
        >>> list(ahead(iter([1, 2, 3])))
        [1, 2, 3]
    """
    end = object()
    with ThreadPoolExecutor(1) as beside:
        waiting = beside.submit(next, items, end)
        while (item := waiting.result()) is not end:
            waiting = beside.submit(next, items, end)
            yield item  # type: ignore[misc]
