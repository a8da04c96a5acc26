"""Make the Korean search schema from the one that CKAN ships.

CKAN's own schema stays the source of every field; this changes how Korean text in them
is cut into words, and adds three fields:

- ``text`` and ``text_general`` keep their names and get Lucene's Korean analyser (nori), so
  every field of CKAN and of its extensions follows.
- ``title_bi``, ``text_bi`` hold pairs of syllables, blind to spaces: "시립 도서관" finds
  "시립도서관".
- ``title_ngram``, ``name_ngram`` (asked while somebody types) compare letters (jamo), and
  ``title_cho`` initial consonants: "ㅈㅊㅈ" finds "주차장".

Run: ``python mkschema.py CKAN_SCHEMA CONF_FOLDER``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

CKAN_SCHEMA = 'name="ckan-2.12"'
CORE_TYPES = ("text", "text_general")
TYPED_AHEAD = ("title_ngram", "name_ngram")
SEARCHED_BY_PAIRS = ("title", "notes", "tags", "res_name", "res_description", "extras_*")

DICTIONARY = "userdict_ko.txt"
STEMMED = (
    '<filter class="solr.SnowballPorterFilterFactory" language="English"'
    ' protected="protwords.txt"/>'
    '<filter class="solr.ASCIIFoldingFilterFactory"/>'
)
CLEANED = (
    '<filter class="solr.KoreanPartOfSpeechStopFilterFactory"/>'
    '<filter class="solr.KoreanReadingFormFilterFactory"/>'
    '<filter class="solr.LowerCaseFilterFactory"/>'
)
SYNONYMS = (
    '<filter class="solr.SynonymGraphFilterFactory" synonyms="synonyms.txt" ignoreCase="true"'
    ' expand="true" tokenizerFactory="solr.KoreanTokenizerFactory"'
    ' tokenizerFactory.decompoundMode="discard"'
    f' tokenizerFactory.userDictionary="{DICTIONARY}"'
    ' tokenizerFactory.userDictionaryEncoding="UTF-8"/>'
)

INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
FINALS = ["", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"]
# Each double letter with the two it is typed as.
DOUBLES = (
    *("ㄳㄱㅅ", "ㄵㄴㅈ", "ㄶㄴㅎ", "ㄺㄹㄱ", "ㄻㄹㅁ", "ㄼㄹㅂ", "ㄽㄹㅅ", "ㄾㄹㅌ", "ㄿㄹㅍ"),
    *("ㅀㄹㅎ", "ㅄㅂㅅ", "ㅘㅗㅏ", "ㅙㅗㅐ", "ㅚㅗㅣ", "ㅝㅜㅓ", "ㅞㅜㅔ", "ㅟㅜㅣ", "ㅢㅡㅣ"),
)
DOUBLE_LETTERS = {double[0]: double[1:] for double in DOUBLES}
FIRST_SYLLABLE, SYLLABLES = 0xAC00, 11_172


class SchemaError(Exception):
    """CKAN's schema is not the one this patch was written for."""


def field_type(name: str, index: str, query: str) -> str:
    """Return a text field type with one analyser for documents and one for questions."""
    return (
        f'<fieldType name="{name}" class="solr.TextField" positionIncrementGap="100">'
        f'<analyzer type="index">{index}</analyzer><analyzer type="query">{query}</analyzer>'
        "</fieldType>"
    )


def korean_words(name: str) -> str:
    """Return a type that keeps compounds and their parts, and asks for the parts."""

    def tokens(compounds: str) -> str:
        return (
            f'<tokenizer class="solr.KoreanTokenizerFactory" decompoundMode="{compounds}"'
            f' userDictionary="{DICTIONARY}" userDictionaryEncoding="UTF-8"/>'
        )

    flat = '<filter class="solr.FlattenGraphFilterFactory"/>'
    index = tokens("mixed") + CLEANED + STEMMED + flat
    return field_type(name, index, tokens("discard") + CLEANED + SYNONYMS + STEMMED)


def replaced(pattern: str, replacement: str) -> str:
    """Return a filter that rewrites characters before words are cut."""
    escaped = pattern.replace("<", "&lt;")
    return (
        '<charFilter class="solr.PatternReplaceCharFilterFactory"'
        f' pattern="{escaped}" replacement="{replacement}"/>'
    )


def syllable_pairs() -> str:
    """Return a type of overlapping pairs of Hangul syllables, whatever the spacing."""
    hangul, other = r"[\uAC00-\uD7A3]", r"[^\uAC00-\uD7A3]"
    joined = replaced(rf"(?<={hangul})[^\p{{L}}\p{{N}}]+(?={hangul})", "")
    parted = replaced(rf"(?<={hangul})(?={other})|(?<={other})(?={hangul})", " ")
    pairs = (
        '<tokenizer class="solr.StandardTokenizerFactory"/>'
        '<filter class="solr.CJKWidthFilterFactory"/>'
        '<filter class="solr.LowerCaseFilterFactory"/>'
        '<filter class="solr.CJKBigramFilterFactory"/>'
    )
    return field_type("text_ko_bi", joined + parted + pairs, joined + parted + pairs)


def letters(name: str, mapping: str, longest: int, *, map_question: bool) -> str:
    """Return a type of letter runs from 2 to `longest`, found by the start of what is typed."""
    mapped = f'<charFilter class="solr.MappingCharFilterFactory" mapping="{mapping}"/>'
    mapped += replaced(r"[^\p{L}\p{N}]+", "")
    lower = '<filter class="solr.LowerCaseFilterFactory"/>'
    runs = (
        f'<tokenizer class="solr.NGramTokenizerFactory" minGramSize="2" maxGramSize="{longest}"/>'
    )
    whole = '<tokenizer class="solr.KeywordTokenizerFactory"/>'
    cut = f'<filter class="solr.TruncateTokenFilterFactory" prefixLength="{longest}"/>'
    question = (mapped if map_question else "") + whole + lower + cut
    return field_type(name, mapped + runs + lower, question)


def substitute(schema: str, pattern: str, replacement: str) -> str:
    """Replace the only match of `pattern`.

    Raises:
        SchemaError: There is none, or more than one.
    """
    changed, count = re.subn(pattern, lambda _: replacement, schema, flags=re.DOTALL)
    if count != 1:
        raise SchemaError(
            f"CKAN's schema has {count} places for {pattern!r} where one is expected; nothing was"
            " written. Review this patch against the schema of the CKAN that is installed."
        )
    return changed


def korean_schema(schema: str) -> str:
    """Return CKAN's schema with Korean analysis.

    Raises:
        SchemaError: The schema is of a CKAN version this patch was not reviewed for.
    """
    schema = substitute(schema, re.escape(CKAN_SCHEMA), CKAN_SCHEMA)
    for name in CORE_TYPES:
        found = rf'<fieldType name="{name}" class="solr.TextField".*?</fieldType>'
        schema = substitute(schema, found, korean_words(name))
    for name in TYPED_AHEAD:
        found = rf'<field name="{name}" type="text_ngram"'
        schema = substitute(schema, found, f'<field name="{name}" type="ko_jamo"')
    types = (
        syllable_pairs()
        + letters("ko_jamo", "hangul-jamo.txt", 14, map_question=True)
        + letters("ko_cho", "hangul-cho.txt", 8, map_question=False)
    )
    schema = substitute(schema, "</types>", types + "</types>")
    added = {"title_bi": "text_ko_bi", "text_bi": "text_ko_bi", "title_cho": "ko_cho"}
    fields = "".join(
        f'<field name="{name}" type="{kind}" indexed="true" stored="false" multiValued="true"/>'
        for name, kind in added.items()
    )
    schema = substitute(schema, "</fields>", fields + "</fields>")
    copies = [("title", "title_bi"), ("title", "title_cho")]
    copies += [(name, "text_bi") for name in SEARCHED_BY_PAIRS]
    copied = "".join(f'<copyField source="{source}" dest="{to}"/>' for source, to in copies)
    return substitute(schema, "</schema>", copied + "</schema>")


def spelled(syllable: int) -> tuple[str, str]:
    """Return the letters of the n-th Hangul syllable, double ones apart, and its initial.

    Examples:
        >>> spelled(ord("값") - FIRST_SYLLABLE)
        ('ㄱㅏㅂㅅ', 'ㄱ')
    """
    initial = INITIALS[syllable // 588]
    parts = initial, VOWELS[syllable % 588 // 28], FINALS[syllable % 28]
    return "".join(DOUBLE_LETTERS.get(part, part) for part in parts), initial


def mappings() -> Iterator[tuple[str, str, str]]:
    """Yield every Hangul syllable with its letters and its initial consonant."""
    for number in range(SYLLABLES):
        yield (chr(FIRST_SYLLABLE + number), *spelled(number))


def write(schema: Path, conf: Path) -> None:
    """Write the schema and the two letter maps into a core's configuration folder.

    Raises:
        SchemaError: The schema is not the expected one; nothing was written.
    """
    korean = korean_schema(schema.read_text(encoding="utf-8"))
    rows = list(mappings())
    pairs = [f'"{one}" => "{two}"' for one, two in DOUBLE_LETTERS.items()]
    jamo = pairs + [f'"{syllable}" => "{letters}"' for syllable, letters, _ in rows]
    initials = [f'"{syllable}" => "{initial}"' for syllable, _, initial in rows]
    for name, text in {
        "schema.xml": korean,
        "hangul-jamo.txt": "\n".join(jamo) + "\n",
        "hangul-cho.txt": "\n".join(initials) + "\n",
    }.items():
        (conf / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    try:
        write(Path(sys.argv[1]), Path(sys.argv[2]))
    except SchemaError as error:
        sys.exit(str(error))
