"""Shared suites: Great Expectations' own JSON, checked when it is read.

A suite names fields of the contracts that use it, never columns of a file. What contracts
decide stands in it as `{"$PARAMETER": name}`, as GX writes it. Row conditions are refused.
"""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic import Field as Key

from etl.contract.demands import Severity
from etl.errors import ContractError

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


class Expectation(BaseModel):
    """One expectation of a suite, as GX writes it.

    Attributes:
        type: GX's name, such as `expect_column_values_to_be_between`.
        kwargs: Its arguments; columns are names of fields.
        severity: Only `critical` sends rows to quarantine.
        meta: `notes` for the reader; nothing is computed from it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    kwargs: dict[str, Any]
    severity: Severity = "critical"
    meta: dict[str, Any] = {}


class Suite(BaseModel):
    """A named list of expectations that contracts share."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    expectations: tuple[Expectation, ...] = Key(min_length=1)
    meta: dict[str, Any] = {}


def parse_suite(content: bytes, *, name: str) -> Suite:
    """Build a suite from the text of its file.

    Args:
        content: The file's bytes, UTF-8 JSON.
        name: Stem of the file; the suite carries the same name.

    Raises:
        ContractError: The text is no suite, or its name is not the file's.
    """
    try:
        suite = Suite.model_validate_json(content)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, fault["loc"])) or "(file)"
        raise _refused(name, f"{place}: {fault['msg']}") from None
    if suite.name != name or not NAME.fullmatch(name):
        raise _refused(name, "name: is not that of the file, in small letters, digits and _")
    return suite


def canonical(suite: Suite) -> str:
    """Return a suite as one JSON line whose bytes depend on its content alone.

    Meant for the run key: a changed suite is a reason to publish again.
    """
    content = suite.model_dump(mode="json")
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _refused(name: str, fault: str) -> ContractError:
    return ContractError(
        f"expectations/{name}.json: {fault}. Nothing was validated; live releases stay."
        " Correct the suite."
    )
