"""The files of a certified release, lent as local paths or written below a folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from etl.certify.certificate import read_certificate
from etl.certify.measuring import (
    measure_file,
)
from etl.contract.vocabulary import TierName
from etl.errors import (
    DisclosureRiskError,
)
from etl.pipeline.keys import officer_key, signed_key, step_key
from etl.pipeline.workbench import Workbench
from etl.publish.folder import export_release
from etl.publish.record import write_jsonld
from etl.states import (
    Certified,
)

_FOREIGN = (
    "{}: a file of the agency table is not the certified one. Nothing was written to the folder."
    " Start a new run from the supplied file, and find out who wrote to the store."
)


def export(bench: Workbench, certified: Certified) -> Path | None:
    """Write the release's files below the folder; None when there is no folder."""
    if bench.folder is None:
        return None
    with ExitStack() as lent:
        parts = {"public": lent.enter_context(release_files(bench, certified))}
        if bench.store.exists(f"{signed_key(certified)}/agency/certificate.json"):
            parts["agency"] = lent.enter_context(release_files(bench, certified, "agency"))
            _verify_files(bench, certified, parts["agency"])
        parts["report"] = {
            name: lent.enter_context(bench.store.local_path(key))
            for name, key in _report_keys(certified).items()
            if bench.store.exists(key)
        }
        return export_release(bench.folder, certified.dataset, certified.release, parts)


def _report_keys(certified: Certified) -> dict[str, str]:
    return {
        "report.html": f"{step_key(certified, 'validated')}/report.html",
        "report.xlsx": f"{step_key(certified, 'validated')}/report.xlsx",
        "privacy.html": officer_key(certified),
    }


def _verify_files(bench: Workbench, certified: Certified, files: dict[str, Path]) -> None:
    """Check signature and hashes of a tier that the ledger's certificate does not cover."""
    content = read_certificate(files["certificate.json"].read_bytes(), trusted=bench.trusted_key())
    if (content["dataset"], content["release"]) != (certified.dataset, certified.release):
        raise DisclosureRiskError(_FOREIGN.format(certified.dataset), dataset=certified.dataset)
    for entry in content["files"]:
        if measure_file(files[entry["name"]]).sha256 != entry["sha256"]:
            raise DisclosureRiskError(_FOREIGN.format(certified.dataset), dataset=certified.dataset)


@contextmanager
def release_files(
    bench: Workbench, certified: Certified, tier: TierName = "public"
) -> Iterator[dict[str, Path]]:
    """Lend every file of one tier's release, its record written anew."""
    below = "" if tier == "public" else f"/{tier}"
    written = f"{step_key(certified, 'converted')}{below}"
    signed = f"{signed_key(certified)}{below}"
    with (
        bench.opened(written) as files,
        bench.store.local_path(f"{signed}/certificate.json") as certificate,
        tempfile.TemporaryDirectory(prefix="madang-") as folder,
    ):
        record = Path(folder) / "record.jsonld"
        record.write_bytes(_record(bench, certified, tier, certificate.read_bytes()))
        yield {**files, "certificate.json": certificate, "record.jsonld": record}


def _record(bench: Workbench, certified: Certified, tier: TierName, certificate: bytes) -> bytes:
    """Return the record of a tier, written anew from what its certificate says."""
    content = read_certificate(certificate, trusted=bench.trusted_key())
    contract = bench.contract(certified).at_levels(content["privacy"].get("levels", {}))
    site = bench.site() if tier == "public" else ""
    return write_jsonld(contract, content, bench.organisation(contract), site)
