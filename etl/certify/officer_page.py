"""The privacy officer's page: what was decided, what it costs, what would change it.

One HTML file without any outside resource. It counts rows that were left out, so it stays in
the restricted zone; it shows no value of a cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from etl.certify.certifying import NOT_PROMISED, Check
from etl.contract.model import Contract
from etl.contract.vocabulary import TierName

WIDTH, BAR, GAP, LABEL = 640, 18, 8, 190
PUBLISHED, LEFT_OUT, LOST = "#2b6777", "#c8553d", "#8d99ae"
TIERS: dict[str, tuple[str, str]] = {"public": ("공개", "public"), "agency": ("기관", "agency")}

_STYLE = """
body{font:16px/1.6 "Noto Sans KR","Malgun Gothic",sans-serif;max-width:52rem;margin:2rem auto;
padding:0 1rem;color:#222}h1,h2,h3{line-height:1.3}table{border-collapse:collapse;width:100%}
td,th{border-bottom:1px solid #ddd;padding:.3rem .5rem;text-align:left;vertical-align:top}
td.n{text-align:right;font-variant-numeric:tabular-nums}small{color:#555}
.fails{color:#c8553d;font-weight:bold}svg{max-width:100%;height:auto;display:block}
.advice{background:#f2f6f7;border-left:4px solid #2b6777;padding:.5rem 1rem}
"""


def render_officer_page(
    contract: Contract,
    release: str,
    plans: Mapping[str, Any],
    checks: Mapping[TierName, Sequence[Check]],
) -> bytes:  # fmt: skip
    """Return the page as UTF-8.

    Args:
        contract: The dataset.
        release: The release that waits for a decision.
        plans: How each tier's table is made; empty where no row is about a person.
        checks: For each tier what was measured on the written files.
    """
    title = f"{contract.title.ko} · {release}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        _both("개인정보 보호책임자용 검토서. 제한구역에서만 봅니다.",
              "For the privacy officer. Restricted: it counts what was left out."),
        *(part for tier in TIERS if tier in plans for part in _tier(contract, tier, plans[tier])),
        *([] if plans else [_both("개인에 관한 행이 아니어서 비식별 처리가 없습니다.",
                                  "No row is about a person, so nothing was anonymised.")]),
        _heading(2, "다른 엔진이 쓴 파일에서 잰 값", "Measured on the files by another engine"),
        *(part for tier in checks for part in (_caption(tier), _checks(checks[tier]))),
        _heading(2, "약속하지 않는 것", "Not promised"),
        _both(NOT_PROMISED["ko"], NOT_PROMISED["en"]),
    ]  # fmt: skip
    page = (
        '<!doctype html><html lang="ko"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy"'
        " content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"{''.join(parts)}</body></html>\n"
    )
    return page.encode()


def _tier(contract: Contract, tier: str, plan: Mapping[str, Any]) -> list[str]:
    korean, english = TIERS[tier]
    costs = {
        field.title.ko: plan["costs"][field.name]
        for field in contract.fields
        if field.name in plan["costs"]
    }
    return [
        _heading(2, f"{korean} 자료", f"The {english} table"),
        _summary(plan, costs),
        _advice(costs),
        _heading(3, "집단 크기", "Sizes of groups: published and left out"),
        _sizes(plan["histogram"]),
        _heading(3, "항목별 정보 손실", "Loss by field, 0 to 100 %"),
        _bars([(name, cost["loss"] * 100) for name, cost in costs.items()], "%", LOST),
        _heading(3, "항목을 빼면 살아나는 행",
                 "What each quasi-identifier costs: rows saved if it were left out"),
        _bars([(name, cost["saved_if_dropped"]) for name, cost in costs.items()], "", LEFT_OUT),
        _heading(3, "한 단계 더 거칠게 하면 살아나는 행", "Rows saved by one level more"),
        _bars([(name, cost["saved_if_raised"]) for name, cost in costs.items()], "", PUBLISHED),
    ]  # fmt: skip


def _summary(plan: Mapping[str, Any], costs: Mapping[str, Any]) -> str:
    published = plan["rows"] - plan["suppressed"]
    proof = ("증명됨", "proven") if plan["optimal"] else (
        f"차이 {plan['gap']:.2%} 이내", f"within {plan['gap']:.2%}")  # fmt: skip
    if plan.get("pinned"):
        proof = (f"판 {plan['pinned']}의 단계 유지", f"levels of release {plan['pinned']} kept")
    groups = plan["classes"]
    sizes = " · ".join(f"{groups[name]:,}" for name in ("smallest", "median", "largest"))
    share = f"{_part(plan['suppressed'], plan['rows'])} ≤ {plan['suppression']:.1%}"
    left_out = f"{plan['suppressed']:,} ({share})"
    rows = [
        ("k", f"{plan['k']} → {groups['smallest']}"),
        ("들어온 행 / Rows in", f"{plan['rows']:,}"),
        ("내보낼 행 / Rows out", f"{published:,}"),
        ("제외한 행 / Left out", left_out),
        ("집단 / Groups", f"{groups['count']:,} ({sizes})"),
        (f"손실 / Loss ({plan['metric']})", f"{plan['loss']:.6g}"),
        ("최적 / Optimal", f"{proof[0]} / {proof[1]} ({plan['checks']:,} of {plan['lattice']:,})"),
        ("단계 / Levels", ", ".join(f"{name} {cost['level']}" for name, cost in costs.items())),
    ]  # fmt: skip
    cells = (f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    return f"<table>{''.join(cells)}</table>"


def _advice(costs: Mapping[str, Any]) -> str:
    """Name the one change that would save most rows."""
    name, cost = max(
        costs.items(), key=lambda item: (item[1]["saved_if_raised"], item[0])
    )  # fmt: skip
    saved = cost["saved_if_raised"]
    if saved <= 0:
        return ""
    return (
        f'<p class="advice">{escape(name)}을(를) 한 단계 더 거칠게 하면 {saved:,}행이 더 실립니다.'
        f"<br><small>Raising {escape(name)} by one level would save most rows:"
        f" {saved:,}.</small></p>"
    )


def _sizes(histogram: Sequence[Sequence[int]]) -> str:
    lower, rows = 1, []
    for bound, published, left_out in histogram:
        label = f"{lower}–{bound}" if bound > lower else f"{bound or lower}"
        label = label if bound else f"{lower}+"
        lower = bound + 1
        if published or left_out:
            rows.append((label, published, left_out))
    most = max((a + b for _, a, b in rows), default=1)
    drawn = []
    for position, (label, published, left_out) in enumerate(rows):
        first, second = _scaled(published, most), _scaled(left_out, most)
        drawn.append(
            _text(position, label)
            + _rect(position, 0, first, PUBLISHED)
            + _rect(position, first, second, LEFT_OUT)
            + _number(position, first + second, f"{published + left_out:,}")
        )
    return _svg(drawn)


def _bars(values: Sequence[tuple[str, float]], unit: str, colour: str) -> str:
    most = max((value for _, value in values), default=0) or 1
    return _svg([
        _text(position, name)
        + _rect(position, 0, _scaled(max(value, 0), most), colour)
        + _number(position, _scaled(max(value, 0), most), f"{value:,.4g}{unit}" if unit
                  else f"{value:,}")
        for position, (name, value) in enumerate(values)
    ])  # fmt: skip


def _svg(drawn: Sequence[str]) -> str:
    height = len(drawn) * (BAR + GAP) + GAP
    return (
        f'<svg role="img" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        f' font-size="13">{"".join(drawn)}</svg>'
    )


def _scaled(value: float, most: float) -> float:
    return round(value / most * (WIDTH - LABEL - 90), 1)


def _top(position: int) -> int:
    return GAP + position * (BAR + GAP)


def _text(position: int, text: str) -> str:
    return (
        f'<text x="{LABEL - 8}" y="{_top(position) + 14}" text-anchor="end">{escape(text)}</text>'
    )


def _rect(position: int, left: float, width: float, colour: str) -> str:
    return (
        f'<rect x="{LABEL + left}" y="{_top(position)}" width="{width}" height="{BAR}"'
        f' fill="{colour}"/>'
    )


def _number(position: int, left: float, text: str) -> str:
    return f'<text x="{LABEL + left + 6}" y="{_top(position) + 14}">{escape(text)}</text>'


def _caption(tier: TierName) -> str:
    korean, english = TIERS[tier]
    return _heading(3, f"{korean} 자료", f"The {english} table")


def _checks(checks: Sequence[Check]) -> str:
    rows = (
        f"<tr><td>{escape(check.name)}</td><td>{escape(check.required)}</td>"
        f"<td{'' if check.holds else ' class=fails'}>{escape(check.measured)}</td></tr>"
        for check in checks
        if not check.name.startswith(("sha256", "digest"))
    )
    head = "<tr><th>항목 / Check</th><th>요구 / Required</th><th>측정 / Measured</th></tr>"
    return f"<table>{head}{''.join(rows)}</table>"


def _heading(depth: int, korean: str, english: str) -> str:
    return f"<h{depth}>{escape(korean)} <small>{escape(english)}</small></h{depth}>"


def _both(korean: str, english: str) -> str:
    return f"<p>{escape(korean)}<br><small>{escape(english)}</small></p>"


def _part(part: int, whole: int) -> str:
    return f"{part / whole:.2%}" if whole else "—"
