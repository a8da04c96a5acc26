"""Every error says who acts, and crosses a process border whole."""

from __future__ import annotations

import copy
import importlib
import pickle
import pkgutil
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

import etl
from etl import errors
from etl.errors import EtlError

OWNERS = {
    10: "data steward",
    20: "supplying department",
    30: "privacy officer",
    40: "platform operator",
    70: "developer",
}


def import_all() -> None:
    for module in pkgutil.walk_packages(etl.__path__, "etl."):
        if "migrations" not in module.name:
            importlib.import_module(module.name)


def tree(kind: type[EtlError]) -> list[type[EtlError]]:
    return [kind, *(leaf for child in kind.__subclasses__() for leaf in tree(child))]


import_all()
EVERY = sorted(set(tree(EtlError)), key=lambda kind: kind.__name__)
every_class = pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)


def test_the_tree_is_not_empty():
    assert len(EVERY) >= 18, "classes are missing: the tests below would prove little"
    assert {kind.__name__ for kind in vars(errors).values() if isinstance(kind, type)} <= {
        kind.__name__ for kind in EVERY
    }


@every_class
@pytest.mark.parametrize(
    "travel",
    [
        pytest.param(lambda error: pickle.loads(pickle.dumps(error)), id="pickled"),
        pytest.param(copy.copy, id="copied"),
        pytest.param(copy.deepcopy, id="copied deeply"),
    ],
)
def test_message_and_facts_travel(kind, travel):
    error = kind("parks: 2 of 3 rows.", dataset="city-parks", rows=3, share=0.5, nothing=None)

    other = travel(error)

    assert type(other) is kind
    assert other.message == "parks: 2 of 3 rows."
    assert other.facts == {"dataset": "city-parks", "rows": 3, "share": 0.5, "nothing": None}
    assert str(other) == str(error) == f"[{kind.owner}] parks: 2 of 3 rows."


def fail() -> None:
    raise errors.QualityGateError("parks: 2 of 3 rows.", rows=3)


def test_another_process_can_raise_it():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        error = pool.submit(fail).exception()

    assert isinstance(error, errors.QualityGateError)
    assert (error.message, error.facts) == ("parks: 2 of 3 rows.", {"rows": 3})


@every_class
def test_the_exit_code_is_of_who_acts(kind):
    assert kind.owner == OWNERS[kind.exit_code]
    assert kind.owner_ko
    assert kind.summary_ko.endswith("오.") or kind.summary_ko.endswith("다.")


@every_class
def test_only_what_is_not_there_for_a_moment_is_tried_again(kind):
    assert kind.retryable == ("Unavailable" in kind.__name__ or "Busy" in kind.__name__)


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        ("SourceUnavailableError", "SourceError"),
        ("SourceFormatError", "SourceError"),
        ("CatalogueUnavailableError", "CatalogueError"),
        ("CatalogueRejectedError", "CatalogueError"),
        ("StoreUnavailableError", "StoreError"),
        ("ReleaseHeldError", "ContractError"),
    ],
)
def test_the_tree_is_as_designed(child, parent):
    assert issubclass(getattr(errors, child), getattr(errors, parent))
