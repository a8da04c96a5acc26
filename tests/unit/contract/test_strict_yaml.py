"""Contracts are YAML without its surprises."""

from __future__ import annotations

from datetime import date

import pytest
import yaml

from etl.contract.strict_yaml import parse_strictly


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("", None, id="an empty text is nothing"),
        pytest.param("a: [5, 5.5, true, ~]", {"a": [5, 5.5, True, None]}, id="plain words"),
        pytest.param("a: ['5', \"true\"]", {"a": ["5", "true"]}, id="quoted words are text"),
        pytest.param("a: 2026-11-01", {"a": date(2026, 11, 1)}, id="a day"),
        pytest.param("[&x {k: 1}, *x]", [{"k": 1}, {"k": 1}], id="an alias is its anchor"),
        pytest.param("[&x {k: 1}, {k: 2, <<: *x}]", [{"k": 1}, {"k": 2}], id="own keys win"),
        pytest.param(
            "[&x {k: 1}, &y {k: 2, n: 3}, {<<: [*x, *y]}]",
            [{"k": 1}, {"k": 2, "n": 3}, {"k": 1, "n": 3}],
            id="of merged mappings the first wins",
        ),
    ],
)
def test_values_are_those_that_yaml_means(text, value):
    assert parse_strictly(text) == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("{a: 1, a: 2}", "the key a is repeated", id="a repeated key"),
        pytest.param("[&x {k: 1}, {<<: *x, <<: *x}]", "the key << is repeated", id="two merges"),
        pytest.param("{<<: 5}", "<< takes mappings", id="a merge of no mapping"),
        pytest.param("{on: 1}", "a key must be text", id="a key that YAML takes for a truth value"),
        pytest.param("{[a]: 1}", "a key must be text", id="a list as key"),
        pytest.param("!!python/name:os.system x", "a tag is not allowed", id="a tag"),
        pytest.param("{a: !!str 5}", "a tag is not allowed", id="a harmless tag"),
        pytest.param("*x", "the alias has no anchor before it", id="an alias of nothing"),
        pytest.param("&x [*x]", "the alias has no anchor before it", id="an alias of itself"),
        pytest.param("a: 1\n---\nb: 2", "only one document is expected", id="two documents"),
        pytest.param("a: 2026-02-30", "looks like a day", id="a day that does not exist"),
        pytest.param("[" * 900, "nested too deeply", id="hundreds of brackets"),
    ],
)
def test_what_would_be_read_otherwise_than_it_looks_is_refused(text, problem):
    with pytest.raises(yaml.YAMLError, match=problem):
        parse_strictly(text)


def test_a_complaint_knows_its_line():
    with pytest.raises(yaml.MarkedYAMLError) as caught:
        parse_strictly("a: 1\nb: 2\na: 3\n")

    assert caught.value.problem_mark.line + 1 == 3
