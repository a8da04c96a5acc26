"""A state is references and counts: frozen, plain, and nothing that could be data."""

from __future__ import annotations

import dataclasses
import json
import pickle
import typing

import pytest

from etl import states
from etl.states import Reference
from etl.store import Store

EVERY = [
    kind
    for kind in vars(states).values()
    if isinstance(kind, type) and issubclass(kind, Reference) and kind is not Reference
]
every_state = pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)


def make(kind: type[Reference]) -> Reference:
    hints = typing.get_type_hints(kind)
    return kind(**{name: {str: "x", int: 1}[hint] for name, hint in hints.items()})


def test_there_is_one_for_each_step():
    assert [kind.__name__ for kind in EVERY] == [
        "Landed",
        "Validated",
        "Anonymised",
        "Converted",
        "Certified",
        "Published",
    ]


@every_state
def test_fields_are_text_and_whole_numbers(kind):
    assert set(typing.get_type_hints(kind).values()) <= {str, int}


@every_state
def test_a_state_cannot_be_changed(kind):
    state = make(kind)

    with pytest.raises(dataclasses.FrozenInstanceError):
        state.rows = 2
    with pytest.raises((AttributeError, TypeError)):
        state.cells = "x"


@every_state
def test_a_state_crosses_a_process_border_as_itself(kind):
    state = make(kind)

    assert pickle.loads(pickle.dumps(state)) == state
    assert kind(**json.loads(json.dumps(dataclasses.asdict(state)))) == state


@every_state
def test_a_manifest_of_another_kind_is_not_taken_for_it(kind, tmp_path):
    store = Store(str(tmp_path))
    other = next(some for some in EVERY if some is not kind)
    store.write_manifest("restricted/a", make(kind))

    assert store.open_manifest("restricted/a", kind) == make(kind)
    with pytest.raises(Exception, match=f"not a manifest of {other.__name__}"):
        store.open_manifest("restricted/a", other)
