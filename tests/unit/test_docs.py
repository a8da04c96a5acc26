"""What the documents say is so: links, commands, keys, exit codes, and the example's own rows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
import yaml
from typer.main import get_command

from etl import errors
from etl.checking import run_example
from etl.cli.main import app
from etl.contract.loading import parse_contract
from etl.contract.model import Contract
from etl.contract.vocabulary import FieldType, PersonalKind, Role, Strict
from etl.ledger.tables import metadata

ROOT = Path(__file__).parents[2]
READMES = (ROOT / "README.md", ROOT / "README.ko.md")
DOCUMENTS = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")))
ARCHITECTURE = ROOT / "docs" / "architecture.md"
CONTRACT = ROOT / "docs" / "contract.md"
ERRORS = ROOT / "docs" / "errors.md"
OPERATIONS = ROOT / "docs" / "operations.md"
CODE_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def code_blocks(document: Path, language: str) -> list[str]:
    blocks = CODE_BLOCK.findall(document.read_text(encoding="utf-8"))
    return [text for name, text in blocks if name == language]


def commands(document: Path) -> list[str]:
    """Return what is typed into a shell; remarks for people are of each language."""
    lines = "".join(code_blocks(document, "sh")).splitlines()
    return [line.partition("#")[0].strip() for line in lines if line.strip()]


def test_the_documents_are_there():
    assert len(DOCUMENTS) >= 8, "too few documents: these tests would prove nothing"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document):
    text = CODE_BLOCK.sub("", document.read_text(encoding="utf-8"))
    targets = [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if ":" not in target]

    missing = [t for t in targets if not (document.parent / t.partition("#")[0]).exists()]

    assert missing == []


def test_both_readmes_name_the_same_commands_and_addresses():
    english, korean = READMES

    assert commands(english) == commands(korean)
    assert commands(english)[0] == "apt-get install -y git make"
    assert addresses(english) == addresses(korean)


def addresses(document: Path) -> list[str]:
    found = re.findall(r"<(http://[^>]+)>|`(state/[^`]+)`", document.read_text(encoding="utf-8"))
    return [url or path for url, path in found]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_targets_of_make_exist(document):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = set(makefile.partition(".PHONY:")[2].splitlines()[0].split())

    named = re.findall(
        r"`(?:[A-Z_]+=\S+ )?make ([a-z]+)|^make ([a-z]+)", text_of(document), re.MULTILINE
    )

    assert {first or second for first, second in named} <= known


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_of_madang_exist(document):
    known = get_command(app).commands

    named = set(re.findall(r"(?:`|/)madang ([a-z]+)\b", text_of(document)))

    assert named <= known.keys()


def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def keys_of_the_format() -> set[str]:
    fields = [item for model in Strict.__subclasses__() for item in model.model_fields.items()]
    return {field.alias or name for name, field in fields}


def test_every_key_of_the_contract_is_explained():
    prose = CODE_BLOCK.sub("", text_of(CONTRACT))
    explained = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", prose))))

    unexplained = keys_of_the_format() - explained

    assert {"format", "minLength", "declared_personal"} <= keys_of_the_format()
    assert unexplained == set()


@pytest.mark.parametrize("values", [FieldType, Role, PersonalKind])
def test_every_value_of_a_closed_list_is_explained(values):
    missing = [value for value in get_args(values) if f"`{value}`" not in text_of(CONTRACT)]

    assert missing == []


def test_the_example_is_a_contract_and_its_rows_hold():
    text = code_blocks(CONTRACT, "yaml")[0]

    contract = parse_contract(text.encode(), organisation="culture", dataset="libraries")

    assert [run_example(contract, example, {}) for example in contract.examples] == [""]


def test_the_example_about_people_has_keys_of_the_format():
    about_people = yaml.safe_load(code_blocks(CONTRACT, "yaml")[1])
    complete = yaml.safe_load(code_blocks(CONTRACT, "yaml")[0]) | about_people
    complete |= {"primaryKey": [], "examples": [], "reference_date": None}

    contract = Contract.model_validate(complete)

    assert contract.quasi_identifiers == ("age",)


def error_classes() -> dict[str, type[errors.EtlError]]:
    return {
        name: kind
        for name, kind in vars(errors).items()
        if isinstance(kind, type)
        and issubclass(kind, errors.EtlError)
        and kind is not errors.EtlError
    }


def test_the_errors_are_told_as_they_are():
    told = re.findall(
        r"^\| `(\w+Error)` \| (\d+) \| (yes|no) \| ([a-z ]+?) \|", text_of(ERRORS), re.MULTILINE
    )

    assert {
        (name, kind.exit_code, kind.retryable, kind.owner) for name, kind in error_classes().items()
    } == {(name, int(code), retried == "yes", owner) for name, code, retried, owner in told}


def test_every_exit_code_and_its_owner_are_told():
    rows = dict(re.findall(r"^\| (\d+) \| ([^|]+) \|", text_of(ERRORS), re.MULTILINE))

    for kind in error_classes().values():
        assert rows[str(kind.exit_code)] == f"{kind.owner} · {kind.owner_ko}"
    assert rows.keys() == {"0", "2"} | {str(kind.exit_code) for kind in error_classes().values()}


def test_every_table_of_the_ledger_has_its_place():
    missing = [name for name in metadata.tables if f"| `{name}` |" not in text_of(ARCHITECTURE)]

    assert missing == []


def test_every_dag_has_its_place():
    files = [file.stem for file in (ROOT / "dags").glob("*.py")]

    assert "publish_datasets" in files
    assert [name for name in files if name not in text_of(ARCHITECTURE)] == []


def test_every_setting_is_explained():
    sources = (ROOT / "etl" / "settings.py", ROOT / "stack" / "settings.py")
    settings = {
        name for file in sources for name in re.findall(r'"(MADANG_[A-Z_]+)"', text_of(file))
    }

    assert "MADANG_STATE" in settings
    assert [name for name in sorted(settings) if f"`{name}`" not in text_of(OPERATIONS)] == []
