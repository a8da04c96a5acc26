"""A thousand small tables, judged a few dozen at a time: both judges count alike for every rule.

Tables that are judged together stand side by side in one frame, since asking Great Expectations
costs by the call. The draw is the same in every run.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import date

import polars as pl
import pytest

from etl.contract.codelists import Code, CodeSet
from etl.contract.origins import Origin
from etl.validate.casting import cast_rows
from etl.validate.compiling import compile_rules
from etl.validate.judging import judge
from etl.validate.locating import locate
from etl.validate.rules import Check, Readable
from etl.validate.suites import Suite
from tests.unit.validate.tables import contract_of, landed

TABLES, TOGETHER, ROWS = 1_000, 50, 12

ODD = ["", "", " ", "-", "x", "１２", "null", "NaN", "\0", "한\r\n글", "　", "\ufeff"]
CELLS = {
    "string": [
        "가나",
        "가 나",
        "가나",
        "공영",
        "12",
        "a",
        "①",
        "\u1100\u1161",
        "뷁뷁뷁뷁뷁",
        "𠮷",
        "강원도",
    ],
    "integer": ["1", "+1", "01", "2", "-2", "3", "9007199254740993", "-9223372036854775808"],
    "year": ["1999", "2000", "0001", "9999"],
    "number": ["0.1", ".10", "0.09", "2", "36.5", "9999999999.99", "-9999999999.99"],
    "boolean": ["Y", "n", "TRUE", "0"],
    "date": ["2024-02-29", "2023-02-29", "0001-01-01", "9999-12-31", "2023-06-11", "2023-06-10"],
    "datetime": ["1999-12-31T08:59:59.999999", "9999-12-31T14:59:59.999999Z", "2024-05-01 09:00"],
    "time": ["09:00", "09:00:00", "18:00:01", "23:59", "24:00"],
    "yearmonth": ["2026-01", "2026-06", "0001-01", "2026-13"],
}
BOUNDS = {
    "integer": (-1, 2), "year": (2000, 2026), "number": ("0.1", "36.5"),
    "date": ("1900-01-01", "2024-01-01"), "datetime": ("2000-01-01 00:00", "2024-05-01 09:00"),
    "time": ("09:00", "18:00"), "yearmonth": ("2026-01", "2026-05"),
}  # fmt: skip
LISTS = {"string": ["가나", "공영"], "integer": [1, 2], "number": ["0.1", "2"],
         "date": ["2024-02-29"], "time": ["09:00"]}  # fmt: skip
CODES = CodeSet(
    "test",
    (
        Code(code="가나", label="가나", valid_to=date(2023, 6, 10), others={}),
        Code(code="가나", label="가나", valid_from=date(2024, 1, 1), others={}),
        Code(code="강원도", label="강원도", valid_from=date(2023, 6, 11), others={}),
        Code(code="12", label="12", others={}),
    ),
    "0" * 64,
    Origin.model_validate({"title": {"ko": "시험"}, "source": "시험", "licence": "cc0",
                           "issued": "2026-01-01"}),
)  # fmt: skip
OTHER = "test-other"
REFERENCE = pl.LazyFrame(
    {"text": ["가나", "12", None, "가 나"], "whole": [1, None, 2, -2]},
    schema={"text": pl.String, "whole": pl.Int64},
)


class Drawn:
    """What a batch of tables asks for: fields with their cells, rules, keys, expectations."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.fields: list[dict[str, object]] = [{"name": "day", "type": "date"}]
        self.columns = {"day": self._cells("date")}
        self.rules: list[dict[str, object]] = []
        self.keys: list[dict[str, object]] = []
        self.expectations: list[dict[str, object]] = []

    def field(self, kind: str, **keys: object) -> str:
        name = f"f{len(self.fields)}"
        decimals = {"decimals": 2} if kind == "number" else {}
        self.fields.append({"name": name, "type": kind, **decimals, **keys})
        self.columns[name] = self._cells(kind)
        return name

    def _cells(self, kind: str) -> list[str]:
        if self.random.random() < 0.1:
            return [self.random.choice(CELLS[kind])] * ROWS
        share = self.random.choice([0, 0.3, 1])
        return [
            self.random.choice(ODD if self.random.random() < share else CELLS[kind])
            for _ in range(ROWS)
        ]

    def table(self) -> None:
        kind = self.random.choice(list(CELLS))
        ways = ("limited", "limited", "compare", "sum", "unique", "recent", "codelist", "exists")
        getattr(self, self.random.choice([*ways, "unwanted"]))(kind)

    def limited(self, kind: str) -> None:
        limits: dict[str, object] = {"required": True, "unique": True}
        if kind in BOUNDS:
            limits |= dict(zip(("minimum", "maximum"), BOUNDS[kind], strict=True))
        if kind in LISTS:
            limits["enum"] = LISTS[kind]
        if kind == "string":
            limits |= {"minLength": 2, "maxLength": 3, "pattern": r"[가-힣\d①. \n]+"}
        chosen = self.random.sample(list(limits), 2)
        self.field(kind, constraints={name: limits[name] for name in chosen})

    def compare(self, kind: str) -> None:
        name, numbers = self.field(kind), ["integer", "year", "number"]
        other = self.field(self.random.choice(numbers) if kind in numbers else kind)
        order = self.random.choice(["<", "<=", "="] if kind in BOUNDS else ["="])
        self.rules.append({"compare": [name, order, other], "severity": "warning"})

    def sum(self, kind: str) -> None:
        parts = [self.field(self.random.choice(["integer", "number"])) for _ in range(2)]
        total = self.field("number")
        rule = {"of": parts, "total": total, "within": self.random.choice([0, "0.5"])}
        self.rules.append({"sum": rule})

    def unique(self, kind: str) -> None:
        self.rules.append({"unique": [self.field(kind), self.field("boolean")]})

    def recent(self, kind: str) -> None:
        field = self.field("date")
        self.rules.append({"recent": {"field": field, "within": "P1Y"}, "severity": "info"})

    def codelist(self, kind: str) -> None:
        self.field("string", codelist="test")

    def exists(self, kind: str) -> None:
        own = [self.field("string"), self.field("integer")]
        chosen = self.random.choice([slice(0, 1), slice(0, 2)])
        target = {"resource": OTHER, "fields": ["text", "whole"][chosen]}
        self.keys.append({"fields": own[chosen], "reference": target})

    def unwanted(self, kind: str) -> None:
        text = {"column": self.field("string")}
        unwanted = [("match_regex", {"regex": "나"}), ("be_in_set", {"value_set": ["a"]})]
        for asked, argument in unwanted:
            self.expectations.append(
                {"type": f"expect_column_values_to_not_{asked}", "kwargs": text | argument}
            )


def counted(seed: int) -> tuple[list, dict[str, int], dict[str, int]]:
    """Return the rules of one batch and what each judge counts."""
    drawn = Drawn(seed)
    for _ in range(TOGETHER):
        drawn.table()
    contract = contract_of(
        *drawn.fields, rules=drawn.rules, foreignKeys=drawn.keys, expectations=["shared"],
        reference_date={"field": "day"}, missingValues=["-"],
    )  # fmt: skip
    suite = Suite.model_validate({"name": "shared", "expectations": drawn.expectations})
    every = compile_rules(contract, {"shared": suite}, {"test": CODES})
    rules = [r for r in every if not isinstance(r.check, Readable) or drawn.random.random() < 0.2]
    typed = cast_rows(landed(**drawn.columns), contract)
    marks = locate(typed, rules, references={OTHER: REFERENCE}).collect()
    located = {rule.label: int(marks[rule.label].sum()) for rule in rules}
    return rules, located, judge(typed, rules, contract, {OTHER: REFERENCE})


@pytest.fixture(scope="module")
def batches():
    return [counted(seed) for seed in range(TABLES // TOGETHER)]


def test_a_thousand_tables_are_counted_alike_by_both_judges(batches):
    assert len(batches) * TOGETHER == TABLES
    for rules, located, judged in batches:
        unlike = [
            (rule.check, located[rule.label], judged[rule.label])
            for rule in rules
            if located[rule.label] != judged[rule.label]
        ]
        assert not unlike, unlike


def test_every_kind_of_rule_was_asked_broken_and_kept(batches):
    broken: Counter[type] = Counter()
    kept: Counter[type] = Counter()
    for rules, located, _ in batches:
        for rule in rules:
            (broken if located[rule.label] else kept)[type(rule.check)] += 1

    assert set(broken) == set(kept) == set(Check.__args__)
