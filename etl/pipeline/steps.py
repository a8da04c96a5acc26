"""The six steps as one object, and the one of this installation.

Each step opens what the step before left, works on local paths, and shows its result by one
manifest, written last. A step that finds its manifest returns it: running again gives the
same. Errors pass through untouched; whoever drives the steps (Airflow, the command line)
says how a run ended, with `fail`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from etl.contract.model import Contract
from etl.errors import EtlError
from etl.intake.claim import Claim
from etl.ledger.book import Ledger
from etl.pipeline import (
    anonymising,
    certifying,
    converting,
    delivering,
    exporting,
    landing,
    publishing,
    taking,
    validating,
)
from etl.pipeline.workbench import Workbench
from etl.settings import Settings, load
from etl.states import Anonymised, Certified, Converted, Landed, Published, Validated
from etl.store import Store


class Pipeline(Workbench):
    """The steps with what they work on."""

    __slots__ = ()

    def collect_files(self, contracts: Iterable[Contract]) -> tuple[list[Claim], EtlError | None]:
        """See `taking.collect_files`."""
        return taking.collect_files(self, contracts)

    def extract_claim(self, dataset: str, claim_id: str) -> Landed:
        """See `landing.extract_claim`; a file that cannot be read is returned."""
        with delivering.answering(self, claim_id, accepts=False):
            return landing.extract_claim(self, dataset, claim_id)

    def extract_file(self, dataset: str, run_id: str, file: Path) -> Landed:
        """See `landing.extract_file`."""
        return landing.extract_file(self, dataset, run_id, file)

    def validate(self, landed: Landed) -> Validated:
        """See `validating.validate`; the department gets its file back either way."""
        with delivering.answering(self, landed.run_id, accepts=True):
            validated = validating.validate(self, landed)
            taking.require_whole(self, landed.dataset, landed.run_id)
        return validated

    def anonymise(self, validated: Validated) -> Anonymised:
        """See `anonymising.anonymise`."""
        return anonymising.anonymise(self, validated)

    def convert(self, anonymised: Anonymised) -> Converted:
        """See `converting.convert`."""
        return converting.convert(self, anonymised)

    def certify(self, converted: Converted) -> Certified:
        """See `certifying.certify`."""
        certified = certifying.certify(self, converted)
        delivering.answer(self, certified.run_id)
        return certified

    def publish(self, certified: Certified, approved_by: str = "") -> Published:
        """See `publishing.publish`."""
        published = publishing.publish(self, certified, approved_by)
        delivering.answer(self, certified.run_id)
        return published

    def refuse(self, certified: Certified, refused_by: str, reason: str = "") -> None:
        """See `publishing.refuse`."""
        publishing.refuse(self, certified, refused_by, reason)
        delivering.answer(self, certified.run_id)

    def fail(self, dataset: str, run_id: str, error: EtlError | None = None) -> None:
        """See `publishing.fail`."""
        publishing.fail(self, dataset, run_id, error)
        delivering.answer(self, run_id)

    def export(self, certified: Certified) -> Path | None:
        """See `exporting.export`."""
        return exporting.export(self, certified)

    def mend_search(self) -> int:
        """See `publishing.mend_search`."""
        return publishing.mend_search(self)


@lru_cache(maxsize=1)
def standing() -> Pipeline:
    """Return the pipeline of this installation, built from its settings once per process."""
    return open_pipeline(load())


def open_pipeline(settings: Settings) -> Pipeline:
    """Return the pipeline that some settings describe."""
    return Pipeline(settings, Ledger(settings.ledger), Store(settings.store))
