"""Run a file and die, by SIGKILL, in the middle of one step.

Called with the yard's folder, the run's id, the supplied file, and the place to die at.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from etl.publish import folder
from tests.integration.yard import Yard, take_steps

PLACES = {
    "extract, before the rows": "etl.pipeline.landing:read_file",
    "extract, before the manifest": "etl.pipeline.landing:_landed",
    "validate, before the accepted rows": "etl.pipeline.validating:require_quality",
    "anonymise, before the table": "etl.pipeline.anonymising:anonymise_tiers",
    "convert, before the CSV": "etl.pipeline.converting:write_csv",
    "convert, before the dictionary": "etl.pipeline.converting:write_dictionary",
    "certify, before the release is named": "etl.pipeline.measuring:hold_to_live",
    "certify, before the signature": "etl.pipeline.measuring:sign",
    "certify, before the lease is handed over": "etl.pipeline.certifying:_hand_over",
    "publish, amid the files": "copyfile",
    "publish, before the ledger knows": "etl.ledger.book:Ledger.mark_live",
    "publish, before the run ends": "etl.ledger.book:Ledger.finish_run",
}


def die(*_: Any, **__: Any) -> None:
    """End without a word."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(place: str) -> None:
    """Put death in the place of a function."""
    name = PLACES[place]
    if name == "copyfile":
        folder.shutil.copyfile = at_the_second_call(folder.shutil.copyfile)
        return
    module, _, path = name.partition(":")
    holder, _, attribute = path.rpartition(".")
    owner = import_module(module)
    owner = getattr(owner, holder) if holder else owner
    if not hasattr(owner, attribute):
        raise AttributeError(f"nobody could die at {name}")
    setattr(owner, attribute, die)


def at_the_second_call(copy: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that works once, then leaves half a file and dies."""
    calls: list[Path] = []

    def copy_once(source: Path, target: Path) -> None:
        calls.append(target)
        if target.parent.name == "public" and len(calls) > 1:
            target.write_bytes(source.read_bytes()[:10])
            die()
        copy(source, target)

    return copy_once


if __name__ == "__main__":
    where, run_id, file, place = sys.argv[1:]
    die_at(place)
    take_steps(Yard(Path(where), gx_max_rows=0).pipeline(), run_id, Path(file))
