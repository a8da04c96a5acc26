"""Read contract files; complain with file, line and field."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import yaml
from pydantic import ValidationError

from etl.contract.codelists import FOLDER as CODELISTS
from etl.contract.hierarchies import FOLDER as HIERARCHIES
from etl.contract.model import Contract
from etl.contract.strict_yaml import parse_strictly
from etl.contract.unbuilt import find_unbuilt
from etl.contract.vocabulary import Role
from etl.errors import ContractError

_RESERVED = (CODELISTS, HIERARCHIES)  # folders that belong to no organisation
SLUG = re.compile(r"[a-z][a-z0-9_]{1,30}")  # CKAN wants two characters at least

_KOREAN = {
    "missing": "빠져 있습니다",
    "extra_forbidden": "형식에 없는 항목입니다",
    "literal_error": "허용된 값이 아닙니다",
    "string_type": "글자여야 합니다",
    "int_type": "정수여야 합니다",
    "bool_type": "true 또는 false여야 합니다",
    "string_pattern_mismatch": "정해진 꼴이 아닙니다",
    "model_type": "하위 항목을 가진 묶음이어야 합니다",
    "tuple_type": "목록이어야 합니다",
    "unbuilt": "아직 지원하지 않는 항목이라 거절합니다",
}

_ROLES = ", ".join(get_args(Role))
_ROLE_MESSAGES = (
    f"is not decided; a person has to name one of: {_ROLES}",
    f"정해지지 않았습니다. 사람이 다음 중 하나를 정해야 합니다: {_ROLES}",
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with one place of a contract file.

    Attributes:
        file: `<organisation>/<dataset>.yaml`.
        line: Line of the file, counted from 1.
        field: Path of the key, such as `fields[2].type`.
        message: The fault, in English.
        message_ko: The fault, in Korean.
    """

    file: str
    line: int
    field: str
    message: str
    message_ko: str

    def __str__(self) -> str:
        """Name the place as editors understand it."""
        return f"{self.file}:{self.line}: {self.field}: {self.message}"


class InvalidContractError(ContractError):
    """A contract cannot be used; `complaints` says why, place by place."""

    complaints: tuple[Complaint, ...] = ()

    @classmethod
    def of(cls, complaints: Sequence[Complaint]) -> InvalidContractError:
        """Return the error that names every complaint."""
        lines = "\n".join(map(str, complaints))
        error = cls(
            f"{lines}\nThe contract was not used; live releases stay. Correct the named lines.",
            complaints=len(complaints),
        )
        error.complaints = tuple(complaints)
        return error


def contract_files(schemas: Path) -> list[Path]:
    """Return every contract file of a folder, in the order of their names."""
    return sorted(f for f in schemas.glob("*/*.yaml") if f.parent.name not in _RESERVED)


def dataset_name(file: Path) -> str:
    """Return the dataset that a contract file describes.

    Examples:
        >>> dataset_name(Path("schemas/city/parks.yaml"))
        'city-parks'
    """
    return f"{file.parent.name}-{file.stem}"


def load_contract(file: Path) -> Contract:
    """Read one contract.

    Raises:
        InvalidContractError: The file breaks the format; it names file, line and field.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InvalidContractError.of(
            [_complaint(_label(file), 1, "(file)", f"cannot be read: {error.strerror}")]
        ) from None
    return parse_contract(content, organisation=file.parent.name, dataset=file.stem)


def parse_contract(content: bytes, *, organisation: str, dataset: str) -> Contract:
    """Build a contract from the text of its file.

    Args:
        content: The file's bytes, UTF-8.
        organisation: Slug of the folder.
        dataset: Stem of the file.

    Raises:
        InvalidContractError: See `load_contract`.
    """
    label = f"{organisation}/{dataset}.yaml"
    for slug in (organisation, dataset):
        if not SLUG.fullmatch(slug):
            raise InvalidContractError.of(
                [_complaint(label, 1, "(name)", "a slug has small letters, digits and _ only")]
            )
    text = _decoded(content, label)
    try:
        contract = Contract.model_validate(_parsed(text, label))
    except ValidationError as error:
        raise InvalidContractError.of(list(_complaints(error, text, label))) from None
    if unbuilt := find_unbuilt(contract):
        lines = _Lines(text)
        raise InvalidContractError.of(
            [
                _complaint(
                    label,
                    lines.of(tuple(key.split("."))),
                    key,
                    "is known to the format but not built yet, so it is refused",
                    _KOREAN["unbuilt"],
                )
                for key in unbuilt
            ]
        )
    return contract.named(f"{organisation}-{dataset}", hashlib.sha256(content).hexdigest())


def load_contracts(schemas: Path) -> tuple[list[Contract], list[InvalidContractError]]:
    """Read every contract of a folder; a broken one takes no other away.

    Returns:
        The readable contracts, and one error for each of the others.
    """
    readable: list[Contract] = []
    broken: list[InvalidContractError] = []
    for file in contract_files(schemas):
        try:
            readable.append(load_contract(file))
        except InvalidContractError as error:
            broken.append(error)
    return readable, broken


def find_contract(schemas: Path, dataset: str) -> Contract:
    """Read the contract of one dataset.

    Raises:
        ContractError: There is no such contract, or it breaks the format.
    """
    return load_contract(find_contract_file(schemas, dataset))


def find_contract_file(schemas: Path, dataset: str) -> Path:
    """Return the file of one dataset's contract.

    Raises:
        ContractError: There is no such contract.
    """
    organisation, _, name = dataset.partition("-")
    file = schemas / organisation / f"{name}.yaml"
    is_named = SLUG.fullmatch(organisation) and SLUG.fullmatch(name)
    if not is_named or organisation in _RESERVED or not file.is_file():
        known = ", ".join(map(dataset_name, contract_files(schemas))) or "none"
        raise ContractError(
            "There is no contract of that name. Nothing was read. "
            f"Name one of: {known}; or add schemas/<organisation>/<dataset>.yaml."
        )
    return file


def _decoded(content: bytes, label: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InvalidContractError.of(
            [_complaint(label, line, "(file)", "is not UTF-8", "UTF-8이 아닙니다")]
        ) from None


def _parsed(text: str, label: str) -> object:
    try:
        return parse_strictly(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "the text is not YAML"
        line = mark.line + 1 if mark else 1
        raise InvalidContractError.of([_complaint(label, line, "(yaml)", problem)]) from None


def line_of(text: str, path: tuple[str | int, ...]) -> int:
    r"""Return the line of a key in the text of a contract, counted from 1.

    Examples:
        >>> line_of("format: 1\ntitle:\n  ko: 공원\n", ("title", "ko"))
        3
    """
    return _Lines(text).of(path)


class _Lines:
    """Where the keys of a YAML text stand; built only once something is wrong."""

    def __init__(self, text: str) -> None:
        self.root = yaml.compose(text, yaml.CSafeLoader)

    def of(self, path: tuple[str | int, ...]) -> int:
        """Return the line of the deepest part of a path that the text holds."""
        node, line = self.root, 1
        for part in path:
            step = _step(node, part)
            if step is None:
                break
            line, node = step
        return line


def _step(node: yaml.Node | None, part: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == part:
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line + 1, node.value[part]
    return None


def _complaints(error: ValidationError, text: str, label: str) -> Iterator[Complaint]:
    lines = _Lines(text)
    for fault in error.errors(include_url=False, include_input=False):
        path = _path(fault["loc"], is_key=fault["type"] == "extra_forbidden")
        message = fault["msg"].removeprefix("Value error, ")
        if not path and (named := re.match(r"([\w.]+): ", message)):
            path, message = _parts(named[1]), message[named.end() :]
        korean = _KOREAN.get(fault["type"], message)
        if path[-1:] == ("role",) and fault["type"] == "literal_error":
            message, korean = _ROLE_MESSAGES
        yield _complaint(label, lines.of(path), spell_path(path), message, korean)


def _parts(named: str) -> tuple[str | int, ...]:
    return tuple(int(part) if part.isdigit() else part for part in named.split("."))


def _path(location: tuple[str | int, ...], *, is_key: bool) -> tuple[str | int, ...]:
    """Return where a fault stands; the last part of an unknown key is never a branch."""
    last = location[-1:] if is_key else ()
    parts = location[: len(location) - len(last)]
    return (*(part for part in parts if not _is_branch(part)), *last)


def _is_branch(part: str | int) -> bool:
    """Tell pydantic's names of union branches from keys of the file."""
    return (isinstance(part, str) and not re.fullmatch(r"[A-Za-z_]\w*", part)) or part in _BRANCHES


_BRANCHES = frozenset({"AppendUpdate", "constrained-str", "int", "str", "decimal"})


def spell_path(path: tuple[str | int, ...]) -> str:
    """Return a path as `fields[2].type`.

    Examples:
        >>> spell_path(("fields", 2, "type"))
        'fields[2].type'
    """
    spelled = ""
    for part in path:
        spelled += f"[{part}]" if isinstance(part, int) else f".{part}" if spelled else part
    return spelled or "(contract)"


def _complaint(
    file: str, line: int, field: str, message: str, message_ko: str | None = None
) -> Complaint:
    return Complaint(file, line, field, message, message_ko or message)


def _label(file: Path) -> str:
    return f"{file.parent.name}/{file.name}"
