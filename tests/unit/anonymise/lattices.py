"""Small tables with their hierarchies, and the whole lattice gone through by dictionaries.

The search is held against this: it shares nothing with it but the definition of loss.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from etl.anonymise.hierarchy import Hierarchy, compile_hierarchy
from etl.anonymise.searching import Combinations

Row = tuple[int | None, ...]


@dataclass(frozen=True)
class Small:
    """Rows of leaf numbers and, last, a sensitive value; and for each field its levels."""

    rows: list[Row]
    levels: list[list[tuple[str, ...]]]

    @property
    def fields(self) -> int:
        return len(self.levels)

    def hierarchies(self) -> list[Hierarchy]:
        counted = [Counter(row[i] for row in self.rows) for i in range(self.fields)]
        return [
            compile_hierarchy(
                f"q{i}", columns, [counted[i][leaf] for leaf in range(len(columns[0]))]
            )
            for i, columns in enumerate(self.levels)
        ]

    def combinations(self) -> Combinations:
        counted = Counter(self.rows)
        keys = list(counted)
        return Combinations(
            cells=tuple(np.array([key[i] for key in keys], np.int64) for i in range(self.fields)),
            counts=np.array([counted[key] for key in keys], np.int64),
            companions=(np.array([key[-1] for key in keys], np.int64),),
        )


def brute_force(
    small: Small, k: int, suppression: float, distinct: int, alpha: float | None = None
) -> tuple[float, tuple[int, ...], int] | None:
    """Return loss, vector and suppressed rows of the best vector, the smallest of equals."""
    found = []
    for vector in product(*(range(len(columns)) for columns in small.levels)):
        loss, suppressed = evaluate(small, vector, k, distinct, alpha)
        if suppressed <= int(suppression * len(small.rows) + 1e-9):
            found.append((float(f"{loss:.12g}"), vector, suppressed))
    return min(found, default=None)


def evaluate(
    small: Small, vector: Sequence[int], k: int, distinct: int, alpha: float | None
) -> tuple[float, int]:
    """Return loss and suppressed rows of one vector, by dictionaries."""
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in small.rows:
        key = tuple(small.levels[i][level][row[i]] for i, level in enumerate(vector))
        groups[key].append(row)
    kept = [rows for rows in groups.values() if is_safe(rows, k, distinct, alpha)]
    published = [row for rows in kept for row in rows]
    suppressed = len(small.rows) - len(published)
    product_of_parts = 1.0
    for i, level in enumerate(vector):
        labels = small.levels[i][level]
        share = Counter(labels)
        total = sum(share[labels[row[i]]] / len(labels) for row in published) + suppressed
        least = len(small.rows) / len(labels)
        span = len(small.rows) - least
        product_of_parts *= 1 + ((total - least) / span if span > 0 else 0.0)
    return product_of_parts ** (1 / small.fields) - 1, suppressed


def is_safe(rows: list[Row], k: int, distinct: int, alpha: float | None) -> bool:
    values = Counter(row[-1] for row in rows)
    is_shared = alpha is not None and max(values.values()) > alpha * len(rows) + 1e-9
    return len(rows) >= k and len(values) >= distinct and not is_shared
