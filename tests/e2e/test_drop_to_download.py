"""A department's file becomes a citizen's download, all by itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from live_browser import OpenPage
from live_catalogue import Visitor, csv_rows, digest, parquet_rows, release_of, resource, sha256
from live_stack import LiveStack, wait_for
from playwright.sync_api import Page
from supplied import PARKS, ROWS, new_name, sample

WORD, TITLE = "공원", "도시공원 정보"
RESULT = f".dataset-heading a[href='/dataset/{PARKS}']"
DOWNLOADS = ("data.parquet", "data.csv", "certificate.json")


@pytest.fixture(scope="module")
def published(stack: LiveStack) -> str:
    """Drop a file, do nothing else, and return the release that is live at the end."""
    name = stack.drop(PARKS, new_name("도시공원정보"), sample(PARKS, ROWS))

    run = stack.wait_for_run(name)

    assert (run.status, run.reason) == ("published", None)
    return str(stack.live_release(PARKS))


def test_a_citizen_finds_the_dataset_by_a_korean_word_and_downloads_it(
    stack: LiveStack, published: str, korean_page: OpenPage, tmp_path: Path
) -> None:
    with korean_page() as page:
        page.goto(f"{stack.settings.url('catalogue')}/dataset/")
        wait_for(lambda: is_found(page), f"the search for {WORD} finds the dataset", 60)
        page.locator(RESULT, has_text=TITLE).click()
        page.wait_for_url(f"**/dataset/{PARKS}")

        assert page.locator("html").get_attribute("lang") in ("ko", "ko_KR", "ko-KR")
        assert published in page.locator("body").inner_text()
        for file in DOWNLOADS:
            download(page, file, tmp_path / file)

    certificate = json.loads((tmp_path / "certificate.json").read_bytes())
    assert certificate["release"] == published
    for file in ("data.parquet", "data.csv"):
        code, answer = stack.madang("verify", tmp_path / file, tmp_path / "certificate.json")
        assert (code, answer["holds"]) == (0, True)


def test_parquet_csv_and_table_hold_the_same_and_what_the_certificate_says(
    visitor: Visitor, published: str, tmp_path: Path
) -> None:
    record = visitor.record(PARKS)
    assert record
    assert release_of(record) == published
    files = {name: visitor.file(PARKS, published, name) for name in DOWNLOADS}
    (tmp_path / "data.parquet").write_bytes(files["data.parquet"])
    certified = json.loads(files["certificate.json"])
    types, rows = visitor.table(resource(record, "CSV")["id"])

    measured = {
        "parquet": digest(parquet_rows(tmp_path / "data.parquet"), types),
        "csv": digest(csv_rows(files["data.csv"]), types),
        "table": digest(rows, types),
    }

    expected = (certified["digest"]["rows"], int(certified["digest"]["total"]))
    assert measured == dict.fromkeys(measured, expected)
    assert expected[0] > ROWS * 0.95, "a few of the sample's rows are bad"
    for kind, name in (("Parquet", "data.parquet"), ("CSV", "data.csv")):
        assert resource(record, kind)["hash"] == sha256(files[name])


def test_a_changed_file_does_not_verify(
    stack: LiveStack, visitor: Visitor, published: str, tmp_path: Path
) -> None:
    content = visitor.file(PARKS, published, "data.csv")
    (tmp_path / "data.csv").write_bytes(content.replace(b"042-000", b"042-001", 1))
    certificate = tmp_path / "certificate.json"
    certificate.write_bytes(visitor.file(PARKS, published, "certificate.json"))

    code, answer = stack.madang("verify", tmp_path / "data.csv", certificate)

    assert (code, answer["holds"]) == (30, False)


def is_found(page: Page) -> bool:
    """Search, as a visitor does, and tell whether the dataset is among what was found."""
    field = page.locator("input[name=q]").last
    field.fill(WORD)
    with page.expect_navigation():
        field.press("Enter")
    return page.locator(RESULT, has_text=TITLE).count() == 1


def download(page: Page, file: str, target: Path) -> None:
    """Click on a file of the release and keep what comes; the certificate opens as a page."""
    link = page.locator(f"a[href*='/release/'][href$='/{file}']").first
    if file.startswith("data."):
        with page.expect_download() as started:
            link.click()
        started.value.save_as(target)
    else:
        address = str(link.get_attribute("href"))
        target.write_bytes(page.request.get(f"{origin(page)}{address}").body())


def origin(page: Page) -> str:
    """Return scheme, host and port of a page."""
    return str(page.evaluate("location.origin"))
