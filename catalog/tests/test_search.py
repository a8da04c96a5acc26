"""Search in Korean: parts of compounds, spacing, particles, synonyms, and what must not come.

Each row is a question somebody asks and the datasets that answer it, by name.
"""

from __future__ import annotations

import time
import unicodedata
import uuid

import pytest

SUFFIX = uuid.uuid4().hex[:6]
CORPUS = {
    "parking": ("공영주차장 현황", "구에서 운영하는 공영주차장의 위치, 요금, 주차면수"),
    "disabled-parking": ("장애인전용주차구역 설치내역", "아파트와 공공시설의 장애인 주차구역"),
    "library": ("시립도서관 이용통계", "시립도서관별 방문자와 대출 권수"),
    "small-library": ("작은도서관 목록", "동네 작은도서관의 주소와 개방시간"),
    "school-zone": ("어린이보호구역 지정현황", "초등학교 앞 어린이보호구역과 제한속도"),
    "expenses": ("업무추진비 집행내역", "부서장의 업무추진비 사용 일시, 장소, 금액"),
    "budget": ("세출예산서", "회계연도별 세출예산과 결산"),
    "dust": ("미세먼지 측정값", "측정소별 PM2.5, PM10 시간평균"),
    "shelter": ("무더위쉼터", "여름철에 여는 무더위쉼터와 수용인원"),
    "charger": ("전기차충전소 위치", "급속과 완속 전기차충전소, 운영기관"),
    "cctv": ("CCTV 설치현황", "방범용 CCTV의 위치와 대수"),
    "wifi": ("공공와이파이 설치장소", "버스와 공원에서 쓰는 무선인터넷"),
    "bus-stop": ("버스정류소 위치정보", "시내버스 정류소의 번호와 좌표"),
    "waste": ("생활쓰레기 배출장소", "요일별 쓰레기 배출 시간"),
    "trees": ("가로수 현황", "가로수의 수종과 심은 해"),
    "parks": ("도시공원 정보", "도시공원의 면적과 시설"),
    "covid": ("코로나19 선별진료소", "코로나19 검사를 하는 곳"),
    "population": ("주민등록인구", "동별, 나이별 주민등록인구"),
    "employment": ("장애인고용 실태조사", "장애인고용공단이 조사한 표본"),
    "restaurants": ("일반음식점 인허가", "음식점의 영업상태와 소재지"),
    "floods": ("침수흔적도", "장마철 침수흔적과 수심"),
    "toilets": ("공중화장실", "개방 시간과 남녀 변기 수"),
}
QUESTIONS = [
    pytest.param("주차", {"parking", "disabled-parking"}, id="part of two compounds"),
    pytest.param("주차장", {"parking"}, id="a word that is inside a compound"),
    pytest.param("공영주차장", {"parking"}, id="the whole compound, and not every car park"),
    pytest.param("공영 주차장", {"parking"}, id="the compound, spaced"),
    pytest.param("주차장을", {"parking"}, id="with an object particle"),
    pytest.param("주차장의 요금", {"parking"}, id="with a genitive particle and a second word"),
    pytest.param("도서관", {"library", "small-library"}, id="head of two compounds"),
    pytest.param("시립도서관", {"library"}, id="one library of two"),
    pytest.param("시립 도서관", {"library"}, id="one library of two, spaced"),
    pytest.param("작은 도서관", {"small-library"}, id="the other library, spaced"),
    pytest.param("어린이보호구역", {"school-zone"}, id="nori alone cuts this one wrongly"),
    pytest.param("어린이 보호구역", {"school-zone"}, id="the same with one space"),
    pytest.param("어린이 보호 구역", {"school-zone"}, id="the same with two spaces"),
    pytest.param("업무추진비", {"expenses"}, id="expenses in one word"),
    pytest.param("업무 추진비", {"expenses"}, id="expenses in two words"),
    pytest.param("추진비", {"expenses"}, id="end of a compound"),
    pytest.param("예산", {"budget"}, id="inside a compound of the title"),
    pytest.param("세출 예산", {"budget"}, id="a compound taken apart"),
    pytest.param("먼지", {"dust"}, id="end of a compound, dust"),
    pytest.param("미세 먼지", {"dust"}, id="dust, spaced"),
    pytest.param("PM2.5", {"dust"}, id="letters and a decimal number"),
    pytest.param("무더위 쉼터", {"shelter"}, id="shelter, spaced"),
    pytest.param("쉼터", {"shelter"}, id="shelter, its head"),
    pytest.param("전기차 충전소", {"charger"}, id="charger, spaced"),
    pytest.param("전기자동차 충전소", {"charger"}, id="charger by a synonym"),
    pytest.param("cctv", {"cctv"}, id="latin letters in lower case"),
    pytest.param("폐쇄회로", {"cctv"}, id="synonym of an abbreviation"),
    pytest.param("wifi", {"wifi"}, id="synonym in latin letters"),
    pytest.param("와이파이", {"wifi"}, id="a loan word at the end of a compound"),
    pytest.param("버스정류장", {"bus-stop"}, id="synonym inside a compound"),
    pytest.param("폐기물", {"waste"}, id="synonym of an everyday word"),
    pytest.param("가로수", {"trees"}, id="a word of its own"),
    pytest.param("공원", {"parks", "wifi"}, id="title of one, description of another"),
    pytest.param("코로나19", {"covid"}, id="a word with a number"),
    pytest.param("인구", {"population"}, id="head of a long compound"),
    pytest.param("장애인", {"disabled-parking", "employment"}, id="start of two compounds"),
    pytest.param("장애인 고용", {"employment"}, id="two words that one dataset has"),
    pytest.param("음식점", {"restaurants"}, id="restaurant, inside a compound"),
    pytest.param("침수 흔적", {"floods"}, id="traces of floods"),
    pytest.param("화장실", {"toilets"}, id="toilets, end of a compound"),
    pytest.param("우주정거장", set(), id="what nobody has"),
]


@pytest.fixture(scope="module")
def ask(publisher, visitor):
    """Return a function that searches in the corpus and returns short names."""
    organization = f"search_{SUFFIX}"
    publisher.call("madang_organization_ensure", name=organization, title="검색 시험").result()
    for name, (title, notes) in CORPUS.items():
        publisher.call(
            "package_create",
            name=f"{name}-{SUFFIX}",
            title=title,
            notes=notes,
            owner_org=organization,
            tags=[{"name": "시험"}],
        ).result()

    def ask_for(query, **more):
        found = visitor.call(
            "package_search", q=query, fq=f"organization:{organization}", rows=100, **more
        ).result()
        names = {item["name"].removesuffix(f"-{SUFFIX}") for item in found["results"]}
        return names, found

    wait_until(lambda: len(ask_for("*:*")[0]) == len(CORPUS))
    yield ask_for
    for name in CORPUS:
        publisher.call("package_delete", id=f"{name}-{SUFFIX}")


def wait_until(holds, seconds=20):
    limit = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < limit, "the index does not catch up"
        time.sleep(0.3)


@pytest.mark.parametrize(("query", "names"), QUESTIONS)
def test_a_question_finds_what_answers_it_and_nothing_else(ask, query, names):
    assert ask(query)[0] == names


def test_decomposed_hangul_asks_the_same(ask):
    assert ask(unicodedata.normalize("NFD", "주차장"))[0] == {"parking"}


def test_a_sentence_finds_what_has_some_of_its_words_and_says_so(ask):
    names, answer = ask("도서관은 어디에 있나요")

    assert {"library", "small-library"} <= names
    assert answer["relaxed"] is True
    assert "relaxed" not in ask("도서관")[1]


@pytest.mark.parametrize(
    "query", ["(주차", "주차*", '"공영주차장"', "title:주차", "주차 OR 도서관"]
)
def test_odd_queries_are_answered(ask, query):
    assert ask(query)[0]


@pytest.mark.usefixtures("ask")
def test_a_query_cannot_reach_private_datasets(publisher, visitor):
    name = f"secret-{SUFFIX}"
    publisher.call(
        "package_create", name=name, title="비공개 명부", owner_org=f"search_{SUFFIX}", private=True
    ).result()
    time.sleep(1.5)

    for query in ("비공개 명부", "*:* OR permission_labels:[* TO *]", f"name:{name}"):
        found = visitor.call("package_search", q=query, rows=100).result()
        assert name not in {item["name"] for item in found["results"]}
    publisher.call("package_delete", id=name)


def test_a_title_typed_on_a_mac_is_stored_composed(publisher):
    title = unicodedata.normalize("NFD", "맥에서 쓴 제목")

    record = publisher.call(
        "package_create", name=f"mac-{SUFFIX}", title=title, owner_org="madang_tests"
    ).result()
    patched = publisher.call(
        "package_patch", id=record["id"], notes=unicodedata.normalize("NFD", "설명")
    ).result()

    assert record["title"] == "맥에서 쓴 제목"
    assert patched["notes"] == "설명"
    publisher.call("package_delete", id=record["id"])


@pytest.mark.usefixtures("ask")
def test_names_complete_while_they_are_typed(visitor):
    found = visitor.call("package_autocomplete", q="공영ㅈ", limit=20).result()

    assert f"parking-{SUFFIX}" in {item["name"] for item in found}
