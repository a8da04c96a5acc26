"""What one step hands to the next: references and counts, never data.

Fields are text and whole numbers only, so that a state crosses a process border (Airflow's
XCom) as itself. A step takes one state's type and returns the next; because types end where
processes end, `publish` verifies what a state claims before it acts.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Where a run stands.

    Attributes:
        dataset: Name of the contract, `<organisation>-<dataset>`.
        run_id: The run; random, equal to the claim that it works on.
        contract_sha256: The contract text that every step of the run uses.
        key: Prefix in the store of what the step left.
        rows: Rows found there.
    """

    dataset: str
    run_id: str
    contract_sha256: str
    key: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed(Reference):
    """Immutable bytes, and their rows as text with source addresses.

    Attributes:
        encoding: Encoding that the whole file was decoded with; empty for a workbook.
        records: All records of the file; the sum of the six counts below.
        header: Records that hold the column names.
        data: Records of data (equal to `rows`).
        totals: Records of totals.
        notes: Records of titles and notes.
        blank: Empty records.
        ragged: Records with too many or too few cells, kept aside.
    """

    encoding: str
    records: int
    header: int
    data: int
    totals: int
    notes: int
    blank: int
    ragged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated(Reference):
    """Typed rows that honour the contract; the others are in quarantine.

    Attributes:
        accepted: Rows that go on (equal to `rows`).
        quarantined: Rows kept aside, the ragged ones included.
        reference_date: ISO date that the data speak for; empty when the contract names none.
    """

    accepted: int
    quarantined: int
    reference_date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Anonymised(Reference):
    """The public table: only declared columns, generalised and suppressed.

    Attributes:
        accepted: Rows that came in.
        suppressed: Rows left out because their group is below k.
        held_back: Rows left out for another reason.
        reference_date: See `Validated`.
    """

    accepted: int
    suppressed: int
    held_back: int
    reference_date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted(Reference):
    """The very files that would be published.

    Attributes:
        accepted, suppressed, held_back, reference_date: See `Anonymised`.
        digest: Table digest, decimal; equal for Parquet, CSV and table.
        parquet_sha256: Hash of `data.parquet`.
        csv_sha256: Hash of `data.csv`.
        dictionary_sha256: Hash of `dictionary.csv`.
    """

    accepted: int
    suppressed: int
    held_back: int
    reference_date: str
    digest: str
    parquet_sha256: str
    csv_sha256: str
    dictionary_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified(Reference):
    """Files that another engine has re-measured, with their signed certificate.

    Attributes:
        release: Name of the release, `YYYYMMDD-n`.
        status: `certified`, or `unchanged` when the live release holds the same already.
        approval: Who must approve before publication: `none` or `privacy-officer`.
        certificate_sha256: Hash of `certificate.json`; empty when unchanged.
        suppressed: Rows left out, for the officer's page.
        k_required: Smallest group allowed; 0 when the unit is not a person.
        k_achieved: Smallest group measured; 0 when the unit is not a person.
    """

    release: str
    status: str
    approval: str
    certificate_sha256: str
    suppressed: int
    k_required: int
    k_achieved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Published(Reference):
    """A release that the catalogue serves and that was read back anonymously.

    Attributes:
        release: Name of the release.
        previous: Name of the release that it replaced; empty for the first.
        status: `published` or `unchanged`.
        url: Page of the dataset; empty without a catalogue.
    """

    release: str
    previous: str
    status: str
    url: str
