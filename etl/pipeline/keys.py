"""Where in the store a run leaves what; the only place that spells these keys."""

from __future__ import annotations

from typing import Any

from etl.states import (
    Reference,
)


def bytes_key(dataset: str, run_id: str) -> str:
    """Return where the supplied bytes are."""
    return f"landing/{dataset}/{run_id}/supplied"


def plan_key(state: Reference) -> str:
    """Return where it stands how each tier's table was made."""
    return plan_of(state.dataset, state.run_id)


def plan_of(dataset: str, run_id: str) -> str:
    """Return the same by the run's id alone."""
    return f"restricted/{dataset}/{run_id}/plan.json"


def officer_key(state: Reference) -> str:
    """Return where the privacy officer's page is."""
    return f"restricted/{state.dataset}/{state.run_id}/privacy.html"


def comparison_key(dataset: str, run_id: str) -> str:
    """Return where it stands how a release differs from the live one."""
    return f"restricted/{dataset}/{run_id}/comparison.json"


def signed_key(state: Reference) -> str:
    """Return the prefix of what was signed."""
    return f"certified/{state.dataset}/{state.run_id}"


def step_key(state: Reference, step: str) -> str:
    """Return the prefix of what a step left in the restricted zone."""
    return f"restricted/{state.dataset}/{state.run_id}/{step}"


def identity(state: Reference, key: str, rows: int) -> dict[str, Any]:
    """Return the fields that every state carries, taken from the state before."""
    return {
        "dataset": state.dataset,
        "run_id": state.run_id,
        "contract_sha256": state.contract_sha256,
        "key": key,
        "rows": rows,
    }
