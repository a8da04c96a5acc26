"""The dataset page names the release and leads to its files, in Korean and in English."""

from __future__ import annotations

import html
import re
import time

import pytest
from publishing import make_release

RELEASE = make_release("20261125-1")
EXTRAS = {
    "release": RELEASE.name,
    "steward": "교통정책과",
    "frequency": "P1M",
    "reference_date": "2026-10-31",
    "title_en": "Car parks of the tests",
    "contract_sha256": "f" * 64,
}


@pytest.fixture
def page(dataset, visitor):
    """Return a function that reads the page of a published dataset as words."""
    dataset.put_all(RELEASE)
    dataset.load(RELEASE).result()
    update = {
        "private": False,
        "license_id": "kogl-1",
        "extras": [{"key": k, "value": v} for k, v in EXTRAS.items()],
    }
    dataset.flip(RELEASE, update=update).result()

    def read(prefix=""):
        response = visitor.get(f"{prefix}/dataset/{dataset.name}")
        assert response.status_code == 200
        words = re.sub(r"<[^>]+>|\s+", " ", response.text)
        return response.text, re.sub(r" +", " ", html.unescape(words))

    return read


KOREAN = [
    "공개 판 20261125-1",
    "담당 부서 교통정책과",
    "갱신 주기 매월",
    "데이터 기준일자 2026-10-31",
    "공공누리 제1유형: 출처표시",
]
ENGLISH = [
    "Release 20261125-1",
    "Department in charge 교통정책과",
    "Update frequency monthly",
    "Reference date 2026-10-31",
    "Car parks of the tests",
]


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [pytest.param("/ko_KR", KOREAN, id="Korean"), pytest.param("/en", ENGLISH, id="English")],
)
def test_the_page_says_whose_data_these_are_and_of_when(page, prefix, expected):
    _, words = page(prefix)

    assert [phrase for phrase in expected if phrase not in words] == []
    assert "f" * 64 not in words


def test_the_page_leads_to_every_file_of_the_release(page, visitor):
    source, _ = page()

    links = re.findall(r'href="(/dataset/[^"]+/release/[^"]+)"', source)

    assert {link.rpartition("/")[2] for link in links} == set(RELEASE.files)
    assert {visitor.get(link).status_code for link in links} == {200}


def test_the_table_has_a_preview_without_anybody_making_one(dataset, visitor):
    dataset.publish(RELEASE)

    views = visitor.call("resource_view_list", id=dataset.csv_id).result()
    page = visitor.get(f"/dataset/{dataset.name}/resource/{dataset.csv_id}")

    assert [view["view_type"] for view in views] == ["datatables_view"]
    assert page.status_code == 200


def test_a_search_that_was_relaxed_says_so_on_its_page(dataset, visitor):
    dataset.publish(RELEASE)
    query = f"q={dataset.name.rpartition('-')[2]}+없는낱말"
    time.sleep(1.5)

    page = visitor.get(f"/ko_KR/dataset/?{query}")

    assert "낱말이 모두 들어간 자료가 없어" in page.text
