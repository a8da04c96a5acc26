"""Where a code list comes from: the `<name>.yaml` beside it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import yaml
from pydantic import ValidationError

from etl.contract.vocabulary import Label, Strict, Text
from etl.errors import ContractError


class Origin(Strict):
    """Source and licence of a code list.

    Attributes:
        title: What the codes are.
        source: Who issues them, and where they were taken from.
        licence: What allows their use.
        issued: Day of the edition.
        note: What a reader should know.
    """

    title: Label
    source: Text
    licence: Text
    issued: date
    note: Text | None = None


def read_origin(file: Path) -> Origin:
    """Read the origin of a code list.

    Raises:
        ContractError: The file is missing or incomplete.
    """
    try:
        return Origin.model_validate(yaml.safe_load(file.read_bytes()))
    except (OSError, yaml.YAMLError, ValidationError):
        raise ContractError(
            f"codelists/{file.name}: title, source, licence and issued of the code list are not"
            " all there. Nothing was validated; live releases stay. Write them down."
        ) from None


def write_origin(origin: Origin) -> bytes:
    """Return the text of the origin's file."""
    content = origin.model_dump(mode="json", exclude_none=True)
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False).encode()
