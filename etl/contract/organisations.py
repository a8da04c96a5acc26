"""Titles of organisations, for the pages of people."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import TypeAdapter, ValidationError

from etl.contract.vocabulary import Label
from etl.errors import ContractError

FILE = "organisations.yaml"
_TITLES = TypeAdapter(dict[str, Label])


def organisation_title(schemas: Path, organisation: str) -> Label:
    """Return the title of an organisation; its slug, where `organisations.yaml` has none.

    Raises:
        ContractError: The file breaks its format.
    """
    return _read_titles(schemas / FILE).get(organisation) or Label(ko=organisation)


def _read_titles(file: Path) -> dict[str, Label]:
    if not file.is_file():
        return {}
    try:
        return _TITLES.validate_python(yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    except (yaml.YAMLError, ValidationError, UnicodeDecodeError, OSError):
        raise ContractError(
            f"{FILE} is not a list of slugs with titles {{ko, en}}. Nothing was published; the"
            " live releases stay. Correct it."
        ) from None
