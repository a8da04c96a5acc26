"""Make the JSON Schema that editors check contracts with while they are written.

`madang schema` writes it anew; a test tells when that is due. The loader stays the judge: a
schema cannot express that a name in `primaryKey` must stand among the fields.
"""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from etl.contract.model import Contract
from etl.contract.vocabulary import Strict

_ATTRIBUTE = re.compile(r"^    ([a-z_, ]+): (.+(?:\n {6,}.+)*)", re.MULTILINE)


def contract_schema() -> dict[str, Any]:
    """Return the JSON Schema of a contract file, with the spelling of the file's keys.

    Examples:
        >>> schema = contract_schema()
        >>> schema["properties"]["primaryKey"]["type"], schema["additionalProperties"]
        ('array', False)
    """
    schema = Contract.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    for model in _models(Strict):
        part = schema if model is Contract else definitions.get(model.__name__)
        if part is not None:
            _describe(part, model)
    return {"$schema": GenerateJsonSchema.schema_dialect, **_without_word_classes(schema)}


def schema_text() -> str:
    """Return the text of the schema's file."""
    return json.dumps(contract_schema(), ensure_ascii=False, indent=2) + "\n"


def _models(parent: type[BaseModel]) -> list[type[BaseModel]]:
    children = parent.__subclasses__()
    return children + [grandchild for child in children for grandchild in _models(child)]


def _describe(part: JsonSchemaValue, model: type[BaseModel]) -> None:
    """Title a model and its keys, and describe them from the model's docstring."""
    text = inspect.getdoc(model) or ""
    part["title"] = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", model.__name__).capitalize()
    part["description"] = _one_line(text.partition("\n\n")[0])
    for key, value in part["properties"].items():
        if "$ref" not in value:
            value["title"] = key
    for names, description in _ATTRIBUTE.findall(text):
        for name in names.split(", "):
            key = model.model_fields[name].alias or name
            part["properties"][key]["description"] = _one_line(description)


def _without_word_classes(value: Any) -> Any:
    r"""Drop the patterns with `\w`: editors follow ECMA-262, where it is no letter of Hangul."""
    if isinstance(value, dict):
        return {
            key: _without_word_classes(part)
            for key, part in value.items()
            if not (key == "pattern" and isinstance(part, str) and r"\w" in part)
        }
    return [_without_word_classes(part) for part in value] if isinstance(value, list) else value


def _one_line(text: str) -> str:
    return " ".join(text.replace("`", "").split())
