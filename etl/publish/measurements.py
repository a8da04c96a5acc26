"""Figures of quality in W3C's Data Quality Vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class _Metric:
    """A figure of the certificate, and its place among W3C's dimensions of quality."""

    ko: str
    en: str
    dimension: str


_METRICS = {
    "error_rate": _Metric("오류율", "Wrong cells among those checked", "semanticAccuracy"),
    "completeness": _Metric("완전성", "Filled cells among all", "completeness"),
    "uniqueness": _Metric("유일성", "Rows that repeat no other", "conciseness"),
}
RATES = tuple(_METRICS)
_AGE = _Metric("기준일로부터 지난 날", "Days since the reference date", "timeliness")


def measurements(quality: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the figures that a certificate states, as quality measurements.

    A rate that is not told, because it would give away a count of people, is left out.

    Examples:
        >>> [told["dqv:value"]["@value"] for told in measurements({"completeness": 0.5})]
        ['0.5']
    """
    rates = [
        _measurement(metric, f"{quality[name]:g}", "xsd:double")
        for name, metric in _METRICS.items()
        if quality.get(name) is not None
    ]
    if timeliness := quality.get("timeliness"):
        rates.append(_measurement(_AGE, str(timeliness["age_days"]), "xsd:integer"))
    return rates


def _measurement(metric: _Metric, value: str, kind: str) -> dict[str, Any]:
    return {
        "@type": "dqv:QualityMeasurement",
        "dqv:isMeasurementOf": {
            "@type": "dqv:Metric",
            "skos:prefLabel": [
                {"@language": "ko", "@value": metric.ko},
                {"@language": "en", "@value": metric.en},
            ],
            "dqv:expectedDataType": {"@id": kind},
            "dqv:inDimension": {"@id": f"ldqd:{metric.dimension}"},
        },
        "dqv:value": {"@type": kind, "@value": value},
    }
