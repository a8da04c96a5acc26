"""The command speaks both languages, whole sentences of each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from etl.errors import SourceFormatError
from etl.wording import SENTENCES, choose_language, say, tell_error

CLI = Path(__file__).parents[2] / "etl" / "cli"


@pytest.mark.parametrize("key", SENTENCES)
def test_every_sentence_stands_in_korean_and_english(key):
    korean, english = SENTENCES[key]

    assert re.search("[가-힣]", korean)
    assert english.isascii()
    assert (say(key, "ko"), say(key, "en")) == (korean, english)


def test_whatever_the_command_says_there_is():
    commands = "".join(file.read_text(encoding="utf-8") for file in CLI.glob("*.py"))
    said = set(re.findall(r'say\("([^"]+)"', commands))

    assert said, "no sentence found: this test would prove nothing"
    assert said <= SENTENCES.keys()


@pytest.mark.parametrize(
    "status", ["published", "unchanged", "held", "refused", "failed", "extract", "validate",
               "anonymise", "convert", "certify", "publish"]
)  # fmt: skip
def test_every_step_and_ending_has_a_word(status):
    assert status in SENTENCES


@pytest.mark.parametrize(
    ("asked", "locale", "language"),
    [
        pytest.param(None, "ko_KR.UTF-8", "ko", id="the locale decides"),
        pytest.param(None, "C.UTF-8", "en", id="English otherwise"),
        pytest.param(None, "", "en", id="English without a locale"),
        pytest.param("en", "ko_KR.UTF-8", "en", id="who asks decides"),
        pytest.param("KO", "en_US", "ko", id="in any case"),
        pytest.param("fr", "ko_KR", "en", id="another language is English"),
    ],
)
def test_the_language(asked, locale, language):
    assert choose_language(asked, locale) == language


def test_an_error_is_told_to_people():
    error = SourceFormatError("city-parks: 2 columns are missing.")

    assert tell_error(error, "en") == "[supplying department] city-parks: 2 columns are missing."
    assert tell_error(error, "ko") == (
        "[제공 부서] 제출한 파일을 읽을 수 없어 돌려보냈습니다. 파일을 고쳐 다시 제출하십시오.\n"
        "자세히: city-parks: 2 columns are missing."
    )
