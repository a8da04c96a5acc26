"""Step 5: order, guards and measurements decide whether a release may follow the live one."""

from __future__ import annotations

from etl.contract.model import Contract
from etl.errors import (
    ReleaseHeldError,
)
from etl.ledger import leases
from etl.ledger.book import Release
from etl.pipeline.measuring import certified_state, measure_and_sign
from etl.pipeline.workbench import Workbench
from etl.publish.ckan import Catalogue
from etl.publish.releasing import shown_release
from etl.states import (
    Certified,
    Converted,
)


def certify(bench: Workbench, converted: Converted) -> Certified:
    """Measure the written files with another engine; sign, or let nothing pass.

    From here to the switch the run holds the dataset's lease.

    Raises:
        LeaseBusyError: Another run of the dataset is between certify and switch.
        ReleaseHeldError: The data are older than what is live, or change too much.
        DisclosureRiskError: They would reveal more than the contract allows.
    """
    dataset, run_id = converted.dataset, converted.run_id
    contract = bench.contract(converted)
    bench.ledger.open_run(run_id, dataset)
    with bench.step(dataset, run_id, "certify") as count:
        bench.ledger.wait_for_lease(dataset, run_id, bench.patience)
        with bench.ledger.keeping_lease(dataset, run_id):
            certified = _certify(bench, contract, converted)
        count.rows = certified.rows
        _hand_over(bench, certified)
    return certified


def _certify(bench: Workbench, contract: Contract, converted: Converted) -> Certified:
    prefix = f"certified/{converted.dataset}/{converted.run_id}"
    live = bench.ledger.live_release(converted.dataset)
    done = bench.store.open_manifest(prefix, Certified)
    if done and _still_stands(bench, done, live):
        return done
    run = bench.ledger.run(converted.run_id)
    run_key = run.run_key if run else None
    if live is not None and live.run_key == run_key and _is_shown(bench, live):
        certified = certified_state(contract, converted, prefix, live.release, "unchanged")
    else:
        _require_order(bench, contract, converted, live, run_key or "")
        certified = measure_and_sign(bench, contract, converted, prefix, live)
    bench.store.write_manifest(prefix, certified)
    return certified


def _still_stands(bench: Workbench, done: Certified, live: Release | None) -> bool:
    """Tell whether what was certified before still follows the live release."""
    name = live.release if live else None
    if done.status == "unchanged":
        return done.release == name
    mine = bench.ledger.release_of(done.run_id)
    return mine is not None and (name in (mine.previous, mine.release))


def _is_shown(bench: Workbench, live: Release) -> bool:
    """Tell whether visitors get what the ledger calls live.

    They do not when a run was killed between the flip and the ledger's entry.
    """
    if bench.folder is not None:
        return True
    visitor = Catalogue(bench.settings.catalogue_url)
    return shown_release(visitor, live.dataset) == live.release


def _require_order(
    bench: Workbench, contract: Contract, converted: Converted, live: Release | None, run_key: str
) -> None:
    if bench.ledger.barred_reason(contract.name, run_key) is not None:
        raise ReleaseHeldError(
            f"{contract.name}: these data were retracted and are barred. Nothing was"
            " published. Lift the bar with a reason first.",
            dataset=contract.name,
        )
    if live is None or not live.reference_date or not converted.reference_date:
        return
    if converted.reference_date < live.reference_date:
        raise ReleaseHeldError(
            f"{contract.name}: the data speak for {converted.reference_date}, the live"
            f" release {live.release} for {live.reference_date}. The older data are held;"
            " the live release stays. Drop the newest file if it should replace them.",
            dataset=contract.name,
        )


def _hand_over(bench: Workbench, certified: Certified) -> None:
    """Leave the lease to the next task, to the officer, or to others."""
    dataset, run_id = certified.dataset, certified.run_id
    if certified.status == "unchanged":
        bench.ledger.finish_run(run_id, "unchanged")
    elif certified.approval == "none" or not bench.asks:
        bench.ledger.heartbeat(dataset, run_id, leases.HAND_OVER)
    else:
        bench.ledger.hold_for_approval(dataset, run_id)
