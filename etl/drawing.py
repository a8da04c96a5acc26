"""Draw the levels of a code list or of a contract's field."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from etl.anonymise.hierarchy import compile_hierarchy
from etl.contract.fields import Field
from etl.contract.hierarchies import read_code_lists
from etl.contract.loading import find_contract
from etl.convert.schema import spell_generalisation
from etl.errors import ContractError

TREE_LINES = 60


def describe_hierarchy(name: str, schemas: Path) -> dict[str, Any]:
    """Describe a code list, or the levels of a contract's field.

    Args:
        name: Stem of a file in `hierarchies`, or `<organisation>-<dataset>.<field>`.
        schemas: Folder of the contracts.

    Returns:
        `name`, `levels` (level, what, values, allowed) and, for a code list, its tree as lines.

    Raises:
        ContractError: There is no such hierarchy, or the code list is not nested.
    """
    if "." in name:
        dataset, _, field_name = name.partition(".")
        contract = find_contract(schemas, dataset)
        for field in contract.fields:
            if field.name == field_name and field.role == "quasi-identifier":
                return {"name": name, "levels": _field_levels(field), "tree": []}
        raise ContractError(
            f"{dataset} has no quasi-identifier of that name. Nothing was drawn. Name one of:"
            f" {', '.join(contract.quasi_identifiers) or 'none'}."
        )
    listed = read_code_lists(schemas, [name])[name]
    columns = [*listed.columns.values(), ("*",) * len(listed.values)]
    compiled = compile_hierarchy(name, columns)
    titles = [*listed.columns, "*"]
    return {
        "name": name,
        "levels": [
            {"level": level, "what": title, "values": compiled.size(level), "allowed": True}
            for level, title in enumerate(titles)
        ],
        "tree": _tree(columns[::-1]),
    }


def _field_levels(field: Field) -> list[dict[str, Any]]:
    return [
        {
            "level": level,
            "what": spell_generalisation(way) if way else field.type,
            "values": None,
            "allowed": field.floor <= level <= field.ceiling,
        }
        for level, way in enumerate(field.levels)
    ]


def _tree(columns: Sequence[Sequence[str]]) -> list[str]:
    """Return the paths from the root, each value once, the first lines only."""
    lines: list[str] = []
    before: tuple[str, ...] = ()
    paths = sorted(zip(*columns, strict=True))
    for path in paths:
        same = next((i for i, (a, b) in enumerate(zip(path, before, strict=False)) if a != b), 0)
        lines += [f"{'  ' * depth}{path[depth]}" for depth in range(same, len(path))]
        before = path
        if len(lines) > TREE_LINES:
            return [*lines[:TREE_LINES], f"… {len(paths)}"]
    return lines
