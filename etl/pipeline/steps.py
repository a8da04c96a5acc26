"""The six steps as one object, and the one of this installation.

Each step opens what the step before left, works on local paths, and shows its result by one
manifest, written last. A step that finds its manifest returns it: running again gives the
same. Errors pass through untouched; whoever drives the steps (Airflow, the command line)
says how a run ended, with `fail`.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from etl.errors import EtlError
from etl.ledger.book import Ledger
from etl.pipeline import (
    anonymising,
    certifying,
    converting,
    exporting,
    landing,
    publishing,
    validating,
)
from etl.pipeline.workbench import Workbench
from etl.settings import load
from etl.states import Anonymised, Certified, Converted, Landed, Published, Validated
from etl.store import Store


class Pipeline(Workbench):
    """The steps with what they work on."""

    __slots__ = ()

    def extract_claim(self, dataset: str, claim_id: str) -> Landed:
        """See `landing.extract_claim`."""
        return landing.extract_claim(self, dataset, claim_id)

    def extract_file(self, dataset: str, run_id: str, file: Path) -> Landed:
        """See `landing.extract_file`."""
        return landing.extract_file(self, dataset, run_id, file)

    def validate(self, landed: Landed) -> Validated:
        """See `validating.validate`."""
        return validating.validate(self, landed)

    def anonymise(self, validated: Validated) -> Anonymised:
        """See `anonymising.anonymise`."""
        return anonymising.anonymise(self, validated)

    def convert(self, anonymised: Anonymised) -> Converted:
        """See `converting.convert`."""
        return converting.convert(self, anonymised)

    def certify(self, converted: Converted) -> Certified:
        """See `certifying.certify`."""
        return certifying.certify(self, converted)

    def publish(self, certified: Certified, approved_by: str = "") -> Published:
        """See `publishing.publish`."""
        return publishing.publish(self, certified, approved_by)

    def refuse(self, certified: Certified, refused_by: str, reason: str = "") -> None:
        """See `publishing.refuse`."""
        publishing.refuse(self, certified, refused_by, reason)

    def fail(self, dataset: str, run_id: str, error: EtlError | None = None) -> None:
        """See `publishing.fail`."""
        publishing.fail(self, dataset, run_id, error)

    def export(self, certified: Certified) -> Path | None:
        """See `exporting.export`."""
        return exporting.export(self, certified)

    def mend_search(self) -> int:
        """See `publishing.mend_search`."""
        return publishing.mend_search(self)


@lru_cache(maxsize=1)
def standing() -> Pipeline:
    """Return the pipeline of this installation, built from its settings once per process."""
    settings = load()
    return Pipeline(settings, Ledger(settings.ledger), Store(settings.store))
