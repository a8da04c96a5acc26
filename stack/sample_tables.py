"""Tables of an invented city, cell by cell as its departments would export them.

Nothing here is taken from a person or a place: the city does not exist, and no telephone
exchange is numbered 000.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import numpy as np
import polars as pl

REFERENCE_DATE: Final = date(2026, 11, 1)
SMALLEST_EXPECTED: Final = 25  # rows of a group, so that chance leaves none below k = 10
RARE_SHARE: Final = 0.01  # rows whose group is too small to be published

_CITY: Final = "새벽광역시"
_DISTRICTS: Final = ("마당구", "나루구", "솔밭구", "달빛구", "은하구")
_TOWNS: Final = ("샘터동", "느티동", "가온동", "한들동", "물빛동", "돌담동", "해오름동", "꽃재동")
_ROADS: Final = ("장터로", "나루터길", "솔바람로", "달맞이길", "은하수로", "새벽시장길", "도서관로")
_PLACES: Final = (
    "장터",
    "샘터",
    "느티",
    "가온",
    "한들",
    "물빛",
    "해오름",
    "솔바람",
    "달맞이",
    "은하",
)

_PARK_TYPES: Final = {
    "어린이공원": 52,
    "근린공원": 22,
    "소공원": 16,
    "문화공원": 3,
    "수변공원": 2,
    "체육공원": 2,
    "역사공원": 2,
    "기타": 1,
}
_SPORTS: Final = ("", "운동기구", "농구장", "배드민턴장+운동기구", "게이트볼장", "-")
_PLAY: Final = ("", "조합놀이대", "조합놀이대+그네", "어린이놀이터", "그네+시소", "0")
_AMENITIES: Final = ("", "화장실", "파고라+벤치", "음수대", "주차장+화장실", "-")
_CULTURE: Final = ("", "", "", "야외무대", "도서관", "없음")
_OTHERS: Final = ("", "", "CCTV", "안내판, 벤치", "산책로")
_PAYMENTS: Final = ("현금+신용카드", "신용카드", "카드", "현금", "신용카드+교통카드")
_REMARKS: Final = (
    "",
    "",
    "없음",
    "경차+장애인 차량 50프로 할인",
    "24시간 무료개방",
    "월요일 휴무",
    '버스는 "대형" 구획에만 주차',
)

_REGIONS: Final = tuple(f"새벽 {district}" for district in _DISTRICTS)
_OCCUPATIONS: Final = {
    "경영·행정·사무직": 38,
    "청소 및 기타 개인서비스직": 21,
    "제조 단순직": 10,
    "보건·의료직": 6,
    "음식 서비스직": 5,
    "경호·경비직": 4,
    "영업·판매직": 4,
    "운전·운송직": 3,
    "사회복지·종교직": 3,
    "교육직": 2,
    "농림어업직": 1,
}
_DISABILITIES: Final = {  # relative frequency, share of 중증, most frequent age
    "지적장애": (3300, 0.99, 27),
    "지체장애": (2800, 0.35, 52),
    "시각장애": (970, 0.40, 50),
    "청각장애": (850, 0.55, 45),
    "뇌병변장애": (740, 0.65, 42),
    "정신장애": (550, 0.97, 40),
    "자폐성장애": (330, 0.99, 23),
    "신장장애": (220, 0.90, 48),
    "언어장애": (70, 0.45, 45),
    "국가유공": (35, 0.20, 60),
    "뇌전증장애": (35, 0.60, 38),
    "심장장애": (30, 0.90, 45),
    "간장애": (25, 0.30, 52),
    "호흡기장애": (20, 0.90, 50),
    "장루요루장애": (15, 0.20, 55),
    "안면장애": (12, 0.30, 45),
}
_BANDS: Final = tuple(range(20, 80, 5))  # first age of each five-year band


def car_park_rows(rows: int, seed: int) -> pl.DataFrame:
    """Return car parks with the headers of 전국주차장정보표준데이터.

    Args:
        rows: How many; their keys do not repeat.
        seed: The same seed gives the same rows.
    """
    draw = np.random.default_rng([seed, 1])
    district = draw.integers(len(_DISTRICTS), size=rows)
    number = np.arange(1, rows + 1)
    is_private = number % 8 == 0
    is_charged = draw.random(rows) < 0.4
    opens = np.where(is_charged, _pick(draw, ("08:00", "09:00", "10:00"), rows), "00:00")
    closes = np.where(
        is_charged, _pick(draw, ("18:00", "19:00", "20:00", "22:00", "24:00"), rows), "23:59"
    )
    latitude, longitude = _places(draw, district)
    return pl.DataFrame(
        {
            "주차장관리번호": [
                f"{901 + d}-{1 + private}-{n:06d}"
                for d, private, n in zip(district, is_private, number, strict=True)
            ],
            "주차장명": [
                f"{place}{kind} 제{n}주차장"
                for place, kind, n in zip(
                    _pick(draw, _PLACES, rows),
                    _pick(draw, ("시장", "공원", "역", "골목", "회관"), rows),
                    number,
                    strict=True,
                )
            ],
            "주차장구분": np.where(is_private, "민영", "공영"),
            "주차장유형": _pick(draw, ("노외", "노외", "노상", "부설"), rows),
            "소재지도로명주소": _road_addresses(draw, district),
            "소재지지번주소": _lot_addresses(draw, district),
            "주차구획수": draw.integers(5, 400, size=rows).astype(str),
            "급지구분": _pick(draw, ("1", "1", "2", "2", "3", "4", "5", "기타"), rows),
            "부제시행구분": _pick(draw, ("미시행",) * 18 + ("요일제", "5부제"), rows),
            "운영요일": _pick(draw, ("평일+토요일+공휴일",) * 8 + ("평일", "평일+토요일"), rows),
            "평일운영시작시각": opens,
            "평일운영종료시각": closes,
            "토요일운영시작시각": opens,
            "토요일운영종료시각": closes,
            "공휴일운영시작시각": "00:00",
            "공휴일운영종료시각": "23:59",
            "요금정보": np.where(is_charged, "유료", "무료"),
            "주차기본시간": np.where(is_charged, "30", "0"),
            "주차기본요금": _where(is_charged, _pick(draw, ("300", "500", "1000"), rows), "0"),
            "추가단위시간": _where(is_charged, _pick(draw, ("10", "15", "0.5"), rows)),
            "추가단위요금": _where(is_charged, _pick(draw, ("100", "200", "300"), rows)),
            "1일주차권요금적용시간": _where(is_charged, _pick(draw, ("10", "12", "24"), rows)),
            "1일주차권요금": _where(is_charged, _pick(draw, ("5000", "6000", "10000"), rows)),
            "월정기권요금": _where(is_charged, _pick(draw, ("40000", "60000", "80000"), rows)),
            "결제방법": _where(is_charged, _pick(draw, _PAYMENTS, rows), "해당없음"),
            "특기사항": _pick(draw, _REMARKS, rows),
            **_managed(district),
            "위도": latitude,
            "경도": longitude,
            **_provided(district),
        }
    )


def park_rows(rows: int, seed: int) -> pl.DataFrame:
    """Return city parks with the headers of 전국도시공원정보표준데이터; see `car_park_rows`."""
    draw = np.random.default_rng([seed, 2])
    district = draw.integers(len(_DISTRICTS), size=rows)
    kinds = _pick_weighted(draw, _PARK_TYPES, rows)
    latitude, longitude = _places(draw, district)
    designated = draw.integers(0, 18_000, size=rows)
    managed = _managed(district)
    return pl.DataFrame(
        {
            "관리번호": [
                f"{90110 + 10 * d}-{n:05d}"
                for d, n in zip(district, np.arange(1, rows + 1), strict=True)
            ],
            "공원명": [
                f"{place}{kind.replace('기타', '공원')}"
                for place, kind in zip(_pick(draw, _PLACES, rows), kinds, strict=True)
            ],
            "공원구분": kinds,
            "소재지도로명주소": _where(
                draw.random(rows) < 0.3, _road_addresses(draw, district), "-"
            ),
            "소재지지번주소": _lot_addresses(draw, district),
            "위도": latitude,
            "경도": longitude,
            "공원면적": [f"{area / 10:g}" for area in draw.integers(3_000, 900_000, size=rows)],
            "공원보유시설(운동시설)": _pick(draw, _SPORTS, rows),
            "공원보유시설(유희시설)": _pick(draw, _PLAY, rows),
            "공원보유시설(편익시설)": _pick(draw, _AMENITIES, rows),
            "공원보유시설(교양시설)": _pick(draw, _CULTURE, rows),
            "공원보유시설(기타시설)": _pick(draw, _OTHERS, rows),
            "지정고시일": [str(date(1975, 1, 1) + timedelta(days=int(d))) for d in designated],
            **managed,
            **_provided(district),
        }
    )


def person_rows(rows: int, seed: int) -> pl.DataFrame:
    """Return people who found work, with the headers of 장애인 취업 정보.

    Groups over age band, disability and severity are large enough for k = 10, but for one
    row in a hundred. A million rows take about a second.

    Args:
        rows: How many.
        seed: The same seed gives the same rows.
    """
    draw = np.random.default_rng([seed, 3])
    cells, weights = _person_cells()
    chosen = draw.choice(len(cells), size=rows, p=_without_small_groups(weights, rows))
    day = np.datetime64("2026-01-01") + draw.integers(0, 304, size=rows)
    return pl.select(
        pl.int_range(1, rows + 1, eager=True).cast(pl.String).alias("순번"),
        pl.Series("취업일자", day.astype("datetime64[ms]")).dt.strftime("%Y-%m-%d"),
        (cells["band"].gather(chosen) + pl.Series(draw.integers(0, 5, size=rows)))
        .cast(pl.String)
        .alias("연령"),
        cells["disability"].gather(chosen).alias("장애유형"),
        cells["severity"].gather(chosen).alias("중증여부"),
        pl.Series(_REGIONS).gather(draw.integers(len(_REGIONS), size=rows)).alias("근무지역"),
        pl.Series("취업직종대분류", _pick_weighted(draw, _OCCUPATIONS, rows)),
    )


def _person_cells() -> tuple[pl.DataFrame, np.ndarray]:
    cells = [
        (band, disability, severity, weight * share * 2.0 ** -(((band + 2 - age) / 12) ** 2))
        for disability, (weight, severe, age) in _DISABILITIES.items()
        for severity, share in (("중증", severe), ("경증", 1 - severe))
        for band in _BANDS
    ]
    table = pl.DataFrame(cells, schema=["band", "disability", "severity", "weight"], orient="row")
    return table, table["weight"].to_numpy() / table["weight"].sum()


def _without_small_groups(weights: np.ndarray, rows: int) -> np.ndarray:
    """Leave a hundredth of the rows to groups that would be small, the rest to large ones."""
    is_small = weights * rows < SMALLEST_EXPECTED
    if not is_small.any():
        return weights
    large = np.where(is_small, 0, weights)
    small = np.where(is_small, weights, 0)
    shares: np.ndarray = large / large.sum() * (1 - RARE_SHARE) + small / small.sum() * RARE_SHARE
    return shares


def _pick(draw: np.random.Generator, values: Sequence[str], rows: int) -> np.ndarray:
    return np.array(values)[draw.integers(len(values), size=rows)]


def _pick_weighted(draw: np.random.Generator, values: dict[str, int], rows: int) -> np.ndarray:
    weights = np.array(list(values.values()))
    return draw.choice(np.array(list(values)), size=rows, p=weights / weights.sum())


def _where(condition: np.ndarray, values: np.ndarray, otherwise: str = "") -> np.ndarray:
    return np.where(condition, values, otherwise)


def _road_addresses(draw: np.random.Generator, district: np.ndarray) -> np.ndarray:
    roads, numbers = _pick(draw, _ROADS, len(district)), draw.integers(1, 300, size=len(district))
    return np.array(
        [
            f"{_CITY} {_DISTRICTS[d]} {road} {number}"
            for d, road, number in zip(district, roads, numbers, strict=True)
        ]
    )


def _lot_addresses(draw: np.random.Generator, district: np.ndarray) -> list[str]:
    towns = _pick(draw, _TOWNS, len(district))
    main, sub = draw.integers(1, 900, size=(2, len(district)))
    return [
        f"{_CITY} {_DISTRICTS[d]} {town} {m}-{s % 30 + 1}"
        for d, town, m, s in zip(district, towns, main, sub, strict=True)
    ]


def _places(draw: np.random.Generator, district: np.ndarray) -> tuple[list[str], list[str]]:
    north, east = draw.integers(0, 10_000_000, size=(2, len(district)))
    return (
        [f"{36.20 + 0.05 * d + n / 2e8:.8f}" for d, n in zip(district, north, strict=True)],
        [f"{127.20 + 0.05 * d + e / 2e8:.7f}" for d, e in zip(district, east, strict=True)],
    )


def _managed(district: np.ndarray) -> dict[str, list[str]]:
    return {
        "관리기관명": [f"{_CITY} {_DISTRICTS[d]}청" for d in district],
        "전화번호": [f"042-000-{2000 + 100 * d}" for d in district],
    }


def _provided(district: np.ndarray) -> dict[str, list[str]]:
    return {
        "데이터기준일자": [str(REFERENCE_DATE)] * len(district),
        "제공기관코드": [f"90{d + 1}0000" for d in district],
        "제공기관명": [f"{_CITY} {_DISTRICTS[d]}" for d in district],
    }
