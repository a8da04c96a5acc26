"""What can be checked without running: contracts with their examples, published files."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from sqlalchemy import make_url

from etl.anonymise.anonymising import anonymise_table
from etl.certify.certificate import read_certificate
from etl.certify.certifying import Check
from etl.certify.measuring import verifier
from etl.certify.verifying import verify_file
from etl.contract.changes import Change, find_changes, is_break_announced
from etl.contract.codelists import CodeSet, read_code_sets
from etl.contract.hierarchies import CodeList, read_code_lists
from etl.contract.loading import (
    Complaint,
    InvalidContractError,
    dataset_name,
    find_contract,
    line_of,
    load_contract,
    load_contracts,
    parse_contract,
    spell_path,
)
from etl.contract.model import Contract, Example
from etl.contract.organisations import organisation_title
from etl.convert.schema import csv_text, published_dtype
from etl.errors import DisclosureRiskError, EtlError, StoreError
from etl.ledger.book import Ledger
from etl.publish.ckan import Catalogue
from etl.settings import Settings
from etl.validate.checking import check_table
from etl.validate.compiling import compile_rules
from etl.validate.reading import read_suites
from etl.validate.suites import Suite


@dataclass(frozen=True, slots=True)
class ContractCheck:
    """What was found about one contract.

    Attributes:
        dataset: Its name.
        valid: Whether it can be used and its examples hold.
        complaints: What is wrong, place by place.
        live: The live release that it was compared with; None where there is none.
        changes: What users of that release will notice.
    """

    dataset: str
    valid: bool
    complaints: tuple[Complaint, ...]
    live: str | None = None
    changes: tuple[Change, ...] = ()


def check_files(
    files: Sequence[Path], settings: Settings, ledger: Ledger | None = None
) -> list[ContractCheck]:
    """Check contract files, one by one; a broken one does not hide the others.

    Args:
        files: The contracts.
        settings: Where suites and code lists are.
        ledger: Knows what is live; None compares with nothing.
    """
    suites = read_suites(settings.expectations)
    return [_check_file(file, suites, settings.schemas, ledger) for file in files]


def reachable_ledger(settings: Settings) -> Ledger | None:
    """Return the ledger if it is there and answers; a checkout may have none."""
    database = make_url(settings.ledger)
    if database.get_backend_name() == "sqlite" and not Path(str(database.database)).is_file():
        return None
    ledger = Ledger(settings.ledger)
    try:
        ledger.live_release("")
    except StoreError:
        return None
    return ledger


def run_example(
    contract: Contract,
    example: Example,
    suites: Mapping[str, Suite],
    code_lists: Mapping[str, CodeList] | None = None,
    code_sets: Mapping[str, CodeSet] | None = None,
) -> str:
    """Take an example's rows the way up to the files; say what differs, or nothing.

    Foreign keys are not asked: an example stands alone. Where levels are searched, it shows the
    finest that may be published. The rows are synthetic, so the answer still names counts and
    columns only.
    """
    alone = contract.model_copy(update={"foreign_keys": ()})
    rows = _supplied_rows(contract, example)
    checked = check_table(rows, alone, suites, gx_max_rows=0, codelists=code_sets)
    fields = contract.at_levels(contract.floors("public")).published_fields
    public = anonymise_table(checked.accepted, contract, code_lists).select(
        pl.col(field.name).cast(published_dtype(field)) for field in fields
    )
    texts = public.select(csv_text(field) for field in fields).collect()
    names = [field.name for field in fields]
    published = sorted(tuple(row[name] or "" for name in names) for row in texts.to_dicts())
    expected = sorted(tuple(row.get(name, "") for name in names) for row in example.published)
    if len(published) != len(expected):
        return f"{len(published)} rows come out, {len(expected)} are expected"
    differing = [
        name
        for position, name in enumerate(names)
        if [row[position] for row in published] != [row[position] for row in expected]
    ]
    return f"the values of {', '.join(differing)} differ" if differing else ""


def verify_published(file: Path, certificate: bytes, key: str | None) -> list[Check]:
    """Hold a published file against its certificate.

    Args:
        file: A published Parquet or CSV.
        certificate: The bytes of `certificate.json`.
        key: The publisher's public key in Base64; None takes the certificate's own.

    Raises:
        DisclosureRiskError: The certificate itself does not hold, or covers no such file.
    """
    content = read_certificate(certificate, trusted=_public_key(key))
    with (
        tempfile.TemporaryDirectory(prefix="madang-") as folder,
        verifier(Path(folder)) as connection,
    ):
        return [
            Check("signature", "holds", "holds", holds=True),
            *verify_file(connection, file, content),
        ]


def prepare_catalogue(settings: Settings) -> list[str]:
    """Make the organisation of every readable contract; those that exist stay as they are."""
    readable, _ = load_contracts(settings.schemas)
    token = settings.read_secret("catalogue-token").decode()
    catalogue = Catalogue(settings.catalogue_url, token)
    organisations = sorted({contract.organisation for contract in readable})
    for organisation in organisations:
        title = organisation_title(settings.schemas, organisation)
        catalogue.call(
            "madang_organization_ensure",
            {
                "name": organisation,
                "title": title.ko,
                "title_translated": title.model_dump(exclude_none=True),
            },
        )
    return organisations


def _check_file(
    file: Path, suites: Mapping[str, Suite], schemas: Path, ledger: Ledger | None
) -> ContractCheck:
    name = dataset_name(file)
    try:
        contract = load_contract(file)
    except InvalidContractError as error:
        return ContractCheck(name, valid=False, complaints=error.complaints)
    live, before = _live_contract(ledger, name)
    faults = [*_faults(contract, suites, schemas), *_unannounced(before, contract)]
    text = file.read_text(encoding="utf-8")
    label = f"{file.parent.name}/{file.name}"
    complaints = tuple(
        Complaint(label, line_of(text, path), spell_path(path), fault, fault)
        for path, fault in faults
    )
    changes = tuple(find_changes(before, contract)) if before else ()
    return ContractCheck(name, not complaints, complaints, live, changes)


def _live_contract(ledger: Ledger | None, dataset: str) -> tuple[str, Contract] | tuple[None, None]:
    """Return the live release's name and the contract that it was made by."""
    live = ledger.live_release(dataset) if ledger else None
    run = ledger.run(live.run_id) if ledger and live else None
    if ledger is None or live is None or run is None or run.contract_sha256 is None:
        return None, None
    organisation, _, name = dataset.partition("-")
    text = ledger.contract_text(run.contract_sha256)
    contract = parse_contract(text.encode(), organisation=organisation, dataset=name)
    return live.release, contract


def _unannounced(
    before: Contract | None, contract: Contract
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the breaking changes that the contract's version does not announce."""
    if before is None or is_break_announced(before, contract):
        return
    broken = [change for change in find_changes(before, contract) if change.kind == "breaking"]
    told = "; ".join(f"{change.place} {change.what}" for change in broken)
    yield ("version",), f"{told}: raise it, or releases will be held"


def _faults(
    contract: Contract, suites: Mapping[str, Suite], schemas: Path
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield what only shows when the contract is compiled and its examples are run."""
    try:
        code_lists = read_code_lists(schemas, contract.hierarchy_tables)
        code_sets = read_code_sets(schemas, contract.codelists)
    except EtlError as error:
        yield ("fields",), error.message
        return
    try:
        compile_rules(contract, suites, code_sets)
    except EtlError as error:
        yield ("expectations",), error.message
        return
    yield from _key_faults(contract, schemas)
    for number, example in enumerate(contract.examples):
        try:
            fault = run_example(contract, example, suites, code_lists, code_sets)
        except EtlError as error:
            fault = error.message
        if fault:
            yield ("examples", number), fault


def _key_faults(contract: Contract, schemas: Path) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the foreign keys that name no dataset, or fields that it lacks or types otherwise."""
    own = {field.name: field for field in contract.fields}
    for number, key in enumerate(contract.foreign_keys):
        place = ("foreignKeys", number, "reference")
        try:
            other = find_contract(schemas, key.reference.resource)
        except EtlError as error:
            yield (*place, "resource"), error.message
            continue
        theirs = {field.name: field for field in other.fields}
        for name, named in zip(key.fields, key.reference.fields, strict=True):
            like = theirs.get(named)
            mine = own[name]
            if like is None or (like.type, like.decimals) != (mine.type, mine.decimals):
                yield (*place, "fields"), f"{other.name} has no field {named} of type {mine.type}"


def _supplied_rows(contract: Contract, example: Example) -> pl.LazyFrame:
    names = [field.name for field in contract.fields]
    rows = [{name: row.get(name, "") for name in names} for row in example.supplied]
    table = pl.LazyFrame(rows, schema=dict.fromkeys(names, pl.String))
    return table.with_row_index("_row", offset=2).with_columns(pl.col("_row").cast(pl.Int64))


def _public_key(key: str | None) -> bytes | None:
    if key is None:
        return None
    try:
        return base64.b64decode(key, validate=True)
    except ValueError:
        raise DisclosureRiskError(
            "The public key is no Base64. Nothing was checked. Copy it whole from the publisher."
        ) from None
