"""The receipt beside a file: what is told to the clerk who dropped it, in two languages.

A receipt is a pure function of what the ledger knows, so that writing it again after a
crash gives the same text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from html import escape

from etl.intake.sentences import NOW, SAME, Sentence

WIDTH_SEPARATOR = "-" * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a receipt tells.

    Attributes:
        number: The claim, which support asks for.
        name: What the file is called, also in `accepted` and `returned`.
        dataset: Name of the dataset.
        title: Its title, for people.
        taken_at: When it was taken, in the dataset's time zone.
        timezone: Name of that zone.
        size_bytes: Its size.
        stage: A key of `NOW`.
        same_as: Number and time of the earlier file with the same content.
        reason: Why it was returned.
        release: The release that holds it.
        page: Address of the dataset.
    """

    number: str
    name: str
    dataset: str
    title: str
    taken_at: datetime
    timezone: str
    size_bytes: int
    stage: str = "taken"
    same_as: tuple[str, datetime] | None = None
    reason: Sentence | None = None
    release: str = ""
    page: str = ""


def render_receipt(receipt: Receipt) -> bytes:
    """Return the receipt as a text file that the editors of Windows open rightly.

    Examples:
        >>> moment = datetime(2026, 11, 25, 9, 30, 5)
        >>> text = render_receipt(Receipt(
        ...     number="0" * 32, name="공원.csv", dataset="city-parks", title="공원",
        ...     taken_at=moment, timezone="Asia/Seoul", size_bytes=1234)).decode("utf-8-sig")
        >>> print(text.splitlines()[2])
        파일 · File: 공원.csv
        >>> "2026-11-25 09:30:05 (Asia/Seoul)" in text, "1,234" in text
        (True, True)
    """
    lines = ["접수증 · Receipt", "", *_facts(receipt), "", WIDTH_SEPARATOR]
    told = [told for told in (_same(receipt), NOW[receipt.stage], receipt.reason) if told]
    for language in ("ko", "en"):
        lines += ["", *(getattr(one, language) for one in told), *_place(receipt)]
    return ("\r\n".join(lines) + "\r\n").encode("utf-8-sig")


def render_refusal(name: str, title: str, reason: Sentence) -> bytes:
    """Return a page for a file that no report could be made of: the reason, and what to do.

    Examples:
        >>> b"&lt;b&gt;.csv" in render_refusal("<b>.csv", "공원", Sentence("사유", "reason"))
        True
    """
    return f"""<!doctype html>
<html lang="ko"><head><meta charset="utf-8"><title>반려 · Returned</title>
<style>body{{font-family:sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem;
line-height:1.6}}h1{{border-bottom:3px solid #b3261e}}</style></head><body>
<h1>파일을 돌려보냅니다 · The file is returned</h1>
<p>{escape(title)}<br><strong>{escape(name)}</strong></p>
<h2>사유와 하실 일</h2><p>{escape(reason.ko)}</p>
<p>이 폴더의 파일을 고쳐 원래 폴더에 다시 넣으십시오. 공개 중인 자료는 그대로입니다.</p>
<h2>Reason and what to do</h2><p lang="en">{escape(reason.en)}</p>
<p lang="en">Correct the file and put it into the folder above again.
What is published stays as it is.</p>
</body></html>
""".encode()


def _facts(receipt: Receipt) -> list[str]:
    return [
        f"파일 · File: {receipt.name}",
        f"자료 · Dataset: {receipt.title} ({receipt.dataset})",
        f"접수 시각 · Taken: {_moment(receipt.taken_at)} ({receipt.timezone})",
        f"크기 · Size: {receipt.size_bytes:,} bytes",
        f"접수 번호 · Number: {receipt.number}",
    ]


def _same(receipt: Receipt) -> Sentence | None:
    if receipt.same_as is None:
        return None
    number, taken_at = receipt.same_as
    return Sentence(
        SAME.ko.format(_moment(taken_at), number), SAME.en.format(_moment(taken_at), number)
    )


def _place(receipt: Receipt) -> list[str]:
    """Return where the published data are, once they are."""
    if receipt.stage not in ("published", "unchanged"):
        return []
    return [" · ".join(part for part in (receipt.release, receipt.page) if part)]


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
