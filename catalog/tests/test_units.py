"""What can be told without a stack: documentation, translations, canonical forms."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import ckanext.madang
import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from ckanext.madang.release_tables import _place

FOLDER = Path(ckanext.madang.__file__).parent


@pytest.mark.parametrize("module", ["names", "digest", "text", "drift"])
def test_examples_in_documentation_hold(module):
    result = doctest.testmod(importlib.import_module(f"ckanext.madang.{module}"))

    assert result.attempted > 0
    assert result.failed == 0


def test_compiled_translations_are_those_of_the_source():
    folder = FOLDER / "i18n" / "ko_KR" / "LC_MESSAGES"
    with (folder / "ckanext-madang.po").open("rb") as source:
        written = {message.id: message.string for message in read_po(source) if message.id}
    with (folder / "ckanext-madang.mo").open("rb") as compiled:
        used = {message.id: message.string for message in read_mo(compiled) if message.id}

    assert written == used
    assert all(written.values())


def test_every_text_of_ours_has_a_translation():
    import re

    with (FOLDER / "i18n" / "ko_KR" / "LC_MESSAGES" / "ckanext-madang.po").open("rb") as source:
        written = {message.id for message in read_po(source)}
    sources = [FOLDER / "page.py", *FOLDER.glob("templates/**/*.html")]
    texts = {
        text
        for path in sources
        for text in re.findall(r"""_\(["']([^"']+)["']\)""", path.read_text())
    }

    assert texts, "no text found: this test would prove nothing"
    assert texts - written == set()


@pytest.mark.parametrize(
    ("context", "place"),
    [
        pytest.param('COPY 8a_1-1, line 3, column n: "secret"', " line 3, column n", id="a cell"),
        pytest.param('COPY 8a_1-1, line 3: "secret,row"', " line 3", id="a row"),
        pytest.param(
            "COPY t, line 9, column 이름: null input", " line 9, column 이름", id="Korean"
        ),
        pytest.param('unexpected "secret"', "", id="anything else"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_of_a_message_of_the_database_only_the_place_is_kept(context, place):
    assert _place(context) == place
    assert "secret" not in _place(context)
