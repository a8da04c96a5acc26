"""Contracts and exports to measure with; the same in every run."""

from __future__ import annotations

from pathlib import Path

from stack.samples import SAMPLES, sample_text

CHECKOUT = Path(__file__).resolve().parents[1]
PEOPLE = "employment-disabled_employment"
SEED = 1
FIELDS = 25

HEAD = """\
format: 1
version: 1
title: {{ko: 측정용 자료 {number}, en: Measured dataset {number}}}
description: {{ko: 계약을 읽는 시간을 재는 자료입니다.}}
steward: 데이터정책과
licence: kogl-1
theme: transport
frequency: P1M
source: {{folder: {{files: "*.csv"}}}}
reference_date: {{field: field_02}}
disclosure: {{level: public}}
primaryKey: [field_00]
thresholds: {{quarantine: 5%}}
privacy: {{unit: none}}
approval: none
fields:
"""
FIELD = """\
  - name: field_{index:02}
    title: {{ko: 항목 {index}, en: Field {index}}}
    {kind}
    role: open
"""
KINDS = (
    "type: string\n    constraints: {required: true, maxLength: 40}",
    "type: number\n    decimals: 2\n    constraints: {minimum: 0}",
    "type: date\n    constraints: {required: true}",
    "type: string\n    constraints: {enum: [공영, 민영, 기타]}",
    "type: integer\n    missingValues: ['-']",
)


def write_contracts(schemas: Path, count: int) -> None:
    """Write contracts of one organisation, `FIELDS` fields each."""
    folder = schemas / "bench"
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"set_{number:04}.yaml").write_text(contract_text(number), encoding="utf-8")


def contract_text(number: int) -> str:
    """Return a contract whose fields are of every kind in turn."""
    kinds = [KINDS[index % len(KINDS)] for index in range(FIELDS)]
    fields = [FIELD.format(index=index, kind=kind) for index, kind in enumerate(kinds)]
    return HEAD.format(number=number) + "".join(fields)


def write_open_contract(schemas: Path) -> None:
    """Write the contract about people without its approval, so that nobody is waited for."""
    organisation, _, name = PEOPLE.partition("-")
    source = CHECKOUT / "schemas" / organisation / f"{name}.yaml"
    target = schemas / organisation / source.name
    target.parent.mkdir(parents=True)
    text = source.read_text(encoding="utf-8")
    target.write_text(text.replace("approval: privacy-officer", "approval: none"), encoding="utf-8")


def write_people(folder: Path, rows: int) -> tuple[Path, Path]:
    """Write an export about people as a department does (CP949), and the same as UTF-8."""
    [sample] = [one for one in SAMPLES if one.folder.replace("/", "-") == PEOPLE]
    text = sample_text(sample, rows, SEED)
    supplied, plain = folder / "supplied.csv", folder / "plain.csv"
    supplied.write_bytes(text.encode("cp949"))
    plain.write_text(text, encoding="utf-8", newline="")
    return supplied, plain
